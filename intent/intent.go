// Package intent reads what a mail wants: what it asks, of whom and by when,
// what it decides and promises, in what tone, and whether it should rather be
// said in person. It reads English thoroughly, and German, French, Spanish,
// Portuguese and Dutch for asks and due times; of any other language it says
// nothing.
//
// Everything is a pure function of its arguments, takes time in proportion to
// the text, and every finding says because of which words it was made.
package intent

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidepost/mail"
)

// An Input is what is to be read of a mail.
type Input struct {
	Text      string // new words: mail.NewWords
	Subject   string
	From      mail.Mailbox
	To, Cc    []mail.Mailbox
	Date      time.Time      // when it was written
	Zone      *time.Location // of the author; nil means that of Date
	Reply     bool           // it answers another mail
	Forward   bool           // it passes another mail on
	Bulk      bool           // a newsletter, a list
	Automatic bool           // written by a machine
	Invite    bool           // calendar mail
	Attached  bool           // it carries a file
	Linked    bool           // it carries a link that Text may not show
	Important bool           // a header says so
	RulesOnly bool           // leave the trained model out
}

// InputOf collects the input from a message.
func InputOf(f mail.Facts, c *mail.Content, zone *time.Location) Input {
	return InputWith(mail.NewWords(c), f, c, zone)
}

// InputWith is InputOf for who has the new words already.
func InputWith(words string, f mail.Facts, c *mail.Content, zone *time.Location) Input {
	in := Input{
		Text: words, Subject: f.Subject, To: f.To, Cc: f.Cc, Date: f.Date, Zone: zone,
		Reply: f.IsReply, Forward: f.IsForward, Bulk: f.IsList || f.IsBulk, Automatic: f.IsAuto || f.IsBounce || f.AutoSubmitted != "" && f.AutoSubmitted != "no",
		Invite: f.Calendar.Present, Attached: len(f.Attachments) > 0, Linked: c != nil && c.HTML() != "", Important: f.Importance == mail.ImportanceHigh,
	}
	if len(f.From) > 0 {
		in.From = f.From[0]
	}
	return in
}

// The kinds of mail.
const (
	KindAsk       = "ask"
	KindInform    = "inform"
	KindStatus    = "status"
	KindReply     = "reply"
	KindAck       = "ack"
	KindDecision  = "decision"
	KindSocial    = "social"
	KindInvite    = "invite"
	KindBulk      = "bulk"
	KindAutomatic = "automatic"
)

// The media a mail is fit for.
const (
	MediumAsync     = "async"
	MediumSensitive = "sensitive"
	MediumComplex   = "complex"
	MediumEmergency = "emergency"
	MediumBonding   = "bonding"
)

// The tones.
const (
	TonePlain = "plain"
	ToneHarsh = "harsh"
)

// What a mail says of attachments, and whether it is so.
const (
	AttachmentNone    = "none"
	AttachmentPresent = "named-present"
	AttachmentMissing = "named-missing"
)

// Findings are what was read.
type Findings struct {
	Language   Language
	Kind       string
	Asks       []Ask
	Decisions  []Statement
	Promises   []Promise
	Lazy       *Promise // lazy consensus: silence decides, by Due
	Tone       Stance
	Medium     Stance
	Attachment Stance
	Link       Stance // the same of links
	Urgent     Stance // Value "yes" where the mail claims it
	Context    Stance // Value "yes" where its readers can tell what it is about, "no", or "na"
	Proposal   Stance // Value "yes" where the mail says what should be done, "no", or "na"
	CTA        Stance // call to action: "full", "part" (who or by when is missing), "none", or "na"

	// What the coach speaks of; nil where the mail has none.
	Vague    *Statement // asks for something without saying what it is about: "Can we chat about the project?"
	Hollow   *Statement // wants something done without saying what: "The van needs doing"
	Helpless *Statement // puts a problem and leaves it to the readers: "What should we do?"
	Chat     *Statement // asks for a talk
	Pointer  *Statement // points at what only the thread holds: "see below"
	Blocker  *Statement // puts the problem, or what is new
	Plan     *Statement // says what should be done
	Nobody   *Statement // puts something to several people and names none
	Dispute  *Statement // contradicts the reader
}

