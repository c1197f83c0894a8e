package scheduler

import (
	"strings"
	"testing"
	"time"
)

func TestSendTimes(t *testing.T) {
	london, err := LoadZone("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	sched := calendar(t, `{"zone":"Europe/London","hours":{"mon":["08:30-17:00"],"tue":["08:30-17:00"],"thu":["08:30-17:00"],"fri":["08:30-17:00"]},"holidays":[{"date":"2026-12-25"}]}`)
	const wed = "2026-06-10T11:00:00Z" // Wednesday 12:00 BST
	for _, tc := range []struct {
		text, from string
		sched      *Schedule
		want       string
		kind       WhenKind
	}{
		{"send Fri 9am", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"fri9am", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"fri-9am", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"9am Fri", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"on Friday at 9 AM", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"send tomorrow", wed, nil, "2026-06-11T08:00:00Z", WhenClock},
		{"send tomorrow", wed, sched, "2026-06-11T07:30:00Z", WhenOpening},
		{"tomorrow 9:15pm", wed, sched, "2026-06-11T20:15:00Z", WhenClock},
		{"send Mon", wed, sched, "2026-06-15T07:30:00Z", WhenOpening},
		{"send Wed", wed, sched, "2026-06-11T07:30:00Z", WhenOpening}, // no hours on Wednesdays: the next opening
		{"Wed", wed, nil, "2026-06-17T08:00:00Z", WhenClock},          // 9:00 of today is past
		{"Wed 11am", wed, nil, "2026-06-17T10:00:00Z", WhenClock},
		{"Wed 1pm", wed, nil, "2026-06-10T12:00:00Z", WhenClock},
		{"Tue", "2026-06-09T06:00:00Z", sched, "2026-06-09T07:30:00Z", WhenOpening}, // today, still to come
		{"Tue", "2026-06-09T09:00:00Z", sched, "2026-06-16T07:30:00Z", WhenOpening}, // today, past
		{"send 14:30", wed, nil, "2026-06-10T13:30:00Z", WhenClock},
		{"1430", wed, nil, "2026-06-10T13:30:00Z", WhenClock},
		{"12:00", wed, nil, "2026-06-10T11:00:00Z", WhenClock}, // this very minute
		{"11:59", wed, nil, "2026-06-11T10:59:00Z", WhenClock},
		{"9am", wed, nil, "2026-06-11T08:00:00Z", WhenClock},
		{"noon", wed, nil, "2026-06-10T11:00:00Z", WhenClock},
		{"12am", wed, nil, "2026-06-10T23:00:00Z", WhenClock},
		{"12pm", wed, nil, "2026-06-10T11:00:00Z", WhenClock},
		{"send 2026-12-24 9:00", wed, sched, "2026-12-24T09:00:00Z", WhenClock},
		{"2026-12-24", wed, sched, "2026-12-24T08:30:00Z", WhenOpening},
		{"2026-12-25", wed, sched, "2026-12-28T08:30:00Z", WhenOpening}, // a holiday, then a weekend
		{"send in 2h", wed, sched, "2026-06-10T13:00:00Z", WhenElapsed},
		{"2h", wed, nil, "2026-06-10T13:00:00Z", WhenElapsed},
		{"in 1h30", wed, nil, "2026-06-10T12:30:00Z", WhenElapsed},
		{"1 hour 30 minutes", wed, nil, "2026-06-10T12:30:00Z", WhenElapsed},
		{"in 45 min", wed, nil, "2026-06-10T11:45:00Z", WhenElapsed},
		{"in 1 day", "2026-10-24T11:00:00Z", nil, "2026-10-25T12:00:00Z", WhenClock}, // over the change of the clocks
		{"in 24h", "2026-10-24T11:00:00Z", nil, "2026-10-25T11:00:00Z", WhenElapsed},
		{"in 2 weeks 9am", wed, nil, "2026-06-24T08:00:00Z", WhenClock},
		{"send 24 Dec 9am", wed, nil, "2026-12-24T09:00:00Z", WhenClock},
		{"24dec9am", wed, nil, "2026-12-24T09:00:00Z", WhenClock},
		{"Dec 24th, 14:00", wed, nil, "2026-12-24T14:00:00Z", WhenClock},
		{"3rd march", wed, nil, "2027-03-03T09:00:00Z", WhenClock},
		{"24 Dec 2026", wed, nil, "2026-12-24T09:00:00Z", WhenClock},
		{"24 Dec 2026 1430", wed, nil, "2026-12-24T14:30:00Z", WhenClock},
		{"24 Dec 1430", wed, nil, "2026-12-24T14:30:00Z", WhenClock},
		{"Thu 24 Dec", wed, nil, "2026-12-24T09:00:00Z", WhenClock},
		{"28 Feb", "2026-12-30T12:00:00Z", nil, "2027-02-28T09:00:00Z", WhenClock},
		{"29 Feb", "2027-06-01T12:00:00Z", nil, "2028-02-29T09:00:00Z", WhenClock},
		{"send next week", wed, sched, "2026-06-15T07:30:00Z", WhenOpening},
		{"nextweek", "2026-06-15T11:00:00Z", nil, "2026-06-22T08:00:00Z", WhenClock},  // on a Monday
		{"next week", "2026-06-14T11:00:00Z", nil, "2026-06-15T08:00:00Z", WhenClock}, // on a Sunday
		{"next week wed 10am", wed, nil, "2026-06-17T09:00:00Z", WhenClock},
		{"today", "2026-06-09T06:00:00Z", sched, "2026-06-09T07:30:00Z", WhenOpening},
		{"today", "2026-06-09T09:00:00Z", sched, "2026-06-09T09:00:00Z", WhenOpening}, // in working hours: now
		{"today 5pm", wed, nil, "2026-06-10T16:00:00Z", WhenClock},
		{"today", "2026-06-10T07:00:00Z", nil, "2026-06-10T08:00:00Z", WhenClock},
		{"Fri\u00a09am", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"FRI_9AM", wed, nil, "2026-06-12T08:00:00Z", WhenClock},
		{"Tue 9am", "2026-06-09T08:00:00.9Z", nil, "2026-06-09T08:00:00Z", WhenClock},
	} {
		got, err := ParseWhen(tc.text, at(t, tc.from), london, tc.sched)
		if err != nil {
			t.Errorf("%q from %s: %v, want %s", tc.text, tc.from, err, tc.want)
			continue
		}
		if form(got.At) != tc.want || got.Kind != tc.kind {
			t.Errorf("%q from %s = %s, %s, want %s, %s", tc.text, tc.from, form(got.At), got.Kind, tc.want, tc.kind)
		}
	}
}

func TestSendTimesInGapAndOverlap(t *testing.T) {
	london, _ := LoadZone("Europe/London")
	gap, err := ParseWhen("29 Mar 1:30am", at(t, "2026-03-20T12:00:00Z"), london, nil)
	if err != nil || !gap.Gap || gap.Overlap || form(gap.At) != "2026-03-29T01:00:00Z" || gap.Wall.String() != "2026-03-29T01:30:00" {
		t.Errorf("gap: %+v, %v", gap, err)
	}
	twice, err := ParseWhen("25 Oct 1:30am", at(t, "2026-10-20T12:00:00Z"), london, nil)
	if err != nil || twice.Gap || !twice.Overlap || form(twice.At) != "2026-10-25T00:30:00Z" {
		t.Errorf("overlap: %+v, %v", twice, err)
	}
}

// The day is the author's, the opening the reader's: Monday begins for Ana in
// London when Mei in Sydney is at work already.
func TestOpeningCountsFromTheAuthorsDay(t *testing.T) {
	london, _ := LoadZone("Europe/London")
	mei := calendar(t, `{"zone":"Australia/Sydney","hours":{"mon":["09:00-17:00"],"tue":["09:00-17:00"]}}`)
	got, err := ParseWhen("Mon", at(t, "2026-06-10T11:00:00Z"), london, mei)
	if err != nil {
		t.Fatal(err)
	}
	if form(got.At) != "2026-06-14T23:00:00Z" || got.Wall.String() != "2026-06-15T00:00:00" || got.Day != (Date{2026, 6, 15}) {
		t.Errorf("got %+v", got)
	}
}

func TestSendTimesThatAreNotUnderstood(t *testing.T) {
	london, _ := LoadZone("Europe/London")
	never := calendar(t, `{"zone":"Europe/London"}`)
	office := calendar(t, `{"zone":"Europe/London","hours":{"wed":["09:00-11:00"]}}`)
	from := at(t, "2026-06-10T11:00:00Z")
	for _, text := range []string{
		"", "send", "   ", "soon", "9", "send 9", "fri 9", "25:00", "9:60", "24:00", "9:5", "13pm", "0am", "noon pm", "1430pm", "12:5pm",
		"12/24", "24.12.", "24-12-2026", "2026-13-01", "2026-02-30", "2026-12", "2026-1-", "31 Feb", "32 Dec", "0 Dec", "Dec", "Dec 2026", "foo Dec",
		"Fri Sat", "mon-fri", "9am-10am", "9-10am", "today tomorrow", "tomorrow Fri", "24 Dec 25 Dec", "today 24 Dec", "in 2h Fri", "2h 3h", "2h 9am",
		"next", "next Fri", "next month", "next week Sun", "Fri next week next week", "in Fri", "on 9am", "at Fri", "in", "at", "on",
		"in 0h", "in 2", "h", "in 2 years", "14h30", "in 1h75", "in 99999 min", "in 9999 days", "in 9999h", "2030-01-01", "24 Dec 2030",
		"Fri 24 Dec", "2026-06-09", "10 Jun 9am 2025", "9 Jun", "2026-06-10 9am", "today 9am", "- fri", "fri -", "fri - 9am", "9: 30", "9am!", "[fri]",
		"tonight", "morgen", "９am", "\x00", "Fri\r\nBcc: x", strings.Repeat("a", 65), "1 2h", "in 3 days 2 days", "send send Fri", "send 20260612",
	} {
		if got, err := ParseWhen(text, from, london, nil); err == nil {
			t.Errorf("%q is taken as %s", text, form(got.At))
		} else if !strings.HasPrefix(err.Error(), "send time ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got, err := ParseWhen("Fri", from, london, never); err == nil {
		t.Errorf("an opening of nobody: %+v", got)
	}
	for _, text := range []string{"today", "2026-06-10"} {
		if got, err := ParseWhen(text, from, london, office); err == nil {
			t.Errorf("%q after closing: %+v", text, got)
		}
	}
}

func FuzzParseWhen(f *testing.F) {
	for _, text := range []string{"send Fri 9am", "in 1h30", "24 Dec 2026 14:30", "next week wed", "2026-12-24", "tomorrow", "3rd march", "2w"} {
		f.Add(text, int64(1781089200), uint8(0))
	}
	f.Add("9999-12-31 23:59", int64(253402300000), uint8(3))
	f.Fuzz(func(t *testing.T, text string, from int64, place uint8) {
		zone, err := LoadZone(places[int(place)%len(places)].zone)
		if err != nil {
			t.Fatal(err)
		}
		s := calendar(t, `{"zone":"Australia/Lord_Howe","hours":{"mon":["22:00-06:00"],"thu":["01:45-02:15"]}}`)
		start := time.Unix(min(max(from, minInstant), maxInstant), 0)
		for _, sched := range []*Schedule{nil, s} {
			when, err := ParseWhen(text, start, zone, sched)
			if err != nil {
				continue
			}
			if when.At.Before(start) || when.At.Sub(start) > horizon*time.Second {
				t.Fatalf("%q from %v is %v", text, start, when.At)
			}
			if when.Kind == WhenClock && !when.Wall.Instant(zone).At.Equal(when.At) {
				t.Fatalf("%q: %v does not lead to %v", text, when.Wall, when.At)
			}
			// Case and surrounding space mean nothing.
			if again, err := ParseWhen(" "+strings.ToUpper(text), start, zone, sched); len(text) < maxWish && (err != nil || again != when) {
				t.Fatalf("%q in capitals: %+v, %v", text, again, err)
			}
		}
	})
}
