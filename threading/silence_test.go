package threading_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/scheduler"
	"tidepost/threading"
)

func TestSilenceDecides(t *testing.T) {
	utc := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	const (
		london  = "mei Europe/London mon-fri 09:00-17:00"
		sydney  = "ana Australia/Sydney mon-fri 09:00-17:00" // UTC+11
		away    = "tom Europe/London mon-fri 09:00-17:00, leave 2026-11-23..2026-11-27"
		leaving = "kim Europe/London mon-fri 09:00-17:00, leave 2026-11-24..2026-11-27"
		later   = "lea Europe/London mon-fri 09:00-17:00, leave 2026-11-25..2026-11-27"
		never   = "zoe Europe/London off 2026-12-25"
	)
	type reader struct {
		line string
		got  time.Time
	}
	tests := []struct {
		name    string
		stated  time.Time
		readers []reader
		want    threading.Silence
	}{
		{"the stated time, if all had a working day", utc(25, 12), []reader{{london, utc(23, 9)}}, threading.Silence{Ends: utc(25, 12), OK: true}},
		{"a working day after the last reader, if that is later", utc(24, 12), []reader{{london, utc(23, 9)}, {sydney, utc(23, 22)}}, threading.Silence{Ends: utc(24, 22), OK: true}},
		{"in the reader's days", utc(23, 12), []reader{{sydney, utc(26, 23)}}, threading.Silence{Ends: utc(29, 23), OK: true}},
		{"without a stated time", time.Time{}, []reader{{london, utc(23, 9)}}, threading.Silence{Ends: utc(24, 9), OK: true}},
		{"it waits for who has not got it", utc(25, 12), []reader{{london, utc(23, 9)}, {sydney, time.Time{}}}, threading.Silence{}},
		{"who is on leave is not asked", utc(25, 12), []reader{{london, utc(23, 9)}, {away, time.Time{}}}, threading.Silence{Ends: utc(25, 12), OK: true, Away: []string{"tom"}}},
		{"nor who got it on leave", utc(25, 12), []reader{{london, utc(23, 9)}, {away, utc(23, 9)}}, threading.Silence{Ends: utc(25, 12), OK: true, Away: []string{"tom"}}},
		{"nor who leaves before the day is over", utc(25, 12), []reader{{london, utc(23, 9)}, {leaving, utc(23, 15)}}, threading.Silence{Ends: utc(25, 12), OK: true, Away: []string{"kim"}}},
		{"who leaves afterwards was asked", utc(24, 9), []reader{{later, utc(23, 15)}}, threading.Silence{Ends: utc(24, 15), OK: true}},
		{"silence of nobody decides nothing", utc(25, 12), []reader{{away, utc(23, 9)}}, threading.Silence{Away: []string{"tom"}}},
		{"who never works cannot be asked", utc(25, 12), []reader{{london, utc(23, 9)}, {never, utc(23, 9)}}, threading.Silence{Ends: utc(25, 12), OK: true, Away: []string{"zoe"}}},
		{"no readers", utc(25, 12), nil, threading.Silence{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var readers []threading.Reader
			for _, r := range tt.readers {
				name, schedule := compile(t, r.line)
				readers = append(readers, threading.Reader{Name: name, Schedule: schedule, Got: r.got})
			}
			if diff := cmp.Diff(tt.want, threading.Until(tt.stated, readers, utc(23, 10))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Nobody who was asked is overruled in less than a working day, and the stated time
// is never cut short.
func TestSilenceIsFair(t *testing.T) {
	var schedules []*scheduler.Schedule
	for _, c := range calendars {
		_, s := compile(t, c)
		schedules = append(schedules, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		var readers []threading.Reader
		for range rapid.IntRange(0, 4).Draw(t, "readers") {
			readers = append(readers, threading.Reader{Name: "x", Schedule: rapid.SampledFrom(schedules).Draw(t, "schedule"),
				Got: start.Add(time.Duration(rapid.IntRange(0, 14*24).Draw(t, "got")) * time.Hour)})
		}
		stated := start.Add(time.Duration(rapid.IntRange(-24, 14*24).Draw(t, "stated")) * time.Hour)
		s := threading.Until(stated, readers, start)
		if s.OK != (len(s.Away) < len(readers)) || s.OK && s.Ends.Before(stated) {
			t.Fatalf("%+v of %d readers, stated %v", s, len(readers), stated)
		}
		early := 0
		for _, r := range readers {
			if day, ok := r.Schedule.DueDays(r.Got, 1); s.OK && (!ok || s.Ends.Before(day)) {
				early++
			}
		}
		if s.OK && early > len(s.Away) {
			t.Fatalf("%d readers had less than a day, only %d are away", early, len(s.Away))
		}
	})
}
