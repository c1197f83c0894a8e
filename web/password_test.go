package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

const goodCode = "k7fqd-a9m2x-bbbbb-ccccc"

// setter redeems goodCode, once.
type setter struct {
	asked int
	used  bool
	fails error
}

func (s *setter) redeem(_ context.Context, code, password string, _ time.Time) (address, said string, err error) {
	s.asked++
	switch {
	case s.fails != nil:
		return "", "", s.fails
	case code != goodCode || s.used:
		return "", "The code is not good.", nil
	case len(password) < 10:
		return "", "The password is shorter than 10 characters.", nil
	}
	s.used = true
	return "ana@team.example", "", nil
}

func passwordServer(t *testing.T, s *setter, log io.Writer) func(method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	server := newServer(t, log, PasswordPages(s.redeem, slog.New(slog.NewTextHandler(log, nil)))...)
	return func(method, target, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, r)
		return w
	}
}

func formOf(code, password, again string) string {
	return url.Values{"code": {code}, "password": {password}, "again": {again}}.Encode()
}

// Scanners open the links of mail, some more than once: that uses nothing up.
func TestLookingUsesNothingUp(t *testing.T) {
	s := &setter{}
	ask := passwordServer(t, s, io.Discard)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		w := ask(method, "/password?code="+goodCode, "")
		if w.Code != http.StatusOK {
			t.Errorf("%s: got %d", method, w.Code)
		}
		if method == http.MethodGet && (!strings.Contains(w.Body.String(), `value="`+goodCode+`"`) || strings.Contains(w.Body.String(), "<script")) {
			t.Errorf("got %s", w.Body)
		}
	}
	if s.asked != 0 {
		t.Error("the code was looked at")
	}
	if w := ask(http.MethodPost, "/password", formOf(goodCode, "violet kettle moon", "violet kettle moon")); w.Code != http.StatusOK || !s.used {
		t.Errorf("got %d: %s", w.Code, w.Body)
	}
	if w := ask(http.MethodGet, "/password.css", ""); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("got %d", w.Code)
	}
}

func TestPasswordPageRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		body   string
		fails  error
		status int
		says   string
		asked  int
	}{
		"another code":       {formOf("aaaaa-aaaaa-aaaaa-aaaaa", "violet kettle moon", "violet kettle moon"), nil, 422, "The code is not good.", 1},
		"no form":            {"", nil, 422, "The code is not good.", 1},
		"a short password":   {formOf(goodCode, "short", "short"), nil, 422, "shorter than 10", 1},
		"two passwords":      {formOf(goodCode, "violet kettle moon", "another password"), nil, 422, "differ", 0},
		"no form at all":     {"%zz", nil, 400, "could not be read", 0},
		"much too long":      {formOf(goodCode, strings.Repeat("x", 9<<10), "x"), nil, 413, "", 0},
		"trouble":            {formOf(goodCode, "violet kettle moon", "violet kettle moon"), errors.New("secret detail"), 500, "not your fault", 1},
		"markup in the code": {formOf(`"><script>alert(1)</script>`, "violet kettle moon", "violet kettle moon"), nil, 422, "&lt;script&gt;", 1},
		"no UTF-8":           {"code=%ff%fe&password=violet+kettle+moon&again=violet+kettle+moon", nil, 422, "The code is not good.", 1},
	} {
		s := &setter{fails: tt.fails}
		w := passwordServer(t, s, io.Discard)(http.MethodPost, "/password", tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || s.asked != tt.asked {
			t.Errorf("%s: got %d after asking %d times: %s", name, w.Code, s.asked, w.Body)
		}
		for _, leak := range []string{"violet kettle moon", "secret detail", "<script>"} {
			if strings.Contains(w.Body.String(), leak) {
				t.Errorf("%s: the page shows %q", name, leak)
			}
		}
	}
}

// Nobody may go on to try, and looking does not count.
func TestPasswordPageCountsTries(t *testing.T) {
	s := &setter{}
	ask := passwordServer(t, s, io.Discard)
	for range 50 {
		ask(http.MethodGet, "/password", "")
	}
	for i := range maxTries + 5 {
		w := ask(http.MethodPost, "/password", formOf("aaaaa-aaaaa-aaaaa-aaaaa", "violet kettle moon", "violet kettle moon"))
		if want := i >= maxTries; want != (w.Code == http.StatusTooManyRequests) {
			t.Fatalf("try %d: got %d", i+1, w.Code)
		}
	}
	if s.asked != maxTries {
		t.Errorf("asked %d times", s.asked)
	}
}

func TestTriesAreForgottenAndBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	tr := tries{at: map[netip.Prefix]tried{}}
	here := netip.MustParseAddr("192.0.2.1")
	for range maxTries {
		tr.allowed(here, now)
	}
	if tr.allowed(here, now) || !tr.allowed(netip.MustParseAddr("192.0.2.2"), now) {
		t.Error("the wrong one is refused")
	}
	if !tr.allowed(here, now.Add(triesTime)) {
		t.Error("never forgotten")
	}
	six := netip.MustParseAddr("2001:db8::1")
	for range maxTries {
		tr.allowed(six, now)
	}
	if tr.allowed(netip.MustParseAddr("2001:db8::ffff"), now) {
		t.Error("a host has many addresses and tries with each")
	}
	for i := range maxPlaces + 100 {
		tr.allowed(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(tr.at) > maxPlaces {
		t.Errorf("%d places are remembered", len(tr.at))
	}
}

// Neither code nor password is in the log.
func TestPasswordPageLogsNoSecret(t *testing.T) {
	var log bytes.Buffer
	ask := passwordServer(t, &setter{}, &log)
	ask(http.MethodGet, "/password?code="+goodCode, "")
	ask(http.MethodPost, "/password", formOf(goodCode, "violet kettle moon", "violet kettle moon"))
	if s := log.String(); strings.Contains(s, goodCode) || strings.Contains(s, "kettle+moon") || strings.Contains(s, "violet kettle moon") || !strings.Contains(s, "ana@team.example") {
		t.Errorf("logged %s", s)
	}
}
