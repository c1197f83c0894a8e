package inbox

import (
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	calendarAhead = 2 * time.Hour    // an event so soon after the next opening is told of at once
	quickWindow   = 60 * time.Minute // how fresh the mail is that a quick reply answers
	quickRounds   = 3
	quickMemory   = 8 * time.Hour // rounds are counted within a working day
)

// A question is one arrival and what the lines need to know around it.
type question struct {
	Arrival
	tx       *store.Tx
	o        Options
	schedule *scheduler.Schedule
	pass     map[policies.Reason]bool // lines of the pass list it meets
	urgent   bool                     // by a sender from outside who may
	unproved bool                     // From names our own domain, and neither a login nor DMARC proves it
	rules    []store.SenderRule
	talk     bool
	team     int   // people
	err      error // of a look into the store
}

func (b *Inbox) ask(tx *store.Tx, a Arrival) *question {
	q := &question{Arrival: a, tx: tx, o: b.o, schedule: a.Person.Schedule(a.At), pass: map[policies.Reason]bool{}, team: len(b.dir.All())}
	for _, from := range a.Facts.From {
		rules, err := tx.SenderRules(a.Person.ID, from.Address.Key())
		q.note(err)
		q.rules = append(q.rules, rules...)
	}
	in := policies.Input{
		Facts: a.Facts, From: a.ReversePath, Submitted: a.Author != nil, Schedule: q.schedule, Team: b.o.Pass,
		Person: policies.Lists{Senders: a.Person.Profile.Pass, UrgentFrom: a.Person.Profile.UrgentFrom},
	}
	// Anybody can write the name of a colleague: it is worth nothing without a proof.
	q.unproved = a.Author == nil && b.unproved(a.Verdict, a.Facts)
	in.UrgentThread = !q.unproved && q.inUrgentThread()
	for _, f := range policies.Evaluate(in, a.At) {
		switch f.Action {
		case policies.Pass:
			q.pass[f.Reason] = true
		case policies.Urgent:
			q.urgent = q.urgent || a.Author == nil && !q.unproved
		}
	}
	if slices.Contains(q.rules, store.SenderUrgent) && !q.unproved && a.Facts.Importance == mail.ImportanceHigh {
		q.urgent = true
	}
	return q
}

// claimsTeam reports whether From names one of our own domains.
func (b *Inbox) claimsTeam(f mail.Facts) bool {
	return slices.ContainsFunc(f.From, func(m mail.Mailbox) bool { return b.dir.IsLocalDomain(m.Address.Domain) })
}

func (q *question) note(err error) {
	if q.err == nil {
		q.err = err
	}
}

func (q *question) untilTide() wait    { return waitTide }
func (q *question) untilOpening() wait { return waitOpening }

func (q *question) untilOutside() wait {
	if q.o.OutsideAtTide {
		return waitTide
	}
	return waitOpening
}

// untilEvent: an event that is near, or whose time is not known, is told of at once.
func (q *question) untilEvent() wait {
	c := q.Facts.Calendar
	opening, ok := q.schedule.NextOpening(q.At)
	if !c.StartOK || !ok || c.Start.Before(opening.Add(calendarAhead)) {
		return waitNot
	}
	return waitOpening
}

func (q *question) isCode() bool     { return q.pass[policies.ReasonCode] }
func (q *question) isCalendar() bool { return q.pass[policies.ReasonCalendar] }
func (q *question) isSocial() bool   { return q.Facts.Social != "" }
func (q *question) isList() bool     { return q.Facts.IsList }
func (q *question) isOutside() bool  { return q.Author == nil }

// isNamed: a name of our own domain without a login counts only for an alarm. The
// machines that raise it often have no login, and an alarm must not wait.
func (q *question) isNamed() bool {
	if q.isAlarm() {
		return true
	}
	return !q.unproved && (q.pass[policies.ReasonNamedSender] || q.pass[policies.ReasonNamedDomain] || q.pass[policies.ReasonNamedWord] ||
		slices.Contains(q.rules, store.SenderPass))
}

func (q *question) isAlarm() bool {
	return slices.ContainsFunc(q.o.AlarmSenders, func(s string) bool {
		return slices.ContainsFunc(q.Facts.From, func(m mail.Mailbox) bool {
			return strings.EqualFold(s, m.Address.String()) || strings.EqualFold(s, "@"+m.Address.Domain)
		})
	})
}

