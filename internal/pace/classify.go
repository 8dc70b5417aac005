package pace

import (
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

// kind is what to do about an error.
type kind int

const (
	final     kind = iota // the call is not made again
	throttled             // the service refused the call because of its rate
	prior                 // another change of the same thing is under way
	broken                // it failed on the way, or on the other side
)

var (
	throttles  = retry.IsErrorThrottles(retry.DefaultThrottles)
	retryables = retry.IsErrorRetryables(retry.DefaultRetryables)
)

// IsThrottle tells whether AWS refused a call because of its rate.
func IsThrottle(err error) bool { return err != nil && classify(err) == throttled }

// classify tells what to do about the error of a call.
func classify(err error) kind {
	switch {
	case awserr.Is(err, "PriorRequestNotComplete"): // the SDK takes it for a throttle
		return prior
	case throttles.IsErrorThrottle(err) == aws.TrueTernary, awserr.Is(err, "TooManyRequests"), status(err) == http.StatusTooManyRequests:
		return throttled
	case retryables.IsErrorRetryable(err) == aws.TrueTernary, faulty(err):
		return broken
	}
	return final
}

// faulty tells whether AWS says that the fault is its own.
func faulty(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer || status(err) >= http.StatusInternalServerError
}

// status is the HTTP status of AWS's answer, or 0.
func status(err error) int {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}
