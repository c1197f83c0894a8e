package commands

import (
	"slices"
	"strings"
)

// Read reads a mail to Tidepost: its text, or its subject if the text says nothing.
func Read(in Input) Reading {
	in.Text = strings.ToValidUTF8(in.Text, "")
	in.Subject = strings.ToValidUTF8(in.Subject, "")
	lines := ownLines(in.Text, in.Author)
	subject := in.subject()
	if text := strings.TrimSpace(in.Text); text == "?" || text == "" && subject == "?" {
		return Reading{Commands: []Command{{Kind: Help, Text: "?"}}}
	}
	if said, rest, ok := in.vacation(); ok {
		other := Read(rest)
		said.add(other)
		return said.settle()
	}
	body := in.readAll(lines)
	if subject == "" {
		return body.settle()
	}
	head := in.readAll([][]string{{subject}})
	if len(lines) == 0 {
		return head.settle()
	}
	if in.heads(subject, head) {
		body = in.under(subject, body)
	}
	switch {
	case len(body.Commands) == 0 && !body.asks() && (len(head.Commands) > 0 || head.asks()):
		// "Thanks!" below a subject that says it all.
		if len(head.Commands) == 0 && len(body.Back) > 0 {
			break // Only a topic: what was written stands below.
		}
		head.Back = append(head.Back, body.Back...)
		return head.settle()
	case len(head.Commands) > 0 && len(head.Back) == 0:
		return body.with(head.Commands).settle()
	}
	if len(body.Commands) == 0 && head.asks() {
		for i := range body.Back {
			body.Back[i].Nearest = merge(head.Back[0].Nearest[:min(1, len(head.Back[0].Nearest))], body.Back[i].Nearest)
			body.Back[i].Chatter = false
		}
	}
	return body.settle()
}

// heads reports whether a subject is only the topic of what stands below: "Vacation".
func (in *Input) heads(subject string, head Reading) bool {
	toks := bare(subject).toks
	if len(toks) == 0 || len(toks) > 3 || slices.ContainsFunc(toks, func(t token) bool { return t.num >= 0 }) {
		return false
	}
	return head.asks() || slices.ContainsFunc(head.Commands, func(c Command) bool { return !strings.Contains(c.String(), " ") })
}

// under reads once more, behind their topic, the sentences that say nothing alone:
// "3-14 August" below "Vacation".
func (in *Input) under(subject string, body Reading) Reading {
	var out Reading
	for _, b := range body.Back {
		if r := in.sentence(subject + " " + b.Text); len(r.Commands) > 0 {
			out.Commands = append(out.Commands, r.Commands...)
			continue
		}
		out.Back = append(out.Back, b)
	}
	out.Commands = append(out.Commands, body.Commands...)
	return out
}

// with adds what the subject says. A bare word there is what the mail is about, no
// command; what the text says in more words counts there.
func (r Reading) with(head []Command) Reading {
	var first []Command
	for _, c := range head {
		if !strings.Contains(c.String(), " ") || slices.ContainsFunc(r.Commands, func(b Command) bool { return b.says(c) }) {
			continue
		}
		for _, b := range r.Commands {
			if denies(b, c) || b.Kind == c.Kind && (c.Kind == Away || c.Kind == Stay) {
				r.Back = append(r.Back, Back{Text: c.Text, Why: errOtherwise.Error(), Nearest: []Kind{c.Kind}, tried: c.Kind},
					Back{Text: b.Text, Why: errOtherwise.Error(), Nearest: []Kind{b.Kind}, tried: b.Kind})
				r.Commands = slices.DeleteFunc(slices.Clone(r.Commands), func(o Command) bool { return o.Kind == b.Kind })
				return r
			}
		}
		first = append(first, c)
	}
	r.Commands = append(first, r.Commands...)
	return r
}

