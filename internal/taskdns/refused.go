package taskdns

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// patient is in how many refused batches an item is submitted again unread, if
// Route 53 said nothing about it. After that it is read, in case Route 53 did
// not tell all that it has against a batch.
const patient = 2

// learn tells the items of a refused batch what Route 53 complained about. If
// it names none of them, no part of the batch can be told to be innocent, and
// all have failed.
func learn(batch []*item, said []string, err error) {
	about := index(said)
	named := false
	for _, it := range batch {
		text := about.of(it)
		if text == "" {
			continue
		}
		named = true
		switch {
		case strings.Contains(text, "but it was not found"):
			it.known = known{read: true}
		case strings.Contains(text, "but it already exists"), strings.Contains(text, "but the values provided do not match"),
			strings.Contains(text, "RRSets exist"): // with a routing policy
			it.known = known{refused: true}
		case strings.Contains(text, "conflict"):
			it.clash("other records: " + text)
		default:
			it.finish(permanentError{fmt.Errorf("changing record %s (%s): %s", it.kind, it.want.name, text)})
		}
	}
	for _, it := range batch {
		switch {
		case !named:
			it.finish(permanentError{fmt.Errorf("%w: %s", err, strings.Join(said, "; "))})
		case about.of(it) == "":
			if it.bystood++; it.bystood >= patient && !it.known.read {
				it.known = known{refused: true}
			}
		}
	}
}

// beginnings are those of Route 53's sentences about a batch.
var beginnings = []string{", Tried to ", ", RRSet ", ", Invalid ", ", The ", ", Duplicate "}

// complaints are Route 53's sentences about a refused batch. It has two forms
// for them: a list, or one message "[…, …]".
func complaints(refused *types.InvalidChangeBatch) []string {
	if len(refused.Messages) > 0 {
		return refused.Messages
	}
	text := strings.TrimSuffix(strings.TrimPrefix(refused.ErrorMessage(), "["), "]")
	var said []string
	// Commas are within sentences too, so a sentence starts where a known
	// beginning follows a comma.
	for {
		cut := len(text)
		for _, beginning := range beginnings {
			if i := strings.Index(text, beginning); i >= 0 && i < cut {
				cut = i
			}
		}
		said = append(said, text[:cut])
		if cut == len(text) {
			return said
		}
		text = text[cut+len(", "):]
	}
}

// about holds sentences by the name and the type that they are about. The type
// is empty for those that are about all types.
type about map[[2]string]string

// mentioned finds the first type that a sentence names: that of the record set
// which it is about. Another may follow, with which that one conflicts.
var mentioned = regexp.MustCompile(`\btype(?:='|\s+)([A-Z]+)`)

// index finds the names in sentences: the words that can be names, with or
// without the dot at the end.
func index(said []string) about {
	found := make(about)
	for _, text := range said {
		kind := ""
		if m := mentioned.FindStringSubmatch(text); m != nil {
			kind = m[1]
		}
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !inName(r) }) {
			// The last sentence counts: of a DELETE and a CREATE of the same
			// record set the CREATE comes second, and its failure alone tells
			// that something is there.
			found[[2]string{canonical(word), kind}] = text
		}
	}
	return found
}

// of is the sentence about an item, or "".
func (a about) of(it *item) string {
	name := canonical(it.want.name)
	if text := a[[2]string{name, string(it.kind)}]; text != "" {
		return text
	}
	return a[[2]string{name, ""}]
}

// inName tells whether a character can be part of a domain name.
func inName(r rune) bool {
	return r == '-' || r == '.' || r == '_' || r == '\\' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
