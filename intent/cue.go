package intent

import (
	"strings"
	"sync"
)

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
	actPointer  // points at what only the thread holds
	actChat     // wants a talk
	actBare     // wants something and does not say of what
	actVague    // names what only the author knows
	actNeed     // something should be done
	actSomebody // by nobody in particular
	actDispute  // contradicts
	actLinked   // names a link
	actHelpless // leaves it to the readers what is to be done
	actPeace    // thanks, excuses
	actWork     // business, where a word could be personal
	actSettle   // may decide: weighed by the model
	actCommit   // may promise: weighed by the model
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
	bloom    uint64   // a bit for each of hashes
	hashes   []uint32 // of the words
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

// cues are all patterns, in the order of the tables. They are read only, and made when
// the first mail is read: a program that reads none starts without them.
var cues = sync.OnceValue(compileCues)

func compileCues() []cue {
	var out []cue
	for _, table := range [][]cueRow{askCues, requestCues, answerCues, stanceCues, toneCues, personCues, sayingCues, coachCues} {
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
			for name, list := range cueMacros {
				f = strings.Replace(f, name, list, 1)
			}
			p.words = strings.Split(f, "|")
			for _, w := range p.words {
				p.hashes = append(p.hashes, textHash(w))
				p.bloom |= 1 << (textHash(w) & 63)
			}
		}
		out = append(out, p)
	}
	return out
}

// A cueRef is the number of a pattern, shifted, with its languages, so that those of
// other languages need not be looked at. In order, they are in the order of cues.
type cueRef uint32

func refOf(n int) cueRef { return cueRef(n)<<8 | cueRef(cues()[n].langs) }

func (c cueRef) cue() int32 { return int32(c >> 8) }

// A cueList are the patterns that begin with a word. Most of them can go on with
// a few words only, and are kept in cuePairs.
type cueList struct {
	alone []cueRef // whatever comes next
	verb  []cueRef // a verb comes next
	pairs bool     // there are some in cuePairs
}

func (c *cueList) empty() bool { return !c.pairs && len(c.alone) == 0 && len(c.verb) == 0 }

// A cuePairTable finds patterns by the hashes of their first two words. Another
// pair with the same key costs a look at a pattern that does not match.
type cuePairTable struct {
	keys  []uint32
	lists [][]cueRef
	mask  uint32
}

func pairKey(a, b uint32) uint32 { return mix(a, b) | 1 }

func (p *cuePairTable) find(key uint32) []cueRef {
	for i := key & p.mask; p.keys[i] != 0; i = (i + 1) & p.mask {
		if p.keys[i] == key {
			return p.lists[i]
		}
	}
	return nil
}

// cuePairs holds the patterns by their first two words. It is read only.
var cuePairs = sync.OnceValue(buildCuePairs)

func buildCuePairs() *cuePairTable {
	pairs := make(map[uint32][]cueRef)
	for n := range cues() {
		for _, first := range cues()[n].firsts() {
			for _, w := range first.seconds {
				key := pairKey(textHash(first.word), textHash(w))
				if list := pairs[key]; len(list) == 0 || list[len(list)-1] != refOf(n) {
					pairs[key] = append(list, refOf(n))
				}
			}
		}
	}
	size := 1
	for size < 3*len(pairs) {
		size *= 2
	}
	out := &cuePairTable{keys: make([]uint32, size), lists: make([][]cueRef, size), mask: uint32(size - 1)}
	for key, list := range pairs {
		i := key & out.mask
		for out.keys[i] != 0 {
			i = (i + 1) & out.mask
		}
		out.keys[i], out.lists[i] = key, list
	}
	return out
}

// A cueStart is a word a pattern can begin with, and how it may go on.
type cueStart struct {
	word        string
	seconds     []string
	verb, alone bool
}

// firsts lists the words that a pattern can begin with.
func (c *cue) firsts() []cueStart {
	var out []cueStart
	for k, p := range c.parts {
		for _, w := range p.words {
			out = append(out, c.startWith(w, k))
		}
		if !p.optional {
			break
		}
	}
	return out
}

// startWith tells how the pattern may go on behind its part k.
func (c *cue) startWith(word string, k int) cueStart {
	s := cueStart{word: word}
	for _, p := range c.parts[k+1:] {
		s.verb = s.verb || p.verb
		s.seconds = append(s.seconds, p.words...)
		if p.gap {
			s.alone = true
		}
		if !p.optional {
			return s
		}
	}
	s.alone = true
	return s
}

// addCues enters every pattern under the words it can begin with.
func addCues(lexicon map[string]wordInfo) {
	for n := range cues() {
		for _, s := range cues()[n].firsts() {
			info := lexicon[s.word]
			switch {
			case s.alone:
				info.cues.alone = append(info.cues.alone, refOf(n))
			case s.verb:
				info.cues.verb = append(info.cues.verb, refOf(n))
			}
			info.cues.pairs = info.cues.pairs || !s.alone && len(s.seconds) > 0
			lexicon[s.word] = info
		}
	}
}

// A hit is a cue found in a text: toks[from:to].
type hit struct {
	from, to int
	cue      int32
	act      act
}

// findCues finds all cues of the language.
func findCues(toks []token, lang languageMark) []hit {
	out := make([]hit, 0, len(toks)/4+8)
	cues, pairs := cues(), cuePairs()
	var some []cueRef
	for i := range toks {
		list := &toks[i].word.cues
		if list.empty() {
			continue
		}
		some = mergeCues(some[:0], list.alone, lang)
		if k := skipGlue(toks, i+1); k < len(toks) {
			if toks[k].word.verb > 0 {
				some = mergeCues(some, list.verb, lang)
			}
			if list.pairs {
				some = mergeCues(some, pairs.find(pairKey(toks[i].hash, toks[k].hash)), lang)
			}
		}
		for _, n := range some {
			c := &cues[n.cue()]
			if end := matchCue(toks, i, c.parts); end > 0 {
				out = append(out, hit{from: i, to: end, cue: n.cue(), act: c.act})
			}
		}
	}
	return out
}

// mergeCues adds the cues of a language in their order, each once.
func mergeCues(some, more []cueRef, lang languageMark) []cueRef {
	for _, n := range more {
		if languageMark(n)&lang == 0 {
			continue
		}
		k := len(some)
		for k > 0 && some[k-1] > n {
			k--
		}
		if k > 0 && some[k-1] == n {
			continue
		}
		some = append(some, 0)
		copy(some[k+1:], some[k:])
		some[k] = n
	}
	return some
}

// skipGlue skips the marks that may stand inside of a pattern.
func skipGlue(toks []token, i int) int {
	for i < len(toks) && toks[i].kind == kindMark && (toks[i].low == "-" && !toks[i].space || toks[i].low == "(" || toks[i].low == "\"") {
		i++
	}
	return i
}

// matchCue returns the token behind the pattern, 0 if it does not match. A gap
// is at most three words, so the work at one place is bounded.
func matchCue(toks []token, i int, parts []cuePart) int {
	for n := range parts {
		p := &parts[n]
		if n > 0 {
			i = skipGlue(toks, i)
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
		if i < len(toks) && (n == 0 || toks[i].breaks < 2) && (p.verb && toks[i].word.verb > 0 || toks[i].kind != kindMark && p.has(&toks[i])) {
			i++
			continue
		}
		if !p.optional {
			return 0
		}
	}
	return i
}

func (p *cuePart) has(t *token) bool {
	if p.bloom&(1<<(t.hash&63)) == 0 {
		return false
	}
	for k, h := range p.hashes {
		if h == t.hash && p.words[k] == t.low {
			return true
		}
	}
	return false
}
