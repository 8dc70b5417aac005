package certbot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rightPayloads are what an error offers instead of a wrong payload.
const rightPayloads = `; right payloads are {"force":true,"keys":["browser"]}, {"dry_run":true} and {"rollback":"browser"}`

// UnmarshalJSON reads a payload. It refuses members that it does not know:
// who writes "forced" is to be told so rather than left with a run that does
// nothing. The event of a rule that passes no payload of its own is a
// scheduled run.
func (r *Request) UnmarshalJSON(text []byte) error {
	var event struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
	}
	if json.Unmarshal(text, &event) == nil && event.Source == "aws.events" && event.DetailType != "" {
		*r = Request{}
		return nil
	}
	type plain Request
	var request plain
	if err := strictly(text, &request); err != nil {
		return fmt.Errorf("reading the payload: %w%s", err, rightPayloads)
	}
	*r = Request(request)
	return nil
}

// strictly decodes JSON without members that nobody knows.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// check refuses a request that contradicts itself.
func (r *Request) check() error {
	triggers := []string{TriggerSchedule, TriggerApply, TriggerManual}
	var problem string
	switch {
	case r.Trigger != "" && !slices.Contains(triggers, r.Trigger):
		problem = fmt.Sprintf("trigger %q is none of %s", r.Trigger, strings.Join(triggers, ", "))
	case r.Rollback == nil:
		return nil
	case r.Rollback.Key == "":
		problem = "rollback names no certificate"
	case r.Force || r.DryRun || len(r.Keys) > 0:
		problem = "rollback does nothing else, so it takes neither force nor dry_run nor keys beside it"
	default:
		return nil
	}
	return errors.New("reading the payload: " + problem + rightPayloads)
}

// fillIn is what a request means that leaves things out: a schedule forces
// nothing and rolls nothing back.
func (r *Request) fillIn() {
	if r.Trigger != "" {
		return
	}
	r.Trigger = TriggerSchedule
	if r.Force || r.DryRun || r.Rollback != nil {
		r.Trigger = TriggerManual
	}
}
