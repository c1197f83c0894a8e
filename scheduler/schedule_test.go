package scheduler

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const office = `"hours":{"mon":["09:00-12:30","13:30-17:00"],"tue":["09:00-12:30","13:30-17:00"],"wed":["09:00-12:30","13:30-17:00"],"thu":["09:00-12:30","13:30-17:00"],"fri":["09:00-12:30","13:30-17:00"]}`

func TestReasonsNameWhatStoodInTheWay(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London",`+office+`,"tides":["10:30","16:00"],"focus":{"wed":["10:00-11:00"]},
		"holidays":[{"date":"2026-06-11"}],"leave":[{"from":"2026-06-16","to":"2026-06-16"},{"from":"2026-06-17T09:00:00Z","to":"2026-06-17T20:00:00Z"}]}`)
	const hold = 120 * time.Hour
	for _, tc := range []struct {
		now     string
		release Reason
		tide    Reason
	}{
		{"2026-06-10T08:30:00Z", ReasonInHours, ReasonMovedTide},
		{"2026-06-10T07:00:00Z", ReasonBeforeOpening, ReasonMovedTide},
		{"2026-06-10T07:45:00Z", ReasonGrace, ReasonMovedTide},
		{"2026-06-10T09:45:00Z", ReasonFocus, ReasonMovedTide}, // ends in 15 minutes, but grace is not for focus
		{"2026-06-10T11:45:00Z", ReasonBreak, ReasonTide},
		{"2026-06-10T16:00:00Z", ReasonAfterHours, ReasonTide},
		{"2026-06-11T10:00:00Z", ReasonHoliday, ReasonTide},
		{"2026-06-13T10:00:00Z", ReasonNoHours, ReasonTide},
		{"2026-06-16T10:00:00Z", ReasonLeave, ReasonTide},
		{"2026-06-16T20:00:00Z", ReasonLeave, ReasonTide}, // the evening of a day of leave
		{"2026-06-17T10:00:00Z", ReasonLeave, ReasonTide},
	} {
		now := at(t, tc.now)
		if got := s.Release(now, 15*time.Minute, hold); got.Reason != tc.release {
			t.Errorf("release at %s: %s, want %s", tc.now, got.Reason, tc.release)
		}
		if got := s.Tide(now, hold); got.Reason != tc.tide {
			t.Errorf("tide at %s: %s (%s), want %s", tc.now, got.Reason, form(got.At), tc.tide)
		}
	}
	if got := s.Release(at(t, "2026-06-12T20:00:00Z"), 0, time.Hour); got.Reason != ReasonCap || !got.Capped {
		t.Errorf("capped: %+v", got)
	}
	if got := Reason("new-one").String(); got != "new-one" {
		t.Errorf("unknown reason in words: %q", got)
	}
}

func TestOpenings(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London",`+office+`,"holidays":[{"date":"2026-06-11"}],"leave":[{"from":"2026-06-12","to":"2026-06-19"}],"focus":{"wed":["09:00-10:00"]},"tides":["09:00"]}`)
	evening := at(t, "2026-06-10T20:00:00Z")
	if got, ok := s.NextOpening(evening); !ok || form(got) != "2026-06-22T08:00:00Z" {
		t.Errorf("next opening %v, %v", got, ok)
	}
	if got, ok := s.OpeningWithoutLeave(evening); !ok || form(got) != "2026-06-12T08:00:00Z" {
		t.Errorf("without leave %v, %v", got, ok)
	}
	nine := at(t, "2026-06-10T08:00:00Z")
	if !s.Working(nine) || !s.InFocus(nine) || s.Deliverable(nine) || s.Off(nine) {
		t.Error("Wednesday 9:00 is not working time in focus")
	}
	if ten := nine.Add(time.Hour); !s.Deliverable(ten) || s.InFocus(ten) {
		t.Error("Wednesday 10:00 is not deliverable")
	}
	for day, want := range map[Date]bool{{2026, 6, 10}: true, {2026, 6, 11}: false, {2026, 6, 12}: false, {2026, 6, 13}: false, {2026, 6, 22}: true} {
		if got := s.WorkingDay(day); got != want {
			t.Errorf("%s a working day: %v", day, got)
		}
	}
	if !s.Off(at(t, "2026-06-11T10:00:00Z")) || s.Off(at(t, "2026-06-10T22:00:00Z")) {
		t.Error("off time is not the holiday alone")
	}
	if !s.HasTides() || !s.HasHours() || s.Zone().String() != "Europe/London" {
		t.Error("tides, hours or zone are missing")
	}
}

