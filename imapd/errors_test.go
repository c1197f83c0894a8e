package imapd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tidepost/inbox"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// TestAnswersAreForClients: whatever goes wrong inside, a client gets words that are
// meant for it, and the log the cause.
func TestAnswersAreForClients(t *testing.T) {
	for _, tt := range []struct {
		err    error
		want   string
		logged bool
	}{
		{errReadOnly, "NO [READ-ONLY] The mailbox was opened with EXAMINE", false},
		{fmt.Errorf("move: %w", queue.ErrLeft), "NO [INUSE] Too late: this mail has left", false},
		{&queue.ErrCannot{Reason: "waits for Zoë\r\nuntil 9"}, "NO [CANNOT] Waits for Zo?  until 9", false},
		{&queue.ErrCannot{}, "NO [CANNOT] This cannot be done", false},
		{inbox.ErrGone, "NO [INUSE] Too late: the delivery has opened, this mail is in INBOX", false},
		{fmt.Errorf("x: %w", store.ErrConflict), "NO [INUSE] Somebody else was faster", false},
		{fmt.Errorf("x: %w", store.ErrNoUID), "NO [LIMIT] This mailbox can take no more messages; make another one", false},
		{fmt.Errorf("x: %w", store.ErrFull), "NO [UNAVAILABLE] No space is left on the server", true},
		{errors.New("SELECT secret FROM person"), "NO [UNAVAILABLE] Temporary trouble, please try again later", true},
		{context.Canceled, "NO [UNAVAILABLE] The server is shutting down", false},
	} {
		var log lockedBuffer
		s := &Session{log: slog.New(slog.NewTextHandler(&log, nil))}
		var got *imap.Error
		if !errors.As(s.answer("MOVE", tt.err), &got) {
			t.Fatalf("%v: no *imap.Error", tt.err)
		}
		if text := fmt.Sprintf("%s [%s] %s", got.Type, got.Code, got.Text); text != tt.want {
			t.Errorf("%v: got %q, want %q", tt.err, text, tt.want)
		}
		if logged := strings.Contains(log.String(), "command=MOVE"); logged != tt.logged {
			t.Errorf("%v: logged %v, want %v", tt.err, logged, tt.logged)
		}
	}
	if (&Session{}).answer("NOOP", nil) != nil {
		t.Error("success is an error")
	}
}

// TestPanicCostsTheCommand: the session answers and goes on.
func TestPanicCostsTheCommand(t *testing.T) {
	w := newWorld(t)
	p, _ := w.dir.ByID(w.alice.ID)
	var log lockedBuffer
	s := &Session{server: w.server, ctx: t.Context(), person: p, with: people.Login{Person: p}, log: slog.New(slog.NewTextHandler(&log, nil))}
	err := s.command("STORE", func() error { panic("boom") })
	var got *imap.Error
	if !errors.As(err, &got) || got.Type != imap.StatusResponseTypeNo || strings.Contains(got.Text, "boom") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "boom") {
		t.Error("the panic is not logged")
	}
	if err := s.command("NOOP", func() error { return nil }); err != nil {
		t.Errorf("the next command: %v", err)
	}
}

// TestSearchHasLimits: too many keys, and too long.
func TestSearchHasLimits(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.SearchTime = 1 })
	w.deliver("INBOX", plain(1), plain(2))
	c := w.client()
	c.ok("SELECT INBOX")
	for _, command := range []string{"SEARCH " + strings.Repeat("UNSEEN ", 2100) + "ALL", `SEARCH BODY "number"`} {
		if _, status := c.do(command); !strings.HasPrefix(status, "NO [LIMIT]") {
			t.Errorf("%.30s: %s", command, status)
		}
	}
	c.ok("SEARCH UNSEEN")
	if n := countKeys(deep(200), 0); n <= searchKeys {
		t.Errorf("a program 200 deep counts as %d", n)
	}
}

func deep(n int) *imap.SearchCriteria {
	c := &imap.SearchCriteria{}
	for range n {
		c = &imap.SearchCriteria{Not: []imap.SearchCriteria{*c}}
	}
	return c
}

// TestKeywordsHaveLimits: what RELIABILITY calls imap-store-flags.
func TestKeywordsHaveLimits(t *testing.T) {
	w := newWorld(t)
	w.deliver("INBOX", plain(1))
	c := w.client()
	c.ok("SELECT INBOX")
	words := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "k%d ", from+i)
		}
		return strings.TrimSpace(b.String())
	}
	for _, command := range []string{"STORE 1 +FLAGS (" + words(0, 3000) + ")", "STORE 1 +FLAGS (" + strings.Repeat("x", 200) + ")"} {
		if _, status := c.do(command); !strings.HasPrefix(status, "NO [LIMIT]") {
			t.Errorf("%.30s: %s", command, status)
		}
	}
	c.ok("STORE 1 +FLAGS.SILENT (" + words(0, 100) + ")")
	if _, status := c.do("STORE 1 +FLAGS (one.more)"); !strings.HasPrefix(status, "NO [LIMIT]") {
		t.Errorf("the 101st keyword: %s", status)
	}
	c.ok("STORE 1 FLAGS.SILENT (\\Seen)")
}
