package demo

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/internal/ports"
)

func TestTheTourHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour waits for a full minute")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var out bytes.Buffer
	began := time.Now()
	err := Run(ctx, Options{Out: &out, Tour: true})
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 3*time.Minute { // 65 s where nothing else runs.
		t.Errorf("the tour took %s, and should take a minute or so", took)
	}
	if n := strings.Count(out.String(), "\n   ok  "); n < 25 {
		t.Errorf("the tour printed %d checks, want all of them", n)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("the tour printed colours into a file")
	}
}

// freePorts are ports that stay the test's.
func freePorts(t *testing.T) Ports {
	t.Helper()
	var p Ports
	for _, d := range p.doors() {
		port, release, err := ports.Take("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		*d.port = port
	}
	return p
}

func TestALiveDemoTellsWhatHappensUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	dir := filepath.Join(t.TempDir(), "d")
	own := freePorts(t)
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Run(ctx, Options{Out: write, Dir: dir, Ports: own})
		write.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(read)
	until := func(words ...string) string {
		t.Helper()
		for lines.Scan() {
			line, all := lines.Text(), true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				return line
			}
		}
		t.Fatalf("the demo ended without saying %q: %v", words, <-ended)
		return ""
	}
	password := strings.Fields(until("ana@team.example", "password"))
	until("What happens")

	ana := resident{name: "Ana Silva", address: "ana@team.example", password: password[len(password)-1]}
	cert, err := os.ReadFile(filepath.Join(dir, "tidepost.crt"))
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := trust(cert)
	if err != nil {
		t.Fatal(err)
	}
	s := sender{port: own.Submission, tls: trusted, login: &ana}
	for _, to := range []string{"mei@team.example", olga} {
		d := draft{from: ana.mailbox(), to: to, id: to, subject: "Live", text: "Hello", date: time.Now()}
		if err := s.send(ana.address, d.bytes(), to); err != nil {
			t.Fatal(err)
		}
	}
	until(`Ana to Mei, "Live": waits until`, "because the working day")
	until(`Ana to ` + olga + `, "Live": leaves in 10 s`)
	if !testing.Short() {
		until("outside world: "+olga, `"Live"`)
		until(`Ana: "Re: Live" is in INBOX at once: an answer from outside`)
		until(`Ana: "News from the harbour, no. 1" waits in Next delivery until`)
	}
	stop()
	until("Stopped.")
	for lines.Scan() {
	}
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tidepost.toml")); err != nil {
		t.Errorf("a folder that was named must stay: %v", err)
	}
}

func TestATakenPortIsNamedWithItsOption(t *testing.T) {
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct {
		name   string
		tour   bool
		choose func(*Ports, int)
		want   string
	}{
		{"live", false, func(p *Ports, n int) { p.IMAPS = n }, "--imaps-port"},
		{"tour", true, func(p *Ports, n int) { p.Submission = n }, "--submission-port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := freePorts(t)
			c.choose(&own, portOf(l.Addr()))
			var out bytes.Buffer
			err := Run(t.Context(), Options{Out: &out, Tour: c.tour, Ports: own})
			want := "port " + portText(portOf(l.Addr())) + ": is taken; choose another with " + c.want
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %q", err, want)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q before it knew", out.String())
			}
		})
	}
}

func TestTwoDoorsCannotShareAPort(t *testing.T) {
	own := freePorts(t)
	own.IMAP = own.Submission
	err := Run(t.Context(), Options{Out: io.Discard, Ports: own})
	if err == nil || !strings.Contains(err.Error(), "--imap-port") {
		t.Errorf("got %v, want an error that names --imap-port", err)
	}
}

func TestAFolderInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), Options{Out: io.Discard, Dir: dir, Tour: true})
	if err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("got %v, want an error that names --dir", err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("the folder has %d entries now, want the one that was there", len(list))
	}
}

