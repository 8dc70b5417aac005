package parts

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// lambdaTagAPI is what parts that live in Lambda call for their tags.
type lambdaTagAPI interface {
	ListTags(context.Context, *lambda.ListTagsInput, ...func(*lambda.Options)) (*lambda.ListTagsOutput, error)
	TagResource(context.Context, *lambda.TagResourceInput, ...func(*lambda.Options)) (*lambda.TagResourceOutput, error)
	UntagResource(context.Context, *lambda.UntagResourceInput, ...func(*lambda.Options)) (*lambda.UntagResourceOutput, error)
}

func readLambdaTags(ctx context.Context, api lambdaTagAPI, arn string) (map[string]string, error) {
	out, err := api.ListTags(ctx, &lambda.ListTagsInput{Resource: &arn})
	if awserr.Is(err, lambdaNotFound) {
		return nil, stack.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

func untagLambda(ctx context.Context, api lambdaTagAPI, arn, key string) error {
	_, err := api.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: []string{key}})
	return err
}

// setLambdaTags brings the tags of what arn names to the wanted ones. The part
// is for messages.
func setLambdaTags(ctx context.Context, api lambdaTagAPI, part fmt.Stringer, arn string, tags Tags) error {
	return tags.put(ctx, part, tagCalls{
		read: func(ctx context.Context) (map[string]string, error) { return readLambdaTags(ctx, api, arn) },
		set: func(ctx context.Context, set map[string]string) error {
			_, err := api.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: set})
			return err
		},
		unset: func(ctx context.Context, keys []string) error {
			_, err := api.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: keys})
			return err
		},
	})
}
