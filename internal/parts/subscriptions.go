package parts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// SubscriptionsAPI is what Subscriptions calls of SNS.
type SubscriptionsAPI interface {
	ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
	Subscribe(context.Context, *sns.SubscribeInput, ...func(*sns.Options)) (*sns.SubscribeOutput, error)
	Unsubscribe(context.Context, *sns.UnsubscribeInput, ...func(*sns.Options)) (*sns.UnsubscribeOutput, error)
}

// Subscriptions are the e-mail subscriptions of a topic; those of other
// protocols are other people's. They exist as long as the topic does.
type Subscriptions struct {
	API SubscriptionsAPI
	// TopicARN is the topic.
	TopicARN string
	// Emails are all addresses that are to receive the topic's messages.
	Emails []string
}

func (s *Subscriptions) String() string {
	return fmt.Sprintf("e-mail subscriptions (%s)", s.TopicARN[strings.LastIndex(s.TopicARN, ":")+1:])
}

// Ensure subscribes the addresses that are not, and removes confirmed
// subscriptions of others. SNS sends each new address a request to confirm; a
// subscription that is not confirmed cannot be removed and goes by itself after
// some days.
func (s *Subscriptions) Ensure(ctx context.Context) error {
	have, err := s.list(ctx)
	if err != nil {
		return fmt.Errorf("listing %s: %w", s, err)
	}
	var errs []error
	for _, email := range s.Emails {
		if slices.ContainsFunc(have, func(sub emailSubscription) bool { return sameAddress(sub.address, email) }) {
			continue
		}
		_, err := s.API.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &s.TopicARN, Protocol: aws.String(emailProtocol), Endpoint: &email, ReturnSubscriptionArn: true})
		if err != nil {
			errs = append(errs, fmt.Errorf("subscribing %s to %s: %w", email, s.TopicARN, err))
		}
	}
	for _, sub := range have {
		if sub.confirmed() && !s.wanted(sub.address) {
			errs = append(errs, s.unsubscribe(ctx, sub))
		}
	}
	return errors.Join(errs...)
}

// Drift tells which confirmed subscriptions nobody wants. That an address has
// not confirmed, or has unsubscribed, is its owner's decision and no drift.
func (s *Subscriptions) Drift(ctx context.Context) ([]string, error) {
	have, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var diffs []string
	for _, sub := range have {
		if sub.confirmed() && !s.wanted(sub.address) {
			diffs = append(diffs, sub.address+" is subscribed, want no such subscription")
		}
	}
	return diffs, nil
}

// Delete removes the confirmed subscriptions of the wanted addresses.
func (s *Subscriptions) Delete(ctx context.Context) error {
	have, err := s.list(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", s, err)
	}
	var errs []error
	for _, sub := range have {
		if sub.confirmed() && s.wanted(sub.address) {
			errs = append(errs, s.unsubscribe(ctx, sub))
		}
	}
	return errors.Join(errs...)
}

const emailProtocol = "email"

// emailSubscription is one subscription. Its arn is a word instead while it is
// not confirmed.
type emailSubscription struct {
	address, arn string
}

func (e emailSubscription) confirmed() bool { return strings.HasPrefix(e.arn, "arn:") }

// list answers the e-mail subscriptions of the topic, or stack.ErrNotFound.
// Those that were removed stay in SNS's list for a while and are left out.
func (s *Subscriptions) list(ctx context.Context) ([]emailSubscription, error) {
	var found []emailSubscription
	pages := sns.NewListSubscriptionsByTopicPaginator(s.API, &sns.ListSubscriptionsByTopicInput{TopicArn: &s.TopicARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isNoTopic(err) {
			return nil, stack.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		for _, sub := range page.Subscriptions {
			if keep := emailOf(sub); keep.address != "" {
				found = append(found, keep)
			}
		}
	}
	return found, nil
}

func emailOf(sub types.Subscription) emailSubscription {
	if aws.ToString(sub.Protocol) != emailProtocol || aws.ToString(sub.SubscriptionArn) == "Deleted" {
		return emailSubscription{}
	}
	return emailSubscription{address: aws.ToString(sub.Endpoint), arn: aws.ToString(sub.SubscriptionArn)}
}

func (s *Subscriptions) unsubscribe(ctx context.Context, sub emailSubscription) error {
	_, err := s.API.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &sub.arn})
	if err != nil && !isNoTopic(err) {
		return fmt.Errorf("unsubscribing %s from %s: %w", sub.address, s.TopicARN, err)
	}
	return nil
}

func (s *Subscriptions) wanted(address string) bool {
	return slices.ContainsFunc(s.Emails, func(email string) bool { return sameAddress(email, address) })
}

// sameAddress compares without regard to case, as mail servers do.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }
