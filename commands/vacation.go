package commands

import (
	"regexp"
	"slices"
	"strings"
)

// What people outside are told while somebody is away is a text of the person's own:
// taken as it stands, lines and all, not read. It stands behind its name and a colon,
//
//	vacation text: I am away until {back}.
//
// up to the end of its paragraph; or below a line that holds nothing else, or a subject,
// and then to the end of the letter. Command.Value is the text, "off", "default", or ""
// to have it shown.

var vacationName = `(?:(?:vacation|holiday|away|leave|absence|automatic|auto|ooo|out[ -]of[ -](?:the[ -])?office)[ -]?(?:text|reply|replies|message|answer|response|responder|note|notice)|autoreply|autoresponder|` +
	`abwesenheits(?:notiz|text|antwort|meldung|nachricht)|urlaubs(?:text|antwort|meldung|nachricht|notiz)|automatische[ ]antwort)`

var (
	vacationHead = regexp.MustCompile(`(?i)^(?:(?:hi|hello|please|pls|bitte|could you|can you|,)\s+)*(?:(?:set|change|make|use|replace|update|write|put|ändere|setze)\s+)?(?:(?:my|the|this|a|new|as|meine?n?)\s+)*` +
		vacationName + `(?:\s+(?:to|is|should be|shall be|reads|should read|should say|auf|ist|lautet))?\s*[:=]\s*(.*)$`)
	vacationBare = regexp.MustCompile(`(?i)^(?:(?:set|change|my|the|new|meine?)\s+)*` + vacationName + `\s*[.:]?$`)
	vacationWord = regexp.MustCompile(`(?i)\b` + vacationName + `\b`)
	// vacationNot begins what is no text, but something about it.
	vacationNot = regexp.MustCompile(`(?i)^(?:please\s+)?(?:do not|don't|dont|no|not|stop|never|none|nothing|delete|remove|clear|cancel|end|show|what|which|why|how|send|same as|as before|kein|keine|nicht)\b`)
)

// shortestVacation is how many words a text has at least: "3-14 Aug" is none.
const shortestVacation = 4

// vacation cuts a text for people outside from a letter. rest is what it says besides.
func (in *Input) vacation() (list Reading, rest Input, ok bool) {
	rest = *in
	rest.Letter = "" // What is left of the text is read once more.
	text := in.Letter
	if text == "" {
		text = in.Text
	}
	lines := verbatim(text, in.Author)
	subject := in.subject()
	if m := vacationHead.FindStringSubmatch(subject); m != nil || vacationBare.MatchString(subject) {
		value := strings.TrimSpace(strings.Join(lines, "\n"))
		if m != nil && m[1] != "" {
			if value != "" { // Both say something: which of them is it?
				return list, rest, false
			}
			value = m[1]
			subject = strings.TrimSuffix(subject, m[1])
		}
		rest.Subject, rest.Text = "", ""
		list, ok = in.vacationText(subject, value)
		return list, rest, ok
	}
	for i, line := range lines {
		line = strings.TrimSpace(line)
		m := vacationHead.FindStringSubmatch(line)
		if m == nil && !(vacationBare.MatchString(line) && i+1 < len(lines)) {
			continue
		}
		end := len(lines)
		var words []string
		if m != nil && m[1] != "" {
			words, line = append(words, m[1]), strings.TrimSuffix(line, m[1])
			if n := slices.IndexFunc(lines[i+1:], func(s string) bool { return strings.TrimSpace(s) == "" }); n >= 0 {
				end = i + 1 + n
			}
		}
		words = append(words, lines[i+1:end]...)
		if list, ok = in.vacationText(line, strings.TrimSpace(strings.Join(words, "\n"))); !ok {
			return list, rest, false
		}
		rest.Text = strings.Join(lines[:i], "\n") + "\n\n" + strings.Join(lines[end:], "\n")
		return list, rest, true
	}
	return list, rest, false
}

