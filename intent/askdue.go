package intent

import "strings"

// askDue finds the deadline of an ask in its own words.
func (r *reader) askDue(a *Ask, p part) {
	dues := r.deadlines(p.from, p.to)
	var best *deadline
	for i := range dues {
		d := &dues[i]
		if !d.strong && !d.until && !d.habit && !r.bareDueFits(d, a, p) {
			continue
		}
		if best == nil || r.fitsBetter(d, best, p.marks[0].at) {
			best = d
		}
	}
	if best != nil {
		due := best.Due
		a.Due = &due
	}
}

// fitsBetter reports whether the later deadline d fits an ask better than best: one
// with an instant, then one that limits, then the one behind the ask.
func (r *reader) fitsBetter(d, best *deadline, mark int) bool {
	switch {
	case d.OK != best.OK:
		return d.OK
	case d.strong != best.strong:
		return d.strong
	}
	return best.to <= mark && d.OK && d.from > best.to+1
}

// bareDueFits reports whether a time without a word that limits is when the ask
// is due.
func (r *reader) bareDueFits(d *deadline, a *Ask, p part) bool {
	e := &d.t.expr
	if d.t.last == 0 || d.event && !r.attends(p.marks[0].at, d.from) && !r.neededFor(d) || r.toldAsPast(p.marks[0].at, d.from) || r.toldWhat(p.marks[0].at, d.from) {
		return false
	}
	if d.from < p.marks[0].at && p.marks[0].at-d.from > 6 {
		return false
	}
	if e.hasClock && (e.hasDay || e.weekday > 0) && d.from > p.marks[0].at && !r.toks[d.from-1].is("for", "of", "from") && !(p.marks[0].question && a.Kind == AskAnswer) {
		return true
	}
	if a.Kind == AskAttend && (d.t.Grain <= GrainWeek || e.shift) {
		return true
	}
	if p.marks[0].question && !(a.Kind == AskDo) {
		return false
	}
	if d.from > 0 && !e.weekend && !r.theDay(d) && r.articleBefore(d.from) && !r.readyFor(p.marks[0].at, d.from) {
		return false
	}
	if next := d.to; next < p.to && (r.toks[next].in(inEvents) || r.toks[next].is("is", "was", "will", "we", "i", "they", "are", "were")) {
		return strings.HasSuffix(r.toks[d.to-1].low, "'s")
	}
	if p.marks[0].at > d.from && d.from == p.from {
		return true
	}
	return d.to > p.marks[0].at || r.pleads(p.marks[0], d)
}

// articleBefore reports whether a word before token i makes a time part of a
// thing: "the Friday report", "my Monday".
func (r *reader) articleBefore(i int) bool {
	b := &r.toks[i-1]
	return b.is("the", "of", "for", "about", "your", "my", "our") || b.is("a") && r.lang == English
}

// neededFor reports whether a time is that of an event something is needed for: "the
// numbers for my meeting tomorrow 9am".
func (r *reader) neededFor(d *deadline) bool {
	if e := &d.t.expr; !e.hasClock || !e.hasDay && e.weekday == 0 {
		return false
	}
	for k := d.from - 1; k >= 0 && k >= d.from-5; k-- {
		if r.toks[k].is("for") {
			return true
		}
	}
	return false
}

// readyFor reports whether "for" stands before a day that something is needed for:
// "I need the slides for tomorrow".
func (r *reader) readyFor(mark, from int) bool {
	if !r.toks[from-1].is("for") {
		return false
	}
	for k := max(0, mark-1); k < from; k++ {
		if r.toks[k].is("need", "needs", "needed", "want", "ready", "prepare", "finish", "done") {
			return true
		}
	}
	return false
}

// attends reports whether the words between an ask and a time ask for somebody to
// be there.
func (r *reader) attends(mark, from int) bool {
	for i := max(0, mark-2); i < from; i++ {
		if r.toks[i].in(inAttend) {
			return true
		}
	}
	return false
}

// attendWords ask somebody to be there.
var attendWords = wordSet("join joining attend attending come coming dial participate meet teilnehmen kommen komm kommt kommst dabei venir participer assister rejoindre rejoins asistir venir unirte participar comparecer vir komen deelnemen bijwonen aanwezig aansluiten")

// toldAsPast reports whether the words between an ask and a time tell of what was:
// "tell me what happened on Monday".
func (r *reader) toldAsPast(mark, from int) bool {
	for i := mark + 1; i < from; i++ {
		if t := &r.toks[i]; t.is("happened", "was", "were", "did", "went", "ran", "had", "came", "sent", "broke", "fell", "said", "took", "got", "made", "gave", "saw") {
			return true
		}
	}
	return false
}

// toldWhat reports whether a time belongs to what somebody is to be told: "tell me when
// the crane is free next week".
func (r *reader) toldWhat(mark, from int) bool {
	for i := max(0, mark-2); i+2 < from; i++ {
		if !r.toks[i].in(inTelling) {
			continue
		}
		for k := i + 1; k < from-1 && k <= i+4; k++ {
			if r.toks[k].in(inWhat) {
				return true
			}
		}
	}
	return false
}

// tellingWords want to be told something, whatWords begin to say what.
var (
	tellingWords = wordSet("tell know say confirm sagen sag sage sagst weiß wissen bescheid bestätigen bestätige dire dites dis savoir confirmer confirmez decirme dime diga saber confirmar dizer diz diga weten zeggen zeg bevestigen")
	whatWords    = wordSet("when whether who which where how if what wann ob wer welche welcher welches wo wie quand si qui quel quelle où comment cuándo quién cuál dónde cómo quando quem qual onde wanneer of wie welke waar hoe")
)

// theDay reports whether an article belongs to the day: "the day after
// tomorrow", "on the 20th".
func (r *reader) theDay(d *deadline) bool {
	if d.from == 0 || !r.toks[d.from-1].is("the", "le", "den", "el", "o") {
		return false
	}
	return r.toks[d.from].is("day", "course", "end", "close", "beginning", "start", "middle") || d.from > 2 && r.toks[d.from-2].is("on", "at") && !r.toks[d.from-3].is("is", "are", "was", "were", "be", "starts", "begins", "held", "happens")
}

// pleads reports whether a mark is only the "please" behind a deadline: "5.4.1 to
// prod today please".
func (r *reader) pleads(m askMark, d *deadline) bool {
	return m.at >= d.to && m.at-d.to < 2 && r.toks[m.at].is("please", "pls", "plz", "bitte", "svp")
}
