package taskdns

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// What Route 53 takes in one change batch: so many ResourceRecord elements, and
// so many characters of their values. An UPSERT would count twice.
const (
	maxBatchRecords    = 1000
	maxBatchCharacters = 32000
)

// split divides items into batches that Route 53 takes, of at most so many
// records. What belongs to one want stays together, so that no name is there
// for one family and missing for the other.
func split(items []*item, most int) [][]*item {
	var batches [][]*item
	records, characters := 0, 0
	for len(items) > 0 {
		n, r, c := 0, 0, 0
		for n < len(items) && items[n].want == items[0].want {
			more, longer := cost(items[n].changes)
			n, r, c = n+1, r+more, c+longer
		}
		if len(batches) == 0 || records+r > most || characters+c > maxBatchCharacters {
			batches = append(batches, nil)
			records, characters = 0, 0
		}
		last := len(batches) - 1
		batches[last] = append(batches[last], items[:n]...)
		records, characters = records+r, characters+c
		items = items[n:]
	}
	return batches
}

// cost counts the records of changes, and the characters of their values.
func cost(changes []types.Change) (records, characters int) {
	for _, c := range changes {
		for _, r := range c.ResourceRecordSet.ResourceRecords {
			records++
			characters += len(aws.ToString(r.Value))
		}
	}
	return records, characters
}

// wantsOf are the wants of a batch, each once: those whose names are made, and
// those whose names are taken away.
func wantsOf(batch []*item) (created, deleted []want) {
	var before *want
	for _, it := range batch {
		if it.want == before {
			continue
		}
		before = it.want
		if before.addresses.none() {
			deleted = append(deleted, *before)
			continue
		}
		created = append(created, *before)
	}
	return created, deleted
}

// comment says whose a batch is, and ends in the digest of its tasks. Route 53
// takes 256 characters.
func comment(owner string, batch []*item) string {
	const most = 200 // of the owner
	created, deleted := wantsOf(batch)
	return commentAbout(owner[:min(len(owner), most)], references(created), references(deleted))
}
