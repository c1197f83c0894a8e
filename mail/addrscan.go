package mail

import "strings"

// The kinds of addrEvent.
const (
	addrMailbox = iota
	addrGroupStart
	addrGroupEnd
)

// An addrEvent is what the address scanner saw: a mailbox (name and parts as
// written, quotes removed, possibly without a domain) or a group's edge.
type addrEvent struct {
	kind          int
	name          string
	local, domain string
}

// An addrScanner reads an address list (RFC 5322 §3.4, §4.4) in one pass. What
// is unclosed is read as ordinary characters; the flags keep it from being
// looked for again, so that time stays linear.
type addrScanner struct {
	s        string
	pos      int
	events   []addrEvent
	words    []addrWord // of the mailbox being read
	angle    string     // content of <…>
	hasAngle bool
	comment  string
	glue     bool // the next word belongs to the last one: no white space between
	inGroup  bool

	noComment, noQuote bool
}

// An addrWord is a word of a phrase or of a bare address.
type addrWord struct {
	text   string
	quoted bool
	glued  bool // no white space before it
}

func scanAddresses(list string) []addrEvent {
	a := addrScanner{s: list}
	for a.pos < len(a.s) && len(a.events) < MaxMailboxes {
		a.step()
	}
	a.endMailbox()
	if a.inGroup {
		a.events = append(a.events, addrEvent{kind: addrGroupEnd})
	}
	return a.events
}

func (a *addrScanner) step() {
	switch c := a.s[a.pos]; c {
	case ' ', '\t':
		a.glue = false
		a.pos++
	case '(':
		a.readComment()
	case '"':
		a.readQuoted()
	case '<':
		a.readAngle()
	case ',':
		a.endMailbox()
		a.pos++
	case ';':
		a.endMailbox()
		if a.inGroup {
			a.inGroup = false
			a.events = append(a.events, addrEvent{kind: addrGroupEnd})
		}
		a.pos++
	case ':':
		a.readColon()
	case '>':
		a.pos++
	default:
		a.readAtom()
	}
}

func (a *addrScanner) push(text string, quoted bool) {
	a.words = append(a.words, addrWord{text: text, quoted: quoted, glued: a.glue && len(a.words) > 0})
	a.glue = true
}

// readColon starts a group if what stands before it can be its name.
func (a *addrScanner) readColon() {
	a.pos++
	if a.inGroup || a.hasAngle || len(a.words) == 0 || a.bareAt() >= 0 {
		a.push(":", false)
		return
	}
	a.events = append(a.events, addrEvent{kind: addrGroupStart, name: a.phrase(a.words)})
	a.inGroup = true
	a.reset()
}

