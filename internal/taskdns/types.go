package taskdns

import (
	"net/netip"
	"time"
)

// addresses are a task's public addresses. An invalid one is none.
type addresses struct{ v4, v6 netip.Addr }

// none tells whether there is no address at all.
func (a addresses) none() bool { return !a.v4.IsValid() && !a.v6.IsValid() }

// texts are the addresses as text, IPv4 first.
func (a addresses) texts() []string {
	var texts []string
	for _, one := range []netip.Addr{a.v4, a.v6} {
		if one.IsValid() {
			texts = append(texts, one.String())
		}
	}
	return texts
}

// want is what is to be for one task.
type want struct {
	taskID  string
	name    string // the records', without a dot at the end
	cluster string // name of the task's cluster
	// addresses are what the name is to point to; none when the name is to be
	// gone.
	addresses addresses
	// last are, for a name that is to be gone, the addresses that the task
	// still holds, and nil if that is not known. With them the records can be
	// removed without being read first.
	last *addresses
	// touch asks for a change even if all is as it should be: an earlier run
	// may have made the records and then died before anybody was told.
	touch bool
	// event is when what led here happened; zero if no event did.
	event time.Time
}

// outcome is what became of wants.
type outcome struct {
	// changes are those that Route 53 accepted.
	changes []accepted
	// failed is why a task, by its id, is not as wanted.
	failed map[string]error
	// conflicts says for a task, by its id, whose or what record bears its
	// name. Such a task is not failed: trying again would not help.
	conflicts map[string]string
}

// accepted is a change that Route 53 accepted, with the wants whose records it
// created or deleted. A want whose records were replaced is in created.
type accepted struct {
	id               string
	created, deleted []want
}
