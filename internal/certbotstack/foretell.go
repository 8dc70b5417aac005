package certbotstack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/certbot"
)

// Foretell has the function tell what a request would do, which changes
// nothing. What would make the request fail is in the report; the error tells
// why there is none.
func (i Issuer) Foretell(ctx context.Context, s Spec, request certbot.Request) (certbot.Report, error) {
	request.DryRun = true
	answer, err := i.invoke(ctx, s, request, lambdatypes.InvocationTypeRequestResponse)
	if err != nil {
		return certbot.Report{}, err
	}
	if answer.FunctionError != nil {
		var failure struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(answer.Payload, &failure) != nil || failure.Message == "" {
			failure.Message = aws.ToString(answer.FunctionError)
		}
		return certbot.Report{}, fmt.Errorf("running Lambda function (%s): %s", s.Scope.Physical(), failure.Message)
	}
	var report certbot.Report
	if err := json.Unmarshal(answer.Payload, &report); err != nil {
		return certbot.Report{}, fmt.Errorf("decoding the answer of Lambda function (%s): %w", s.Scope.Physical(), err)
	}
	return report, nil
}

func (i Issuer) invoke(ctx context.Context, s Spec, request certbot.Request, kind lambdatypes.InvocationType) (*lambda.InvokeOutput, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("marshalling the request: %w", err)
	}
	answer, err := i.Lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(s.FunctionARN()), InvocationType: kind, Payload: payload})
	if err != nil {
		return nil, fmt.Errorf("starting Lambda function (%s): %w", s.Scope.Physical(), err)
	}
	return answer, nil
}

// only is the resource with these certificates; with all where keys is empty.
func (s Spec) only(keys []string) Spec {
	if len(keys) == 0 {
		return s
	}
	s.Certificates = maps.Clone(s.Certificates)
	maps.DeleteFunc(s.Certificates, func(key string, _ Certificate) bool { return !slices.Contains(keys, key) })
	return s
}

// tell tells of a status if it is a new one of the run.
func (i Issuer) tell(before, now certbot.Status, runID string) {
	if i.Told != nil && now.RunID == runID && (before.RunID != runID || before.State != now.State) {
		i.Told(now)
	}
}
