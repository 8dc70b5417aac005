package certbot

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

// caRenewals are an authority's renewal information and the replacing orders
// that it keeps account of (RFC 9773).
type caRenewals struct {
	// off leaves it out of the directory.
	off bool
	// status and body are the answer; the body may hold start and end.
	status     int
	body       string
	retryAfter string
	// refusal answers every order that claims to replace.
	refusal *acme.ProblemDetails
	// retry is the refusal's Retry-After.
	retry string

	asked    []string // ids
	known    []string // ids of issued certificates
	replaced []string
	// claims are what all orders claimed to replace, also refused ones.
	claims []string
}

func (a *caRenewals) url() string {
	if a.off {
		return ""
	}
	return caURL + "/renewal"
}

// window has the authority suggest this window.
func (a *caRenewals) window(start, end time.Time) {
	a.status = http.StatusOK
	a.body = fmt.Sprintf(`{"suggestedWindow":{"start":%q,"end":%q},"explanationURL":"https://ca.test/why"}`, start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
}

func (a *caRenewals) issued(leaf *x509.Certificate, replaced string) {
	id, err := certificateID(leaf)
	if err != nil {
		panic(err)
	}
	a.known = append(a.known, id)
	if replaced != "" {
		a.replaced = append(a.replaced, replaced)
	}
}

func (ca *fakeCA) renewalInfo(w http.ResponseWriter, id string) {
	a := &ca.ari
	a.asked = append(a.asked, id)
	if !slices.Contains(a.known, id) {
		answerProblem(w, &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "malformed", Detail: "no such certificate", HTTPStatus: 404}})
		return
	}
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	if a.status == 0 {
		a.status, a.body = http.StatusNotFound, `{"type":"about:blank"}`
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func (ca *fakeCA) checkReplaces(id string) *caProblem {
	a := &ca.ari
	a.claims = append(a.claims, id)
	problem := func(kind string, status int) *caProblem {
		return &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + kind, Detail: "replaces " + id, HTTPStatus: status}}
	}
	switch {
	case id == "":
		return nil
	case a.refusal != nil:
		return &caProblem{ProblemDetails: *a.refusal, retryAfter: a.retry}
	case !slices.Contains(a.known, id):
		return problem("malformed", http.StatusNotFound)
	case slices.Contains(a.replaced, id), slices.ContainsFunc(ca.orders, func(o *caOrder) bool { return o.Replaces == id && !o.lost() }):
		return problem("alreadyReplaced", http.StatusConflict)
	}
	return nil
}

// lost tells whether nothing can come of an order any more.
func (o *caOrder) lost() bool {
	return slices.ContainsFunc(o.authz, func(a *caAuthz) bool {
		return a.Status == acme.StatusInvalid || a.Status == acme.StatusDeactivated
	})
}
