package certbotstack_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbotstack"
)

func TestRunOfSomeTellsOfThose(t *testing.T) {
	t.Parallel()
	b, f, slept := bucket{}, &function{}, 0
	var told []string
	states := []string{certbot.StateRunning, certbot.StateRunning, certbot.StateIssued}
	issuer := certbotstack.Issuer{
		Lambda: f, Store: b,
		Sleep: func(context.Context, time.Duration) error {
			b.tell(t, certbot.Status{Key: "b", RunID: "now", State: states[slept]})
			slept++
			return nil
		},
		Told: func(st certbot.Status) { told = append(told, st.Key+" "+st.State) },
	}
	b.tell(t, certbot.Status{Key: "b", RunID: "before", State: certbot.StateFailed})
	got, err := issuer.Run(t.Context(), twoCertificates(), certbot.Request{RunID: "now", Trigger: certbot.TriggerManual, Force: true, Keys: []string{"b"}})
	if err != nil || len(got) != 1 || got["b"].State != certbot.StateIssued {
		t.Errorf("got %+v: %v", got, err)
	}
	if want := []string{"b " + certbot.StateRunning, "b " + certbot.StateIssued}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if want := []string{`{"run_id":"now","trigger":"manual","force":true,"keys":["b"]}`}; !slices.Equal(f.invoked, want) {
		t.Errorf("invoked with %q, want %q", f.invoked, want)
	}
}

// answering is invoked synchronously.
type answering struct {
	payload, failed string
	asked           string
}

func (f *answering) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	if in.InvocationType != lambdatypes.InvocationTypeRequestResponse {
		return nil, errors.New("not synchronous")
	}
	f.asked = string(in.Payload)
	out := &lambda.InvokeOutput{StatusCode: 200, Payload: []byte(f.payload)}
	if f.failed != "" {
		out.FunctionError = aws.String(f.failed)
	}
	return out, nil
}

func TestForetell(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		function *answering
		want     string
	}{
		"report":     {&answering{payload: `{"run_id":"now","certificates":[{"key":"a","state":"would_issue","reason":"because"}]}`}, ""},
		"failed":     {&answering{payload: `{"errorMessage":"no such certificate","errorType":"errorString"}`, failed: "Unhandled"}, ": no such certificate"},
		"timed out":  {&answering{payload: `null`, failed: "Unhandled"}, ": Unhandled"},
		"not a Json": {&answering{payload: `<html>`}, "decoding the answer"},
	} {
		report, err := certbotstack.Issuer{Lambda: test.function}.Foretell(t.Context(), twoCertificates(), certbot.Request{RunID: "now", Force: true})
		if test.function.asked != `{"run_id":"now","force":true,"dry_run":true}` {
			t.Errorf("%s: asked %s", name, test.function.asked)
		}
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", name, err, test.want)
			}
			continue
		}
		if err != nil || len(report.Certificates) != 1 || report.Certificates[0].Reason != "because" {
			t.Errorf("%s: %+v: %v", name, report, err)
		}
	}
}
