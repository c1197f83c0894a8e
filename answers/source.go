package answers

import (
	"strings"

	"tidepost/mail"
)

// A passage is a run of the author's own lines with no quote between them.
type passage struct {
	rows   []string
	item   int // the last question quoted above, 0 for none
	shown  int // how many questions stand in the quote right above
	quoted bool
	last   bool // no question is quoted below
}

// passages sorts the lines of the reply: whose they are, and what question stands
// above. rest is what was too long to read.
func (p *parser) passages() (list []passage, rest string) {
	size, item, shown := 0, 0, 0
	open := false // list ends in a passage that goes on
	var tail strings.Builder
	var own []ownLine
	for i, l := range p.in.Lines {
		if size += len(l.Text) + 1; size > maxText {
			if l.Kind == mail.LineOwn || l.Kind == mail.LineSignature {
				tail.WriteString(l.Text + "\n")
			}
			continue
		}
		own = append(own, p.whose(i, l))
	}
	p.rescue(own)
	for _, o := range own {
		switch {
		case o.mine:
			if !open {
				list = append(list, passage{item: item, shown: shown, quoted: shown > 0 || item > 0})
				open = true
			}
			c := &list[len(list)-1]
			c.rows = append(c.rows, o.text)
		case o.blank && open && !o.marked:
			c := &list[len(list)-1]
			c.rows = append(c.rows, "")
		case o.blank:
		default:
			if open {
				shown, open = 0, false
			}
			if o.item != 0 {
				item = o.item
				shown++
			} else if o.outside {
				item, shown = 0, 0
			}
		}
	}
	p.judge(list, own)
	return list, strings.TrimSpace(tail.String())
}

// judge finds out whether answers stand under their questions.
func (p *parser) judge(list []passage, own []ownLine) {
	n, open, lastQuote := -1, false, -2 // the last passage with a question quoted below
	for _, o := range own {
		if o.mine && !open {
			n++
			open = true
		} else if !o.mine && !o.blank {
			open = false
			if o.item != 0 {
				lastQuote = n
			}
		}
	}
	found := -1
	for i := range list {
		list[i].last = i > lastQuote
		if list[i].item == 0 || !hasWords(list[i].rows) {
			continue
		}
		if found >= 0 && list[found].item != list[i].item {
			p.inline = true
		}
		found = i
		if list[i].shown == 1 || !list[i].last {
			p.inline = true
		}
	}
}

// under reports whether a passage answers the question above it if it names no number.
func (p *parser) under(c passage) bool {
	return c.item != 0 && (p.inline || len(p.in.Items) == 1)
}

// An ownLine is a line of the reply with whose it is.
type ownLine struct {
	text    string
	mine    bool
	blank   bool
	marked  bool // it has a quotation mark
	outside bool // a line of the digest that belongs to no question
	item    int  // the question that begins in it
	sig     bool
}

// whose finds out whether line i is the author's, and which question begins in it.
func (p *parser) whose(i int, l mail.Line) ownLine {
	o := ownLine{text: l.Text, blank: strings.TrimSpace(l.Text) == "", marked: l.Depth > 0, sig: l.Kind == mail.LineSignature}
	switch l.Kind {
	case mail.LineOwn:
		o.mine = !o.blank && !p.isPasted(l.Text)
		p.copied = !o.mine && (p.copied || !o.blank)
	case mail.LineBelow:
		// Without the digest there is no telling what was written into it.
		o.mine = !o.blank && p.digest.known() && !p.digest.holds(l.Text)
	case mail.LineQuoted:
		p.quote.look(p, l)
	case mail.LineAttribution:
		o.mine = p.noAttribution(l.Text)
		return o
	case mail.LineSignature:
		return o
	}
	if o.mine || o.blank {
		return o
	}
	if p.digest.known() {
		p.digest.follow(l.Text)
	}
	o.item = p.itemAt(i)
	if o.item != 0 && l.Depth == 1 {
		p.quote.item = o.item
	}
	o.outside = o.item == 0 && p.digest.isOutside(l.Text)
	return o
}

