package scheduler

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWallTimesAtChangesOfTheClocks(t *testing.T) {
	for _, tc := range []struct {
		zone, wall, want string
		gap, overlap     bool
	}{
		{"Australia/Lord_Howe", "2036-10-05T02:15:00", "2036-10-04T15:30:00Z", true, false},
		{"Australia/Lord_Howe", "2036-04-06T01:45:00", "2036-04-05T14:45:00Z", false, true},
		{"Pacific/Apia", "2011-12-30T00:00:00", "2011-12-30T10:00:00Z", true, false},
		{"Pacific/Apia", "2011-12-30T23:59:59", "2011-12-30T10:00:00Z", true, false},
		{"Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59Z", false, false},
		{"America/New_York", "2040-03-11T02:30:00", "2040-03-11T07:00:00Z", true, false},
		{"America/New_York", "2040-11-04T01:30:00", "2040-11-04T05:30:00Z", false, true},
		{"America/St_Johns", "2010-11-06T23:30:00", "2010-11-07T02:00:00Z", false, true},
		{"America/St_Johns", "2010-11-07T00:00:30", "2010-11-07T02:30:30Z", false, true},
		{"America/St_Johns", "2010-11-07T00:01:00", "2010-11-07T03:31:00Z", false, false},
		{"Antarctica/Troll", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z", true, false},
		{"Europe/London", "2040-12-31T23:59:59", "2040-12-31T23:59:59Z", false, false}, // leap year, beyond the tables
		{"Europe/London", "2041-01-01T00:00:00", "2041-01-01T00:00:00Z", false, false},
		{"America/New_York", "2040-12-31T12:00:00", "2040-12-31T17:00:00Z", false, false},
		{"UTC", "2038-01-19T03:14:08", "2038-01-19T03:14:08Z", false, false},
		{"Europe/Amsterdam", "1800-01-01T00:00:00", "1799-12-31T23:42:30Z", false, false}, // before all rules
	} {
		zone, err := LoadZone(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		w, err := ParseWall(tc.wall)
		if err != nil {
			t.Fatal(err)
		}
		got := w.Instant(zone)
		if tc.zone == "Europe/Amsterdam" {
			// Some releases make it a link to Brussels; any offset, but no gap.
			if got.Gap || got.Overlap || WallOf(got.At.In(zone)) != w {
				t.Errorf("%s %s = %+v", tc.zone, tc.wall, got)
			}
			continue
		}
		if form(got.At) != tc.want || got.Gap != tc.gap || got.Overlap != tc.overlap {
			t.Errorf("%s %s = %+v, want %s gap %v overlap %v", tc.zone, tc.wall, got, tc.want, tc.gap, tc.overlap)
		}
	}
}

func TestWallForm(t *testing.T) {
	var w Wall
	if err := w.UnmarshalText([]byte("2026-03-29T01:30:07")); err != nil {
		t.Fatal(err)
	}
	if text, _ := w.MarshalText(); string(text) != "2026-03-29T01:30:07" {
		t.Errorf("got %s", text)
	}
	for _, bad := range []string{"", "2026-03-29", "2026-03-29T01:30:07Z", "2026-03-29T24:00:00", "2026-03-29T01:30:07.5", "2026-02-30T01:00:00"} {
		if err := w.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken as %v", bad, w)
		}
	}
}

// What the clock shows leads back to the instant, unless an earlier instant
// showed the same; and what it skips leads to the first instant after.
func TestEveryShownWallTimeLeadsBack(t *testing.T) {
	zones := []string{"America/Havana", "Asia/Beirut", "Africa/Cairo", "Asia/Gaza", "Africa/Monrovia", "America/Caracas"}
	for _, p := range places {
		zones = append(zones, p.zone)
	}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := LoadZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		u := time.Unix(rapid.Int64Range(-3e9, 5e9).Draw(t, "instant"), 0)
		if rapid.Bool().Draw(t, "near a change") {
			if _, end := u.In(zone).ZoneBounds(); !end.IsZero() {
				u = time.Unix(end.Unix()+rapid.Int64Range(-8000, 8000).Draw(t, "beside"), 0)
			}
		}
		wall := WallOf(u.In(zone))
		r := wall.Instant(zone)
		if r.Gap || WallOf(r.At.In(zone)) != wall || r.At.After(u) {
			t.Fatalf("%s in %v: %+v", form(u.UTC()), zone, r)
		}
		if !r.At.Equal(u) && !r.Overlap {
			t.Fatalf("%s in %v: shown twice, but %+v", form(u.UTC()), zone, r)
		}
		// The second after it, if the clock jumps there.
		if next := WallOf(u.Add(time.Second).In(zone)); next.Second != (wall.Second+1)%60 || next.Minute != (wall.Minute+(wall.Second+1)/60)%60 {
			skipped := wall
			skipped.Second++
			if g := skipped.Instant(zone); g.Gap && !g.At.Equal(u.Add(time.Second)) {
				t.Fatalf("%v in %v: after the gap is %+v, want %s", skipped, zone, g, form(u.Add(time.Second).UTC()))
			}
		}
	})
}

func TestFarInstantsStayInBounds(t *testing.T) {
	s := calendar(t, `{"zone":"America/New_York","hours":{"mon":["09:00-17:00"]},"tides":["10:00"]}`)
	for _, u := range []time.Time{{}, time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), at(t, "2262-04-12T00:00:00Z")} {
		m := s.Arrival(u, time.Hour, 1<<62)
		if year := m.At.Year(); year < 0 || year > 10020 {
			t.Errorf("%v arrives in %d", u, year)
		}
		s.ReplyDue(u, Target{Days: 400}, []Promise{{Made: u, Time: u}, {Made: u, Date: Date{9999, 12, 31}}})
		s.NextChange(u, 4000)
	}
}
