package certreader_test

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fargatedirect/terraform-provider-fargatedirect/certreader"
)

// A server on Fargate. The configuration is what config.LoadDefaultConfig of
// the AWS SDK answers: it knows the task role's credentials.
func Example() {
	serve := func(ctx context.Context, cfg aws.Config, bucket string, handler http.Handler) error {
		source := certreader.FromBucket(s3.NewFromConfig(cfg), bucket, "browser/")
		reader, err := certreader.New(ctx, source, certreader.Options{Names: []string{"*.browser.example.com"}})
		if err != nil {
			return err
		}
		go reader.Run(ctx) // follows renewals
		server := &http.Server{Addr: ":443", Handler: handler, TLSConfig: reader.TLSConfig()}
		return server.ListenAndServeTLS("", "")
	}
	_ = serve
}

// A server whose task role may do nothing: the execution role gave the secret
// to the container, as a variable. It serves that certificate for its life, so
// its health check has to fail before the certificate expires.
func ExampleFromValue() {
	serve := func(ctx context.Context, handler http.Handler) error {
		reader, err := certreader.New(ctx, certreader.FromValue(os.Getenv("CERTIFICATE")), certreader.Options{})
		if err != nil {
			return err
		}
		go reader.Run(ctx) // logs the end
		mux := http.NewServeMux()
		mux.Handle("/", handler)
		mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
			if time.Until(reader.Serving().NotAfter) < 12*time.Hour {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		server := &http.Server{Addr: ":443", Handler: mux, TLSConfig: reader.TLSConfig()}
		return server.ListenAndServeTLS("", "")
	}
	_ = serve
}
