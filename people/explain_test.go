package people

import (
	"testing"
	"time"

	"tidepost/scheduler"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := scheduler.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestCity(t *testing.T) {
	for in, want := range map[string]string{
		"Europe/London": "London", "America/New_York": "New York", "America/Argentina/Buenos_Aires": "Buenos Aires",
		"UTC": "UTC", "Etc/GMT+3": "UTC-3", "Etc/GMT-12": "UTC+12", "Etc/GMT": "UTC", "Etc/UTC": "UTC",
	} {
		if got := City(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	now := instant(t, "2026-11-23T10:00:00Z") // Monday
	tests := []struct{ name, at, zone, want string }{
		{"today", "2026-11-23T16:00:00Z", "Europe/London", "Mon 16:00"},
		{"earlier today", "2026-11-23T08:00:00Z", "Europe/London", "Mon 08:00"},
		{"tomorrow", "2026-11-24T09:00:00Z", "Europe/London", "Tue 09:00"},
		{"six days on", "2026-11-29T09:00:00Z", "Europe/London", "Sun 09:00"},
		{"a week on has its date", "2026-11-30T09:00:00Z", "Europe/London", "Mon 30 Nov 09:00"},
		{"yesterday has its date", "2026-11-22T09:00:00Z", "Europe/London", "Sun 22 Nov 09:00"},
		{"another year", "2027-02-01T09:00:00Z", "Europe/London", "Mon 1 Feb 2027 09:00"},
		{"the past year", "2025-11-24T09:00:00Z", "Europe/London", "Mon 24 Nov 2025 09:00"},
		{"another zone", "2026-11-23T22:00:00Z", "Australia/Sydney", "Tue 09:00"},
		{"the first pass of an hour", "2027-10-31T00:30:00Z", "Europe/London", "Sun 31 Oct 2027 01:30 (UTC+01:00)"},
		{"the second pass of an hour", "2027-10-31T01:30:00Z", "Europe/London", "Sun 31 Oct 2027 01:30 (UTC+00:00)"},
		{"after it", "2027-10-31T02:00:00Z", "Europe/London", "Sun 31 Oct 2027 02:00"},
		{"before it", "2027-10-30T23:59:00Z", "Europe/London", "Sun 31 Oct 2027 00:59"},
		{"no hour is skipped twice", "2027-03-28T01:00:00Z", "Europe/London", "Sun 28 Mar 2027 02:00"},
	}
	for _, tt := range tests {
		if got := Moment(instant(t, tt.at), zone(t, tt.zone), now); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	// Within a week over the turn of the year no year is needed.
	if got := Moment(instant(t, "2027-01-04T09:00:00Z"), time.UTC, instant(t, "2026-12-30T09:00:00Z")); got != "Mon 09:00" {
		t.Errorf("got %q", got)
	}
}

func TestBoth(t *testing.T) {
	now := instant(t, "2026-11-16T10:00:00Z")
	sydney, london, lisbon := zone(t, "Australia/Sydney"), zone(t, "Europe/London"), zone(t, "Europe/Lisbon")
	when := instant(t, "2026-11-23T22:00:00Z")
	if got, want := Both(when, sydney, london, now), "Tue 24 Nov 09:00 Sydney (Mon 23 Nov 22:00 London)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Both(when, lisbon, london, now), "Mon 23 Nov 22:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDayAndSpan(t *testing.T) {
	now := instant(t, "2026-11-23T10:00:00Z")
	if got := Day(instant(t, "2026-11-23T22:00:00Z"), zone(t, "Australia/Sydney"), now); got != "Tue 24 Nov" {
		t.Errorf("got %q", got)
	}
	if got := Day(instant(t, "2027-01-01T00:00:00Z"), time.UTC, now); got != "Fri 1 Jan 2027" {
		t.Errorf("got %q", got)
	}
	for d, want := range map[time.Duration]string{
		0: "less than a minute", -time.Hour: "less than a minute", 59 * time.Second: "less than a minute",
		time.Minute: "1 minute", 20*time.Minute + 59*time.Second: "20 minutes", time.Hour: "1 hour",
		90 * time.Minute: "1 hour 30 minutes", 24 * time.Hour: "1 day", 76*time.Hour + 5*time.Minute: "3 days 4 hours",
		48*time.Hour + 5*time.Minute: "2 days",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
