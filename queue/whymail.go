package queue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidepost/coach"
	"tidepost/commands"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// whyName is the local part of the address that says where a mail is and why.
const whyName = "why"

// maxWhy bounds how many mails one question is answered for.
const maxWhy = 5

// isWhy reports whether a is why@ our domain.
func (q *Queue) isWhy(a mail.Address) bool { return q.isService(a, whyName) }

// isService reports whether a is an address of Tidepost's own at our domain, unless
// somebody is called so.
func (q *Queue) isService(a mail.Address, local string) bool {
	_, _, person := q.people.ByAddress(a)
	base, _ := a.Tag()
	_, _, group := q.people.GroupByAddress(a)
	return !person && !group && q.isOwn(mail.Address{Local: ownName, Domain: a.Domain}) && base.Key() == mail.Address{Local: local, Domain: a.Domain}.Key()
}

// Sentence is an explanation in one: "to Mei: waits until Tue 09:00, because …". It is of
// a recipient whose name is given.
func (x Explanation) Sentence(name string, zone *time.Location, now time.Time) string {
	r := x.Recipient
	s := "to " + name + ": "
	switch r.State {
	case store.Held:
		s += "waits until " + x.When
		if x.Why != "" {
			s += ", because " + x.Why
		}
	case store.Deferred:
		s += "is tried again " + x.When
		if r.Reply != "" {
			s += "; the other server said: " + r.Reply
		}
	case store.Sending:
		s += "is being sent"
	case store.Delivered:
		s += "left " + people.Moment(r.Released, zone, now)
		if r.PersonID == 0 {
			s += ", and the other server took it " + people.Moment(r.Settled, zone, now)
		}
	case store.Cancelled:
		s += "was taken back " + people.Moment(r.Settled, zone, now)
	case store.Bounced, store.Expired:
		s += "did not get there"
		if r.Reply != "" {
			s += "; the other server said: " + r.Reply
		}
	}
	return s + "."
}

// WhyMail says where a mail is that a person sent or got, in lines for them, by its
// Message-ID: for each reader where their copy stands, when it leaves and why; for mail
// that came, in which folder it is, which line of the first-match list decided that, and
// how to have it now. Mail of others is not known, and no mail with that id is: no lines.
func (q *Queue) WhyMail(tx *store.Tx, p *people.Person, mid string, now time.Time) ([]string, error) {
	mid = strings.Trim(strings.TrimSpace(mid), "<>")
	if mid == "" {
		return nil, nil
	}
	subs, err := tx.SubmissionsByMID(mid)
	if err != nil {
		return nil, fmt.Errorf("why %s: %w", mid, err)
	}
	var lines []string
	for _, s := range subs {
		if s.AuthorID != p.ID {
			continue
		}
		found, err := q.Why(tx, s.ID, now)
		if err != nil {
			return nil, err
		}
		lines = append(lines, q.whySent(s, found, p, now)...)
	}
	came, err := q.inbox.Why(tx, p, mid, now)
	if err != nil {
		return nil, err
	}
	for _, w := range came {
		lines = append(lines, w.Sentence(true))
	}
	return lines, nil
}

// whySent tells of one submission.
func (q *Queue) whySent(s store.Submission, found []Explanation, author *people.Person, now time.Time) []string {
	subject := s.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	lines := []string{subject + ", sent " + people.Moment(s.Accepted, author.Zone(), now) + ":"}
	held := false
	for i, x := range found {
		if i == maxNamed {
			lines = append(lines, fmt.Sprintf("- and %d more", len(found)-i))
			break
		}
		held = held || x.Recipient.State == store.Held
		lines = append(lines, "- "+x.Sentence(q.nameOf(x.Recipient), author.Zone(), now))
	}
	switch {
	case held && s.Frozen:
		lines = append(lines, "It is marked as deleted in `Scheduled`: nothing leaves until that is taken back.")
	case held:
		lines = append(lines, "To send what waits now, drag it to `Scheduled/Send now`; to take it back, to `Drafts`.")
	}
	return lines
}

// idsIn finds the Message-IDs in a text that somebody wrote: in angle brackets or, if it
// is the only word of its line, without. An address in a signature is none.
func idsIn(text string) []string {
	var out []string
	add := func(id string) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, m := range bracketed.FindAllStringSubmatch(line, maxWhy) {
			add(m[1])
		}
		if words := strings.Fields(line); len(words) == 1 && bareID.MatchString(words[0]) {
			add(words[0])
		}
	}
	return out
}

var (
	bracketed = regexp.MustCompile(`<([^<>\s]+@[^<>\s]+)>`)
	bareID    = regexp.MustCompile(`^[^<>\s@]+@[^<>\s@]+$`)
)

// answerWhy answers a mail to why@: about the mail that it replies to or forwards, or those
// whose Message-IDs stand in it.
func (q *Queue) answerWhy(tx *store.Tx, in *intake, a *ask) error {
	ids := idsIn(in.facts.Subject + "\n" + a.text)
	if c := a.heard.reading.Commands; len(ids) == 0 && len(c) == 1 && c[0].Kind == commands.Why && c[0].Value != "" { // By number or subject.
		_, err := q.actOnCommands(tx, in, a, true)
		return err
	}
	if len(ids) == 0 {
		ids = parents(in.facts)
		ids = ids[:min(len(ids), 1)]
	}
	var parts []string
	for _, mid := range ids[:min(len(ids), maxWhy)] {
		lines, err := q.WhyMail(tx, in.author, mid, in.now)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			lines = []string{fmt.Sprintf("No mail of yours has the Message-ID <%s>.", mid)}
		}
		for i := range lines {
			lines[i] = coach.Wrap(lines[i])
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	if len(parts) == 0 {
		parts = []string{"Reply to the mail that you mean, to `" + whyName + "@` alone; or write its Message-ID here, as in <id@example>."}
	}
	return q.tellSaid(tx, in, strings.Join(parts, "\n\n"))
}
