package commands

import (
	"errors"
	"strings"

	"tidepost/scheduler"
)

// A rule reads one command from all of a sentence: what it leaves makes it fail.
type rule struct {
	kind Kind
	read func(*reader) (Command, bool)
}

// rules are tried in this order; the first that reads the whole sentence wins.
func rules() []rule {
	return []rule{
		{Password, readPassword}, {Undo, readUndo}, {Settings, readSettings}, {Help, readHelp}, {Report, readReport}, {Why, readWhy}, {Vacation, readVacation},
		{Stay, readStayOff}, {Zone, readZone}, {Stay, readStay}, {Away, readAwayOff}, {Away, readAway},
		{Pause, readPause}, {Resume, readResume}, {Release, readRelease},
		{Never, readNever}, {Advise, readAdvise}, {Coach, readCoach}, {Hold, readHold}, {Batch, readBatch},
		{Digests, readDigests}, {Deliveries, readDeliveries}, {Focus, readFocus}, {Office, readOffice}, {Hours, readHours}, {Holidays, readHolidays},
		{Phone, readPhone}, {Name, readName}, {Cover, readCover}, {Always, readAlwaysOff}, {Always, readAlways},
	}
}

var errSpan = errors.New("it does not say from when until when")

// iAm takes the words before what somebody is.
func (r *reader) iAm() bool {
	return r.phrase("i am going to be", "going to be", "i am going to take", "i am going", "i will be going", "i am currently", "currently", "will be", "will go", "taking", "i am off and", "i will be gone", "i am gone", "i will", "gone", "i will be taking", "i will be", "i will go", "i will take", "i am taking", "i take", "i am", "i shall be", "i have", "i will have", "we are", "ich bin", "bin ich", "ich habe", "ich werde",
		"set me to", "set me as", "set me", "mark me as", "mark me", "put me down as", "put me as", "put me", "make me", "show me as", "register me as", "set up my", "set up", "set my", "book my", "book", "add my", "add", "set", "enter my", "enter", "my", "i go")
}

// absence takes the word for being away. weak words need dates to mean it.
func (r *reader) absence() (weak, ok bool) {
	r.word("a", "an", "to")
	switch {
	case r.phrase("on annual leave", "on parental leave", "on sick leave", "on paid leave", "on leave", "on vacation", "on holiday", "on holidays", "on pto", "on a vacation", "on a holiday",
		"annual leave", "parental leave", "sick leave", "im urlaub", "in urlaub", "urlaub", "abwesend", "abwesenheit"),
		r.word("away", "leave", "vacation", "vacations", "holiday", "outofoffice", "ooo", "absence", "absent", "unavailable", "pto"), r.phrase("time off"):
		r.word("message", "status", "mode")
		return false, true
	case r.phrase("not be around", "not around", "not be here", "not here", "not be reachable", "not reachable", "not be in", "be off", "be out", "be away", "not be in the office", "not be available", "not be at work", "not be working", "not at work", "off sick", "out sick", "off work", "day off", "not available", "not in the office", "on holidays", "nicht da"), r.word("off", "out", "sick", "ill", "holidays", "krank", "weg"):
		return true, true
	}
	return false, false
}

func readAway(r *reader) (Command, bool) {
	c := Command{Kind: Away}
	r.word("from")
	r.pos = 0
	// "From 3 to 14 August I am away."
	first, last, early, err := r.span(false)
	open := early && errors.Is(err, errEnd) // "From Monday I am away until Friday."
	if early && (err == nil || open) {
		r.word(",")
	}
	if !early || err != nil && !open {
		r.pos, early = 0, false
	}
	before := r.pos
	said := r.iAm()
	if !said {
		r.pos = before
	}
	if said && !early { // "Ich bin vom 3. bis 14. August im Urlaub."
		at := r.pos
		if first, last, early, err = r.span(false); !early || err != nil {
			r.pos, early = at, false
		}
	}
	weak, ok := r.absence()
	if !ok {
		return c, false
	}
	switch {
	case open:
		if c.First = first; !r.endOfSpan(&c) {
			return c, false
		}
	case early:
		c.First, c.Last = first, last
	}
	r.word("is", "are")
	if !r.awayRest(&c) {
		return c, false
	}
	if c.First.IsZero() {
		if weak && !said {
			return c, false
		}
		r.lost = orElse(r.lost, errSpan)
	}
	return c, true
}

