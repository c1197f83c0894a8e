package story

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A letter is a mail that a story lets somebody write.
type letter struct {
	author      *member
	name        string // what the story calls it
	subject     string
	from        string // "": the author's address
	to, cc, bcc []string
	tag         string // in front of the subject
	body        []string
	headers     []string
	envelope    string // parameters of MAIL FROM
	returnPath  *string
	answers     string   // the name of the mail that it answers
	references  []string // further names
	everybody   bool
	quote       string // "", "above", "below", "none"
	forward     bool
	under       []detail // below which item of what is answered
	attempt     bool     // it need not be taken
	past        bool     // by the provider's webmail: Tidepost never sees it on its way
	answersOwn  string   // kind of Tidepost's letter that it answers
	answersOf   *member
}

const mailDetails = "to cc bcc from as name subject tag tagged header headers saying text quoting quote under envelope return_path references in_reply_to everybody"

// mailForms let people write mail.
func mailForms() []*form {
	try := `(?:tries to |try to )?`
	return []*form{
		{example: `Ana sends "Budget" again`, pattern: `WHO (tries to )?(?:re)?sends? TEXT (?:once )?again`, act: true, make: makeAgain},
		{example: `Ana replies to "Budget" saying "Yes, Thursday."`, pattern: `WHO (` + try + `)(?:repl(?:ies|y)|answers?)(?: to (?:all|everybody|everyone))?(?: to)? ((?:(?:\pL[\pL\d_-]*'s? )?"|her |his |their |the |\pL[\pL\d_-]*'s? (?:latest |last |newest )?(?:digest|note|advice|letter|bounce|decision)).*)`,
			details: mailDetails, body: true, act: true, make: makeReply},
		{example: `Ana forwards "Budget" to Tom`, pattern: `WHO (` + try + `)forwards? TEXTREST`, details: mailDetails, body: true, act: true, make: makeForward},
		{example: `Ana drafts "Budget" to Mei in Drafts`, pattern: `WHO (` + try + `)(?:drafts|draft|saves a draft|puts a draft)(?: of)? (.*?)(?: in(?:to)? (.*))?`, details: mailDetails, body: true, act: true, make: makeDraft},
		{example: `Ana sends "Budget" to Mei, Tom cc Otto`, pattern: `WHO (` + try + `)(?:sends?|writes?|mails?|submits?)(?: a mail| mail)?:? (.*)`,
			details: mailDetails, body: true, act: true, make: makeSend},
	}
}

func (b *builder) newLetter(name, try string) (*letter, error) {
	author, err := b.somebody(name)
	if err != nil {
		return nil, err
	}
	b.actor = author
	return &letter{author: author, attempt: try != ""}, nil
}

func makeSend(b *builder, m []string) (func(*world) error, error) {
	l, err := b.newLetter(m[1], m[2])
	if err != nil {
		return nil, err
	}
	if err := b.fill(l, m[3]); err != nil {
		return nil, err
	}
	if l.subject == "" && l.name == "" {
		return nil, b.st.wrong(`the mail needs a subject in quotes, as in: Ana sends "Budget" to Mei`)
	}
	if len(l.to)+len(l.cc)+len(l.bcc) == 0 {
		return nil, b.st.wrong(`the mail needs somebody to go to, as in: Ana sends "Budget" to Mei`)
	}
	return b.send(l), nil
}

func (b *builder) send(l *letter) func(*world) error {
	b.define(l)
	return func(w *world) error { return w.send(l) }
}

// define makes the name of a letter known.
func (b *builder) define(l *letter) {
	if l.name == "" {
		l.name = l.subject
	}
	if _, twice := b.mails[l.name]; twice {
		for i := 2; ; i++ {
			n := fmt.Sprintf("%s #%d", l.name, i)
			if _, taken := b.mails[n]; !taken {
				l.name = n
				break
			}
		}
	}
	b.mails[l.name] = b.st.line
}

