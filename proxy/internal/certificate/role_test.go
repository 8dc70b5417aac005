package certificate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// An endpoint for the role's credentials that takes requests and says nothing
// fails the looks of that time, within their own, and none that comes after.
func TestRoleThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := true
		credentials := roleOver(t, func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go answerRole(far, silent)
			return near, nil
		})
		retrieve := func() (sdk.Credentials, error) {
			look, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			got, err := credentials.Retrieve(look)
			if look.Err() != nil {
				t.Error("a look ended while it waited for credentials")
			}
			return got, err
		}
		for range 2 {
			if got, err := retrieve(); err == nil {
				t.Errorf("an endpoint that says nothing gave %q", got.AccessKeyID)
			}
		}
		silent = false
		if got, err := retrieve(); err != nil || got.AccessKeyID != "ROLE" {
			t.Errorf("when it answers again: got %q, error %v", got.AccessKeyID, err)
		}
	})
}

// roleOver are the credentials as the SDK gets them with what configure sets,
// by connections of the test's own.
func roleOver(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *sdk.CredentialsCache {
	t.Helper()
	var loaded config.LoadOptions
	if err := configure("", imds.ClientDisabled)(&loaded); err != nil {
		t.Fatal(err)
	}
	return sdk.NewCredentialsCache(endpointcreds.New("http://169.254.170.2/v2/credentials/x", func(o *endpointcreds.Options) {
		loaded.EndpointCredentialOptions(o)
		client, ok := o.HTTPClient.(*awshttp.BuildableClient)
		if !ok {
			t.Fatalf("it is asked by a %T", o.HTTPClient)
		}
		o.HTTPClient = client.WithTransportOptions(func(transport *http.Transport) {
			transport.Proxy, transport.DialContext = nil, dial
		})
	}))
}

// answerRole answers one request, or takes what comes until the client gives up.
func answerRole(connection net.Conn, silent bool) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	if _, err := http.ReadRequest(reader); err != nil {
		return
	}
	if silent {
		_, _ = io.Copy(io.Discard, reader)
		return
	}
	text := `{"AccessKeyId":"ROLE","SecretAccessKey":"x","Token":"y"}`
	_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}
