package story

import (
	"fmt"
	"slices"
	"strings"
)

// folderForms let people act in their folders.
func folderForms() []*form {
	return []*form{
		{example: `Ana moves "Budget" from Scheduled to Drafts`, pattern: `WHO (tries to |try to )?(moves?|drags?|files?|cop(?:y|ies)) TEXT(?: (?:from|in|out of) (.+?))? (?:to|into|back to|back into) (.+)`, act: true, make: makeMove},
		{example: `Mei moves "Budget" out of Needs reply`, pattern: `WHO (tries to |try to )?(moves?|drags?) TEXT out of (.+)`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return makeMove(b, append(slices.Clone(m), "Archive"))
		}},
		{example: `Ana deletes "Budget" from Scheduled`, pattern: `WHO (tries to |try to )?(deletes?|expunges?) TEXT(?: (?:from|in) (.+))?`, act: true, make: makeDelete},
		{example: `Mei marks "Budget" as read`, pattern: `WHO (tries to |try to )?(?:marks?|flags?) TEXT(?: (?:in|from) (.+?))?(?: (?:as|with) (.+))?`, act: true, make: makeMark},
		{example: `Mei reads "Budget"`, pattern: `WHO (?:reads?|opens?) TEXT(?: (?:in|from) (.+))?`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.mark(m[1], m[2], m[3], "read", false)
		}},
		{example: `Mei reads her latest digest`, pattern: `WHO (?:reads?|opens?|deletes?) (?:her|his|their|the) (?:latest |last )?(digest|note|advice|letter|bounce)`, act: true, make: makeReadOwn},
		{example: `Mei drags her latest advice to Trash`, pattern: `WHO (tries to )?(?:moves?|drags?) (?:her|his|their|the) (?:latest |last )?(digest|note|advice|letter|bounce|timetable)(?: from (.+?))? to (.+)`, act: true, make: makeMoveOwn},
		{example: `Mei creates the folder "Later"`, pattern: `WHO (tries to )?(?:creates?|makes?) (?:the |a )?folder (.+)`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.imapCommand(m[1], m[2] != "", func() string { return "CREATE " + quoteIMAP(strings.Trim(m[3], `"`)) })
		}},
		{example: `Mei speaks IMAP`, pattern: `WHO speaks IMAP(?: in (.+))?`, talk: true, act: true, make: makeTalkIMAP},
		{example: `Ana speaks SMTP`, pattern: `(WHO|somebody outside) speaks SMTP`, talk: true, act: true, make: makeTalkSMTP},
	}
}

// place is a mail in somebody's folder.
type place struct {
	who    *member
	name   string
	folder string // "": wherever it lies
}

func (b *builder) place(who, name, folder string) (place, error) {
	p, err := b.colleague(who)
	if err != nil {
		return place{}, err
	}
	b.actor = p
	return place{p, b.mail(name), folderName(folder)}, nil
}

// locate finds a mail and selects its folder.
func (w *world) locate(c mailClient, p place) (entry, string, error) {
	folders := []string{p.folder}
	if p.folder == "" {
		folders = systemFolders()
	}
	for _, f := range folders {
		list, err := w.fetch(c, f)
		if err != nil {
			return entry{}, "", err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].mail != nil && list[i].mail.name == p.name {
				_, said, err := c.command("SELECT "+quoteIMAP(f), nil)
				if err == nil && !isOK(said) {
					err = fmt.Errorf("SELECT %s: %s", f, said)
				}
				return list[i], f, err
			}
		}
	}
	if p.folder != "" {
		return entry{}, "", fmt.Errorf("%q is not in %s's %s", p.name, p.who.name, p.folder)
	}
	return entry{}, "", fmt.Errorf("%q is in no folder of %s", p.name, p.who.name)
}

// withMail runs commands on one mail; %s in them is its UID.
func (w *world) withMail(p place, attempt bool, commands ...string) error {
	c, err := w.imap(p.who)
	if err != nil {
		return err
	}
	defer c.close()
	e, _, err := w.locate(c, p)
	if err != nil {
		return err
	}
	for _, command := range commands {
		_, said, err := c.command(strings.Replace(command, "%s", e.uid, 1), nil)
		if err := w.did(said, err, attempt); err != nil {
			return err
		}
	}
	return nil
}

func makeMove(b *builder, m []string) (func(*world) error, error) {
	p, err := b.place(m[1], m[4], m[5])
	if err != nil {
		return nil, err
	}
	verb := "MOVE"
	if strings.HasPrefix(strings.ToLower(m[3]), "cop") {
		verb = "COPY"
	}
	target := folderName(m[6])
	return func(w *world) error { return w.withMail(p, m[2] != "", "UID "+verb+" %s "+quoteIMAP(target)) }, nil
}

func makeDelete(b *builder, m []string) (func(*world) error, error) {
	p, err := b.place(m[1], m[4], m[5])
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		return w.withMail(p, m[2] != "", `UID STORE %s +FLAGS.SILENT (\Deleted)`, "UID EXPUNGE %s")
	}, nil
}

