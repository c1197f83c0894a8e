package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidepost/answers"
	"tidepost/clocks"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// An answerMail is a mail that a reply to a digest makes: one to each asker for each of
// their mails, one to each new owner.
type answerMail struct {
	acts   []*answerAct
	all    bool           // the others who had the question get it too
	owner  *people.Person // who is to answer; nil: an answer
	files  []mail.Attachment
	out    *intake
	sub    store.Submission  // once it is accepted
	rcpts  []store.Recipient // the same
	failed string            // why it cannot be sent
}

// maxReferences bounds the References field.
const maxReferences = 20

// addressAnswer finds the mail that an answer belongs into, and says why there can be
// none.
func (q *Queue) addressAnswer(in *intake, r *digestReply, act *answerAct) (why string) {
	var owner *people.Person
	switch act.Kind {
	case answers.Waive:
		return ""
	case answers.NotMine:
		if act.item.Ask.RoleID != 0 { // The others of the role have it; whoever asked need not know.
			return ""
		}
	case answers.HandOver:
		if act.line.Text == "" {
			return "only those it was sent to can pass that question on"
		}
		if owner, why = q.newOwner(in, act); why != "" {
			return why
		}
	}
	for _, m := range r.mails {
		if owner == nil && m.owner == nil && m.all == act.All && m.acts[0].item.Ask.MessageID == act.item.Ask.MessageID {
			m.acts = append(m.acts, act)
			act.mail = m
			return ""
		}
	}
	act.mail = &answerMail{acts: []*answerAct{act}, all: act.All, owner: owner}
	r.mails = append(r.mails, act.mail)
	return ""
}

// newOwner finds the colleague whom a name means.
func (q *Queue) newOwner(in *intake, act *answerAct) (*people.Person, string) {
	found := q.called(act.To)
	switch {
	case len(found) == 0 && strings.Contains(act.To, "@"):
		return nil, fmt.Sprintf("%s is no colleague: only a colleague can take a question over", act.To)
	case len(found) == 0:
		return nil, fmt.Sprintf("nobody here is called %q", act.To)
	case len(found) > 1:
		var who []string
		for _, p := range found {
			who = append(who, fmt.Sprintf("%s <%s>", p.Name, p.Address))
		}
		return nil, fmt.Sprintf("%q may be %s: write the address", act.To, strings.Join(who, " or "))
	case found[0].ID == in.author.ID:
		return nil, "that is you"
	case found[0].ID == act.item.Ask.AskerID:
		return nil, found[0].FirstName() + " asked this"
	}
	return found[0], ""
}

