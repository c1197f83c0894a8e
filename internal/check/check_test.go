package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const draft = `From: Ana Silva <ana@team.example>
To: Mei Chen <mei@team.example>
Subject: Project
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <p1@team.example>

Can we chat about the project? Please send me the report by Thursday noon.
We decided to use Go. I will call you tomorrow.
`

// run collects the reports of some sources.
func run(t *testing.T, in string, paths ...string) []Report {
	t.Helper()
	var out []Report
	err := Each(paths, strings.NewReader(in), nil, func(r Report) error {
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAMessageFromStandardInput(t *testing.T) {
	r := run(t, draft, "-")[0]
	if r.Source != "-" || r.Error != "" || r.MessageID != "p1@team.example" || r.From != "ana@team.example" || r.Language != "en" || r.Kind != "ask" {
		t.Errorf("got %+v", r)
	}
	if !r.Advice || r.Findings[0].Policy != "context" || r.Findings[0].Quote != "Can we chat about the project?" || !strings.Contains(r.Findings[0].Says, "Mei ") {
		t.Errorf("findings: %+v", r.Findings)
	}
	if !strings.Contains(r.Text(), "Call to action:") || strings.Contains(r.Text(), "It leaves") {
		t.Errorf("text: %s", r.Text())
	}
	if len(r.Asks) != 2 || r.Asks[1].Owners[0] != "mei@team.example" || r.Asks[1].Due.At != "2026-11-26T12:00:00Z" {
		t.Errorf("asks: %+v", r.Asks)
	}
	if len(r.Promises) != 1 || len(r.Decisions) != 1 || len(r.Dates) != 2 {
		t.Errorf("promises %+v, decisions %+v, dates %+v", r.Promises, r.Decisions, r.Dates)
	}
}

func TestTheZoneOfTheAuthor(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	r := Message("x", []byte(strings.ReplaceAll(draft, "\n", "\r\n")), zone)
	if r.Asks[1].Due.At != "2026-11-26T12:00:00-05:00" {
		t.Errorf("due: %+v", r.Asks[1].Due)
	}
}

// The JSON is documented: names are never changed, lists are never null.
func TestTheJSONIsStable(t *testing.T) {
	octets, err := json.Marshal(Message("x.eml", []byte("From: a@b.example\r\nSubject: Bonjour\r\n\r\nДобрый день, как дела?\r\n"), nil))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(octets, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"source", "subject", "language", "kind", "advice", "findings", "asks", "promises", "decisions", "dates",
		"tone", "medium", "attachment", "context", "proposal", "call_to_action"} {
		if v, ok := got[name]; !ok || v == nil {
			t.Errorf("%s is missing in %s", name, octets)
		}
	}
}

func TestMailboxFiles(t *testing.T) {
	var b strings.Builder
	for i := range 3 {
		fmt.Fprintf(&b, "From ana@team.example Mon Nov 23 10:0%d:00 2026\n%s\n>From here on it is text.\n>>From quoted twice.\nFrom nothing it follows.\n\nFrom me\n\n",
			i, strings.Replace(draft, "p1@", fmt.Sprintf("p%d@", i), 1))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.mbox")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t, "", file)
	if len(got) != 3 {
		t.Fatalf("%d messages, want 3", len(got))
	}
	for i, r := range got {
		if r.Source != fmt.Sprintf("%s#%d", file, i+1) || r.MessageID != fmt.Sprintf("p%d@team.example", i) || r.Error != "" || len(r.Asks) < 2 {
			t.Errorf("message %d: %+v", i, r)
		}
	}
	crlf := run(t, strings.ReplaceAll(b.String(), "\n", "\r\n"), "-")
	if len(crlf) != 3 || crlf[2].Source != "-#3" {
		t.Errorf("with CRLF: %d messages", len(crlf))
	}
}

func TestAMailboxMessageThatIsTooLarge(t *testing.T) {
	line := strings.Repeat("x", 1<<20) + "\n"
	in := io.MultiReader(strings.NewReader("From a@b Mon Nov 23 10:00:00 2026\nSubject: large\n\n"),
		strings.NewReader(strings.Repeat(line, MaxMessage>>20+1)),
		strings.NewReader("\nFrom a@b Mon Nov 23 10:00:00 2026\n"+draft))
	var got []Report
	err := Each([]string{"-"}, in, nil, func(r Report) error { got = append(got, r); return nil })
	if err != nil || len(got) != 2 || !strings.Contains(got[0].Error, "larger than 64 MB") || got[1].MessageID != "p1@team.example" {
		t.Errorf("%d reports, %v", len(got), err)
	}
}

func TestWhatCannotBeReadIsNamedAndTheRestGoesOn(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.eml", draft)
	write("a.eml", "")
	write("sub/c.EML", "no header at all, only words\n")
	write("sub/notes.txt", draft)
	write("box/cur/1700000000.M1.host:2,S", draft)
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "link.eml")); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range run(t, "", dir, filepath.Join(dir, "nowhere.eml"), filepath.Join(dir, "box", "cur")) {
		s := strings.TrimPrefix(r.Source, dir)
		if r.Error != "" {
			s += ": " + r.Error
		}
		names = append(names, s)
	}
	want := []string{"/a.eml: it is empty", "/b.eml", "/box/cur/1700000000.M1.host:2,S", "/link.eml: no such file or directory", "/sub/c.EML",
		"/nowhere.eml: no such file or directory", "/box/cur/1700000000.M1.host:2,S"}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	if got := run(t, "", t.TempDir()); len(got) != 1 || got[0].Error == "" {
		t.Errorf("an empty directory: %+v", got)
	}
	stop := errors.New("enough")
	if err := Each([]string{dir}, nil, nil, func(Report) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("it did not stop: %v", err)
	}
}

func FuzzEach(f *testing.F) {
	f.Add([]byte(draft))
	f.Add([]byte("From a b 1:2\n\nFrom a b 1:2\n" + draft))
	f.Add([]byte("From \n>From x\n\n\nFrom a@b 1:\n"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		n := 0
		err := Each([]string{"-"}, bytes.NewReader(octets), nil, func(r Report) error {
			if n++; n > len(octets)+1 {
				t.Fatal("more messages than octets")
			}
			if strings.Contains(r.Error, "panic") {
				t.Error(r.Error)
			}
			return nil
		})
		if err != nil || n == 0 && !bytes.HasPrefix(octets, []byte("From ")) {
			t.Errorf("%d reports, %v", n, err)
		}
	})
}
