package lambdaenv

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// resolver answers its own address, as services' resolvers do for a base
// endpoint.
type resolver struct {
	url string
	err error
}

func (r resolver) ResolveEndpoint(_ context.Context, path string) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(r.url + path)
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, r.err
}

func TestWarmOpensTheConnectionsThatAreUsedLater(t *testing.T) {
	t.Parallel()
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden) // nothing is signed
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)

	client := server.Client()
	Warm(t.Context(), client,
		Resolve(resolver{url: server.URL}, "/"),
		Resolve(resolver{url: server.URL, err: errors.New("no such region")}, "/"),
		Resolve(resolver{url: "http://127.0.0.1:0"}, "/"),
		Resolve(resolver{url: "http:// "}, "/"))
	if connections.Load() != 1 || requests.Load() != 1 {
		t.Fatalf("%d connections and %d requests, want one of each", connections.Load(), requests.Load())
	}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if connections.Load() != 1 || requests.Load() != 2 {
		t.Errorf("%d connections after %d requests, want the first one used again", connections.Load(), requests.Load())
	}
}

func TestResolveAsksTheServicesOwnResolver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	tests := []struct {
		endpoint Endpoint
		want     string
	}{
		{Resolve(ecs.NewDefaultEndpointResolverV2(), ecs.EndpointParameters{Region: aws.String("eu-west-2")}), "https://ecs.eu-west-2.amazonaws.com"},
		{Resolve(route53.NewDefaultEndpointResolverV2(), route53.EndpointParameters{Region: aws.String("eu-west-2")}), "https://route53.amazonaws.com"},
		{Resolve(ecs.NewDefaultEndpointResolverV2(), ecs.EndpointParameters{Region: aws.String("eu-west-2"), Endpoint: aws.String("http://127.0.0.1:4566")}), "http://127.0.0.1:4566"},
	}
	for _, tt := range tests {
		if got, err := tt.endpoint(ctx); err != nil || got != tt.want {
			t.Errorf("endpoint %q, error %v; want %q", got, err, tt.want)
		}
	}
}

// hanging is a service that never answers.
type hanging struct{ calls atomic.Int32 }

func (h *hanging) Do(r *http.Request) (*http.Response, error) {
	h.calls.Add(1)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestWarmWaitsForNobodyForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var client hanging
		endpoint := Resolve(resolver{url: "https://service.example.com"}, "/")
		Warm(t.Context(), &client, endpoint, endpoint, endpoint) // would deadlock if nothing bounded it
		if client.calls.Load() != 3 {
			t.Errorf("%d endpoints were tried, want 3", client.calls.Load())
		}
	})
}
