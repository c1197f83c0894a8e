package intent

import "strings"

// limitWords are the first words of what dueWordAt reads.
var limitWords = wordSet("b for per by due deadline latest in on at bis d'ici até spätestens uiterlijk no not until till til hasta jusqu'à jusqu'au tot before vor vorm avant vóór voor antes prior ahead within binnen innerhalb sous pour para au a")

// dueWordAt reads a word that limits and returns the token behind it.
func (r *reader) dueWordAt(i, to int) (dueWord, int) {
	t := &r.toks[i]
	is := func(k int, words ...string) bool { return i+k < to && r.toks[i+k].is(words...) }
	switch t.low {
	case "b":
		if is(1, "4") && !r.toks[i+1].space {
			return dueBefore, i + 2
		}
	case "for":
		if i > 0 && r.toks[i-1].is("ready", "done", "finished", "complete") {
			return dueBy, i + 1
		}
	case "by", "per", "due", "deadline", "bis", "d'ici", "até", "spätestens", "uiterlijk":
		if is(1, "or") && is(2, "before") {
			return dueBy, i + 3
		}
		k := i + 1
		for k < to && k < i+3 && (r.toks[k].mark(':') || r.toks[k].is("is", "on", "by", "spätestens", "zum", "à", "al", "ao", "para")) {
			k++
		}
		if t.is("due") && is(1, "to") {
			return dueNone, i
		}
		if t.is("deadline") && k == i+1 {
			k = r.behindIs(k, to)
		}
		return dueBy, k
	case "no", "not":
		if is(1, "later") && is(2, "than") {
			return dueBy, i + 3
		}
		if is(1, "after", "beyond") {
			return dueBy, i + 2
		}
	case "until", "till", "til", "hasta", "jusqu'à", "jusqu'au", "tot":
		return dueUntil, i + 1
	case "before", "vor", "avant", "vóór", "voor":
		return dueBefore, i + 1
	case "antes":
		if is(1, "de", "del", "do", "da") {
			return dueBefore, i + 2
		}
	case "prior", "ahead":
		if is(1, "to", "of") {
			return dueBefore, i + 2
		}
	case "in":
		if is(1, "time", "advance") && is(2, "for", "of") {
			return dueBefore, i + 3
		}
	case "on":
		if is(1, "or") && is(2, "before") {
			return dueBy, i + 3
		}
	case "at":
		if is(1, "the") && is(2, "latest", "very") {
			return dueBy, i + 3
		}
	case "latest":
		return dueBy, i + 1
	case "within", "binnen", "innerhalb", "sous":
		return dueWithin, i
	case "pour", "para":
		return dueBy, i + 1
	case "au":
		if is(1, "plus") && is(2, "tard") {
			return dueBy, i + 3
		}
	case "a":
		if is(1, "más", "mais") && is(2, "tardar") {
			return dueBy, i + 3
		}
	}
	return dueNone, i
}

// behindIs returns the token behind the verb of "the deadline for the form is …",
// or k.
func (r *reader) behindIs(k, to int) int {
	for n := k; n < to && n < k+8; n++ {
		if r.toks[n].is("is", "remains") {
			return n + 1
		}
	}
	return k
}

// trapBefore reports whether the words before a limit make it something else:
// an absence, a state, a reach.
func (r *reader) trapBefore(i, from int, word dueWord) trap {
	if r.toks[i].is("by") && i > from && r.toks[i-1].in(inVisit) && !(i-2 >= from && r.toks[i-2].kind == kindMark && !r.toks[i-1].space) {
		return trapped // she is dropping by tomorrow
	}
	if r.toks[i].is("due") && i > from && r.askedDue(i, from) {
		return trapped
	}
	if lastingLimits[r.toks[i].low] && r.lastsBehind(i, from) {
		return trapped
	}
	acts := false
	for k := i - 1; k >= from && k >= i-maxActDistance; k-- {
		t := &r.toks[k]
		near := k >= i-7
		if t.kind == kindMark && !t.mark('-') && !t.mark(')') && !t.mark('(') && word != dueUntil {
			break
		}
		if k >= i-5 && t.in(inAbsence) && !r.comesOut(k) || near && t.in(inState) {
			if word != dueUntil && !t.is("back", "out") { // tell me by Friday whether it is open
				return unclear
			}
			return trapped
		}
		if word == dueUntil {
			if t.in(inLasting) || strings.HasSuffix(t.low, "n't") || t.is("not", "never", "cannot", "nicht", "pas", "não", "niet") && k >= i-6 {
				return trapped
			}
			acts = acts || t.in(inAct)
		}
	}
	if word == dueUntil && !acts {
		return unclear
	}
	return free
}

