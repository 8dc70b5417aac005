package certbotstack

import (
	"os"
	"strings"
	"testing"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awsclient"
)

// Each alarm sends its reader to the guide on certificates, which must have
// what to do then.
func TestEveryAlarmHasARunbook(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/certificates.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	s := testSpec()
	s.ScheduleExpression = s.DefaultSchedule()
	alarms := s.alarms(&awsclient.Clients{})
	if len(alarms) != 3 {
		t.Errorf("there are %d alarms, and the guide says three", len(alarms))
	}
	for _, end := range []string{alarmFailing, alarmExpiring, alarmDidNotRun} {
		_, section, ok := strings.Cut(string(guide), "### `…-"+end+"`\n")
		section, _, _ = strings.Cut(section, "\n#")
		for _, part := range []string{"**Symptom**", "**Meaning**", "**First command**", "**Fix**"} {
			if !ok || !strings.Contains(section, part) {
				t.Errorf("the guide has no %s of %s", part, end)
			}
		}
	}
}
