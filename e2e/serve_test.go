package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tidepost/e2e/traffic"
	"tidepost/internal/testkit"
)

// The tour is what a stranger runs first.
func TestTour(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the tour takes a minute")
	}
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args := []string{"demo", "--tour", "--dir", filepath.Join(t.TempDir(), "demo")}
	for _, door := range []string{"submission", "submissions", "inbound", "imap", "imaps", "smarthost"} {
		args = append(args, fmt.Sprintf("--%s-port=%d", door, freePort(t)))
	}
	begin := time.Now()
	out, err := exec.CommandContext(ctx, file, args...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "All of it held") {
		t.Errorf("the tour ended with %v after %s:\n%s", err, time.Since(begin), out)
	}
}

func TestDoctorFindsNothingWrong(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	out, errs, code := s.try("doctor")
	if code != 0 {
		t.Errorf("doctor ended with %d:\n%s%s", code, out, errs)
	}
	for _, want := range []string{"ok    relay", "ok    probe"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q:\n%s", want, out)
		}
	}
	s.sound()
	s.smarthost.Close()
	if out, _, code := s.try("doctor"); code != 4 || !strings.Contains(out, "fail  relay") {
		t.Errorf("without a smarthost doctor ended with %d:\n%s", code, out)
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	out, errs, code := s.try("serve")
	if code != 1 || !strings.Contains(errs, "another server is running") {
		t.Errorf("a second server ended with %d:\n%s%s", code, out, errs)
	}
	if _, err := s.status(); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

func TestHangupReadsTheCertificateAgain(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	serial := func() string {
		c, err := tls.Dial("tcp", s.addr("imaps"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	hangup := func() {
		if err := s.proc.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	first := serial()
	old := s.reader(t, "ana") // stays open all the while
	s.certify()
	hangup()
	until(t, patience, func() error {
		if serial() == first {
			return fmt.Errorf("it still shows the first certificate")
		}
		return nil
	})
	second := serial()
	s.opts.errors = true
	s.write("tidepost.crt", "this is no certificate\n")
	hangup()
	until(t, patience, func() error {
		text, err := os.ReadFile(s.log)
		if err != nil || !strings.Contains(string(text), "what was in use stays in use") {
			return fmt.Errorf("no word in the log (%v)", err)
		}
		return nil
	})
	if serial() != second {
		t.Error("a broken certificate is in use")
	}
	old.letters("INBOX")
}

// Several sessions wait in IDLE, as telephones do: each is told of each mail.
func TestIdleIsToldOfEveryMail(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	const phones, mails = 5, 10
	told := make(chan uint32, 1000)
	var waiting []*imapclient.IdleCommand
	var last *imapclient.Client
	for range phones {
		c, err := imapclient.DialTLS(s.addr("imaps"), &imapclient.Options{
			TLSConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // loopback
			UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
				if d.NumMessages != nil {
					told <- *d.NumMessages
				}
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Login("tom@team.example", password).Wait(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		waiting, last = append(waiting, idle), c
	}
	for n := range uint32(mails) {
		s.submit("ana", mailTo("ana@team.example", "tom@team.example", "Ring", fmt.Sprintf("ring%d@team.example", n), "Hello.\n"), "tom@team.example")
		deadline := time.After(patience)
		for rung := 0; rung < phones; {
			select {
			case got := <-told:
				if got == n+1 {
					rung++
				}
			case <-deadline:
				t.Fatalf("mail %d: %d of %d phones rang", n+1, rung, phones)
			}
		}
	}
	for _, idle := range waiting {
		if err := idle.Close(); err != nil {
			t.Errorf("end of IDLE: %v", err)
		}
		if err := idle.Wait(); err != nil {
			t.Errorf("end of IDLE: %v", err)
		}
	}
	// One that still waits does not keep the server from stopping.
	if _, err := last.Idle(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	s.stop()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("stopping took %s with a phone in IDLE", took)
	}
	select {
	case <-last.Closed():
	case <-time.After(patience):
		t.Error("the phone's connection is still open")
	}
}

func TestAuthorsTimeIsKept(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	mail := traffic.New(t, traffic.Options{Addr: s.addr, Password: password, Journal: filepath.Join(t.TempDir(), "journal")})
	c, err := mail.Connect("submissions")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := testkit.Letter("ana@team.example", "carol@outside.example", "In four seconds", "later@team.example", "Text.\n")
	begin := time.Now()
	for _, step := range []struct {
		code int
		line string
	}{{250, "MAIL FROM:<ana@team.example> HOLDFOR=4"}, {250, "RCPT TO:<carol@outside.example>"}, {354, "DATA"}} {
		if _, err := traffic.Command(c, step.code, "%s", step.line); err != nil {
			t.Fatalf("%s: %v", step.line, err)
		}
	}
	w := c.Text.DotWriter()
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Text.ReadResponse(250); err != nil {
		t.Fatal(err)
	}
	if got := s.state("later@team.example", "carol@outside.example"); got != "held" {
		t.Errorf("it is %s at once", got)
	}
	if took := s.next("later@team.example").Seen.Sub(begin); took < 3900*time.Millisecond || took > 15*time.Second {
		t.Errorf("it left after %s, want 4 s", took)
	}
}

func TestUrgentReachesTheSleeper(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	s.cli("people", "set", mei, "--phone", "+61 2 5550 0000")
	s.submit("ana", mailTo("ana@team.example", mei, "[urgent] The shop is down", "urgent@team.example", "Can you restart the payment job?\n"), mei)
	got := s.reader(t, "mei").find("INBOX", "The shop is down", patience)
	if strings.Contains(got.text, "[urgent]") {
		t.Errorf("the tag is still there:\n%s", got.text)
	}
	r := s.reader(t, "ana")
	until(t, patience, func() error {
		var have []string
		for _, l := range r.whole("INBOX") {
			// The blanks in the number do not break: quoted-printable.
			if strings.Contains(l.text, "+61=C2=A02=C2=A05550=C2=A00000") && strings.Contains(l.text, "7 left") {
				return nil
			}
			have = append(have, l.text)
		}
		return fmt.Errorf("no note about what it costs, only %q", have)
	})
}

func TestFoldersSetTheTime(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	due := func(t *testing.T, id string) time.Time {
		t.Helper()
		var list []queued
		s.in(t).ask(&list, "queue", "list")
		for _, q := range list {
			if q.MessageID == id && q.Recipients[0].Due != nil {
				return *q.Recipients[0].Due
			}
		}
		t.Fatalf("<%s> does not wait", id)
		return time.Time{}
	}
	for _, folder := range []string{"Send tomorrow", "Send Monday", "When they start work"} {
		t.Run(folder, func(t *testing.T) {
			s, r := s.in(t), r.in(t)
			id := strings.ReplaceAll(folder, " ", "-") + "@team.example"
			held := s.hold(r, "Timed by "+folder, id)
			before := due(t, id)
			s.curl("ana", "Scheduled", "-X", fmt.Sprintf(`UID MOVE %d "Scheduled/%s"`, held.uid, folder))
			r.find("Scheduled", "Timed by "+folder, patience) // it stays, under a new UID
			after := due(t, id)
			if folder == "When they start work" {
				if !after.Equal(before) {
					t.Errorf("due %s, was %s", after, before)
				}
				return
			}
			london, err := time.LoadLocation("Europe/London")
			if err != nil {
				t.Fatal(err)
			}
			today, day := time.Now().In(london), after.In(london)
			if !day.After(today) || day.YearDay() == today.YearDay() && day.Year() == today.Year() {
				t.Errorf("due %s, which is not tomorrow or later", day)
			}
			if folder == "Send Monday" && (after.Sub(today) > 9*24*time.Hour || after.Before(nextMonday(today))) {
				t.Errorf("due %s, which is not the first opening from Monday on", day)
			}
		})
	}
	t.Run("an appended draft", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		r.put("Scheduled", testkit.Letter("ana@team.example", mei, "By APPEND", "put@team.example", "Text.\n"), imap.FlagDraft, imap.FlagSeen)
		r.find("Scheduled", "By APPEND", patience)
		s.expect("put@team.example", mei, "held")
	})
	t.Run("received mail is refused", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		r.put("INBOX", note("received"))
		uid := r.uid("INBOX", "received@outside.example")
		got := s.command(nil, "curl", "--silent", "--verbose", "--insecure", "--user", "ana@team.example:"+password, "imaps://"+s.addr("imaps")+"/INBOX",
			"-X", fmt.Sprintf(`UID MOVE %d "Scheduled/Send now"`, uid))
		if got.code == 0 || !strings.Contains(got.out, "NO [CANNOT]") {
			t.Errorf("curl ended with %d:\n%s", got.code, got.out)
		}
		if !slices.Contains(r.mids("INBOX"), "received@outside.example") {
			t.Error("the mail has left INBOX")
		}
	})
}

// nextMonday is the begin of the first Monday after a day.
func nextMonday(day time.Time) time.Time {
	d := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, day.Location())
	for d.Weekday() != time.Monday {
		d = d.AddDate(0, 0, 1)
	}
	return d
}
