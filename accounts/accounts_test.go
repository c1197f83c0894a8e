package accounts

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/internal/testkit"
	"tidepost/secrets"
	"tidepost/store"
)

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// A bench is a keeper over a real database with one person.
type bench struct {
	*Keeper
	t      *testing.T
	dir    string
	person int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := store.Person{Name: "Ana", Address: "ana@team.example", Profile: []byte("{}"), Active: true, Created: t0}
	if err := db.Update(context.Background(), func(tx *store.Tx) error { return tx.InsertPerson(&p) }); err != nil {
		t.Fatal(err)
	}
	return &bench{Keeper: New(Options{DB: db, Box: secrets.Open(dir, rand.Reader)}), t: t, dir: dir, person: p.ID}
}

func (b *bench) set(s Settings) Account {
	b.t.Helper()
	a, err := b.Set(context.Background(), b.person, s, t0)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) oauth(server *testkit.OAuthServer) Account {
	b.t.Helper()
	return b.set(Settings{Side: SMTP, Addr: "smtp.provider.example", User: "ana@team.example",
		OAuth: &OAuth{TokenURL: server.URL, ClientID: "tidepost", ClientSecret: "s3", RefreshToken: "refresh-0"}})
}

func TestPasswordComesBackAndIsNowhereInTheDatabase(t *testing.T) {
	b := newBench(t)
	a := b.set(Settings{Side: SMTP, Addr: "Smtp.Provider.Example.", User: "ana", Password: "correct horse"})
	if a.Addr != "smtp.provider.example:587" || a.Security != StartTLS || a.Sent != Client || a.State != store.AccountNew {
		t.Errorf("defaults: %+v", a)
	}
	got, err := b.Of(context.Background(), b.person, SMTP)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Login(context.Background(), got, "", t0)
	if err != nil || c.Password != "correct horse" || c.User != "ana" || c.Token != "" {
		t.Fatalf("%+v, %v", c.User, err)
	}
	for _, name := range []string{"tidepost.db", "tidepost.db-wal"} {
		data, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("correct horse")) {
			t.Errorf("%s holds the password in clear", name)
		}
	}
	printed, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v", c, c, c) + string(printed); strings.Contains(s, "horse") {
		t.Errorf("printed: %s", s)
	}
}