// A trap says whether a word that limits is one.
type trap uint8

const (
	free    trap = iota // it is
	unclear             // only if the clause asks for something
	trapped             // it is not
)

// lasted reports whether a span is one that has passed: "nobody missed it in two
// years".
func (r *reader) lasted(i, from int) bool {
	for k := i - 1; k >= from && k >= i-6; k-- {
		if r.toks[k].is("has", "have", "had", "hasn't", "haven't", "hadn't", "been", "nobody", "never", "first", "again", "lost", "gone", "went") {
			return true
		}
	}
	return false
}

// lastingLimits are words for by that mean until as well.
var lastingLimits = wordSet("bis tot até hasta jusqu'à jusqu'au")

// lastsBehind reports whether the words behind a limit tell of an absence or a
// state: "bis Montag bin ich im Urlaub".
func (r *reader) lastsBehind(i, from int) bool {
	for k := i + 1; k < len(r.toks) && k < i+9; k++ {
		t := &r.toks[k]
		if t.kind == kindMark && !t.mark('.') || t.breaks > 1 || t.mark('.') && k+1 < len(r.toks) && r.toks[k+1].upper {
			break
		}
		if t.in(inAbsence) && !t.is("off", "back") || t.is("geschlossen", "gültig", "offen", "fermé", "cerrada", "cerrado", "fechado", "gesloten") {
			return true
		}
	}
	return false
}

// changes reports whether a "by" before token k tells of an amount: "it fell by 5".
func (r *reader) changes(k int) bool {
	for n := 2; n < 6; n++ {
		if r.times.tok(k-n).is("fell", "fall", "rose", "rise", "grew", "grow", "up", "down", "increase", "increased", "decrease", "decreased", "dropped", "drop", "reduce", "reduced", "cut", "raised", "raise", "off", "divided", "multiplied", "lower", "higher") {
			return true
		}
	}
	return false
}

// comesOut reports whether the "out" or "off" at token k is not of a person:
// "have the contract out by Friday".
func (r *reader) comesOut(k int) bool {
	if !r.toks[k].is("out", "off", "away") {
		return false
	}
	b := r.times.tok(k - 1)
	return !b.is("is", "are", "am", "be", "was", "were", "been", "being", "i'm", "he's", "she's", "we're", "they're", "you're", "away", "stay", "all", "week", "day") && !strings.HasSuffix(b.low, "'s") && k > 0
}

// askedDue reports whether a question asks when something is due.
func (r *reader) askedDue(i, from int) bool {
	return r.toks[from].is("is", "are", "was", "when", "isn't", "wasn't", "what")
}

// visitWords stand before a "by" that is no limit.
var visitWords = wordSet("come comes coming came drop drops dropping dropped stop stops stopping stopped swing swinging swung pass passes passing passed go goes going went stand standing get getting got")

// maxActDistance is how many words before "until" the act is looked for that it
// limits.
const maxActDistance = 14

// absenceWords say that somebody is away for a time.
var absenceWords = wordSet("back out away off leave absent closed unavailable abwesend urlaub absente absent congé congés vacaciones férias afwezig vrij pto ooo vacation holiday")

// stateWords say what lasts or has been moved.
var stateWords = wordSet("available extended valid open postponed deferred moved delayed")

// lastingWords are what one does for a time rather than once.
var lastingWords = wordSet("keep stay stays wait waiting hold remain remains continue run runs running use using works working live lasts on-call oncall here in gültig bleibt offen geschlossen warten warte behalten fermé ouvert attendre reste valable abierto cerrado esperar válido aberto fechado wachten blijft geldig")

// actWords are what is done once, and may be wanted until a day.
var actWords = wordSet("answer reply respond tell know feedback confirm send give get return submit need needs deliver provide finish complete write done ready approve sign upload enter fill review have remarks comments quote decide update check order pay fix book register " +
	"antworte antworten schicken schick senden sende geben gib melden brauche brauchen prüfen bestätigen erledigen einreichen " +
	"répondre envoyer envoyez confirmez confirmer renvoyer donner faire confirmar confirma enviar envía responder mandar entregar confirme envie responda mande entregue sturen stuur laten bevestigen doorgeven aanleveren")
