package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/store"
)

// A ownMail is a letter that Tidepost wrote to somebody.
type ownMail struct {
	entry
	folder     string
	kind       string // digest, advice, bounce, timetable, note, or what the note says it is
	text, html string // of the parts
}

const kinds = `(digest|note|advice|bounce|report|letter|notice|line|word|return letter|hand-?over letter|timetable|confirmation)s?`

// letterLooks compare the letters that Tidepost writes.
func letterLooks() []*form {
	return []*form{
		{example: `Ana gets a note saying "Waits until" and "Mei" at Mon 22:00`, pattern: `WHO (?:gets|receives|has|got) (a |an |one |another |the |no |no more |\d+ )?(?:further |new )?` + kinds + `(?: from Tidepost)?(?: saying (".*"))?(?: (at|on|before|after|since|by) (.+?))?(?: saying (".*"))?`,
			details: "*", make: makeGets},
		{example: `Ana is told "Waits until" and "Mei" at Mon 22:00`, pattern: `WHO is (not )?told (".*")(?: (at|on|before|after|by) (.+?))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			how := ""
			if m[2] != "" {
				how = "no"
			}
			return makeGets(b, []string{m[0], m[1], how, "note", m[3], m[4], m[5], ""})
		}},
		{example: `Ana never gets a bounce`, pattern: `WHO (?:does )?(no|never)(?:t get|t receive| gets| receives)(?: a| an| any)? ` + kinds + `(?: saying (".*"))?(?: (at|on|before|since|by) (.+?))?()`, make: makeGets},
		{example: `Mei's digest says "Budget" and "Lunch"`, pattern: `WHOSE (?:latest |last |newest )?` + kinds + `(?: in (.+?))? (says|does not say|contains|does not contain|shows|does not show) (".*")`, make: makeLetterSays},
		{example: `Mei's digest is of Tue 09:00`, pattern: `WHOSE (?:latest |last |newest )?` + kinds + ` (?:is of|is from|came(?: at)?|arrived(?: at)?) (.+)`, make: makeLetterCame},
	}
}

// digestLooks compare what the latest digest asks.
func digestLooks() []*form {
	return []*form{
		{example: `Mei's digest has 2 asks`, pattern: `WHOSE (?:latest |last |newest )?digest (?:has|asks|numbers|shows) (exactly )?(?:asks? )?(\d+|no|one)(?: (?:numbered )?(?:asks?|questions?|items?))?`, make: makeDigestCount},
		{example: `Mei's digest asks 1 "Could you check the figures?" from Ana, due Wed 10:00`, pattern: `WHOSE (?:latest |last |newest )?digest (?:asks|has|has ask|numbers)(?: question)? ?#?(\d+)?:? TEXT(?: (?:from|of|by) (\S+?))?(?:,? due (.+))?`, make: makeDigestAsk},
	}
}

// kindOf makes the words for a letter equal.
func kindOf(s string) string {
	switch s = strings.ToLower(strings.ReplaceAll(s, "-", "")); s {
	case "report":
		return "bounce"
	case "notice", "line", "word", "confirmation":
		return "note"
	}
	return s
}

// letters are the letters of a kind to a person, oldest first; kind "letter" is any but
// the timetable, "note" any that is neither digest nor bounce.
func (w *world) letters(p *member, kind, folder string) ([]ownMail, error) {
	folders := []string{"INBOX", "Digests", "Before sending", "While away", "Not urgent"}
	if kind == "timetable" {
		folders = []string{"Scheduled"}
	}
	if folder != "" {
		folders = []string{folder}
	}
	c, err := w.imap(p)
	if err != nil {
		return nil, err
	}
	defer c.close()
	filed, err := w.fetch(c, "Digests")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var out []ownMail
	for _, f := range folders {
		list, err := w.fetch(c, f)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if e.mail != nil || known[e.mid] {
				continue
			}
			known[e.mid] = true
			l := ownMail{entry: e, folder: f}
			l.text, l.html = readable(e.raw)
			if l.kind, err = w.letterKind(l); err != nil {
				return nil, err
			}
			if l.kind == "letter" && slices.ContainsFunc(filed, func(d entry) bool { return d.mid == e.mid }) {
				l.kind = "digest"
			}
			if l.is(kind) {
				out = append(out, l)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b ownMail) int { return cmp.Compare(a.came.Unix(), b.came.Unix()) })
	return out, nil
}

// letterKind asks the store what a letter is.
func (w *world) letterKind(l ownMail) (string, error) {
	if strings.HasPrefix(headerOf(l.raw, "Content-Type"), "multipart/report") {
		return "bounce", nil
	}
	kind := ""
	err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
		n, err := tx.Note(l.mid)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		kind = n.Kind
		return err
	})
	switch {
	case err != nil || kind != "":
		return kind, err
	case l.folder == "Scheduled":
		return "timetable", nil
	}
	return "letter", nil
}

