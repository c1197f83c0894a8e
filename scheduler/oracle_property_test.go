package scheduler

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// places are zones at instants around which their clocks do something.
var places = []struct {
	zone string
	near string
}{
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"}, // half an hour back
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"}, // and forward
	{"Asia/Kathmandu", "2026-05-06T00:00:00Z"},      // +5:45
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},        // a day that never was
	{"Pacific/Kwajalein", "1993-08-21T12:00:00Z"},   // another one
	{"Africa/Casablanca", "2026-02-15T02:00:00Z"},
	{"Africa/Casablanca", "2026-03-22T02:00:00Z"},
	{"Atlantic/Azores", "2026-03-29T01:00:00Z"}, // gap at midnight
	{"Atlantic/Azores", "2026-10-25T01:00:00Z"}, // overlap up to midnight
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"Antarctica/Troll", "2026-03-29T01:00:00Z"}, // two hours at once
	{"Antarctica/Troll", "2026-10-25T01:00:00Z"},
	{"Pacific/Chatham", "2026-04-04T14:00:00Z"}, // +13:45, +12:45
	{"Pacific/Chatham", "2026-09-26T14:00:00Z"},
	{"Pacific/Kiritimati", "2026-12-31T10:00:00Z"},
	{"America/Santiago", "2026-04-05T03:00:00Z"}, // back over midnight
	{"America/Santiago", "2026-09-06T04:00:00Z"}, // a day without midnight
	{"Europe/Dublin", "2028-10-29T01:00:00Z"},    // negative daylight saving
	{"Europe/London", "2028-12-30T00:00:00Z"},    // end of a leap year
}

// genInterval draws intervals in multiples of 15 minutes, short ones near
// midnight and two o'clock more often than not.
func genInterval(t *rapid.T) Interval {
	quarter := rapid.Custom(func(t *rapid.T) Clock {
		if rapid.Bool().Draw(t, "night") {
			return Clock(rapid.IntRange(0, 16).Draw(t, "quarter") * 15)
		}
		return Clock(rapid.IntRange(0, 95).Draw(t, "quarter") * 15)
	})
	iv := Interval{Start: quarter.Draw(t, "start"), End: quarter.Draw(t, "end")}
	if iv.Start == iv.End {
		iv.End = endOfDay
	}
	return iv
}

func genWeek(t *rapid.T, label string, most int) (w Week) {
	for d := range w {
		w[d] = rapid.SliceOfN(rapid.Custom(genInterval), 0, most).Draw(t, label)
	}
	return w
}

func genCalendar(t *rapid.T, zone string, near time.Time) Calendar {
	day := rapid.Custom(func(t *rapid.T) Date {
		return DateOf(near).AddDays(rapid.IntRange(-6, 9).Draw(t, "day"))
	})
	c := Calendar{Zone: zone, Hours: genWeek(t, "hours", 2)}
	if c.Hours.IsZero() {
		c.Hours[3] = []Interval{{540, 1020}}
	}
	if rapid.Bool().Draw(t, "focused") {
		c.Focus = genWeek(t, "focus", 1)
	}
	for _, quarter := range rapid.SliceOfN(rapid.IntRange(0, 95), 0, 3).Draw(t, "tides") {
		c.Tides = append(c.Tides, Clock(quarter*15))
	}
	for _, d := range rapid.SliceOfNDistinct(day, 0, 2, rapid.ID).Draw(t, "holidays") {
		c.Holidays = append(c.Holidays, Holiday{d, rapid.SliceOfN(rapid.Custom(genInterval), 0, 2).Draw(t, "instead")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "leaves") {
		if rapid.Bool().Draw(t, "by dates") {
			first := day.Draw(t, "first")
			c.Leave = append(c.Leave, Leave{First: first, Last: first.AddDays(rapid.IntRange(0, 3).Draw(t, "more"))})
		} else {
			from := genInstant(t, near)
			c.Leave = append(c.Leave, Leave{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "steps")) * step * time.Second)})
		}
	}
	return c
}