// A Statement is a sentence or clause, with the words it was recognised by.
type Statement struct {
	Span
	Text      string // white space folded
	Because   string
	InSubject bool // Span counts in the subject, not in the text
}

// A Promise is a Statement with its due time.
type Promise struct {
	Statement
	Due *Due // nil without one
}

// A Stance is a value with the words that speak for it.
type Stance struct {
	Value   string
	Because []string
	Text    string // the sentence of the first of them, white space folded
}

// Read reads a mail.
func Read(in Input) Findings {
	r, f := prepare(in)
	if r.lang == Unknown {
		f.Kind = r.mechanicalKind()
		return f
	}
	r.readTone(&f)
	f.Asks = r.asks()
	r.found = f.Asks
	f.Promises = r.promises(f.Asks)
	f.Decisions, f.Lazy = r.decisions()
	f.Medium = r.medium(f)
	f.Urgent = r.urgent()
	f.Kind = r.kind(f)
	r.lacks(&f)
	if f.Kind == KindAck && (f.Vague != nil || f.Hollow != nil || f.Nobody != nil) {
		f.Kind = KindAsk
	}
	return f
}

// MaxText is how much of a text is read, in octets. Nobody writes more himself.
const MaxText = 256 << 10

// firstPart is the part of a text that is read, whole lines if there are any.
func firstPart(text string) string {
	if len(text) <= MaxText {
		return text
	}
	end := MaxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	if line := strings.LastIndexByte(text[:end], '\n'); line > end-4096 {
		end = line
	}
	return text[:end]
}

// prepare finds language and cues of a mail, and what can be told of any language.
func prepare(in Input) (*reader, Findings) {
	if in.Zone != nil {
		in.Date = in.Date.In(in.Zone)
	}
	r := newReader(ownPart(firstPart(in.Text), in.From.Name), in.Date, English)
	r.in = in
	r.people = peopleOf(in)
	r.detectLanguage(in)
	f := Findings{Language: r.lang, Tone: Stance{Value: TonePlain}, Medium: Stance{Value: MediumAsync}}
	r.setHits(findCues(r.toks, r.mask))
	r.titleHits = findCues(r.title, r.mask)
	f.Attachment, f.Link = r.attachment(), r.link()
	return r, f
}

// readTone reads the tone: by rules, and by the model where they are not sure. How
// questions are heard hangs on the rules alone.
func (r *reader) readTone(f *Findings) {
	f.Tone = r.tone()
	r.harsh = f.Tone.Value == ToneHarsh
	if r.in.Bulk || r.in.Automatic || len(r.toks) == 0 || !r.harsh && len(r.toks) < enoughToJudge {
		return
	}
	if r.mood(sayHarsh) < sayingLimits[sayHarsh][r.ruledHarsh()] {
		f.Tone = Stance{Value: TonePlain}
	} else if !r.harsh {
		f.Tone = r.signs(actSharp, ToneHarsh, ToneHarsh)
	}
}

// enoughToJudge is the number of tokens from which the model judges a tone alone.
const enoughToJudge = 14

// A reader holds a text while it is read.
type reader struct {
	text     string
	ref      time.Time
	lang     Language
	mask     languageMark
	toks     []token
	sents    []sentence
	times    timeParser
	hits     []hit
	firstHit []int32 // the first of hits at or behind each token: see setHits
	in       Input
	people   people
	harsh    bool
	found    []Ask // once they are read

	title     []token // the subject
	titleHits []hit
	forms     []uint32                  // of the mail: see mailForm
	moods     []uint32                  // features: see mood
	said      [][sayPromise + 1]float64 // scores of the sentences: see says

	seen   []uint32   // features of one sentence: a buffer
	asking featureSet // the same for features

	limits []int32     // tokens at which a deadline may begin
	dues   []foundDues // as far as they were asked for
	duesAt []int32     // the place in dues plus one of those from each token, or 0
	room   []deadline  // see addDue
}

func newReader(text string, ref time.Time, lang Language) *reader {
	r := &reader{text: text, ref: ref, lang: lang}
	r.toks = tokenize(text)
	look(r.toks)
	r.setLanguage(lang)
	r.sents = sentences(r.toks)
	return r
}

