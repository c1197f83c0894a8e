package badinput

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidepost/people"
)

// A timeRow is a scenario about time, and what is said to be right.
type timeRow struct {
	ctx  context.Context //nolint:containedctx // of the row
	dir  string
	text string // the scenario
	want string // the codes, joined
}

// A timeRule plays the scenarios that its pattern finds.
type timeRule struct {
	pattern *regexp.Regexp
	play    func(t timeRow, m []string) error
}

// The words that scenarios are written in, tried in this order.
func timeRules() []timeRule {
	const zone = `([A-Z][A-Za-z_]+/[A-Za-z_/+-]+[0-9]*|UTC)`
	rule := func(pattern string, play func(timeRow, []string) error) timeRule {
		return timeRule{regexp.MustCompile(`(?i)` + pattern), play}
	}
	return []timeRule{
		{regexp.MustCompile(`^` + zone + `,? .*?([0-9]{2}:[0-9]{2}).*?(?:day )?([0-9]{4}-[0-9]{2}-[0-9]{2})`), func(t timeRow, m []string) error { return t.wall(m[1], m[3], m[2]) }},
		{regexp.MustCompile(`^` + zone + `,? .*?([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})`), func(t timeRow, m []string) error { return t.wall(m[1], m[2], m[3]) }},
		{regexp.MustCompile(zone + `.*?([0-9]{4}-[0-9]{2}-[0-9]{2})[ T,]+(?:at )?([0-9]{2}:[0-9]{2})`), func(t timeRow, m []string) error { return t.wall(m[1], m[2], m[3]) }},
		{regexp.MustCompile(`([0-9]{2}:[0-9]{2})(?: on)? ([0-9]{4}-[0-9]{2}-[0-9]{2}).*?` + zone), func(t timeRow, m []string) error { return t.wall(m[3], m[2], m[1]) }},
		rule(`(?:release|hold ?until|due)\b[^0-9]*([0-9]{4,}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+ ?(?:Z|[+-][0-9:]+)?)?)`, timeRow.instant),
		rule(`(?:hold ?for)\b[^0-9-]*(-?[0-9]+)`, timeRow.holdFor),
		rule(`(?:clock|wall time|ntp)\b.*?\b(?:(back\w*|behind|set back)|(forward|ahead|jumps?|at [12][0-9]{3}|to [12][0-9]{3}|starts))`, timeRow.clock),
		rule(`([0-9]+) (?:messages|mails|letters) (?:are )?due`, timeRow.herd),
		rule(`(suspend|sleep|resum)[a-z]*\D*([0-9]+) ?([a-z]+)`, timeRow.suspend),
		rule(`\(?(`+zone+`) to (`+zone+`)\)?`, timeRow.renamed),
		rule(`offsets? ([+-][0-9:]+) and ([+-][0-9:]+)`, timeRow.offsets),
		rule(`hours? ([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})`, timeRow.window),
		rule(`(?:sla|answer|working)\D*([0-9]+) working hours?`, timeRow.workingHours),
		rule(`(?:drops?|changes?|abolish|new) .*(?:dst|rule|offset|zone|tzdata)`, timeRow.ruleChange),
		rule(`never|no (?:opening|hours|working)|no open|(?:holidays?|leave|focus) .*(?:each|every|all|forever|always)`, timeRow.neverOpen),
		rule(`(?:zone|tz|timezone)s?\b(.*)`, timeRow.zones),
	}
}

// schedule plays a row about time, in this process, on a clock that is set.
func (k *Catalogue) schedule(ctx context.Context, c *Case, res Result) Result {
	s, ok := c.step(scenario)
	if !ok {
		res.Misses = []string{"a row about time without a scenario"}
		return res
	}
	dir, err := os.MkdirTemp(k.dir, "time")
	if err != nil {
		res.Misses = []string{err.Error()}
		return res
	}
	defer os.RemoveAll(dir)
	t := timeRow{ctx: ctx, dir: dir, text: s.text, want: strings.Join(c.Codes, "; ")}
	for _, r := range timeRules() {
		if m := r.pattern.FindStringSubmatch(s.text); m != nil {
			if err := r.play(t, m); err != nil {
				res.Misses = []string{err.Error()}
			}
			for _, inv := range c.Invariants {
				switch _, _, known := findInvariant(inv); {
				case !known:
					res.Misses = append(res.Misses, fmt.Sprintf("%q is no invariant of the language", inv))
				case !slices.Contains([]string{"never_early", "exactly_once"}, spelled(inv)): // Both are looked at in every one.
					res.Unchecked = append(res.Unchecked, inv)
				}
			}
			return res
		}
	}
	res.Misses = []string{"not understood: " + s.text}
	return res
}

// sim opens a simulation in a directory of its own.
func (t timeRow) sim(boss map[people.Field]string, now time.Time) (*sim, error) {
	dir, err := os.MkdirTemp(t.dir, "data")
	if err != nil {
		return nil, err
	}
	return newSim(t.ctx, dir, boss, now)
}
