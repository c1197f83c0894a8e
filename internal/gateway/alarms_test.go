package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/relay"
)

// An office is an admin who gets alarms by two routes.
type office struct {
	*alarmer
	bad      []trouble
	down     map[string]bool // routes that do not work
	got      []string        // "route: subject"
	lastText string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{down: map[string]bool{}}
	send := func(name string) route {
		return route{name, func(_ context.Context, job relay.Job) []relay.Result {
			if o.down[name] {
				return []relay.Result{{Trouble: relay.TroubleConnect}}
			}
			r, err := job.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var text strings.Builder
			buf := make([]byte, 1000)
			for n, err := r.Read(buf); n > 0 || err == nil; n, err = r.Read(buf) {
				text.Write(buf[:n])
			}
			head, _ := mail.SplitHead([]byte(text.String()))
			if int64(text.Len()) != job.Size || !job.From.IsNull() || job.Recipients[0].Address.String() != "admin@else.example" {
				t.Errorf("job %+v of %d octets", job, text.Len())
			}
			o.got = append(o.got, name+": "+mail.ParseHeader(head).Text("Subject"))
			o.lastText = text.String()
			return []relay.Result{{Delivered: true}}
		}}
	}
	o.alarmer = &alarmer{
		to: mail.Mailbox{Address: mail.Address{Local: "admin", Domain: "else.example"}}, from: mail.Address{Local: "tidepost", Domain: "team.example"},
		host: "mx.team.example", routes: []route{send("alarm"), send("relay")}, log: slog.New(slog.DiscardHandler),
		look:   func(context.Context, time.Time) []trouble { return o.bad },
		raised: make(chan struct{}, 1), known: map[string]*trouble{}, told: map[string]time.Time{},
	}
	return o
}

// expect makes a step and compares what the admin got by it.
func (o *office) expect(t *testing.T, after time.Duration, want ...string) {
	t.Helper()
	o.got = nil
	o.step(context.Background(), t0.Add(after))
	if strings.Join(o.got, "; ") != strings.Join(want, "; ") {
		t.Errorf("after %s the admin got %q, want %q", after, o.got, want)
	}
}

func TestAdminIsToldOnce(t *testing.T) {
	o := newOffice(t)
	o.expect(t, 0)
	o.bad = []trouble{{name: "disk", detail: "the reserve is reached"}}
	o.expect(t, time.Minute, "alarm: Tidepost on mx.team.example: disk")
	if !strings.Contains(o.lastText, "disk, since Mon 23 Nov 09:01 UTC: the reserve is reached") || !strings.Contains(o.lastText, "Auto-Submitted: auto-generated") {
		t.Errorf("the letter\n%s", o.lastText)
	}
	o.expect(t, 2*time.Minute)
	o.bad = append(o.bad, trouble{name: "tides", detail: "late"})
	o.expect(t, 3*time.Minute, "alarm: Tidepost on mx.team.example: tides")
	o.bad = o.bad[1:]
	o.expect(t, 4*time.Minute, "alarm: Tidepost on mx.team.example: disk is well again")
	// What comes and goes is told once an hour.
	o.bad = append(o.bad, trouble{name: "disk"})
	o.expect(t, 5*time.Minute)
	o.bad = o.bad[:1]
	o.expect(t, 6*time.Minute)
	o.bad = append(o.bad, trouble{name: "disk"})
	o.expect(t, 7*time.Minute)
	o.expect(t, 62*time.Minute, "alarm: Tidepost on mx.team.example: disk")
	o.bad = nil
	o.expect(t, 63*time.Minute, "alarm: Tidepost on mx.team.example: tides is well again, disk is well again")
}

func TestAlarmsOfOthers(t *testing.T) {
	o := newOffice(t)
	o.raise("smarthost", "535 5.7.8 no such user")
	o.raise("smarthost", "535 5.7.8 no such user")
	o.expect(t, 0, "alarm: Tidepost on mx.team.example: smarthost")
	o.raise("smarthost", "535 5.7.8 no such user")
	o.expect(t, 59*time.Minute)
	o.raise("smarthost", "535 5.7.8 no such user")
	o.expect(t, time.Hour, "alarm: Tidepost on mx.team.example: smarthost")
	for range 3 * maxAlarms {
		o.raise("x", "y")
	}
	if len(o.events) > maxAlarms {
		t.Errorf("%d wait", len(o.events))
	}
	var nobody *alarmer
	nobody.raise("x", "y") // Nobody is to be told.
	nobody.last(errors.New("x"))
	nobody.run(context.Background())
}