func (r *reader) setLanguage(lang Language) {
	r.lang = lang
	r.dues, r.duesAt, r.limits = nil, nil, nil
	r.mask = languageBit(lang) | 1 // every language borrows from English
	r.times = timeParser{text: r.text, toks: r.toks, ref: r.ref, today: dayOf(r.ref), opts: TimeOptions{Language: lang}, lang: r.mask, due: true}
}

// detectLanguage reads the subject, and takes the language of the text, or of the
// subject if the text is too short to tell; English if both are.
func (r *reader) detectLanguage(in Input) {
	r.title = tokenize(in.Subject)
	look(r.title)
	fallback := detect(r.title, English)
	if fallback == Unknown {
		fallback = English
	}
	lang := detect(r.toks, fallback)
	if len(r.toks) == 0 {
		lang = fallback
	}
	if lang == Unknown {
		r.lang = Unknown
		return
	}
	r.setLanguage(lang)
}

// fold gives a part of the text with its white space folded.
func (r *reader) fold(s Span) string { return foldSpace(r.text[s.Start:s.End]) }

// foldSpace makes every run of white space one space and cuts it off the ends. It
// gives s itself where there is nothing to change.
func foldSpace(s string) string {
	folded := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			if r, _ := utf8.DecodeRuneInString(s[i:]); unicode.IsSpace(r) {
				return strings.Join(strings.Fields(s), " ")
			}
		case c == ' ' && i > 0 && i+1 < len(s) && s[i-1] != ' ':
		case c <= ' ':
			folded = false
		}
	}
	if folded {
		return s
	}
	return foldASCII(s)
}

// foldASCII is foldSpace for white space that is ASCII.
func foldASCII(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && !isSpace(s[i]) {
			i++
		}
		if i > from {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s[from:i])
		}
		for i < len(s) && isSpace(s[i]) {
			i++
		}
	}
	return b.String()
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// spanOf is the span of toks[from:to].
func (r *reader) spanOf(from, to int) Span {
	return Span{r.toks[from].span().Start, r.toks[to-1].span().End}
}

// because quotes the words of a hit.
func (r *reader) because(h hit) string { return r.fold(r.spanOf(h.from, h.to)) }

// hitsIn returns the hits that begin in toks[from:to].
func (r *reader) hitsIn(from, to int) []hit {
	if len(r.hits) == 0 {
		return nil
	}
	return r.hits[r.firstHit[max(from, 0)]:r.firstHit[min(to, len(r.toks))]]
}

// setHits takes the cues that were found in the text.
func (r *reader) setHits(hits []hit) {
	r.hits = hits
	r.firstHit = make([]int32, len(r.toks)+1)
	n := 0
	for i := range r.firstHit {
		for n < len(hits) && hits[n].from < i {
			n++
		}
		r.firstHit[i] = int32(n)
	}
}

// ownPart cuts the block under the author's name off the end of a text: title,
// firm, telephone, notices. Without the name nothing is cut.
func ownPart(text, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) < 4 || !strings.Contains(name, " ") {
		return text
	}
	tail := max(0, len(text)-maxSignature)
	for i := tail; i < len(text); {
		end := strings.IndexByte(text[i:], '\n')
		if end < 0 {
			end = len(text) - i
		}
		line := strings.TrimSpace(text[i : i+end])
		if (i == 0 || text[i-1] == '\n') && mayBegin(line, name) {
			line = strings.ToLower(line)
		}
		if (i == 0 || text[i-1] == '\n') && strings.HasPrefix(line, name) && len(line) < len(name)+60 {
			if rest := line[len(name):]; rest == "" || strings.ContainsAny(rest[:1], " ,|-") && !strings.ContainsAny(rest, "?!") && len(rest) > 2 && (rest[0] == ',' || rest[1] == '|' || rest[1] == '-') {
				return text[:i]
			}
		}
		i += end + 1
	}
	return text
}

// mayBegin keeps most lines from being made lower-case: it reports whether line in
// lower case may begin with name, by its first octet.
func mayBegin(line, name string) bool {
	if line == "" {
		return false
	}
	c := line[0]
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c >= utf8.RuneSelf || c == name[0]
}

const maxSignature = 1200 // octets looked at for a signature
