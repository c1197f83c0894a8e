package commands

import (
	"errors"
	"strconv"
	"strings"
)

// policyWords are the words by which people call what the coach looks at.
func policyWords() []struct{ name, words string } {
	return []struct{ name, words string }{
		{"attachment", "attachment|attachments|missing attachments|missing attachment|forgotten attachments|attached files|the attachment|anhang|anhänge"},
		{"context", "context|missing context"},
		{"cta", "cta|call to action|calls to action|who does what by when|missing calls to action"},
		{"proposal", "proposal|proposals|missing proposals"},
		{"nobody-named", "nobody - named|nobody named|nobody being named|naming people|naming somebody"},
		{"due", "due|due - time|due time|due times|due dates|due date"},
		{"superseded", "superseded|superseded decisions|old decisions|decisions that hold no longer"},
		{"storm", "storm|storms|reply all|replies to all|reply - all|reply all storms"},
		{"in-person", "in - person|in person|saying it in person|say it in person|talking in person"},
		{"tone", "tone|the tone|my tone"},
		{"length", "length|the length|long mails|too long mails|mail length"},
		{"subject", "subject|subjects|vague subjects|vague subject|the subject|subject lines"},
	}
}

// policy reads the name of one that there is.
func (r *reader) policy() string {
	start := r.pos
	known := func(name string) bool {
		for _, p := range r.in.Policies {
			if p == name {
				return true
			}
		}
		return len(r.in.Policies) == 0
	}
	best, name := start, ""
	for _, p := range policyWords() {
		if !known(p.name) {
			continue
		}
		for words := range strings.SplitSeq(p.words, "|") {
			r.pos = start
			if r.phrase(words) && r.pos > best {
				best, name = r.pos, p.name
			}
		}
	}
	for _, p := range r.in.Policies { // As it is called, with its hyphens.
		r.pos = start
		if r.phrase(strings.ReplaceAll(p, "-", " - ")) && r.pos > best {
			best, name = r.pos, p
		}
	}
	r.pos = best
	return name
}

func readNever(r *reader) (Command, bool) {
	c := Command{Kind: Never}
	at := r.phrase("no more advice on", "no more advice about", "no advice on", "no advice about", "stop advice on", "stop advice about", "stop advising me on", "stop advising me about", "stop warning me about", "stop telling me about", "stop nagging me about", "stop nagging about", "stop reminding me about", "stop reminding me of", "stop warning about",
		"no more warnings about", "no warnings about", "do not warn me about", "do not tell me about", "do not remind me of", "do not remind me about", "do not nag me about", "do not advise me on", "do not advise on", "do not coach me on", "do not coach me about", "never coach me on", "never bother me about", "do not bother me about", "stop bothering me about", "stop coaching me on",
		"never advise me on", "never advise on", "never warn me about", "never remind me of", "never tell me about", "never nag me about", "never check", "never", "nie", "silence", "mute", "stop checking", "turn off advice on", "turn off advice about", "switch off advice on", "no")
	if remarks := r.pos; !at || r.toks[remarks-1].low == "no" {
		r.pos = 0
		if at = r.noRemarks() || r.checkTurned("off"); !at {
			r.pos = remarks
			at = remarks > 0
		} else if r.done() {
			c.Value = r.turned
			return c, c.Value != ""
		}
	}
	if !at {
		return c, false
	}
	r.word(":", "the", "my")
	if c.Value = r.policy(); c.Value == "" {
		return c, false
	}
	r.word("advice", "warnings", "checks", "again")
	r.phrase("any more", "anymore")
	return c, r.done()
}

// noRemarks takes "no more comments about", "i do not want any hints on".
func (r *reader) noRemarks() bool {
	if !r.phrase("no more", "no", "stop giving me", "stop sending me", "stop making", "stop the", "stop your", "i do not want any more", "i do not want any", "i do not want", "do not give me any more", "do not give me any", "do not give me", "do not send me any more", "do not send me any", "do not send me", "spare me the", "spare me your", "enough", "enough of the", "enough of your", "i do not need any more", "i do not need any", "i do not need") {
		return false
	}
	return r.word("remarks", "remark", "comments", "comment", "hints", "hint", "notes", "reminders", "reminder", "warnings", "warning", "advice", "tips", "nagging", "suggestions", "messages") &&
		r.word("about", "on", "regarding", "concerning", "of")
}

