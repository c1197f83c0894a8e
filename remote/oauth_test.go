package remote_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"tidepost/internal/provider"
	"tidepost/remote"
)

func TestAccessTokens(t *testing.T) {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := `{"active": false}`
		if r.FormValue("token") == "good" {
			answer = `{"active": true, "username": "ana@example.org"}`
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	defer issuer.Close()
	for _, only := range []string{"xoauth2", "oauthbearer", "xoauth2 oauthbearer"} {
		p := provider.Dovecot(t, provider.Options{Introspect: issuer.URL + "/", Extra: "auth_mechanisms = plain " + only + "\n"})
		for _, c := range []struct {
			token string
			want  error
		}{{"good", nil}, {"old", remote.ErrAuth}, {"go\x01od", remote.ErrAuth}} {
			a := account(p, ana)
			a.Password, a.Token = "", func(context.Context) (string, error) { return c.token, nil }
			s, err := remote.Dial(t.Context(), a)
			if !errors.Is(err, c.want) {
				t.Errorf("%s, token %q: %v", only, c.token, err)
			}
			if err == nil {
				pick(t, s, "INBOX")
				s.Close()
			}
			a.Addr, a.Security = p.Sieve, remote.StartTLS
			m, err := remote.DialScripts(t.Context(), a)
			if !errors.Is(err, c.want) {
				t.Errorf("%s, token %q, ManageSieve: %v", only, c.token, err)
			}
			if err == nil {
				if !slices.Contains(m.Extensions(), "fileinto") {
					t.Errorf("extensions: %v", m.Extensions())
				}
				m.Close()
			}
		}
		a := account(p, ana)
		mine := errors.New("mine")
		a.Token = func(context.Context) (string, error) { return "", mine }
		if _, err := remote.Dial(t.Context(), a); !errors.Is(err, mine) {
			t.Errorf("no token: %v", err)
		}
	}
}

// What an account goes through: its server restarts, its folder is made anew.
func TestOutages(t *testing.T) {
	p := provider.Dovecot(t, provider.Options{})
	s, ctx := dial(t, account(p, ana)), t.Context()
	if err := s.Create(ctx, "Box"); err != nil {
		t.Fatal(err)
	}
	old := pick(t, s, "Box")
	gone := make(chan error, 1)
	go func() {
		_, err := s.Idle(ctx)
		gone <- err
	}()
	p.Stop()
	if err := <-gone; !errors.Is(err, remote.ErrLost) {
		t.Errorf("idle while the server ends: %v", err)
	}
	if _, err := s.List(ctx); !errors.Is(err, remote.ErrLost) {
		t.Errorf("list afterwards: %v", err)
	}
	p.Start()
	s = dial(t, account(p, ana))
	if _, err := s.Select(ctx, "Box", old.UIDValidity); err != nil {
		t.Errorf("the same folder: %v", err)
	}
	other := dial(t, account(p, ana))
	if err := other.Delete(ctx, "Box"); err != nil {
		t.Fatal(err)
	}
	if err := other.Create(ctx, "Box"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Select(ctx, "Box", old.UIDValidity); !errors.Is(err, remote.ErrUIDValidity) {
		t.Errorf("a folder made anew: %v", err)
	}
}
