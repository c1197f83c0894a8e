package answers

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// looseWords begin an answer at the start of a line, but within one they may as well
// go on with the sentence: "I come at 3, 4 is too late".
var looseWords = set(`is it its it's is that this these there works fits suits passt are was would can can't cannot could will won't he she they you by before until on at he's she's same both c'est es er sie das il elle el ella ele ela hij zij`)

// chunks parts the first line of an answer: "1 yes, 2 no".
func (p *parser) chunks(m marker, row string) []block {
	out := []block{p.block(m, row)}
	if m.every || m.others {
		return out
	}
	if list, ok := p.pairs(m, row); ok {
		return list
	}
	at := len(row) - len(m.rest) // where the text of the last block begins
	from := 0                    // where its raw text begins
	last := m.numbers[len(m.numbers)-1]
	for i := at; i < len(row); {
		end, next := separatorAt(row, i)
		if next == 0 {
			_, size := utf8.DecodeRuneInString(row[i:])
			i += size
			continue
		}
		c, ok := p.marker(row[next:])
		verdict := chunkText
		if ok && (c.every || c.others || c.numbers[0] > last) {
			if row[i] == ' ' && next == i+1 {
				verdict = p.judgeClose(m, c, row[at:end])
			} else {
				verdict = p.judgeChunk(m, c, strings.IndexByte("/|;", row[end]) >= 0)
			}
		}
		b := &out[len(out)-1]
		switch verdict {
		case chunkText:
			i = next
			continue
		case chunkUnclear:
			b.unclear = true
			return out
		}
		b.text, b.raw = row[at:end], row[from:end]
		out = append(out, p.block(c, row[next:]))
		from, at = next, len(row)-len(c.rest)
		if len(c.numbers) > 0 {
			last = c.numbers[len(c.numbers)-1]
		}
		i = at
	}
	return out
}

func (p *parser) block(m marker, raw string) block {
	return block{numbers: slices.Clone(m.numbers), every: m.every, rest: m.others, text: m.rest, raw: raw}
}

// The verdicts on a number within a line.
const (
	chunkText = iota
	chunkAnswer
	chunkUnclear
)

// judgeChunk decides whether a number within a line begins another answer. m is the
// marker of the line; hard is whether a mark stands before c that parts no words of a
// sentence.
func (p *parser) judgeChunk(m, c marker, hard bool) int {
	short := p.whole(chunkOf(c.rest))
	switch {
	case c.style == "alone" || c.strength == doubtful:
		return chunkText
	case c.strength == strong && (c.style == m.style || c.style == "→" || c.style == "keycap"):
		return chunkAnswer
	case c.strength == strong && c.known && (m.style == " " || m.style == "→"):
		return chunkAnswer
	case c.strength == strong:
		return chunkUnclear
	case c.strength == likely && short:
		return chunkAnswer
	case m.style != " " && m.style != "→":
		return chunkText
	case c.strength == likely && c.known && (hard || !looseWords[firstWord(c.rest)]):
		return chunkAnswer
	case c.known:
		return chunkUnclear
	}
	return chunkText
}

// judgeClose decides whether a number begins another answer that only a space parts from
// what stands before: "1) yes 2) no".
func (p *parser) judgeClose(m, c marker, before string) int {
	if c.strength != strong || c.style != m.style || !c.known || c.style == "alone" || c.style != ")" && !p.whole(before) {
		return chunkText
	}
	return chunkAnswer
}

// chunkOf is the beginning of a text up to the next mark.
func chunkOf(s string) string {
	s = s[:min(len(s), maxPhrase)]
	if i := strings.IndexAny(s, ",;/|."); i >= 0 {
		s = s[:i]
	}
	for w := range ands {
		if i := strings.Index(s, " "+w+" "); i >= 0 {
			s = s[:i]
		}
	}
	return s
}

// separatorAt reports whether answers may be parted at row[i]: end is the end of the
// one before, next the beginning of the other. next is 0 if not.
func separatorAt(row string, i int) (end, next int) {
	r, size := utf8.DecodeRuneInString(row[i:])
	next = i + size
	switch {
	case strings.ContainsRune(",;/|", r):
	case (r == '.' || r == '!') && next < len(row) && row[next] == ' ':
		i++
	case r == ' ':
		w := firstWord(row[next:])
		dash, width := utf8.DecodeRuneInString(row[next:])
		switch {
		case ands[w]:
			next += len(w)
		case (dash == '-' || dash == '–' || dash == '—') && strings.HasPrefix(row[next+width:], " "):
			next += width
		case dash >= '0' && dash <= '9' || dash == '(' || dash == '#': // The verdict is another one.
		default:
			return 0, 0
		}
	default:
		return 0, 0
	}
	for next < len(row) && (row[next] == ' ' || row[next] == '\t') {
		next++
	}
	if w := firstWord(row[next:]); w != "" && ands[w] && next+len(w) < len(row) {
		next += len(w)
		for next < len(row) && row[next] == ' ' {
			next++
		}
	}
	if next >= len(row) {
		return 0, 0
	}
	return i, next
}

