package people

import (
	"encoding/json"
	"strings"
	"testing"

	"tidepost/scheduler"
)

func TestParseHours(t *testing.T) {
	tests := []struct{ in, json, back string }{
		{"mon-fri 09:00-17:00", `{"mon":["09:00-17:00"],"tue":["09:00-17:00"],"wed":["09:00-17:00"],"thu":["09:00-17:00"],"fri":["09:00-17:00"]}`, "mon-fri 09:00-17:00"},
		{"mon-fri 9-12:30 13:30-17; sat 10-12", "", "mon-fri 09:00-12:30 13:30-17:00; sat 10:00-12:00"},
		{" Monday,WED 8:15–12 ;; Sunday 22:00-06:00 ; ", `{"mon":["08:15-12:00"],"wed":["08:15-12:00"],"sun":["22:00-06:00"]}`, "mon 08:15-12:00; wed 08:15-12:00; sun 22:00-06:00"},
		{"fri-mon 18-24", `{"mon":["18:00-24:00"],"fri":["18:00-24:00"],"sat":["18:00-24:00"],"sun":["18:00-24:00"]}`, "mon 18:00-24:00; fri-sun 18:00-24:00"},
		{"daily 0-24", "", "mon-sun 00:00-24:00"},
		{"daily off", `{}`, "none"},
		{"", `{}`, "none"},
		{"none", `{}`, "none"},
	}
	for _, tt := range tests {
		week, err := ParseHours(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if js, _ := json.Marshal(week); tt.json != "" && string(js) != tt.json {
			t.Errorf("%q: got %s", tt.in, js)
		}
		if got := FormatHours(week); got != tt.back {
			t.Errorf("%q: written back as %q, want %q", tt.in, got, tt.back)
		}
	}
	for in, want := range map[string]string{
		"9-17":                  `"9" is not a weekday`,
		"mo 9-17":               `"mo" is not a weekday`,
		"mon":                   "hours are missing",
		"mon 9":                 `"9" is not from-to`,
		"mon 9-25":              `"25" is not a time of day`,
		"mon 9:5-10":            `"9:5" is not a time of day`,
		"mon 9-9":               "equal",
		"mon 24-8":              "start",
		"mon 9-17; mon-wed 1-2": "mon stands twice",
		"mon,mon 9-17":          "mon stands twice",
		"mon- 9-17":             `"" is not a weekday`,
		"mon 009-17":            `"009"`,
		"mon -9-17":             `""`,
		"mon 9:60-17":           `"9:60"`,
	} {
		if _, err := ParseHours(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
	if _, err := ParseHours(strings.Repeat("mon 9-17;", 10_000)); err == nil {
		t.Error("a huge text was accepted")
	}
}

func TestParseLeave(t *testing.T) {
	for in, back := range map[string]string{
		"2026-12-24..2027-01-02":                               "2026-12-24..2027-01-02",
		"2026-12-24":                                           "2026-12-24",
		"2026-12-24..2026-12-24":                               "2026-12-24",
		"2026-12-24T12:00:00Z..2026-12-24T18:00:00Z":           "2026-12-24T12:00:00Z..2026-12-24T18:00:00Z",
		"2026-12-24T12:00:00+01:00..2026-12-24T18:00:00+01:00": "2026-12-24T11:00:00Z..2026-12-24T17:00:00Z",
	} {
		l, err := ParseLeave(in)
		if err != nil || FormatLeave(l) != back {
			t.Errorf("%q: got %q, %v", in, FormatLeave(l), err)
		}
	}
	for _, in := range []string{"", "..", "2026-12-24..", "2027-01-02..2026-12-24", "2026-02-30", "2026-12-24T12:00:00Z",
		"2026-12-24T12:00:00Z..2026-12-25", "2026-12-24T12:00:00..2026-12-24T18:00:00", "2026-12-24T18:00:00Z..2026-12-24T12:00:00Z", "24.12.2026"} {
		if l, err := ParseLeave(in); err == nil {
			t.Errorf("%q: got %v, want an error", in, l)
		}
	}
}

func TestParseHoliday(t *testing.T) {
	for _, in := range []string{"2026-12-24", "2026-12-24=09:00-12:00", "2026-12-24=09:00-12:00+13:00-14:30"} {
		h, err := ParseHoliday(in)
		if err != nil || FormatHoliday(h) != in {
			t.Errorf("%q: got %q, %v", in, FormatHoliday(h), err)
		}
	}
	for _, in := range []string{"", "gb", "2026-12-32", "2026-12-24=", "2026-12-24=9"} {
		if _, err := ParseHoliday(in); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
}

func TestParseTides(t *testing.T) {
	for in, back := range map[string]string{
		"9 13:00, 16": "09:00 13:00 16:00", "Opening 13 13": "opening 13:00", "default": "default", "none": "none", "": "none",
	} {
		got, err := ParseTides(in)
		if err != nil || FormatTides(got) != back {
			t.Errorf("%q: got %q, %v", in, FormatTides(got), err)
		}
	}
	for _, in := range []string{"24:00", "noon", "9 default", "9 none", "9-12"} {
		if _, err := ParseTides(in); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
	if _, err := ParseTides(strings.Repeat(" ", maxHuman+1)); err == nil {
		t.Error("a huge text was accepted")
	}
}

func FuzzHours(f *testing.F) {
	for _, s := range []string{"mon-fri 09:00-12:30 13:30-17:00; sat 10:00-12:00", "daily 22:00-06:00", "fri-mon,wed 9-17", "mon 9–17", "none"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		week, err := ParseHours(s)
		if err != nil {
			return
		}
		if err := (scheduler.Calendar{Zone: "UTC", Hours: week}).Validate(); err != nil && !strings.Contains(err.Error(), "more than") {
			t.Fatalf("%q gives hours that are not valid: %v", s, err)
		}
		again, err := ParseHours(FormatHours(week))
		if err != nil || FormatHours(again) != FormatHours(week) {
			t.Fatalf("%q is written back as %q, which gives %q, %v", s, FormatHours(week), FormatHours(again), err)
		}
	})
}
