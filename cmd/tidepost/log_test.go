package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"tidepost/config"
)

// What a peer puts into a log value can neither begin a line nor move a cursor.
func TestLogTamesForeignText(t *testing.T) {
	const foul = "a\nlevel=ERROR\x1b[2J\u202eevil\u2028\u0085\xff"
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log := newLogger(config.Log{Level: "info", Format: format}, &b)
		log.Info("x", "s", foul, "err", errors.New(foul), "addr", netip.MustParseAddr("192.0.2.1"), "n", 7,
			slog.Group("g", "s", foul))
		log.Debug("not this")
		got := b.String()
		if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\u202e\u2028\u0085") || strings.Contains(got, "not this") {
			t.Errorf("%s: %q", format, got)
		}
		for _, want := range []string{"192.0.2.1", "evil", "7"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %s in %q", format, want, got)
			}
		}
		if format == "json" && !json.Valid(b.Bytes()) {
			t.Errorf("no JSON: %s", got)
		}
	}
}

func TestLogCutsLongText(t *testing.T) {
	got := tameText(strings.Repeat("ä", maxLogText))
	if len(got) > maxLogText+len("…") || !strings.HasSuffix(got, "ä…") {
		t.Errorf("%d octets, end %q", len(got), got[len(got)-8:])
	}
	if same := tameText(`Zoë said "hi"`); same != `Zoë said "hi"` {
		t.Errorf("harmless text became %q", same)
	}
}

func TestLogLevel(t *testing.T) {
	var b bytes.Buffer
	newLogger(config.Log{Level: "odd"}, &b).Debug("x")
	newLogger(config.Log{Level: "warn"}, &b).Info("x")
	if b.Len() != 0 {
		t.Errorf("logged %q", b.String())
	}
}

// Root is refused only where it would be used for a privileged port.
func TestWantsRoot(t *testing.T) {
	for _, c := range []struct {
		listen config.Listen
		want   bool
	}{
		{config.Default().Listen, true},
		{config.Listen{IMAPS: "127.0.0.1:993"}, true},
		{config.Listen{Submission: "127.0.0.1:2587", IMAP: "127.0.0.1:0", LMTP: "/run/lmtp.sock"}, false},
		{config.Listen{}, false},
	} {
		if got := wantsRoot(c.listen); got != c.want {
			t.Errorf("wantsRoot(%+v) = %v", c.listen, got)
		}
	}
}
