package standing

import (
	"slices"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Letter says to one who is in a conversation how it stands. store.ErrNotFound.
func (d *Desk) Letter(tx *store.Tx, thread int64, p *people.Person, now time.Time) (mail.Letter, error) {
	s, err := d.Of(tx, thread, p, now)
	if err != nil {
		return mail.Letter{}, err
	}
	t := digest.ThreadState{Word: sentence(s, p, now), Messages: s.Messages, Last: people.Moment(s.Last, p.Zone(), now), Parties: s.Parties,
		Settled: s.Settled, Decided: decisionLines(s.Decided)}
	for _, a := range s.Asks {
		q := d.question(a.Item, p, !a.Hidden, now)
		q.Subject = ""
		if a.Worked >= time.Hour {
			q.Remark = "Open for " + hours(a.Worked) + " of working time."
		}
		if a.Cover != "" {
			q.Remark = strings.TrimSpace(q.Remark + " " + a.Cover + " stands in.")
		}
		t.Open = append(t.Open, q)
	}
	return d.letters.State(reader(p), digest.About{Subject: s.Thread.Subject, MID: s.LastMID}, t), nil
}

// sentence is the word of a state as a sentence to a reader.
func sentence(s State, p *people.Person, now time.Time) string {
	switch s.Word {
	case Late, Waiting:
		var who []string
		since := time.Time{}
		for _, a := range s.Asks {
			name := firstOf(a.Owner)
			if a.Ask.OwnerID == p.ID {
				name = "you"
			}
			if a.Owner.Address != "" && !slices.Contains(who, name) {
				who = append(who, name)
			}
			since = earlier(since, a.Since)
		}
		if len(who) == 0 { // A private question, to others.
			return "Something is open here that is not for you."
		}
		text := "Waits for " + strings.Join(who, " and ") + " since " + people.Moment(since, p.Zone(), now)
		if s.Word == Late {
			return text + "; an answer is overdue."
		}
		return text + "."
	case Open:
		return "Something is asked here of nobody in particular: whoever answers first settles it."
	case Closed:
		return "Nothing is open: what was asked is settled since " + people.Moment(s.Closed, p.Zone(), now) + "."
	}
	return "Nothing was asked here."
}
