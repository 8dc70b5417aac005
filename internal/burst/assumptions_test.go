package burst

import (
	"fmt"
	"strings"
)

// assumptions is what the results rest on, a line for each.
func assumptions() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, "assumed: "+format+"\n", args...) }
	say("time is virtual, chance is seeded but for the order in which equal times are served")
	say("Fargate launches %d tasks at once, then %d a second; a task runs %s to %s after its launch", launchBurst, launchPerSecond, startTime, startTime+startSpread)
	say("a task has an event each at its launch (PROVISIONING), %s later (PENDING), %s before it runs (ACTIVATING) and when it runs; none stops", attachTime, activateAhead)
	say("EventBridge delivers an event %s to %s after it happened, once", deliveryTime, deliveryTime+deliverySpread)
	say("Route 53 answers in %s; a change takes %s more, in which the zone refuses others (PriorRequestNotComplete); a name is INSYNC %s later", route53Time, changeTime, syncTime)
	say("limit=<burst>+<per second> is that of Route 53's requests, of all actions together and of each; half-used means that others leave 25+5 of 50+10 at any time; single changes are without a limit")
	say("refused calls cost no token; ECS allows 50+20 calls, EC2 100+20")
	say("DescribeTasks takes %s, DescribeNetworkInterfaces %s, SQS %s, PutEvents %s", describeTasksTime, describeInterfacesTime, sqsTime, putEventsTime)
	say("ours: the real handler, configured for 50+10 whatever the limit is; a mapping with %d pollers and environments, batches of 10, no window; %s from a receive to the handler, %s more for a new environment; polls of the queue always see what is there", environments, mappingTime, coldStart)
	say("ours: calls are also those that follow a change until it is INSYNC (GetChange)")
	say("article: a Lambda for each event of the cluster, without a bound; a list for each event of a task that does not run, a change for one that does; its question to EC2 is in article-call-by-call only")
	say("upsert: a Lambda for each event of a running task, without a bound; one change each")
	say("article, upsert: a new environment takes %s; the SDK tries %d times again, after up to %s, doubled each time; Lambda tries again after %s and %s more, then the event is lost", coldStartNode, nodeRetries, nodeRetryBase, asyncSecondTry, asyncThirdTry)
	say("calls are of Route 53 and include the refused; throttled are those above the limit, busy those that met the zone at work; changes are the calls to change records")
	say("lost names never came about; p50, p99: seconds from RUNNING until the record was accepted, of those that were; last: from the last RUNNING to the last record accepted")
	return b.String()
}