func merge(a, b []Kind) []Kind {
	out := slices.Clone(a)
	for _, k := range b {
		if len(out) < 3 && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// subject is that of a mail of its own, not of an answer.
func (in *Input) subject() string {
	s := strings.TrimSpace(in.Subject)
	if len(s) > 300 {
		return ""
	}
	low := strings.ToLower(s)
	for _, p := range []string{"re:", "fw:", "fwd:", "aw:", "wg:", "sv:", "antw:"} {
		if strings.HasPrefix(low, p) {
			return ""
		}
	}
	return s
}

// asks reports whether something reminds of a command.
func (r Reading) asks() bool {
	return slices.ContainsFunc(r.Back, func(b Back) bool { return !b.Chatter })
}

// readAll reads paragraphs: line by line, or joined if that says more.
func (in *Input) readAll(paragraphs [][]string) Reading {
	var out Reading
	for _, lines := range paragraphs {
		var apart Reading
		for _, line := range lines {
			if closing(line) && len(out.Commands)+len(out.Back)+len(apart.Commands)+len(apart.Back) > 0 {
				out.add(apart)
				return out
			}
			apart.add(in.line(line))
		}
		if len(lines) > 1 && len(apart.Back) > 0 {
			joined := in.line(strings.Join(lines, " "))
			if len(joined.Back) == 0 || len(joined.Back) < len(apart.Back) && len(joined.Commands) > len(apart.Commands) {
				apart = joined
			}
		}
		out.add(apart)
	}
	return out
}

func (r *Reading) add(o Reading) {
	r.Commands = append(r.Commands, o.Commands...)
	r.Back = append(r.Back, o.Back...)
}

// closing reports whether a line ends a letter: what follows is a signature.
func closing(line string) bool {
	low := strings.ToLower(strings.Trim(line, " ,.!-"))
	if strings.HasPrefix(low, "sent from my ") || strings.HasPrefix(low, "get outlook for ") || strings.HasPrefix(low, "von meinem ") || strings.HasPrefix(low, "gesendet von ") {
		return true
	}
	if strings.HasSuffix(strings.TrimSpace(line), "!") {
		return false
	}
	words := strings.FieldsFunc(low, func(c rune) bool { return c == ' ' || c == ',' })
	if len(words) == 0 || len(words) > 9 {
		return false
	}
	wished := false
	for _, w := range words {
		switch w {
		case "best", "regards", "wishes", "thanks", "thx", "cheers", "yours", "sincerely", "greetings", "gruß", "grüße", "grüßen", "gruss", "grüsse", "grüssen", "danke", "dank", "mfg", "vg", "lg", "br", "kr":
			wished = true
		case "thank":
			wished = slices.Contains(words, "you")
		case "kind", "warm", "warmest", "kindest", "many", "with", "and", "in", "advance", "all", "the", "a", "lot", "so", "very", "much", "you", "again", "my", "for", "your", "help",
			"viele", "vielen", "liebe", "lieben", "beste", "besten", "schöne", "herzliche", "herzlichen", "freundliche", "freundlichen", "mit", "im", "voraus", "und", "schon", "mal", "aus":
		default:
			return false
		}
	}
	return wished
}

func (in *Input) line(line string) Reading {
	var out Reading
	for _, s := range sentences(line) {
		out.add(in.sentence(s))
	}
	return out
}

// maxCommands bounds what one mail can do.
const maxCommands = 20

// sentence reads one sentence: commands, joined by "and", or something that comes back.
func (in *Input) sentence(text string) Reading {
	s := bare(text)
	if len(s.toks) == 0 || courtesy(s, text) {
		return Reading{}
	}
	if len(s.toks) >= maxTokens {
		return Reading{Back: []Back{{Text: text, Nearest: in.nearest(text, "", s), Chatter: true}}}
	}
	list, kind, lost := in.commands(s.toks, 0)
	for _, other := range s.otherwise() {
		if len(list) > 0 {
			break
		}
		var k Kind
		var why error
		if list, k, why = in.commands(other, 0); kind == "" {
			kind, lost = k, why
		}
	}
	for _, c := range list {
		if s.asks && !s.polite && !asksItself(c) {
			list, kind, lost = nil, c.Kind, nil
			break
		}
	}
	if len(list) > 0 {
		for i := range list {
			list[i].Text = strings.Join(strings.Fields(text), " ")
		}
		return Reading{Commands: list}
	}
	b := Back{Text: strings.Join(strings.Fields(text), " "), Nearest: in.nearest(text, kind, s)}
	if lost != nil {
		b.Why = lost.Error()
	}
	b.tried = kind
	b.Chatter = kind == "" && !hinted(text, s)
	return Reading{Back: []Back{b}}
}

// asksItself: these are questions.
func asksItself(c Command) bool {
	switch c.Kind {
	case Settings, Help, Report, Why, Password:
		return true
	}
	return c.Kind == Vacation && c.Value == ""
}

// commands reads one command, or several joined by "and". kind is what it may have been,
// lost why that could not be told.
func (in *Input) commands(toks []token, depth int) (list []Command, kind Kind, lost error) {
	c, kind, lost := in.command(toks)
	if c != nil {
		return []Command{*c}, "", nil
	}
	if depth == 6 {
		return nil, kind, lost
	}
	for i := 1; i < len(toks)-1; i++ {
		switch toks[i].low {
		case "and", "und", ",", "then", "plus", "also", "&", ";", "+":
		default:
			continue
		}
		left := trimmed(toks[:i])
		first, k, why := in.command(left)
		if first == nil {
			kind, lost = firstKind(kind, k), orElse(lost, why)
			continue
		}
		right := trimmed(toks[i+1:])
		if many := always(first, right, in); many != nil {
			return append([]Command{*first}, many...), "", nil
		}
		rest, k, why := in.commands(right, depth+1)
		if len(rest) > 0 {
			return append([]Command{*first}, rest...), "", nil
		}
		kind, lost = firstKind(kind, firstKind(k, first.Kind)), orElse(lost, why)
	}
	return nil, kind, lost
}

// always reads "always Henrik and Mei": names that go on.
func always(first *Command, rest []token, in *Input) []Command {
	if first.Kind != Always {
		return nil
	}
	r := reader{toks: rest, in: in}
	c := Command{Kind: Always, Off: first.Off, Who: r.who()}
	if c.Who == "" || !r.done() || len(rest) > 1 && !strings.ContainsAny(c.Who, "@.") && strings.ToLower(c.Who[:1]) == c.Who[:1] {
		return nil
	}
	if one, _, _ := in.command(rest); one != nil {
		return nil
	}
	return []Command{c}
}

func firstKind(a, b Kind) Kind {
	if a != "" {
		return a
	}
	return b
}

// trimmed cuts courtesies and joints off both ends of a part.
func trimmed(toks []token) []token {
	for len(toks) > 0 {
		switch toks[0].low {
		case "and", "then", "also", ",", "please", "und", "bitte", "i", "to":
			if toks[0].low == "i" || toks[0].low == "to" {
				return toks
			}
			toks = toks[1:]
			continue
		}
		break
	}
	for len(toks) > 0 {
		switch toks[len(toks)-1].low {
		case "and", "then", "also", ",", "please", "und", "bitte":
			toks = toks[:len(toks)-1]
			continue
		}
		break
	}
	if len(toks) > 0 {
		own := make([]token, len(toks))
		copy(own, toks)
		own[0].low = spelled(own[0])
		return own
	}
	return toks
}

// command tries the rules on all of toks.
func (in *Input) command(toks []token) (c *Command, kind Kind, lost error) {
	if len(toks) == 0 {
		return nil, "", nil
	}
	for _, rule := range rules() {
		r := reader{toks: toks, in: in}
		got, ok := rule.read(&r)
		if !ok || !r.done() {
			continue
		}
		if r.lost != nil {
			kind, lost = firstKind(kind, rule.kind), orElse(lost, r.lost)
			continue
		}
		return &got, "", nil
	}
	return nil, kind, lost
}

// takesBack reports whether a sentence that is none of a command has a word that can
// deny another one, or make it depend on something. A command of another kind that
// failed for its date does not.
func takesBack(b Back, list []Command) bool {
	other := b.tried != "" && !slices.ContainsFunc(list, func(c Command) bool { return c.Kind == b.tried })
	for _, t := range expand(lex(b.Text)) {
		switch t.low {
		case "not", "no", "never", "but", "only", "unless", "if", "except", "instead", "wait", "forget", "ignore", "actually", "sorry", "cancel", "wrong", "mistake", "meant", "mean", "rather", "maybe", "perhaps",
			"first", "or", "otherwise", "though", "however", "depends", "depending", "provided", "whether", "nicht", "kein", "aber", "falls", "wenn", "doch", "example", "joke", "kidding", "nope", "might", "probably", "possibly":
			return true
		case "before", "after", "when", "until", "once", "later", "undo", "stop", "till":
			if !other {
				return true
			}
		}
	}
	return false
}

// courtesy reports whether a sentence only greets, thanks or signs.
func courtesy(s sentence, text string) bool {
	var words []string
	for _, t := range s.toks {
		if strings.Trim(t.low, ".,!?;:'-()") != "" {
			words = append(words, t.low)
		}
	}
	switch strings.Join(words, " ") {
	case "", "tidepost", "hi", "hello", "hey", "hallo", "dear", "dear tidepost", "hi tidepost", "hello tidepost", "hey tidepost", "thanks", "thank you", "thx", "cheers", "many thanks", "thanks a lot", "thank you very much", "thanks very much", "thanks so much",
		"thanks in advance", "best", "best regards", "kind regards", "regards", "ok", "okay", "please", "good morning", "danke", "vielen dank", "bitte", "have a nice day", "have a good day", "that would be great", "that is all", "that would be nice", "much appreciated", "appreciated", "great", "thanks for your help", "all the best", "hope you are well", "i hope you are well", "i hope this finds you well":
		return true
	}
	if len(words) > 0 && len(words) <= 4 && (words[0] == "thanks" || words[0] == "cheers" || words[0] == "regards" || words[0] == "best" || words[0] == "hi" || words[0] == "dear") {
		return !hinted(text, s)
	}
	return false
}
