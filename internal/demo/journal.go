package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	journalEvery = 250 * time.Millisecond
	journalPage  = 200
)

// A journal tells in people's words what the ledger says.
type journal struct {
	world *world
	show  *screen
	names map[int64]resident
	last  int64 // newest event told
}

func newJournal(w *world, show *screen) *journal { return &journal{world: w, show: show} }

// A said is one line of the journal.
type said struct {
	at   time.Time
	text string
	tide string // lines of one tide are one line
}

// A fact is what an event's detail may hold.
type fact struct {
	Due    time.Time `json:"due"`
	Tide   time.Time `json:"tide"`
	Why    string    `json:"why"`
	Reason string    `json:"reason"`
	Target string    `json:"target"`
	Reply  string    `json:"reply"`
	Used   int       `json:"used"`
	Budget int       `json:"budget"`
}

// run tells until ctx ends.
func (j *journal) run(ctx context.Context) error {
	if err := j.meet(ctx); err != nil {
		return err
	}
	for {
		lines, err := j.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, l := range joined(lines) {
			j.show.event(l.at, "%s", l.text)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(journalEvery):
		}
	}
}

// meet learns who has which number.
func (j *journal) meet(ctx context.Context) error {
	list, err := j.world.team.List(ctx, false)
	if err != nil {
		return err
	}
	j.names = map[int64]resident{}
	for _, e := range list {
		for _, r := range []resident{j.world.ana, j.world.mei} {
			if r.address == e.Address {
				j.names[e.ID] = r
			}
		}
	}
	return nil
}

// read puts new events into words.
func (j *journal) read(ctx context.Context) (lines []said, err error) {
	err = j.world.db.View(ctx, func(tx *store.Tx) error {
		events, err := tx.EventsAfter(j.last, journalPage)
		if err != nil {
			return err
		}
		for _, e := range events {
			j.last = e.ID
			l, err := j.words(tx, e)
			if err != nil {
				return err
			}
			if l.text != "" {
				lines = append(lines, l)
			}
		}
		return nil
	})
	return lines, err
}

// words tells one event; "" if it is not worth a line.
func (j *journal) words(tx *store.Tx, e store.Event) (said, error) {
	var f fact
	if raw, ok := e.Detail.(*json.RawMessage); ok {
		if err := json.Unmarshal(*raw, &f); err != nil {
			return said{}, fmt.Errorf("read event %d: %w", e.ID, err)
		}
	}
	l := said{at: e.At}
	var err error
	switch {
	case e.RecipientID != 0 && e.SubmissionID != 0:
		l.text, err = j.leaving(tx, e, f)
	case e.DeliveryID != 0:
		l, err = j.arriving(tx, e, f)
	case e.Kind == "urgent":
		l.text = fmt.Sprintf("%s has used %d of %d urgent mails this month", j.names[e.PersonID].first(), f.Used, f.Budget)
	case e.Kind == "digest":
		l.text = fmt.Sprintf("%s has a digest on top", j.names[e.PersonID].first())
	}
	return l, err
}

// leaving tells of mail that somebody sends.
func (j *journal) leaving(tx *store.Tx, e store.Event, f fact) (string, error) {
	s, err := tx.Submission(e.SubmissionID)
	if err != nil {
		return "", err
	}
	r, err := tx.Recipient(e.RecipientID)
	if err != nil {
		return "", err
	}
	author, known := j.names[s.AuthorID]
	if !known {
		return "", nil // Tidepost's own.
	}
	to := harmless(r.Address)
	if p, ok := j.names[r.PersonID]; ok {
		to = p.first()
	}
	mail := fmt.Sprintf("%s to %s, %q", author.first(), to, harmless(s.Subject))
	switch e.Kind {
	case "held", "restored", "rescheduled":
		return mail + j.until(author, r, f, e.At), nil
	case "released":
		return mail + ": leaves", nil
	case "cancelled":
		return mail + ": taken back, not sent", nil
	case "frozen":
		return mail + ": marked as deleted, stays until that is undone", nil
	case "thawed":
		return mail + ": no longer marked as deleted", nil
	case "deferred":
		return mail + ": not taken yet, tried again; " + harmless(f.Reply), nil
	case "bounced", "expired":
		return mail + ": will not arrive; " + harmless(f.Reply), nil
	}
	return "", nil
}