// checkTurned takes "turn the attachment check off" and "switch off the tone warnings".
func (r *reader) checkTurned(to string) bool {
	back := func() bool { r.word("back"); return r.word(to) }
	if !r.word("turn", "switch", "put", "set") {
		return false
	}
	said := back()
	r.word("the", "my", "your")
	value := r.policy()
	if value == "" || !r.word("check", "checks", "advice", "warning", "warnings", "reminder", "reminders", "hint", "hints", "remarks", "comments") {
		return false
	}
	if said || back() {
		r.word("again")
		r.turned = value
		return r.done()
	}
	return false
}

func readAdvise(r *reader) (Command, bool) {
	c := Command{Kind: Advise}
	if r.checkTurned("on") {
		c.Value = r.turned
		return c, true
	}
	r.pos = 0
	if r.phrase("advise me on", "advise on", "advise me about", "advise", "advice on", "advice about", "warn me about", "tell me about", "remind me of", "remind me about", "bring back advice on", "turn on advice on", "unmute", "no longer never", "not never", "undo never") {
		r.word(":", "the")
		c.Value = r.policy()
		r.word("again", "on")
		return c, c.Value != "" && r.done()
	}
	c.Value = r.policy()
	return c, c.Value != "" && r.phrase("advice again", "advice on", "on again", "advice please") && r.done()
}

// toggled reads "X off", "turn off the X", "X: dry run" for a switch called by one of
// names.
func (r *reader) toggled(names ...string) (value string, ok bool) {
	verbs := r.phrase("turn", "switch", "set", "put", "make", "change")
	if verbs {
		if value, ok = r.state(); ok {
			r.word("the", "my", "your")
			return value, r.phrase(names...) && (r.done() || r.word("again") && r.done())
		}
	}
	if !verbs {
		switch {
		case r.word("disable", "deactivate"):
			r.word("the", "my")
			return "off", r.phrase(names...) && r.done()
		case r.word("enable", "activate"):
			r.word("the", "my")
			return "on", r.phrase(names...) && (r.done() || r.word("again") && r.done())
		}
	}
	r.word("the", "my", "your")
	if !r.phrase(names...) {
		return "", false
	}
	r.word("for")
	r.word("me")
	if r.done() {
		r.lost = errors.New("do you want it on, off or in dry run?")
		return "", !verbs
	}
	r.word(":", "=", "to", "mode", "in", "into", "is")
	r.word("to", "the")
	value, ok = r.state()
	r.word("again")
	return value, ok && r.done()
}

// state reads the setting of a switch.
func (r *reader) state() (string, bool) {
	switch {
	case r.word("off", "aus"):
		return "off", true
	case r.word("on", "an", "ein"):
		return "on", true
	case r.word("dryrun"):
		return "dry-run", true
	case r.phrase("back to default", "back to the default", "default", "team", "as the team", "as the team has it", "to team", "like the team", "to the team setting", "normal"):
		return "team", true
	}
	return "", false
}

func readCoach(r *reader) (Command, bool) {
	c := Command{Kind: Coach}
	if r.phrase("no more advice at all", "no more advice", "no advice at all", "no advice", "i do not want advice", "i do not want coaching", "no coaching", "no coach", "no more coaching", "stop coaching me", "stop coaching", "do not coach me", "do not coach", "stop the coach", "stop giving me advice", "stop advice", "stop advising me", "do not advise me") {
		c.Value = "off"
		return c, r.done()
	}
	r.pos = 0
	v, ok := r.toggled("coach", "coaching", "advice", "coach mode")
	c.Value = v
	return c, ok
}

func readHold(r *reader) (Command, bool) {
	c := Command{Kind: Hold}
	switch {
	case r.phrase("stop holding my mails", "stop holding my mail", "stop holding mails", "stop holding mail", "stop holding", "do not hold my mails", "do not hold my mail", "do not hold mail", "do not hold", "never hold my mail", "never hold", "i do not want holds", "i do not want holding", "no hold", "no holding", "no holds", "no more holds", "no more holding", "do not hold any of my mail", "do not hold my messages", "do not hold back my mail", "stop holding back my mail"):
		c.Value = "off"
		return c, r.done() || r.phrase("any more", "anymore", "back") && r.done()
	case r.phrase("hold my mail again", "start holding my mail again", "start holding my mail", "start holding", "hold again"):
		c.Value = "on"
		return c, r.done()
	}
	r.pos = 0
	v, ok := r.toggled("hold", "holding of my mail", "holding", "holds", "scheduled send", "hold mode")
	c.Value = v
	return c, ok
}

