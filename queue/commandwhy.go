package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidepost/commands"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// why says of a mail why it waits: of one's own that is held, of one to oneself that comes
// with a delivery. The mail is named by its Message-ID, by the number that the timetable or
// a digest gave it, or by its subject; or it is replied to or forwarded, it or a letter
// about it. It changes nothing, so where a number can mean two mails both are told.
func (d *doing) why(c commands.Command) error {
	switch {
	case strings.HasPrefix(c.Value, "#"):
		n, err := strconv.Atoi(c.Value[1:])
		if err != nil {
			return fmt.Errorf("why %s: %w", c.Value, err)
		}
		return d.whyNumber(n)
	case strings.HasPrefix(c.Value, `"`):
		return d.whySubject(strings.Trim(c.Value, `"`))
	case c.Value != "":
		return d.whyFirst([]string{strings.Trim(c.Value, "<>")}, false)
	}
	if mids := d.in.forwarded(); len(mids) > 0 {
		return d.whyFirst(mids, true)
	}
	mids := parents(d.in.facts)
	if d.in.facts.IsForward {
		for _, mid := range mids[:min(len(mids), maxWhy)] {
			if found, err := d.whyMail(mid); found || err != nil {
				return err
			}
		}
		return d.whySubject(bareSubject(d.in.facts.Subject))
	}
	if len(mids) == 0 {
		d.back = append(d.back, "Which mail? Reply to it, to me alone, with the word *why*; or write *why* and its number in the timetable on top of `Scheduled` or in your digest, as in *why 1*, its Message-ID, or its subject as in *why \"Budget\"*.")
		return nil
	}
	if d.a.known && d.a.note.SubmissionID != 0 {
		mids = append([]string{d.a.sub.MID}, mids...)
	}
	return d.whyFirst(mids, true)
}

// whyFirst tells of the first of several Message-IDs that is known. letters says that a
// letter of Tidepost's may be meant: then it is about the mails in it.
func (d *doing) whyFirst(mids []string, letters bool) error {
	for _, mid := range mids {
		if letters {
			if told, err := d.whyLetter(mid); told || err != nil {
				return err
			}
		}
		found, err := d.whyMail(mid)
		if err != nil || found {
			return err
		}
	}
	d.back = append(d.back, "I know no mail of yours with that Message-ID that waits or waited here.")
	return nil
}

// whyMail answers for one Message-ID. Only mail of the person is known: what they sent,
// and what was sent to them.
func (d *doing) whyMail(mid string) (bool, error) {
	lines, err := d.q.WhyMail(d.tx, d.in.author, mid, d.in.now)
	if err != nil || len(lines) == 0 {
		return false, err
	}
	d.say(strings.Join(lines, "\n"))
	return true, nil
}

// whyLetter answers a bare "why" to a timetable with all that waits, and one to a digest
// with how to name a mail of it.
func (d *doing) whyLetter(mid string) (told bool, err error) {
	if g, err := d.tx.Digest(mid); err == nil && g.PersonID == d.in.author.ID {
		d.back = append(d.back, "Which of them? Write *why* and the number of the question, as in *why 1*, or reply *why* to the mail itself. What a digest tells came with your delivery.")
		return true, nil
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	messages, err := d.tx.MessagesByMID(mid)
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(messages, func(m store.Message) bool { return isTimetable(m) }) {
		return false, nil
	}
	list, err := d.waiting()
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		d.say("Nothing of yours waits to leave any more.")
	}
	for i, s := range list {
		if i == maxWhy {
			d.say(fmt.Sprintf("And %d more: *why* and the number tells of each.", len(list)-i))
			break
		}
		if _, err := d.whyMail(s.MID); err != nil {
			return true, err
		}
	}
	return true, nil
}

// timetableSubject is what the timetable is called.
var timetableSubject = regexp.MustCompile(`^(?:\d+ messages? leaves? later|Nothing waits to leave)`)

// isTimetable tells a timetable from other letters; one that was replaced may be replied to.
func isTimetable(m store.Message) bool {
	h := mail.ParseHeader(m.Head)
	return h.Has(digest.LoopField) && timetableSubject.MatchString(h.Text("Subject"))
}

// waiting is what the person's timetable lists, in its order.
func (d *doing) waiting() ([]store.Submission, error) {
	box, err := d.tx.MailboxByKind(d.in.author.ID, store.KindScheduled)
	if err != nil {
		return nil, err
	}
	list, _, err := d.tx.WaitingIn(box.ID, digest.MaxLines)
	return list, err
}