func TestPeriodsToShow(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London","hours":{"sun":["00:30-03:00","03:00-04:00"]},"office_hours":{"sun":["01:15-01:45","10:00-11:00"]},"leave":[{"from":"2026-10-25T02:00:00Z","to":"2026-10-25T02:30:00Z"}]}`)
	period := func(from, to string) Period { return Period{at(t, from), at(t, to)} }
	got := s.WorkingTime(Date{2026, 10, 25})
	want := []Period{period("2026-10-24T23:30:00Z", "2026-10-25T02:00:00Z"), period("2026-10-25T02:30:00Z", "2026-10-25T04:00:00Z")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("working time (-want +got):\n%s", diff)
	}
	got = s.OfficeHours(Date{2026, 3, 29}) // 01:15-01:45 is in the gap.
	if diff := cmp.Diff([]Period{period("2026-03-29T09:00:00Z", "2026-03-29T10:00:00Z")}, got); diff != "" {
		t.Errorf("office hours (-want +got):\n%s", diff)
	}
	if got := s.WorkingTime(Date{2026, 10, 26}); got != nil {
		t.Errorf("Monday: %v", got)
	}
}

func TestNextChangeOfTheClocks(t *testing.T) {
	for _, tc := range []struct {
		zone, now string
		days      int
		want      string
		forward   time.Duration
	}{
		{"Europe/London", "2026-03-20T12:00:00Z", 14, "2026-03-29T01:00:00Z", time.Hour},
		{"Europe/London", "2026-10-20T12:00:00Z", 14, "2026-10-25T01:00:00Z", -time.Hour},
		{"Europe/London", "2026-03-01T12:00:00Z", 14, "", 0},
		{"Europe/London", "2026-03-28T01:00:00Z", 1, "2026-03-29T01:00:00Z", time.Hour}, // exactly a day
		{"Europe/London", "2026-03-29T01:00:00Z", 14, "", 0},                            // now is not after now
		{"Australia/Lord_Howe", "2026-10-01T00:00:00Z", 7, "2026-10-03T15:30:00Z", 30 * time.Minute},
		{"Pacific/Apia", "2011-12-25T00:00:00Z", 7, "2011-12-30T10:00:00Z", 24 * time.Hour},
		{"America/New_York", "2040-12-30T00:00:00Z", 100, "2041-03-10T07:00:00Z", time.Hour}, // over the end of a leap year
		{"Asia/Kathmandu", "2026-03-01T00:00:00Z", 3000, "", 0},
		{"UTC", "2026-03-01T00:00:00Z", 3000, "", 0},
	} {
		s := calendar(t, `{"zone":%q}`, tc.zone)
		got, ok := s.NextChange(at(t, tc.now), tc.days)
		switch {
		case !ok && tc.want == "":
		case !ok || form(got.At) != tc.want || got.Forward() != tc.forward:
			t.Errorf("%s from %s: %+v, %v, want %s by %v", tc.zone, tc.now, got, ok, tc.want, tc.forward)
		}
	}
}

