package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidepost/metrics"
)

func scrape(t *testing.T, s *metrics.Set) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestCounts(t *testing.T) {
	s := metrics.New()
	s.Message("submission", metrics.Accepted, 3*time.Millisecond)
	s.Message("submission", metrics.Refused, 0)
	s.Attempt(metrics.Delivered, 3)
	s.Attempt(metrics.Unreachable, 1)
	s.Login("imap", true)
	s.Login("imap", false)
	s.Login("imap", false)
	end := s.Session("imap")
	s.Session("imap")
	end()
	got := scrape(t, s)
	for _, want := range []string{
		`tidepost_messages_total{door="submission",result="accepted"} 1`,
		`tidepost_messages_total{door="submission",result="refused"} 1`,
		`tidepost_accept_seconds_bucket{door="submission",le="0.0025"} 0`,
		`tidepost_accept_seconds_bucket{door="submission",le="0.005"} 1`,
		`tidepost_accept_seconds_count{door="submission"} 1`,
		`tidepost_relay_recipients_total{outcome="delivered"} 3`,
		`tidepost_relay_recipients_total{outcome="unreachable"} 1`,
		`tidepost_logins_total{door="imap",result="ok"} 1`,
		`tidepost_logins_total{door="imap",result="failed"} 2`,
		`tidepost_sessions{door="imap"} 1`,
		`go_goroutines `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %s", want)
		}
	}
}

// TestNilCountsNothing: parts that are used without a server have no figures.
func TestNilCountsNothing(*testing.T) {
	var s *metrics.Set
	s.Message("lmtp", metrics.Trouble, 0)
	s.Attempt(metrics.Deferred, 1)
	s.Login("imap", true)
	s.Session("imap")()
}