func TestAlarmsWaitForARoute(t *testing.T) {
	o := newOffice(t)
	o.bad = []trouble{{name: "relay", detail: "not reached"}}
	o.down["alarm"], o.down["relay"] = true, true
	o.expect(t, 0)
	o.expect(t, time.Minute)
	o.down["relay"] = false
	o.expect(t, 2*time.Minute, "relay: Tidepost on mx.team.example: relay")
	o.expect(t, 3*time.Minute)
	o.got = nil
	if o.last(errors.New("the database has failed")); len(o.got) != 1 || !strings.Contains(o.lastText, "the database has failed") {
		t.Errorf("the last words are %q\n%s", o.got, o.lastText)
	}
}

// The smarthost refuses our login: the admin hears of it through the other one.
func TestSecondRoute(t *testing.T) {
	first := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"tide": "right"}})
	second := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	cfg := configuration(t)
	cfg.Server.Admin = "admin@else.example"
	cfg.Listen.AllowCleartextLogin = true
	cfg.Relay.Host, cfg.Relay.Port = first.Addr()
	cfg.Relay.TLS, cfg.Relay.User, cfg.Relay.Password = "none", "tide", config.NewSecret("wrong")
	cfg.Alarm.Mode, cfg.Alarm.TLS = "smarthost", "none"
	cfg.Alarm.Host, cfg.Alarm.Port = second.Addr()
	g := start(t, cfg)
	g.alarm("smarthost", "535 5.7.8 wrong password")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := second.WaitFor(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(got[0].Data); !strings.Contains(text, "Subject: Tidepost on mx.team.example: smarthost") || !strings.Contains(text, "535 5.7.8 wrong password") {
		t.Errorf("the admin reads\n%s", text)
	}
	if n := len(first.Delivered()); n != 0 {
		t.Errorf("%d mails left by the first route", n)
	}
}

// Copies that stop coming are told of; a gateway that never had one says nothing.
func TestStaleBackup(t *testing.T) {
	g := start(t, configuration(t))
	dir := g.cfg.Server.Data
	stale := func(now time.Time) (time.Duration, bool) {
		t.Helper()
		return g.backupStale(now)
	}
	if _, known := stale(t0); known {
		t.Error("there never was a copy")
	}
	if err := NoteBackup(dir, t0); err != nil {
		t.Fatal(err)
	}
	if at, ok, err := LastBackup(dir); !ok || err != nil || !at.Equal(t0) {
		t.Errorf("the last one was at %s, %v, %v", at, ok, err)
	}
	for after, want := range map[time.Duration]time.Duration{time.Hour: 0, 48 * time.Hour: 0, 50 * time.Hour: 2 * time.Hour} {
		if late, known := stale(t0.Add(after)); !known || late != want {
			t.Errorf("after %s: %s, %v", after, late, known)
		}
	}
	h := g.health(t.Context(), &census{db: g.db}, t0.Add(50*time.Hour))
	if bad := notWell(h); len(bad) != 1 || bad[0].name != "backup" || !strings.Contains(bad[0].detail, "2h0m0s") {
		t.Errorf("not well: %+v", bad)
	}
	g.cfg.Store.BackupWithin = 0
	if _, known := stale(t0.Add(50 * time.Hour)); known {
		t.Error("nobody looks")
	}
	if err := os.WriteFile(filepath.Join(dir, backupFile), []byte("yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := LastBackup(dir); ok || err == nil {
		t.Errorf("a broken note: %v, %v", ok, err)
	}
}

// The second account that cannot be tended is told of though the first still cannot.
func TestEachAccountIsToldOf(t *testing.T) {
	o := newOffice(t)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	sick := func(names ...string) {
		h := Health{Checks: []HealthCheck{{Name: "accounts", Detail: strings.Join(names, "; ")}}}
		for _, n := range names {
			h.Checks[0].parts = append(h.Checks[0].parts, trouble{name: n, detail: "it is tried again"})
		}
		o.bad = notWell(h)
	}
	sick("the account of ana: full")
	o.step(t.Context(), now)
	sick("the account of ana: full", "the account of ben: full")
	o.step(t.Context(), now.Add(time.Minute))
	o.step(t.Context(), now.Add(2*time.Minute))
	want := []string{"alarm: Tidepost on mx.team.example: the account of ana: full", "alarm: Tidepost on mx.team.example: the account of ben: full"}
	if !slices.Equal(o.got, want) {
		t.Errorf("the admin got %q", o.got)
	}
	sick("a", "b", "c", "d", "e")
	o.step(t.Context(), now.Add(3*time.Minute))
	if got := o.got[len(o.got)-1]; !strings.HasSuffix(got, ", and 4 more") {
		t.Errorf("the subject is %q", got)
	}
}
