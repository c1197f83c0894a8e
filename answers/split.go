package answers

import "strings"

// maxReversed is the length of a line in which words may stand before the numbers.
const maxReversed = 300

// longRow is the length from which a line may have been wrapped in a sentence.
const longRow = 45

// A splitter parts the rows of one passage into blocks.
type splitter struct {
	p      *parser
	under  int // the question quoted above, if the passage answers it
	style  string
	indent int
	bullet bool // of the first marker

	cur     int // index of the block being built, -1: what stands before the first
	blocks  []block
	lead    []string // before the first marker
	below   []string // the rows of the block being built, but the first
	nested  string   // style of a list inside the block
	unclear bool     // the block being built comes back
	last    int      // its highest number
	listing int      // the number of the last row of an unclear list
	listed  bool     // a list of the answer's own stands before the first marker
	wasRow  string   // the row before
}

// read parts a passage and keeps what it says.
func (p *parser) read(c *passage) {
	s := splitter{p: p, cur: -1}
	if p.under(*c) {
		s.under = c.item
	}
	for _, row := range c.rows {
		s.row(row)
		s.wasRow = row
	}
	s.finish(c)
}

// row takes one line.
func (s *splitter) row(row string) {
	if strings.TrimSpace(row) == "" {
		s.text(row)
		return
	}
	if len(row) <= maxReversed && !s.inside(row) {
		if list, ok := s.p.reversed(row); ok {
			s.open(list)
			return
		}
	}
	m, ok := s.p.marker(row)
	if !ok || s.isText(m) {
		s.text(row)
		return
	}
	if s.isUnclear(m) {
		s.unclear = true
		s.text(row)
		return
	}
	s.listing = 0
	if s.style == "" {
		s.style, s.indent, s.bullet = m.style, m.indent, m.bullet
	}
	s.nested = ""
	s.open(s.p.chunks(m, row))
}

// inside reports whether a row is indented below a marker: it belongs to the block.
func (s *splitter) inside(row string) bool {
	return s.cur >= 0 && strings.HasPrefix(row, "    ") && s.indent < 3
}

// isText reports whether a marker is surely a part of the text it stands in.
func (s *splitter) isText(m marker) bool {
	if s.under != 0 && s.cur < 0 {
		return s.isTextUnder(m)
	}
	if s.cur < 0 {
		return m.strength == doubtful || !m.known && (m.strength < likely || s.p.isLoose(m))
	}
	if s.nested != "" && (m.style == s.nested && m.style != s.style || m.strength < strong) {
		return true
	}
	next := len(m.numbers) > 0 && m.numbers[0] == s.last+1
	if m.indent > s.indent+1 && !(m.style == s.style && m.strength == strong && len(m.numbers) > 0 && m.numbers[0] > s.last && s.nested == "") {
		return true
	}
	if s.introduces() && len(m.numbers) > 0 && m.numbers[0] <= s.last && m.style != s.style && s.style != " " {
		s.nested = m.style
		return true
	}
	if !m.known && s.p.isLoose(m) || m.bullet && !s.bullet && m.strength < strong {
		return true // "- 3 piers" in a list of the answer's own
	}
	switch m.strength {
	case doubtful:
		return s.style != " " || !next
	case plain:
		return !m.known && s.style != " " || s.style != " " && !next || s.wrapped() && !next
	}
	return false
}

// isLoose reports whether the word behind a number without a mark may go on with a
// sentence: "417 is the room".
func (p *parser) isLoose(m marker) bool {
	return m.strength == likely && looseWords[firstWord(m.rest)]
}

// isTextUnder decides for an answer under its question: a list in it is its own.
func (s *splitter) isTextUnder(m marker) bool {
	if len(m.numbers) == 1 && m.numbers[0] == s.under && m.strength >= likely && !hasWords(s.lead) {
		return false
	}
	s.listed = s.listed || s.leads()
	return m.strength < likely || s.listed
}