// endOfSpan reads the end of what began on c.First.
func (r *reader) endOfSpan(c *Command) bool {
	if !r.until() && !r.word("to") {
		return false
	}
	r.word("and")
	r.word("including")
	d, ok := r.day()
	if !ok {
		return false
	}
	r.inclusive()
	last, err := r.resolve(d, c.First, 0)
	if err == nil && last.Before(c.First) {
		err = errInverted
	}
	if err == nil {
		err = r.notPast(last)
	}
	r.lost = orElse(r.lost, err)
	c.Last = last
	return true
}

// awayRest reads dates, cover and the day of return, in any order.
func (r *reader) awayRest(c *Command) bool {
	for !r.done() {
		at := r.pos
		r.skip(",", ":", "-", "(", ")", ".", "and", "with", "und", "mit", "dates", "=", "to", "on")
		if r.done() {
			return true
		}
		switch {
		case c.Who == "" && r.covering(c):
			continue
		case r.backOn(c):
			continue
		}
		if !c.First.IsZero() {
			r.pos = at
			return false
		}
		first, last, found, err := r.span(false)
		if !found {
			return false
		}
		if errors.Is(err, errEnd) && r.backOn(&Command{First: first}) { // "from 3 Aug, back on 14 Aug"
			err = nil
			c.First = first
			r.pos = at
			r.skip(",", ":", "-", "and", "with")
			if _, _, _, err = r.span(false); err != nil {
				c.First, c.Last = first, first
				continue
			}
		}
		if err != nil {
			r.lost = orElse(r.lost, err)
		}
		c.First, c.Last = first, last
	}
	return true
}

