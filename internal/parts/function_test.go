package parts

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	testFunctionARN = "arn:aws:lambda:eu-west-2:123456789012:function:f"
	testRoleARN     = "arn:aws:iam::123456789012:role/f"
	secretValue     = "s3cr3t-value"
)

func newFunction() (*Function, *fakeFunctions) {
	api := &fakeFunctions{settleReads: 2, spreadError: fault("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")}
	api.called = api.call
	zip := []byte("zip")
	return &Function{
		API: api, Name: "f", ARN: testFunctionARN, RoleARN: testRoleARN, Description: "d", Architecture: "arm64",
		MemoryMB: 128, TimeoutSeconds: 900, Environment: map[string]string{"A": secretValue, "B": "b"},
		Zip: zip, CodeSHA256: sha(zip), Tags: testTags(), Sleep: (&sleeper{}).sleep,
	}, api
}

func createdFunction(t *testing.T) (*Function, *fakeFunctions) {
	t.Helper()
	f, api := newFunction()
	mustEnsure(t, f)
	return f, api
}

func TestFunctionLife(t *testing.T) {
	t.Parallel()
	f, api := newFunction()
	checkLife(t, f, &api.service, "CreateFunction", "PutFunctionEventInvokeConfig")
	mustEnsure(t, f)
	if h := api.have; h.State != types.StateActive || h.Runtime != "provided.al2023" || aws.ToString(h.Handler) != "bootstrap" {
		t.Fatalf("created %s %s %s", h.State, h.Runtime, aws.ToString(h.Handler))
	}
}

func TestFunctionDrift(t *testing.T) {
	t.Parallel()
	configuration, code, async := []string{"UpdateFunctionConfiguration"}, []string{"UpdateFunctionCode"}, []string{"PutFunctionEventInvokeConfig"}
	tests := map[string]struct {
		meddle  func(*fakeFunctions)
		want    []string
		changes []string
	}{
		"role":        {func(f *fakeFunctions) { f.have.Role = aws.String("arn:aws:iam::123456789012:role/x") }, []string{"role is arn:aws:iam::123456789012:role/x, want " + testRoleARN}, configuration},
		"description": {func(f *fakeFunctions) { f.have.Description = nil }, []string{`description is "", want "d"`}, configuration},
		"runtime":     {func(f *fakeFunctions) { f.have.Runtime = types.RuntimeProvidedal2 }, []string{"runtime is provided.al2, want provided.al2023"}, configuration},
		"handler":     {func(f *fakeFunctions) { f.have.Handler = aws.String("x") }, []string{"handler is x, want bootstrap"}, configuration},
		"memory":      {func(f *fakeFunctions) { f.have.MemorySize = aws.Int32(256) }, []string{"memory is 256 MB, want 128 MB"}, configuration},
		"timeout":     {func(f *fakeFunctions) { f.have.Timeout = aws.Int32(3) }, []string{"timeout is 3 s, want 900 s"}, configuration},
		"key":         {func(f *fakeFunctions) { f.have.KMSKeyArn = aws.String("k") }, []string{`KMS key is "k", want ""`}, configuration},
		"variable differs": {
			func(f *fakeFunctions) { f.have.Environment.Variables["A"] = "x" },
			[]string{"environment variable A differs"},
			configuration,
		},
		"variable missing": {
			func(f *fakeFunctions) { delete(f.have.Environment.Variables, "A") },
			[]string{"environment variable A is missing"},
			configuration,
		},
		"variable too many": {
			func(f *fakeFunctions) { f.have.Environment.Variables["X"] = secretValue },
			[]string{"environment variable X is set, want none"},
			configuration,
		},
		"no environment": {
			func(f *fakeFunctions) { f.have.Environment = nil },
			[]string{"environment variable A is missing", "environment variable B is missing"},
			configuration,
		},
		"code":         {func(f *fakeFunctions) { f.have.CodeSha256 = aws.String("x") }, []string{"the code differs (sha256 x, want " + sha([]byte("zip")) + ")"}, code},
		"architecture": {func(f *fakeFunctions) { f.have.Architectures = nil }, []string{"architecture is x86_64, want arm64"}, code},
		"failed": {
			func(f *fakeFunctions) {
				f.have.State, f.have.StateReason = types.StateFailed, aws.String("no disk")
			},
			[]string{"state is Failed: no disk"},
			code,
		},
		"failed update": {
			func(f *fakeFunctions) { f.have.LastUpdateStatus = types.LastUpdateStatusFailed },
			[]string{"the last update failed: Lambda gives no reason"},
			code,
		},
		"retries":     {func(f *fakeFunctions) { f.async.MaximumRetryAttempts = aws.Int32(2) }, []string{"asynchronous retries are 2, want 0"}, async},
		"age":         {func(f *fakeFunctions) { f.async.MaximumEventAgeInSeconds = aws.Int32(60) }, []string{"the maximum age of asynchronous events is 60 s, want 3600 s"}, async},
		"destination": {func(f *fakeFunctions) { f.async.DestinationConfig.OnFailure.Destination = aws.String("x") }, []string{"asynchronous events have a destination, want none"}, async},
		"no asynchronous configuration": {
			func(f *fakeFunctions) { f.async = nil },
			[]string{"asynchronous retries are 2, want 0", "the maximum age of asynchronous events is 21600 s, want 3600 s"},
			async,
		},
		"tag differs":  {func(f *fakeFunctions) { f.tags["team"] = "x" }, []string{`tag team is "x", want "web"`}, []string{"TagResource"}},
		"tag too many": {func(f *fakeFunctions) { f.tags["x"] = "y" }, []string{`tag x is "y", want none`}, []string{"UntagResource"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, api := createdFunction(t)
			test.meddle(api)
			checkRepair(t, f, &api.service, test.want, test.changes)
		})
	}
}

