package gateway

import (
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// The letter comes once a week, when the admin's week begins, and names only who may need
// help; what cannot be sent is tried again.
func TestWeeklyLetter(t *testing.T) {
	d := desk(t)
	ctx := t.Context()
	up := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	cfg := d.Config
	cfg.Server.Admin, cfg.Server.WeeklyLetter, cfg.Alarm.Mode, cfg.Alarm.TLS = "admin@else.example", true, "smarthost", "none"
	cfg.Relay.TLS = "none"
	cfg.Alarm.Host, cfg.Alarm.Port = up.Addr()
	cfg.Relay.Host, cfg.Relay.Port = up.Addr()
	set := func(tx *store.Tx) error {
		for range 3 {
			if err := tx.CountPassage(store.PassageBypass, "Outlook", noon); err != nil {
				return err
			}
		}
		return tx.CountPassage(store.PassageHeld, "", noon)
	}
	if err := d.DB.Update(ctx, set); err != nil {
		t.Fatal(err)
	}
	edit := people.NewEditor(d.DB, cfg.Server.Domains, nil)
	if _, err := edit.Set(ctx, "ana@team.example", people.Request{Fields: map[people.Field]string{"second_address": "Admin@else.example"}}, noon); err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	d.hold(t, "a@team.example", d.at(t, "mei"))

	london, err := scheduler.LoadZone("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 30, 0, 0, 0, 0, london)
	seen := 0
	look := func(after time.Duration, want int) string {
		t.Helper()
		if err := d.gateway.weekly(ctx, monday.Add(after)); err != nil {
			t.Fatal(err)
		}
		if _, err := up.WaitFor(ctx, seen+want); err != nil {
			t.Fatal(err)
		}
		all := up.Delivered()
		if len(all) != seen+want {
			t.Fatalf("after %s: %d letters, want %d", after, len(all)-seen, want)
		}
		if seen = len(all); want == 0 {
			return ""
		}
		return strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(string(all[seen-1].Data))
	}
	look(8*time.Hour+59*time.Minute, 0)
	text := look(9*time.Hour, 1)
	for _, want := range []string{
		"To: admin@else.example", "Subject: Tidepost: the week of 23 November", "Auto-Submitted: auto-generated", "Monday 23 November to Sunday 29 November",
		"- 1 mail sent, 0 received; none came back", "- waiting now: 1 to leave", "- 3 mails went past Tidepost", "no backup is known", "ana@team.example", "server.weekly_letter = false",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "mei@") || strings.Contains(text, "Plan") || strings.Contains(text, "uestions") {
		t.Errorf("it says more than it should:\n%s", text)
	}
	look(9*time.Hour+5*time.Minute, 0)
	look(33*time.Hour, 0)

	week := 7 * 24 * time.Hour
	up.Script(testkit.Rule{Verb: "MAIL", Reply: "451 4.3.0 Not now"})
	if err := d.gateway.weekly(ctx, monday.Add(week+9*time.Hour)); err == nil {
		t.Error("a letter that was not taken is no error")
	}
	up.Reset()
	look(week+9*time.Hour+5*time.Minute, 1)
	look(2*week+17*time.Hour, 0) // The server was down on that Monday.
	look(2*week+34*time.Hour, 0)
}

// The week begins on its first working day.
func TestWeekBegins(t *testing.T) {
	c := people.DefaultProfile("Europe/London").Calendar
	c.Holidays = []scheduler.Holiday{{Date: scheduler.Date{Year: 2026, Month: 12, Day: 28}}}
	s, err := scheduler.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-12-21T08:59:59Z": false, "2026-12-21T09:00:00Z": true, "2026-12-21T16:59:59Z": true, "2026-12-21T17:00:00Z": false,
		"2026-12-22T09:00:00Z": false, "2026-12-27T10:00:00Z": false,
		"2026-12-28T09:00:00Z": false, "2026-12-29T09:00:00Z": true, "2026-12-30T09:00:00Z": false,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		monday, ok := weekBegins(s, now)
		if ok != want || monday.Weekday() != time.Monday || now.Before(scheduler.Wall{Date: monday}.Instant(s.Zone()).At) {
			t.Errorf("%s: %s, %v", at, monday, ok)
		}
	}
}
