package story

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// folderLooks compare what lies in folders.
func folderLooks() []*form {
	return []*form{
		{example: `nothing reaches Mei before Tue 09:00`, pattern: `nothing(?: new)? (?:reaches|for|comes for|comes to|arrives for) WHO (?:before|until) (.+)`, make: makeSilence},
		{example: `Mei receives nothing before Tue 09:00`, pattern: `WHO (?:receives|gets|has received) nothing(?: new)? (?:before|until) (.+)`, make: makeSilence},
		{example: `Mei receives "Budget" at Tue 09:00`, pattern: `WHO (receives?|gets|has received|has got|does not receive|never receives|has not received) TEXT(?: (once|twice|\d+ times))?(?: in (.+?))?(?: (at|on|before|after|by) (.+))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.receives(m[1], m[3], m[5], m[4], m[6], m[7], strings.Contains(m[2], "not") || strings.Contains(m[2], "never"))
		}},
		{example: `"Budget" reaches Mei at Tue 09:00`, pattern: `TEXT (reaches|has reached|has not reached|does not reach|never reaches) WHO(?: (once|twice|\d+ times))?(?: in (.+?))?(?: (at|on|before|after|by) (.+))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.receives(m[3], m[1], m[5], m[4], m[6], m[7], strings.Contains(m[2], "not") || strings.Contains(m[2], "never"))
		}},
		{example: `"Budget" in Mei's INBOX is unread and flagged`, pattern: `TEXT (?:in|at) WHO(?:'s?)?(?: (.+?))? (is|has|shows|carries|says|contains|does not say|does not contain|does not have|came|arrived|comes) (.+)`, make: makeProperty},
		{example: `Mei's INBOX is empty`, pattern: `WHOSE (.+?) (?:is empty|has nothing|holds nothing|contains nothing)`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.holds(m[1], m[2], "exactly", nil)
		}},
		{example: `Mei's INBOX has 3 mails`, pattern: `WHOSE (.+?) (?:has|holds|contains|shows)(?: exactly)? (\d+|no|one) (?:mails?|messages?|entr(?:y|ies))`, make: makeCount},
		{example: `Mei's INBOX has exactly "Budget", "Lunch"`, pattern: `WHOSE (.+?) (has|holds|contains|shows|lists|does not have|does not hold|does not contain|does not show)( exactly| only| just| no| neither| not)?:? (".*")`, make: func(b *builder, m []string) (func(*world) error, error) {
			how := strings.TrimSpace(strings.ToLower(m[4]))
			if strings.Contains(m[3], "not") || how == "neither" || how == "not" {
				how = "no"
			}
			return b.holds(m[1], m[2], how, listed(strings.NewReplacer(" nor ", ", ", " or ", ", ").Replace(m[5])))
		}},
		{example: `"Budget" is in Mei's INBOX`, pattern: `(".*") (?:is|are|lies?) (not |no longer )?in WHOSE (.+)`, make: func(b *builder, m []string) (func(*world) error, error) {
			how := ""
			if m[2] != "" {
				how = "no"
			}
			return b.holds(m[3], m[4], how, listed(m[1]))
		}},
		{example: `Mei has the folder "Lists"`, pattern: `WHO (has|does not have|sees|does not see) (?:the |a )?folder (.+)`, make: makeHasFolder},
		{example: `the answer says "one copy"`, pattern: `the answer (says|contains|does not say) TEXT`, make: func(_ *builder, m []string) (func(*world) error, error) {
			return func(w *world) error {
				if saying(w.answer, m[2]) == strings.Contains(m[1], "not") {
					return fmt.Errorf("the server answered %s", w.answer)
				}
				return nil
			}, nil
		}},
		{example: `the server answers 250`, pattern: `the (?:server )?answer(?:s|ed| is| was)?(?: with)? (.+?)(?: (?:saying|and says) TEXT)?`, make: makeAnswer},
	}
}