// whyNumber tells of the mail with a number: of the digest that is replied to, else of the
// timetable as it is now and of the latest digest.
func (d *doing) whyNumber(n int) error {
	g, replied, err := d.digestMeant()
	if err != nil {
		return err
	}
	told := false
	if !replied {
		list, err := d.waiting()
		if err != nil {
			return err
		}
		if n <= len(list) {
			d.say(fmt.Sprintf("Number %d of your timetable:", n))
			if told, err = d.whyMail(list[n-1].MID); err != nil {
				return err
			}
		}
	}
	var content digest.Content
	if g.MID != "" {
		if err := json.Unmarshal(g.Content, &content); err != nil {
			return fmt.Errorf("digest %s: %w", g.MID, err)
		}
	}
	for _, l := range content.Asks {
		if l.Number != n || l.MID == "" {
			continue
		}
		d.say(fmt.Sprintf("Question %d of your digest of %s:", n, people.Moment(content.Tide, d.zone(), d.in.now)))
		found, err := d.whyMail(l.MID)
		if err != nil {
			return err
		}
		if !found {
			d.say("“" + l.Subject + "” went to somebody else; the question came to you later, so I can tell no more of it.")
		}
		told = true
	}
	if !told {
		d.back = append(d.back, fmt.Sprintf("No number %d: neither in the timetable on top of `Scheduled` nor in your latest digest. Reply *why* to the mail itself, to me alone, or write its Message-ID or its subject, as in *why \"Budget\"*.", n))
	}
	return nil
}

// digestMeant is the digest of the person's that a mail answers; else their latest.
func (d *doing) digestMeant() (g store.Digest, replied bool, err error) {
	for _, mid := range parents(d.in.facts) {
		g, err = d.tx.Digest(mid)
		if err == nil && g.PersonID == d.in.author.ID {
			return g, true, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.Digest{}, false, err
		}
	}
	g, err = d.tx.LastDigest(d.in.author.ID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Digest{}, false, nil
	}
	return g, false, err
}

// whySubject tells of the mails with a subject: of those that wait, the person's own and
// those of their next delivery.
func (d *doing) whySubject(subject string) error {
	want := foldSubject(subject)
	var mids []string
	add := func(mid, s string) {
		if want != "" && foldSubject(s) == want && !slices.Contains(mids, mid) {
			mids = append(mids, mid)
		}
	}
	list, err := d.waiting()
	if err != nil {
		return err
	}
	for _, s := range list {
		add(s.MID, s.Subject)
	}
	if err := d.toCome(add); err != nil {
		return err
	}
	for i, mid := range mids {
		if i == maxWhy {
			d.say(fmt.Sprintf("And %d more of that subject.", len(mids)-i))
			break
		}
		if _, err := d.whyMail(mid); err != nil {
			return err
		}
	}
	if len(mids) == 0 {
		d.back = append(d.back, fmt.Sprintf("No mail of the subject %q waits to leave or for your next delivery. Reply *why* to the mail itself, to me alone, or write its Message-ID.", subject))
	}
	return nil
}

// lookedAt is how many mails of the next delivery are looked through for a subject.
const lookedAt = 300

// toCome calls add with the mails of the next delivery.
func (d *doing) toCome(add func(mid, subject string)) error {
	box, err := d.tx.MailboxByKind(d.in.author.ID, store.KindNextDelivery)
	if err != nil {
		return err
	}
	entries, err := d.tx.Entries(box.ID)
	if err != nil {
		return err
	}
	for _, e := range entries[max(0, len(entries)-lookedAt):] {
		m, err := d.tx.Message(e.MessageID)
		if err != nil {
			return err
		}
		add(m.MID, mail.ParseHeader(m.Head).Text("Subject"))
	}
	return nil
}

// foldSubject makes subjects equal that people take for the same.
func foldSubject(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(bareSubject(s)), " "))
}

var replyMarks = regexp.MustCompile(`(?i)^\s*(?:(?:re|aw|sv|antw|fw|fwd|wg)\s*(?:\[\d+\])?\s*:\s*)+`)

// bareSubject is a subject without the marks of answers, and without our own tag.
func bareSubject(s string) string {
	s = replyMarks.ReplaceAllString(s, "")
	if _, rest, ok := mail.SubjectTag(s); ok {
		s = rest
	}
	return strings.TrimSpace(s)
}

// forwarded are the Message-IDs of what a mail carries along: attached, or named by the
// program that forwarded it.
func (in *intake) forwarded() []string {
	var out []string
	add := func(mid string) {
		if mid = strings.Trim(strings.TrimSpace(mid), "<>"); mid != "" && !slices.Contains(out, mid) && len(out) < maxWhy {
			out = append(out, mid)
		}
	}
	for _, mid := range mail.ParseHeader(in.head).MessageIDs("X-Forwarded-Message-Id") {
		add(mid)
	}
	var walk func(p *mail.Part, depth int)
	walk = func(p *mail.Part, depth int) {
		if p == nil || depth > 5 {
			return
		}
		if p.Message != nil && p.Message.Envelope != nil {
			add(p.Message.Envelope.MessageID)
			return // What is inside of it is not what was forwarded.
		}
		for _, c := range p.Children {
			walk(c, depth+1)
		}
	}
	if in.content != nil {
		walk(in.content.Root, 0)
	}
	return out
}