func readBatch(r *reader) (Command, bool) {
	c := Command{Kind: Batch}
	switch {
	case r.phrase("stop batching my mails", "stop batching my mail", "stop batching mail", "stop batching", "do not batch my mails", "do not batch my mail", "do not batch mail", "do not batch", "never batch my mail", "never batch", "i do not want batching", "i do not want batches", "no batches", "no batch", "no batching", "no more batches", "no more batching"):
		c.Value = "off"
		return c, r.done() || r.phrase("any more", "anymore") && r.done()
	case r.phrase("batch my mail again", "start batching my mail again", "start batching", "batch again"):
		c.Value = "on"
		return c, r.done()
	}
	r.pos = 0
	v, ok := r.toggled("batch", "batching", "batches", "batch mode", "batching of my mail")
	c.Value = v
	return c, ok
}

func readDigests(r *reader) (Command, bool) {
	c := Command{Kind: Digests}
	switch {
	case r.phrase("fewer digests", "less digests", "one digest a day", "only one digest a day", "one digest per day", "only one digest per day", "a digest once a day", "a digest a day", "digest once a day", "digests once a day", "daily digest", "a daily digest", "digests daily", "digests : daily", "digest daily", "just one digest a day", "digests day", "send me one digest a day", "ein digest am tag"):
		c.Value = "day"
	case r.phrase("more digests", "digests with every delivery", "a digest with every delivery", "digest with every delivery", "digests on", "digests again", "digests tide", "digests more", "digests at every delivery", "digests every delivery"):
		c.Value = "tide"
	case r.phrase("no digests", "no more digests", "no digest", "digests off", "digest off", "stop the digests", "stop digests", "stop the digest", "stop sending me digests", "stop sending digests", "turn off the digests", "turn off digests", "turn digests off", "turn the digests off", "switch off digests", "switch digests off", "unsubscribe", "unsubscribe me", "do not send me digests", "digests none", "unsubscribe from digests", "unsubscribe from the digest", "keine digests", "i do not want digests", "i want no digests", "no digests please"):
		c.Value = "off"
	default:
		return c, false
	}
	r.phrase("any more", "anymore")
	return c, r.done()
}

func readDeliveries(r *reader) (Command, bool) {
	c := Command{Kind: Deliveries}
	switch {
	case r.phrase("no more deliveries", "no deliveries", "deliveries none", "deliveries off", "deliveries : none", "deliveries : off", "stop deliveries", "stop the deliveries", "stop my deliveries", "turn off deliveries", "turn off my deliveries", "turn off the deliveries", "turn my deliveries off", "switch off my deliveries", "turn deliveries off", "switch off deliveries", "switch deliveries off", "tides none", "no tides", "keine zustellungen", "keine zustellung"):
		r.phrase(", everything as it comes", ", mail as it comes", ", all as it comes", ", as it comes", "any more", "anymore", "at all")
		c.Value = "none"
		return c, r.done()
	case r.phrase("deliveries back to default", "deliveries back to the default", "deliveries back to normal", "deliveries to default", "deliveries to normal", "deliveries default", "deliveries : default", "deliveries as default", "deliveries as usual", "deliveries normal", "default deliveries", "normal deliveries", "usual deliveries", "the default deliveries back", "default deliveries back", "the default deliveries", "reset deliveries", "reset my deliveries", "reset the deliveries", "reset my delivery times", "reset delivery times",
		"set deliveries to default", "set deliveries back to default", "set my deliveries to default", "set my deliveries back to default", "default delivery times", "delivery times default", "tides default", "default tides", "my deliveries back to default", "put deliveries back to default"):
		c.Value = "default"
		return c, r.done()
	}
	r.word("set", "change", "make", "move", "switch", "have", "get")
	r.word("my", "the", "a", "one", "two", "three", "2", "3")
	switch {
	case r.phrase("mail delivery times", "delivery times", "delivery time", "delivery", "deliveries", "tides", "tide", "zustellung", "zustellungen", "mail deliveries"):
		r.phrase("a day", "per day", "daily", "every day", "each day")
		r.phrase("times")
	case r.phrase("deliver my mails", "deliver my mail", "deliver mails", "deliver mail", "deliver everything", "deliver my messages", "deliver to me", "deliver me my mail", "deliver", "bring me my mail", "bring my mail"):
		r.word("only", "just")
		often := r.phrase("once a day", "twice a day", "three times a day", "once daily", "twice daily", "once every day")
		r.word(",")
		if !r.word("at", "um") {
			return c, false
		}
		if r.pos--; often && r.peek(-1).low == "," {
			r.word(",")
		}
	case r.pos > 0 && r.toks[r.pos-1].low == "my" && r.phrase("mail", "mails"):
		r.phrase("delivered", "to arrive", "to come")
		if r.peek(0).low != "at" {
			return c, false
		}
	default:
		return c, false
	}
	r.word("to", "at", "are", ":", "=", "um", "should", "shall", "is", "only")
	r.word("be", ":", "at")
	r.word("at", "only")
	if r.done() {
		r.lost = errors.New("it does not say the times")
		return c, true
	}
	list, ok := r.clocks()
	if !ok || len(list) == 0 {
		return c, false
	}
	r.phrase("every day", "each day", "daily", "a day", "every working day")
	c.Value = strings.Join(list, " ")
	return c, r.done()
}

