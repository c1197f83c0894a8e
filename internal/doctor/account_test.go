package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/internal/gateway"
	"tidepost/internal/provider"
	"tidepost/internal/testkit"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/sieve"
	"tidepost/store"
)

// An office is an installation with Ana, whose mail is elsewhere.
type office struct {
	t    *testing.T
	o    Options
	desk *gateway.Desk
	ana  *people.Person
	keep *accounts.Keeper
}

func newOffice(t *testing.T, ca *testkit.CA) *office {
	t.Helper()
	v := visitor(t)
	if ca != nil {
		v.Config.Accounts.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(v.Config.Accounts.CAFile, ca.PEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	desk, err := gateway.OpenDesk(v.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { desk.Close() })
	e, err := people.NewEditor(desk.DB, v.Config.Server.Domains, rand.Reader).Add(context.Background(), people.Request{Fields: map[people.Field]string{
		people.FieldAddress: "ana@team.example", people.FieldName: "Ana", people.FieldZone: "UTC"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.People.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	ana, _ := desk.People.ByID(e.ID)
	return &office{t: t, o: v.Options, desk: desk, ana: ana,
		keep: accounts.New(accounts.Options{DB: desk.DB, Box: secrets.Open(v.Config.Server.Data, rand.Reader)})}
}

func (f *office) set(s accounts.Settings) {
	f.t.Helper()
	if _, err := f.keep.Set(context.Background(), f.ana.ID, s, time.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// look returns the findings by check.
func (f *office) look() map[string]Finding {
	f.t.Helper()
	found, err := Account(context.Background(), f.o, f.desk, f.ana)
	if err != nil {
		f.t.Fatal(err)
	}
	out := map[string]Finding{}
	for _, x := range found {
		out[x.Check] = x
		f.t.Logf("%-4s %-12s %s → %s", x.Level, x.Check, x.Text, x.Do)
	}
	return out
}

func expectFinding(t *testing.T, found map[string]Finding, check string, level Level, text string) {
	t.Helper()
	if f, ok := found[check]; !ok || f.Level != level || !strings.Contains(f.Text+" "+f.Do, text) {
		t.Errorf("%s: %+v, expected %s with %q", check, f, level, text)
	}
}

func TestAccountOnDovecot(t *testing.T) {
	s := provider.Dovecot(t, provider.Options{Host: "127.0.27.1", Quota: "100M"})
	f := newOffice(t, s.CA)
	f.set(accounts.Settings{Side: accounts.IMAP, Addr: s.IMAPS, Security: accounts.TLS, User: "ana@example.org", Password: "ana"})
	found := f.look()
	expectFinding(t, found, "imap login", OK, "ana@example.org (tls)")
	expectFinding(t, found, "deliveries", OK, "one command")
	expectFinding(t, found, "news", OK, "IDLE")
	expectFinding(t, found, "changes", OK, "CONDSTORE")
	expectFinding(t, found, "room", OK, "of 100 MB")
	expectFinding(t, found, "sieve", OK, "before it reaches INBOX")
	expectFinding(t, found, "next", OK, "tidepost account try ana@team.example")
	f.set(accounts.Settings{Side: accounts.IMAP, Addr: s.IMAPS, Security: accounts.TLS, User: "ana@example.org", Password: "wrong"})
	expectFinding(t, f.look(), "imap login", Fail, "account set")
}

// Every reason for which there is no script, at a real server.
func TestWhyThereIsNoSieve(t *testing.T) {
	t.Parallel()
	good := provider.Dovecot(t, provider.Options{})
	other := provider.Dovecot(t, provider.Options{Users: []provider.User{{Name: "ana@example.org", Password: "another"}}})
	poor := provider.Dovecot(t, provider.Options{Extra: "plugin {\n sieve_extensions = -date -relational\n}\n"})
	f := newOffice(t, good.CA)
	if err := os.WriteFile(f.o.Config.Accounts.CAFile, slices.Concat(good.CA.PEM(), other.CA.PEM(), poor.CA.PEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(sieve string) map[string]Finding {
		f.set(accounts.Settings{Side: accounts.IMAP, Addr: good.IMAPS, Security: accounts.TLS, User: "ana@example.org", Password: "ana", Sieve: sieve})
		return f.look()
	}
	expectFinding(t, at(good.Sieve), "sieve", OK, "before it reaches INBOX")
	expectFinding(t, at("none"), "sieve", OK, "is not used")
	expectFinding(t, at("127.0.0.1:1"), "sieve", Warn, "--sieve HOST:PORT")
	expectFinding(t, at(other.Sieve), "sieve", Warn, "refuses the login")
	expectFinding(t, at(poor.Sieve), "sieve", Warn, "it has no date, relational")

	c, err := remote.DialScripts(t.Context(), remote.Account{Addr: good.Sieve, Security: remote.Clear, User: "ana@example.org", Password: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	put := func(name, text string) {
		t.Helper()
		if err := c.Put(t.Context(), name, text); err != nil {
			t.Fatal(err)
		}
		if err := c.Activate(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	put("mine", "keep;\r\n")
	found := at(good.Sieve)
	expectFinding(t, found, "sieve", OK, `own script "mine" runs first`)
	expectFinding(t, found, "sieve now", OK, `"mine" runs alone`)
	put("outer", "require \"include\";\r\ninclude :personal \"mine\";\r\n")
	expectFinding(t, at(good.Sieve), "sieve", Warn, "it includes another")
	if all, err := c.List(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("looking has changed the scripts: %v, %v", all, err)
	}
	put("mine", "keep;\r\n")
	if err := c.Install(t.Context(), sieve.Rules{Folder: "Tidepost/Next delivery", Until: time.Now().Add(26 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	found = at(good.Sieve)
	expectFinding(t, found, "sieve", OK, `own script "mine" runs first`)
	expectFinding(t, found, "sieve now", OK, "runs until")
}

func TestAccountOnAPoorServer(t *testing.T) {
	s := provider.Dovecot(t, provider.Options{Hide: "MOVE IDLE CONDSTORE QRESYNC"})
	f := newOffice(t, s.CA)
	f.set(accounts.Settings{Side: accounts.IMAP, Addr: s.IMAP, Security: accounts.StartTLS, User: "ana@example.org", Password: "ana"})
	found := f.look()
	expectFinding(t, found, "deliveries", Warn, "no MOVE")
	expectFinding(t, found, "news", Warn, "no IDLE")
	expectFinding(t, found, "changes", Warn, "no CONDSTORE")
	expectFinding(t, found, "sieve", Warn, "a phone may ring")
}

func TestAccountForSending(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana": "pw"}})
	host, port := s.Addr()
	set := accounts.Settings{Side: accounts.SMTP, Addr: net.JoinHostPort(host, strconv.Itoa(port)), Security: accounts.None, User: "ana", Password: "pw", Sent: accounts.Provider}
	f := newOffice(t, nil)
	if _, err := Account(context.Background(), f.o, f.desk, f.ana); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without an account: %v", err)
	}
	f.set(set)
	found := f.look()
	expectFinding(t, found, "smtp login", OK, "as ana")
	expectFinding(t, found, "sent", OK, "provider files")
	set.Password = "wrong"
	f.set(set)
	expectFinding(t, f.look(), "smtp login", Fail, "refuses our login")
	tokens := testkit.NewOAuthServer(t)
	tokens.Revoke(true)
	set.Password, set.OAuth = "", &accounts.OAuth{TokenURL: tokens.URL, ClientID: "c", RefreshToken: "refresh-0"}
	f.set(set)
	expectFinding(t, f.look(), "smtp login", Fail, "log in again")
}
