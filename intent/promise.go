package intent

import "strings"

// promises finds what the author commits to do.
func (r *reader) promises(asks []Ask) []Promise {
	if r.in.Bulk || r.in.Automatic {
		return nil
	}
	var out []Promise
	for n, s := range r.sents {
		if s.question {
			continue
		}
		score := r.says(n, sayPromise)
		ruled := r.ruledPromise(s)
		if score < sayingLimits[sayPromise][ruled] || ruled < 2 && r.asked(s) {
			continue
		}
		before := len(out)
		for from := s.from; from < s.to; {
			at, because, ok := r.promiseAt(sentence{from: from, to: s.to})
			if !ok {
				break
			}
			end := r.promiseEnd(at, s)
			p := r.promise(r.clauseStart(at, sentence{from: from, to: s.to}), at, end, s)
			p.Because = because
			if from = max(end, from+1); p.Due != nil || !r.offered(p.Span, asks) {
				out = append(out, p)
			}
		}
		if len(out) == before && ruled < 2 && !r.reports(s) && !r.onlyTimes(s) {
			p := r.promise(s.from, s.from, s.to, s)
			p.Because = r.fold(r.spanOf(s.from, min(s.from+4, s.to)))
			out = append(out, p)
		}
	}
	return out
}

// onlyTimes reports whether a sentence names times and no more, without a word that
// limits: "On Thursday and Friday." answers when something is.
func (r *reader) onlyTimes(s sentence) bool {
	found := false
	for i := s.from; i < s.to; {
		if at, ok := r.times.at(i, s.to); ok && at.last > i {
			found, i = true, at.last
			continue
		}
		if r.toks[i].kind != kindMark && !r.toks[i].is("on", "at", "in", "the", "and", "or", "from", "to", "am", "um", "und", "oder", "le", "et", "ou", "el", "y", "o", "na", "no", "e", "op", "en", "of") {
			return false
		}
		i++
	}
	return found
}

// reports reports whether a sentence tells of what was done, or is at hand: "Done an
// hour ago", "I sent it this morning", "I have them: 12".
func (r *reader) reports(s sentence) bool {
	i := s.from
	for i < s.to && (r.toks[i].kind == kindMark || r.toks[i].is("yes", "ok", "okay", "sure", "hi", "so", "and", "well")) {
		i++
	}
	if i < s.to && r.past(i) && !r.hasWord(s, "by", "before", "until", "till", "tomorrow") {
		return true
	}
	if i+1 >= s.to || !r.toks[i].is("i", "we", "i've", "we've") {
		return false
	}
	have := r.toks[i].is("i've", "we've")
	for i++; i < s.to && r.toks[i].is("have", "already", "just", "also", "now", "even", "only", "finally"); i++ {
		have = have || r.toks[i].is("have")
	}
	return i < s.to && (r.past(i) || have && !r.toks[i].is("to", "got", "no", "not", "until", "time"))
}

// pastVerbs are the irregular ones that people report with.
var pastVerbs = wordSet("done sent put did made had got gave took wrote booked paid brought bought built sold told said saw found left met read ran spoke began chose drew kept lost won went came spent set hung held")

// past reports whether a verb of the past stands at token i.
func (r *reader) past(i int) bool {
	w := r.toks[i].low
	return pastVerbs[w] || len(w) > 4 && strings.HasSuffix(w, "ed") && !r.toks[i].is("need", "speed", "exceed", "proceed", "indeed", "succeed", "shared", "interested", "concerned", "supposed", "prepared", "pleased")
}

// promise builds a promise of toks[from:end], with the due time behind token at.
func (r *reader) promise(from, at, end int, s sentence) Promise {
	p := Promise{Statement: Statement{Span: r.spanOf(from, end)}}
	p.Text = r.fold(p.Span)
	for _, d := range r.deadlines(from, end) {
		if d.to > at && !r.absence(d, s) {
			due := d.Due
			p.Due = &due
			break
		}
	}
	return p
}

// promiseEnd finds where a second promise begins in the sentence: ", and I'll".
func (r *reader) promiseEnd(at int, s sentence) int {
	for i := at + 3; i+1 < s.to; i++ {
		if r.toks[i].is("i'll", "we'll") && (r.toks[i-1].mark(',') || r.toks[i-1].is("and", "then", "yes")) {
			for r.toks[i-1].is("and", "then", "yes") || r.toks[i-1].mark(',') && r.toks[i-2].is("and", "yes") {
				i--
			}
			if i > at+2 {
				return i
			}
		}
	}
	return s.to
}

