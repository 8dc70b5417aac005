package lambdaenv

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// warmUp bounds the time that Warm takes. Lambda gives ten seconds to the
// whole of init.
const warmUp = 2 * time.Second

// Endpoint tells where a service is.
type Endpoint func(context.Context) (string, error)

// Resolve makes an Endpoint of a service's own resolver, so that a connection
// goes where the client's requests will go.
func Resolve[P any, R interface {
	ResolveEndpoint(context.Context, P) (smithyendpoints.Endpoint, error)
}](resolver R, parameters P,
) Endpoint {
	return func(ctx context.Context) (string, error) {
		endpoint, err := resolver.ResolveEndpoint(ctx, parameters)
		if err != nil {
			return "", fmt.Errorf("resolving an endpoint: %w", err)
		}
		return endpoint.URI.String(), nil
	}
}

// Warm opens a connection to each endpoint in the client's pool, all at the
// same time. During init a function has a whole processor, later perhaps a
// fourteenth of one, which makes a TLS handshake the greatest part of its
// first event. It is done for speed alone: what fails is opened when needed.
func Warm(ctx context.Context, client aws.HTTPClient, endpoints ...Endpoint) {
	ctx, cancel := context.WithTimeout(ctx, warmUp)
	defer cancel()
	var all sync.WaitGroup
	for _, endpoint := range endpoints {
		all.Go(func() { touch(ctx, client, endpoint) })
	}
	all.Wait()
}

// touch sends an endpoint the smallest request there is. Whatever the answer,
// the connection stays for others.
func touch(ctx context.Context, client aws.HTTPClient, endpoint Endpoint) {
	url, err := endpoint(ctx)
	if err != nil {
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, http.NoBody)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	_ = response.Body.Close() // the answer to HEAD has no body to read
}
