package parts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// fakeSubscriptions is SNS as far as the subscriptions of one topic go.
type fakeSubscriptions struct {
	service
	noTopic bool
	list    []types.Subscription
	page    int
}

func (f *fakeSubscriptions) add(protocol, endpoint, arn string) {
	if arn == "confirmed" {
		arn = fmt.Sprintf("%s:%d", testTopicARN, len(f.list))
	}
	f.list = append(f.list, types.Subscription{TopicArn: aws.String(testTopicARN), Protocol: &protocol, Endpoint: &endpoint, SubscriptionArn: &arn})
}

// addresses answers "<address> <state>" of all subscriptions.
func (f *fakeSubscriptions) addresses() []string {
	var all []string
	for _, s := range f.list {
		state := *s.SubscriptionArn
		if strings.HasPrefix(state, "arn:") {
			state = "confirmed"
		}
		all = append(all, *s.Endpoint+" "+state)
	}
	return all
}

func (f *fakeSubscriptions) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("ListSubscriptionsByTopic"); err != nil {
		return nil, err
	}
	if f.noTopic || *in.TopicArn != testTopicARN {
		return nil, answer("NotFound")
	}
	from := 0
	if in.NextToken != nil {
		from, _ = strconv.Atoi(*in.NextToken)
	}
	to := min(from+f.page, len(f.list))
	out := &sns.ListSubscriptionsByTopicOutput{Subscriptions: slices.Clone(f.list[from:to])}
	if to < len(f.list) {
		out.NextToken = aws.String(strconv.Itoa(to))
	}
	return out, nil
}

func (f *fakeSubscriptions) Subscribe(_ context.Context, in *sns.SubscribeInput, _ ...func(*sns.Options)) (*sns.SubscribeOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("Subscribe"); err != nil {
		return nil, err
	}
	if f.noTopic || *in.TopicArn != testTopicARN {
		return nil, answer("NotFound")
	}
	if *in.Protocol != "email" || !strings.Contains(*in.Endpoint, "@") || !in.ReturnSubscriptionArn {
		return nil, answer("InvalidParameter")
	}
	f.add(*in.Protocol, *in.Endpoint, "PendingConfirmation")
	return &sns.SubscribeOutput{}, nil
}

func (f *fakeSubscriptions) Unsubscribe(_ context.Context, in *sns.UnsubscribeInput, _ ...func(*sns.Options)) (*sns.UnsubscribeOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("Unsubscribe"); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(*in.SubscriptionArn, testTopicARN+":") {
		return nil, answer("InvalidParameter")
	}
	f.list = slices.DeleteFunc(f.list, func(s types.Subscription) bool { return *s.SubscriptionArn == *in.SubscriptionArn })
	return &sns.UnsubscribeOutput{}, nil
}

// newFakeSubscriptions is a topic with every kind of subscription.
func newFakeSubscriptions() *fakeSubscriptions {
	f := &fakeSubscriptions{page: 2}
	f.add("sqs", "arn:aws:sqs:eu-west-2:123456789012:x@y", "confirmed")
	f.add("email-json", "robot@example.com", "confirmed")
	f.add("email", "Ops@example.com", "confirmed")
	f.add("email", "pending@example.com", "PendingConfirmation")
	f.add("email", "left@example.com", "Deleted")
	f.add("email", "gone@example.com", "PendingConfirmation")
	return f
}

func testSubscriptions(f *fakeSubscriptions) *Subscriptions {
	return &Subscriptions{API: f, TopicARN: testTopicARN, Emails: []string{"ops@example.com", "pending@example.com", "left@example.com", "new@example.com"}}
}

func TestSubscriptionsEnsure(t *testing.T) {
	t.Parallel()
	f := newFakeSubscriptions()
	f.add("email", "old@example.com", "confirmed")
	s := testSubscriptions(f)
	mustDrift(t, s, "old@example.com is subscribed, want no such subscription")
	mustEnsure(t, s)
	expectChanges(t, &f.service, "Subscribe", "Subscribe", "Unsubscribe")
	want := []string{
		"arn:aws:sqs:eu-west-2:123456789012:x@y confirmed", "robot@example.com confirmed", "Ops@example.com confirmed",
		"pending@example.com PendingConfirmation", "left@example.com Deleted", "gone@example.com PendingConfirmation",
		"left@example.com PendingConfirmation", "new@example.com PendingConfirmation",
	}
	if got := f.addresses(); !slices.Equal(got, want) {
		t.Errorf("subscriptions\n got %q\nwant %q", got, want)
	}
	mustDrift(t, s)
	mustEnsure(t, s)
	expectChanges(t, &f.service)
}

func TestSubscriptionsNoneWanted(t *testing.T) {
	t.Parallel()
	f := &fakeSubscriptions{page: 2}
	s := &Subscriptions{API: f, TopicARN: testTopicARN}
	mustDrift(t, s)
	mustEnsure(t, s)
	expectChanges(t, &f.service)
	f.add("email", "old@example.com", "confirmed")
	mustDrift(t, s, "old@example.com is subscribed, want no such subscription")
}

func TestSubscriptionsDelete(t *testing.T) {
	t.Parallel()
	f := newFakeSubscriptions()
	f.add("email", "old@example.com", "confirmed")
	s := testSubscriptions(f)
	mustDelete(t, s)
	want := []string{
		"arn:aws:sqs:eu-west-2:123456789012:x@y confirmed", "robot@example.com confirmed",
		"pending@example.com PendingConfirmation", "left@example.com Deleted", "gone@example.com PendingConfirmation",
		"old@example.com confirmed",
	}
	if got := f.addresses(); !slices.Equal(got, want) {
		t.Errorf("subscriptions\n got %q\nwant %q", got, want)
	}
	f.takeChanges()
	mustDelete(t, s)
	expectChanges(t, &f.service)
}

func TestSubscriptionsWithoutTopic(t *testing.T) {
	t.Parallel()
	f := &fakeSubscriptions{noTopic: true}
	s := testSubscriptions(f)
	mustBeAbsent(t, s)
	mustDelete(t, s)
	expectChanges(t, &f.service)
	expectError(t, s.Ensure(t.Context()), "listing e-mail subscriptions (certs)", "not found")
}

func TestSubscriptionsErrors(t *testing.T) {
	t.Parallel()
	f := newFakeSubscriptions()
	f.add("email", "old@example.com", "confirmed")
	s := testSubscriptions(f)
	f.always = map[string]error{"Subscribe": answer("AuthorizationError"), "Unsubscribe": answer("AuthorizationError")}
	// One address that fails keeps no other from being tried.
	expectError(t, s.Ensure(t.Context()), "subscribing left@example.com to "+testTopicARN, "subscribing new@example.com", "unsubscribing old@example.com from "+testTopicARN)
	expectError(t, s.Delete(t.Context()), "unsubscribing Ops@example.com")
	f.always = map[string]error{"ListSubscriptionsByTopic": answer("AuthorizationError")}
	for _, err := range []error{s.Ensure(t.Context()), s.Delete(t.Context())} {
		expectError(t, err, "listing e-mail subscriptions (certs)", "AuthorizationError")
	}
	_, err := s.Drift(t.Context())
	expectError(t, err, "AuthorizationError")
}