// absence reports whether a time tells when somebody is away.
func (r *reader) absence(d deadline, s sentence) bool {
	return r.trapBefore(d.from, s.from, dueBy) == trapped
}

// clauseStart goes back from a token to where its clause begins.
func (r *reader) clauseStart(at int, s sentence) int {
	for k := at; k > s.from; k-- {
		if r.toks[k-1].mark(';') || r.toks[k-1].mark(':') || r.toks[k-1].mark(',') && (r.toks[k].is("i", "i'll", "we", "we'll", "ich", "wir", "je", "nous", "ik") || k == at) {
			return k
		}
	}
	first := s.from
	for first < at && r.toks[first].kind == kindMark {
		first++
	}
	return first
}

// offered reports whether a promise hangs on an ask before it: "shout if you're
// in and I'll keep seats".
func (r *reader) offered(s Span, asks []Ask) bool {
	for _, a := range asks {
		if a.Start <= s.Start && s.Start < a.End && s.Start-a.Start < 120 {
			return true
		}
	}
	return false
}

// promiseAt finds the words of a promise in a sentence.
func (r *reader) promiseAt(s sentence) (at int, because string, ok bool) {
	hits := r.hitsIn(s.from, s.to)
	for _, h := range hits {
		if h.act != actPromise || r.takenBack(h) || r.conditional(h.from, s) {
			continue
		}
		if h.to-h.from < 2 && h.to < s.to && r.emptyVerb(h.to) {
			continue
		}
		return h.from, r.because(h), true
	}
	if r.in.Reply && r.toks[s.from].word.verb != verbNone && s.to-s.from <= 4 && s.from+1 < s.to && r.toks[s.from+1].word.timeStarts() {
		return s.from, r.fold(r.spanOf(s.from, s.from+2)), true // "Fix tomorrow."
	}
	return r.presentPromise(s)
}

// emptyVerb reports whether the word behind "I'll" commits to nothing.
func (r *reader) emptyVerb(i int) bool {
	for i < len(r.toks) && r.toks[i].is("also", "just", "then", "certainly", "definitely", "only", "still", "be") && !r.toks[i].is("be") {
		i++
	}
	return i < len(r.toks) && r.toks[i].is("be", "see", "know", "need", "miss", "never", "not", "always", "admit", "assume", "bet", "leave", "remember", "wait", "stay", "keep", "let", "stop", "spare", "love", "like", "hear", "probably", "try", "understand", "regret", "say", "look", "even")
}

func (r *reader) takenBack(h hit) bool {
	for _, n := range r.hitsIn(h.from-8, h.to+1) {
		if n.act == actNoPromise && n.from <= h.to && n.to > h.from {
			return true
		}
	}
	return false
}

// conditional reports whether the clause before a promise makes it an offer or a
// threat.
func (r *reader) conditional(at int, s sentence) bool {
	for i := s.from; i < at; i++ {
		t := &r.toks[i]
		if t.in(inCondition) {
			return true
		}
	}
	return false
}

// presentPromise reads a promise in the present tense, which needs a time: "I
// update it tonight", "Jonas will send it this week".
func (r *reader) presentPromise(s sentence) (at int, because string, ok bool) {
	if r.lang != English {
		return 0, "", false
	}
	for i := s.from; i+1 < s.to; i++ {
		t, n := &r.toks[i], &r.toks[i+1]
		if t.word.flags&flagSubject == 0 && i > s.from {
			continue
		}
		if !(t.is("i", "we") && n.word.verb != verbNone && !n.is("need", "have", "do", "be", "think", "hope", "note", "suggest", "propose", "see", "find", "put", "let", "want", "wait", "consider") ||
			t.upper && i == s.from && n.is("will") && i+2 < s.to && (r.toks[i+2].word.verb != verbNone || r.toks[i+2].is("be") && i+3 < s.to && !r.toks[i+3].is("the", "a", "our", "your", "in", "at", "out", "on", "away", "back", "here")) && t.kind == kindWord && t.word.langs == 0 ||
			t.is("i") && n.is("have") && i > s.from && r.toks[i-1].is("and")) {
			continue
		}
		if r.conditional(i, s) || i > s.from && (r.toks[i-1].is("that", "what", "which", "as", "when", "where", "how", "why", "after", "because", "before")) {
			continue
		}
		for _, d := range r.findDeadlines(i, s.to) {
			if !d.OK && d.t.last == 0 && r.toks[d.from].is("now") {
				continue
			}
			return i, r.fold(Span{int(t.start), int(n.end)}) + " … " + d.Text, true
		}
		for k := i; k < s.to; k++ {
			if r.toks[k].is("hourly", "daily", "weekly") || r.toks[k].is("each", "every") && k+1 < s.to && len(r.toks[k+1].word.time) > 0 || r.toks[k].is("same") && k+1 < s.to && r.toks[k+1].is("day") {
				return i, r.fold(Span{int(t.start), int(n.end)}), true
			}
		}
	}
	return 0, "", false
}

