package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/threading"
)

// runThreading asks for the trees of THREAD. A case is NAME.mbox with
// NAME.script.txt, a dialogue of imaptest, or an entry of jwz-mailkit.json.
func runThreading(folder string, r *Result) error {
	trees := r.measure("trees", formShare, "accuracy")
	bases := r.measure("base subjects", formShare, "base_subject")
	scripts, err := filepath.Glob(filepath.Join(folder, "*.script.txt"))
	if err != nil {
		return fmt.Errorf("find scripts: %w", err)
	}
	for _, path := range scripts {
		if err := runThreadScript(path, r, trees); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	path := filepath.Join(folder, "jwz-mailkit.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read set: %w", err)
	}
	var set outlineSet
	if err := json.Unmarshal(data, &set); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range set.Cases {
		if err := c.run(r, trees); err != nil {
			return fmt.Errorf("%s: case %q: %w", path, c.ID, err)
		}
	}
	for _, b := range set.BaseSubjects {
		got := mail.BaseSubject(b.Subject)
		same := strings.EqualFold(got, b.Base)
		if bases.right(same); !same {
			r.fail(Failure{ID: b.Subject, Got: got, Want: b.Base})
		}
	}
	return nil
}

// threadTrees computes the trees that the named algorithm makes.
func threadTrees(r *Result, algorithm string, rows []threading.Row) (out []*threading.Tree, err error) {
	ask := map[string]func([]threading.Row) []*threading.Tree{
		"REFERENCES": threading.References, "ORDEREDSUBJECT": threading.OrderedSubject,
	}[strings.ToUpper(algorithm)]
	if ask == nil {
		return nil, fmt.Errorf("unknown algorithm %q", algorithm)
	}
	r.ask(func() { out = ask(rows) })
	return out, nil
}

// A mailboxMessage is one of a script's mailbox.
type mailboxMessage struct {
	facts    mail.Facts
	received time.Time
	deleted  bool
}

// readMbox reads the messages of an mbox file; the date behind From is the one on
// which the message was received.
func readMbox(data []byte) ([]mailboxMessage, error) {
	var out []mailboxMessage
	for i, part := range bytes.Split(append([]byte("\n"), data...), []byte("\nFrom ")) {
		if i == 0 {
			continue
		}
		line, raw, _ := bytes.Cut(part, []byte("\n"))
		_, date, _ := strings.Cut(string(line), " ")
		received, err := time.Parse("Mon Jan _2 15:04:05 2006 -0700", strings.TrimSpace(date))
		if err != nil {
			received, err = time.Parse(time.ANSIC, strings.TrimSpace(date))
		}
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		out = append(out, mailboxMessage{facts: factsOf(raw), received: received})
	}
	return out, nil
}

func factsOf(raw []byte) mail.Facts {
	head, body := mail.SplitHead(raw)
	return mail.FactsOf(mail.ParseHeader(head), mail.Scan(head, body), mail.Address{})
}

// runThreadScript plays a dialogue: append, delete, expunge, and what THREAD
// answers in between.
func runThreadScript(path string, r *Result, trees *Measure) error {
	name := strings.TrimSuffix(path, ".script.txt")
	script, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mbox, err := os.ReadFile(name + ".mbox")
	if err != nil {
		return err
	}
	all, err := readMbox(mbox)
	if err != nil {
		return err
	}
	var box []mailboxMessage
	if strings.Contains(string(script), "messages: all") {
		box = slices.Clone(all)
	}
	r.Items++
	var got, want []string
	for line := range strings.Lines(string(script)) {
		words := strings.Fields(line)
		switch {
		case len(words) > 1 && words[0] == "*":
			want = append(want, strings.Join(words[2:], " "))
		case len(words) < 2 || words[0] != "ok":
		case words[1] == "append" && len(all) > 0:
			box, all = append(box, all[0]), all[1:]
		case words[1] == "store" && len(words) > 2:
			err = markDeleted(box, words[2])
		case words[1] == "expunge":
			box = slices.DeleteFunc(box, func(m mailboxMessage) bool { return m.deleted })
		case words[1] == "thread" && len(words) > 2:
			var answer []*threading.Tree
			answer, err = threadTrees(r, words[2], rowsOf(box))
			got = append(got, threading.FormatTrees(answer))
		case words[1] != "select":
			err = errors.New("unknown line")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", strings.TrimSpace(line), err)
		}
	}
	same := slices.Equal(got, want) && len(want) > 0
	if trees.right(same); !same {
		r.fail(Failure{ID: filepath.Base(name), Got: strings.Join(got, " then "), Want: strings.Join(want, " then ")})
	}
	return nil
}

