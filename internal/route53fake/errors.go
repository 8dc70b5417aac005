package route53fake

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Throttled is what Route 53 answers above its limits.
func Throttled() error {
	return &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded", Fault: smithy.FaultClient}
}

// Unavailable is one of the answers of a broken Route 53.
func Unavailable() error {
	return &smithy.GenericAPIError{Code: "ServiceUnavailable", Message: "Service Unavailable", Fault: smithy.FaultServer}
}

// Busy is what Route 53 answers while it works on another change of the zone.
func Busy() error {
	return &types.PriorRequestNotComplete{Message: aws.String("The request was rejected because Route 53 was still processing a prior request.")}
}

// Denied is what IAM answers for Route 53.
func Denied(action string) error {
	return &smithy.GenericAPIError{Code: "AccessDenied", Message: "User is not authorized to perform: route53:" + action, Fault: smithy.FaultClient}
}

func noSuchZone(id string) error {
	return &types.NoSuchHostedZone{Message: aws.String("No hosted zone found with ID: " + id)}
}

func invalidInput(message string) error {
	return &types.InvalidInput{Message: &message}
}

// refusal is an InvalidChangeBatch in one of the two forms that Route 53 has.
func refusal(messages []string, listed bool) error {
	if listed {
		return &types.InvalidChangeBatch{Message: aws.String("ChangeBatch errors occurred"), Messages: messages}
	}
	return &types.InvalidChangeBatch{Message: aws.String("[" + strings.Join(messages, ", ") + "]")}
}

// statuses are the HTTP statuses that are not 400.
var statuses = map[string]int{
	"AccessDenied":             http.StatusForbidden,
	"NoSuchHostedZone":         http.StatusNotFound,
	"NoSuchChange":             http.StatusNotFound,
	"HostedZoneAlreadyExists":  http.StatusConflict,
	"ServiceUnavailable":       http.StatusServiceUnavailable,
	"InternalFailure":          http.StatusInternalServerError,
	"InternalError":            http.StatusInternalServerError,
	"ThrottlingException":      http.StatusTooManyRequests,
	"TooManyRequestsException": http.StatusTooManyRequests,
}

// wrap puts an error of the service into the wrappers in which the SDK's
// client answers it.
func wrap(action string, err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return &smithy.OperationError{ServiceID: "Route 53", OperationName: action, Err: err}
	}
	status := http.StatusBadRequest
	if s, ok := statuses[api.ErrorCode()]; ok {
		status = s
	}
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}
	return &smithy.OperationError{ServiceID: "Route 53", OperationName: action, Err: &awshttp.ResponseError{
		RequestID:     "00000000-0000-0000-0000-000000000000",
		ResponseError: &smithyhttp.ResponseError{Response: response, Err: err},
	}}
}
