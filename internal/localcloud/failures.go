package localcloud

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Failure is a way in which calls of AWS fail on request. Calls that AWS's
// services make of one another are not met.
type Failure struct {
	// Service and Operation say which calls are met, such as "route53" and
	// "ChangeResourceRecordSets". An empty operation means all of the service.
	Service, Operation string
	// Share is how many of these calls are met, drawn by lot: above 0, up to
	// 1. Zero means all.
	Share float64
	// Calls is how many calls are met at most. Zero means any number.
	Calls int
	// For is how long calls are met. Zero means until the failures are
	// replaced.
	For time.Duration
	// Delay holds a call back before anything else becomes of it.
	Delay time.Duration
	// Code is the code of the error that is answered, and Status its HTTP
	// status, 400 if it is 0. Without a code the call is only delayed.
	Code    string
	Message string
	Status  int
	// Lost lets the call be made but answers 500 in place of its answer, as if
	// that had been lost on the way.
	Lost bool
}

// Throttling is how a service refuses what comes too fast; Route 53 with this
// code, most others with "ThrottlingException".
func Throttling(service, operation string) Failure {
	code := "ThrottlingException"
	switch service {
	case "route53", "cloudwatch", "iam":
		code = "Throttling"
	case "ec2":
		code = "RequestLimitExceeded"
	}
	return Failure{Service: service, Operation: operation, Code: code, Message: "Rate exceeded"}
}

// InternalFailure is a service's own mistake.
func InternalFailure(service, operation string) Failure {
	return Failure{Service: service, Operation: operation, Code: "InternalFailure", Message: "An internal failure occurred.", Status: http.StatusInternalServerError}
}

// SetFailures replaces the failures of an account's calls; none ends them. Of
// several that meet a call the first does.
func (c *Cloud) SetFailures(ctx context.Context, account string, failures ...Failure) error {
	wanted := make([]map[string]any, 0, len(failures))
	for _, f := range failures {
		wanted = append(wanted, map[string]any{
			"service": f.Service, "operation": f.Operation, "share": f.Share, "calls": f.Calls, "for_ms": f.For.Milliseconds(),
			"delay_ms": f.Delay.Milliseconds(), "code": f.Code, "message": f.Message, "status": f.Status, "lost": f.Lost,
		})
	}
	return c.control(ctx, http.MethodPost, "failures", map[string]any{"account": account, "failures": wanted}, nil)
}

// Call is a call of AWS that was made.
type Call struct {
	At        time.Time `json:"at"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	// Status is the HTTP status of the answer, and Code that of the error, if
	// it was one.
	Status int    `json:"status"`
	Code   string `json:"code"`
}

// Calls lists the newest 20,000 calls that reached an account, oldest first,
// whoever made them; not what AWS's services ask of one another.
func (c *Cloud) Calls(ctx context.Context, account string) ([]Call, error) {
	var calls []Call
	err := c.control(ctx, http.MethodGet, "calls?account="+url.QueryEscape(account), nil, &calls)
	slices.SortStableFunc(calls, func(a, b Call) int { return a.At.Compare(b.At) })
	return calls, err
}

// KillFunction kills a function in the middle of its invocations, as if its
// machine had failed, and tells how many it had. What it had called is not
// taken back.
func (c *Cloud) KillFunction(ctx context.Context, account, name string) (killed int, err error) {
	var out struct{ Killed int }
	err = c.control(ctx, http.MethodPost, "lambda/kill", map[string]string{"account": account, "function": name}, &out)
	return out.Killed, err
}
