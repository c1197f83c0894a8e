package intent

import "strings"

// The kinds of ask.
const (
	AskAnswer = "answer"
	AskDo     = "do"
	AskDecide = "decide"
	AskReview = "review"
	AskAttend = "attend"
)

// An Ask is a place where the author wants something of a recipient.
type Ask struct {
	Statement
	Kind    string
	Owners  []Owner // empty if All or Someone
	All     bool    // everybody in To
	Someone bool    // nobody in particular
	Due     *Due    // nil without one
	Score   float64 // of the trained model, 0…1; 1 where it was not asked
}

// A part is a stretch of a sentence that asks one thing.
type part struct {
	from, to int
	marks    []askMark
}

// asks finds all asks of the text, or else of the subject.
func (r *reader) asks() []Ask {
	if r.in.Bulk || r.in.Automatic {
		return nil
	}
	var out []Ask
	greeted := r.greeting()
	var last []Owner // whom the paragraph speaks to
	weigh := r.count(actWeigh) > 0
	for n, s := range r.sents {
		if !s.after {
			last = nil
		}
		if r.leadsList(n) {
			continue
		}
		marks, score := r.weighed(s, n, r.askMarks(s, weigh))
		for _, p := range r.parts(s, marks) {
			a := r.ask(p, s)
			a.Score = score
			if r.presses(a, out) {
				if before := &out[len(out)-1]; before.Due == nil {
					r.askDue(&a, p)
					before.Due = a.Due
				}
				continue
			}
			named := r.owner(&a, p, last, greeted)
			if len(named) > 0 {
				last = named
			}
			r.askDue(&a, p)
			out = append(out, a)
		}
	}
	out = r.inherit(out)
	if len(out) == 0 {
		out = r.subjectAsk()
	}
	return out
}

// leadsList reports whether sentence n only opens a list of what is asked for:
// "Mei, please:".
func (r *reader) leadsList(n int) bool {
	s := r.sents[n]
	if !r.toks[s.to-1].mark(':') || s.to-s.from > 5 && !r.hasWordIn(s.from, s.to, "following", "things", "points", "these") {
		return false
	}
	const most = 8 // items looked at
	for _, item := range r.sents[n+1 : min(n+1+most, len(r.sents))] {
		if !item.asked {
			return false
		}
		if len(r.askMarks(item, false)) > 0 {
			return true
		}
	}
	return false
}

// presses reports whether an ask is only the tail of the one before it: "Is that
// fine? Please tell me by Thursday." A deadline in it is found by inherit.
func (r *reader) presses(a Ask, before []Ask) bool {
	if len(before) == 0 || a.Kind != AskAnswer {
		return false
	}
	p := &before[len(before)-1]
	if a.Start-p.End > 2 || p.End == 0 || r.text[p.End-1] != '?' || len(strings.Fields(a.Text)) > 5 {
		return false
	}
	return !r.namesAThing(a)
}

// namesAThing reports whether a short ask speaks of something of its own, beside words
// that press for an answer, and times: "Could you confirm the price?", "And when is the
// launch?".
func (r *reader) namesAThing(a Ask) bool {
	from, to := r.tokensOf(a.Span)
	for i := from; i < to; i++ {
		if at, ok := r.times.at(i, to); ok && at.last > i {
			i = at.last - 1
			continue
		}
		t := &r.toks[i]
		if t.kind == kindWord && !pressWords[t.low] && !pronouns[t.low] && !tailWords[t.low] {
			return true
		}
	}
	return false
}

// tailWords may stand in an ask that presses for the answer to another.
var tailWords = wordList(wordSet("please pls plz thanks thank kindly can could would will may do i we you u me us my let to by on at in and or so of as the a an yes no ok okay not if get have need want would like back soon asap until till before latest quick quickly short " +
	"bitte danke kannst könntest könnt können du ihr sie mir uns mich und ob bis am um zum kurz ja nein " +
	"svp merci peux pouvez pourrais pourriez tu vous moi nous et si avant oui non por favor gracias puedes podrías me nos y antes sí obrigado podes pode poderia e sim não alsjeblieft graag bedankt kun kan kunt je jij u mij ons en voor nee"))

// count counts the hits of an act in the whole text.
func (r *reader) count(a act) int {
	n := 0
	for _, h := range r.hits {
		if h.act == a {
			n++
		}
	}
	return n
}

// parts splits a sentence into what it asks: none, one, or several.
func (r *reader) parts(s sentence, marks []askMark) []part {
	if len(marks) == 0 {
		return nil
	}
	var out []part
	cur := part{from: s.from}
	for _, m := range marks {
		k := r.splitBefore(m.at, cur, s)
		if k == 0 {
			k = r.splitAfterDue(m.at, cur)
		}
		if k > 0 {
			cur.to = k
			out = append(out, cur)
			cur = part{from: k}
		}
		cur.marks = append(cur.marks, m)
	}
	cur.to = s.to
	return append(out, cur)
}