// isPasted reports whether a line without a mark is one that was copied from the digest.
// Who copies the example of the digest, and no more of it, means it.
func (p *parser) isPasted(text string) bool {
	if p.copied && p.digest.goesOn(text) {
		return true
	}
	if !p.digest.pasted(text) {
		return false
	}
	m, ok := p.marker(text)
	return !ok || !m.known || p.digest.isOfQuestion(text)
}

// noAttribution reports whether what looks like "On … wrote:" is an answer: "1) Tom
// wrote me on the 3rd:".
func (p *parser) noAttribution(text string) bool {
	m, ok := p.marker(text)
	return ok && m.strength >= strong && m.known && !strings.Contains(text, "@")
}

// rescue takes answers back that stand where a signature could: below a line of dashes.
func (p *parser) rescue(own []ownLine) {
	for i := range own {
		if !own[i].sig {
			continue
		}
		m, ok := p.marker(own[i].text)
		if !ok || !m.known || m.strength < likely {
			continue
		}
		for k := i; k < len(own) && own[k].sig; k++ {
			own[k].sig, own[k].mine = false, !own[k].blank
		}
	}
}

// lookAhead is how many lines of a quote are searched for the words of a question.
const lookAhead = 4

// itemAt finds the question that begins in quoted line i: its number, or the sentence
// itself.
func (p *parser) itemAt(i int) int {
	n, rest, boxed, ok := leadingNumber(p.in.Lines[i].Text)
	if !ok || !p.known(n) || p.digest.boxed && !boxed {
		return p.itemByText(i)
	}
	it := p.items[n]
	if it.Text == "" || boxed && p.digest.boxed {
		return n
	}
	want := wordSet(it.Text + " " + it.Asker)
	got := words(rest)
	for k := i + 1; k < len(p.in.Lines) && k <= i+lookAhead; k++ {
		got = append(got, words(p.in.Lines[k].Text)...)
	}
	hits := 0
	for _, w := range got {
		if want[w] {
			delete(want, w)
			hits++
		}
	}
	if hits >= 2 || hits > 0 && len(want) == 0 {
		return n
	}
	return 0
}

// itemByText finds a question by its first words, for quotes that lost the number.
func (p *parser) itemByText(i int) int {
	got := words(p.in.Lines[i].Text)
	if len(got) < 3 {
		return 0
	}
	line := " " + strings.Join(got, " ") + " "
	for _, it := range p.in.Items {
		if first := p.first[it.Number]; first != "" && strings.Contains(line, first) {
			return it.Number
		}
	}
	return 0
}

// leadingNumber reads the number that a line of a digest begins with; boxed is whether
// it stands in brackets, "[1]", as Tidepost writes it.
func leadingNumber(text string) (n int, rest string, boxed, ok bool) {
	s := strings.TrimLeft(text, " \t\u00a0*_#(|•-")
	bare, open := strings.CutPrefix(s, "[")
	n, size := number(bare)
	if size == 0 {
		return 0, "", false, false
	}
	rest = bare[size:]
	if rest != "" && !strings.ContainsAny(rest[:1], " \t.):]*_|\u00a0") {
		return 0, "", false, false
	}
	return n, rest, open && strings.HasPrefix(rest, "]"), true
}

func hasWords(rows []string) bool {
	for _, r := range rows {
		if strings.TrimSpace(r) != "" {
			return true
		}
	}
	return false
}

// trimRules cuts lines of dashes and the like off the end, which part answers.
func trimRules(text string) string {
	for {
		above, last, ok := cutLast(text)
		if !ok || strings.Trim(last, "-*_=~ ") != "" {
			return text
		}
		text = trimRows(above)
	}
}

// cutLast cuts the last line off; ok is false if it is the only one.
func cutLast(text string) (above, last string, ok bool) {
	i := strings.LastIndexByte(text, '\n')
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+1:], true
}

// trimRows cuts blank lines off both ends and white space off the end of each line.
func trimRows(text string) string {
	rows := strings.Split(text, "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " \t\u00a0")
	}
	return strings.Trim(strings.Join(rows, "\n"), "\n")
}
