package taskdns

// Command is the payload of an invocation that does not come from the queue.
// It names nothing that would be believed: what is done follows from the
// function's configuration, from ECS and EC2, and from the zone.
type Command struct {
	// Do is one of the Do constants.
	Do string `json:"do"`
	// Unguarded lets a reconciliation delete however many names it finds to be
	// orphans. It is for a person who has looked.
	Unguarded bool `json:"unguarded,omitempty"`
}

// What a Command can ask for.
const (
	// DoClaim claims the domain for this resource: a TXT record that tells
	// others whose it is. Claiming again is no error, and makes the claim
	// know the current TTL.
	DoClaim = "claim"
	// DoStatus tells who has claimed the domain, and changes nothing.
	DoStatus = "status"
	// DoReconcile compares the zone with all running tasks, and makes it right.
	DoReconcile = "reconcile"
	// DoRetire removes the names of retired places, and their claims.
	DoRetire = "retire"
	// DoDrain removes all names of this resource, and its claim.
	DoDrain = "drain"
)

// Report answers a Command.
type Report struct {
	// Claimant is who has claimed the domain, as in Claim.String, and empty if
	// nobody has. Ours tells whether it is this resource.
	Claimant string `json:"claimant,omitempty"`
	Ours     bool   `json:"ours"`
	// Done is false if time ran out, and the command is to be sent again.
	Done bool `json:"done"`
	// Created and Deleted count names.
	Created int `json:"created"`
	Deleted int `json:"deleted"`
	// Conflicts counts names that bear somebody else's records.
	Conflicts int `json:"conflicts"`
	// Waiting counts orphans that are looked at again after a grace.
	Waiting int `json:"waiting"`
	// Held counts orphans that the guard against mass deletion keeps, those
	// that wait included.
	Held int `json:"held"`
	// Failed counts tasks whose names could not be made right, and Reason is
	// why the first of them could not.
	Failed int    `json:"failed"`
	Reason string `json:"reason,omitempty"`
}