// entries lists a folder of somebody here, or what has reached somebody outside.
func (w *world) entries(p *member, folder string) ([]entry, error) {
	if !p.outside {
		return w.list(p, folder)
	}
	var out []entry
	for _, t := range w.host.Delivered() {
		for _, r := range t.Recipients {
			if strings.EqualFold(r.Address, p.address) {
				e := entry{raw: t.Data, came: t.Seen, mid: strings.Trim(headerOf(t.Data, "Message-ID"), "<>")}
				e.mail = w.known(e)
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// names are the mails of the story in a list, and what else there is.
func names(list []entry) (ours, others []string) {
	for _, e := range list {
		if e.mail != nil {
			ours = append(ours, e.mail.name)
		} else {
			others = append(others, "letter: "+headerOf(e.raw, "Subject"))
		}
	}
	slices.Sort(ours)
	return ours, others
}

// seen says what lies in a folder.
func seen(list []entry) string {
	ours, others := names(list)
	for i, o := range ours {
		ours[i] = `"` + o + `"`
	}
	if len(ours)+len(others) == 0 {
		return "nothing"
	}
	return strings.Join(append(ours, others...), ", ")
}

// folderOf is a folder that is written of somebody, "" and mailbox being INBOX.
func folderOf(s string) string {
	switch strings.ToLower(s) {
	case "", "mailbox", "mail", "inbox":
		return "INBOX"
	}
	return folderName(s)
}

// holds compares a folder with the mails it should have: exactly these, these, or
// none of them. Tidepost's own letters do not count.
func (b *builder) holds(who, folder, how string, want []string) (func(*world) error, error) {
	p, err := b.somebody(who)
	if err != nil {
		return nil, err
	}
	b.actor = p
	folder = folderOf(folder)
	for _, n := range want {
		b.mail(n)
	}
	want = slices.Clone(want)
	slices.Sort(want)
	return func(w *world) error {
		list, err := w.entries(p, folder)
		if err != nil {
			return err
		}
		got, _ := names(list)
		say := fmt.Errorf("%s's %s has %s", p.name, folder, seen(list))
		switch how {
		case "no":
			for _, n := range want {
				if slices.Contains(got, n) {
					return &absence{say}
				}
			}
			return nil
		case "":
			for _, n := range want {
				if !slices.Contains(got, n) {
					return say
				}
			}
			return nil
		}
		if !slices.Equal(got, want) {
			return say
		}
		return nil
	}, nil
}

func makeCount(b *builder, m []string) (func(*world) error, error) {
	p, err := b.somebody(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	folder := folderOf(m[2])
	n := map[string]int{"no": 0, "one": 1}[strings.ToLower(m[3])]
	if n == 0 {
		n = atoi(m[3])
	}
	return func(w *world) error {
		list, err := w.entries(p, folder)
		if err != nil {
			return err
		}
		if got, _ := names(list); len(got) != n {
			return fmt.Errorf("%s's %s has %d: %s", p.name, folder, len(got), seen(list))
		}
		return nil
	}, nil
}

func makeHasFolder(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	want := !strings.Contains(m[2], "not")
	name := folderName(m[3])
	return func(w *world) error {
		c, err := w.imap(p)
		if err != nil {
			return err
		}
		defer c.close()
		list, _, err := c.command(`LIST "" "*"`, nil)
		if err != nil {
			return err
		}
		var have []string
		for _, r := range list {
			q := r.text[strings.LastIndex(r.text, " \"/\" ")+5:]
			have = append(have, strings.Trim(strings.TrimSpace(q), `"`))
		}
		if slices.Contains(have, name) != want {
			return fmt.Errorf("%s has the folders %s", p.name, strings.Join(have, ", "))
		}
		return nil
	}, nil
}

// receives looks when a mail came.
func (b *builder) receives(who, name, folder, times, how, when string, not bool) (func(*world) error, error) {
	p, err := b.somebody(who)
	if err != nil {
		return nil, err
	}
	b.actor = p
	b.mail(name)
	folder = folderOf(folder)
	count := map[string]int{"once": 1, "twice": 2}[strings.ToLower(times)]
	if count == 0 && times != "" {
		count = atoi(strings.Fields(times)[0])
	}
	var at moment
	zone := b.zone
	if when != "" {
		if at, zone, err = b.momentOf(when, p); err != nil {
			return nil, err
		}
	}
	came := func(w *world) (out []time.Time, list []entry, err error) {
		list, err = w.entries(p, folder)
		for _, e := range list {
			if e.mail != nil && e.mail.name == name {
				out = append(out, e.came)
			}
		}
		return out, list, err
	}
	return func(w *world) error {
		how := strings.ToLower(how)
		if not || how == "before" || how == "after" || how == "by" {
			return w.within(came, at, zone, how, when != "", not, name, p)
		}
		if when == "" {
			got, list, err := came(w)
			if err == nil && (len(got) == 0 || count > 0 && len(got) != count) {
				err = fmt.Errorf("%s's %s has %s", p.name, folder, seen(list))
			}
			return err
		}
		return w.happens(at, zone, func() ([]time.Time, string, error) {
			got, list, err := came(w)
			return got, fmt.Sprintf("%s's %s has %s", p.name, folder, seen(list)), err
		})
	}, nil
}

// within looks for something before or after a moment, or for nothing.
func (w *world) within(came func(*world) ([]time.Time, []entry, error), at moment, zone *time.Location, how string, timed, not bool, name string, p *member) error {
	limit := time.Now()
	if timed {
		next, err := at.next(limit, zone)
		if err != nil {
			return err
		}
		limit = next
		if how != "after" {
			if how == "before" {
				limit = limit.Add(-time.Second)
			}
			w.sleepUntil(limit)
		}
	}
	got, list, err := came(w)
	if err != nil {
		return err
	}
	if not {
		if len(got) > 0 {
			return &absence{fmt.Errorf("%q reached %s at %s", name, p.name, show(got[0], zone))}
		}
		return nil
	}
	for _, t := range got {
		if how == "after" && t.After(limit) || how != "after" && !t.After(limit) {
			return nil
		}
	}
	return fmt.Errorf("%q came %s; there is %s", name, times(got, zone), seen(list))
}

func times(list []time.Time, zone *time.Location) string {
	if len(list) == 0 {
		return "never"
	}
	var out []string
	for _, t := range list {
		out = append(out, show(t, zone))
	}
	return strings.Join(out, ", ")
}

// happens expects something at a moment. If that moment is still to come, time passes
// until then.
func (w *world) happens(at moment, zone *time.Location, look func() (when []time.Time, what string, err error)) error {
	fits := func() (bool, string, error) {
		list, what, err := look()
		for _, t := range list {
			if at.is(t, time.Now(), zone) {
				return true, "", nil
			}
		}
		return false, fmt.Sprintf("expected at %s, seen at %s; %s", at.said, times(list, zone), what), err
	}
	ok, _, err := fits()
	if ok || err != nil {
		return err
	}
	if next, err := at.next(time.Now(), zone); err == nil && !at.is(time.Now(), time.Now(), zone) {
		w.sleepUntil(next)
	}
	wait := patience
	if at.about {
		wait += aboutTime
	}
	for end := time.Now().Add(wait); ; {
		ok, what, err := fits()
		if ok || err != nil {
			return err
		}
		if !time.Now().Before(end) {
			return &absence{errors.New(what)}
		}
		time.Sleep(5 * time.Second)
		w.settle()
	}
}

// makeSilence lets time pass and expects nothing new in INBOX.
func makeSilence(b *builder, m []string) (func(*world) error, error) {
	p, err := b.somebody(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	at, zone, err := b.momentOf(m[2], p)
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		before, err := w.entries(p, "INBOX")
		if err != nil {
			return err
		}
		next, err := at.next(time.Now(), zone)
		if err != nil {
			return err
		}
		w.sleepUntil(next.Add(-time.Second))
		after, err := w.entries(p, "INBOX")
		if err != nil {
			return err
		}
		for _, e := range after {
			if !slices.ContainsFunc(before, func(o entry) bool { return o.uid == e.uid && o.mid == e.mid }) {
				return &absence{fmt.Errorf("at %s came %s", show(e.came, zone), seen([]entry{e}))}
			}
		}
		return nil
	}, nil
}

func makeAnswer(_ *builder, m []string) (func(*world) error, error) {
	want := strings.Trim(m[1], `"`)
	return func(w *world) error {
		if !strings.HasPrefix(strings.ToLower(w.answer), strings.ToLower(want)) || !saying(w.answer, m[2]) {
			return fmt.Errorf("the server answered %s", w.answer)
		}
		return nil
	}, nil
}

// saying reports whether text has words, whatever their case and spacing.
func saying(text, words string) bool {
	flat := func(s string) string {
		s = strings.NewReplacer("’", "'", "“", `"`, "”", `"`, "\u00a0", " ", "\u202f", " ", "→", "->", "–", "-").Replace(s)
		return strings.Join(strings.Fields(strings.ToLower(s)), " ")
	}
	return strings.Contains(flat(text), flat(words))
}

var headerLine = regexp.MustCompile(`(?i)^(no )?headers? ([A-Za-z0-9-]+)(?::| saying| with| of)? ?(.*)$`)

// makeProperty reads what should be true of one mail in a folder.
func makeProperty(b *builder, m []string) (func(*world) error, error) {
	p, err := b.somebody(m[2])
	if err != nil {
		return nil, err
	}
	b.actor = p
	name, folder := b.mail(m[1]), folderOf(m[3])
	check, err := b.property(strings.ToLower(m[4]), m[5], p)
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		list, err := w.entries(p, folder)
		if err != nil {
			return err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].mail != nil && list[i].mail.name == name {
				return check(list[i])
			}
		}
		return fmt.Errorf("%s's %s has %s", p.name, folder, seen(list))
	}, nil
}

func (b *builder) property(verb, what string, p *member) (func(entry) error, error) {
	switch {
	case strings.Contains(verb, "say") || verb == "contains" || verb == "does not contain":
		not := strings.Contains(verb, "not")
		words := quotes(what)
		if len(words) == 0 {
			return nil, b.st.wrong("the words stand in quotes")
		}
		return func(e entry) error { return spoken(e, words, not) }, nil
	case verb == "came" || verb == "arrived" || verb == "comes":
		at, zone, err := b.momentOf(what, p)
		return func(e entry) error {
			if !at.is(e.came, time.Now(), zone) {
				return fmt.Errorf("it came %s", show(e.came, zone))
			}
			return nil
		}, err
	}
	if h := headerLine.FindStringSubmatch(what); h != nil {
		return headerCheck(h[1] != "" || strings.Contains(verb, "not"), h[2], strings.Trim(h[3], `"`)), nil
	}
	return b.flagCheck(what, strings.Contains(verb, "not"))
}

func spoken(e entry, words []string, not bool) error {
	text, _ := readable(e.raw)
	text = headerOf(e.raw, "Subject") + "\n" + text
	for _, q := range words {
		if saying(text, q) == not {
			return fmt.Errorf("it says:\n%s", text)
		}
	}
	return nil
}

var dayZero = regexp.MustCompile(`\b0(\d [A-Z][a-z]{2} \d{4})`)

func headerCheck(not bool, name, value string) func(entry) error {
	value = dayZero.ReplaceAllString(value, "$1") // 02 Mar 2026 is 2 Mar 2026.
	return func(e entry) error {
		got := dayZero.ReplaceAllString(headerOf(e.raw, name), "$1")
		if not == (got != "" && saying(got, value)) {
			return fmt.Errorf("its header %s is %q", name, got)
		}
		return nil
	}
}

// flagWords are the words for flags; ! means that it is absent.
func flagWords() map[string]string {
	return map[string]string{"read": `\Seen`, "seen": `\Seen`, "unread": `!\Seen`, "unseen": `!\Seen`, "flagged": `\Flagged`, "answered": `\Answered`,
		"deleted": `\Deleted`, "a draft": `\Draft`, "draft": `\Draft`, "overdue": "$Overdue", "unflagged": `!\Flagged`, "unanswered": `!\Answered`}
}

// flagCheck reads "unread and not flagged", "flag $Overdue", "no flag \Seen".
func (b *builder) flagCheck(what string, not bool) (func(entry) error, error) {
	var want []string
	for _, part := range listed(what) {
		part = strings.ToLower(strings.Trim(part, `" `))
		inverse := not
		for {
			if r, ok := strings.CutPrefix(part, "not "); ok {
				part, inverse = r, !inverse
			} else if r, ok := strings.CutPrefix(part, "no "); ok {
				part, inverse = r, !inverse
			} else {
				break
			}
		}
		part = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(part, "the "), "flags "), "flag ")
		flag, ok := flagWords()[part]
		if !ok && (strings.HasPrefix(part, `\`) || strings.HasPrefix(part, "$")) {
			flag, ok = part, true
		}
		if !ok {
			return nil, b.st.wrong("%q is not something a mail is or has: %s; flag $Name; header Name: words; says \"words\"; came TIME", part,
				strings.Join(slices.Sorted(maps.Keys(flagWords())), ", "))
		}
		if inverse {
			flag = strings.TrimPrefix("!"+flag, "!!")
		}
		want = append(want, flag)
	}
	return func(e entry) error {
		for _, f := range want {
			name, absent := strings.CutPrefix(f, "!")
			if slices.ContainsFunc(e.flags, func(g string) bool { return strings.EqualFold(g, name) }) == absent {
				return fmt.Errorf("its flags are %s", strings.Join(e.flags, " "))
			}
		}
		return nil
	}, nil
}
