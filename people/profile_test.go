package people

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/scheduler"
)

func clockList(list []scheduler.Clock) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.String()
	}
	return strings.Join(words, " ")
}

func TestTides(t *testing.T) {
	tests := []struct{ name, hours, tides, want string }{
		{"the default", "mon-fri 09:00-17:00", "default", "09:00 13:00 16:00"},
		{"an early worker", "mon-fri 06:00-14:00", "default", "06:00 13:00"},
		{"a night worker", "mon-fri 22:00-06:00", "default", "02:00 22:00"},
		{"a late shift", "mon-fri 14:00-22:00", "default", "14:00 16:00"},
		{"an odd middle is rounded to the half hour", "mon-fri 07:10-10:00", "default", "07:10 08:30"},
		{"different openings", "mon 09:00-17:00; tue-fri 10:00-17:00", "default", "09:00 10:00 13:00 16:00"},
		{"breaks do not matter", "mon-fri 09:00-12:30 13:30-17:00", "default", "09:00 13:00 16:00"},
		{"opening and times", "mon-fri 08:00-16:00", "opening 12:00 8", "08:00 12:00"},
		{"around the clock", "daily 00:00-24:00", "default", "00:00 13:00 16:00"},
		{"no hours", "none", "default", ""},
		{"no tides", "mon-fri 09:00-17:00", "none", ""},
	}
	for _, tt := range tests {
		week, err := ParseHours(tt.hours)
		if err != nil {
			t.Fatal(err)
		}
		tides, err := ParseTides(tt.tides)
		if err != nil {
			t.Fatal(err)
		}
		p := Profile{Calendar: scheduler.Calendar{Zone: "UTC", Hours: week}, Tides: tides}
		got, err := p.clocks()
		if err != nil || clockList(got) != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, clockList(got), err, tt.want)
		}
	}
}

func TestProfileRoundTrip(t *testing.T) {
	budget := 3
	p := DefaultProfile("Europe/London")
	p.HolidayCountries = []string{"gb", "de-by"}
	p.Calendar.Leave = []scheduler.Leave{{First: scheduler.Date{Year: 2026, Month: 12, Day: 24}, Last: scheduler.Date{Year: 2027, Month: 1, Day: 2}}}
	p.Phone, p.Hold, p.Batch, p.Coach, p.Style, p.UrgentBudget = "+44 1", On, Off, DryRun, StyleQuiet, &budget
	p.Cover, p.Pass, p.UrgentFrom = "tom@team.example", []string{"@x.example"}, []string{"a@y.example"}
	p.FirstDigestAt = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeProfile(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, got); d != "" {
		t.Error(d)
	}
	if s := string(data); !strings.HasPrefix(s, `{"version":1,"calendar":{"zone":"Europe/London","hours":{"mon":["09:00-17:00"]`) {
		t.Errorf("stored form %s", s)
	}
}

func TestDecodeProfileRefuses(t *testing.T) {
	for file, want := range map[string]string{
		``:              "read profile",
		`{}`:            "version 0",
		`{"version":2}`: "version 2",
		`{"version":1}`: "zone",
		`{"version":1,"calendar":{"zone":"Local"}}`:                           "zone",
		`{"version":1,"calendar":{"zone":"UTC"},"tides":["25:00"]}`:           "tides",
		`{"version":1,"calendar":{"zone":"UTC"},"tides":["24:00"]}`:           "tides",
		`{"version":1,"calendar":{"zone":"UTC"},"tides":["default","09:00"]}`: "alone",
		`{"version":1,"calendar":{"zone":"UTC"},"hold":"yes"}`:                `hold: "yes"`,
		`{"version":1,"calendar":{"zone":"UTC"},"style":"loud"}`:              `style: "loud"`,
		`{"version":1,"calendar":{"zone":"UTC"},"digests":"hourly"}`:          `digests: "hourly"`,
		`{"version":1,"calendar":{"zone":"UTC"},"urgent_budget":-1}`:          "urgent budget",
	} {
		if _, err := DecodeProfile([]byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", file, err, want)
		}
	}
	// A country that is no longer known costs its holidays, not the profile.
	p, err := DecodeProfile([]byte(`{"version":1,"calendar":{"zone":"UTC"},"holiday_countries":["xx"]}`))
	if err != nil || len(p.calendarAround(2026).Holidays) != 0 {
		t.Errorf("got %v, %v", p, err)
	}
	if err := p.Validate(); err == nil {
		t.Error("an unknown country was accepted for storing")
	}
}

func TestSwitchOr(t *testing.T) {
	if Team.Or(On) != On || Off.Or(On) != Off || DryRun.Or(Off) != DryRun {
		t.Error("a person's switch goes before the team's, and only if it is set")
	}
}

func TestCountryHolidays(t *testing.T) {
	tests := []struct {
		name, code string
		year       int
		has, hasNo []string
	}{
		{"England: substitute days and Easter", "gb", 2027, []string{"2027-01-01", "2027-03-26", "2027-03-29", "2027-12-27", "2027-12-28"}, []string{"2027-12-29"}},
		{"the United States: New Year on a Saturday is observed in the old year", "us", 2027, []string{"2027-12-31", "2027-07-05", "2027-11-25"}, nil},
		{"and not in the new one only", "us", 2028, []string{"2028-01-01"}, []string{"2028-12-31"}},
		{"Bavaria has more than Germany", "de-by", 2026, []string{"2026-01-06", "2026-10-03"}, nil},
		{"Germany as a whole has no Epiphany", "de", 2026, []string{"2026-10-03"}, []string{"2026-01-06"}},
		{"New South Wales", "au-nsw", 2026, []string{"2026-01-26"}, nil},
		{"an unknown country has none", "xx", 2026, nil, []string{"2026-01-01"}},
		{"nor has a far year", "gb", 9999, nil, []string{"9999-12-25"}},
	}
	for _, tt := range tests {
		var got []string
		for _, d := range CountryHolidays(tt.code, tt.year) {
			got = append(got, d.String())
			if d.Year != tt.year {
				t.Errorf("%s: %s is in another year", tt.name, d)
			}
		}
		if !slices.IsSorted(got) {
			t.Errorf("%s: not in order: %v", tt.name, got)
		}
		for _, d := range tt.has {
			if !slices.Contains(got, d) {
				t.Errorf("%s: no %s in %v", tt.name, d, got)
			}
		}
		for _, d := range tt.hasNo {
			if slices.Contains(got, d) {
				t.Errorf("%s: %s in %v", tt.name, d, got)
			}
		}
	}
}

func TestEveryCountryHasHolidays(t *testing.T) {
	if len(Countries()) < 80 {
		t.Errorf("%d countries and regions", len(Countries()))
	}
	for _, code := range Countries() {
		if err := CheckCountry(code); err != nil {
			t.Error(err)
		}
		for year := 2025; year <= 2032; year++ {
			if n := len(CountryHolidays(code, year)); n < 5 || n > 40 {
				t.Errorf("%s has %d holidays in %d", code, n, year)
			}
		}
	}
}

func TestCheckCountry(t *testing.T) {
	for code, want := range map[string]string{
		"in":     `holidays of "in" are not known; take them from an .ics file of that country; known are ar, at, be,`,
		"au":     `of au there are au-act, au-nsw`,
		"de-xx":  `of de there are de, de-bb`,
		"GB":     `not known`,
		"gb-sct": `not known`,
		"":       `not known`,
	} {
		if err := CheckCountry(code); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ".ics") {
			t.Errorf("%q: got %v", code, err)
		}
	}
}
