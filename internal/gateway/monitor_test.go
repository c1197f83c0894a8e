package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidepost/metrics"
)

// Figures and health are there for who asks on this machine, and nowhere unless the
// configuration says so.
func TestMonitor(t *testing.T) {
	if g := start(t, configuration(t)); g.Addr("monitor") != nil {
		t.Error("figures are served although nobody asked for it")
	}
	cfg := configuration(t)
	cfg.Monitor.Listen = "127.0.0.1:0"
	g := start(t, cfg)
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get("http://" + g.Addr("monitor").String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	healthy := func(want bool) Health {
		t.Helper()
		code, text := get("/health")
		var h Health
		if err := json.Unmarshal([]byte(text), &h); err != nil || h.OK != want || (code == 200) != want {
			t.Errorf("%d %s, %v", code, text, err)
		}
		return h
	}
	if h := healthy(true); len(h.Checks) != 6 {
		t.Errorf("checks %+v", h.Checks)
	}
	g.reach.saw(false, time.Now().Add(-overdueAfter))
	g.metrics.Attempt(metrics.Unreachable, 1)
	h := healthy(false)
	for _, c := range h.Checks {
		if c.OK != (c.Name != "relay") {
			t.Errorf("%+v", c)
		}
	}
	code, text := get("/metrics")
	for _, want := range []string{
		`tidepost_queue_recipients{state="held"} 0`, `tidepost_tide_waiting_messages 0`, `tidepost_tide_late_seconds 0`,
		`tidepost_relay_recipients_total{outcome="unreachable"} 1`, `tidepost_relay_failing_seconds 30`, `tidepost_certificate_expires_timestamp_seconds `,
		`tidepost_disk_free_bytes `, `go_goroutines `,
	} {
		if code != 200 || !strings.Contains(text, want) {
			t.Errorf("%d, no %s", code, want)
		}
	}
	g.reach.saw(true, time.Now())
	healthy(true)
	g.room.reserve, g.room.checked = 1<<62, time.Time{}
	healthy(false)
}

// Sessions and logins are counted by door.
func TestSessionsAreCounted(t *testing.T) {
	cfg := configuration(t)
	cfg.Monitor.Listen = "127.0.0.1:0"
	g := start(t, cfg)
	greeting(t, g.Addr("imap"), nil)
	resp, err := http.Get("http://" + g.Addr("monitor").String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `tidepost_sessions{door="imap"} `) {
		t.Error("the session is not counted")
	}
}