// called finds the colleagues whom a name or an address may mean: by address, by full
// name, by first name, by last name; the first of these that fits anybody.
func (q *Queue) called(name string) []*people.Person {
	fold := func(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }
	want := strings.TrimPrefix(fold(name), "@")
	if a, err := mail.ParsePath(want, true); err == nil && strings.Contains(want, "@") {
		if p, _, ok := q.people.ByAddress(a); ok && p != nil && p.Active {
			return []*people.Person{p}
		}
		return nil
	}
	last := func(p *people.Person) string {
		f := strings.Fields(p.Name)
		if len(f) < 2 {
			return ""
		}
		return f[len(f)-1]
	}
	for _, of := range []func(*people.Person) string{
		func(p *people.Person) string { return p.Name },
		func(p *people.Person) string { return p.FirstName() },
		func(p *people.Person) string { return p.Address.Local },
		last,
	} {
		var found []*people.Person
		for _, p := range q.people.All() {
			if p.Active && want != "" && fold(of(p)) == want {
				found = append(found, p)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// composeAnswers writes the mails and plans when they leave, as for any mail of the
// author, but without advice.
func (q *Queue) composeAnswers(ctx context.Context, in *intake, r *digestReply) error {
	if err := q.carryFiles(ctx, in, r); err != nil {
		return err
	}
	for n, m := range r.mails {
		id := sha256.Sum256(fmt.Appendf(nil, "%s %d", r.key, n))
		mid := hex.EncodeToString(id[:16]) + "@" + q.o.mainDomain()
		var question store.Message
		words := ""
		err := q.view(ctx, func(tx *store.Tx) (err error) {
			if question, err = tx.Message(m.acts[0].item.Ask.MessageID); err != nil || m.owner == nil {
				return err
			}
			d, err := tx.Derived(question.ID)
			if words = d.NewWords; errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		l := q.answerLetter(in, m, question, words)
		l.MessageID, l.Attached = mid, m.files
		if err := q.planAnswer(ctx, in, m, l); err != nil {
			return err
		}
	}
	return nil
}

// answerLetter is the mail to the asker, or to the new owner.
func (q *Queue) answerLetter(in *intake, m *answerMail, question store.Message, words string) mail.Letter {
	f := mail.FactsOf(mail.ParseHeader(question.Head), nil, mail.Address{})
	ask := m.acts[0].item.Ask
	l := mail.Letter{From: q.answersFrom(in, f, ask), Subject: f.Subject, Date: in.now.In(in.author.Zone()), InReplyTo: ask.MID}
	if l.Subject == "" {
		l.Subject = ask.Subject
	}
	if low := strings.ToLower(l.Subject); !strings.HasPrefix(low, "re:") && !strings.HasPrefix(low, "aw:") {
		l.Subject = "Re: " + l.Subject
	}
	for _, mid := range append(slices.Clone(f.References), ask.MID) {
		if mid != "" {
			l.References = append(l.References, mid)
		}
	}
	l.References = l.References[max(0, len(l.References)-maxReferences):]
	asker := q.askerOf(ask, f)
	if m.owner != nil {
		l.To, l.ReplyTo = []mail.Mailbox{{Name: m.owner.Name, Address: m.owner.Address}}, []mail.Mailbox{asker}
		l.Text = q.handOverText(in, m, f, asker, words)
		return l
	}
	l.To = []mail.Mailbox{asker}
	if m.all {
		l.Cc = q.othersOf(in, f, asker)
	}
	l.Text = answerText(in, m, f, asker)
	return l
}

// answersFrom is the address of the author's that the question went to, or that of the
// role.
func (q *Queue) answersFrom(in *intake, f mail.Facts, ask store.Ask) mail.Mailbox {
	if g, ok := q.people.GroupByID(ask.RoleID); ok && g.Has(in.author.ID) && ask.AskerID == 0 {
		return mail.Mailbox{Name: in.author.Name, Address: g.Address} // Outside they know the role.
	}
	for _, to := range slices.Concat(f.To, f.Cc) {
		if in.author.HasAddress(to.Address) {
			if base, tag := to.Address.Tag(); tag != "" && in.author.HasAddress(base) {
				to.Address = base
			}
			return mail.Mailbox{Name: in.author.Name, Address: to.Address}
		}
	}
	return mail.Mailbox{Name: in.author.Name, Address: in.author.Address}
}

// askerOf is where the asker wants the answer.
func (q *Queue) askerOf(a store.Ask, f mail.Facts) mail.Mailbox {
	if p, ok := q.people.ByID(a.AskerID); ok && a.AskerID != 0 {
		return mail.Mailbox{Name: p.Name, Address: p.Address}
	}
	if len(f.ReplyTo) == 1 && !f.ReplyTo[0].Address.IsNull() {
		return f.ReplyTo[0]
	}
	return mail.Mailbox{Name: a.AskerName, Address: addressOf(a.Asker)}
}

// othersOf are those besides asker and author who had the question.
func (q *Queue) othersOf(in *intake, f mail.Facts, asker mail.Mailbox) []mail.Mailbox {
	var out []mail.Mailbox
	seen := map[string]bool{asker.Address.Key(): true}
	for _, m := range slices.Concat(f.To, f.Cc) {
		key := m.Address.Key()
		p, _, ok := q.people.ByAddress(m.Address)
		unknown := !ok && q.people.IsLocalDomain(m.Address.Domain)
		if seen[key] || in.author.HasAddress(m.Address) || q.isOwn(m.Address) || m.Address.IsNull() || unknown || ok && !p.Active {
			continue
		}
		seen[key] = true
		out = append(out, m)
	}
	return out
}

// wroteLine leads in a quote, as clients write it.
func wroteLine(in *intake, f mail.Facts, asker mail.Mailbox) string {
	name := asker.Name
	if name == "" {
		name = asker.Address.String()
	}
	if !f.DateOK {
		return name + " wrote:"
	}
	return fmt.Sprintf("On %s, %s wrote:", f.Date.In(in.zone()).Format("Mon 2 Jan 2006 at 15:04"), name)
}

func quote(text string) string {
	return "> " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n> ")
}

// answerText is each question with its answer below.
func answerText(in *intake, m *answerMail, f mail.Facts, asker mail.Mailbox) string {
	var b strings.Builder
	for n, act := range m.acts {
		if n > 0 {
			b.WriteString("\n")
		}
		if act.line.Text != "" {
			if n == 0 {
				b.WriteString(wroteLine(in, f, asker) + "\n")
			}
			b.WriteString(quote(act.item.Ask.Text) + "\n\n")
		}
		text := act.Text
		if act.Kind == answers.NotMine {
			text = act.Said
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// maxHanded bounds how much of the mail is quoted that holds the question.
const maxHanded = 4 << 10

// handOverText tells a new owner who asks what, and what the old one adds.
func (q *Queue) handOverText(in *intake, m *answerMail, f mail.Facts, asker mail.Mailbox, words string) string {
	var b strings.Builder
	name := mail.Mailbox{Name: asker.Name, Address: asker.Address}
	who := name.Address.String()
	if name.Name != "" {
		who = name.Name + " <" + who + ">"
	}
	fmt.Fprintf(&b, "%s, can you answer this? A reply goes to %s.\n", m.owner.FirstName(), who)
	for _, act := range m.acts {
		b.WriteString("\n" + quote(act.item.Ask.Text) + "\n")
		if due := act.item.Clock.Due; !due.IsZero() {
			fmt.Fprintf(&b, "\nBy %s.\n", people.Both(due, m.owner.Schedule(in.now).Zone(), in.zone(), in.now))
		}
		if act.Text != "" {
			b.WriteString("\n" + act.Text + "\n")
		}
	}
	if words = strings.TrimSpace(words); len(words) > maxHanded {
		words = strings.ToValidUTF8(words[:maxHanded], "") + "…"
	}
	if words != "" && words != m.acts[0].item.Ask.Text {
		b.WriteString("\n" + wroteLine(in, f, asker) + "\n" + quote(words) + "\n")
	}
	return b.String()
}

// planAnswer makes a submission of a letter: the policies of any mail of the author,
// holds, hours. What cannot be sent says why.
func (q *Queue) planAnswer(ctx context.Context, in *intake, m *answerMail, l mail.Letter) error {
	head, body, err := mail.Compose(l, q.random())
	if err != nil {
		return fmt.Errorf("compose answer: %w", err)
	}
	staged := store.StageBytes(head, body)
	out := &intake{author: in.author, now: in.now, folder: true, asIs: true, confirmed: true, peer: in.peer, staged: staged, head: staged.Head,
		size: staged.Size(), sum: staged.Sum[:], content: staged.Content}
	out.env.From = l.From.Address
	for _, to := range slices.Concat(l.To, l.Cc) {
		out.env.Recipients = append(out.env.Recipients, mail.Recipient{Address: to.Address})
		out.env.UTF8 = out.env.UTF8 || hasEightBit([]byte(to.Address.String()))
	}
	for _, act := range m.acts {
		if m.owner == nil {
			out.settles = append(out.settles, settleOf(act))
		}
	}
	m.out = out
	if err = q.inspect(out); err == nil {
		err = q.examine(out, func(fn func(*store.Tx) error) error { return q.view(ctx, fn) })
	}
	var refused *mail.Reply
	if errors.As(err, &refused) && !refused.Temporary() {
		m.failed = refused.Text
		return nil
	}
	if m.owner != nil {
		out.mute = true // It passes a question on and asks nothing itself.
	}
	return err
}

// settleOf is what an answer does to its question.
func settleOf(act *answerAct) clocks.Settle {
	s := clocks.Settle{Ask: act.line.Ask}
	switch {
	case act.Kind == answers.NotMine, act.Kind == answers.Promise && !act.Due.OK:
		s.Keep = true
	case act.Kind == answers.Promise:
		// A day without a time is kept as a day: when it ends is the calendar's (rule 9.4).
		if at := act.Due.At; at.Hour() == 17 && at.Minute() == 30 && !strings.Contains(act.Due.Text, "30") {
			s.Promise = scheduler.Promise{Date: scheduler.DateOf(at)}
		} else {
			s.Promise = scheduler.Promise{Time: at}
		}
	}
	return s
}

// sendAnswer accepts a mail of which anything is left, and hands the questions over
// that it brings to a new owner.
func (q *Queue) sendAnswer(tx *store.Tx, in *intake, m *answerMail) error {
	m.sub, m.rcpts = store.Submission{}, nil
	going := slices.ContainsFunc(m.acts, func(a *answerAct) bool { return a.done || a.Kind == answers.NotMine })
	if !going || m.failed != "" {
		return nil
	}
	id, err := q.accept(tx, m.out.clone())
	if err != nil || id == 0 {
		return err
	}
	if m.sub, err = tx.Submission(id); err != nil {
		return err
	}
	if m.rcpts, err = tx.Recipients(id); err != nil || m.owner == nil || len(m.rcpts) == 0 {
		return err
	}
	for _, act := range m.acts {
		if !act.done {
			continue
		}
		if err := q.o.Clocks.HandOver(tx, act.line.Ask, m.owner, m.rcpts[0].ID, in.now); err != nil {
			return err
		}
	}
	return nil
}