func makeReply(b *builder, m []string) (func(*world) error, error) {
	l, err := b.newLetter(m[1], m[2])
	if err != nil {
		return nil, err
	}
	head, rest := strings.TrimSuffix(m[0], m[3]), m[3]
	l.everybody = strings.Contains(head, " to all ") || strings.Contains(head, " to every")
	if i := strings.Index(rest, `"`); i > 0 && strings.HasSuffix(rest[:i], "'s ") {
		rest = rest[i:] // Ana's "Budget"
	}
	if strings.HasPrefix(rest, `"`) {
		parent, after, _ := strings.Cut(rest[1:], `"`)
		l.answers, rest = b.mail(parent), strings.TrimSpace(after)
	} else {
		x := ownLetter.FindStringSubmatch(rest)
		if x == nil {
			return nil, b.st.wrong(`say which mail is answered: "Budget", or: her latest digest, her latest note`)
		}
		l.answersOwn, l.answersOf, rest = strings.ToLower(x[2]), l.author, x[4]
		owner, ok := strings.CutSuffix(x[1], "'s")
		if x[3] != "" {
			owner, ok = x[3], true
		}
		if ok {
			if l.answersOf, err = b.colleague(owner); err != nil {
				return nil, err
			}
		}
	}
	if err := b.fill(l, rest); err != nil {
		return nil, err
	}
	if l.name == "" && l.subject == "" {
		l.name = "Re: " + l.answers
		if l.answersOwn != "" {
			l.name = "Re: " + l.answersOwn
		}
	}
	return b.send(l), nil
}

var ownLetter = regexp.MustCompile(`(?i)^(her|his|their|the|\pL[\pL\d_-]*'s) (?:latest |last |newest )?(digest|note|advice|letter|bounce|decision)\b(?: of (\pL[\pL\d_-]*))? ?(.*)$`)

func makeForward(b *builder, m []string) (func(*world) error, error) {
	l, err := b.newLetter(m[1], m[2])
	if err != nil {
		return nil, err
	}
	l.answers, l.forward = b.mail(m[3]), true
	if err := b.fill(l, strings.TrimSpace(m[4])); err != nil {
		return nil, err
	}
	if l.name == "" && l.subject == "" {
		l.name = "Fwd: " + l.answers
	}
	if len(l.to) == 0 {
		return nil, b.st.wrong(`a forwarded mail needs somebody to go to, as in: Ana forwards "Budget" to Tom`)
	}
	return b.send(l), nil
}

func makeAgain(b *builder, m []string) (func(*world) error, error) {
	author, err := b.somebody(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = author
	name, attempt := b.mail(m[3]), m[2] != ""
	return func(w *world) error { return w.sendAgain(author, name, attempt) }, nil
}

func makeDraft(b *builder, m []string) (func(*world) error, error) {
	l, err := b.newLetter(m[1], m[2])
	if err != nil {
		return nil, err
	}
	if l.author.outside {
		return nil, b.st.wrong("%s is outside the team and has no folders here", l.author.name)
	}
	if err := b.fill(l, m[3]); err != nil {
		return nil, err
	}
	folder := folderName(m[4])
	if folder == "" {
		folder = "Drafts"
	}
	b.define(l)
	return func(w *world) error { return w.draft(l, folder) }, nil
}

// clause splits what follows the verb: "Budget" to Mei, Tom cc Otto saying "…".
var clause = regexp.MustCompile(`(?i)(?:^|[ ,])(to|cc|bcc|as|named|called|from|tagged|with tag|in reply to|in answer to|saying|with|about|quoting|without quoting|to everybody|to everyone|to all|subject)(?: |$)`)

// fill reads clauses and details into a letter.
func (b *builder) fill(l *letter, rest string) error {
	masked := mask(rest)
	marks := clause.FindAllStringSubmatchIndex(masked, -1)
	head := rest
	if len(marks) > 0 {
		head = rest[:marks[0][0]]
	}
	if q := quotes(head); len(q) > 0 && (l.answers != "" || l.answersOwn != "") {
		l.body = append(l.body, strings.Split(q[0], `\n`)...) // replies to "Budget": "Yes."
	} else if len(q) > 0 {
		l.subject = q[0]
	} else if s := strings.Trim(head, " :,"); s != "" {
		return fmt.Errorf("%q is not understood here; the subject of a mail stands in quotes", s)
	}
	for i, m := range marks {
		end := len(rest)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		key, value := strings.ToLower(rest[m[2]:m[3]]), strings.Trim(rest[m[3]:end], " ,")
		if q := quotes(value); key == "to" && len(q) > 0 && strings.HasSuffix(value, `"`) { // to Mei "Budget"
			l.subject = q[0]
			value = strings.Trim(value[:strings.Index(value, `"`)], " ,:")
		}
		if err := b.clause(l, key, value); err != nil {
			return err
		}
	}
	for _, d := range b.st.details {
		if err := b.clause(l, d.key, d.value); err != nil {
			return b.st.wrongAt(d, "%v", err)
		}
	}
	l.body = append(l.body, b.st.body...)
	return nil
}

// mask hides what is in quotes.
func mask(s string) string {
	out, quoted := []byte(s), false
	for i, c := range out {
		if c == '"' {
			quoted = !quoted
		} else if quoted {
			out[i] = '_'
		}
	}
	return string(out)
}

func (b *builder) clause(l *letter, key, value string) (err error) {
	plain := strings.Trim(value, `"`)
	if value == "" && key != "without quoting" && !strings.HasPrefix(key, "to ") && key != "everybody" {
		return fmt.Errorf("%q needs something behind it", key)
	}
	switch key {
	case "to everybody", "to everyone", "to all", "everybody":
		l.everybody = true
	case "to":
		switch strings.ToLower(plain) {
		case "everybody", "everyone", "all":
			l.everybody = true
			return nil
		}
		l.to, err = b.addresses(l.to, value)
	case "cc":
		l.cc, err = b.addresses(l.cc, value)
	case "bcc":
		l.bcc, err = b.addresses(l.bcc, value)
	case "as", "name", "named", "called":
		l.name = plain
	case "about", "subject":
		l.subject = plain
	case "from":
		l.from = plain
	case "tag", "tagged", "with tag":
		l.tag = plain
	case "header", "headers":
		l.headers = append(l.headers, value)
	case "saying", "text", "with":
		l.body = append(l.body, strings.Split(plain, `\n`)...)
	case "quoting", "quote", "without quoting":
		return l.setQuote(key, strings.ToLower(plain))
	case "envelope":
		l.envelope = plain
	case "return path", "return_path":
		empty := strings.Trim(plain, "<>")
		l.returnPath = &empty
	case "in reply to", "in answer to":
		l.answers = b.mail(plain)
		l.quote = "none"
	case "references":
		for _, q := range listed(value) {
			l.references = append(l.references, b.mail(q))
		}
	default:
		if n, ok := strings.CutPrefix(key, "under"); ok {
			l.under = append(l.under, detail{b.st.line, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(n), "ask")), value})
			return nil
		}
		return fmt.Errorf("%q is not something a mail has", key)
	}
	return err
}

