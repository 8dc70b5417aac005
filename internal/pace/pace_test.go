package pace

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func answer(code string) error {
	return &smithy.OperationError{ServiceID: "Route 53", OperationName: "X", Err: &smithy.GenericAPIError{Code: code, Message: code}}
}

func answered(status int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("no code"),
	}}
}

func highest(n int) int { return n - 1 }

// calls answers each call with the next of the errors, and notes when it was.
type calls struct {
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
	fails []error
}

func newCalls(fails ...error) *calls { return &calls{start: time.Now(), fails: fails} }

func (c *calls) call(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.start))
	if len(c.fails) == 0 {
		return nil
	}
	err := c.fails[0]
	c.fails = c.fails[1:]
	return err
}

// made fails the test unless the calls were made at these milliseconds.
func (c *calls) made(t *testing.T, want ...int) {
	t.Helper()
	ok := len(c.at) == len(want)
	for i := range want {
		ok = ok && c.at[i].Round(time.Millisecond) == time.Duration(want[i])*time.Millisecond
	}
	if !ok {
		t.Errorf("calls at %v, want %v (ms)", c.at, want)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want kind
	}{
		{"Route 53", answer("Throttling"), throttled},
		{"ECS", answer("ThrottlingException"), throttled},
		{"EC2", answer("RequestLimitExceeded"), throttled},
		{"too many", answer("TooManyRequests"), throttled},
		{"too many, SDK", answer("TooManyRequestsException"), throttled},
		{"S3", answer("SlowDown"), throttled},
		{"429", answered(http.StatusTooManyRequests), throttled},
		{"prior", answer("PriorRequestNotComplete"), prior},
		{"503", answered(http.StatusServiceUnavailable), broken},
		{"501", answered(http.StatusNotImplemented), broken},
		{"a fault of the server", &smithy.GenericAPIError{Code: "InternalFailure", Fault: smithy.FaultServer}, broken},
		{"connection", &net.OpError{Op: "dial", Err: errors.New("refused")}, broken},
		{"400", answered(http.StatusBadRequest), final},
		{"not allowed", answer("AccessDenied"), final},
		{"refused", answer("InvalidChangeBatch"), final},
		{"cancelled", context.Canceled, final},
		{"anything", errors.New("anything"), final},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := classify(tt.err); got != tt.want {
				t.Errorf("kind %d, want %d", got, tt.want)
			}
			if got := IsThrottle(tt.err); got != (tt.want == throttled) {
				t.Errorf("a throttle: %v", got)
			}
		})
	}
	if IsThrottle(nil) {
		t.Error("nothing is a throttle")
	}
}

func TestDoTriesAgain(t *testing.T) {
	t.Parallel()
	never := make([]error, 1000)
	for i := range never {
		never[i] = answer("Throttling")
	}
	tests := []struct {
		name      string
		fails     []error
		random    func(int) int
		timeout   time.Duration
		at        []int // when it is called, in milliseconds
		code      string
		noTime    bool
		throttles int
	}{
		{"answered", nil, highest, 0, []int{0}, "", false, 0},
		{"refused for good", []error{answer("AccessDenied")}, highest, 0, []int{0}, "AccessDenied", false, 0},
		{"throttled", []error{answer("Throttling"), answer("Throttling"), answer("Throttling")}, highest, 0, []int{0, 200, 600, 1400}, "", false, 3},
		{"busy, unlucky", slices.Repeat([]error{answer("PriorRequestNotComplete")}, 5), highest, 0, []int{0, 450, 1350, 3150, 5150, 7150}, "", false, 0},
		{"busy, lucky", []error{answer("PriorRequestNotComplete")}, func(int) int { return 0 }, 0, []int{0, 150}, "", false, 0},
		{"broken", []error{answered(500), answered(502)}, highest, 0, []int{0, 200, 600}, "", false, 0},
		{"broken, then refused", []error{answered(500), answer("AccessDenied")}, highest, 0, []int{0, 200}, "AccessDenied", false, 0},
		{"until the deadline", never, highest, 15 * time.Second, []int{0, 200, 600, 1400, 3000, 6200, 10200, 14200}, "Throttling", true, 8},
		{"no time for another", []error{answer("PriorRequestNotComplete")}, highest, 450 * time.Millisecond, []int{0}, "PriorRequestNotComplete", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCalls(tt.fails...)
				throttles := 0
				p := &Pacer{Random: tt.random, OnThrottle: func() { throttles++ }}
				ctx := t.Context()
				if tt.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				err := p.Do(ctx, 1, c.call)
				code := ""
				if api, ok := errors.AsType[smithy.APIError](err); ok {
					code = api.ErrorCode()
				}
				if code != tt.code || errors.Is(err, ErrNoTime) != tt.noTime || (err == nil) != (tt.code == "") {
					t.Errorf("error %v, want %q, for lack of time: %v", err, tt.code, tt.noTime)
				}
				if throttles != tt.throttles {
					t.Errorf("%d throttles were told, want %d", throttles, tt.throttles)
				}
				c.made(t, tt.at...)
				if last := tt.at[len(tt.at)-1]; time.Since(c.start).Round(time.Millisecond) != time.Duration(last)*time.Millisecond {
					t.Errorf("it ended after %s, and not with the last call", time.Since(c.start))
				}
			})
		})
	}
}

func TestDoWaitsForTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name              string
		requests, changes *Bucket
		each              int
		at                []int
	}{
		{"no buckets", nil, nil, 1000, []int{0, 0, 0}},
		{"requests", NewBucket(2, 10), nil, 1000, []int{0, 0, 100, 200}},
		{"changes", nil, NewBucket(1000, 100), 500, []int{0, 0, 5000, 10000}},
		{"both", NewBucket(1, 1), NewBucket(10, 10), 10, []int{0, 1000, 2000}},
		{"no changes", NewBucket(5, 1), NewBucket(1, 1), 0, []int{0, 0, 0}},
		{"more than the bucket holds", nil, NewBucket(10, 10), 20, []int{1000, 3000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				restart(tt.requests, tt.changes)
				c := newCalls()
				p := &Pacer{Requests: tt.requests, Changes: tt.changes}
				for range tt.at {
					if err := p.Do(t.Context(), tt.each, c.call); err != nil {
						t.Fatal(err)
					}
				}
				c.made(t, tt.at...)
			})
		})
	}
}

// restart lets buckets that were made outside begin with a test's time.
func restart(buckets ...*Bucket) {
	for _, b := range buckets {
		if b != nil {
			b.at = time.Now()
		}
	}
}

// The rate halves when a call was throttled, down to a sixteenth, and comes
// back within a minute or so.
func TestThrottlingHalvesTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBucket(100, 10)
		p := &Pacer{Requests: b, Random: func(int) int { return 0 }}
		throttle := func(times int) {
			c := newCalls()
			for range times {
				c.fails = append(c.fails, answer("Throttling"))
			}
			if err := p.Do(t.Context(), 0, c.call); err != nil {
				t.Fatal(err)
			}
		}
		throttle(1)
		between := func() time.Duration {
			start := time.Now()
			for range 3 {
				b.fill()
				b.tokens = 0
				if err := p.Do(t.Context(), 0, newCalls().call); err != nil {
					t.Fatal(err)
				}
			}
			return (time.Since(start) / 3).Round(20 * time.Millisecond)
		}
		if got := between(); got != 200*time.Millisecond {
			t.Errorf("throttled once, calls are %s apart, want 200ms", got)
		}
		time.Sleep(10 * time.Second)
		b.fill()
		if b.rate < 6 || b.rate > 8 {
			t.Errorf("10 s later the rate is %v, want some more than 5", b.rate)
		}
		time.Sleep(time.Minute)
		if got := between(); got != 100*time.Millisecond {
			t.Errorf("a minute later calls are %s apart, want 100ms", got)
		}
		throttle(20)
		if b.rate < 10.0/16 || b.rate > 4 {
			t.Errorf("throttled all the time, the rate is %v", b.rate)
		}
	})
}

func TestThrottlingHalvesTheBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pacer{Requests: NewBucket(8, 1), Changes: NewBucket(1000, 100), Random: func(int) int { return 0 }}
		if err := p.Do(t.Context(), 100, newCalls(answer("Throttling")).call); err != nil {
			t.Fatal(err)
		}
		// 8-1, halved, -1 for the second attempt; the changes are taken once.
		if p.Requests.tokens != 2.5 || p.Changes.tokens != 450 {
			t.Errorf("the buckets hold %v and %v, want 2.5 and 450", p.Requests.tokens, p.Changes.tokens)
		}
	})
}

func TestDoDoesNotWaitForItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pacer{Requests: NewBucket(1, 1), Changes: NewBucket(10, 1)}
		c := newCalls()
		if err := p.Do(t.Context(), 10, c.call); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := p.Do(ctx, 5, c.call); !errors.Is(err, ErrNoTime) { // would be ready at the deadline
			t.Errorf("error %v, want no time", err)
		}
		if took := time.Since(c.start); took > 0 || len(c.at) != 1 {
			t.Errorf("it took %s and %d calls, want none", took, len(c.at)-1)
		}
		if err := p.Do(ctx, 4, c.call); err != nil { // what was not used is there
			t.Error(err)
		}
		c.made(t, 0, 4000)
		cancel()
		if err := p.Do(ctx, 0, c.call); !errors.Is(err, ErrNoTime) || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v of a context that has ended", err)
		}
	})
}

func TestDoStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Pacer{Requests: NewBucket(1, 0.1)}
		c := newCalls()
		if err := p.Do(t.Context(), 0, c.call); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		if err := p.Do(ctx, 0, c.call); !errors.Is(err, ErrNoTime) {
			t.Errorf("error %v", err)
		}
		if err := p.Do(t.Context(), 0, c.call); err != nil {
			t.Error(err)
		}
		c.made(t, 0, 10000)
	})
}

// However many there are who call, and whenever they do, there are never more
// calls in any time than the bucket has for it.
func TestDoBoundsTheCallsOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const burst, rate = 50, 10
		p := &Pacer{Requests: NewBucket(burst, rate)}
		c := newCalls()
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				time.Sleep(time.Duration(i%7) * 300 * time.Millisecond)
				if err := p.Do(t.Context(), 0, c.call); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i := range c.at {
			for j := i; j < len(c.at); j++ {
				if most := burst + rate*(c.at[j]-c.at[i]).Seconds() + 1.001; float64(j-i+1) > most {
					t.Fatalf("%d calls from %s to %s", j-i+1, c.at[i], c.at[j])
				}
			}
		}
		if last := c.at[len(c.at)-1]; last > 16*time.Second {
			t.Errorf("the last call was at %s, want 15 s: the rate was not used", last)
		}
	})
}
