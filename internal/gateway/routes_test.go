package gateway

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/secrets"
	"tidepost/store"
)

// A yard is a gateway that is not running, with a smarthost for the team, one for the
// domain "two.example", and people who may have their own.
type yard struct {
	*Gateway
	t         *testing.T
	team, two *testkit.Smarthost
	keeper    *accounts.Keeper
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, team: testkit.NewSmarthost(t, testkit.SmarthostOptions{}), two: testkit.NewSmarthost(t, testkit.SmarthostOptions{})}
	cfg := configuration(t)
	cfg.Server.Domains = []string{"team.example", "two.example"}
	cfg.Relay.Host, cfg.Relay.Port = y.team.Addr()
	cfg.Relay.TLS = "none"
	p := &config.Provider{Domains: []string{"two.example"}, Relay: config.Relay{Mode: "smarthost", TLS: "none", Connections: 2, Sent: "client"}}
	p.Host, p.Port = y.two.Addr()
	cfg.Relay.Providers = []*config.Provider{p}
	g, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.relay.Close()
		g.db.Close()
	})
	y.Gateway = g
	y.keeper = accounts.New(accounts.Options{DB: g.db, Box: secrets.Open(cfg.Server.Data, rand.Reader)})
	return y
}

func (y *yard) person(address string) *people.Person {
	y.t.Helper()
	e, err := people.NewEditor(y.db, y.cfg.Server.Domains, rand.Reader).Add(context.Background(), people.Request{Fields: map[people.Field]string{
		people.FieldAddress: address, people.FieldName: address, people.FieldZone: "UTC", people.FieldHours: "mon-sun 00:00-24:00", people.FieldHolidays: "none"}}, time.Now())
	if err != nil {
		y.t.Fatal(err)
	}
	if err := y.dir.Reload(context.Background()); err != nil {
		y.t.Fatal(err)
	}
	p, ok := y.dir.ByID(e.ID)
	if !ok {
		y.t.Fatal("nobody was added")
	}
	return p
}

// account gives a person a server of their own.
func (y *yard) account(p *people.Person, s *testkit.Smarthost, set accounts.Settings) {
	y.t.Helper()
	host, port := s.Addr()
	set.Side, set.Addr, set.Security, set.User = accounts.SMTP, net.JoinHostPort(host, strconv.Itoa(port)), accounts.None, p.Address.String()
	if _, err := y.keeper.Set(context.Background(), p.ID, set, time.Now()); err != nil {
		y.t.Fatal(err)
	}
	y.Kick()
}

func (y *yard) send(author int64, from string) queue.Result {
	y.t.Helper()
	a, err := mail.ParsePath(from, true)
	if err != nil {
		y.t.Fatal(err)
	}
	const text = "Subject: a\r\n\r\nb\r\n"
	return sender{y.Gateway}.Send(context.Background(), queue.Job{Author: author, From: a, Size: int64(len(text)),
		Recipients: []mail.Recipient{{Address: mail.Address{Local: "x", Domain: "out.example"}}},
		Open:       func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})[0]
}

// letters are the subjects in a person's INBOX.
func (y *yard) letters(p *people.Person) (subjects []string) {
	y.t.Helper()
	err := y.db.View(context.Background(), func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(p.ID, store.KindInbox)
		if err != nil {
			return err
		}
		entries, err := tx.Entries(box.ID)
		for _, e := range entries {
			m, err := tx.Message(e.MessageID)
			if err != nil {
				return err
			}
			subjects = append(subjects, mail.ParseHeader(m.Head).Get("Subject"))
		}
		return err
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return subjects
}

func TestMailTakesItsAuthorsWay(t *testing.T) {
	y := newYard(t)
	own := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": "pw"}})
	tokens := testkit.NewOAuthServer(t)
	google := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"bo@team.example": ""}, Mechanisms: "XOAUTH2", Token: tokens.Access})
	ana, bo, mei := y.person("ana@team.example"), y.person("bo@team.example"), y.person("mei@two.example")
	y.account(ana, own, accounts.Settings{Password: "pw"})
	y.account(bo, google, accounts.Settings{OAuth: &accounts.OAuth{TokenURL: tokens.URL, ClientID: "c", RefreshToken: "refresh-0"}})
	for _, c := range []struct {
		author int64
		from   string
		to     *testkit.Smarthost
		route  string
	}{
		{ana.ID, "ana@team.example", own, "account 1"}, {bo.ID, "bo@team.example", google, "account 2"},
		{mei.ID, "mei@two.example", y.two, "127.0.0.1"}, {mei.ID, "mei@team.example", y.team, ""}, {0, "tidepost@two.example", y.two, "127.0.0.1"},
	} {
		before := len(c.to.Delivered())
		if r := y.send(c.author, c.from); !r.Delivered || len(c.to.Delivered()) != before+1 {
			t.Errorf("%s by %d: %+v, and it came elsewhere", c.from, c.author, r)
		}
		a, err := mail.ParsePath(c.from, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := (sender{y.Gateway}).Route(c.author, a, mail.Address{Local: "x", Domain: "out.example"}); got != c.route {
			t.Errorf("%s by %d: route %q, want %q", c.from, c.author, got, c.route)
		}
	}
	if n := tokens.Refreshes(); n != 1 {
		t.Errorf("%d tokens were fetched, want 1", n)
	}
}

func logins(s *testkit.Smarthost) (n int) {
	for _, line := range s.Commands() {
		if strings.HasPrefix(line, "AUTH") {
			n++
		}
	}
	return n
}