// marks are the flags that words stand for.
func marks() map[string]string {
	return map[string]string{
		"read": `+FLAGS (\Seen)`, "seen": `+FLAGS (\Seen)`, "unread": `-FLAGS (\Seen)`, "unseen": `-FLAGS (\Seen)`,
		"flagged": `+FLAGS (\Flagged)`, "unflagged": `-FLAGS (\Flagged)`, "not flagged": `-FLAGS (\Flagged)`, "answered": `+FLAGS (\Answered)`,
		"deleted": `+FLAGS (\Deleted)`, "undeleted": `-FLAGS (\Deleted)`, "not deleted": `-FLAGS (\Deleted)`,
	}
}

func makeMark(b *builder, m []string) (func(*world) error, error) {
	return b.mark(m[1], m[3], m[4], m[5], m[2] != "")
}

func (b *builder) mark(who, name, folder, as string, attempt bool) (func(*world) error, error) {
	p, err := b.place(who, name, folder)
	if err != nil {
		return nil, err
	}
	as = strings.Trim(strings.ToLower(as), `"`)
	if as == "" {
		as = "flagged"
	}
	change, ok := marks()[as]
	switch {
	case ok:
	case strings.HasPrefix(as, `\`) || strings.HasPrefix(as, "$"):
		change = "+FLAGS (" + as + ")"
	default:
		return nil, b.st.wrong(`a mail is marked as read, unread, flagged, unflagged, answered, deleted, undeleted, or with a flag such as $Label1; not %q`, as)
	}
	return func(w *world) error { return w.withMail(p, attempt, "UID STORE %s "+change) }, nil
}

func makeReadOwn(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	return func(w *world) error { return w.withOwn(p, m[2], "", false, `UID STORE %s +FLAGS (\Seen)`) }, nil
}

func makeMoveOwn(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	from := folderName(m[4])
	return func(w *world) error {
		return w.withOwn(p, m[3], from, m[2] != "", "UID MOVE %s "+quoteIMAP(folderName(m[5])))
	}, nil
}

// withOwn runs commands on the latest letter of Tidepost's of a kind.
func (w *world) withOwn(p *member, kind, folder string, attempt bool, commands ...string) error {
	letters, err := w.letters(p, kind, folder)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		return fmt.Errorf("%s has no %s", p.name, kind)
	}
	l := letters[len(letters)-1]
	c, err := w.imap(p)
	if err != nil {
		return err
	}
	defer c.close()
	if _, _, err := c.command("SELECT "+quoteIMAP(l.folder), nil); err != nil {
		return err
	}
	for _, command := range commands {
		_, said, err := c.command(strings.Replace(command, "%s", l.uid, 1), nil)
		if err := w.did(said, err, attempt); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) imapCommand(who string, attempt bool, text func() string) (func(*world) error, error) {
	p, err := b.colleague(who)
	if err != nil {
		return nil, err
	}
	b.actor = p
	return func(w *world) error {
		c, err := w.imap(p)
		if err != nil {
			return err
		}
		defer c.close()
		_, said, err := c.command(text(), nil)
		return w.did(said, err, attempt)
	}, nil
}

func makeTalkIMAP(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	st := b.st
	return func(w *world) error {
		c, err := w.imap(p)
		if err != nil {
			return err
		}
		defer c.close()
		if m[2] != "" {
			if _, said, err := c.command("SELECT "+quoteIMAP(folderName(m[2])), nil); err != nil || !isOK(said) {
				return fmt.Errorf("SELECT: %s %v", said, err)
			}
		}
		return converse(st, func(line string) ([]string, error) {
			list, said, err := c.command(line, nil)
			var out []string
			for _, r := range list {
				out = append(out, r.text)
			}
			w.answer = said
			return append(out, said), err
		})
	}, nil
}

func makeTalkSMTP(b *builder, m []string) (func(*world) error, error) {
	st := b.st
	var who *member
	if m[2] != "" {
		p, err := b.somebody(m[2])
		if err != nil {
			return nil, err
		}
		who, b.actor = p, p
	}
	return func(w *world) error {
		var c *smtpClient
		var err error
		if who == nil || who.outside {
			c, err = w.smtp(inboundDoor)
		} else {
			c, err = w.submission(who)
		}
		if err != nil {
			return err
		}
		defer c.conn.Close()
		return converse(st, func(line string) ([]string, error) {
			_, err := c.command(line)
			w.answer = c.said
			return []string{c.said}, err
		})
	}, nil
}

// converse sends each > line and compares the answer with the < lines below it: one line
// of the answer must begin with each of them; a * stands for anything.
func converse(st *statement, ask func(line string) ([]string, error)) error {
	var said []string
	for _, d := range st.talk {
		if d.key == ">" {
			var err error
			if said, err = ask(d.value); err != nil {
				return fmt.Errorf("line %d: %s: %w", d.line, d.value, err)
			}
			continue
		}
		if !anyFits(d.value, said) {
			return fmt.Errorf("line %d: expected an answer that begins with %q, got:\n%s", d.line, d.value, strings.Join(said, "\n"))
		}
	}
	return nil
}

func anyFits(pattern string, lines []string) bool {
	parts := strings.Split(pattern, "*")
	if strings.HasPrefix(pattern, "* ") { // An untagged response, not a joker.
		parts = strings.Split(pattern[1:], "*")
		parts[0] = "*" + parts[0]
	}
	for _, line := range lines {
		rest, ok := strings.CutPrefix(line, parts[0])
		for _, p := range parts[1:] {
			i := strings.Index(rest, p)
			if i < 0 {
				ok = false
				break
			}
			rest = rest[i+len(p):]
		}
		if ok {
			return true
		}
	}
	return false
}