func TestChangedRowOpensNothing(t *testing.T) {
	b := newBench(t)
	a := b.set(Settings{Side: SMTP, Addr: "smtp.provider.example", User: "ana", Password: "pw"})
	a.Addr = "evil.example:587"
	if _, err := b.Login(context.Background(), a, "", t0); !errors.Is(err, secrets.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	good := Settings{Side: SMTP, Addr: "h.example", User: "u", Password: "p"}
	for name, change := range map[string]func(*Settings){
		"no side":                 func(s *Settings) { s.Side = "pop3" },
		"no host":                 func(s *Settings) { s.Addr = ":587" },
		"a bad port":              func(s *Settings) { s.Addr = "h.example:0" },
		"a bad host":              func(s *Settings) { s.Addr = "h example:25" },
		"clear text to elsewhere": func(s *Settings) { s.Security = None },
		"no user":                 func(s *Settings) { s.User = "" },
		"a line end in the user":  func(s *Settings) { s.User = "a\r\nb" },
		"a password in Latin-1":   func(s *Settings) { s.Password = "gr\xfc\xdfe" },
		"no secret":               func(s *Settings) { s.Password = "" },
		"both secrets":            func(s *Settings) { s.OAuth = &OAuth{} },
		"a token over http": func(s *Settings) {
			s.Password = ""
			s.OAuth = &OAuth{TokenURL: "http://a.example/t", ClientID: "c", RefreshToken: "r"}
		},
		"a token without a client": func(s *Settings) {
			s.Password = ""
			s.OAuth = &OAuth{TokenURL: "https://a.example/t", RefreshToken: "r"}
		},
		"an unknown filer": func(s *Settings) { s.Sent = "me" },
	} {
		s := good
		change(&s)
		if _, err := s.WithDefaults(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	for host, want := range map[string]Filer{"smtp.gmail.com": Provider, "smtp.office365.com": Provider, "notgmail.com": Client} {
		s := good
		s.Addr = host
		if s, err := s.WithDefaults(); err != nil || s.Sent != want {
			t.Errorf("%s: Sent is filed by %s (%v), want %s", host, s.Sent, err, want)
		}
	}
}

func TestTokenIsRenewedBeforeItEndsAndWhenRefused(t *testing.T) {
	b, server := newBench(t), testkit.NewOAuthServer(t)
	a := b.oauth(server)
	ctx, now := context.Background(), time.Now()
	want := func(refused, token string, refreshes int) {
		t.Helper()
		c, err := b.Login(ctx, a, refused, now)
		if err != nil || c.Token != token || server.Refreshes() != refreshes {
			t.Fatalf("token %q after %d refreshes (%v), want %q after %d", c.Token, server.Refreshes(), err, token, refreshes)
		}
	}
	want("", "access-1", 1)
	want("", "access-1", 1) // Still good.
	now = now.Add(56 * time.Minute)
	server.Life(4 * 3600)
	want("", "access-2", 2) // Would end in four minutes; the refresh token was exchanged, and kept.
	want("access-2", "access-3", 3)
	want("access-2", "access-3", 3) // Another mail was refused with the same one.
	if _, err := b.Rotate(ctx, now); err != nil {
		t.Fatal(err)
	}
	want("", "access-3", 3)
}

func TestOneRefreshAtATime(t *testing.T) {
	b, server := newBench(t), testkit.NewOAuthServer(t)
	a := b.oauth(server)
	var all sync.WaitGroup
	tokens := make([]string, 10)
	for i := range tokens {
		all.Go(func() {
			c, _ := b.Login(context.Background(), a, "", time.Now())
			tokens[i] = c.Token
		})
	}
	all.Wait()
	for _, s := range tokens {
		if s != "access-1" {
			t.Errorf("token %q, want access-1", s)
		}
	}
	if n := server.Refreshes(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func TestRevokedTokenIsRefusedAndBrokenEndpointIsNot(t *testing.T) {
	b, server := newBench(t), testkit.NewOAuthServer(t)
	a := b.oauth(server)
	ctx, now := context.Background(), time.Now()
	server.Break(true)
	_, err := b.Login(ctx, a, "", now)
	if err == nil || errors.Is(err, ErrRefused) {
		t.Fatalf("503: %v, want an error that passes", err)
	}
	server.Break(false)
	server.Revoke(true)
	if _, again := b.Login(ctx, a, "", now.Add(time.Second)); again == nil || again.Error() != err.Error() {
		t.Errorf("asked again at once: %v", again)
	}
	_, err = b.Login(ctx, a, "", now.Add(patience+time.Second))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("got %v, want ErrRefused with the reason", err)
	}
	for _, word := range []string{"refresh-", "s3", "access-"} {
		if strings.Contains(err.Error(), word) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestNewsIsToldOnce(t *testing.T) {
	b := newBench(t)
	a := b.set(Settings{Side: SMTP, Addr: "smtp.provider.example", User: "ana", Password: "pw"})
	ctx := context.Background()
	if news, err := b.Refused(ctx, a, "535 no\r\nway", t0); err != nil || !news {
		t.Fatalf("first: %v, %v", news, err)
	}
	if news, err := b.Refused(ctx, a, "535 no", t0); err != nil || news {
		t.Fatalf("second: %v, %v", news, err)
	}
	got, err := b.Of(ctx, b.person, SMTP)
	if err != nil || got.State != store.AccountRefused || got.Trouble != "535 no  way" {
		t.Fatalf("%+v, %v", got, err)
	}
	if news, err := b.Works(ctx, got, t0); err != nil || !news {
		t.Fatalf("works again: %v, %v", news, err)
	}
}

func TestRouteTokenBeginsAnewWithANewFile(t *testing.T) {
	b, server := newBench(t), testkit.NewOAuthServer(t)
	file := func(refresh string) []byte {
		return []byte(`{"token_url":"` + server.URL + `","client_id":"c","refresh_token":"` + refresh + `"}`)
	}
	ctx, now := context.Background(), time.Now()
	for range 2 {
		if c, err := b.RouteLogin(ctx, "relay", "team@x.example", file("refresh-0"), "", now); err != nil || c.Token != "access-1" {
			t.Fatalf("%q, %v", c.Token, err)
		}
	}
	if c, err := b.RouteLogin(ctx, "relay", "team@x.example", file("refresh-1"), "", now); err != nil || c.Token != "access-2" {
		t.Fatalf("a new file: %q, %v", c.Token, err)
	}
	if n, err := b.Rotate(ctx, now); err != nil || n != 1 {
		t.Fatalf("rotated %d, %v", n, err)
	}
	if c, err := b.RouteLogin(ctx, "relay", "team@x.example", file("refresh-1"), "", now); err != nil || c.Token != "access-2" {
		t.Fatalf("after the rotation: %q, %v", c.Token, err)
	}
}

func FuzzParseOAuth(f *testing.F) {
	f.Add([]byte(`{"token_url":"https://a.example/t","client_id":"c","refresh_token":"r"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := ParseOAuth(data); err == nil && (o.ClientID == "" || o.RefreshToken == "") {
			t.Errorf("%q passes", data)
		}
	})
}
