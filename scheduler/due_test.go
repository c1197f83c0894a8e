package scheduler

import (
	"testing"
	"time"
)

// The edges of rule 8.4, which drawn times hit too rarely.
func TestDueDaysAtTheEdgesOfTheDay(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London","hours":{"mon":["06:00-22:00"],"tue":["09:00-12:30","13:30-17:00"]}}`)
	for start, want := range map[string]string{ // BST: Monday 8 June to Tuesday 9 June
		"2026-06-08T06:00:00Z": "2026-06-09T08:00:00Z", // before opening
		"2026-06-08T11:29:59Z": "2026-06-09T11:29:59Z", // last second before the break
		"2026-06-08T11:30:00Z": "2026-06-09T12:30:00Z", // first instant of the break
		"2026-06-08T12:30:00Z": "2026-06-09T12:30:00Z", // its end
		"2026-06-08T16:00:00Z": "2026-06-09T16:00:00Z", // closing
		"2026-06-08T20:59:00Z": "2026-06-09T16:00:00Z", // after closing
	} {
		if got, ok := s.DueDays(at(t, start), 1); !ok || form(got) != want {
			t.Errorf("from %s: %s, %v, want %s", start, form(got), ok, want)
		}
	}
}

func TestTheHorizonIs400Days(t *testing.T) {
	// One working hour a year, on the day of a holiday with hours.
	s := calendar(t, `{"zone":"UTC","holidays":[{"date":"2026-06-10","hours":["09:00-10:00"]},{"date":"2027-07-15","hours":["09:00-10:00"]}]}`)
	start := at(t, "2026-06-10T09:00:00Z")
	if got, ok := s.Due(start, time.Hour); !ok || form(got) != "2026-06-10T10:00:00Z" {
		t.Errorf("an hour: %v, %v", got, ok)
	}
	// 2027-07-15T09:00 is exactly 400 days after start.
	for minutes, want := range map[time.Duration]bool{60: true, 61: false, 120: false} {
		if got, ok := s.Due(start, minutes*time.Minute); ok != want {
			t.Errorf("%d minutes: %v, %v", minutes, got, ok)
		}
	}
	if got, ok := s.DueDays(start, 1); !ok || form(got) != "2027-07-15T09:00:00Z" {
		t.Errorf("one day: %v, %v", got, ok)
	}
	if got, ok := s.DueDays(start.Add(time.Second), 1); !ok || form(got) != "2027-07-15T09:00:01Z" {
		t.Errorf("one day, a second later: %v, %v", got, ok)
	}
	if got, ok := s.DueDays(start, 2); ok {
		t.Errorf("two days: %v", got)
	}
	if got, ok := s.NextOpening(start.Add(time.Hour)); !ok || form(got) != "2027-07-15T09:00:00Z" {
		t.Errorf("next opening: %v, %v", got, ok)
	}
}

// Without a due time there is no catch-up to count, but a promise still holds.
func TestLeaveWithoutReturn(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London",`+office+`,"leave":[{"from":"2026-06-11","to":"9999-12-31"}]}`)
	start := at(t, "2026-06-10T14:00:00Z")
	if got, ok := s.ReplyDue(start, Target{Working: time.Hour}, nil); !ok || form(got) != "2026-06-10T15:00:00Z" {
		t.Errorf("before leave: %v, %v", got, ok)
	}
	late := Target{Working: 4 * time.Hour}
	if got, ok := s.ReplyDue(start, late, nil); ok {
		t.Errorf("during leave: %v", got)
	}
	promise := []Promise{{Made: start, Time: at(t, "2026-06-10T15:30:00Z")}}
	if got, ok := s.ReplyDue(start, late, promise); !ok || form(got) != "2026-06-10T15:30:00Z" {
		t.Errorf("with a promise: %v, %v", got, ok)
	}
	// The catch-up of the first leave does not fit between the two: the clock
	// stops at the first and never goes on.
	twice := calendar(t, `{"zone":"Europe/London",`+office+`,"leave":[{"from":"2026-06-11","to":"2026-06-11"},{"from":"2026-06-12","to":"2029-12-31"}]}`)
	if got, ok := twice.ReplyDue(start, Target{Working: 2 * time.Hour}, nil); !ok || form(got) != "2026-06-10T16:00:00Z" {
		t.Errorf("due at closing, leave begins later: %v, %v", got, ok)
	}
	if got, ok := twice.ReplyDue(start, Target{Days: 1}, nil); ok {
		t.Errorf("one day: %v", got)
	}
}

// A leave between two parts of a year-long wait: the second due time is beyond
// the horizon though the base is not.
func TestPushedBeyondTheHorizon(t *testing.T) {
	s := calendar(t, `{"zone":"UTC","holidays":[{"date":"2026-06-10","hours":["09:00-12:00"]},{"date":"2026-06-11","hours":["09:00-12:00"]},
		{"date":"2026-06-12","hours":["09:00-14:00"]},{"date":"2027-12-01","hours":["09:00-17:00"]}],"leave":[{"from":"2026-06-11","to":"2026-06-11"}]}`)
	start := at(t, "2026-06-10T09:00:00Z")
	if got, ok := s.ReplyDue(start, Target{Working: 4 * time.Hour}, nil); !ok || form(got) != "2026-06-12T14:00:00Z" {
		t.Errorf("four hours: %v, %v", got, ok)
	}
	if got, ok := s.ReplyDue(start, Target{Working: 4*time.Hour + time.Minute}, nil); ok {
		t.Errorf("a minute more: %v", got)
	}
}
