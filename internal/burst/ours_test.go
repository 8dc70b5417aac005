package burst

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/taskdns/taskdnstest"
)

const (
	queueURL      = "https://sqs.eu-west-2.amazonaws.com/111122223333/names"
	deadLetterURL = "https://sqs.eu-west-2.amazonaws.com/111122223333/names-dead"
)

// ours runs a burst through the real handler: a rule lets the events of
// running tasks through to a queue, and a mapping feeds the function from it.
func ours(w *world, tasks int) error {
	queues := taskdnstest.NewSQS(w.wire)
	queues.CreateQueue(deadLetterURL, taskdnstest.QueueSettings{Visibility: 30 * time.Second})
	queues.CreateQueue(queueURL, taskdnstest.QueueSettings{Visibility: 90 * time.Second, MaxReceives: 100, DeadLetterURL: deadLetterURL})
	var failed error
	environment := func() taskdnstest.Function {
		handler, err := taskdns.New(taskdns.Config{
			Owner: "task_dns/web", Place: taskdns.Place{Domain: domain, HostedZoneID: zoneID}, TTL: 60,
			ClusterARNs: []string{clusterARN}, QueueURL: queueURL, DeadLetterQueueURL: deadLetterURL,
		}, taskdns.Clients{
			ECS: w.ecs, EC2: w.ec2, SQS: queues, EventBridge: taskdnstest.NewEventBridge(w.wire),
			Route53: func(taskdns.Place) taskdns.Route53 { return w.route53 },
		}, taskdns.Settings{
			Now: time.Now, Random: rand.IntN, Log: slog.New(slog.DiscardHandler), Metrics: io.Discard,
		})
		if err != nil {
			panic(err)
		}
		return handler.Handle
	}
	ctx, cancel := context.WithCancel(context.Background())
	mapping := taskdnstest.Mapping{
		SQS: queues, QueueURL: queueURL, Environments: environments, Latency: mappingTime, ColdStart: coldStart, New: environment,
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		mapping.Run(ctx)
	}()
	w.start(tasks, func(e event) {
		if e.status == "RUNNING" {
			queues.Send(queueURL, e.body)
		}
	})
	for range 360 {
		if len(queues.Messages(queueURL)) == 0 {
			break
		}
		time.Sleep(10 * time.Second)
	}
	cancel()
	<-stopped
	if n := len(queues.Messages(queueURL)); n > 0 {
		failed = errors.New("messages are left in the queue after an hour")
	}
	if n := len(queues.Messages(deadLetterURL)); n > 0 {
		failed = errors.New("there are messages in the dead-letter queue: " + queues.Messages(deadLetterURL)[0].Attributes["reason"])
	}
	return failed
}