// Nobody who is never at work makes a search run for long.
func TestNeverOpenIsBounded(t *testing.T) {
	holidays := ""
	for d, i := (Date{2026, 1, 1}), 0; i < maxHolidays; d, i = d.AddDays(1), i+1 {
		if i > 0 {
			holidays += ","
		}
		holidays += fmt.Sprintf(`{"date":%q}`, d)
	}
	for name, form := range map[string]string{
		"no hours":                   `{"zone":"Europe/London","tides":["10:00"]}`,
		"leave for ever":             `{"zone":"Europe/London",` + office + `,"tides":["10:00"],"leave":[{"from":"0001-01-01","to":"9999-12-31"},{"from":"2026-01-01T00:00:00Z","to":"9999-12-31T00:00:00Z"}]}`,
		"focus for ever":             `{"zone":"Europe/London",` + office + `,"tides":["10:00","11:00"],"focus":{"mon":["00:00-24:00"],"tue":["00:00-24:00"],"wed":["00:00-24:00"],"thu":["00:00-24:00"],"fri":["00:00-24:00"],"sat":["00:00-24:00"],"sun":["00:00-24:00"]}}`,
		"holidays for a dozen years": `{"zone":"Europe/London",` + office + `,"tides":["10:00"],"holidays":[` + holidays + `]}`,
		"leave without hours":        `{"zone":"Europe/London","leave":[{"from":"2000-01-01","to":"9999-12-31"},{"from":"2000-01-01T00:00:00Z","to":"9999-12-31T00:00:00Z"}]}`,
	} {
		s := calendar(t, "%s", form)
		now := at(t, "2026-06-10T10:00:00Z")
		started := time.Now()
		for _, hold := range []time.Duration{time.Hour, 120 * time.Hour, 1<<63 - 1} {
			if m := s.Arrival(now, 0, hold); !m.Capped || m.At.Before(now.Add(min(hold, 3660*24*time.Hour))) {
				t.Errorf("%s: %+v is not capped", name, m)
			}
		}
		if _, ok := Together(now, []*Schedule{s, s}, 1<<30, 1<<62); ok {
			t.Errorf("%s: together", name)
		}
		if name != "focus for ever" {
			if at, ok := s.ReplyDue(now, Target{Days: 1}, []Promise{{Made: now, Date: Date{2026, 6, 12}}, {Made: now, Time: now.AddDate(9, 0, 0)}}); ok {
				t.Errorf("%s: due %v", name, at)
			}
			if at, ok := s.NextOpening(now); ok {
				t.Errorf("%s: opens %v", name, at)
			}
		}
		if took := time.Since(started); took > 10*time.Second { // some ms, but on a busy machine
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestTogetherAgreesWithSteppingOverTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near, _ := time.Parse(time.RFC3339, "2026-03-29T01:00:00Z")
		var people []*Schedule
		var oracles []*oracle
		for range rapid.IntRange(1, 3).Draw(t, "people") {
			c := genCalendar(t, rapid.SampledFrom(places).Draw(t, "place").zone, near)
			s, err := Compile(c)
			if err != nil {
				t.Fatal(err)
			}
			people, oracles = append(people, s), append(oracles, newOracle(c, s.Zone(), near.Add(-10*24*time.Hour), 30))
		}
		now, days := genInstant(t, near), rapid.IntRange(0, 5).Draw(t, "days")
		hold := time.Duration(rapid.IntRange(0, 7200).Draw(t, "hold")) * time.Minute
		want, found := int64(0), false
		for u := now.Unix(); u <= now.Unix()+min(int64(days)*86400, int64(hold/time.Second)) && !found; u += step {
			want, found = u, true
			for _, o := range oracles {
				found = found && o.working(u) && !o.focus(u)
			}
		}
		if got, ok := Together(now, people, days, hold); ok != found || ok && got.Unix() != want {
			t.Fatalf("%s: got %v, %v, want %v, %v", form(now), got, ok, want, found)
		}
	})
}

func TestTogetherOfNobodyIsNow(t *testing.T) {
	now := at(t, "2026-06-10T10:00:00Z")
	if got, ok := Together(now, nil, 1, time.Hour); !ok || !got.Equal(now) {
		t.Errorf("got %v, %v", got, ok)
	}
}

func TestFractionsOfASecondAreCutOff(t *testing.T) {
	s := calendar(t, `{"zone":"Europe/London",`+office+`}`)
	for now, want := range map[string]string{
		"2026-06-10T11:29:59.999Z": "2026-06-10T11:29:59Z", // the last second before the break
		"2026-06-10T07:59:59.999Z": "2026-06-10T08:00:00Z",
	} {
		if got := s.Release(at(t, now), 0, time.Hour); form(got.At) != want {
			t.Errorf("%s: %s, want %s", now, form(got.At), want)
		}
	}
}

func TestScheduleIsSafeForConcurrentUse(t *testing.T) {
	s := calendar(t, `{"zone":"Australia/Lord_Howe",`+office+`,"tides":["10:00"],"leave":[{"from":"2026-06-12","to":"2026-06-19"}]}`)
	now := at(t, "2026-06-10T10:00:00Z")
	want := s.Arrival(now, 0, 120*time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got := s.Arrival(now, 0, 120*time.Hour); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				s.ReplyDue(now, Target{Days: 2}, nil)
			}
		})
	}
	wg.Wait()
}

func BenchmarkArrival(b *testing.B) {
	s := calendar(b, `{"zone":"Europe/London",`+office+`,"tides":["09:30","13:00","16:30"],"focus":{"wed":["10:00-12:00"]},"holidays":[{"date":"2026-12-25"}],"leave":[{"from":"2026-08-03","to":"2026-08-14"}]}`)
	for _, now := range []string{"2026-06-10T09:30:00Z", "2026-06-12T18:00:00Z", "2026-08-05T10:00:00Z", "2026-03-27T18:00:00Z"} {
		u := at(b, now)
		b.Run(now, func(b *testing.B) {
			for b.Loop() {
				s.Arrival(u, 0, 120*time.Hour)
			}
		})
	}
}

func BenchmarkReplyDue(b *testing.B) {
	s := calendar(b, `{"zone":"Europe/London",`+office+`,"leave":[{"from":"2026-06-11","to":"2026-06-12"}]}`)
	u := at(b, "2026-06-10T09:30:00Z")
	for b.Loop() {
		s.ReplyDue(u, Target{Working: 20 * time.Hour}, nil)
	}
}