// vacationText is what a text behind its head means; ok is false if the line is to be read
// like any other.
func (in *Input) vacationText(head, value string) (Reading, bool) {
	value = strings.Trim(value, "\"“”„ \n")
	c := Command{Kind: Vacation, Text: strings.TrimSpace(head)}
	switch strings.ToLower(strings.Trim(value, " .!*")) {
	case "":
		return Reading{Commands: []Command{c}}, true
	case "off", "none", "no", "aus", "keine", "nothing":
		c.Value = "off"
		return Reading{Commands: []Command{c}}, true
	case "default", "standard", "normal", "on", "reset", "an":
		c.Value = "default"
		return Reading{Commands: []Command{c}}, true
	}
	why := ""
	switch as := in.line(strings.Join(strings.Fields(head+" "+value), " ")); {
	case len(as.Commands) == 1 && as.Commands[0].Kind == Away && len(as.Back) == 0: // "Out of office message: 3-14 August, cover Tom"
		return Reading{}, false
	case vacationNot.MatchString(value) && len(strings.Fields(value)) < 10 || strings.HasSuffix(value, "?") && !strings.Contains(value, "\n"):
		why = "it is not clear whether that is the text itself; write it as in vacation text: I am away until {back}"
	case len(strings.Fields(value)) < shortestVacation:
		why = "that is too short to be a text for others"
	}
	if why != "" {
		return Reading{Back: []Back{{Text: strings.Join(strings.Fields(head+" "+value), " "), Why: why, Nearest: []Kind{Vacation, Away, Settings}, tried: Vacation}}}, true
	}
	c.Value = value
	return Reading{Commands: []Command{c}}, true
}

// verbatim are the lines of a letter as they were written: up to what others wrote, the
// mark of a signature, or the line of a telephone.
func verbatim(text, author string) []string {
	if len(text) > Limit {
		text = strings.ToValidUTF8(text[:Limit], "")
	}
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", ""), "\n") {
		low := strings.ToLower(strings.TrimSpace(line))
		if line == "-- " || line == "--" || foreign(line) || strings.HasPrefix(low, "sent from my ") || strings.HasPrefix(low, "get outlook for ") || strings.HasPrefix(low, "von meinem ") || strings.HasPrefix(low, "gesendet von ") {
			break
		}
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		out = append(out, strings.TrimRight(line, " \t"))
	}
	return out
}

// readVacation reads what is said of the text without giving one.
func readVacation(r *reader) (Command, bool) {
	c := Command{Kind: Vacation}
	name := func() bool {
		r.word("my", "the", "any", "a", "more", "meine", "meinen")
		return r.phrase("vacation text", "vacation reply", "vacation replies", "vacation message", "vacation answer", "vacation response", "vacation responder", "vacation note", "vacation notice",
			"holiday text", "holiday reply", "holiday replies", "holiday message", "away text", "away reply", "away message", "leave message", "absence text", "absence message", "absence note",
			"automatic reply", "automatic replies", "automatic answer", "automatic response", "auto reply", "auto replies", "auto - reply", "auto response", "autoreply", "autoresponder", "auto responder",
			"outofoffice reply", "outofoffice replies", "outofoffice message", "outofoffice text", "outofoffice note", "ooo message", "ooo reply", "ooo text",
			"abwesenheitsnotiz", "abwesenheitstext", "abwesenheitsantwort", "abwesenheitsmeldung", "urlaubstext", "urlaubsantwort", "urlaubsnachricht", "urlaubsnotiz")
	}
	rest := func() bool { r.phrase("any more", "anymore", "at all", "please", "mehr"); return r.done() }
	switch {
	case r.phrase("no more", "no", "stop sending", "stop", "turn off", "switch off", "disable", "do not send", "never send", "keine"):
		c.Value = "off"
		return c, name() && rest()
	case r.phrase("clear", "delete", "remove", "reset", "drop", "forget", "turn on", "switch on", "enable", "lösche"):
		c.Value = "default"
		return c, name() && rest()
	case r.phrase("show me", "show", "what is", "what does", "send me", "tell me", "read me", "zeig mir", "zeige"):
		return c, name() && (rest() || r.phrase("say", "now", "like") && rest())
	case r.phrase("turn", "switch", "set", "put"):
	}
	if !name() {
		return c, false
	}
	r.word(":", "=", "is", "to", "back")
	r.word("to")
	switch {
	case r.word("off", "none", "aus"):
		c.Value = "off"
		return c, rest()
	case r.phrase("default", "on", "the default", "standard", "the standard", "normal", "an"):
		c.Value = "default"
		return c, rest()
	}
	return c, r.done() && r.pos == len(r.toks) && r.toks[0].low != "turn" && r.toks[0].low != "switch" && r.toks[0].low != "set" && r.toks[0].low != "put"
}
