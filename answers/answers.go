// Package answers reads what a person wrote in reply to a digest: which question each
// passage answers, and what it says.
//
// A digest numbers the questions it puts. A reply may answer them in any of the usual
// ways, mixed if need be:
//
//	1 yes                      a line for each number; also 1) 1. 1: #1 (1) [1] 1️⃣, with bullets
//	1: yes / 2: no, 3 ok       several on one line
//	1 and 2: yes, 1-3 ok       one answer to several
//	2)                         a number, and below it a text of any length, with blank
//	   lines and lists of its own
//	> 2 Can you …?             no number: the answer stands under the quoted question,
//	Yes.                       whatever quotation marks the client made, or none
//	yes to 2, forward 3 to Tom, ignore 6, all: yes, rest: no
//
// What a passage says is one of the Kinds: words for the asker (Reply), a time by which
// they will be done (Promise), another person (HandOver), "not mine", "no answer
// needed". Numbers that belong to the text (3 pm, 2 people, 3.5 %, 5 March, telephone
// numbers) are no numbers of questions.
//
// Nothing is guessed: a passage that could be read in two ways that make a difference
// to an asker comes back whole. Nothing is lost: every word of the reply that is not
// quoted, not the signature and not a greeting is in exactly one Answer or one
// Leftover (of "1 and 2: yes" in one for each number).
//
// Everything is a pure function of its arguments and takes time in proportion to the
// text. It does not know what became of the questions, nor who people are: see package
// queue.
package answers