func TestOneOfTheTwoIsAlwaysAsleep(t *testing.T) {
	start := time.Date(2026, 11, 23, 3, 42, 10, 0, time.UTC)
	awake, asleep := shifts(start)
	if !start.After(awake) || !start.Before(asleep) {
		t.Fatalf("at %s: shifts begin at %s and %s", start, awake, asleep)
	}
	for at := start; at.Before(start.Add(49 * time.Hour)); at = at.Add(7 * time.Minute) {
		first, second := nextOpening(at, awake).Equal(at), nextOpening(at, asleep).Equal(at)
		if first == second {
			t.Fatalf("at %s: at work %t and %t, want exactly one", at, first, second)
		}
	}
	if got, want := nextOpening(start, asleep), asleep; !got.Equal(want) {
		t.Errorf("next opening: got %s, want %s", got, want)
	}
}

func TestHoursAndTidesAreWallTimes(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 58, 30, 0, time.UTC) // 20:58 in Sydney
	if got, want := hours(now, sydney), "daily 20:58-08:58"; got != want {
		t.Errorf("hours: got %q, want %q", got, want)
	}
	got := strings.Fields(tides(now, now, sydney))
	if len(got) != tideWindow || got[0] != "20:58" || got[2] != "21:00" {
		t.Errorf("tides: got %q", got)
	}
	if got := tides(now, now.Add(2*time.Hour), sydney); !strings.HasPrefix(got, "22:58 22:59") {
		t.Errorf("tides of somebody asleep: got %q, want them from the opening on", got)
	}
}

func TestOlgaAnswersPeopleOnly(t *testing.T) {
	for _, c := range []struct {
		name string
		m    outgoing
		want int
	}{
		{"a mail to her", outgoing{from: "ana@team.example", to: []string{olga}, data: []byte("Subject: x\r\n\r\nx\r\n")}, 1},
		{"somebody else's", outgoing{from: "ana@team.example", to: []string{"tom@customer.example"}, data: []byte("Subject: x\r\n\r\n")}, 0},
		{"a report", outgoing{to: []string{olga}, data: []byte("Subject: x\r\n\r\n")}, 0},
		{"a machine's", outgoing{from: "ana@team.example", to: []string{olga}, data: []byte("Auto-Submitted: auto-replied\r\n\r\n")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newCorrespondent(nil, nil)
			o.take(c.m)
			if got := len(o.mail); got != c.want {
				t.Errorf("got %d mails to answer, want %d", got, c.want)
			}
		})
	}
}

func TestTextOfAPeerCannotSteerTheTerminal(t *testing.T) {
	if got, want := harmless("a\x1b[2J\r\nb\u009bc"), "a [2J  b c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestATideIsOneLine(t *testing.T) {
	got := joined([]said{{text: "one"}, {text: `"a"`, tide: "Ana: brings "}, {text: `"b"`, tide: "Ana: brings "}, {text: `"c"`, tide: "Mei: brings "}})
	want := []string{"one", `Ana: brings "a", "b"`, `Mei: brings "c"`}
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].text != want[i] {
			t.Errorf("line %d: got %q, want %q", i, got[i].text, want[i])
		}
	}
}

func TestASceneEndsAtItsFirstUntruth(t *testing.T) {
	var out bytes.Buffer
	g := &guide{screen: newScreen(&out), ended: t.Context().Done()}
	err := g.play(func(g *guide) {
		g.check(true, "water is wet")
		g.check(2 > 3, "two is more than three")
		g.check(true, "nobody comes here")
	})
	if err == nil || err.Error() != "not true: two is more than three" {
		t.Errorf("got %v, want the untruth", err)
	}
	if got, want := out.String(), "   ok  water is wet\n"; got != want || g.checks != 1 {
		t.Errorf("got %q and %d checks, want %q and 1", got, g.checks, want)
	}
	err = g.play(func(g *guide) { g.await("rain", time.Now(), func() bool { return false }) })
	if err == nil || err.Error() != "waited in vain for rain" {
		t.Errorf("got %v, want what was waited for", err)
	}
}
