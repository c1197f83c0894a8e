package imapd

import (
	"slices"
	"sort"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"

	"tidepost/mail"
)

// A verdict is what is known of a message and a key; AND is the minimum, OR the
// maximum, NOT the opposite.
type verdict int

// The verdicts.
const (
	nay   verdict = -1
	maybe verdict = 0 // more must be read
	yes   verdict = 1
)

func verdictOf(ok bool) verdict {
	if ok {
		return yes
	}
	return nay
}

// A candidate is a message that a search asks, as far as it is read.
type candidate struct {
	row    int
	letter *letter // nil: only the view is known
	head   mail.Header
	fields []field // decoded, folded
	text   *string // decoded, folded; nil: not read
}

// A field is a header field made fit to be searched.
type field struct {
	name  string
	value string
}

func newCandidate(row int, l *letter) *candidate {
	c := &candidate{row: row, letter: l, head: mail.ParseHeader(l.msg.Head)}
	for _, f := range c.head.Fields {
		one := mail.Header{Fields: []mail.Field{f}}
		c.fields = append(c.fields, field{name: f.Name, value: fold(one.Text(f.Name))})
	}
	return c
}

// read reads the text of the body: what the full-text index holds, too.
func (c *candidate) read(q *query) error {
	body := q.s.db.OpenBody(q.ctx, c.letter.msg)
	defer body.Close()
	content, err := scan(c.letter.msg, body)
	if err != nil {
		return err
	}
	text := fold(content.Plain() + "\n" + mail.HTMLText(content.HTML()))
	c.text = &text
	return nil
}

// fold makes texts comparable: without regard to case and to how letters are
// composed (RFC 5051 §2, the comparator of RFC 9051 §6.4.4).
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return strings.ToLower(norm.NFKD.String(s))
		}
	}
	return strings.ToLower(s)
}

// eval asks a message all keys of a program, as far as the candidate is read.
func (q *query) eval(c *candidate, crit *imap.SearchCriteria) verdict {
	v := q.known(c, crit)
	for i := range crit.Not {
		if v == nay {
			return nay
		}
		v = min(v, -q.eval(c, &crit.Not[i]))
	}
	for i := range crit.Or {
		if v == nay {
			return nay
		}
		v = min(v, max(q.eval(c, &crit.Or[i][0]), q.eval(c, &crit.Or[i][1])))
	}
	if v == nay {
		return nay
	}
	if v = min(v, q.written(c, crit)); v == nay {
		return nay
	}
	return min(v, q.words(c, crit))
}

// known is about what the view knows.
func (q *query) known(c *candidate, crit *imap.SearchCriteria) verdict {
	for i := range crit.SeqNum {
		if !q.within(&crit.SeqNum[i], crit.SeqNum[i], c.row) {
			return nay
		}
	}
	for i := range crit.UID {
		if !q.within(&crit.UID[i], crit.UID[i], c.row) {
			return nay
		}
	}
	r := q.v.rows[c.row]
	for _, f := range crit.Flag {
		if !hasFlag(r, f) {
			return nay
		}
	}
	for _, f := range crit.NotFlag {
		if hasFlag(r, f) {
			return nay
		}
	}
	day := civil(r.date.UTC())
	if !crit.Since.IsZero() && day < civil(crit.Since) || !crit.Before.IsZero() && day >= civil(crit.Before) {
		return nay
	}
	return yes
}

// within reports whether a row is in a set. key is where the set stands.
func (q *query) within(key any, set imap.NumSet, row int) bool {
	spans, ok := q.spans[key]
	if !ok {
		spans = q.v.spans(set, q.saved)
		q.spans[key] = spans
	}
	i := sort.Search(len(spans), func(i int) bool { return spans[i].to > row })
	return i < len(spans) && spans[i].from <= row
}

// hasFlag: \Recent is on no message.
func hasFlag(r row, f imap.Flag) bool {
	if bit := flagBit(f); bit != 0 {
		return r.flags&bit != 0
	}
	return hasWord(r.keywords, string(f))
}

// written is about the head and the size.
func (q *query) written(c *candidate, crit *imap.SearchCriteria) verdict {
	sent := !crit.SentSince.IsZero() || !crit.SentBefore.IsZero()
	if !sent && crit.Larger == 0 && crit.Smaller == 0 && len(crit.Header) == 0 {
		return yes
	}
	if c.letter == nil {
		for _, h := range crit.Header {
			if h.Value != "" && !q.mayHold(h.Value, c.row) {
				return nay
			}
		}
		return maybe
	}
	size := c.letter.msg.Size
	if crit.Larger > 0 && size <= crit.Larger || crit.Smaller > 0 && size >= crit.Smaller {
		return nay
	}
	if sent {
		t, ok := c.head.Date("Date")
		if !ok || !crit.SentSince.IsZero() && civil(t) < civil(crit.SentSince) ||
			!crit.SentBefore.IsZero() && civil(t) >= civil(crit.SentBefore) {
			return nay
		}
	}
	for _, h := range crit.Header {
		if !c.hasField(h.Key, fold(h.Value)) {
			return nay
		}
	}
	return yes
}

// hasField reports whether a field of that name holds the needle; an empty one asks
// for the field alone.
func (c *candidate) hasField(name, needle string) bool {
	return slices.ContainsFunc(c.fields, func(f field) bool {
		return f.name != "" && strings.EqualFold(f.name, name) && strings.Contains(f.value, needle)
	})
}

// words is about the text. TEXT looks into the head as well, which the index does
// not hold whole.
func (q *query) words(c *candidate, crit *imap.SearchCriteria) verdict {
	v := yes
	for _, needle := range crit.Text {
		if v = min(v, q.inText(c, needle, true)); v == nay {
			return nay
		}
	}
	for _, needle := range crit.Body {
		if v = min(v, q.inText(c, needle, false)); v == nay {
			return nay
		}
	}
	return v
}

func (q *query) inText(c *candidate, needle string, head bool) verdict {
	if needle == "" {
		return yes
	}
	if c.letter == nil {
		ids := q.narrowed[needle]
		if head && !q.mayHold(needle, c.row) || !head {
			if ids != nil && !ids[q.v.rows[c.row].message] {
				return nay
			}
		}
		return maybe
	}
	want := fold(needle)
	if head && slices.ContainsFunc(c.fields, func(f field) bool { return strings.Contains(f.value, want) }) {
		return yes
	}
	if ids := q.narrowed[needle]; ids != nil && !ids[q.v.rows[c.row].message] {
		return nay
	}
	if c.text == nil {
		return maybe
	}
	return verdictOf(strings.Contains(*c.text, want))
}

// ascending sorts rows that were found in several rounds.
func ascending(rows []int) []int {
	slices.Sort(rows)
	return rows
}