func TestRefusedLoginDefersOnePersonsMailAndIsToldOnce(t *testing.T) {
	y := newYard(t)
	own := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": "new"}})
	ana, mei := y.person("ana@team.example"), y.person("mei@team.example")
	y.account(ana, own, accounts.Settings{Password: "old"})
	for range 3 {
		if r := y.send(ana.ID, "ana@team.example"); r.Delivered || r.Reply.Code != 454 || r.Alarm {
			t.Fatalf("refused login: %+v, want a deferral without the team's alarm", r)
		}
	}
	if n := logins(own); n != 1 {
		t.Errorf("%d logins were tried in a row, want 1: providers lock accounts", n)
	}
	if r := y.send(mei.ID, "mei@team.example"); !r.Delivered {
		t.Errorf("another's mail: %+v", r)
	}
	if got := y.letters(ana); len(got) != 1 || !strings.Contains(got[0], "Your mail waits") {
		t.Errorf("Ana got %q, want one letter", got)
	}
	if got := y.letters(mei); len(got) != 0 {
		t.Errorf("Mei got %q", got)
	}
	acct, err := y.keeper.Of(context.Background(), ana.ID, accounts.SMTP)
	if err != nil || acct.State != store.AccountRefused {
		t.Errorf("state %s, %v", acct.State, err)
	}
	// A new password holds for the next mail.
	y.account(ana, own, accounts.Settings{Password: "new"})
	if r := y.send(ana.ID, "ana@team.example"); !r.Delivered {
		t.Errorf("with the new password: %+v", r)
	}
	if got := y.letters(ana); len(got) != 2 || !strings.Contains(got[1], "leaves again") {
		t.Errorf("Ana got %q, want one letter more", got)
	}
}

// A refresh token that was revoked is like a wrong password: one person's mail waits, and
// a new token holds for the next mail, though the account looks the same.
func TestRevokedTokenDefersOnePersonsMailAndIsToldOnce(t *testing.T) {
	y := newYard(t)
	tokens, next := testkit.NewOAuthServer(t), testkit.NewOAuthServer(t)
	is := tokens
	google := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": ""}, Mechanisms: "OAUTHBEARER", Token: func() string { return is.Access() }})
	ana, mei := y.person("ana@team.example"), y.person("mei@team.example")
	entered := func(o *testkit.OAuthServer) {
		y.account(ana, google, accounts.Settings{OAuth: &accounts.OAuth{TokenURL: o.URL, ClientID: "c", RefreshToken: "refresh-0"}})
	}
	entered(tokens)
	tokens.Revoke(true)
	for range 3 {
		if r := y.send(ana.ID, "ana@team.example"); r.Delivered || r.Reply.Code/100 != 4 || r.Alarm {
			t.Fatalf("revoked: %+v, want a deferral without the team's alarm", r)
		}
	}
	if r := y.send(mei.ID, "mei@team.example"); !r.Delivered {
		t.Errorf("another's mail: %+v", r)
	}
	if got := y.letters(ana); len(got) != 1 || !strings.Contains(got[0], "Your mail waits") {
		t.Errorf("Ana got %q, want one letter", got)
	}
	is = next
	entered(next)
	for range 2 {
		if r := y.send(ana.ID, "ana@team.example"); !r.Delivered {
			t.Fatalf("with the new token: %+v", r)
		}
	}
	if got := y.letters(ana); len(got) != 2 || !strings.Contains(got[1], "leaves again") {
		t.Errorf("Ana got %q, want one letter more", got)
	}
	if n := next.Refreshes(); n != 1 {
		t.Errorf("%d tokens were fetched, want 1", n)
	}
}

func TestServerThatIsAwayIsNobodysRefusal(t *testing.T) {
	y := newYard(t)
	tokens := testkit.NewOAuthServer(t)
	google := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": ""}, Mechanisms: "XOAUTH2", Token: tokens.Access})
	ana := y.person("ana@team.example")
	y.account(ana, google, accounts.Settings{OAuth: &accounts.OAuth{TokenURL: tokens.URL, ClientID: "c", RefreshToken: "refresh-0"}})
	tokens.Break(true)
	if r := y.send(ana.ID, "ana@team.example"); r.Delivered || r.Reply.Code/100 != 4 || r.Alarm {
		t.Errorf("token endpoint is down: %+v", r)
	}
	if got := y.letters(ana); len(got) != 0 {
		t.Errorf("Ana got %q", got)
	}
}

func TestSentIsFiledOnce(t *testing.T) {
	y := newYard(t)
	own := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": "pw"}})
	ana, mei := y.person("ana@team.example"), y.person("mei@team.example")
	y.account(ana, own, accounts.Settings{Password: "pw", Sent: accounts.Tidepost})
	for p, want := range map[*people.Person]int{ana: 1, mei: 0} {
		text := "From: " + p.Address.String() + "\r\nTo: x@out.example\r\nSubject: a\r\nMessage-ID: <" + p.Address.String() + ">\r\n\r\nb\r\n"
		staged, err := y.db.Stage(context.Background(), strings.NewReader(text), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		_, err = y.queue.Submit(context.Background(), queue.Submission{Author: p, Staged: staged, Now: now, Envelope: mail.Envelope{From: p.Address,
			Recipients: []mail.Recipient{{Address: mail.Address{Local: "x", Domain: "out.example"}}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := y.queue.RunDue(context.Background(), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var filed []store.Entry
		err = y.db.View(context.Background(), func(tx *store.Tx) error {
			box, err := tx.MailboxByKind(p.ID, store.KindSent)
			if err != nil {
				return err
			}
			filed, err = tx.Entries(box.ID)
			return err
		})
		if err != nil || len(filed) != want {
			t.Errorf("%s: %d copies in Sent (%v), want %d", p.Address, len(filed), err, want)
		}
	}
}
