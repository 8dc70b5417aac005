package taskdns

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// watch is a message of the function to itself: to look whether all servers of
// Route 53 have a change, and then to tell of its names. Created and Deleted
// are references, as reference makes them.
type watch struct {
	Change  string   `json:"change"`
	Created []string `json:"created,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
}

// reference names a task in a watch and in a digest.
func reference(cluster, taskID string) string { return cluster + "/" + taskID }

// digest stands in the comment of a change for the tasks that it is about: 32
// hexadecimal digits. Nobody who cannot change the zone can make a change with
// it, so a watch whose digest is not that of its change is forged.
func digest(created, deleted []string) string {
	h := sha256.New()
	for _, references := range [][]string{created, deleted} {
		h.Write([]byte(strings.Join(slices.Sorted(slices.Values(references)), "\n")))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