func (a *addrScanner) readComment() {
	if a.noComment {
		a.push("(", false)
		a.pos++
		return
	}
	depth, end := 0, -1
	for i := a.pos; i < len(a.s) && end < 0; i++ {
		switch a.s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 {
		a.noComment = true
		return
	}
	if a.comment == "" {
		a.comment = unescape(a.s[a.pos+1 : end])
	}
	a.pos = end + 1
}

func (a *addrScanner) readQuoted() {
	if a.noQuote {
		a.pos++
		return
	}
	end := quoteEnd(a.s, a.pos)
	if end < 0 {
		a.noQuote = true
		return
	}
	a.push(unescape(a.s[a.pos+1:end]), true)
	a.pos = end + 1
}

// quoteEnd returns where the quoted string that starts at pos closes, or -1.
func quoteEnd(s string, pos int) int {
	for i := pos + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// readAngle takes <…>; one that is not closed ends at the next comma.
func (a *addrScanner) readAngle() {
	start := a.pos + 1
	i := start
	for i < len(a.s) && a.s[i] != '>' {
		if a.s[i] == '"' && !a.noQuote {
			end := quoteEnd(a.s, i)
			if end < 0 {
				a.noQuote = true
			} else {
				i = end
			}
		}
		if a.s[i] == '<' {
			start = i + 1 // <<a@b>>
		}
		if a.s[i] == ',' && !strings.HasPrefix(strings.TrimLeft(a.s[start:min(i, start+8)], " \t"), "@") {
			break
		}
		i++
	}
	if !a.hasAngle || a.angle == "" {
		a.angle, a.hasAngle = a.s[start:min(i, len(a.s))], true
	}
	a.pos = min(i, len(a.s))
	if a.pos < len(a.s) && a.s[a.pos] == '>' {
		a.pos++
	}
	a.glue = false
}

// readAtom takes characters up to the next special one. An encoded word is one
// piece even if it holds specials, which it must not but does.
func (a *addrScanner) readAtom() {
	start := a.pos
	for a.pos < len(a.s) && !strings.ContainsRune(" \t(\"<,;:>", rune(a.s[a.pos])) {
		if strings.HasPrefix(a.s[a.pos:], "=?") {
			if w, ok := parseWord(a.s[a.pos:]); ok {
				a.pos += w.size
				continue
			}
			a.pos++
		}
		a.pos++
	}
	a.push(a.s[start:a.pos], false)
}

func (a *addrScanner) reset() {
	a.words, a.angle, a.hasAngle, a.comment, a.glue = a.words[:0], "", false, "", false
}

// endMailbox emits what was read since the last comma.
func (a *addrScanner) endMailbox() {
	defer a.reset()
	if !a.hasAngle && len(a.words) == 0 {
		return
	}
	e := addrEvent{kind: addrMailbox}
	if a.hasAngle {
		e.name = a.phrase(a.words)
		e.local, e.domain = splitAngle(a.angle)
		if e.local == "" && e.domain == "" && a.bareAt() >= 0 {
			e.name, e.local, e.domain = a.bare() // a@b <>
		}
	} else {
		e.name, e.local, e.domain = a.bare()
	}
	if e.name == "" {
		e.name = a.comment
	}
	if e.local != "" || e.domain != "" {
		a.events = append(a.events, e)
	}
}

// splitAngle splits the content of <…>; a route (RFC 5321 §4.1.1.3) is dropped.
func splitAngle(s string) (local, domain string) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "@") {
		if i := strings.IndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	s = strings.TrimPrefix(s, "mailto:")
	if strings.HasPrefix(s, `"`) {
		if end := quoteEnd(s, 0); end > 0 {
			local = unescape(s[1:end])
			_, domain, _ = strings.Cut(s[end+1:], "@")
			return local, trimDomain(domain)
		}
	}
	if strings.IndexByte(s, '(') >= 0 {
		s = stripComments(s)
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return despace(s), ""
	}
	return despace(s[:at]), trimDomain(s[at+1:])
}

// bareAt returns the index of the word that holds the at sign of an address
// without angle brackets, or -1.
func (a *addrScanner) bareAt() int {
	for i, w := range a.words {
		if !w.quoted && strings.IndexByte(w.text, '@') >= 0 {
			return i
		}
	}
	return -1
}

// bare reads an address without angle brackets: the words glued to the at sign,
// or split around it or around a dot by obsolete white space; the others are a
// name.
func (a *addrScanner) bare() (name, local, domain string) {
	i := a.bareAt()
	if i < 0 {
		if len(a.words) == 1 {
			return "", a.words[0].text, ""
		}
		return "", "", ""
	}
	from, to := i, i+1
	for from > 0 && (a.words[from].glued || strings.HasPrefix(a.words[from].text, "@") || a.words[from-1].text == ".") {
		from--
	}
	for to < len(a.words) && (a.words[to].glued || strings.HasSuffix(a.words[to-1].text, "@") || a.words[to-1].text == "." || strings.HasPrefix(a.words[to].text, ".")) {
		to++
	}
	if a.words[from].quoted && to-from >= 2 {
		_, domain, _ = strings.Cut(joinWords(a.words[from+1:to]), "@")
		local = a.words[from].text
	} else {
		text := joinWords(a.words[from:to])
		at := strings.LastIndexByte(text, '@')
		local, domain = strings.TrimPrefix(text[:at], "mailto:"), text[at+1:]
	}
	rest := append(append([]addrWord(nil), a.words[:from]...), a.words[to:]...)
	return a.phrase(rest), local, trimDomain(domain)
}

func joinWords(words []addrWord) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.text)
	}
	return b.String()
}

// phrase joins the words of a display name as they were spaced.
func (a *addrScanner) phrase(words []addrWord) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !w.glued {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return strings.TrimSpace(b.String())
}

// trimDomain removes obsolete white space and a final dot.
func trimDomain(s string) string { return strings.TrimSuffix(despace(s), ".") }

func despace(s string) string {
	if strings.ContainsAny(s, " \t") {
		return strings.NewReplacer(" ", "", "\t", "").Replace(s)
	}
	return s
}
