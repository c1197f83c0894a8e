package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
)

// A mailbox is Ana's account at a real provider, seen as her mail program sees it.
type mailbox struct {
	t *testing.T
	p *provider.Server
	n int
}

// tended is a server that tends Ana's account.
func tended(t *testing.T, start func(testing.TB, provider.Options) *provider.Server) (*server, *mailbox) {
	t.Helper()
	p := start(t, provider.Options{Users: []provider.User{{Name: "ana@team.example", Password: "ana"}}})
	b := &mailbox{t: t, p: p}
	b.arrives("Old mail")
	c := b.dial()
	for _, f := range []string{"Archive", "Trash", "Drafts"} {
		if err := c.Create(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	// Her tides are far away, and her hours are all day.
	far := time.Now().UTC().Add(11 * time.Hour).Format("15:04")
	s := setup(t, options{people: []person{awake("ana", "--zone", "UTC", "--tides", far), asleep("mei")}, config: map[string]string{"batch.outside": `"tide"`}})
	secret := s.write("provider-password", "ana\n")
	s.cli("account", "set", "ana@team.example", "--imap", p.IMAP, "--imap-security", "none", "--password-file", secret)
	s.cli("people", "set", "ana@team.example", "--inbox", "imap")
	b.until(func() error { return b.holds("Tidepost/About", 1) })
	return s, b
}

// dial logs in as the person's mail program.
func (b *mailbox) dial() *remote.Session {
	b.t.Helper()
	c, err := remote.Dial(context.Background(), remote.Account{Addr: b.p.IMAP, Security: remote.Clear, User: "ana@team.example", Password: "ana"})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *mailbox) until(ask func() error) {
	b.t.Helper()
	until(b.t, patience, ask)
}

// arrives delivers new mail as another server does.
func (b *mailbox) arrives(subject string, fields ...string) string {
	b.t.Helper()
	b.n++
	mid := fmt.Sprintf("m%d@customer.example", b.n)
	b.p.Deliver("ana@team.example", "From: Bob <bob@customer.example>\nTo: ana@team.example\nSubject: "+subject+"\nMessage-ID: <"+mid+">\nDate: "+
		time.Now().Format(time.RFC1123Z)+"\n"+strings.Join(fields, "")+"\nThe figures of last month are in.\n")
	return mid
}

// ids are the Message-IDs in a folder; none if there is no folder.
func (b *mailbox) ids(c *remote.Session, folder string) map[string]remote.UID {
	b.t.Helper()
	out := map[string]remote.UID{}
	if _, err := c.Select(context.Background(), folder, 0); err != nil {
		return out
	}
	for m, err := range c.Since(context.Background(), 0) {
		if err != nil {
			b.t.Fatal(err)
		}
		if _, twice := out[m.MessageID]; twice {
			b.t.Errorf("%s is in %s twice", m.MessageID, folder)
		}
		out[m.MessageID] = m.UID
	}
	return out
}

// holds reports whether a folder holds so many messages, or these.
func (b *mailbox) holds(folder string, n int, mids ...string) error {
	c := b.dial()
	defer c.Close()
	have := b.ids(c, folder)
	if n >= 0 && len(have) != n {
		return fmt.Errorf("%s holds %d messages, want %d: %v", folder, len(have), n, have)
	}
	for _, mid := range mids {
		if _, ok := have[mid]; !ok {
			return fmt.Errorf("%s is not in %s, which holds %v", mid, folder, have)
		}
	}
	return nil
}

// moves moves a message as the person does, from wherever it is.
func (b *mailbox) moves(mid, from, to string) bool {
	b.t.Helper()
	c := b.dial()
	defer c.Close()
	uid, ok := b.ids(c, from)[mid]
	if !ok {
		return false
	}
	if _, err := c.Move(context.Background(), []remote.UID{uid}, to); err != nil {
		b.t.Fatal(err)
	}
	return true
}

// TestMailboxAtAProvider lets Ana read her mail at real providers: what comes waits, what
// she moves there is done, and in the end the account is given back.
func TestMailboxAtAProvider(t *testing.T) {
	for _, kind := range []struct {
		name  string
		start func(testing.TB, provider.Options) *provider.Server
	}{{"dovecot", provider.Dovecot}, {"cyrus", provider.Cyrus}} {
		t.Run(kind.name, func(t *testing.T) {
			s, b := tended(t, kind.start)
			if err := b.holds("INBOX", 1); err != nil {
				t.Error(err)
			}
			figures := b.arrives("Figures")
			b.until(func() error { return b.holds("Tidepost/Next delivery", 1, figures) })
			if err := b.holds("INBOX", 1); err != nil {
				t.Error(err)
			}
			code := b.arrives("Your sign-in code is 123456", "Auto-Submitted: auto-generated\n")
			time.Sleep(3 * time.Second) // It stays where it is.
			if err := b.holds("INBOX", 2, code); err != nil {
				t.Error(err)
			}

			budget := s.submits("ana", "mei@team.example", "Budget")
			b.until(func() error { return b.holds("Tidepost/Scheduled", -1, budget) })
			if !b.moves(budget, "Tidepost/Scheduled", "Drafts") {
				t.Fatal("Budget is not in Scheduled")
			}
			b.until(func() error { return b.holds("Tidepost/Scheduled", 0) })
			b.until(func() error { return b.holds("Drafts", 1, budget) })
			b.until(func() error { return b.holds("INBOX", 4) }) // Why it waited, and that it is not sent.

			if !b.moves(figures, "Tidepost/Next delivery", "INBOX") {
				t.Fatal("Figures is not in Next delivery")
			}
			b.until(func() error { return b.holds("INBOX", 5, figures) })
			takenEarly(t, s, b)

			waits := b.arrives("More figures")
			b.until(func() error { return b.holds("Tidepost/Next delivery", 1, waits) })
			began := time.Now()
			if kind.name == "cyrus" { // The whole team goes back.
				t.Log(s.cli("rollback", "--send", "--yes"))
			} else {
				t.Log(s.cli("account", "rollback", "ana@team.example"))
			}
			t.Logf("rollback took %s", time.Since(began).Round(time.Millisecond))
			if err := b.holds("INBOX", -1, waits, figures, code); err != nil {
				t.Error(err)
			}
			c := b.dial()
			defer c.Close()
			list, err := c.List(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				if strings.HasPrefix(f.Name, "Tidepost") {
					t.Errorf("folder %s is left", f.Name)
				}
			}
		})
	}
}

// TestMailIsFiledBeforeTheInbox: the script files new mail also while Tidepost is down, and
// is gone when the account is given back.
func TestMailIsFiledBeforeTheInbox(t *testing.T) {
	s, b := tended(t, func(tb testing.TB, o provider.Options) *provider.Server {
		o.Host = "127.0.0.27"
		return provider.Dovecot(tb, o)
	})
	time.Sleep(3 * time.Second)
	s.stop()
	waits := b.arrives("Figures")
	if err := b.holds("Tidepost/Next delivery", 1, waits); err != nil {
		t.Error(err)
	}
	s.start()
	code := b.arrives("Your sign-in code is 123456", "Auto-Submitted: auto-generated\n")
	b.until(func() error { return b.holds("INBOX", 2, code) })
	t.Log(s.cli("account", "rollback", "ana@team.example"))
	after := b.arrives("Afterwards")
	if err := b.holds("INBOX", 4, waits, after); err != nil {
		t.Error(err)
	}
}

// accountKills is how often TestKillsBesideAProvider kills.
func accountKills(t *testing.T) int {
	t.Helper()
	n := 6
	if s := os.Getenv("TIDEPOST_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("TIDEPOST_KILLS=%s is no number of kills", s)
		}
	}
	return n
}

// TestKillsBesideAProvider kills Tidepost again and again while mail comes and Ana moves it
// about: in the end everything is in her account, once.
func TestKillsBesideAProvider(t *testing.T) {
	s, b := tended(t, provider.Dovecot)
	var came []string
	folders := []string{"INBOX", "Tidepost/Next delivery", "Archive", "Trash", "Tidepost/Remind me/Tomorrow", "Tidepost/Notifications", "Tidepost/Lists"}
	kills := accountKills(t)
	for i := range kills {
		for j := range 3 + rand.IntN(4) {
			came = append(came, b.arrives(fmt.Sprintf("Mail %d.%d", i, j)))
		}
		if i%3 == 0 {
			s.submits("ana", "mei@team.example", fmt.Sprintf("To Mei %d", i))
		}
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		s.kill()
		for range 2 { // While it is down.
			b.moves(came[rand.IntN(len(came))], "Tidepost/Next delivery", []string{"INBOX", "Archive", "Trash"}[rand.IntN(3)])
		}
		s.start()
		if i%2 == 0 {
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
			b.moves(came[rand.IntN(len(came))], "Tidepost/Next delivery", "INBOX")
		}
	}
	last := b.arrives("The last one")
	came = append(came, last)
	b.until(func() error { return b.holds("Tidepost/Next delivery", -1, last) })
	time.Sleep(2 * time.Second)
	c := b.dial()
	defer c.Close()
	where := map[string][]string{}
	for _, f := range folders {
		for mid := range b.ids(c, f) {
			where[mid] = append(where[mid], f)
		}
	}
	waiting := 0
	for _, mid := range came {
		if at := where[mid]; len(at) != 1 {
			t.Errorf("%s is in %v", mid, at)
		} else if slices.Contains(at, "Tidepost/Next delivery") {
			waiting++
		}
	}
	t.Logf("%d kills, %d mails, %d of them wait", kills, len(came), waiting)
}

// submits sends a mail of one of the team, and returns its Message-ID.
func (s *server) submits(author, to, subject string) string {
	s.t.Helper()
	mid := fmt.Sprintf("%s-%d@client.example", author, time.Now().UnixNano())
	s.submit(author, mailTo(author+"@team.example", to, subject, mid, "Here is the budget."), to)
	return mid
}
