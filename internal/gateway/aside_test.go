package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// aside starts a gateway once, for the roll, takes its database away and stands aside
// in front of a smarthost.
func aside(t *testing.T, up *testkit.Smarthost) *Aside {
	t.Helper()
	cfg := configuration(t)
	cfg.Relay.Host, cfg.Relay.Port = up.Addr()
	cfg.Relay.TLS = "none"
	d, err := OpenDesk(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := people.HashPassword("correct horse", strings.NewReader(strings.Repeat("salt", 16)))
	if err != nil {
		t.Fatal(err)
	}
	profile, err := people.DefaultProfile("UTC").Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = d.Update(t.Context(), func(tx *store.Tx) error {
		p := store.Person{Name: "Ana", Address: "ana@team.example", Aliases: []string{"a@team.example"}, Password: hash, Profile: profile, Active: true, Created: t0}
		if err := tx.InsertPerson(&p); err != nil {
			return err
		}
		for _, g := range []store.Shared{
			{Address: "support@team.example", Role: true, Senders: "everybody", Created: t0},
			{Address: "board@team.example", Senders: "members", Members: []store.SharedMember{{Address: "mei@else.example"}}, Created: t0},
		} {
			if err := tx.InsertShared(&g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.People.WriteRoll(RollFile(cfg), t0); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	loseDatabase(t, cfg)
	a, err := OpenAside(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if _, err := os.Stat(a.scratch); !os.IsNotExist(err) {
			t.Errorf("left behind %s: %v", a.scratch, err)
		}
		if _, err := os.Stat(cfg.Server.Data + "/" + store.File); !os.IsNotExist(err) {
			t.Errorf("the database was touched: %v", err)
		}
	})
	<-a.Ready()
	return a
}

func loseDatabase(t *testing.T, cfg *config.Config) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(cfg.Server.Data + "/" + store.File + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

func TestAsideHandsOnBeforeItAnswers(t *testing.T) {
	up := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	a := aside(t, up)
	ana, err := a.logins.Authenticate(t.Context(), "a@team.example", "correct horse", netip.MustParseAddr("10.0.0.1"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	fresh := func() []testkit.Transaction {
		all := up.Delivered()
		defer func() { seen = len(all) }()
		return all[seen:]
	}
	send := func(rules []testkit.Rule, subject string, to ...string) error {
		t.Helper()
		up.Reset()
		up.Script(rules...)
		staged, err := a.db.Stage(t.Context(), strings.NewReader("From: ana@team.example\r\nTo: "+to[0]+"\r\nBcc: hidden@else.example\r\nSubject: "+subject+
			"\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@team.example>\r\n\r\n"+strings.Repeat("A line of text.\r\n", 100_000)), t0)
		if err != nil {
			t.Fatal(err)
		}
		env := mail.Envelope{From: mail.Address{Local: "ana", Domain: "team.example"}}
		for _, r := range to {
			address, err := mail.ParsePath(r, false)
			if err != nil {
				t.Fatal(err)
			}
			env.Recipients = append(env.Recipients, mail.Recipient{Address: address})
		}
		_, err = a.Submit(t.Context(), queue.Submission{Author: ana.Person, Envelope: env, Staged: staged, Now: t0, Peer: queue.Peer{Protocol: "ESMTPSA"}})
		if err == nil { // The smarthost notes what it has said after saying it.
			if _, werr := up.WaitFor(t.Context(), seen+1); werr != nil {
				t.Fatal(werr)
			}
		}
		return err
	}

	if err := send(nil, "[now] Plan", "mei@team.example", "joe@else.example"); err != nil {
		t.Fatal(err)
	}
	got := fresh()
	if len(got) != 1 || len(got[0].Recipients) != 2 || len(got[0].Data) < 1_600_000 {
		t.Fatalf("got %d transactions", len(got))
	}
	head, _, _ := strings.Cut(string(got[0].Data), "\r\n\r\n")
	if strings.Contains(head, "Bcc") || strings.Contains(head, "[now]") || !strings.HasPrefix(head, "Received: ") || !strings.Contains(head, "<1@team.example>") {
		t.Errorf("head:\n%s", head)
	}

	// Nobody gets it: the author hears it at once, with the next server's words.
	all := []testkit.Rule{{Verb: "RCPT", Reply: "550 5.1.1 Unknown here"}}
	if err := send(all, "Plan", "joe@else.example"); err == nil || !strings.Contains(err.Error(), "Unknown here") {
		t.Errorf("got %v", err)
	}
	// Nobody is behind the address, or somebody to whom not everybody may write.
	for to, want := range map[string]string{"support@team.example": "Nobody is behind", "board@team.example": "Only its members"} {
		if err := send(nil, "Plan", to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("to %s: got %v", to, err)
		}
		if len(fresh()) != 0 {
			t.Errorf("what went to %s was sent", to)
		}
	}
	// Some get it: it is sent, and a report says who did not.
	joe := []testkit.Rule{{Verb: "RCPT", Match: "joe@", Reply: "550 5.1.1 Unknown here"}}
	if err := send(joe, "Plan", "mei@team.example", "joe@else.example"); err != nil {
		t.Fatal(err)
	}
	got = fresh()
	if len(got) != 2 || got[1].From != "" || !strings.Contains(string(got[1].Data), "Final-Recipient: rfc822; joe@else.example") {
		t.Fatalf("got %d transactions", len(got))
	}
	// Neither the mail nor the report can be handed on.
	both := append(joe, testkit.Rule{Verb: "RCPT", Match: "ana@", Reply: "452 4.2.2 Full"})
	if err := send(both, "Plan", "mei@team.example", "joe@else.example"); err == nil || !strings.Contains(err.Error(), "Do not send it again to the others") {
		t.Errorf("got %v", err)
	}
	fresh()
	// What cannot be done is not done by halves.
	for subject, to := range map[string]string{"[send Fri 9am] Plan": "mei@team.example", "away tomorrow": "tidepost@team.example"} {
		var reply *mail.Reply
		if err := send(nil, subject, to); !errors.As(err, &reply) || reply.Code != 451 {
			t.Errorf("%s: got %v", subject, err)
		}
		if len(fresh()) != 0 {
			t.Errorf("%s was sent", subject)
		}
	}
}

func TestAsideNeedsTheRoll(t *testing.T) {
	cfg := configuration(t)
	if _, err := OpenAside(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "people.roll") {
		t.Errorf("got %v", err)
	}
}

// TestRollFollowsPeople: the roll is there as soon as the server runs, readable by it
// alone.
func TestRollFollowsPeople(t *testing.T) {
	cfg := configuration(t)
	g := start(t, cfg)
	g.wake()
	deadline := time.Now().Add(10 * time.Second)
	for {
		fi, err := os.Stat(RollFile(cfg))
		if err == nil {
			if fi.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", fi.Mode())
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
