package commands

import (
	"slices"
	"strings"
)

// Read reads a mail to Tidepost: its text, or its subject if the text says nothing.
func Read(in Input) Reading {
	in.Text = strings.ToValidUTF8(in.Text, "")
	in.Subject = strings.ToValidUTF8(in.Subject, "")
	if strings.TrimSpace(in.Text) == "?" {
		return Reading{Commands: []Command{{Kind: Help, Text: "?"}}}
	}
	lines := ownLines(in.Text)
	body := in.readAll(lines)
	subject := in.subject()
	switch {
	case subject == "":
		return body.settle()
	case len(lines) == 0 || len(body.Commands) == 0 && !body.asks():
		// "Thanks!" below a subject that says it all; a subject that the text goes on.
		if len(lines) > 0 {
			if both := in.sentence(subject + " " + strings.Join(lines[0], " ")); len(both.Commands) > 0 && len(lines) == 1 {
				return both.settle()
			}
		}
		r := in.readAll([][]string{{subject}})
		if len(r.Commands) > 0 || r.asks() || len(lines) == 0 {
			r.Back = append(r.Back, body.Back...)
			return r.settle()
		}
		return body.settle()
	}
	// Both speak. A bare word in the subject is what the mail is about, no command.
	if r := in.readAll([][]string{{subject}}); len(r.Commands) > 0 && len(r.Back) == 0 {
		for _, c := range r.Commands {
			twice := slices.ContainsFunc(body.Commands, func(b Command) bool { return b.Kind == c.Kind })
			if strings.Contains(c.String(), " ") && !twice {
				body.Commands = append([]Command{c}, body.Commands...)
			}
		}
	}
	return body.settle()
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
			if closing(line) {
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
	switch low {
	case "best", "best regards", "kind regards", "regards", "warm regards", "sincerely", "yours", "yours sincerely", "all the best", "best wishes", "greetings", "gruß", "viele grüße", "liebe grüße", "mit freundlichen grüßen", "mfg", "vg", "lg", "br", "kr", "cheers", "many thanks", "thanks", "thank you", "thx", "thanks a lot", "danke", "thanks and regards", "with kind regards":
		return !strings.HasSuffix(strings.TrimSpace(line), "!")
	}
	return strings.HasPrefix(low, "sent from my ") || strings.HasPrefix(low, "get outlook for ") || strings.HasPrefix(low, "von meinem ")
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
	for _, c := range list {
		if s.asks && !s.polite && !asksItself(c.Kind) {
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
func asksItself(k Kind) bool {
	return k == Settings || k == Help || k == Report || k == Why || k == Password
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

// settle joins what belongs together, and lets nothing be done where a sentence may
// take back what another one says.
func (r Reading) settle() Reading {
	var out []Command
	for _, c := range r.Commands {
		if c.Kind == Cover && len(out) > 0 {
			if last := &out[len(out)-1]; last.Kind == Away && !last.Off && last.Who == "" && !c.Off {
				last.Who = c.Who
				last.Text += " " + c.Text
				continue
			}
		}
		if !slices.ContainsFunc(out, func(o Command) bool { return o.String() == c.String() }) {
			out = append(out, c)
		}
	}
	r.Commands = out[:min(len(out), maxCommands)]
	for _, b := range r.Back {
		if len(r.Commands) == 0 || !takesBack(b, r.Commands) {
			continue
		}
		for _, c := range r.Commands {
			r.Back = append(r.Back, Back{Text: c.Text, Why: "another sentence may take it back", Nearest: []Kind{c.Kind}})
		}
		r.Commands = nil
		break
	}
	if len(r.Commands) > 0 { // What is no command need not be mentioned if it is short.
		r.Back = slices.DeleteFunc(r.Back, func(b Back) bool { return b.Chatter && len(strings.Fields(b.Text)) <= 3 })
	}
	return r
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
