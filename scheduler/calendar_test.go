package scheduler

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCalendarKeepsItsJSONForm(t *testing.T) {
	const form = `{"zone":"Europe/London","hours":{"mon":["09:00-12:30","13:30-17:00"],"sun":["22:00-24:00"]},` +
		`"holidays":[{"date":"2026-12-25"},{"date":"2026-12-24","hours":["09:00-12:00"]}],` +
		`"leave":[{"from":"2026-06-08","to":"2026-06-16"},{"from":"2026-06-10T10:00:00Z","to":"2026-06-10T12:00:00Z"}],` +
		`"tides":["09:30","13:00"],"focus":{"wed":["10:00-12:00"]},"office_hours":{"fri":["23:00-01:00"]}}`
	var c Calendar
	if err := json.Unmarshal([]byte(form), &c); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(form, string(back)); diff != "" {
		t.Errorf("form changed (-want +got):\n%s", diff)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("validate: %v", err)
	}
	if got := c.Hours[time.Monday][1]; got != (Interval{810, 1020}) {
		t.Errorf("second interval of Monday = %v", got)
	}
}

func TestEmptyCalendarHasAShortForm(t *testing.T) {
	got, err := json.Marshal(Calendar{Zone: "UTC"})
	if err != nil || string(got) != `{"zone":"UTC"}` {
		t.Errorf("got %s, %v", got, err)
	}
	var c Calendar
	if err := json.Unmarshal([]byte(`{"zone":"UTC","hours":null,"leave":null}`), &c); err != nil {
		t.Errorf("null is not taken as missing: %v", err)
	}
}

func TestBadJSONNamesTheKey(t *testing.T) {
	for form, want := range map[string]string{
		`{"zone":"UTC","hour":{}}`:        `unknown key "hour"`,
		`{"zone":5}`:                      `zone: `,
		`[]`:                              `cannot unmarshal array`,
		`{"hours":[]}`:                    `hours: want a map of weekdays`,
		`{"hours":{"monday":[]}}`:         `hours: unknown weekday "monday"`,
		`{"hours":{"mon":"09:00-17:00"}}`: `hours.mon: want a list`,
		`{"hours":{"mon":["09:00-12:00","9-5"]}}`:                       `hours.mon[1]: "9-5": "9" is not a time of day`,
		`{"focus":{"tue":["09:00"]}}`:                                   `focus.tue[0]: "09:00" is not an interval`,
		`{"focus":{"tue":["09:00-25:00"]}}`:                             `focus.tue[0]: "09:00-25:00": "25:00" is not a time of day`,
		`{"office_hours":{"tue":["09:00-09:00"]}}`:                      `office_hours.tue[0]: "09:00-09:00": start and end are equal`,
		`{"hours":{"mon":["24:00-09:00"]}}`:                             `hours.mon[0]: "24:00-09:00": start is not within the day`,
		`{"holidays":{}}`:                                               `holidays: `,
		`{"holidays":[{"date":"2026-02-30"}]}`:                          `holidays[0]: date: "2026-02-30" is not a date`,
		`{"holidays":[{"date":"2026-02-03"},{"hours":[]}]}`:             `holidays[1]: date is missing`,
		`{"holidays":[{"date":"2026-02-03","hours":["x"]}]}`:            `holidays[0]: hours[0]: "x" is not an interval`,
		`{"holidays":[{"date":"2026-02-03","name":"x"}]}`:               `holidays[0]: unknown key "name"`,
		`{"leave":[{"from":"2026-02-03","to":"2026-02-03T10:00:00Z"}]}`: `leave[0]: from: "2026-02-03" is not an instant like to`,
		`{"leave":[{"from":"2026-02-03T10:00:00Z","to":"2026-02-03"}]}`: `leave[0]: to: "2026-02-03" is not an instant like from`,
		`{"leave":[{"from":"2026-02-03"}]}`:                             `leave[0]: to: "" is not a date`,
		`{"leave":[{"from":"x","to":"2026-02-03"}]}`:                    `leave[0]: from: "x" is not a date`,
		`{"leave":[{"from":7,"to":"2026-02-03"}]}`:                      `leave[0]: from: `,
		`{"tides":["9:30"]}`:                                            `tides[0]: "9:30" is not a time of day`,
		`{"tides":["0a:30"]}`:                                           `tides[0]: "0a:30" is not a time of day`,
	} {
		var c Calendar
		err := json.Unmarshal([]byte(form), &c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", form, err, want)
		}
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	day := Date{2026, 6, 10}
	now := time.Date(2026, 6, 10, 9, 0, 0, 0, time.UTC)
	week := func(iv Interval) (w Week) { w[1] = []Interval{{540, 600}, iv}; return w }
	utc := func() (c Calendar) {
		c.Zone = "UTC"
		return c
	}
	tooMany := utc()
	tooMany.Leave = make([]Leave, maxLeave+1)
	tooManyTides := utc()
	tooManyTides.Tides = make([]Clock, maxTides+1)
	tooManyHolidays := utc()
	tooManyHolidays.Holidays = make([]Holiday, maxHolidays+1)
	tooManyIntervals := utc()
	tooManyIntervals.Hours[2] = make([]Interval, maxIntervals+1)
	for _, tc := range []struct {
		c    Calendar
		want string
	}{
		{Calendar{}, `zone: "" is not a time zone name`},
		{Calendar{Zone: "EST"}, `zone: "EST" is not a time zone name`},
		{Calendar{Zone: "UTC", Hours: week(Interval{600, 1441})}, `hours.mon[1]: "10:00-24:01": end is not within the day`},
		{Calendar{Zone: "UTC", Focus: week(Interval{-1, 5})}, `focus.mon[1]: `},
		{Calendar{Zone: "UTC", OfficeHours: week(Interval{5, 5})}, `office_hours.mon[1]: `},
		{Calendar{Zone: "UTC", Holidays: []Holiday{{Date: day}, {Date: day}}}, `holidays[1].date: 2026-06-10 is listed twice`},
		{Calendar{Zone: "UTC", Holidays: []Holiday{{Date: Date{2026, 2, 29}}}}, `holidays[0].date: 2026-02-29 does not exist`},
		{Calendar{Zone: "UTC", Holidays: []Holiday{{day, []Interval{{5, 5}}}}}, `holidays[0].hours[0]: `},
		{Calendar{Zone: "UTC", Leave: []Leave{{}}}, `leave[0]: want either two dates or two instants`},
		{Calendar{Zone: "UTC", Leave: []Leave{{First: day, Last: day, From: now, To: now}}}, `leave[0]: want either`},
		{Calendar{Zone: "UTC", Leave: []Leave{{First: day}}}, `leave[0]: 2026-06-10 to 0000-00-00: a date does not exist`},
		{Calendar{Zone: "UTC", Leave: []Leave{{First: day, Last: day.AddDays(-1)}}}, `leave[0]: to lies before from`},
		{Calendar{Zone: "UTC", Leave: []Leave{{From: now, To: now.Add(-1)}}}, `leave[0]: to lies before from`},
		{Calendar{Zone: "UTC", Tides: []Clock{540, 1440}}, `tides[1]: "24:00" is not a time of day`},
		{tooMany, `leave: 1001 entries are more than 1000`},
		{tooManyTides, `tides: 97 are more than 96`},
		{tooManyHolidays, `holidays: 5001 entries are more than 5000`},
		{tooManyIntervals, `hours.tue: 97 intervals are more than 96`},
	} {
		err := tc.c.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("got  %v\nwant %s", err, tc.want)
		}
		if _, err := Compile(tc.c); err == nil {
			t.Errorf("compiled in spite of %s", tc.want)
		}
	}
}