// weekly reads a setting whose value are hours of weekdays.
func (r *reader) weekly(c *Command) bool {
	r.phrase("on", "is", "are", ":", "=", "to", "from", "times are")
	r.word(":")
	at := r.pos
	v, ok := r.week()
	if !ok {
		r.pos = at
		return false
	}
	r.phrase("every week", "each week", "weekly")
	c.Value = v
	return r.done()
}

func readFocus(r *reader) (Command, bool) {
	c := Command{Kind: Focus}
	switch {
	case r.phrase("no focus times", "no focus time", "no focus blocks", "no focus block", "no more focus time", "no more focus blocks", "no more focus", "no focus", "focus none", "focus off", "focus : none", "focus time off", "focus time none", "remove my focus time", "remove my focus blocks", "remove focus", "delete my focus time", "clear my focus time", "cancel my focus time", "cancel my focus blocks", "delete my focus blocks", "clear my focus blocks", "cancel focus", "delete focus", "clear focus", "end my focus blocks", "i have no focus time", "stop focus", "stop focus time", "end focus time", "keine fokuszeit"):
		r.phrase("any more", "anymore", "at all")
		c.Value = "none"
		return c, r.done()
	}
	r.word("set", "add", "make", "change", "book", "block", "need", "have")
	r.phrase("i need", "i have")
	r.word("my", "a", "the", "some")
	if !r.word("focus", "fokus", "fokuszeit") {
		return c, false
	}
	r.word("time", "times", "block", "blocks", "hours", "mode", "zeit")
	if r.done() {
		r.lost = errors.New("it does not say the day and the hours")
		return c, true
	}
	return c, r.weekly(&c)
}

func readOffice(r *reader) (Command, bool) {
	c := Command{Kind: Office}
	switch {
	case r.phrase("no more officehours", "no officehours", "officehours none", "officehours off", "officehours : none", "remove my officehours", "remove officehours", "delete my officehours", "cancel my officehours", "clear my officehours", "stop officehours", "i have no officehours", "delete officehours", "cancel officehours", "keine sprechstunde", "keine sprechzeiten"):
		r.phrase("any more", "anymore", "at all")
		c.Value = "none"
		return c, r.done()
	}
	r.word("set", "add", "make", "change")
	r.word("my", "the", "meine")
	if !r.word("officehours", "sprechstunde", "sprechzeiten") {
		return c, false
	}
	if r.done() {
		r.lost = errors.New("it does not say the day and the hours")
		return c, true
	}
	return c, r.weekly(&c)
}

