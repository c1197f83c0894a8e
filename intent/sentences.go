package intent

// A sentence is a run of tokens: toks[from:to].
type sentence struct {
	from, to int
	question bool // ends with a question mark
	item     bool // of a list, or a line by itself
	option   bool // an item of a list of choices or steps
	asked    bool // an item of a list of what is asked for: "Mei, please:"
	after    bool // stands in the same paragraph as the one before it
}

// maxSentence is the length, in tokens, at which a text without full stops is cut
// into pieces, so that what looks around in a sentence stays bounded.
const maxSentence = 160

// sentences splits tokens. A wrapped line goes on; a short line, a list item
// and a paragraph end one.
func sentences(toks []token) []sentence {
	out := make([]sentence, 0, len(toks)/16+4)
	from, line := 0, 0 // line is where the line of the token before begins
	item, after, option, asked := false, false, false, false
	cut := func(to int) {
		if to <= from {
			return
		}
		s := sentence{from: from, to: to, item: item, after: after, option: option && isBullet(toks, from), asked: asked && isBullet(toks, from)}
		for i := to - 1; i >= from && i >= to-4; i-- {
			if toks[i].mark('?') {
				s.question = true
			}
		}
		if toks[to-1].mark(':') {
			asked = listsAsks(toks, from, to)
			option = !asked && listsChoices(toks, from, to)
		} else if !s.item {
			option, asked = false, false
		}
		out = append(out, s)
		from, item, after = to, false, true
	}
	for i := range toks {
		t := &toks[i]
		if i == 0 {
			line = int(t.start)
		} else if t.breaks > 0 {
			width := toks[i-1].span().End - line
			line = int(t.start)
			if endsLine(toks, i, width) {
				cut(i)
				after = t.breaks < 2
				item = isBullet(toks, i)
			}
		}
		if i-from >= maxSentence {
			cut(i)
		}
		if i < from || i+1 == len(toks) || !endsSentence(toks, i) {
			continue
		}
		end := i + 1
		for end < len(toks) && end < i+maxSentence && !toks[end].space && closes(&toks[end]) {
			end++
		}
		if end < len(toks) && isSmiley(toks, end) {
			end += 2
		}
		if end == i+1 || end > from {
			cut(min(end, len(toks)))
		}
	}
	cut(len(toks))
	return out
}

// listsChoices reports whether the line above a list says that its items are
// choices or steps, not things to do.
func listsChoices(toks []token, from, to int) bool {
	for i := from; i < to; i++ {
		if toks[i].is("option", "options", "choices", "alternatives", "candidates", "steps", "variants", "ways", "reproduce", "changes", "done", "doing", "we", "i", "today", "tomorrow", "plan", "plans", "goals", "priorities", "focus", "agenda", "progress", "status", "optionen", "möglichkeiten", "schritte", "opciones", "opções", "opties") {
			return true
		}
	}
	return false
}

// listsAsks reports whether the line above a list says that its items are asked
// for.
func listsAsks(toks []token, from, to int) bool {
	for i := from; i < to; i++ {
		if toks[i].is("please", "pls", "need", "needs", "asks", "requests", "actions", "todo", "everyone", "bitte", "merci", "favor", "graag") {
			return true
		}
	}
	return false
}

// wrapWidth is the shortest line that may have been wrapped by a program.
const wrapWidth = 52

// endsLine reports whether the line break before token i ends a sentence.
func endsLine(toks []token, i, width int) bool {
	t, b := &toks[i], &toks[i-1]
	if t.breaks > 1 || isBullet(toks, i) || b.mark(':') {
		return true
	}
	if width >= wrapWidth {
		return false
	}
	if width < 30 && b.mark(',') {
		return t.upper || width < 16 // a salutation
	}
	if b.mark(',') || b.mark('-') || b.low == "\u2013" {
		return false
	}
	return t.upper || t.kind != kindWord
}

// isBullet reports whether a list item begins with token i.
func isBullet(toks []token, i int) bool {
	t, next := &toks[i], &noToken
	if i+1 < len(toks) {
		next = &toks[i+1]
	} else if t.kind == kindMark {
		return false
	}
	switch {
	case t.kind == kindMark:
		return (t.low == "-" || t.low == "*" || t.low == "+" || t.low == "\u2022" || t.low == "\u2013" || t.low == "\u00b7") && next.space ||
			t.low == "@"
	case t.kind == kindNumber:
		return t.digits <= 2 && (next.mark('.') || next.mark(')')) && !next.space && (i+2 >= len(toks) || toks[i+2].space)
	}
	return false
}

func closes(t *token) bool {
	return t.kind == kindMark && (t.low == ")" || t.low == "\"" || t.low == "'" || t.low == "\u201d" || t.low == "\u00bb" || t.low == "\u2019" || t.low == "?" || t.low == "!" || t.low == "." || t.low == "*" || t.low == "_")
}

func isSmiley(toks []token, i int) bool {
	return i+1 < len(toks) && (toks[i].mark(':') || toks[i].mark(';')) && (toks[i+1].mark(')') || toks[i+1].mark('(')) && !toks[i+1].space && toks[i].breaks == 0
}

// abbreviations do not end a sentence by their full stop.
var abbreviations = wordSet("e g i eg ie etc vs mr mrs ms dr prof st no nr approx ca bzw z b u a d h inkl ggf evtl max min dept inc ltd co fig art jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun p av m mme mlle sr sra ex resp usw tel abs ziff jr cf al vgl incl excl")

func wordSet(s string) map[string]bool {
	words := fields(s)
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// unitWords may end a sentence although they are abbreviations.
var unitWords = wordSet("min max etc inc ltd co sec hr hrs jr jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun")

// lastToken stands behind a text that ends in a sentence. It is read only.
var lastToken = token{space: true, word: &unknownWord}

// endsSentence reports whether token i is a mark that ends one.
func endsSentence(toks []token, i int) bool {
	t := &toks[i]
	if t.kind != kindMark {
		return false
	}
	next := &lastToken
	if i+1 < len(toks) {
		next = &toks[i+1]
	}
	switch t.low {
	case "?", "!", "\u2026":
		return next.space || closes(next)
	case ".":
		if !next.space && !closes(next) {
			return false
		}
		if i == 0 {
			return false
		}
		b := &toks[i-1]
		if b.kind == kindWord && !b.space && i >= 2 && toks[i-2].mark('.') {
			return next.upper && !b.is("g", "e", "b", "h") // p.m. Then
		}
		if b.kind == kindWord && b.in(inUnits) && (next.upper || next.kind == kindMark || next.breaks > 0) {
			return true
		}
		if b.kind == kindWord && (b.in(inAbbreviations) || len(b.low) == 1) && next.breaks < 2 {
			return next.upper && !b.in(inAbbreviations) && len(b.low) > 1
		}
		if b.kind == kindNumber && b.digits <= 2 && (b.breaks > 0 || i == 1 || next.kind == kindNumber && i > 2 && toks[i-2].mark('.') && !b.space || next.kind == kindWord && (next.word.starts != 0 || !next.upper && i > 2 && toks[i-2].mark('.'))) {
			return false // 1. März, am 5.10. um, 2. a list item
		}
		return true
	}
	return false
}
