package awsclient

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"
)

// notebook is a logger that keeps what it is told.
type notebook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notebook) note(msg string, fields []map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, _ = fmt.Fprintln(&n.text, msg, fields)
}

func (n *notebook) Warn(_ context.Context, msg string, fields ...map[string]any) {
	n.note(msg, fields)
}

func (n *notebook) Info(_ context.Context, msg string, fields ...map[string]any) {
	n.note(msg, fields)
}

func (n *notebook) Debug(_ context.Context, msg string, fields ...map[string]any) {
	n.note(msg, fields)
}

func (n *notebook) Trace(_ context.Context, msg string, fields ...map[string]any) {
	n.note(msg, fields)
}

func (n *notebook) SubLogger(ctx context.Context, _ string) (context.Context, logging.Logger) {
	return ctx, n
}

func (n *notebook) SetField(ctx context.Context, key string, value any) context.Context {
	n.note(key, []map[string]any{{key: value}})
	return ctx
}

// The value of a parameter is in the log of SSM, which shows that the test
// would see it, and not in that of SecretSSM.
func TestSecretsAreNotLogged(t *testing.T) {
	isolate(t)
	server := newFakeAWS(t, identity("aws"))
	config := testConfig()
	config.Endpoints = map[string]string{"sts": server.URL, "ssm": server.URL}
	p, _, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.For(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		client *ssm.Client
		logged bool
	}{{"SSM", c.SSM, true}, {"SecretSSM", c.SecretSSM, false}} {
		log := &notebook{}
		before := server.asked("hunter2")
		_, err := test.client.PutParameter(logging.RegisterLogger(t.Context(), log), &ssm.PutParameterInput{
			Name: aws.String("/x"), Type: types.ParameterTypeSecureString, Value: aws.String("hunter2"),
		})
		if err == nil || server.asked("hunter2") == before {
			t.Errorf("%s: error %v, and the endpoint was not asked", test.name, err)
		}
		if got := strings.Contains(log.text.String(), "hunter2"); got != test.logged {
			t.Errorf("%s: the value is in the log: %v\n%s", test.name, got, log.text.String())
		}
	}
}
