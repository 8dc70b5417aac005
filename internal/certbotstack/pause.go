package certbotstack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	minutesOfDay = 24 * 60
	daysOfWeek   = 7
)

// weekdays are EventBridge's names of the days from 1 to 7.
var weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// longestPause is the longest time between two runs of a schedule of
// EventBridge. It is 0 for one that is not the same each week, and for one that
// it does not understand.
func longestPause(expression string) time.Duration {
	var n int
	var unit string
	if _, err := fmt.Sscanf(expression, "rate(%d %s", &n, &unit); err == nil {
		units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
		each := units[strings.TrimSuffix(strings.TrimSuffix(unit, ")"), "s")]
		if each == 0 || n < 1 || time.Duration(n) > maxWatched/each {
			return 0
		}
		return time.Duration(n) * each
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(expression, "cron("), ")"))
	if len(fields) != 6 || !always(fields[2]) || !always(fields[3]) || !always(fields[5]) {
		return 0
	}
	return weeklyPause(fields[0], fields[1], fields[4])
}

// always tells whether a field matches anything.
func always(field string) bool { return field == "*" || field == "?" }

// weeklyPause is longestPause of minutes and hours on days of the week.
func weeklyPause(minutes, hours, days string) time.Duration {
	if days == "?" {
		days = "*"
	}
	for i, name := range weekdays {
		days = strings.ReplaceAll(strings.ToUpper(days), name, strconv.Itoa(i+1))
	}
	var runs []int // minutes of the week
	for _, day := range matches(days, 1, daysOfWeek) {
		for _, hour := range matches(hours, 0, 23) {
			for _, minute := range matches(minutes, 0, 59) {
				runs = append(runs, day*minutesOfDay+hour*60+minute)
			}
		}
	}
	if len(runs) == 0 {
		return 0
	}
	slices.Sort(runs)
	longest := runs[0] + daysOfWeek*minutesOfDay - runs[len(runs)-1]
	for i, run := range runs[1:] {
		longest = max(longest, run-runs[i])
	}
	return time.Duration(longest) * time.Minute
}

// matches are the values from low to high that a field of a cron expression
// matches; none if it cannot be understood.
func matches(field string, low, high int) []int {
	var all []int
	for item := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return nil
			}
		}
		first, last, ok := bounds(span, low, high, stepped)
		if !ok {
			return nil
		}
		for v := first; v <= last; v += step {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// bounds are the ends of "*", "3" or "3-7". With a step, "3" is "3 and on".
func bounds(span string, low, high int, stepped bool) (first, last int, ok bool) {
	if span == "*" {
		return low, high, true
	}
	from, to, ranged := strings.Cut(span, "-")
	first, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0, false
	}
	switch {
	case ranged:
		if last, err = strconv.Atoi(to); err != nil {
			return 0, 0, false
		}
	case stepped:
		last = high
	default:
		last = first
	}
	return first, last, low <= first && first <= last && last <= high
}
