package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// rewrite has diaries written instead of compared: go test ./internal/story -diary.
var rewrite = flag.Bool("diary", false, "write the diaries of stories anew")

// diaryLooks compare everything that happened with what stands beside the story.
func diaryLooks() []*form {
	return []*form{
		{example: `the diary is as written`, pattern: `the diary is as written`, make: func(b *builder, _ []string) (func(*world) error, error) {
			file := strings.TrimSuffix(b.st.file, ".txt") + ".diary"
			return func(w *world) error {
				is, err := w.diary()
				if err == nil && w.outside != nil {
					return w.outside.compare(file, is)
				}
				if err != nil || *rewrite {
					return errors.Join(err, os.WriteFile(file, is, 0o644))
				}
				should, err := os.ReadFile(file)
				if err != nil {
					return &absence{err}
				}
				return unlike(file, string(should), string(is))
			}, nil
		}},
	}
}

// unlike reports the first line in which two diaries differ.
func unlike(file, should, is string) error {
	if should == is {
		return nil
	}
	a, b := strings.Split(should, "\n"), strings.Split(is, "\n")
	for i := range max(len(a), len(b)) {
		var want, got string
		if i < len(a) {
			want = a[i]
		}
		if i < len(b) {
			got = b[i]
		}
		if want != got {
			return &absence{fmt.Errorf("%s:%d: it should be\n  %s\nand is\n  %s\nIf that is right: go test ./internal/story -run TestScenarios -stories FILE -diary", file, i+1, want, got)}
		}
	}
	return nil
}

// diary writes down the whole ledger: a line for each row, and below the letters of
// Tidepost what they say. Times are in the zone of the story.
func (w *world) diary() ([]byte, error) {
	var out bytes.Buffer
	err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
		d := diarist{w: w, tx: tx, people: map[int64]string{}}
		if err := d.meet(); err != nil {
			return err
		}
		for after := int64(0); ; {
			list, err := tx.EventsAfter(after, 500)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, e := range list {
				after = e.ID
				if err := d.line(&out, e); err != nil {
					return err
				}
			}
		}
	})
	return out.Bytes(), err
}

// A diarist puts rows of the ledger into words.
type diarist struct {
	w      *world
	tx     *store.Tx
	people map[int64]string
	day    string
}

func (d *diarist) meet() error {
	list, err := d.tx.People()
	for _, p := range list {
		d.people[p.ID] = p.Name
	}
	return err
}

// line writes one row of the ledger.
func (d *diarist) line(out *bytes.Buffer, e store.Event) error {
	at := e.At.In(d.w.zone)
	if day := at.Format("Mon 2 Jan 2006"); day != d.day {
		d.day = day
		fmt.Fprintf(out, "\n%s\n", day)
	}
	fmt.Fprintf(out, "%s %s", at.Format("15:04"), e.Kind)
	if e.State != "" && e.State != e.Kind {
		fmt.Fprintf(out, " (%s)", e.State)
	}
	for _, part := range []func(store.Event) (string, error){d.who, d.about} {
		s, err := part(e)
		if err != nil {
			return err
		}
		if s != "" {
			out.WriteString(" " + s)
		}
	}
	if s := d.detail(e); s != "" {
		out.WriteString(" " + s)
	}
	out.WriteByte('\n')
	if e.Kind == "note" || e.Kind == "digest" {
		return d.text(out, e)
	}
	return nil
}

// who is whom a row is about.
func (d *diarist) who(e store.Event) (string, error) {
	if e.PersonID != 0 {
		return d.people[e.PersonID], nil
	}
	if e.RecipientID == 0 {
		return "", nil
	}
	r, err := d.tx.Recipient(e.RecipientID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return "to " + r.Address, err
}

// about is the mail a row is about, as the story calls it.
func (d *diarist) about(e store.Event) (string, error) {
	id := e.MessageID
	if e.SubmissionID != 0 {
		s, err := d.tx.Submission(e.SubmissionID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		if err == nil {
			return d.called(s.MID, s.Subject), nil
		}
	}
	if e.DeliveryID != 0 && id == 0 {
		del, err := d.tx.Delivery(e.DeliveryID)
		if err != nil {
			return "", err
		}
		id = del.MessageID
	}
	if id == 0 {
		return "", nil
	}
	m, err := d.tx.Message(id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return d.called(m.MID, mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{}).Subject), err
}

// called is how the story calls a mail; one of Tidepost's has its subject.
func (d *diarist) called(mid, subject string) string {
	for _, s := range d.w.mails {
		if s.mid == mid {
			return fmt.Sprintf("%q", s.name)
		}
	}
	return "«" + subject + "»"
}

// hidden are details that are numbers of rows, random, or depend on the machine.
var hidden = []string{"ip", "mid", "size", "message", "by", "uid", "id", "decision", "ask", "thread", "clock", "note", "at_ms", "remote", "tls", "key"}

// detail writes what a row says beyond its columns, in the order of the names.
func (d *diarist) detail(e store.Event) string {
	raw, ok := e.Detail.(*json.RawMessage)
	if !ok {
		return ""
	}
	var m map[string]any
	if json.Unmarshal(*raw, &m) != nil {
		return ""
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(hidden, k) {
			continue
		}
		v := fmt.Sprint(m[k])
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			v = t.In(d.w.zone).Format("Mon 2 Jan 15:04")
		}
		parts = append(parts, k+"="+v)
	}
	return strings.Join(parts, ", ")
}

// random are the links to mail that Tidepost has written: they differ each time.
var random = regexp.MustCompile(`<mid:[0-9a-f]{32}@[^>]*>`)

// text writes what a letter of Tidepost's says, if it is still there.
func (d *diarist) text(out *bytes.Buffer, e store.Event) error {
	m, err := d.tx.Message(e.MessageID)
	if errors.Is(err, store.ErrNotFound) || len(m.Head) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	body := d.w.server.db.OpenBody(context.Background(), m)
	defer body.Close()
	scan := mail.NewScanner(m.Head)
	if _, err := io.Copy(scan, body); err != nil {
		return err
	}
	for line := range strings.Lines(scan.Finish().Plain()) {
		fmt.Fprintf(out, "      | %s\n", random.ReplaceAllString(strings.TrimRight(line, " \r\n"), "<mid:…>"))
	}
	return nil
}
