package localcloud_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// buildFunction compiles testdata/function for this machine and packs it: once,
// and with the flags of the product's functions, so that what they share is
// compiled already.
var buildFunction = sync.OnceValues(func() ([]byte, error) {
	bootstrap := filepath.Join(cloud.Dir, "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/function")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the function: %w\n%s", err, out)
	}
	program, err := os.ReadFile(bootstrap)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("bootstrap")
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
})

type function struct {
	t      *testing.T
	lambda *lambda.Client
	logs   *cloudwatchlogs.Client
	name   string
	code   []byte
	// timeoutSeconds is Lambda's timeout of an invocation.
	timeoutSeconds int32
}

// newFunction makes a function whose role may write its log but not make the
// log group, which is there.
func newFunction(t *testing.T, name string, timeoutSeconds int32) *function {
	t.Helper()
	config := cloud.Config()
	code, err := buildFunction()
	if err != nil {
		t.Fatal(err)
	}
	f := &function{t: t, lambda: lambda.NewFromConfig(config), logs: cloudwatchlogs.NewFromConfig(config), name: name, code: code, timeoutSeconds: timeoutSeconds}
	roles := iam.NewFromConfig(config)
	role, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String(name), PolicyName: aws.String("log"), PolicyDocument: aws.String(fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],
			"Resource":"arn:aws:logs:us-east-1:%s:log-group:/aws/lambda/%s:*"}]}`, cloud.AccountID, name)),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/lambda/" + name)}); err != nil {
		t.Fatal(err)
	}
	created, err := f.create(name, aws.ToString(role.Role.Arn), types.Architecture(cloud.Architecture()))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(f.code)
	if want := base64.StdEncoding.EncodeToString(sum[:]); aws.ToString(created.CodeSha256) != want {
		t.Errorf("CodeSha256 is %s, want %s", aws.ToString(created.CodeSha256), want)
	}
	if err := lambda.NewFunctionActiveV2Waiter(f.lambda).Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(name)}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *function) create(name, role string, architecture types.Architecture) (*lambda.CreateFunctionOutput, error) {
	return f.lambda.CreateFunction(f.t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Architectures: []types.Architecture{architecture}, Timeout: aws.Int32(f.timeoutSeconds), Code: &types.FunctionCode{ZipFile: f.code},
	})
}

// invoke returns the answer, the function error and the log.
func (f *function) invoke(do string) (body, failure, log string) {
	f.t.Helper()
	out, err := f.lambda.Invoke(f.t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(f.name), Payload: fmt.Appendf(nil, `{"Do":%q}`, do), LogType: types.LogTypeTail,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(out.Payload), aws.ToString(out.FunctionError), string(tail)
}

func TestLambdaRunsProcesses(t *testing.T) {
	t.Parallel()
	const timeout = 6
	f := newFunction(t, "runs", timeout)
	var got struct{ Count, Left int }
	for count := range 2 {
		body, failure, log := f.invoke("work")
		if err := json.Unmarshal([]byte(body), &got); err != nil || failure != "" || got.Count != count+1 || got.Left > timeout || got.Left <= timeout/2 {
			t.Errorf("invocation %d answers %s (%s), want that number and %d s left, or not much less", count+1, body, failure, timeout)
		}
		for _, want := range []string{"START RequestId: ", "doing work\n", "END RequestId: ", "REPORT RequestId: "} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %q: %s", want, log)
			}
		}
	}
	tests := []struct{ do, kind, message string }{
		{"error", `"errorType":"errorString"`, "something is wrong"},
		{"exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{"panic", `"errorType":"string"`, "help"},
		{"sleep", "Sandbox.Timedout", "Task timed out after 6.00 seconds"},
	}
	for _, tt := range tests {
		body, failure, log := f.invoke(tt.do)
		if failure != "Unhandled" || !strings.Contains(body, tt.kind) || !strings.Contains(body, tt.message) {
			t.Errorf("%s answers %s (%s)", tt.do, body, failure)
		}
		if !strings.Contains(log, "doing "+tt.do) {
			t.Errorf("%s logs %s", tt.do, log)
		}
	}
	body, failure, _ := f.invoke("work")
	if err := json.Unmarshal([]byte(body), &got); err != nil || failure != "" || got.Count != 1 {
		t.Errorf("after a timeout a new process answers %s (%s), want its first invocation", body, failure)
	}
	f.wantLogged("doing sleep")
	f.reconfigure(map[string]string{"FAIL": "1"})
	if body, failure, log := f.invoke("work"); failure != "Unhandled" || !strings.Contains(body, "exit status 3") || !strings.Contains(log, "initializing") {
		t.Errorf("a failing initialization answers %s (%s), logs %s", body, failure, log)
	}
	f.wantProcessesEnd()
}

// wantLogged waits until a line is in CloudWatch Logs.
func (f *function) wantLogged(line string) {
	f.t.Helper()
	for range 1200 {
		if f.logged(line) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.t.Errorf("%q did not reach CloudWatch Logs", line)
}

// logged tells whether a line is in CloudWatch Logs.
func (f *function) logged(line string) bool {
	f.t.Helper()
	out, err := f.logs.FilterLogEvents(f.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + f.name)})
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.ContainsFunc(out.Events, func(e logtypes.FilteredLogEvent) bool { return strings.Contains(aws.ToString(e.Message), line) })
}

func (f *function) reconfigure(variables map[string]string) {
	f.t.Helper()
	if _, err := f.lambda.UpdateFunctionConfiguration(f.t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(f.name), Environment: &types.Environment{Variables: variables},
	}); err != nil {
		f.t.Fatal(err)
	}
	if err := lambda.NewFunctionUpdatedV2Waiter(f.lambda).Wait(f.t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(f.name)}, time.Minute); err != nil {
		f.t.Fatal(err)
	}
}

// wantProcessesEnd deletes the function and waits for the end of its processes.
func (f *function) wantProcessesEnd() {
	f.t.Helper()
	f.reconfigure(map[string]string{})
	f.invoke("work")
	if n := f.processes(); n != 1 {
		f.t.Errorf("the function has %d processes, want 1", n)
	}
	if _, err := f.lambda.DeleteFunction(f.t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String(f.name)}); err != nil {
		f.t.Fatal(err)
	}
	for range 1200 {
		if f.processes() == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.t.Errorf("the deleted function still has %d processes", f.processes())
}

// processes counts the processes whose program lies in this cloud's folder
// for this function.
func (f *function) processes() int {
	n := 0
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, link := range programs {
		program, err := os.Readlink(link)
		if err == nil && strings.HasPrefix(program, cloud.Dir) && strings.Contains(program, "/"+f.name+"-") {
			n++
		}
	}
	return n
}

func TestLambdaRefuses(t *testing.T) {
	t.Parallel()
	f := newFunction(t, "refuses-lambda", 2)
	_, err := f.create("no-role", "arn:aws:iam::"+cloud.AccountID+":role/none", types.Architecture(cloud.Architecture()))
	wantError(t, err, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
	other := types.ArchitectureArm64
	if cloud.Architecture() == "arm64" {
		other = types.ArchitectureX8664
	}
	if _, err := f.create("other-architecture", "arn:aws:iam::"+cloud.AccountID+":role/"+f.name, other); err != nil {
		t.Fatal(err)
	}
	name := &lambda.GetFunctionInput{FunctionName: aws.String("other-architecture")}
	if err := lambda.NewFunctionActiveV2Waiter(f.lambda).Wait(t.Context(), name, time.Minute); err == nil {
		t.Error("a function of another architecture became active")
	}
	got, err := f.lambda.GetFunction(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if reason := aws.ToString(got.Configuration.StateReason); !strings.Contains(reason, "whose architecture is "+cloud.Architecture()) {
		t.Errorf("the reason is %q", reason)
	}
}
