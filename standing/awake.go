package standing

import (
	"fmt"
	"slices"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
)

const (
	maxAwake   = 3                  // who can help, in one line
	maxWorking = 7 * 24 * time.Hour // who comes later is not named
)

// awake says who of some people can help, in the reader's zone: those who work now, the
// owners of what is needed first, with until when; if nobody does, who begins first. It
// never says when somebody was here.
func awake(list []*people.Person, reader *people.Person, now time.Time) []string {
	type helper struct {
		p  *people.Person
		at time.Time
	}
	var here, later []helper
	for _, p := range list {
		s := p.Schedule(now)
		if s.Deliverable(now) && s.HasHours() {
			here = append(here, helper{p, endOfWork(s, now)})
		} else if at, ok := s.NextOpening(now); ok && s.HasHours() && at.Sub(now) < maxWorking {
			later = append(later, helper{p, at})
		}
	}
	slices.SortStableFunc(later, func(a, b helper) int { return a.at.Compare(b.at) })
	var out []string
	for _, h := range here[:min(len(here), maxAwake)] {
		out = append(out, fmt.Sprintf("%s until %s", h.p.FirstName(), clock(h.at, reader, now)))
	}
	if len(out) == 0 && len(later) > 0 {
		out = append(out, fmt.Sprintf("%s from %s", later[0].p.FirstName(), people.Moment(later[0].at, reader.Zone(), now)))
	}
	return out
}

// clock is a time of today, or a moment.
func clock(t time.Time, reader *people.Person, now time.Time) string {
	zone := reader.Zone()
	if scheduler.DateOf(t.In(zone)) == scheduler.DateOf(now.In(zone)) {
		return t.In(zone).Format("15:04")
	}
	return people.Moment(t, zone, now)
}

// endOfWork is when the working time ends that now lies in.
func endOfWork(s *scheduler.Schedule, now time.Time) time.Time {
	today := scheduler.DateOf(now.In(s.Zone()))
	for _, day := range []scheduler.Date{today.AddDays(-1), today} {
		for _, p := range s.WorkingTime(day) {
			if !now.Before(p.Start) && now.Before(p.End) {
				return p.End
			}
		}
	}
	return now
}
