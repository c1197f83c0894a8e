package badinput

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

func step(t *testing.T, s string) Step {
	t.Helper()
	st, err := parseStep(json.RawMessage(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return st
}

func TestSteps(t *testing.T) {
	for in, want := range map[string]string{
		`"a\u00ff\r\n"`:                       "a\xff\r\n",
		`{"rep":"x%i ","n":3}`:                "x0 x1 x2 ",
		`{"rep":{"rep":"ab","n":2},"n":2}`:    "abababab",
		`{"rep":"p","n":3,"prefix":"\u0000"}`: "\x00ppp",
		`{"b64_of":{"rep":"a","n":3}}`:        "YWFh",
	} {
		if got := step(t, in); got.kind != octets || string(got.data) != want {
			t.Errorf("%s: got %q (kind %d), want %q", in, got.data, got.kind, want)
		}
	}
	if got := step(t, `{"juggle":3}`); got.kind != unknown {
		t.Errorf("an unknown step has kind %d", got.kind)
	}
	if got := step(t, `{"rep":"a","n":2,"every_ms":5}`); got.kind != paced || len(got.chunks) != 2 || got.every != 5*time.Millisecond {
		t.Errorf("paced: %+v", got)
	}
	for _, bad := range []string{`"\u0100"`, `3`, `{"rep":"a","n":-1}`, `{"rep":"aaaa","n":999999999}`} {
		if _, err := parseStep(json.RawMessage(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestFillIsExact(t *testing.T) {
	sent := []byte("EHLO x\r\nDATA\r\nSubject: a\r\n\r\n")
	for want := 20; want < 400; want++ {
		b := fillTo(sent, want)
		if got := len("Subject: a\r\n\r\n") + len(b); got != want || !bytes.HasSuffix(b, []byte("\r\n")) {
			t.Errorf("want %d octets, got %d", want, got)
		}
	}
}

// talked is a wire on which something was sent and heard.
func talked(sent, heard string) *wire {
	now := time.Now()
	return &wire{sent: []byte(sent), sentAt: []mark{{len(sent), now}}, heard: []byte(heard), heardAt: []mark{{len(heard), now}}}
}

func TestDialogueIsReadAsAStrictServerReadsIt(t *testing.T) {
	d := readSMTP(talked("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nS: a\r\n\r\n..x\n.\r\nMAIL FROM:<evil@b>\r\n\r\n.\r\nQUIT\r\n",
		"220 hi\r\n250-x\r\n250 y\r\n250 ok\r\n250 ok\r\n354 go\r\n550 no\r\n221 bye\r\n"), false)
	if d.pending != 0 || d.open || len(d.extra) != 0 {
		t.Fatalf("%+v", d)
	}
	e, ok := d.phase("data")
	if !ok || e.verb != "BODY" || e.code() != 550 || string(e.data) != "S: a\r\n\r\n.x\n.\r\nMAIL FROM:<evil@b>\r\n\r\n" {
		t.Errorf("body %+v", e)
	}
	if d.accepted() != 0 {
		t.Error("a refused message counts as accepted")
	}
}

// TestSmugglingIsSeen plants the fault that the catalogue is about: a server that ends
// the message at a bare LF.
func TestSmugglingIsSeen(t *testing.T) {
	w := talked("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nS: a\r\n\r\nx\n.\r\nRSET\r\n\r\n.\r\n",
		"220 hi\r\n250 y\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n250 reset\r\n500 what\r\n500 what\r\n")
	d := readSMTP(w, false)
	if len(d.extra) == 0 {
		t.Fatal("replies to octets of the body are not seen")
	}
	r := run{c: &Case{}, smtp: d}
	if r.noEvent([]string{"", "body_as_command"}) == "" {
		t.Error("no_event:body_as_command holds")
	}
}

func TestLiteralsAreNotResponses(t *testing.T) {
	list := readResponses([]byte("* 1 FETCH (BODY[] {12}\r\nb OK liar\r\nx)\r\nb NO [LIMIT] too much\r\n"), nil)
	if len(list) != 2 || list[1].tag != "b" || !list[1].matches("NO [LIMIT]") || list[1].matches("OK") {
		t.Errorf("%+v", list)
	}
}

func TestScripts(t *testing.T) {
	rules, err := parseScript(`220 x|EHLO:250-x\n250 STARTTLS|RCPT:354|DATA:close|EOD:hang|MAIL:250 x*3`)
	if err != nil {
		t.Fatal(err)
	}
	want := []testkit.Rule{
		{Verb: "CONNECT", Raw: "220 x\r\n"}, {Verb: "EHLO", Raw: "250-x\r\n250 STARTTLS\r\n"}, {Verb: "RCPT", Raw: "354 x\r\n"},
		{Verb: "DATA", Close: true}, {Verb: "EOD", Hang: true}, {Verb: "MAIL", Raw: "250 xxx\r\n"},
	}
	if len(rules) != len(want) {
		t.Fatalf("%d rules", len(rules))
	}
	for i := range want {
		if rules[i] != want[i] {
			t.Errorf("rule %d: got %+v, want %+v", i, rules[i], want[i])
		}
	}
	if _, err := parseScript("DANCE:250 x"); err == nil {
		t.Error("a verb that nobody knows was taken")
	}
}

func TestTheCatalogueIsUnderstood(t *testing.T) {
	f, err := os.Open("../../testdata/badinput/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 200 {
		t.Errorf("%d rows", len(cases))
	}
	for _, c := range cases {
		if s, ok := c.step(unknown); ok {
			t.Errorf("%s: %s", c.ID, s.text)
		}
	}
	if _, err := Load(strings.NewReader(`{"id":"x","send":["\u0100"]}`)); err == nil {
		t.Error("a row with what is no octet was taken")
	}
}