// Week reads its intervals itself; other forms, such as TOML, use the text.
func TestIntervalsAsText(t *testing.T) {
	var iv Interval
	if err := iv.UnmarshalText([]byte("22:00-06:00")); err != nil || iv != (Interval{1320, 360}) {
		t.Errorf("got %v, %v", iv, err)
	}
	if err := iv.UnmarshalText([]byte("22:00-22:00")); err == nil {
		t.Errorf("an empty interval is taken as %v", iv)
	}
}

func TestDates(t *testing.T) {
	d, err := ParseDate("2028-02-29")
	if err != nil || d.Weekday() != time.Tuesday || d.AddDays(1).String() != "2028-03-01" {
		t.Errorf("got %v, %v, %v", d, d.Weekday(), err)
	}
	for _, bad := range []string{"", "2027-02-29", "0000-01-01", "2026-6-1", "26-06-01"} {
		if d, err := ParseDate(bad); err == nil {
			t.Errorf("%q is taken as %v", bad, d)
		}
	}
	old := Date{1, 1, 1}
	if old.Weekday() != time.Monday || !old.Before(d) || dateOfNumber(old.number()) != old {
		t.Errorf("the first day is a %v, number %d", old.Weekday(), old.number())
	}
}

func TestTargetsKeepTheirJSONForm(t *testing.T) {
	for form, want := range map[string]Target{
		`{"minutes":90}`: {Working: 90 * time.Minute},
		`{"days":2}`:     {Days: 2},
		`{"minutes":0}`:  {},
	} {
		var got Target
		if err := json.Unmarshal([]byte(form), &got); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", form, got, err)
		}
		if back, err := json.Marshal(want); err != nil || string(back) != form {
			t.Errorf("%+v: got %s, %v", want, back, err)
		}
	}
	for _, bad := range []string{`{}`, `{"days":1,"minutes":1}`, `{"days":-1}`, `{"days":1000001}`, `{"minutes":-1}`,
		`{"minutes":9999999}`, `{"hours":1}`, `{"days":"x"}`, `{"minutes":1.5}`} {
		var got Target
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is taken as %+v", bad, got)
		}
	}
}

func FuzzCalendarJSON(f *testing.F) {
	f.Add(`{"zone":"Europe/London","hours":{"mon":["22:00-06:00"]},"leave":[{"from":"2026-06-08","to":"2026-06-16"}]}`)
	f.Add(`{"zone":"Pacific/Apia","holidays":[{"date":"2011-12-30","hours":["09:00-24:00"]}],"tides":["00:00"]}`)
	f.Add(`{"zone":"UTC","focus":{"sun":["00:00-24:00"]},"leave":[{"from":"0001-01-01","to":"9999-12-31"}]}`)
	now := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, form string) {
		var c Calendar
		if len(form) > 4096 || json.Unmarshal([]byte(form), &c) != nil {
			return
		}
		s, err := Compile(c)
		if (err == nil) != (c.Validate() == nil) {
			t.Fatalf("compile and validate differ: %v", err)
		}
		if err != nil {
			return
		}
		if m := s.Arrival(now, 0, 5*24*time.Hour); m.At.Before(now) {
			t.Fatalf("arrives at %v, before %v", m.At, now)
		}
		s.ReplyDue(now, Target{Days: 3}, nil)
		back, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again Calendar
		if err := json.Unmarshal(back, &again); err != nil {
			t.Fatalf("own form %s: %v", back, err)
		}
	})
}
