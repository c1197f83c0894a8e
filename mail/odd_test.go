package mail

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// dataDir returns $TIDEPOST_DATA/name, or skips.
func dataDir(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TIDEPOST_DATA")
	if dir == "" {
		t.Skip("TIDEPOST_DATA is not set: the data sets are not part of the repository")
	}
	return filepath.Join(dir, name)
}

// mails returns the messages below dir by their path.
func mails(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".msg", ".eml", ".txt":
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[path] = b
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkContent fails if a structure breaks a promise that imapd relies on.
func checkContent(t testing.TB, head, body []byte, c *Content) {
	t.Helper()
	if c.Size != int64(len(body)) {
		t.Fatalf("size %d, want %d", c.Size, len(body))
	}
	for name, s := range map[string]string{"plain": c.Plain(), "html": c.HTML(), "calendar": c.CalendarText()} {
		if !utf8.ValidString(s) {
			t.Fatalf("%s is not UTF-8: %.60q", name, s)
		}
	}
	parts := 0
	var check func(p *Part, from, to int64, depth int)
	check = func(p *Part, from, to int64, depth int) {
		parts++
		if depth > MaxDepth+1 {
			t.Fatalf("depth %d", depth)
		}
		if p.HeaderStart < from || p.BodyStart < p.HeaderStart || p.BodyEnd < p.BodyStart || p.BodyEnd > to {
			t.Fatalf("part %s at %d %d %d is not inside %d-%d", p.MediaType(), p.HeaderStart, p.BodyStart, p.BodyEnd, from, to)
		}
		if n := int64(strings.Count(string(body[p.BodyStart:p.BodyEnd]), "\n")); p.Lines != n {
			t.Fatalf("part %s: %d lines, want %d", p.MediaType(), p.Lines, n)
		}
		if (p.Type == "multipart") != (len(p.Children) > 0) {
			t.Fatalf("part %s has %d children", p.MediaType(), len(p.Children))
		}
		if isMessage(p) != (p.Message != nil) {
			t.Fatalf("part %s: message %v", p.MediaType(), p.Message)
		}
		at := p.BodyStart
		for _, child := range p.Children {
			check(child, at, p.BodyEnd, depth+1)
			at = child.BodyEnd
		}
		if p.Message != nil {
			if p.Message.Envelope == nil || p.Message.Root.HeaderStart != p.BodyStart {
				t.Fatalf("embedded message of %s is not whole", p.MediaType())
			}
			check(p.Message.Root, p.BodyStart, p.BodyEnd, depth+1)
		}
	}
	check(c.Root, 0, int64(len(body)), 1)
	if parts > MaxParts+1 {
		t.Fatalf("%d parts", parts)
	}
	b, err := json.Marshal(c)
	if err != nil || !utf8.Valid(b) {
		t.Fatalf("marshal: %v", err)
	}
}

// checkFacts computes everything there is of a message.
func checkFacts(t testing.TB, head []byte, c *Content) Facts {
	t.Helper()
	h := ParseHeader(head)
	f := FactsOf(h, c, Address{Local: "a", Domain: "b.test"})
	texts := []string{f.Subject, f.BaseSubject, f.MessageID, f.ListID, f.AutoSubmitted, f.Calendar.Method, NewWords(c), Preview(c), HTMLText(c.HTML())}
	texts = append(append(append(texts, f.References...), f.Attachments...), f.DeliveredTo...)
	for _, l := range [][]Mailbox{f.From, f.Sender, f.ReplyTo, f.To, f.Cc, f.Bcc} {
		for _, m := range l {
			texts = append(texts, m.String())
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
			t.Fatalf("text is not clean: %.80q", s)
		}
	}
	if n := utf8.RuneCountInString(Preview(c)); n > previewLength {
		t.Fatalf("preview of %d characters", n)
	}
	e, err := json.Marshal(h.Envelope())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range e {
		if b >= 0x80 {
			t.Fatalf("envelope is not ASCII: %s", e)
		}
	}
	return f
}

// TestOddMail reads every malformed mail of the set, whole and octet by octet.
func TestOddMail(t *testing.T) {
	all := mails(t, dataDir(t, "odd-mail"))
	if len(all) < 100 {
		t.Fatalf("only %d mails found", len(all))
	}
	for path, raw := range all {
		head, body := SplitHead(raw)
		if string(head)+string(body) != string(raw) {
			t.Fatalf("%s: head and body are not the message", path)
		}
		c := Scan(head, body)
		checkContent(t, head, body, c)
		checkFacts(t, head, c)
		s := NewScanner(head)
		for i := range body {
			s.take(body[i : i+1])
		}
		got, want := mustJSON(t, s.Finish()), mustJSON(t, c)
		if got != want {
			t.Errorf("%s: octet by octet\n%s\nwhole\n%s", path, got, want)
		}
	}
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A stalwartMail is as much of Stalwart's own parse as means the same here.
type stalwartMail struct {
	Parts []struct {
		Headers []struct {
			Name  any `json:"name"`
			Value map[string]json.RawMessage
		}
		OffsetHeader int                        `json:"offset_header"`
		OffsetBody   int                        `json:"offset_body"`
		OffsetEnd    int                        `json:"offset_end"`
		Body         map[string]json.RawMessage `json:"body"`
	} `json:"parts"`
}

// TestStalwartStructure compares the number of parts with Stalwart's.
func TestStalwartStructure(t *testing.T) {
	dir := dataDir(t, "odd-mail/stalwart-mail-parser")
	agree, total := 0, 0
	for path, raw := range mails(t, dir) {
		b, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".json")
		if err != nil {
			continue
		}
		var want stalwartMail
		if err := json.Unmarshal(b, &want); err != nil {
			continue
		}
		total++
		head, body := SplitHead(raw)
		n := 0
		var count func(p *Part)
		count = func(p *Part) {
			n++
			for _, c := range p.Children {
				count(c)
			}
		}
		count(Scan(head, body).Root)
		if n == len(want.Parts) {
			agree++
		} else {
			t.Logf("%s: %d parts, stalwart %d", filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), n, len(want.Parts))
		}
	}
	t.Logf("parts agree in %d of %d", agree, total)
	if total == 0 || agree*100 < total*70 {
		t.Errorf("parts agree in %d of %d mails only", agree, total)
	}
}

// TestQuoteStripping measures the cutting of quotes, white space ignored.
func TestQuoteStripping(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(dataDir(t, "quote-stripping"), "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	right, total := map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(b)) {
		var c struct{ ID, Kind, Text, Reply, Source string }
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind == "signature" {
			continue
		}
		set := c.Kind + " " + strings.SplitN(c.ID, "/", 2)[0]
		lines := plainLines(normalText(c.Text))
		if c.Kind == "html" {
			lines = htmlLines(c.Text)
		}
		got := joinLines(cutQuotes(lines))
		total[set]++
		if flat(got) == flat(c.Reply) {
			right[set]++
		} else {
			t.Logf("%s\n got …%q\nwant …%q", c.ID, tail(got), tail(c.Reply))
		}
	}
	t.Logf("right %v of %v", right, total)
	sumR, sumT := 0, 0
	for k := range total {
		sumR, sumT = sumR+right[k], sumT+total[k]
	}
	if sumR*100 < sumT*75 {
		t.Errorf("%d of %d right", sumR, sumT)
	}
}

func flat(s string) string { return strings.Join(strings.Fields(s), "") }

func tail(s string) string { return s[max(0, len(s)-300):] }