func TestFunctionNeverTellsValues(t *testing.T) {
	t.Parallel()
	f, api := createdFunction(t)
	f.Environment = map[string]string{"A": secretValue + "2"}
	api.have.Environment.Variables["X"] = secretValue
	diffs, err := f.Drift(t.Context())
	if err != nil || len(diffs) != 3 {
		t.Fatalf("Drift: %q, %v", diffs, err)
	}
	if strings.Contains(strings.Join(diffs, " "), secretValue) {
		t.Fatalf("a value is told: %q", diffs)
	}
}

func TestFunctionChangesConfigurationBeforeCode(t *testing.T) {
	t.Parallel()
	f, api := createdFunction(t)
	f.MemoryMB, f.Zip, f.CodeSHA256 = 512, []byte("new"), sha([]byte("new"))
	api.takeChanges()
	mustEnsure(t, f)
	expectChanges(t, &api.service, "UpdateFunctionConfiguration", "UpdateFunctionCode")
	mustDrift(t, f)
}

func TestFunctionWaitsForItsRole(t *testing.T) {
	t.Parallel()
	for name, spread := range map[string]error{
		"not assumable":  fault("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
		"no permissions": fault("InvalidParameterValueException", "The provided execution role does not have permissions to call X"),
		"no grant":       fault("InvalidParameterValueException", "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, api := newFunction()
			api.spreading, api.spreadError = 4, spread
			mustEnsure(t, f)
			mustDrift(t, f)

			f.MemoryMB = 256
			api.spreading = 4
			mustEnsure(t, f)
			mustDrift(t, f)
		})
	}
}

func TestFunctionGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	f, api := newFunction()
	s := &sleeper{endsAt: 7}
	f.Sleep, api.spreading = s.sleep, 1000
	err := f.Ensure(t.Context())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cannot be assumed by Lambda") {
		t.Fatalf("Ensure: %v", err)
	}
	if len(s.slept) != 7 || s.slept[6] != lastPause {
		t.Fatalf("slept %v", s.slept)
	}
}

func TestFunctionDoesNotRetryOtherErrors(t *testing.T) {
	t.Parallel()
	f, api := newFunction()
	f.Sleep = never
	api.spreading, api.spreadError = 1, fault("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes")
	if err := f.Ensure(t.Context()); err == nil || !strings.Contains(err.Error(), "Unzipped size") {
		t.Fatalf("Ensure: %v", err)
	}
}

func TestFunctionThatFailsToStart(t *testing.T) {
	t.Parallel()
	f, api := newFunction()
	api.failCreate = true
	err := f.Ensure(t.Context())
	if err == nil || err.Error() != "creating Lambda function (f): state is Failed: the package is broken" {
		t.Fatalf("Ensure: %v", err)
	}
	mustEnsure(t, f) // a later apply uploads the code again
	mustDrift(t, f)
}

func TestFunctionGoesOnAfterAKilledCreate(t *testing.T) {
	t.Parallel()
	f, api := newFunction()
	api.settleReads = 1000
	s := &sleeper{endsAt: 3}
	f.Sleep = s.sleep
	if err := f.Ensure(t.Context()); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "state is still Pending") {
		t.Fatalf("Ensure: %v", err)
	}
	f.Sleep, api.busy, api.settleReads = (&sleeper{}).sleep, 3, 2
	f.MemoryMB = 512
	mustEnsure(t, f)
	mustDrift(t, f)
}

func TestFunctionEnvironmentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f, api := createdFunction(t)
	api.have.Environment = &types.EnvironmentResponse{Error: &types.EnvironmentError{ErrorCode: aws.String("AccessDeniedException"), Message: aws.String("no kms:Decrypt")}}
	if _, err := f.Drift(t.Context()); err == nil || !strings.Contains(err.Error(), "kms:Decrypt") {
		t.Fatalf("Drift: %v", err)
	}
	mustEnsure(t, f) // so that a lost key can be replaced
	mustDrift(t, f)
}

func TestFunctionAccessDenied(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"GetFunctionConfiguration", "CreateFunction", "PutFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig"} {
		f, api := newFunction()
		api.deny(call)
		expectDenied(t, f.Ensure(t.Context()))
	}
	for _, call := range []string{"UpdateFunctionConfiguration", "UpdateFunctionCode", "TagResource"} {
		f, api := createdFunction(t)
		f.MemoryMB, f.CodeSHA256, f.Zip = 512, sha([]byte("new")), []byte("new")
		f.Tags.Want["new"] = "tag"
		api.deny(call)
		expectDenied(t, f.Ensure(t.Context()))
	}
	f, api := createdFunction(t)
	api.deny("GetFunctionEventInvokeConfig")
	_, err := f.Drift(t.Context())
	expectDenied(t, err)
	api.deny("DeleteFunction")
	expectDenied(t, f.Delete(t.Context()))
}