func readHours(r *reader) (Command, bool) {
	c := Command{Kind: Hours}
	if r.phrase("i am working", "i work", "i will work", "ich arbeite") {
		return c, r.weekly(&c)
	}
	r.word("set", "change", "make")
	r.word("my", "the", "new", "meine")
	r.word("new")
	if !r.phrase("working hours", "work hours", "working times", "working time", "hours of work", "arbeitszeit", "arbeitszeiten", "business hours", "hours") {
		return c, false
	}
	if r.done() {
		r.lost = errors.New("it does not say the days and the hours")
		return c, true
	}
	return c, r.weekly(&c)
}

func readHolidays(r *reader) (Command, bool) {
	c := Command{Kind: Holidays}
	r.word("set", "use", "add", "change")
	r.word("my", "the")
	r.word("public", "bank", "national")
	if !r.word("holidays", "feiertage") {
		return c, false
	}
	r.word("of", "for", "in", ":", "to", "are", "=", "as")
	r.word("in", ":")
	if r.done() {
		r.lost = errors.New("it does not say the country, as in gb or de-by, or dates as in 2026-12-24")
		return c, true
	}
	var words []string
	for !r.done() {
		if r.word(",", "and", "und") {
			continue
		}
		t := r.peek(0)
		switch {
		case t.num >= 1000:
			d, ok := r.day()
			if !ok {
				return c, false
			}
			date, err := r.resolve(d, r.today(), 0)
			if err == nil {
				err = r.notPast(date)
			}
			r.lost = orElse(r.lost, err)
			words = append(words, date.String())
		case len(t.raw) == 2 && isWordy(t.raw):
			code := t.low
			r.pos++
			if r.peek(0).low == "-" && r.peek(0).glue && r.peek(1).glue && len(r.peek(1).raw) <= 3 {
				code += "-" + r.peek(1).low
				r.pos += 2
			}
			words = append(words, code)
		case strings.Contains(t.raw, "-") && len(t.raw) <= 6 && isWordy(t.raw):
			words = append(words, t.low)
			r.pos++
		default:
			return c, false
		}
	}
	c.Value = strings.Join(words, " ")
	return c, true
}

func readPhone(r *reader) (Command, bool) {
	c := Command{Kind: Phone}
	if r.phrase("no phone number", "no phone", "phone none", "phone off", "remove my phone number", "delete my phone number", "remove my phone", "phone number none", "kein telefon") {
		c.Off = true
		return c, r.done()
	}
	r.word("set", "change")
	r.word("my", "the", "meine")
	r.word("new", "mobile", "cell")
	if !r.phrase("phone number", "telephone number", "phone", "telephone", "mobile", "cell", "telefon", "telefonnummer", "number") {
		return c, false
	}
	r.word("is", "to", ":", "ist", "=")
	r.word("now", ":")
	if r.done() {
		r.lost = errors.New("it does not say the number")
		return c, true
	}
	c.Value = r.rest()
	digits := strings.Count(c.Value, "") - 1 - len(strings.Trim(c.Value, "0123456789"))
	_ = digits
	n := 0
	for _, d := range c.Value {
		if d >= '0' && d <= '9' {
			n++
		}
	}
	ok := n >= 4 && n <= 20 && strings.Trim(c.Value, "+0123456789 ()-./") == ""
	r.pos = len(r.toks)
	return c, ok
}

func readName(r *reader) (Command, bool) {
	c := Command{Kind: Name}
	r.word("set", "change")
	r.word("my", "the", "mein")
	if !r.word("name") {
		return c, false
	}
	r.word("is", "to", ":", "ist", "=")
	r.word("now", ":")
	start := r.pos
	for !r.done() && r.pos-start < 5 && (isWordy(r.peek(0).raw) || r.peek(0).low == "-" || r.peek(0).low == "." || strings.Contains(r.peek(0).raw, "'")) && !notName(r.peek(0).low) {
		r.pos++
	}
	c.Value = joinRaw(r.toks[start:r.pos])
	first := firstRune([]rune(c.Value))
	return c, r.done() && c.Value != "" && strings.ToUpper(string(first)) == string(first)
}

func readPassword(r *reader) (Command, bool) {
	for _, t := range r.toks {
		if t.low == "password" || t.low == "passwort" || t.low == "kennwort" || t.low == "passwords" {
			r.pos = len(r.toks)
			return Command{Kind: Password}, true
		}
	}
	return Command{}, false
}

