package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

var _ action.ActionWithConfigure = (*renewAction)(nil)

// renewTimeout is how long the action waits: for a run of the function, which
// takes 15 minutes at most, and for another run that may be before it.
const renewTimeout = 30 * time.Minute

type renewAction struct{ data *providerData }

func newRenewAction() action.Action { return &renewAction{} }

type renewModel struct {
	Certbot types.String `tfsdk:"certbot"`
	Region  types.String `tfsdk:"region"`
	Keys    types.Set    `tfsdk:"keys"`
	Force   types.Bool   `tfsdk:"force"`
	DryRun  types.Bool   `tfsdk:"dry_run"`
}

func (a *renewAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_renew"
}

func (a *renewAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Has a `fargatedirect_certbot` renew certificates now, and waits for the outcome. The authority's limits hold: what it forbids by `Retry-After` is not tried, nor a fifth certificate for the same names within a week. The action fails, with the authority's own words, if a certificate could not be obtained. It needs Terraform 1.14 or later.",
		Attributes: map[string]schema.Attribute{
			"certbot": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the `fargatedirect_certbot`.",
				Validators: []schemaStringValidator{certbotName()},
			},
			"region": schema.StringAttribute{Optional: true, MarkdownDescription: "Region of the `fargatedirect_certbot`; the provider's by default."},
			"keys": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Keys of the certificates in `certificates`; all by default.",
				Validators:          []schemaSetValidator{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(certificateKeyName())},
			},
			"force":   schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to renew certificates that are not due yet. Default `true`; with `false` only those are renewed that are due, changed or missing."},
			"dry_run": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether only to tell what the action would do and why, and to fail if it would fail. Nothing is ordered, written or told to anybody else. Default `false`."},
		},
	}
}

func (a *renewAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	if req.ProviderData == nil {
		return // validation runs without the provider's configuration
	}
	data, ok := req.ProviderData.(*providerData)
	if !ok {
		resp.Diagnostics.AddError("Unexpected Action Configure Type", fmt.Sprintf("Expected *providerData, got: %T. Please report this to the provider's developers.", req.ProviderData))
		return
	}
	a.data = data
}

// Invoke makes one run id, so that however often the call is repeated on its
// way to the function, there is one run.
func (a *renewAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var m renewModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(a.data.aws.Context(ctx), renewTimeout)
	defer cancel()
	r := renewal{title: fmt.Sprintf("Renewing certificates of fargatedirect_certbot (%s)", m.Certbot.ValueString()), diags: &resp.Diagnostics}
	r.progress = func(format string, values ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, values...)})
	}
	clients, spec, ok := a.data.lookUp(ctx, r.title, m.Certbot, m.Region, r.diags)
	if !ok {
		return
	}
	keys := slices.Sorted(slices.Values(stringsOf(m.Keys)))
	for _, key := range keys {
		hasKey(spec, r.title, key, path.Root("keys").AtSetValue(types.StringValue(key)), r.diags)
	}
	if r.diags.HasError() {
		return
	}
	runID, err := uuid.GenerateUUID()
	if err != nil {
		r.diags.AddError(r.title, err.Error())
		return
	}
	request := certbot.Request{RunID: runID, Trigger: certbot.TriggerManual, Force: m.Force.IsNull() || m.Force.ValueBool(), Keys: keys}
	if m.DryRun.ValueBool() {
		r.foretell(ctx, clients, spec, request)
		return
	}
	r.run(ctx, clients, spec, request)
}

// renewal is one invocation of the action.
type renewal struct {
	title    string
	progress func(format string, values ...any)
	diags    *diag.Diagnostics
}

// run has the function renew, and tells how that goes.
func (r renewal) run(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, request certbot.Request) {
	r.progress("Run %s of Lambda function %s is started; its log group is %s", request.RunID, s.Scope.Physical(), s.LogGroup())
	issuer := certbotstack.Issuer{Lambda: c.Lambda, Store: c.S3, Told: func(st certbot.Status) { r.progress("%s", outcome(st)) }}
	statuses, err := issuer.Run(ctx, s, request)
	var failed []string
	for _, key := range s.Keys() {
		if st := statuses[key]; st.RunID == request.RunID && st.State == certbot.StateFailed && st.Failure != nil {
			failed = append(failed, fmt.Sprintf("Certificate %q: %s", key, st.Failure.Message))
		}
	}
	if len(failed) > 0 {
		r.diags.AddError(fmt.Sprintf("No certificate from %s", s.DirectoryURL), strings.Join(failed, "\n\n"))
	}
	if err != nil {
		r.diags.AddError(r.title, withPermissions(err)+"\n\nIf the function was started it goes on by itself; its log group is "+s.LogGroup()+".")
	}
}

// foretell tells what the function would do.
func (r renewal) foretell(ctx context.Context, c *awsclient.Clients, s certbotstack.Spec, request certbot.Request) {
	report, err := certbotstack.Issuer{Lambda: c.Lambda, Store: c.S3}.Foretell(ctx, s, request)
	if err != nil {
		r.diags.AddError(r.title, withPermissions(err))
		return
	}
	for _, st := range report.Certificates {
		r.progress("%s", forecast(st))
		if st.Failure != nil {
			r.diags.AddError(r.title, fmt.Sprintf("Certificate %q: %s", st.Key, st.Failure.Message))
		}
	}
}

// outcome is how a certificate fares, in a sentence.
func outcome(st certbot.Status) string {
	text := map[string]string{
		certbot.StateRunning: "the function is at work on it",
		certbot.StateIssued:  "issued",
		certbot.StateKept:    "kept, nothing was due",
		certbot.StateAdopted: "one that lay in the bucket is in force now",
		certbot.StateFailed:  "failed",
	}[st.State]
	if text == "" {
		text = st.State
	}
	if st.State == certbot.StateFailed && st.Failure != nil {
		text += ": " + st.Failure.Message
	}
	if st.State != certbot.StateRunning && st.State != certbot.StateFailed && st.Stored != nil {
		text += fmt.Sprintf("; serial %s, valid until %s", st.Stored.Serial, st.Stored.NotAfter.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("Certificate %q: %s", st.Key, text)
}

// forecast is what would become of a certificate, in a sentence.
func forecast(st certbot.Status) string {
	text := map[string]string{
		certbot.StateWouldIssue: "a new one would be obtained",
		certbot.StateWouldAdopt: "one that lies in the bucket would be put in force",
		certbot.StateKept:       "it would be kept",
		certbot.StateWaiting:    "nothing would be tried yet",
		certbot.StateFailed:     "the run would fail",
	}[st.State]
	if text == "" {
		text = st.State
	}
	if st.Reason != "" && st.State != certbot.StateFailed {
		text += ", because " + st.Reason
	}
	return fmt.Sprintf("Certificate %q: %s", st.Key, text)
}