import (
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// A Kind is what an answer does.
type Kind string

// The kinds of answer.
const (
	Reply    Kind = "reply"     // words for the asker
	Promise  Kind = "promise"   // words that say that and by when it will be done
	HandOver Kind = "hand-over" // somebody else is to answer
	NotMine  Kind = "not-mine"  // I am not the one to ask
	Waive    Kind = "waive"     // no answer is needed
)

// An Item is a question of the digest.
type Item struct {
	Number int    // from 1
	Text   string // the sentence, "" if not known
	Asker  string // as the digest shows them
	Kind   string // intent.AskDo …, "" if not known
}

// An Input is a reply and what it replies to.
type Input struct {
	Lines  []mail.Line // of the reply: mail.LinesOf
	Items  []Item      // of the digest
	Digest string      // the text of the digest, to know its lines where no quotation mark does; may be ""
	Author string      // display name of who replies
	Names  []string    // of colleagues, full names; "3 Anna please" is an answer unless Anna is one
	Date   time.Time   // when the reply was written
	Zone   *time.Location
}

// An Answer is what one question was answered.
type Answer struct {
	Number int
	Kind   Kind
	Text   string     // for the asker, as written; of HandOver what was added for the new owner; may be "" but for Reply and Promise
	Said   string     // all that stands under the number, as written
	Due    intent.Due // of Promise; Due.OK is false if the words name no time that can be reckoned
	To     string     // of HandOver: a name or an address as written
	All    bool       // the others who had the question get the answer too: "1 (all) yes"
}

// A Why says why a passage comes back.
type Why string

// The reasons.
const (
	WhyNoNumber Why = "no-number" // nothing says which question it answers
	WhyUnknown  Why = "unknown"   // the digest has no such number
	WhyTwice    Why = "twice"     // one number stands at two places
	WhyUnclear  Why = "unclear"   // a number in it may be one of a question or belong to the text
	WhyEmpty    Why = "empty"     // nothing stands under the number
	WhyName     Why = "name"      // a name alone: an answer, or who should answer?
	WhyQuoted   Why = "quoted"    // it stands inside the quotation, as if the digest had said it
)

// A Leftover is a passage that did nothing.
type Leftover struct {
	Text   string // as written, with its number
	Number int    // that it names, 0 for none
	Why    Why
}

// A Reading is what a reply says.
type Reading struct {
	Answers  []Answer // in the order of the reply
	Back     []Leftover
	Courtesy []string // greetings and the like, which need no answer
	Numbered bool     // it names numbers, or answers under quoted questions
}

// maxText is how much of a reply is read, in octets; what is behind it comes back.
const maxText = 128 << 10

// Parse reads a reply.
func Parse(in Input) Reading {
	p := newParser(in)
	passages, rest := p.passages()
	for i := range passages {
		p.read(&passages[i])
	}
	if rest != "" {
		p.back(rest, 0, WhyNoNumber)
	}
	p.inQuote()
	p.twice()
	p.spread()
	for _, b := range p.blocks {
		p.settle(b)
	}
	return p.out
}

// A parser holds a reply while it is read.
type parser struct {
	in     Input
	items  map[int]Item
	first  map[int]string  // the first words of each question, between spaces
	names  map[string]bool // folded words of names
	author map[string]bool // folded forms of the author's own name
	digest digestText
	copied bool // the line before is one of the digest without a mark
	quote  quote
	inline bool // some passage stands under the question it answers
	blocks []block
	out    Reading
}

// A block is a passage with the numbers it is for.
type block struct {
	numbers []int
	every   bool // for all questions
	rest    bool // for those that nothing else answers
	text    string
	raw     string // as it came, with its marker
	loose   bool   // it names no number
	unclear bool   // it may be read in two ways
}

func newParser(in Input) *parser {
	p := &parser{in: in, items: map[int]Item{}, first: map[int]string{}, names: map[string]bool{}, author: map[string]bool{}}
	for _, it := range in.Items {
		p.items[it.Number] = it
		if w := words(it.Text); len(w) >= 3 {
			p.first[it.Number] = " " + strings.Join(w[:min(len(w), 5)], " ") + " "
		}
	}
	for _, n := range in.Names {
		for _, w := range words(n) {
			if len(w) > 1 {
				p.names[w] = true
			}
		}
	}
	own := words(in.Author)
	if len(own) > 0 {
		p.author[own[0]], p.author[strings.Join(own, " ")] = true, true
		initials := ""
		for _, w := range own {
			r := []rune(w)
			initials += string(r[0])
		}
		if len(own) > 1 {
			p.author[initials] = true
		}
	}
	p.digest = newDigestText(in.Digest, p.items)
	return p
}

func (p *parser) known(n int) bool { _, ok := p.items[n]; return ok }

func (p *parser) back(text string, number int, why Why) {
	if text = strings.TrimLeft(trimRows(text), " \t\u00a0"); strings.Trim(text, "-=_*~> \t\n") != "" {
		p.out.Back = append(p.out.Back, Leftover{Text: text, Number: number, Why: why})
	}
}

// twice takes out the numbers that stand at two places, and what stands between them:
// one of them may be a line of a list.
func (p *parser) twice() {
	first, last := map[int]int{}, map[int]int{}
	for i, b := range p.blocks {
		for _, n := range b.numbers {
			if _, ok := first[n]; !ok {
				first[n] = i
			}
			last[n] = i
		}
	}
	out := make([]bool, len(p.blocks))
	for n, i := range first {
		for k := i; i < last[n] && k <= last[n]; k++ {
			out[k] = true
		}
	}
	kept := p.blocks[:0:0]
	for i, b := range p.blocks {
		if !out[i] {
			kept = append(kept, b)
			continue
		}
		n := 0
		if len(b.numbers) > 0 {
			n = b.numbers[0]
		}
		p.back(b.raw, n, WhyTwice)
	}
	p.blocks = kept
}

// spread gives the blocks for "all" and "the rest" their numbers. "All" beside single
// numbers contradicts them.
func (p *parser) spread() {
	used := map[int]bool{}
	for _, b := range p.blocks {
		for _, n := range b.numbers {
			used[n] = true
		}
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		if !b.rest && (!b.every || len(used) > 0) {
			continue
		}
		for _, it := range p.in.Items {
			if !used[it.Number] {
				b.numbers = append(b.numbers, it.Number)
				used[it.Number] = true
			}
		}
	}
}

// settle turns a block into answers.
func (p *parser) settle(b block) {
	p.out.Numbered = p.out.Numbered || !b.loose
	if len(b.numbers) == 0 {
		p.back(b.raw, 0, WhyUnclear)
		return
	}
	for _, n := range b.numbers {
		if !p.known(n) {
			p.back(b.raw, n, WhyUnknown)
			return // "1 and 9: yes" may mean a 2.
		}
	}
	text := trimRules(trimRows(b.text))
	if text == "" {
		p.back(b.raw, b.numbers[0], WhyEmpty)
		return
	}
	for _, n := range b.numbers {
		a, why := p.meaning(text, p.items[n])
		if why != "" {
			p.back(b.raw, n, why)
			return
		}
		a.Number, a.Said = n, text
		p.out.Answers = append(p.out.Answers, a)
	}
}
