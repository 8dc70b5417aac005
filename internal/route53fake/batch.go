package route53fake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// checkNames tells of a name that cannot be one. Route 53 tells only of the
// first, and of a label alone if that is too long.
func checkNames(changes []types.Change) string {
	for _, c := range changes {
		name := aws.ToString(c.ResourceRecordSet.Name)
		for l := range strings.SplitSeq(strings.TrimSuffix(plain(name), "."), ".") {
			switch {
			case l == "":
				return fmt.Sprintf("FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '%s'", name)
			case len(l) > maxLabel:
				return fmt.Sprintf("FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '%s'", l)
			}
		}
	}
	return ""
}

// checkLimits tells which limit of a batch is exceeded. UPSERT counts twice.
func checkLimits(changes []types.Change) string {
	records, characters := 0, 0
	for _, c := range changes {
		times := 1
		if c.Action == types.ChangeActionUpsert {
			times = 2
		}
		for _, v := range values(c.ResourceRecordSet) {
			records += times
			characters += times * len(v)
		}
	}
	if records > maxRecordsPerBatch {
		return fmt.Sprintf("Number of records limit of %d exceeded.", maxRecordsPerBatch)
	}
	if characters > maxCharactersPerBatch {
		return fmt.Sprintf("RDATA character limit of %d exceeded.", maxCharactersPerBatch)
	}
	return ""
}

// checkRepetition tells which sets are changed twice. A set may be changed
// once, or be replaced by a DELETE and then a CREATE.
func checkRepetition(changes []types.Change) []string {
	actions := map[string][]types.ChangeAction{}
	var said []string
	for _, c := range changes {
		set := c.ResourceRecordSet
		name := Normalize(aws.ToString(set.Name))
		key := name + " " + string(set.Type) + " " + aws.ToString(set.SetIdentifier)
		made := append(actions[key], c.Action)
		actions[key] = made
		if len(made) == 2 && (made[0] != types.ChangeActionDelete || made[1] != types.ChangeActionCreate) || len(made) == 3 {
			said = append(said, fmt.Sprintf("The request contains an invalid set of changes for a resource record set '%s %s'", set.Type, name))
		}
	}
	return slices.Compact(said)
}
