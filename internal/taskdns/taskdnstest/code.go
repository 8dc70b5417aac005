package taskdnstest

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/smithy-go"
)

// Code is the error code of an error of AWS: "" for none, and "Error" for one
// that has no code, such as a context's.
func Code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return "Error"
}

// Route53API is the part of Amazon Route 53 that Route53 carries.
type Route53API interface {
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// Route53 puts the calls of a Route 53 on the wire, so that their hooks,
// latencies and journal are those of the other services.
func (w *Wire) Route53(api Route53API) Route53API { return route53OnWire{w, api} }

type route53OnWire struct {
	wire *Wire
	api  Route53API
}

func (r route53OnWire) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, options ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	return through(ctx, r.wire, ServiceRoute53, "ChangeResourceRecordSets", in, func() (*route53.ChangeResourceRecordSetsOutput, error) {
		return r.api.ChangeResourceRecordSets(ctx, in, options...)
	})
}

func (r route53OnWire) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, options ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	return through(ctx, r.wire, ServiceRoute53, "ListResourceRecordSets", in, func() (*route53.ListResourceRecordSetsOutput, error) {
		return r.api.ListResourceRecordSets(ctx, in, options...)
	})
}

func (r route53OnWire) GetChange(ctx context.Context, in *route53.GetChangeInput, options ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	return through(ctx, r.wire, ServiceRoute53, "GetChange", in, func() (*route53.GetChangeOutput, error) {
		return r.api.GetChange(ctx, in, options...)
	})
}
