package certbot

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-acme/lego/v4/acme"
)

const caURL = "https://ca.test"

// fakeCA is an ACME authority without a network: it is an http.RoundTripper.
// It checks signatures and nonces, and holds orders, authorizations and
// challenges to the states of RFC 8555, 7.1.6.
type fakeCA struct {
	mu    sync.Mutex
	key   *ecdsa.PrivateKey
	root  *x509.Certificate
	zone  *fakeZone
	names map[string]string // profiles
	// lifetime is that of certificates.
	lifetime time.Duration
	// refuse may answer a problem instead of doing what a request asks for.
	refuse func(path string) *caProblem
	// judge may answer a problem with a name that is proved.
	judge func(name string) *acme.ProblemDetails
	// trusted names need no proof.
	trusted map[string]bool
	// aliases are where CNAME records of challenges lead, by proved name.
	aliases map[string]string
	// stuck keeps finalized orders processing.
	stuck  bool
	faults caFaults
	// forged certificates are for another key.
	forged bool
	// pace is the Retry-After, in seconds, of what is not decided yet.
	pace string
	// ari is what it tells of renewals.
	ari caRenewals
	// chains are the alternates of what it issues.
	chains caChains
	// bindings are what it wants of new accounts.
	bindings caBindings

	nonces   map[string]bool
	accounts []*ecdsa.PublicKey
	contacts [][]string
	orders   []*caOrder
	authz    []*caAuthz
	// requests are the paths that were asked for, in order.
	requests []string
	certKeys []crypto.PublicKey
}

type caProblem struct {
	acme.ProblemDetails
	retryAfter string
}

type caOrder struct {
	acme.Order
	authz []*caAuthz
	polls int
	chain []byte
}

type caAuthz struct {
	acme.Authorization
	account int
	posted  bool
	polls   int
}

func newFakeCA(zone *fakeZone) *fakeCA {
	ca := &fakeCA{zone: zone, lifetime: 90 * 24 * time.Hour, names: map[string]string{"default": "90 days", "shortlived": "6 days"}, nonces: map[string]bool{}}
	ca.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca.root = ca.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Fake Root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &ca.key.PublicKey)
	return ca
}

func (ca *fakeCA) sign(template *x509.Certificate, public any) *x509.Certificate {
	template.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = template.NotBefore.Add(ca.lifetime)
	parent := ca.root
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, ca.key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

func (ca *fakeCA) serve(w http.ResponseWriter, request *http.Request) {
	path := request.URL.Path
	ca.requests = append(ca.requests, path)
	nonce := fmt.Sprintf("nonce%d", len(ca.requests))
	ca.nonces[nonce] = true
	w.Header().Set("Replay-Nonce", nonce)
	if !strings.Contains(request.UserAgent(), userAgent) {
		answerProblem(w, &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "malformed", Detail: "no User-Agent", HTTPStatus: 400}})
		return
	}
	if ca.refuse != nil {
		if problem := ca.refuse(path); problem != nil {
			answerProblem(w, problem)
			return
		}
	}
	switch path {
	case "/dir":
		answer(w, 200, acme.Directory{NewNonceURL: caURL + "/nonce", NewAccountURL: caURL + "/account", NewOrderURL: caURL + "/order", RenewalInfo: ca.ari.url(), Meta: acme.Meta{Profiles: ca.names, ExternalAccountRequired: ca.bindings.keys != nil}})
		return
	case "/nonce":
		return
	}
	if id, ok := strings.CutPrefix(path, "/renewal/"); ok {
		ca.renewalInfo(w, id)
		return
	}
	payload, account, problem := ca.open(request)
	if problem == nil {
		problem = ca.do(w, path, payload, account)
	}
	if problem != nil {
		answerProblem(w, problem)
	}
}

