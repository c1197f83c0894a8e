package answers

import (
	"strings"

	"tidepost/mail"
)

// A quote is the quotation of the digest, looked through for words that the digest does
// not have: some mail programs leave what is typed into a quotation in it. They are no
// answer, since programs change quotations too; but they come back.
type quote struct {
	item   int    // the question that was quoted last, 0 before the first
	lines  int    // since then
	before string // the last of them
	typed  []Leftover
}

// The bounds of what may have been typed: more is the work of a program.
const (
	typedLines = 12
	typedShare = 10 // of the lines of the quotation, in percent
)

// look takes in a line of a quotation.
func (q *quote) look(p *parser, l mail.Line) {
	switch {
	case l.Depth != 1 || q.item == 0 || !p.digest.known():
		return
	case isRule(l.Text): // The line before is a heading: the questions end.
		if n := len(q.typed); n > 0 && q.typed[n-1].Text == q.before {
			q.typed = q.typed[:n-1]
		}
		q.item = 0
		return
	case len(words(l.Text)) == 0:
		return
	}
	q.lines++
	q.before = strings.TrimSpace(l.Text)
	if !p.digest.holds(l.Text) && !p.digest.part(l.Text) && !strings.Contains(l.Text, "://") {
		q.typed = append(q.typed, Leftover{Text: strings.TrimSpace(l.Text), Number: q.item, Why: WhyQuoted})
	}
}

// part reports whether a line is a few words of the digest, such as a heading or a
// subject that HTML sets apart, and not what many answers begin with.
func (d *digestText) part(line string) bool {
	w := words(line)
	switch w[0] {
	case "yes", "no", "by", "not", "done", "ok", "okay", "sure", "ja", "nein", "bis", "oui", "non":
		return false
	}
	return strings.Contains(d.text, " "+strings.Join(w, " ")+" ")
}

// inQuote gives back what was typed into the quotation.
func (p *parser) inQuote() {
	q := p.quote
	if len(q.typed) > typedLines || len(q.typed) > 1 && len(q.typed)*100 > q.lines*typedShare {
		return
	}
	for _, t := range q.typed {
		p.back(t.Text, t.Number, t.Why)
	}
}
