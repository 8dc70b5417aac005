package main

// taskDNSQueueMutants break how the function that gives tasks their names
// deals with its queue, and what it tells of.
func taskDNSQueueMutants() []mutant {
	const (
		collect    = "internal/taskdns/collect.go"
		settle     = "internal/taskdns/settle.go"
		queue      = "internal/taskdns/queue.go"
		handback   = "internal/taskdns/handback.go"
		deadletter = "internal/taskdns/deadletter.go"
		watch      = "internal/taskdns/watch.go"
		zone       = "internal/taskdns/zone.go"
		assume     = "internal/lambdaenv/assume.go"
		pkg        = "./internal/taskdns"
	)
	return []mutant{
		{
			name: "taskdns/watch-digest-unchecked",
			file: watch,
			old:  "case aws.ToString(info.Comment) != commentAbout(h.cfg.Owner, m.watch.Created, m.watch.Deleted):",
			new:  "case info.Comment == nil:",
			pkg:  pkg, test: "^TestAForgedWatchLeadsToNothing$",
		},
		{
			name: "taskdns/stopping-task-is-ready",
			file: watch,
			old:  "		case !t.publishable: // its name is being deleted\n",
			new:  "",
			pkg:  pkg, test: "^TestATaskThatStopsIsNotReady$",
		},
		{
			name: "taskdns/change-watched-for-ever",
			file: watch,
			old:  "h.now().Sub(m.sent) >= watchFor",
			new:  "h.now().Sub(m.sent) < 0",
			pkg:  pkg, test: "^TestAChangeThatIsNeverInSync$",
		},
		{
			name: "taskdns/each-pending-change-asked-for",
			file: watch,
			old:  "m.err, pending = errPending, true",
			new:  "m.err = errPending",
			pkg:  pkg, test: "^TestTheOldestPendingChangeStandsForAll$",
		},
		{
			name: "taskdns/failed-event-dropped",
			file: watch,
			old:  "			of[i].err = err\n",
			new:  "			_ = of[i]\n",
			pkg:  pkg, test: "^TestEventsThatFailAreToldAgain$",
		},
		{
			name: "taskdns/failed-gathered-message-deleted",
			file: handback,
			old:  "		case m.err != nil:\n",
			new:  "		case m.err != nil && !m.gathered:\n",
			pkg:  pkg, test: "^TestWhatIsGatheredAndFailsIsHandedBackByTheHandler$",
		},
		{
			name: "taskdns/gathered-messages-left",
			file: handback,
			old:  "	h.queue.remove(ctx, done)\n",
			new:  "	_ = done\n",
			pkg:  pkg, test: "^TestABusyHandlerWritesABurstAtOnce$",
		},
		{
			name: "taskdns/visibility-not-shortened",
			file: handback,
			old:  "	h.queue.postpone(ctx, back, seconds)\n",
			new:  "	_ = back\n",
			pkg:  pkg, test: "^TestAThrottledTaskIsTriedAgainWithinSeconds$",
		},
		{
			name: "taskdns/gathering-without-end",
			file: collect,
			old:  "all, room = append(all, got...), room-len(got)",
			new:  "all = append(all, got...)",
			pkg:  pkg, test: "^TestGatheringEndsAtAThousand$",
		},
		{
			name: "taskdns/burst-written-piecemeal",
			file: collect,
			old:  "interval = time.Second",
			new:  "interval = time.Millisecond",
			pkg:  "./internal/burst", test: "^TestBurst$",
		},
		{
			name: "taskdns/lone-message-gathers",
			file: collect,
			old:  "if len(messages) >= fullBatch || quiet > 0 {",
			new:  "if len(messages) >= 1 || quiet > 0 {",
			pkg:  pkg, test: "^TestALoneMessageCostsNothingMore$",
		},
		{
			name: "taskdns/touch-for-what-is-invented",
			file: "internal/taskdns/settle.go",
			old:  " && m.claim.version <= t.version",
			new:  "",
			pkg:  "./internal/taskdns", test: "^TestWhatIsInventedTouchesNothing$",
		},
		{
			name: "taskdns/no-touch-on-redelivery",
			file: settle,
			old:  "s.touch = s.touch || m.receives > 1 &&",
			new:  "s.touch = s.touch || m.receives > 1000 &&",
			pkg:  pkg, test: "^TestAnUntoldNameIsTouched$",
		},
		{
			name: "taskdns/change-without-an-answer-untold",
			file: zone,
			old:  "return repeatedError{err}",
			new:  "return err",
			pkg:  pkg, test: "^TestNothingReceivedIsLost$",
		},
		{
			name: "taskdns/task-that-starts-loses-its-name",
			file: settle,
			old:  "return !s.publishable && !s.stopping",
			new:  "return false",
			pkg:  pkg, test: "^TestZoneConverges$",
		},
		{
			name: "taskdns/addresses-of-a-leaving-interface-believed",
			file: settle,
			old:  "statusDeactivating, statusStopping:",
			new:  "statusDeactivating, statusStopping, \"DEPROVISIONING\":",
			pkg:  pkg, test: "^TestAddressesOfAnInterfaceOnItsWayOutAreNotBelieved$",
		},
		{
			name: "taskdns/stop-before-the-name-remembered",
			file: settle,
			old:  " || !now && s.lastStatus != statusStopped {",
			new:  " || !now && s.lastStatus == \"\" {",
			pkg:  pkg, test: "^TestAStopBeforeTheNameIsNotForgotten$",
		},
		{
			name: "taskdns/poison-dropped",
			file: deadletter,
			old:  "			m.err = fmt.Errorf(\"moving the message to the dead-letter queue: %w\", err)\n",
			new:  "",
			pkg:  pkg, test: "^TestPoisonThatCannotBeBuriedComesAgain$",
		},
		{
			name: "taskdns/poison-never-buried",
			file: deadletter,
			old:  "m.receives >= maxReceives",
			new:  "m.receives > 10*maxReceives",
			pkg:  pkg, test: "^TestWhatOnlySomebodyCanMendIsBuriedAfterTenReceives$",
		},
		{
			name: "taskdns/unanswered-letter-taken-for-sent",
			file: queue,
			old:  "failed := slices.Repeat([]error{errUnsent}, len(letters))",
			new:  "failed := make([]error, len(letters))",
			pkg:  pkg, test: "^TestSendBelievesOnlyWhatSQSSays$",
		},
		{
			name: "lambdaenv/no-external-id",
			file: assume,
			old:  "o.ExternalID = aws.String(externalID)",
			new:  "_ = externalID",
			pkg:  "./internal/lambdaenv", test: "^TestAssumeAsksOnceForItsCredentials$",
		},
	}
}