func (q *question) isUrgent() bool {
	return q.Urgent || q.urgent || q.pass[policies.ReasonUrgentThread]
}

func (q *question) isKept() bool {
	return slices.Contains(q.rules, store.SenderInbox) && (q.isAutomatic() || q.isList() || q.isSocial())
}

func (q *question) isAutomatic() bool {
	return machine(q.Facts) || q.pass[policies.ReasonNullSender] || q.pass[policies.ReasonNoReply]
}

// machine reports whether no person wrote it: nobody is answered or told then.
func machine(f mail.Facts) bool {
	return f.IsAuto || f.IsBulk || f.IsBounce || f.IsList || f.AutoSubmitted != "" && f.AutoSubmitted != "no"
}

// inUrgentThread: an answer in an urgent thread is urgent too.
func (q *question) inUrgentThread() bool {
	if !q.Facts.IsReply || q.Message.ThreadID == 0 {
		return false
	}
	t, err := q.tx.Thread(q.Message.ThreadID)
	q.note(err)
	return t.Urgent
}

// isMyBounce: a report about mail that this person sent, as far as it says what it is
// about. In doubt it is.
func (q *question) isMyBounce() bool {
	if !q.Facts.IsBounce {
		return false
	}
	ids := slices.Concat(q.Facts.InReplyTo, q.Facts.References)
	if q.Content != nil && q.Content.Root != nil {
		q.Content.Root.Walk(func(p *mail.Part) bool {
			if p.Message != nil && p.Message.Envelope != nil {
				ids = append(ids, mail.ScanIDs(p.Message.Envelope.MessageID)...)
			}
			return true
		})
	}
	others := false
	for _, id := range ids[:min(len(ids), mail.MaxMessageIDs)] {
		subs, err := q.tx.SubmissionsByMID(id)
		q.note(err)
		for _, s := range subs {
			if s.AuthorID == q.Person.ID {
				return true
			}
			others = true
		}
	}
	return !others
}

// isQuick: a colleague answers within the hour, and both are at work. After three
// rounds it comes with the tide, and the author hears that talking may be faster.
func (q *question) isQuick() bool {
	if q.Author == nil || q.Author.ID == q.Person.ID || !q.Facts.IsReply || machine(q.Facts) ||
		!q.schedule.Deliverable(q.At) || !q.Author.Schedule(q.At).Deliverable(q.At) || !q.answersFresh() {
		return false
	}
	n, err := q.tx.CountInThread(q.Person.ID, q.Message.ThreadID, string(ReasonQuick), q.At.Add(-quickMemory))
	q.note(err)
	q.talk = n >= quickRounds
	return !q.talk
}

// answersFresh reports whether the parent is mail of this person that reached the
// author within the hour.
func (q *question) answersFresh() bool {
	for _, id := range parents(q.Facts) {
		subs, err := q.tx.SubmissionsByMID(id)
		q.note(err)
		for _, s := range subs {
			if s.AuthorID == q.Person.ID && q.fresh(s) {
				return true
			}
		}
	}
	return false
}

func (q *question) fresh(s store.Submission) bool {
	sent := s.Accepted
	recipients, err := q.tx.Recipients(s.ID)
	q.note(err)
	for _, r := range recipients {
		if r.PersonID == q.Author.ID && r.Released.After(sent) {
			sent = r.Released
		}
	}
	return !sent.After(q.At) && q.At.Sub(sent) <= quickWindow
}

// parents are the ids that a message answers.
func parents(f mail.Facts) []string {
	ids := slices.Clone(f.InReplyTo)
	if n := len(f.References); n > 0 && !slices.Contains(ids, f.References[n-1]) {
		ids = append(ids, f.References[n-1])
	}
	return ids
}

// isMyThread: somebody outside answers in a thread that this person began.
func (q *question) isMyThread() bool {
	if q.Author != nil || q.Message.ThreadID == 0 || !q.Facts.IsReply {
		return false
	}
	first, err := q.tx.MessagesOfThread(q.Message.ThreadID, 1)
	q.note(err)
	if len(first) == 0 || first[0].Origin != store.OriginSubmitted && first[0].Origin != store.OriginRendition {
		return false
	}
	from := mail.ParseHeader(first[0].Head).Addresses("From")
	return len(from) == 1 && q.Person.HasAddress(from[0].Address)
}