// leads reports whether what stands before the first marker announces a list.
func (s *splitter) leads() bool {
	for i := len(s.lead) - 1; i >= 0 && len(s.lead)-i <= maxGap; i-- {
		if t := strings.TrimSpace(s.lead[i]); t != "" {
			return strings.HasSuffix(t, ":") && !pleasant(strings.TrimRight(t, ": "))
		}
	}
	return false
}

// isUnclear reports whether a marker may be a part of the text.
func (s *splitter) isUnclear(m marker) bool {
	if s.under != 0 && s.cur < 0 {
		return !(len(m.numbers) == 1 && m.numbers[0] == s.under && !hasWords(s.lead))
	}
	if s.cur < 0 {
		return m.strength == doubtful
	}
	if len(m.numbers) > 0 && m.strength == strong && (m.style == s.style || s.style == " ") && (s.introduces() && (m.numbers[0] <= s.last || m.numbers[0] == 1) || s.unclear && s.listing > 0 && m.numbers[0] == s.listing+1) {
		s.listing = m.numbers[0]
		return true // a list in the very style of the answers
	}
	if m.strength <= plain && (m.strength == doubtful || !m.known || s.style != " " || s.wrapped()) {
		return true
	}
	return s.wrapped() && m.style != s.style && m.strength == strong && m.style != "alone"
}

// introduces reports whether the last row of the block announces a list.
func (s *splitter) introduces() bool {
	if s.cur < 0 {
		return false
	}
	for i := len(s.below) - 1; i >= 0; i-- {
		if t := strings.TrimSpace(s.below[i]); t != "" || len(s.below)-i > maxGap {
			return strings.HasSuffix(t, ":")
		}
	}
	return strings.HasSuffix(strings.TrimSpace(s.blocks[s.cur].text), ":")
}

// maxGap is how many blank lines may stand above a list.
const maxGap = 3

// wrapped reports whether the row before may go on in this one.
func (s *splitter) wrapped() bool {
	t := strings.TrimSpace(s.wasRow)
	return len(t) >= longRow && !strings.ContainsAny(t[len(t)-1:], ".!?:;)")
}

// text adds a row to what is being built.
func (s *splitter) text(row string) {
	if s.cur < 0 {
		s.lead = append(s.lead, row)
		return
	}
	s.below = append(s.below, row)
}

// open begins blocks; the last of them goes on in the rows that follow.
func (s *splitter) open(list []block) {
	s.close()
	s.blocks = append(s.blocks, list...)
	s.cur = len(s.blocks) - 1
	for _, b := range list {
		for _, n := range b.numbers {
			s.last = n
		}
	}
	if list[len(list)-1].unclear {
		s.unclear = true
	}
}

// close ends a block; an unclear one comes back.
func (s *splitter) close() {
	if s.cur >= 0 && len(s.below) > 0 {
		b, below := &s.blocks[s.cur], strings.Join(s.below, "\n")
		b.text, b.raw, s.below = b.text+"\n"+below, b.raw+"\n"+below, nil
	}
	if s.unclear && s.cur >= 0 {
		s.blocks[s.cur].unclear = true
	} else if s.unclear {
		s.p.back(strings.Join(s.lead, "\n"), s.under, WhyUnclear)
		s.lead = nil
	}
	s.unclear = false
}

// finish hands the blocks over.
func (s *splitter) finish(c *passage) {
	leadUnclear := s.unclear && s.cur < 0
	s.close()
	if leadUnclear {
		s.p.out.Numbered = true
	}
	s.trailing()
	lead := s.p.courtesies(s.lead)
	if s.under == 0 && announces(lead) {
		// "My plan:" and a list: what is below may be no answers at all.
		for i := range s.blocks {
			s.blocks[i].unclear = true
		}
	}
	if s.under != 0 && hasWords(lead) {
		text := strings.Join(lead, "\n")
		s.p.blocks = append(s.p.blocks, block{numbers: []int{s.under}, text: text, raw: text})
	} else if hasWords(lead) {
		s.p.loose(strings.Join(lead, "\n"), len(s.blocks) == 0 && c.item == 0)
	}
	for _, b := range s.blocks {
		if b.unclear {
			n := 0
			if len(b.numbers) > 0 {
				n = b.numbers[0]
			}
			s.p.out.Numbered = true
			s.p.back(b.raw, n, WhyUnclear)
			continue
		}
		s.p.blocks = append(s.p.blocks, b)
	}
}