func orElse(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// backOn reads the day of return: the last day of absence is the one before.
func (r *reader) backOn(c *Command) bool {
	start := r.pos
	r.skip(",", "and")
	r.phrase("i am", "i will be", "i shall be")
	if !r.word("back", "returning", "return", "zurück") {
		r.pos = start
		return false
	}
	r.phrase("at work", "in the office", "to work", "at my desk")
	r.word("on", "am", ":")
	d, ok := r.day()
	if !ok {
		r.pos = start
		return false
	}
	floor := r.today()
	if !c.First.IsZero() {
		floor = c.First
	}
	back, err := r.resolve(d, floor, 0)
	if err == nil && !floor.Before(back) {
		err = errInverted
	}
	if err != nil {
		r.lost = orElse(r.lost, err)
		return true
	}
	if c.First.IsZero() {
		c.First = floor
	}
	c.Last = back.AddDays(-1)
	return true
}

// covering reads who stands in.
func (r *reader) covering(c *Command) bool {
	begin := r.pos
	r.phrase("my colleague", "my teammate")
	start := r.pos
	if r.word("cover", "covered", "standin", "vertretung", "backup", "replacement", "deputy") {
		r.word("is", "by", ":", "durch", "=", "will")
		r.word("be", ":")
		if r.word("none", "nobody", "noone") || r.phrase("no one") {
			c.Who = ""
			return true
		}
		if c.Who = r.who(); c.Who != "" {
			return true
		}
	}
	r.pos = start
	if c.Who = r.who(); c.Who != "" && r.phrase("is covering", "will be covering", "will cover", "covers", "covering", "as cover", "as standin", "as my cover", "as my standin", "steps in", "will step in", "is stepping in", "jumps in", "will jump in", "fills in", "will fill in", "is filling in", "takes over", "will take over", "is taking over", "will be standing in", "will be my cover", "will be my standin", "is my backup", "is my deputy", "is my replacement", "will be my backup",
		"looks after my mail", "will look after my mail", "looks after things", "will look after things", "has agreed to cover", "has agreed to standin", "has agreed to look after my mail", "kindly covers", "stands in", "standin", "stands standin", "will stand in", "is standing in", "is my cover", "is my standin", "is cover", "is standin", "vertritt mich", "vertritt") {
		r.phrase("for me")
		r.phrase("during this time", "during that time", "meanwhile", "in the meantime", "while i am away", "when i am away", "while i am out", "then", "so long")
		return true
	}
	c.Who, r.pos = "", begin
	return false
}

func readAwayOff(r *reader) (Command, bool) {
	c := Command{Kind: Away, Off: true}
	r.phrase("i am", "ich bin", "i came", "i have come")
	switch {
	case r.phrase("back early from my vacation", "back early from vacation", "back early from leave", "back early from holiday", "back from my holidays", "back at work", "back in the office", "back from vacation", "back from holiday", "back from holidays", "back from leave", "back from my leave", "back from my vacation", "back from my holiday", "back early", "back again", "back already", "back now", "back to work",
		"back today", "wieder da", "wieder zurück", "zurück", "back",
		"not away any more", "not away anymore", "no longer away", "not on leave any more", "not on leave anymore", "no longer on leave", "no longer on vacation", "no longer on holiday", "not on vacation any more", "not on vacation anymore", "no longer sick", "not sick any more"):
		return c, r.done()
	case r.phrase("away off", "away none", "leave off", "leave none", "away : off", "end away", "vacation off", "holiday off", "no leave", "not away"):
		return c, r.done()
	case !r.word("cancel", "delete", "remove", "end", "clear", "drop", "stop", "revoke", "scrap", "erase", "withdraw"):
		return c, false
	}
	r.word("my", "the", "all")
	r.word("my", "the", "planned")
	if _, ok := r.absence(); !ok {
		return c, false
	}
	if r.done() {
		return c, true
	}
	r.word(":")
	var found bool
	var err error
	c.First, c.Last, found, err = r.span(false)
	r.lost = orElse(r.lost, err)
	return c, found
}

// who reads a name, an address or a domain.
func (r *reader) who() string {
	t := r.peek(0)
	if strings.Contains(t.raw, "@") || whole(t.raw) && strings.Contains(t.raw, ".") {
		r.pos++
		return t.low
	}
	start := r.pos
	for r.pos-start < 3 {
		t := r.peek(0)
		if t.low == "" || !isWordy(t.raw) || notName(t.low) || strings.ContainsAny(t.raw, "/") {
			break
		}
		r.pos++
	}
	return joinRaw(r.toks[start:r.pos])
}

// notName are words that are no part of a name where one is expected.
func notName(low string) bool {
	switch low {
	case "nicht", "kein", "keine", "keinen", "mehr", "noch", "doch", "wenn", "falls", "aber", "ich", "ist", "sind", "war", "bis", "von", "vom", "für", "mich", "alle", "alles", "jeder", "mein", "meine":
		return true
	case "me", "you", "him", "her", "them", "it", "us", "everybody", "everyone", "everything", "anybody", "anyone", "anything", "all", "nobody", "nothing", "noone", "no", "none", "one", "my", "your", "his", "our", "their", "the", "a", "an", "this", "that", "these", "those",
		"is", "are", "was", "were", "be", "am", "been", "not", "never", "always", "immer", "nie", "put", "let", "if", "when", "while", "where", "who", "what", "why", "how", "i", "he", "she", "they", "we", "someone", "somebody", "whoever", "people", "some", "each", "every",
		"and", "or", "but", "und", "oder", "except", "unless", "until", "till", "til", "only", "on", "in", "at", "to", "from", "for", "of", "with", "by", "as", "about", "through", "again", "please", "more",
		"mail", "mails", "email", "emails", "message", "messages", "off", "away", "cover", "covers", "covering", "covered", "will", "would", "should", "could", "can", "may", "might", "shall", "must", "do", "does", "did", "has", "have", "had",
		"stands", "stand", "standin", "steps", "jumps", "fills", "takes", "looks", "kindly", "maybe", "perhaps", "deliver", "hold", "holding", "holds", "back", "now", "then", "deliveries", "attachment", "attachments", "advice", "coach", "first", "agrees", "works", "mind", "vertritt", "yes", "ok", "instead", "also", "too", "rather", "else", "immediately", "directly", "instantly", "sofort", "straight", "right", "always's", "later", "soon", "today", "tomorrow", "right away":
		return true
	}
	return false
}

func readCover(r *reader) (Command, bool) {
	c := Command{Kind: Cover}
	switch {
	case r.phrase("no cover", "no standin", "cover none", "cover off", "cover : none", "cover nobody", "cover no one", "nobody covers", "no one covers", "remove my cover", "remove cover", "remove the cover", "standin none", "no standin any more", "no cover any more", "keine vertretung"):
		c.Off = true
		return c, r.done()
	}
	if r.word("make", "name", "appoint", "set", "use") {
		if c.Who = r.who(); c.Who != "" {
			r.word("as")
			return c, r.word("my") && r.word("cover", "standin", "deputy") && r.done()
		}
		r.pos = 0
	}
	r.word("set", "make")
	r.word("my", "the", "meine")
	if r.word("cover", "standin", "vertretung", "deputy") {
		r.word("is", "to", ":", "by", "will", "ist", "=", "with")
		r.word("be", ":")
		c.Who = r.who()
		if c.Who == "" && r.done() {
			r.lost = errors.New("it does not say who stands in")
		}
		return c, r.done()
	}
	r.pos = 0
	if !r.covering(&c) || c.Who == "" {
		r.pos = 0
		if c.Who = r.who(); c.Who == "" || !r.phrase("is my deputy", "covers when i am away", "covers while i am away", "as cover", "as my cover") {
			return c, false
		}
	}
	return c, r.done()
}

// pauseWhat is what somebody pauses, resumes or releases: all of it.
func (r *reader) everything() {
	r.phrase("all of my mails", "all of my mail", "all my waiting mails", "all my waiting mail", "all my mails", "all my mail", "all my messages", "all waiting mails", "all waiting mail", "all held mails", "all held mail", "my held mails", "my held mail", "held mail", "all mail", "all mails", "my waiting mails", "my waiting mail", "waiting mail", "my mails", "my mail", "my messages", "my emails", "my email", "my outbox", "my queue", "the queue",
		"everything for me", "everything", "all", "tidepost", "holding my mail", "holding mail", "holding", "the holding of my mail", "alles", "mail", "mails")
}

func readPause(r *reader) (Command, bool) {
	c := Command{Kind: Pause}
	r.phrase("set", "make")
	r.word("a", "me", "my", "the")
	r.word("on")
	if !r.word("pause", "pausiere", "pausieren", "snooze") && !r.phrase("take a break") {
		return c, false
	}
	r.everything()
	r.phrase("for me")
	r.word(":", ",")
	if r.done() {
		return c, true
	}
	if r.peek(0).num > 0 { // "pause 45 minutes"
		r.toks = append(append(r.toks[:r.pos:r.pos], token{low: "for", raw: "for", num: -1}), r.toks[r.pos:]...)
	}
	if d, ok := r.amount(); ok {
		w := scheduler.WallOf(r.in.Now.Add(d))
		w.Second = 0
		c.Until = &w
		return c, r.done()
	}
	if r.phrase("for the rest of the day", "for the rest of today", "for today", "today", "the rest of the day", "heute") {
		c.Until = &scheduler.Wall{Date: r.today().AddDays(1)}
		return c, r.done()
	}
	if n, ok := r.length(); ok {
		c.Day = r.today().AddDays(n)
		return c, r.done()
	}
	if !r.until() && !r.word("to") {
		return c, false
	}
	if err := r.moment(&c); err != nil {
		r.lost = orElse(r.lost, err)
		r.pos = len(r.toks)
	}
	return c, r.done()
}

func readResume(r *reader) (Command, bool) {
	c := Command{Kind: Resume}
	switch {
	case r.word("resume", "unpause", "continue", "weiter", "weitermachen"):
		r.everything()
		return c, r.done()
	case r.phrase("end the pause", "end my pause", "end pause", "stop the pause", "stop my pause", "stop pause", "stop pausing", "cancel the pause", "cancel my pause", "cancel pause", "pause off", "pause none", "pause end", "no pause", "no more pause", "pause beenden", "stop pausing my mail", "not paused any more", "remove the pause", "carry on", "carry on again", "carry on as usual", "back to normal", "go back to normal", "back to normal again", "no pause any more", "no longer pause", "not pause any more", "do not pause any more", "do not pause my mail any more"):
		return c, r.done()
	}
	return c, false
}

func readRelease(r *reader) (Command, bool) {
	c := Command{Kind: Release}
	switch {
	case r.word("release", "unhold"), r.phrase("let go of", "let go"):
		r.everything()
		r.phrase("that is waiting", "that waits", "which waits", "which is waiting", "what waits", "what is waiting", "waiting", "that is held", "what is held", "at once", "immediately", "what i have waiting")
		r.phrase("at once", "immediately")
		return c, r.done()
	case r.phrase("let everything go", "let it all go", "let all my mail go"):
		return c, r.done()
	case r.word("send"):
		r.word("out", "off")
		if !r.phrase("everything that is waiting", "everything that waits", "everything waiting", "everything which waits", "everything that is held", "all that is waiting", "all that waits", "all waiting mails", "all waiting mail", "what is waiting", "what waits", "whatever waits", "whatever is waiting",
			"all my waiting mails", "all my waiting mail", "my waiting mails", "my waiting mail", "all my held mail", "my held mail", "all held mail", "everything in scheduled", "all my scheduled mail") {
			return c, false
		}
		r.phrase("now", "at once", "immediately", "right away")
		return c, r.done()
	}
	return c, false
}

func (r *reader) atOnce() {
	for r.phrase("at once", "immediately", "directly", "right away", "straight away", "straight through", "through at once", "through", "in", "now", "instantly", "without waiting", "sofort", "durch", "to my inbox", "to the inbox", "into my inbox", "to inbox") {
	}
}

func readAlways(r *reader) (Command, bool) {
	c := Command{Kind: Always}
	switch {
	case r.word("always", "immer"):
		r.word(":")
		r.word("let", "deliver", "put", "pass", "allow", "accept", "trust", "show", "bring", "send")
		r.phrase("me")
		r.word("all")
		if r.word("mail", "mails", "messages", "emails", "email") || r.phrase("what comes") {
			if !r.word("from", "von", "by") {
				return c, false
			}
		} else {
			r.word("from", "von")
		}
		c.Who = r.who()
		if c.Who == "" && r.done() {
			r.lost = errors.New("it does not say who: a name, an address or a domain")
			return c, true
		}
		r.atOnce()
		return c, c.Who != "" && r.done()
	case r.word("add", "put"):
		c.Who = r.who()
		return c, c.Who != "" && r.phrase("to my always list", "to the always list", "to always", "on always", "on my always list", "on the always list") && r.done()
	}
	own := false
	if r.phrase("let everything from", "let all mail from", "let all mails from", "let all messages from", "let anything from", "let any mail from", "never hold mail from", "never hold back mail from", "never batch mail from", "never delay mail from", "do not hold mail from", "do not batch mail from", "do not delay mail from", "do not hold back mail from") {
		c.Who = r.who()
		r.atOnce()
		now := r.toks[0].low == "let" && (r.peek(-1).low == "through" || r.peek(-1).low == "in") // It may be meant for now only.
		return c, c.Who != "" && r.done() && !now
	}
	r.word("all")
	if r.word("mail", "mails", "messages", "emails", "email", "everything", "anything") {
		if !r.word("from", "by", "von") {
			return c, false
		}
		own = true
	}
	c.Who = r.who()
	if c.Who == "" {
		return c, false
	}
	if base, ok := strings.CutSuffix(c.Who, "'s"); ok { // "Henrik's mail should always arrive at once"
		if !r.word("mail", "mails", "messages", "emails") {
			return c, false
		}
		c.Who, own = base, true
	}
	if own || r.peek(0).low == "should" || r.peek(0).low == "may" {
		if !r.phrase("should always", "shall always", "must always", "always", "may always", "has to always", "is always to", "will always") {
			return c, false
		}
		if at := r.pos; own {
			if r.atOnce(); r.pos > at && r.done() { // "mail from @x always at once"
				return c, true
			}
			r.pos = at
		}
		if !r.phrase("come", "comes", "arrive", "arrives", "be delivered", "get through", "gets through", "reach me", "reaches me", "goes", "go", "pass", "passes") {
			return c, false
		}
		r.atOnce()
		return c, r.done()
	}
	return c, r.word("always", "immer") && r.done()
}

func readAlwaysOff(r *reader) (Command, bool) {
	c := Command{Kind: Always, Off: true}
	if r.word("remove", "take", "delete", "drop") {
		c.Who = r.who()
		return c, c.Who != "" && r.phrase("from my always list", "from the always list", "from always", "off my always list", "off the always list", "off always", "from my pass list", "out of always") && r.done()
	}
	if c.Who = r.who(); c.Who != "" && r.phrase("not always any more", "not always anymore", "no longer always", "not always") {
		return c, r.done()
	}
	c.Who, r.pos = "", 0
	if !r.phrase("no longer always", "no more always", "not always", "always not", "stop always", "undo always", "end always", "cancel always", "always no longer", "not always any more", "always -", "always off", "nicht mehr immer", "nicht immer", "remove always", "delete always") {
		return c, false
	}
	r.word(":")
	r.word("let", "deliver", "put", "letting", "delivering")
	r.word("from")
	c.Who = r.who()
	r.atOnce()
	r.phrase("any more", "anymore")
	return c, c.Who != "" && r.done()
}
