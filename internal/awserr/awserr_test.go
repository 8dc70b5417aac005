package awserr_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
)

func answer(code, message string) error {
	return &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

func TestIs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		err   error
		codes []string
		want  bool
	}{
		{"nil", nil, []string{""}, false},
		{"the code", answer("NoSuchKey", ""), []string{"NoSuchKey"}, true},
		{"one of the codes", answer("NoSuchKey", ""), []string{"NoSuchBucket", "NoSuchKey"}, true},
		{"another code", answer("NoSuchKey", ""), []string{"NoSuchBucket"}, false},
		{"only the beginning of the code", answer("NoSuchKeyAtAll", ""), []string{"NoSuchKey"}, false},
		{"the code in the message only", answer("Other", "NoSuchKey"), []string{"NoSuchKey"}, false},
		{"no codes", answer("NoSuchKey", ""), nil, false},
		{"an error type of the SDK", &types.NoSuchKey{}, []string{"NoSuchKey"}, true},
		{"wrapped", fmt.Errorf("reading object (x): %w", answer("NoSuchKey", "")), []string{"NoSuchKey"}, true},
		{"joined", errors.Join(errors.New("first"), answer("NoSuchKey", "")), []string{"NoSuchKey"}, true},
		{"no answer of AWS", errors.New("NoSuchKey"), []string{"NoSuchKey"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := awserr.Is(tc.err, tc.codes...); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestSays(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("creating function (x): %w", answer("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."))
	for _, tc := range []struct {
		name, code, text string
		err              error
		want             bool
	}{
		{"code and text", "InvalidParameterValueException", "cannot be assumed", err, true},
		{"another text", "InvalidParameterValueException", "too long", err, false},
		{"another code", "ValidationException", "cannot be assumed", err, false},
		{"text of our own", "InvalidParameterValueException", "creating function", err, false},
		{"nil", "", "", nil, false},
		{"no answer of AWS", "", "cannot", errors.New("cannot"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := awserr.Says(tc.err, tc.code, tc.text); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestIsAccessDenied(t *testing.T) {
	t.Parallel()
	// S3 and IAM, most JSON services, SNS, EC2, and S3's answers without a body.
	for _, code := range []string{"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation", "Forbidden", "403"} {
		if !awserr.IsAccessDenied(fmt.Errorf("x: %w", answer(code, ""))) {
			t.Errorf("%s is not recognised", code)
		}
	}
	for _, err := range []error{nil, errors.New("AccessDenied"), answer("NoSuchKey", "AccessDenied"), answer("ThrottlingException", "")} {
		if awserr.IsAccessDenied(err) {
			t.Errorf("%v is taken for a lack of permission", err)
		}
	}
}
