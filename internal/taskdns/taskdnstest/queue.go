package taskdnstest

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// maxVisibility is the longest visibility timeout, in seconds.
const maxVisibility = 12 * 60 * 60

// queue is one queue.
type queue struct {
	settings QueueSettings
	messages []*stored       // in the order in which they came
	receipts map[string]bool // all that were ever given out
	changed  chan struct{}   // closed when a message may have become visible
}

// stored is a message in a queue.
type stored struct {
	id, body   string
	attributes map[string]types.MessageAttributeValue
	sent       time.Time
	visible    time.Time // when it can be received
	first      time.Time // when it was first received
	receives   int
	receipt    string // of its last receive
}

// system is what SQS itself says about a message.
func (m stored) system() map[string]string {
	return map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.UnixMilli(), 10),
		"SenderId":                         "AIDAFAKE",
	}
}

// take receives up to so many visible messages of a queue, or else tells when
// the next becomes visible. A message that was received too often goes to the
// dead-letter queue instead.
func (s *SQS) take(q *queue, most int, visibility time.Duration) (got []stored, next time.Time) {
	now := time.Now()
	if s.sample != nil {
		most = min(most, s.sample(q.available(now)))
	}
	if visibility == 0 {
		visibility = q.settings.Visibility
	}
	var dead []*stored
	for _, m := range q.messages {
		if m.visible.After(now) {
			if next.IsZero() || m.visible.Before(next) {
				next = m.visible
			}
			continue
		}
		if len(got) >= most {
			break
		}
		if q.settings.MaxReceives > 0 && m.receives >= q.settings.MaxReceives && s.queues[q.settings.DeadLetterURL] != nil {
			dead = append(dead, m)
			continue
		}
		m.receives++
		m.visible = now.Add(visibility)
		if m.first.IsZero() {
			m.first = now
		}
		m.receipt = s.newID("receipt")
		if q.receipts == nil {
			q.receipts = make(map[string]bool)
		}
		q.receipts[m.receipt] = true
		got = append(got, *m)
	}
	if len(dead) > 0 {
		q.messages = slices.DeleteFunc(q.messages, func(m *stored) bool { return slices.Contains(dead, m) })
		letters := s.queues[q.settings.DeadLetterURL]
		letters.messages = append(letters.messages, dead...)
		letters.wake()
	}
	return got, next
}

// available counts the messages that can be received.
func (q *queue) available(now time.Time) int {
	n := 0
	for _, m := range q.messages {
		if !m.visible.After(now) {
			n++
		}
	}
	return n
}

// put adds a message.
func (s *SQS) put(q *queue, body string, attributes map[string]types.MessageAttributeValue, delay time.Duration) string {
	now := time.Now()
	m := &stored{id: s.newID("message"), body: body, attributes: maps.Clone(attributes), sent: now, visible: now.Add(delay)}
	q.messages = append(q.messages, m)
	q.wake()
	return m.id
}

// wake tells those who wait that a message came or may be visible sooner.
func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// knows tells whether a receipt handle was ever given out.
func (q *queue) knows(receipt string) bool { return q.receipts[receipt] }

// remove deletes the message whose last receipt handle it is.
func (q *queue) remove(receipt string) {
	q.messages = slices.DeleteFunc(q.messages, func(m *stored) bool { return m.receipt == receipt })
}

// inFlight is the message whose last receipt handle it is, if it is in flight.
func (q *queue) inFlight(receipt string) *stored {
	for _, m := range q.messages {
		if m.receipt == receipt && m.visible.After(time.Now()) {
			return m
		}
	}
	return nil
}

// Message is a message as it lies in a queue.
type Message struct {
	ID, Body   string
	Attributes map[string]string // the string values of its message attributes
	Sent       time.Time
	Visible    time.Time
	Receives   int
}

// Messages is all that lies in a queue, whether it is visible or not.
func (s *SQS) Messages(url string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[url]
	if !ok {
		return nil
	}
	var all []Message
	for _, m := range q.messages {
		attributes := make(map[string]string)
		for name, v := range m.attributes {
			attributes[name] = aws.ToString(v.StringValue)
		}
		all = append(all, Message{ID: m.id, Body: m.body, Attributes: attributes, Sent: m.sent, Visible: m.visible, Receives: m.receives})
	}
	return all
}