func (l ownMail) is(kind string) bool {
	switch kind {
	case "", "letter":
		return l.kind != "timetable"
	case "note":
		return l.kind != "digest" && l.kind != "bounce" && l.kind != "timetable"
	case "return letter", "handover letter":
		return strings.Contains(strings.ReplaceAll(l.kind, "-", ""), strings.Fields(kind)[0])
	}
	return l.kind == kind
}

func (l ownMail) all() string { return headerOf(l.raw, "Subject") + "\n" + l.text }

// ownLetter is the latest letter of a kind, as a mail that can be answered.
func (w *world) ownLetter(p *member, kind string) (*sent, error) {
	list, err := w.letters(p, kindOf(kind), "")
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no %s to answer", p.name, kind)
	}
	l := list[len(list)-1]
	from := headerOf(l.raw, "Reply-To")
	if from == "" {
		from = headerOf(l.raw, "From")
	}
	return &sent{mid: l.mid, subject: headerOf(l.raw, "Subject"), from: bare(from), text: l.text}, nil
}

func digests(list []ownMail) string {
	if len(list) == 0 {
		return "no such letter has come"
	}
	var b strings.Builder
	for _, l := range list {
		fmt.Fprintf(&b, "--- %s of %s: %s\n", cmp.Or(l.kind, "letter"), l.came.UTC().Format("Mon 2006-01-02 15:04 UTC"), strings.TrimSpace(l.all()))
	}
	return b.String()
}

// A wanted is a letter as a story expects it.
type wanted struct {
	p       *member
	kind    string
	words   []string
	without []string
	more    []func(*world) error // of a digest: what it asks
}

func (x wanted) among(list []ownMail) []ownMail {
	var out []ownMail
	for _, l := range list {
		ok := true
		for _, q := range x.words {
			ok = ok && saying(l.all(), q)
		}
		for _, q := range x.without {
			ok = ok && !saying(l.all(), q)
		}
		if ok {
			out = append(out, l)
		}
	}
	return out
}