// decisions finds what is decided, and a decision that silence makes.
func (r *reader) decisions() ([]Statement, *Promise) {
	if r.in.Bulk || r.in.Automatic || r.in.Invite {
		return nil, nil
	}
	var out []Statement
	var lazy *Promise
	led := false // a line above says that what follows is decided
	for n, s := range r.sents {
		led = led && s.after
		if s.question {
			continue
		}
		st := Statement{Span: r.spanOf(s.from, s.to)}
		if because, ok := r.lazyAt(s); ok {
			st.Because, st.Text = because, r.fold(st.Span)
			lazy = &Promise{Statement: st}
			for _, d := range r.deadlines(s.from, s.to) {
				due := d.Due
				lazy.Due = &due
				break
			}
			out = append(out, st)
			continue
		}
		because, ok := r.decided(n, led)
		if r.leads(s, ok) {
			led = true
			continue
		}
		if ok {
			st.Because, st.Text = because, r.fold(st.Span)
			out = append(out, st)
		}
	}
	if len(out) == 0 && lazy == nil {
		out = r.subjectDecision()
	}
	return out, lazy
}

// decisionLed is the score from which a sentence below a line that leads in
// decisions is one.
const decisionLed = 0.12

// decided reports whether sentence n announces a decision.
func (r *reader) decided(n int, led bool) (string, bool) {
	s := r.sents[n]
	ruled := r.ruledDecision(s)
	score := r.says(n, sayDecision)
	if led && score >= decisionLed {
		return "a list of decisions", true
	}
	if score < sayingLimits[sayDecision][ruled] || ruled < 2 && (r.denied(s) || r.asked(s) || r.ruledPromise(s) == 2) {
		return "", false
	}
	if because, ok := r.decisionAt(s); ok {
		return because, true
	}
	return r.fold(r.spanOf(s.from, min(s.from+4, s.to))), true
}

// asked reports whether a sentence asks something.
func (r *reader) asked(s sentence) bool {
	span := r.spanOf(s.from, s.to)
	for _, a := range r.found {
		if a.Start < span.End && span.Start < a.End {
			return true
		}
	}
	return false
}

// denied reports whether words of a sentence say that it decides nothing.
func (r *reader) denied(s sentence) bool {
	for _, h := range r.hitsIn(s.from, s.to) {
		if h.act == actNoDecision || h.act == actAsk && !r.in.Reply {
			return true
		}
	}
	return false
}

// leads reports whether a sentence leads in a list of decisions: "As of 1 March:".
func (r *reader) leads(s sentence, decided bool) bool {
	if !r.toks[s.to-1].mark(':') {
		return false
	}
	if decided {
		return true
	}
	for i := s.from; i < s.to; i++ {
		if r.toks[i].is("decided", "agreed", "effective", "decisions", "decision", "force", "rules", "beschlossen", "entschieden", "décidé", "decidido", "besloten") {
			return true
		}
		if r.toks[i].in(inFrom) {
			for k := i + 1; k < min(i+4, s.to); k++ {
				if t, ok := r.times.at(k, s.to); ok && t.Grain >= GrainDay && !t.At.Before(r.times.today) {
					return true
				}
			}
		}
	}
	return false
}

// subjectDecision reads a decision that stands in the subject alone.
func (r *reader) subjectDecision() []Statement {
	if r.in.Reply || r.in.Subject == "" {
		return nil
	}
	sub := newReader(r.in.Subject, r.ref, r.lang)
	sub.in = r.in
	sub.setHits(findCues(sub.toks, sub.mask))
	for _, s := range sub.sents {
		if s.question || s.to-s.from < 5 {
			continue
		}
		if because, ok := sub.decisionAt(s); ok {
			return []Statement{{Text: sub.fold(sub.spanOf(s.from, s.to)), Because: because, InSubject: true}}
		}
	}
	return nil
}

