package intent

import "strings"

// An act is what a cue is a sign of.
type act uint8

const (
	actAsk      act = iota + 1 // something is asked
	actAskStart                // the same, at the start of a clause
	actAskIfQ                  // the same, in a question
	actNoAsk                   // looks like an ask and is none
	actSomeone                 // put to nobody in particular
	actPromise
	actNoPromise
	actDecision
	actNoDecision
	actObject // lazy consensus
	actHarsh
	actSharp // harsh together with another
	actSensitive
	actGrave // sensitive by itself
	actBonding
	actEmergency
	actComplex
	actAttached
	actProposal
	actProblem
	actUrgent
	actRhetoric // a question that wants no answer
	actWeigh    // a thought, no request
)

// A cue is a pattern of words that is a sign of an act.
type cue struct {
	act   act
	langs languageMark
	parts []cuePart
	hash  uint32 // of its text
}

// A cuePart matches one word, or none if it is optional, or up to three words.
type cuePart struct {
	words    []string
	optional bool
	gap      bool
	verb     bool
}

// cueRow is a line of the tables: patterns separated by " ; ". In a pattern,
// a|b are alternatives, ?a may be missing, * stands for up to three words and
// <verb> for a verb of doing.
type cueRow struct {
	act   act
	langs string
	text  string
}

// cues are all patterns, in the order of the tables. They are read only.
var cues = compileCues()

func compileCues() []cue {
	var out []cue
	for _, table := range [][]cueRow{askCues, answerCues, stanceCues} {
		for _, row := range table {
			var langs languageMark
			for _, l := range fields(row.langs) {
				langs |= languageBit(Language(l))
			}
			for _, text := range strings.Split(row.text, ";") {
				text = strings.Join(fields(text), " ")
				if text != "" {
					out = append(out, cue{act: row.act, langs: langs, parts: compileCue(text), hash: textHash(text)})
				}
			}
		}
	}
	return out
}

func compileCue(text string) []cuePart {
	var out []cuePart
	for _, f := range fields(text) {
		var p cuePart
		if strings.HasPrefix(f, "?") {
			p.optional, f = true, f[1:]
		}
		switch f {
		case "*":
			p.gap = true
		case "<verb>":
			p.verb = true
		default:
			p.words = strings.Split(f, "|")
		}
		out = append(out, p)
	}
	return out
}

// addCues enters every pattern under the words it can begin with.
func addCues(lexicon map[string]wordInfo) {
	for n, c := range compileCues() {
		for _, p := range c.parts {
			for _, w := range p.words {
				info := lexicon[w]
				info.cues = append(info.cues, int32(n))
				lexicon[w] = info
			}
			if !p.optional {
				break
			}
		}
	}
}

// A hit is a cue found in a text: toks[from:to].
type hit struct {
	act      act
	from, to int
	cue      int32
}

// findCues finds all cues of the language.
func findCues(toks []token, lang languageMark) []hit {
	var out []hit
	for i := range toks {
		for _, n := range toks[i].word.cues {
			c := &cues[n]
			if c.langs&lang == 0 {
				continue
			}
			if end := matchCue(toks, i, c.parts); end > 0 {
				out = append(out, hit{c.act, i, end, n})
			}
		}
	}
	return out
}

// matchCue returns the token behind the pattern, 0 if it does not match. A gap
// is at most three words, so the work at one place is bounded.
func matchCue(toks []token, i int, parts []cuePart) int {
	for n, p := range parts {
		for i < len(toks) && n > 0 && (toks[i].mark('-') && !toks[i].space || toks[i].mark('(') || toks[i].mark('"')) {
			i++
		}
		if p.gap {
			for skip := 0; skip <= 3; skip++ {
				if end := matchCue(toks, i+skip, parts[n+1:]); end > 0 {
					return end
				}
				if i+skip >= len(toks) || toks[i+skip].kind == kindMark {
					return 0
				}
			}
			return 0
		}
		if i < len(toks) && (n == 0 || toks[i].breaks < 2) && (p.verb && toks[i].word.verb > 0 || toks[i].kind != kindMark && toks[i].is(p.words...)) {
			i++
			continue
		}
		if !p.optional {
			return 0
		}
	}
	return i
}