// until tells how long a mail waits.
func (j *journal) until(author resident, r store.Recipient, f fact, at time.Time) string {
	left := f.Due.Sub(at)
	switch reader, ok := j.names[r.PersonID]; {
	case left < time.Second:
		return ": does not wait"
	case left <= time.Minute:
		return fmt.Sprintf(": leaves in %.0f s", left.Seconds())
	case ok:
		return ": waits until " + people.Both(f.Due, reader.zone, author.zone, at) + because(f.Why)
	}
	return ": waits until " + people.Moment(f.Due, author.zone, at)
}

// because gives the calendar's reason; other reasons are the author's own.
func because(why string) string {
	switch r := scheduler.Reason(why); r {
	case scheduler.ReasonBeforeOpening, scheduler.ReasonAfterHours, scheduler.ReasonBreak, scheduler.ReasonNoHours,
		scheduler.ReasonHoliday, scheduler.ReasonLeave, scheduler.ReasonFocus:
		return ", because " + r.String()
	}
	return ""
}

// arriving tells of mail that comes to somebody.
func (j *journal) arriving(tx *store.Tx, e store.Event, f fact) (said, error) {
	l := said{at: e.At}
	d, err := tx.Delivery(e.DeliveryID)
	if err != nil {
		return l, err
	}
	m, err := tx.Message(d.MessageID)
	if err != nil {
		return l, err
	}
	who := j.names[d.PersonID]
	what := fmt.Sprintf("%q", harmless(mail.ParseHeader(m.Head).Text("Subject")))
	switch {
	case e.Kind == "filed" && e.State == string(store.Waiting) && f.Due.Sub(e.At) >= time.Second:
		l.text = fmt.Sprintf("%s: %s waits in Next delivery until %s", who.first(), what, people.Moment(f.Due, who.zone, e.At))
	case e.Kind == "filed" && e.State == string(store.Published):
		l.text = fmt.Sprintf("%s: %s is in %s at once%s", who.first(), what, place(f.Target), atOnce(f.Reason))
	case e.Kind == "published" && f.Tide.Second() == 0:
		l.tide = who.first() + ": the tide of " + f.Tide.In(who.zone).Format(clock) + " brings "
		l.text = what
	case e.Kind == "published":
		l.text = fmt.Sprintf("%s: %s is taken out of Next delivery", who.first(), what)
	case e.Kind == "withdrawn":
		l.text = fmt.Sprintf("%s: %s is deleted before it came", who.first(), what)
	}
	return l, nil
}

// place is the name of a folder.
func place(kind string) string {
	if kind == string(store.KindInbox) {
		return "INBOX"
	}
	return strings.ToUpper(kind[:min(1, len(kind))]) + kind[min(1, len(kind)):]
}

// atOnce says why something does not wait for the tide; the reasons are the ledger's.
func atOnce(reason string) string {
	words, ok := map[string]string{
		"code": "a sign-in code", "calendar": "an invitation", "urgent": "urgent", "bounce": "a report about own mail",
		"quick-reply": "a quick answer", "my-thread": "an answer from outside",
	}[reason]
	if !ok {
		return ""
	}
	return ": " + words
}

// joined makes one line of each tide.
func joined(lines []said) []said {
	var out []said
	for _, l := range lines {
		if n := len(out); l.tide != "" && n > 0 && out[n-1].tide == l.tide {
			out[n-1].text += ", " + l.text
		} else {
			if l.tide != "" {
				l.text = l.tide + l.text
			}
			out = append(out, l)
		}
	}
	return out
}

// outside tells what the outside world got.
func (j *journal) outside(m outgoing) string {
	subject := mail.ParseHeader(headOf(m.data)).Text("Subject")
	return fmt.Sprintf("outside world: %s got %q (%d octets)", harmless(strings.Join(m.to, ", ")), harmless(subject), len(m.data))
}