// lazyAt reports whether a sentence takes silence for consent: "unless I hear
// objections by Wednesday, we switch".
func (r *reader) lazyAt(s sentence) (string, bool) {
	for _, h := range r.hitsIn(s.from, s.to) {
		if h.act != actObject {
			continue
		}
		due := false
		for _, d := range r.deadlines(s.from, s.to) {
			due = due || d.strong || d.OK
		}
		if due || r.hasWord(s, "we", "i", "wir", "ich", "nous", "on", "we'll", "i'll", "vamos", "yes", "ok", "consent", "agreement", "go") {
			return r.because(h), true
		}
	}
	return "", false
}

func (r *reader) hasWord(s sentence, words ...string) bool {
	for i := s.from; i < s.to; i++ {
		if r.toks[i].is(words...) {
			return true
		}
	}
	return false
}

// decisionAt reports whether a sentence announces a decision.
func (r *reader) decisionAt(s sentence) (string, bool) {
	if because, ok := r.ruleFrom(s); ok {
		return because, true
	}
	hits := r.hitsIn(s.from, s.to)
	var found *hit
	for i := range hits {
		switch hits[i].act {
		case actDecision:
			if found == nil {
				found = &hits[i]
			}
		case actNoDecision:
			return "", false
		}
	}
	if found == nil {
		if at := r.itIs(s); at > 0 {
			return r.fold(r.spanOf(s.from, at)), true
		}
		return r.approval(s)
	}
	return r.because(*found), true
}

// itIs reads a choice that ends in "it is": "Tuesday it is." It returns the token
// behind it, 0 if there is none.
func (r *reader) itIs(s sentence) int {
	for i := s.from + 1; i+1 < s.to && i < s.from+6; i++ {
		if r.toks[i].is("what", "how", "as", "that", "where", "whether", "so", "how", "if") {
			return 0
		}
		if r.toks[i].low == "it" && r.toks[i+1].low == "is" && (i+2 == s.to || r.toks[i+2].mark('.') || r.toks[i+2].mark('!') || r.toks[i+2].mark(',')) {
			return i + 2
		}
	}
	return 0
}

// ruleFrom reads a rule that begins at a time: "From Monday a change needs two
// reviews."
func (r *reader) ruleFrom(s sentence) (string, bool) {
	first := s.from
	for k := s.from; k < s.to; k++ {
		if r.toks[k].mark(':') && k+1 < s.to && k-s.from < 12 {
			first = k + 1
		}
	}
	for first < s.to && r.toks[first].kind == kindMark {
		first++
	}
	if first+2 >= s.to || !r.toks[first].is("from", "starting", "effective", "as", "beginning", "ab", "à", "a", "desde", "vanaf", "with", "dès") {
		return "", false
	}
	for k := first + 1; k < first+5 && k < s.to; k++ {
		if t, ok := r.times.at(k, s.to); ok && t.Grain >= GrainDay && !t.At.Before(r.times.today) {
			for i := t.last; i < s.to; i++ {
				if r.toks[i].is("i", "i'm", "ich", "je", "ik", "you", "yo", "eu") {
					return "", false
				}
			}
			return r.fold(r.spanOf(first, t.last)), s.to-t.last >= 4
		}
	}
	return "", false
}

// approval reads the short yes of a reply: "Yes, sign.", "You may."
func (r *reader) approval(s sentence) (string, bool) {
	if !r.in.Reply && !r.toks[s.from].is("approved", "granted") || s.to-s.from > 12 {
		return "", false
	}
	first := s.from
	if r.toks[first].is("approved", "granted") && s.to-s.from > 1 && r.toks[first+1].kind == kindMark {
		return r.toks[first].low, true
	}
	if s.to-s.from <= 4 && s.from < 8 && r.toks[first].is("go", "approved", "granted", "agreed", "deal", "genehmigt", "einverstanden", "accordé", "validé", "aprobado", "aprovado", "akkoord", "goedgekeurd") && !r.toks[s.to-1].mark(',') && (s.to-s.from <= 2 || r.toks[first+1].is("ahead", "for")) {
		return r.fold(r.spanOf(first, s.to)), true
	}
	if !r.toks[first].is("yes", "ok", "okay", "ja", "oui", "sí", "sim", "no", "nein", "non", "não", "nee") || first+2 >= s.to || !r.toks[first+1].mark(',') {
		return "", false
	}
	n := &r.toks[first+2]
	if n.word.verb != verbNone || n.is("patch", "approved", "agreed", "ship", "sign", "buy", "merge") {
		return strings.TrimSpace(r.fold(r.spanOf(first, first+3))), true
	}
	return "", false
}
