package awsclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"
)

// notes is a log.
type notes struct {
	logging.NullLogger

	mu    sync.Mutex
	lines []string
}

func (n *notes) note(message string, fields ...map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprint(message, fields))
}

func (n *notes) Warn(_ context.Context, message string, fields ...map[string]any) {
	n.note(message, fields...)
}

func (n *notes) Info(_ context.Context, message string, fields ...map[string]any) {
	n.note(message, fields...)
}

func (n *notes) Debug(_ context.Context, message string, fields ...map[string]any) {
	n.note(message, fields...)
}

func (n *notes) Trace(_ context.Context, message string, fields ...map[string]any) {
	n.note(message, fields...)
}

// Nothing of an object that is read unlogged gets into the log, not even when
// it is read again because the first answer was an error.
func TestUnloggedS3(t *testing.T) {
	isolate(t)
	sts := newFakeAWS(t, identity("aws"))
	var answers int
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answers++; answers%2 == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, "hunter2")
	}))
	t.Cleanup(objects.Close)
	config := testConfig()
	config.MaxRetries = 2
	config.Endpoints = map[string]string{"sts": sts.URL, "s3": objects.URL}
	p, _, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.For(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		client *s3.Client
		logged bool
	}{"logged": {c.S3, true}, "unlogged": {c.SecretS3, false}} {
		log := &notes{}
		out, err := test.client.GetObject(logging.RegisterLogger(t.Context(), log), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}, func(o *s3.Options) { o.UsePathStyle = true })
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(out.Body); err != nil || string(body) != "hunter2" {
			t.Errorf("%s: read %q, %v", name, body, err)
		}
		if (len(log.lines) > 0) != test.logged || strings.Contains(strings.Join(log.lines, "\n"), "hunter2") {
			t.Errorf("%s: the log is %q", name, log.lines)
		}
	}
}