// pairs reads "1 yes 2 no 3 ok": numbers and single words, nothing else.
func (p *parser) pairs(m marker, row string) ([]block, bool) {
	f := strings.Fields(row)
	if m.style != " " || len(f) < 4 || len(f)%2 != 0 {
		return nil, false
	}
	var out []block
	last := 0
	for i := 0; i < len(f); i += 2 {
		n, size := number(f[i])
		if size != len(f[i]) || n <= last || !closedAnswers[strings.ToLower(strings.TrimRight(f[i+1], ",;."))] {
			return nil, false
		}
		last = n
		out = append(out, block{numbers: []int{n}, text: strings.TrimRight(f[i+1], ",;"), raw: f[i] + " " + f[i+1]})
	}
	return out, true
}

// The words that may stand before numbers: "yes to 1", "ignore 6", "forward 3 to Tom".
var (
	reversePrep = set(`to for on zu auf bei à pour a para em voor op bij`)
	handVerbs   = set(`forward fwd pass give hand delegate assign send gib leite übergib schick transmets transmettre transfère transférer passe pasa pasar reenvía passa encaminha stuur geef`)
	handPreps   = set(`to an à a para ao naar aan`)
	handFill    = set(`on over weiter door please bitte`)
)

// reversed reads a line in which the words stand before the numbers. It must be made
// of such parts only.
func (p *parser) reversed(row string) ([]block, bool) {
	s := strings.TrimRight(trimBullet(strings.TrimSpace(row)), " .!")
	for _, w := range []string{"please ", "Please ", "bitte ", "Bitte "} {
		s = strings.TrimPrefix(s, w)
	}
	if list, ok := p.handed(s, row); ok {
		return list, true
	}
	var out []block
	for s != "" {
		b, rest, ok := p.said(s)
		if !ok {
			return nil, false
		}
		b.raw = strings.TrimSpace(s[:len(s)-len(rest)])
		out = append(out, b)
		s = strings.TrimLeft(rest, " ,;.|/")
		if w := firstWord(s); ands[w] {
			s = strings.TrimLeft(s[len(w):], " ")
		}
	}
	return out, len(out) > 0
}

// handed reads "forward 3 to Tom".
func (p *parser) handed(s, row string) ([]block, bool) {
	w := firstWord(s)
	if !handVerbs[w] {
		return nil, false
	}
	_, after := trimHash(s[len(w):])
	list, rest, _, ok := numbers(after)
	if !ok {
		return nil, false
	}
	to := ""
	for {
		rest = strings.TrimLeft(rest, " ")
		w := firstWord(rest)
		if arrow := arrowAt(rest); arrow > 0 {
			to = rest[arrow:]
			break
		}
		if w == "" || !handFill[w] && !handPreps[w] {
			return nil, false
		}
		rest = rest[len(w):]
		if handPreps[w] {
			to = rest
			break
		}
	}
	if to = strings.TrimSpace(to); to == "" {
		return nil, false
	}
	return []block{{numbers: list, text: "→ " + to, raw: row}}, true
}

func trimHash(s string) (hash bool, rest string) {
	rest = strings.TrimLeft(s, " ")
	if r, ok := strings.CutPrefix(rest, "#"); ok {
		return true, r
	}
	return false, rest
}

// maxPhrase bounds the words before a number.
const maxPhrase = 60

// said reads one part of "yes to 1 and 3, no to 2", "ignore 6", "not mine: 4".
func (p *parser) said(s string) (b block, rest string, ok bool) {
	for n := min(len(s), maxPhrase); n > 0; n = strings.LastIndexAny(s[:n], " :") {
		phrase := strings.TrimRight(s[:n], " :")
		marked := n < len(s) && s[n] == ':' || strings.HasSuffix(s[:n], ":")
		rest := strings.TrimLeft(s[n:], " :")
		if w := firstWord(rest); reversePrep[w] && len(w) < len(rest) && rest[len(w)] == ' ' {
			marked, rest = true, strings.TrimLeft(rest[len(w):], " ")
		}
		short := closedAnswers[strings.ToLower(phrase)]
		sure := p.refusal(phrase) || p.waiver(phrase)
		if !short && !sure || short && !marked {
			continue
		}
		_, bare := trimHash(rest)
		if w := strings.ToLower(firstWord(bare)); allWords[w] && strings.Trim(bare[len(w):], " .!") == "" && marked {
			return block{every: true, text: phrase}, "", true
		}
		if restAll, _, others, found := wordForAll(bare); found && others && strings.Trim(restAll, " .!") == "" && marked {
			return block{rest: true, text: phrase}, "", true
		}
		list, after, _, found := numbers(bare)
		if !found || after != "" && !strings.ContainsAny(after[:1], " ,;./|") {
			continue
		}
		return block{numbers: list, text: phrase}, after, true
	}
	return b, s, false
}