// genInstant draws a multiple of five minutes within some days of near.
func genInstant(t *rapid.T, near time.Time) time.Time {
	reach := 1200
	if rapid.Bool().Draw(t, "close") {
		reach = 40
	}
	return near.Add(time.Duration(rapid.IntRange(-reach, reach).Draw(t, "steps")) * step * time.Second)
}

// Every answer is compared with that of the oracle, which looks at every step.
func TestAnswersAgreeWithSteppingOverTime(t *testing.T) {
	compared, skipped := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(places).Draw(t, "place")
		near, _ := time.Parse(time.RFC3339, place.near)
		c := genCalendar(t, place.zone, near)
		s, err := Compile(c)
		if err != nil {
			t.Fatalf("compile: %v", err)
		}
		o := newOracle(c, s.Zone(), near.Add(-28*24*time.Hour), 90)
		for range 4 {
			now := genInstant(t, near)
			if compareAnswers(t, s, o, now, near) {
				compared++
			} else {
				skipped++
			}
		}
	})
	if compared < 10*skipped {
		t.Errorf("only %d of %d answers lay within the window of the oracle", compared, compared+skipped)
	}
}

func compareAnswers(t *rapid.T, s *Schedule, o *oracle, now, near time.Time) bool {
	grace := time.Duration(rapid.SampledFrom([]int{0, 15, 30, 120}).Draw(t, "grace")) * time.Minute
	hold := time.Duration(rapid.SampledFrom([]int{0, 600, 2880, 7200}).Draw(t, "hold")) * time.Minute
	u, g, h := now.Unix(), int64(grace/time.Second), int64(hold/time.Second)
	target := Target{Working: time.Duration(rapid.IntRange(0, 200).Draw(t, "work")) * step * time.Second}
	if rapid.Bool().Draw(t, "by days") {
		target = Target{Days: rapid.IntRange(0, 5).Draw(t, "days")}
	}
	var promises []Promise
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "promises") {
		p := Promise{Made: genInstant(t, near)}
		if rapid.Bool().Draw(t, "promised date") {
			p.Date = DateOf(near).AddDays(rapid.IntRange(-4, 8).Draw(t, "promise"))
		} else {
			p.Time = genInstant(t, near)
		}
		promises = append(promises, p)
	}
	type pair struct{ name, got, want string }
	moment := func(m Moment, a answer) (string, string) {
		return fmt.Sprint(m.At.Unix(), m.Capped), fmt.Sprint(a.at, a.capped)
	}
	maybe := func(at time.Time, ok bool) string {
		if !ok {
			return "none"
		}
		return fmt.Sprint(at.Unix())
	}
	ask := func(name string, question func() (got, want string)) (pair, bool) {
		o.exceeded = false
		got, want := question()
		return pair{name, got, want}, !o.exceeded
	}
	all := true
	for name, question := range map[string]func() (string, string){
		"release": func() (string, string) { return moment(s.Release(now, grace, hold), o.release(u, g, h)) },
		"tide":    func() (string, string) { return moment(s.Tide(now, hold), o.tide(u, h)) },
		"arrival": func() (string, string) { return moment(s.Arrival(now, grace, hold), o.arrival(u, g, h)) },
		"due": func() (string, string) {
			return maybe(s.Due(now, target.Working)), maybe(optional(o.due(u, int64(target.Working/time.Second))))
		},
		"due_days": func() (string, string) {
			return maybe(s.DueDays(now, target.Days)), maybe(optional(o.dueDays(u, target.Days)))
		},
		"reply_due": func() (string, string) {
			return maybe(s.ReplyDue(now, target, promises)), maybe(optional(o.replyDue(u, target, promises)))
		},
		"flags": func() (string, string) {
			return fmt.Sprint(s.Working(now), s.InFocus(now), s.Off(now)), fmt.Sprint(o.working(u), o.focus(u), o.off(u))
		},
	} {
		p, inside := ask(name, question)
		if !inside {
			all = false
			continue
		}
		if p.got != p.want {
			form, _ := json.Marshal(o.c)
			t.Fatalf("%s of %s (grace %v, hold %v, target %+v, promises %+v)\ncalendar %s\ngot  %s\nwant %s",
				p.name, now.Format(time.RFC3339), grace, hold, target, promises, form, p.got, p.want)
		}
	}
	return all
}