// announces reports whether rows end in one that announces a list of something else than
// answers.
func announces(rows []string) bool {
	for i := len(rows) - 1; i >= 0; i-- {
		t := strings.TrimSpace(rows[i])
		if t == "" {
			continue
		}
		if !strings.HasSuffix(t, ":") {
			return false
		}
		for _, w := range words(t) {
			if answerNames[w] {
				return false
			}
		}
		return true
	}
	return false
}

// trailing cuts off the last block what belongs to nobody: the author's name, a
// greeting, and below lines that stood close together a paragraph without a number.
func (s *splitter) trailing() {
	if s.cur < 0 || s.blocks[s.cur].unclear {
		return
	}
	b := &s.blocks[s.cur]
	rows := strings.Split(b.text, "\n")
	for len(rows) > 1 {
		t := strings.TrimSpace(rows[len(rows)-1])
		if t != "" && !s.p.isAuthor(t) && !(pleasant(t) && strings.TrimSpace(rows[len(rows)-2]) == "") {
			break
		}
		if t != "" {
			s.p.out.Courtesy = append(s.p.out.Courtesy, t)
		}
		rows = rows[:len(rows)-1]
	}
	if s.cur >= 1 && len(rows) > 2 && strings.TrimSpace(rows[1]) == "" && strings.TrimSpace(rows[0]) != "" && s.compact() {
		s.p.back(strings.Join(rows[2:], "\n"), 0, WhyNoNumber)
		rows = rows[:1]
	}
	kept := strings.Join(rows, "\n")
	b.raw = b.raw[:len(b.raw)-(len(b.text)-len(kept))]
	b.text = kept
}

// compact reports whether all blocks but the last are one row, with no blank line
// between.
func (s *splitter) compact() bool {
	for _, b := range s.blocks[:s.cur] {
		if strings.Contains(b.text, "\n") {
			return false
		}
	}
	return true
}

// loose keeps words that name no number. Of a digest with one question they are its
// answer.
func (p *parser) loose(text string, alone bool) {
	if alone && len(p.in.Items) == 1 && len(p.blocks) == 0 {
		p.blocks = append(p.blocks, block{numbers: []int{p.in.Items[0].Number}, text: text, raw: text, loose: true})
		return
	}
	p.back(text, 0, WhyNoNumber)
}

// courtesies cuts greetings and pleasantries off the rows before the first answer.
func (p *parser) courtesies(rows []string) []string {
	var kept []string
	for _, r := range rows {
		t := strings.TrimSpace(r)
		if t != "" && (pleasant(t) || isGreeting(t) || p.isAuthor(t)) {
			p.out.Courtesy = append(p.out.Courtesy, t)
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func pleasant(t string) bool {
	return pleasantries[strings.ToLower(strings.Trim(t, " .!,:;*_-–)("))]
}

// isGreeting reports whether a line is "Hi Tidepost," and no more.
func isGreeting(t string) bool {
	w := strings.Fields(t)
	if len(w) == 0 || len(w) > 5 || len(t) > 60 || strings.HasSuffix(t, "?") {
		return false
	}
	if !greetings[strings.ToLower(strings.Trim(w[0], ",.!:"))] {
		return false
	}
	return len(w) == 1 || strings.HasSuffix(t, ",") || strings.HasSuffix(t, "!") || strings.HasSuffix(t, ":") || len(w) == 2
}

// isAuthor reports whether a line is the author's name.
func (p *parser) isAuthor(t string) bool {
	return p.author[strings.Join(words(strings.Trim(t, " -–—/~*.")), " ")] && len(t) < 60
}
