package taskdns

// Namespace is the CloudWatch namespace of the function's metrics. Their one
// dimension is DimensionName, with the name of the resource.
const (
	Namespace     = "Fargatedirect/TaskDNS"
	DimensionName = "Name"
)

// The metrics.
const (
	// MetricLag is the seconds from an event of ECS until Route 53 had accepted
	// the change that followed from it, once for each task.
	MetricLag = "EventToRecordSeconds"
	// MetricBatch is how many record sets one change batch changed.
	MetricBatch = "BatchSize"
	// MetricThrottles counts calls that AWS refused because of their rate.
	MetricThrottles = "Throttles"
	// MetricConflicts counts names of tasks that bear somebody else's records.
	MetricConflicts = "Conflicts"
	// MetricOrphans counts names without a task that a reconciliation found.
	MetricOrphans = "Orphans"
	// MetricHeld counts orphans that the guard against mass deletion kept.
	MetricHeld = "OrphansHeld"
	// MetricDangling is the seconds for which a deleted name had been left
	// over, from when its task began to stop, once for each task.
	MetricDangling = "DanglingSeconds"
	// MetricQueueAge is the seconds for which the oldest message of a batch had
	// waited in the queue.
	MetricQueueAge = "QueueAgeSeconds"
	// MetricBuried counts messages that went to the dead-letter queue because
	// they can never succeed.
	MetricBuried = "DeadLetters"
	// MetricReconciled is 1 for each reconciliation that ran to its end.
	MetricReconciled = "Reconciliations"
	// MetricRecords is how many names the zone held at a reconciliation.
	MetricRecords = "Names"
	// MetricReady is the seconds from Route 53's acceptance of a name until all
	// of its servers had it, once for each change.
	MetricReady = "InSyncSeconds"
)