func makeGets(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	x := wanted{p: p, kind: kindOf(m[3]), words: append(quotes(m[4]), quotes(m[7])...)}
	for _, d := range b.st.details {
		switch d.key {
		case "says", "saying", "contains":
			x.words = append(x.words, quotes(d.value)...)
		case "does not say", "does not contain":
			x.without = append(x.without, quotes(d.value)...)
		default:
			look, err := b.below(d, p)
			if err != nil {
				return nil, err
			}
			x.more = append(x.more, look)
		}
	}
	how := strings.ToLower(m[5])
	var at moment
	zone := p.zone
	if how != "" {
		if at, zone, err = b.momentOf(m[6], p); err != nil {
			return nil, err
		}
	}
	switch no := strings.TrimSpace(strings.ToLower(m[2])); {
	case strings.HasPrefix(no, "no"):
		return func(w *world) error { return w.getsNone(x, how, at, zone) }, nil
	case atoi(no) > 0:
		return func(w *world) error {
			list, err := w.letters(p, x.kind, "")
			if err == nil && len(x.among(list)) != atoi(no) {
				err = errors.New(digests(list))
			}
			return err
		}, nil
	}
	return func(w *world) error {
		if err := w.gets(x, how, at, zone); err != nil {
			return err
		}
		for _, look := range x.more {
			if err := look(w); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// below reads what may stand below a digest besides its words: asks 2; ask 1: "…" from
// Ana, due Wed 10:00.
func (b *builder) below(d detail, p *member) (func(*world) error, error) {
	line := strings.TrimSpace(d.key + " " + d.value)
	for _, try := range []string{"has " + line, "has " + strings.TrimPrefix(line, "has "), line} {
		text := p.name + "'s digest " + try
		for _, f := range digestLooks() {
			if m := expand(f.pattern).FindStringSubmatch(tidy(text)); m != nil {
				return f.make(b, m)
			}
		}
	}
	return nil, b.st.wrongAt(d, `below a letter stand: says "words", does not say "words"; below a digest also: 2 asks, ask 1: "words" from Ana, due Wed 10:00`)
}

func (w *world) gets(x wanted, how string, at moment, zone *time.Location) error {
	look := func() ([]time.Time, string, error) {
		list, err := w.letters(x.p, x.kind, "")
		var when []time.Time
		for _, l := range x.among(list) {
			when = append(when, l.came)
		}
		return when, "there is:\n" + digests(list), err
	}
	switch how {
	case "at", "on":
		return w.happens(at, zone, look)
	case "before", "by":
		next, err := at.next(time.Now(), zone)
		if err != nil {
			return err
		}
		w.sleepUntil(next)
	}
	when, what, err := look()
	if err != nil {
		return err
	}
	for _, t := range when {
		if how == "" || how == "before" || how == "by" || !t.Before(w.past(at, zone)) {
			return nil
		}
	}
	return errors.New(what)
}

// past is the last such moment before now.
func (w *world) past(at moment, zone *time.Location) time.Time {
	now := time.Now()
	for d := range 370 {
		if t, err := at.next(now.Add(-time.Duration(d)*24*time.Hour), zone); err == nil && !t.After(now) {
			return t
		}
	}
	return time.Time{}
}

// getsNone expects no such letter: at all, until a moment that time passes to, or since
// one that has passed.
func (w *world) getsNone(x wanted, how string, at moment, zone *time.Location) error {
	var since time.Time
	switch how {
	case "before", "by":
		since = time.Now()
		next, err := at.next(since, zone)
		if err != nil {
			return err
		}
		w.sleepUntil(next.Add(-time.Second))
	case "since", "after":
		since = w.past(at, zone)
	case "at", "on":
		next, err := at.next(time.Now(), zone)
		if err != nil {
			return err
		}
		w.sleepUntil(next.Add(2 * time.Minute))
		since = next
	}
	list, err := w.letters(x.p, x.kind, "")
	if err != nil {
		return err
	}
	for _, l := range x.among(list) {
		if !l.came.Before(since.Truncate(time.Second)) {
			return &absence{fmt.Errorf("there is one:\n%s", digests([]ownMail{l}))}
		}
	}
	return nil
}

// newest is the latest letter of a kind.
func (w *world) newest(p *member, kind, folder string) (ownMail, error) {
	list, err := w.letters(p, kind, folder)
	if err != nil {
		return ownMail{}, err
	}
	if len(list) == 0 {
		return ownMail{}, fmt.Errorf("%s has got no %s", p.name, kind)
	}
	return list[len(list)-1], nil
}

func makeLetterSays(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	kind, folder, not, words := kindOf(m[2]), "", strings.Contains(m[4], "not"), quotes(m[5])
	if m[3] != "" {
		folder = folderName(m[3])
	}
	return func(w *world) error {
		l, err := w.newest(p, kind, folder)
		if err != nil {
			return err
		}
		for _, q := range words {
			if saying(l.all(), q) == not {
				err := fmt.Errorf("%q: the latest %s says:\n%s", q, kind, l.all())
				if not {
					return &absence{err}
				}
				return err
			}
		}
		return nil
	}, nil
}

func makeLetterCame(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	at, zone, err := b.momentOf(m[3], p)
	if err != nil {
		return nil, err
	}
	kind := kindOf(m[2])
	return func(w *world) error {
		return w.happens(at, zone, func() ([]time.Time, string, error) {
			l, err := w.newest(p, kind, "")
			return []time.Time{l.came}, digests([]ownMail{l}), err
		})
	}, nil
}
