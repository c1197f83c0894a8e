package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newServer(t *testing.T, log io.Writer, pages ...Page) *Server {
	t.Helper()
	s, err := New(Options{Pages: pages, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	w.Write(body)
}

func TestEveryAnswerIsHardened(t *testing.T) {
	s := newServer(t, io.Discard, Page{Pattern: "GET /page", Handler: http.HandlerFunc(echo)})
	for _, path := range []string{"/page", "/nothing", "/page/../x"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		for name, want := range map[string]string{
			"Content-Security-Policy": DefaultPolicy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestLongBodiesAreRefused(t *testing.T) {
	s := newServer(t, io.Discard, Page{Pattern: "POST /page", Handler: http.HandlerFunc(echo), MaxBody: 10})
	for body, want := range map[string]int{"ten octets": 200, "eleven octets and more": 413} {
		for _, known := range []bool{true, false} {
			r := httptest.NewRequest(http.MethodPost, "/page", strings.NewReader(body))
			if !known {
				r.ContentLength = -1 // chunked
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%d octets, length known %v: %d, want %d", len(body), known, w.Code, want)
			}
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newServer(t, io.Discard, Page{Pattern: "POST /page", Handler: http.HandlerFunc(echo)})
	for origin, want := range map[string]int{"": 200, "https://mail.team.example": 200, "https://evil.example": 403} {
		r := httptest.NewRequest(http.MethodPost, "https://mail.team.example/page", strings.NewReader("x"))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %q: %d, want %d", origin, w.Code, want)
		}
	}
}

func TestLogHoldsNoQuery(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, &log, Page{Pattern: "GET /page", Handler: http.HandlerFunc(echo)})
	s.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/page?emailaddress=ana@team.example&code=123", nil))
	if !strings.Contains(log.String(), "/page") || strings.Contains(log.String(), "ana@") || strings.Contains(log.String(), "123") {
		t.Errorf("logged: %s", log.String())
	}
}

func TestProxyIsBelievedOnLoopbackOnly(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"127.0.0.1:5", "", "127.0.0.1"},
		{"127.0.0.1:5", "192.0.2.9", "192.0.2.9"},
		{"127.0.0.1:5", "10.0.0.1, 192.0.2.9", "192.0.2.9"},
		{"127.0.0.1:5", "rubbish", "127.0.0.1"},
		{"198.51.100.1:5", "192.0.2.9", "198.51.100.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := ClientIP(r).String(); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestPanicEndsItsRequestOnly(t *testing.T) {
	s := newServer(t, io.Discard, Page{Pattern: "GET /bad", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") })},
		Page{Pattern: "GET /good", Handler: http.HandlerFunc(echo)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	if _, err := http.Get("http://" + l.Addr().String() + "/bad"); err == nil {
		t.Error("a panic is answered")
	}
	r, err := http.Get("http://" + l.Addr().String() + "/good")
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("the next request: %v", err)
	} else {
		r.Body.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

func TestOnePatternTwice(t *testing.T) {
	p := Page{Pattern: "GET /a", Handler: http.HandlerFunc(echo)}
	if _, err := New(Options{Pages: []Page{p, p}}); err == nil {
		t.Error("two pages with one pattern are taken")
	}
}