// splitBefore finds where a second ask begins within a sentence: at "and Tom
// can you", ", Ana please". 0 if the mark goes on with the first.
func (r *reader) splitBefore(at int, cur part, s sentence) int {
	if len(cur.marks) == 0 {
		return 0
	}
	for k := at; k > cur.marks[len(cur.marks)-1].at && k >= at-5; k-- {
		if named, _ := r.nameAt(k); len(named) == 0 && !r.toks[k].mark('@') {
			continue
		}
		for k > cur.from && (r.toks[k-1].mark('@') || r.toks[k-1].is("and", "und", "et", "y", "e", "en")) {
			k--
		}
		if k > cur.marks[len(cur.marks)-1].at+1 {
			return k
		}
	}
	return 0
}

// splitAfterDue finds where a second ask begins behind the deadline of the first:
// "send it by noon and call me".
func (r *reader) splitAfterDue(at int, cur part) int {
	if len(cur.marks) == 0 || at < 2 || at-1 <= cur.marks[0].at {
		return 0
	}
	k := at
	for k > cur.from && r.toks[k-1].is("please", "then", "also") {
		k--
	}
	if k == 0 || !r.toks[k-1].is("and", "und", "et", "y", "e", "en") && !r.toks[k-1].mark(';') {
		return 0
	}
	for _, d := range r.deadlines(cur.marks[0].at, k-1) {
		if d.OK {
			return k - 1
		}
	}
	return 0
}

// ask builds the ask of a part of a sentence.
func (r *reader) ask(p part, s sentence) Ask {
	from, to := p.from, p.to
	if from > p.marks[0].at {
		from = p.marks[0].at
	}
	for from < to-1 && (r.toks[from].kind == kindMark && !r.toks[from].mark('@') || isBullet(r.toks, from) && r.toks[from].kind == kindNumber) {
		from++
	}
	a := Ask{Score: 1}
	a.Span = r.spanOf(from, to)
	a.Text = r.fold(a.Span)
	m := p.marks[0]
	a.Because = r.fold(r.spanOf(m.at, max(m.at+1, min(m.end, p.to))))
	if m.question && m.end == s.to {
		a.Because = "?"
	}
	a.Kind = r.askKind(p, s)
	return a
}

// askKinds tell what kind of doing is asked for, the first that is found.
var askKinds = [...]struct {
	kind  string
	words groupMark
}{
	{AskDecide, inDecide},
	{AskReview, inReview},
	{AskAttend, inAttendAsk},
	{AskAnswer, inAnswer},
}

// The words of askKinds.
var (
	decideWords = wordSet("approve approval decide decision choose pick sign agree ok okay fine yes vote entscheiden entscheidung freigabe freigeben ordnung einverstanden décider décision valider accord approuver decidir decisión aprobar aprobación decisão aprovar beslissen goedkeuren akkoord acceptable")
	reviewWords = wordSet("review check look read comment comments feedback thoughts compare proofread verify validate test prüfen prüf prüfe schau anschauen feedback relire vérifier regarder revisar comprobar mirar rever verificar nakijken bekijken controleren opinion input")
	meetWords   = wordSet("attend join meet come call ring talk chat meeting free available around in drinks lunch dinner coffee sein kommen treffen anrufen telefonieren venir réunion appeler appelez disponible réunir venir llamar llámame reunirnos reunión vir ligar reunião komen bellen afspreken speak slot phone minute")
	answerWords = wordSet("tell know answer reply respond confirm say advise explain clarify inform why what when where who which how whether bescheid sagen antworten bestätigen antwort wann wer was dire dites répondre confirmer savoir quand quoi decir dime responder confirmar saber dizer diz responder confirmar saber weten antwoorden bevestigen laten news update")
)

func (r *reader) askKind(p part, s sentence) string {
	best, place := "", p.to
	for _, k := range askKinds {
		for i := p.marks[0].at; i < p.to; i++ {
			if r.toks[i].in(k.words) && (i < place-2 || best == "") {
				best, place = k.kind, i
				break
			}
		}
	}
	if best != "" && place-p.marks[0].at < 8 {
		return best
	}
	if s.question && p.marks[0].question {
		return AskAnswer
	}
	return AskDo
}

// subjectAsk reads an ask that stands in the subject alone.
func (r *reader) subjectAsk() []Ask {
	if r.in.Reply || r.in.Subject == "" || r.in.Invite {
		return nil
	}
	sub := newReader(r.in.Subject, r.ref, r.lang)
	sub.in, sub.people = r.in, r.people
	sub.setHits(findCues(sub.toks, sub.mask))
	for _, s := range sub.sents {
		var marks []askMark
		for _, h := range sub.hitsIn(s.from, s.to) {
			if h.act == actAsk && !sub.vetoed(h) {
				marks = append(marks, askMark{at: h.from, end: h.to})
			}
		}
		if len(marks) == 0 {
			continue
		}
		p := part{from: s.from, to: s.to, marks: sortMarks(marks)}
		a := sub.ask(p, s)
		a.InSubject = true
		sub.owner(&a, p, nil, r.greeting())
		sub.askDue(&a, p)
		return []Ask{a}
	}
	return nil
}