func rowsOf(box []mailboxMessage) []threading.Row {
	var rows []threading.Row
	for i, m := range box {
		rows = append(rows, threading.RowOf(uint32(i+1), m.facts, m.received))
	}
	return rows
}

func markDeleted(box []mailboxMessage, set string) error {
	for text := range strings.SplitSeq(set, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > len(box) {
			return fmt.Errorf("no message %q", text)
		}
		box[n-1].deleted = true
	}
	return nil
}

// An outlineSet is the file jwz-mailkit.json.
type outlineSet struct {
	Cases        []outlineCase `json:"cases"`
	BaseSubjects []struct {
		Subject string `json:"subject"`
		Base    string `json:"base"`
	} `json:"base_subjects"`
}

// An outlineCase lists messages and their expected trees, one line a message.
type outlineCase struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Messages  []struct {
		N          uint32   `json:"n"`
		Subject    string   `json:"subject"`
		ID         string   `json:"message_id"`
		Date       string   `json:"date"`
		References []string `json:"references"`
	} `json:"messages"`
	Outline []outlineLine `json:"expected_outline"`
}

type outlineLine struct {
	Depth   int     `json:"depth"`
	Subject *string `json:"subject"` // nil for a message that is not there
}

func (c outlineCase) run(r *Result, trees *Measure) error {
	var rows []threading.Row
	subjects := map[uint32]string{}
	for _, m := range c.Messages {
		raw := fmt.Sprintf("Subject: %s\r\nMessage-ID: %s\r\nDate: %s\r\nReferences: %s\r\n\r\n", m.Subject, m.ID, m.Date, strings.Join(m.References, " "))
		rows = append(rows, threading.RowOf(m.N, factsOf([]byte(raw)), time.Time{}))
		subjects[m.N] = m.Subject
	}
	r.Items++
	list, err := threadTrees(r, c.Algorithm, rows)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	want := ""
	for _, l := range c.Outline {
		text := "-"
		if l.Subject != nil {
			text = *l.Subject
			named[text] = true
		}
		want += outlineText(l.Depth, text)
	}
	got, seen := outlineOf(list, subjects, named)
	whole := len(seen) == len(c.Messages)
	for _, m := range c.Messages {
		whole = whole && seen[m.N] == 1
	}
	same := whole && got == want
	if trees.right(same); !same {
		r.fail(Failure{ID: c.ID, Got: got, Want: want, Note: fmt.Sprintf("%d of %d messages are in the trees", len(seen), len(c.Messages))})
	}
	return nil
}

func outlineText(depth int, text string) string {
	return strings.Repeat("  ", depth) + text + "\n"
}

// outlineOf writes trees as an outline and counts how often each message is in
// them. A tree of which the expectation names nothing is counted but left out: the
// library that gave the expectation loses rings of three and more, and RFC 5256
// answers every message.
func outlineOf(list []*threading.Tree, subjects map[uint32]string, named map[string]bool) (string, map[uint32]int) {
	seen := map[uint32]int{}
	out := ""
	for _, top := range list {
		text, known := "", false
		var walk func(t *threading.Tree, depth int)
		walk = func(t *threading.Tree, depth int) {
			subject := "-"
			if t.Num != 0 {
				seen[t.Num]++
				subject = subjects[t.Num]
				known = known || named[subject]
			}
			text += outlineText(depth, subject)
			for _, c := range t.Children {
				walk(c, depth+1)
			}
		}
		if walk(top, 0); known {
			out += text
		}
	}
	return out, seen
}