func (l *letter) setQuote(key, how string) error {
	if key == "without quoting" {
		how = "none"
	}
	switch how {
	case "above", "first", "bottom-posting", "bottom":
		l.quote = "above"
	case "below", "all", "top-posting", "top", "everything":
		l.quote = "below"
	case "none", "nothing":
		l.quote = "none"
	default:
		return fmt.Errorf("quoting is above (the quote, then the answer), below (the answer, then the quote) or nothing, not %q", how)
	}
	return nil
}

// listed splits "A", "B" and C, D.
func listed(s string) []string {
	masked := mask(s)
	masked = strings.NewReplacer(" and ", ",,,,,", " & ", ",,,").Replace(masked)
	var out []string
	start := 0
	for i := range len(masked) + 1 {
		if i < len(masked) && masked[i] != ',' {
			continue
		}
		item := strings.TrimSpace(s[start:min(i, len(s))])
		item = strings.TrimSuffix(strings.TrimPrefix(item, "and "), " and")
		if item = strings.Trim(strings.TrimSpace(item), `"`); item != "" {
			out = append(out, item)
		}
		start = i + 1
	}
	return out
}

var display = regexp.MustCompile(`^(.*?)\s*<([^<>]+)>$`)

// addresses reads a list of people and addresses: Mei, tidepost@, ana+now@team.example,
// Carla <carla@shop.example>.
func (b *builder) addresses(old []string, s string) ([]string, error) {
	out := slices.Clone(old)
	for _, item := range listed(s) {
		if p, ok := b.who(item); ok {
			out = append(out, p.name+" <"+p.address+">")
			continue
		}
		if strings.HasSuffix(item, "@") {
			item += teamDomain
		}
		address := item
		if m := display.FindStringSubmatch(item); m != nil {
			address = m[2]
		}
		if !strings.Contains(address, "@") {
			return nil, fmt.Errorf("%q is neither somebody in this story nor an address", item)
		}
		out = append(out, item)
	}
	return out, nil
}

// bare is the address alone.
func bare(s string) string {
	if m := display.FindStringSubmatch(s); m != nil {
		return m[2]
	}
	return s
}
