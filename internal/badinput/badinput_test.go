package badinput

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
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

func TestTheBombIsAnArchive(t *testing.T) {
	b := step(t, `{"zeros_zip_mb":3}`).data
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, f) // checks the sum, too
	if err != nil || n != 3<<20 {
		t.Errorf("%d octets come out: %v", n, err)
	}
	if len(b) > 10_000 {
		t.Errorf("the archive has %d octets", len(b))
	}
}

// TestUnknownWordsAreNamed: a row in words that nobody knows must not pass.
func TestUnknownWordsAreNamed(t *testing.T) {
	for row, word := range map[string]string{
		`{"id":"x","expect":"reject-6xx"}`:                                                 "reject-6xx",
		`{"id":"x","expect":"ok","codes":["25"]}`:                                          `"25"`,
		`{"id":"x","expect":"reject-5xx-or-dance"}`:                                        "dance",
		`{"id":"x","expect":"ok","send":[{"juggle":3}]}`:                                   "juggle",
		`{"id":"x","expect":"ok","send":[{"rep":"a","n":3,"colour":1}]}`:                   "colour",
		`{"id":"x","expect":"ok","send":["{DANCE}x"]}`:                                     "DANCE",
		`{"id":"x","protocol":"gopher","expect":"ok"}`:                                     "gopher",
		`{"id":"x","protocol":"schedule","expect":"value","send":[{"scenario":"dreams"}]}`: "dreams",
	} {
		cases, err := Load(strings.NewReader(row))
		if err != nil {
			t.Fatal(err)
		}
		res := (&Catalogue{dir: t.TempDir()}).Run(context.Background(), &cases[0])
		if res.Passed() || len(res.Misses) == 0 || !strings.Contains(res.Misses[0], word) {
			t.Errorf("%s: passed %v, misses %q; want %s named", row, res.Passed(), res.Misses, word)
		}
	}
	r := &run{c: &Case{Invariants: []string{"everybody_is_happy"}}}
	r.look(false)
	r.look(true)
	if len(r.misses) != 1 || !strings.Contains(r.misses[0], "everybody_is_happy") {
		t.Errorf("an unknown invariant: %q", r.misses)
	}
}

func TestSpellings(t *testing.T) {
	for in, want := range map[string]string{
		"stored<=1": "queued<=1", "nothing_stored": "nothing_queued", "no_message_stored": "nothing_queued", "rss_mib<64": "rss_growth_mib<64", "memory_growth_mb<8": "rss_growth_mb<8",
		"answered_in_ms<5": "reply_within_ms<5", "reply_within_s<2": "reply_within_s<2", "no_dsn": "reports==0", "bounces==1": "reports==1", "queued=1": "queued==1",
		"capability_has_no:AUTH": "ehlo_has_no:AUTH", "released_once": "exactly_once",
	} {
		if got := spelled(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestClasses(t *testing.T) {
	for expect, want := range map[string][]outcome{
		"reject-5xx-or-close": {rejects5, closes}, "accept-or-reject": {accepts, rejects}, "reject-4xx-or-5xx": {rejects4, rejects5},
		"BAD-or-close": {saysBAD, closes}, "defer/bounce": {defers, bounces}, "relayed-note": {notes},
	} {
		got, err := outcomes(expect)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", expect, got, err)
		}
	}
	rep := reply{code: 550, lines: []string{"550 5.7.1 Relaying denied"}}
	for code, want := range map[string]bool{"550": true, "5xx": true, "5.7.x": true, "550 5.7.1": true, "550 5.1.1": false, "4xx": false, "554": false, "5.7.12": false} {
		if rep.is(code) != want {
			t.Errorf("%s: %v", code, !want)
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

func TestTheCataloguesAreUnderstood(t *testing.T) {
	for _, name := range []string{"cases.jsonl", "more.jsonl"} {
		f, err := os.Open("../../testdata/badinput/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cases, err := Load(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(cases) < 200 {
			t.Errorf("%s: %d rows", name, len(cases))
		}
		for _, c := range cases {
			if s, ok := c.step(unknown); ok {
				t.Errorf("%s: %s", c.ID, s.text)
			}
			if c.unknown != nil && c.Protocol != "http" {
				t.Errorf("%s: %v", c.ID, c.unknown)
			}
			for _, inv := range c.Invariants {
				if _, _, ok := findInvariant(inv); !ok {
					t.Errorf("%s: %s", c.ID, inv)
				}
			}
		}
	}
	if _, err := Load(strings.NewReader(`{"id":"x","send":["\u0100"]}`)); err == nil {
		t.Error("a row with what is no octet was taken")
	}
}
