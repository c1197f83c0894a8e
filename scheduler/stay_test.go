package scheduler

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func zoneOf(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func weekdaysNineToFive() Week {
	var w Week
	for d := time.Monday; d <= time.Friday; d++ {
		w[d] = []Interval{{9 * 60, 17 * 60}}
	}
	return w
}

// The hours of a day follow the zone the person is in on that day, whichever way they
// travel and whatever summer time does meanwhile.
func TestStayMovesTheHours(t *testing.T) {
	zones := []string{"Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "Australia/Lord_Howe"}
	rapid.Check(t, func(t *rapid.T) {
		home, away := rapid.SampledFrom(zones).Draw(t, "home"), rapid.SampledFrom(zones).Draw(t, "away")
		first := Date{2026, 1, 5}.AddDays(rapid.IntRange(0, 700).Draw(t, "first"))
		last := first.AddDays(rapid.IntRange(0, 60).Draw(t, "days"))
		c := Calendar{Zone: home, Hours: weekdaysNineToFive(), Stays: []Stay{{away, first, last}}}
		s, err := Compile(c)
		if err != nil {
			t.Fatal(err)
		}
		for d := first.AddDays(-4); !last.AddDays(4).Before(d); d = d.AddDays(1) {
			inside := !d.Before(first) && !last.Before(d)
			near := !inside && !d.Before(first.AddDays(-2)) && !last.AddDays(2).Before(d) // The traveller loses or wins hours there.
			if near {
				continue
			}
			zone := home
			if inside {
				zone = away
			}
			for _, hour := range []int{9, 12, 16} {
				want := Wall{Date: d, Hour: hour}.Instant(zoneOf(t, zone)).At
				if got := (Wall{Date: d, Hour: hour}).Instant(s.Zone()).At; !got.Equal(want) {
					t.Fatalf("%s %02d:00, at home in %s, %s to %s in %s: %s, want %s", d, hour, home, first, last, away, got, want)
				}
				if got := ZoneNameAt(s.Zone(), want); got != zone {
					t.Fatalf("%s: in %s, want %s", want, got, zone)
				}
				weekday := d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
				if s.Working(want.Add(time.Minute)) != weekday {
					t.Fatalf("%s in %s: working %v", want, zone, !weekday)
				}
			}
		}
		if got, want := s.Zone().String() == home, false; got != want {
			t.Fatal("the clock is that of home alone")
		}
	})
}

// No instant is worked twice, and time goes on, where the clock changes place.
func TestStaySegmentsAscend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zones := []string{"Europe/London", "America/New_York", "Australia/Sydney", "Asia/Tokyo"}
		c := Calendar{Zone: "Europe/Berlin", Hours: weekdaysNineToFive()}
		d := Date{2026, 2, 2}
		for range rapid.IntRange(1, 5).Draw(t, "stays") {
			d = d.AddDays(rapid.IntRange(1, 9).Draw(t, "gap"))
			s := Stay{rapid.SampledFrom(zones).Draw(t, "zone"), d, d.AddDays(rapid.IntRange(0, 12).Draw(t, "long"))}
			c.Stays = append(c.Stays, s)
			d = s.Last
		}
		s, err := Compile(c)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
		for range 400 {
			next, ok := s.NextOpening(at)
			if !ok || next.Before(at) {
				t.Fatalf("after %s comes %s", at, next)
			}
			at = next.Add(37 * time.Minute)
		}
	})
}

func TestStayIsNoChangeOfClocks(t *testing.T) {
	c := Calendar{Zone: "Europe/London", Hours: weekdaysNineToFive(), Stays: []Stay{{"Asia/Tokyo", Date{2026, 3, 2}, Date{2026, 3, 6}}}}
	s, err := Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	if ch, ok := s.NextChange(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 14); ok {
		t.Errorf("a change: %v", ch)
	}
	if ch, ok := s.NextChange(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 40); !ok || DateOf(ch.At) != (Date{2026, 3, 29}) {
		t.Errorf("summer time of London: %v %v", ch, ok)
	}
}

func TestStaysInOrder(t *testing.T) {
	list := WithStay(nil, Stay{"Europe/Berlin", Date{2026, 3, 2}, Date{2026, 3, 20}})
	list = WithStay(list, Stay{"Asia/Tokyo", Date{2026, 3, 9}, Date{2026, 3, 11}})
	want := []Stay{{"Europe/Berlin", Date{2026, 3, 2}, Date{2026, 3, 8}}, {"Asia/Tokyo", Date{2026, 3, 9}, Date{2026, 3, 11}}, {"Europe/Berlin", Date{2026, 3, 12}, Date{2026, 3, 20}}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	data, err := json.Marshal(Calendar{Zone: "Europe/London", Stays: list})
	if err != nil {
		t.Fatal(err)
	}
	var back Calendar
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back.Stays); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][]Stay{{{"Nowhere/Land", Date{2026, 3, 2}, Date{2026, 3, 3}}}, {{"Asia/Tokyo", Date{2026, 3, 4}, Date{2026, 3, 3}}}, {list[1], list[1]}, {list[1], list[0]}} {
		if (Calendar{Zone: "Europe/London", Stays: bad}).Validate() == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