func readUndo(r *reader) (Command, bool) {
	ok := r.phrase("undo that", "undo this", "undo it", "undo the last change", "undo the last one", "undo my last change", "undo my last command", "undo", "take it back", "take that back", "revert that", "revert this", "revert it", "revert", "rückgängig", "rückgängig machen", "undo the change")
	return Command{Kind: Undo}, ok && r.done()
}

func readSettings(r *reader) (Command, bool) {
	r.phrase("show me", "show", "list", "send me", "tell me", "what are", "see", "view", "print", "get", "give me", "display", "what is", "zeig mir", "what")
	r.phrase("all of", "all", "a list of", "an overview of")
	r.phrase("my", "the", "meine")
	r.phrase("current", "own", "personal")
	if r.phrase("have i set", "is set", "did i set") {
		return Command{Kind: Settings}, r.done()
	}
	ok := r.phrase("settings", "setting", "preferences", "options", "profile", "einstellungen", "configuration")
	r.phrase("are", "do i have", "have i got")
	return Command{Kind: Settings}, ok && r.done()
}

func readHelp(r *reader) (Command, bool) {
	r.phrase("show me", "send me", "give me", "i need", "need", "some", "can i get", "get")
	r.phrase("some", "the", "a list of", "all")
	ok := r.phrase("help me with commands", "help me", "help", "hilfe", "commands", "command list", "what can you do", "what can i say", "what can i write", "what can i do", "what can i tell you", "what commands are there", "which commands are there", "what are the commands", "how does this work", "how does it work", "how does tidepost work", "how do i use this", "how do i use tidepost", "what do you understand", "usage", "manual", "instructions", "what is possible", "was kannst du", "list of commands", "what are my options", "list commands", "hilfe bitte")
	return Command{Kind: Help}, ok && r.done()
}

func readReport(r *reader) (Command, bool) {
	r.phrase("show me", "send me", "give me", "show", "what is")
	r.word("my", "a", "the", "own")
	ok := r.phrase("report about me", "report on me", "report me", "report", "figures", "bericht", "statistics", "stats", "my figures")
	return Command{Kind: Report}, ok && r.done()
}

func readWhy(r *reader) (Command, bool) {
	c := Command{Kind: Why}
	if !r.word("why") {
		return c, false
	}
	which := func() {
		if c.Value == "" {
			c.Value = r.mailNamed()
		}
	}
	r.word(":")
	which()
	r.word("is", "was", "did", "does", "has", "are")
	r.word("the", "this", "that", "it", "my")
	r.word("one", "mail", "message", "email", "question", "line", "number")
	which()
	r.word("not")
	r.word("been", "still", "be")
	r.word("waiting", "wait", "waits", "held", "hold", "batched", "late", "delayed", "scheduled", "holding", "sent", "leave", "left", "stuck", "there", "here", "yet", "arrive", "arrived", "delivered", "coming", "come")
	r.phrase("back", "yet", "so late", "late", "until now", "in scheduled", "at once", "still")
	which()
	return c, r.done()
}

// mailNamed reads how somebody names a mail: by its Message-ID, by the number that a
// letter gave it ("3", "#3", "q3", as "#3"), or by its subject in quotes.
func (r *reader) mailNamed() string {
	at := r.pos
	r.word("<")
	if t := r.peek(0); strings.Contains(t.raw, "@") {
		r.pos++
		r.word(">")
		return "<" + strings.Trim(t.raw, "<>") + ">"
	}
	r.pos = at
	r.phrase("no .", "nr .", "line", "question", "number", "no", "nr", "mail")
	r.word("#", "[", "(", "q", "no", "nr")
	if t := r.peek(0); t.num > 0 && t.num < 1000 {
		r.pos++
		r.word("]", ")", ".")
		return "#" + strconv.Itoa(t.num)
	}
	r.pos = at
	if !r.word("\"") {
		return ""
	}
	start := r.pos
	for !r.done() && r.peek(0).low != "\"" {
		r.pos++
	}
	name := joinRaw(r.toks[start:r.pos])
	if !r.word("\"") && !r.done() || name == "" {
		r.pos = at
		return ""
	}
	return "\"" + name + "\""
}