// do answers a signed request.
func (ca *fakeCA) do(w http.ResponseWriter, path string, payload []byte, account int) *caProblem {
	kind, id := path, 0
	if i := strings.LastIndex(path, "/"); i > 0 {
		kind = path[:i]
		if _, err := fmt.Sscanf(path[i+1:], "%d", &id); err != nil {
			return refusal400("malformed", path)
		}
	}
	switch {
	case path == "/account" || kind == "/account":
		return ca.account(w, payload, account, path != "/account")
	case path == "/order":
		return ca.newOrder(w, payload, account)
	case kind == "/order" && id < len(ca.orders):
		ca.answerOrder(w, id, 200)
	case kind == "/finalize" && id < len(ca.orders):
		return ca.finalize(w, payload, id)
	case kind == "/cert" && id < len(ca.orders):
		ca.chains.link(w, id)
		_, _ = w.Write(ca.orders[id].chain)
	case strings.HasPrefix(kind, alternatePath) && id < len(ca.orders):
		return ca.alternate(w, kind, id)
	case kind == "/authz" && id < len(ca.authz):
		ca.authorization(w, payload, ca.authz[id])
	case kind == "/challenge" && id < len(ca.authz):
		return ca.challenge(w, ca.authz[id])
	default:
		return refusal400("malformed", "no such resource "+path)
	}
	return nil
}

func (ca *fakeCA) account(w http.ResponseWriter, payload []byte, account int, update bool) *caProblem {
	var request acme.Account
	if err := json.Unmarshal(payload, &request); err != nil {
		return refusal400("malformed", err.Error())
	}
	for len(ca.contacts) <= account {
		ca.contacts = append(ca.contacts, request.Contact)
	}
	w.Header().Set("Location", fmt.Sprintf("%s/account/%d", caURL, account))
	if update {
		ca.contacts[account] = request.Contact
	} else if !request.TermsOfServiceAgreed {
		return refusal400("userActionRequired", "agree first")
	}
	answer(w, 201, acme.Account{Status: acme.StatusValid, Contact: ca.contacts[account]})
	return nil
}

func (ca *fakeCA) newOrder(w http.ResponseWriter, payload []byte, account int) *caProblem {
	var request acme.Order
	if err := json.Unmarshal(payload, &request); err != nil {
		return refusal400("malformed", err.Error())
	}
	if problem := ca.checkReplaces(request.Replaces); problem != nil {
		return problem
	}
	id := len(ca.orders)
	placed := &caOrder{Order: acme.Order{Identifiers: request.Identifiers, Profile: request.Profile, Replaces: request.Replaces, Finalize: fmt.Sprintf("%s/finalize/%d", caURL, id)}}
	for _, identifier := range request.Identifiers {
		name, wildcard := strings.CutPrefix(identifier.Value, "*.")
		if name != strings.ToLower(name) {
			return refusal400("malformed", "upper case")
		}
		n := len(ca.authz)
		a := &caAuthz{account: account, Authorization: acme.Authorization{
			Status: acme.StatusPending, Identifier: acme.Identifier{Type: "dns", Value: name}, Wildcard: wildcard,
			Challenges: []acme.Challenge{{Type: "dns-01", Status: acme.StatusPending, URL: fmt.Sprintf("%s/challenge/%d", caURL, n), Token: fmt.Sprintf("token-%d", n)}},
		}}
		if ca.trusted[name] {
			a.Status = acme.StatusValid
		}
		ca.authz = append(ca.authz, a)
		placed.authz = append(placed.authz, a)
		placed.Authorizations = append(placed.Authorizations, fmt.Sprintf("%s/authz/%d", caURL, n))
	}
	ca.orders = append(ca.orders, placed)
	ca.answerOrder(w, id, 201)
	return nil
}

// answerOrder moves an order on as its authorizations say, and answers it.
func (ca *fakeCA) answerOrder(w http.ResponseWriter, id, code int) {
	order := ca.orders[id]
	switch {
	case order.chain != nil && !ca.stuck && order.polls > 0:
		order.Status, order.Certificate = acme.StatusValid, fmt.Sprintf("%s/cert/%d", caURL, id)
	case order.chain != nil:
		order.Status = acme.StatusProcessing
		order.polls++
		w.Header().Set("Retry-After", ca.pace)
	case order.lost():
		order.Status = acme.StatusInvalid
	case slices.ContainsFunc(order.authz, func(a *caAuthz) bool { return a.Status != acme.StatusValid }):
		order.Status = acme.StatusPending
	default:
		order.Status = acme.StatusReady
	}
	w.Header().Set("Location", fmt.Sprintf("%s/order/%d", caURL, id))
	answer(w, code, order.Order)
}

// authorization answers an authorization, deactivates it, or decides it: one
// whose challenge was posted is looked at by the second reading.
func (ca *fakeCA) authorization(w http.ResponseWriter, payload []byte, a *caAuthz) {
	if len(payload) > 0 {
		a.Status = acme.StatusDeactivated
	}
	name := a.Identifier.Value
	switch {
	case a.Status != acme.StatusPending || !a.posted:
	case a.polls == 0 || ca.faults.undecided:
		a.polls++ // decided next time
		w.Header().Set("Retry-After", ca.pace)
	default:
		problem := ca.validate(name, a)
		a.Status, a.Challenges[0].Status, a.Challenges[0].Error = acme.StatusValid, acme.StatusValid, problem
		if problem != nil {
			a.Status, a.Challenges[0].Status = acme.StatusInvalid, acme.StatusInvalid
		}
	}
	answer(w, 200, a.Authorization)
}

func (ca *fakeCA) validate(name string, a *caAuthz) *acme.ProblemDetails {
	if ca.judge != nil {
		if problem := ca.judge(name); problem != nil {
			return problem
		}
	}
	sum := sha256.Sum256([]byte(a.Challenges[0].Token + "." + thumbprint(ca.accounts[a.account])))
	want := `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
	if found := ca.zone.lookup(cmp.Or(ca.aliases[name], "_acme-challenge."+name)); !slices.Contains(found, want) {
		return &acme.ProblemDetails{Type: problemPrefix + "unauthorized", HTTPStatus: 403, Detail: fmt.Sprintf("Incorrect TXT record %q found at _acme-challenge.%s", found, name)}
	}
	return nil
}

func (ca *fakeCA) finalize(w http.ResponseWriter, payload []byte, id int) *caProblem {
	order := ca.orders[id]
	if order.Status != acme.StatusReady {
		return &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + "orderNotReady", HTTPStatus: 403, Detail: order.Status}}
	}
	var message acme.CSRMessage
	_ = json.Unmarshal(payload, &message)
	der, _ := base64.RawURLEncoding.DecodeString(message.Csr)
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil {
		return refusal400("badCSR", "unreadable")
	}
	var names []string
	for _, identifier := range order.Identifiers {
		names = append(names, identifier.Value)
	}
	if !slices.Equal(normalNames(names), normalNames(csr.DNSNames)) || (csr.Subject.CommonName != "" && !slices.Contains(names, csr.Subject.CommonName)) {
		return refusal400("badCSR", "names")
	}
	public := csr.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if slices.ContainsFunc(ca.certKeys, public.Equal) || public.Equal(ca.accounts[0]) {
		return refusal400("badCSR", "this key was used before")
	}
	ca.certKeys = append(ca.certKeys, csr.PublicKey)
	if ca.forged {
		csr.PublicKey = &ca.key.PublicKey
	}
	leaf := ca.sign(&x509.Certificate{Subject: csr.Subject, DNSNames: csr.DNSNames}, csr.PublicKey)
	ca.ari.issued(leaf, order.Replaces)
	for _, certificate := range []*x509.Certificate{leaf, ca.root} {
		order.chain = append(order.chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	ca.answerOrder(w, id, 200)
	return nil
}

func refusal400(kind, detail string) *caProblem {
	return &caProblem{ProblemDetails: acme.ProblemDetails{Type: problemPrefix + kind, Detail: detail, HTTPStatus: 400}}
}

func answer(w http.ResponseWriter, code int, body any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func answerProblem(w http.ResponseWriter, p *caProblem) {
	w.Header().Set("Content-Type", "application/problem+json")
	if p.retryAfter != "" {
		w.Header().Set("Retry-After", p.retryAfter)
	}
	answer(w, p.HTTPStatus, p.ProblemDetails)
}
