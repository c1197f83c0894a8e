package inbox

import (
	"cmp"
	"slices"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// tellAsks adds to a digest what is asked of its reader, and what became of the
// reader's own questions since c.Since. What is still overdue is told again once a day.
func (b *Inbox) tellAsks(tx *store.Tx, r run, c *digest.Content) error {
	if b.o.Clocks == nil {
		return nil
	}
	asks, err := b.askLines(tx, r.person, r.now)
	if err != nil {
		return err
	}
	c.Asks = asks
	changes, err := b.changes(tx, r.person, c.Since, r.now)
	if err != nil {
		return err
	}
	told := map[int64]bool{}
	for _, ch := range changes {
		if m, ok := b.mineLine(r.person, ch, r.now); ok {
			c.Mine = append(c.Mine, m)
			told[ch.Ask.ID] = true
		}
	}
	if err := b.tellRoles(tx, r, c); err != nil {
		return err
	}
	if r.first {
		if err := b.stillOverdue(tx, r, c, told); err != nil {
			return err
		}
	}
	// What needs the reader first, then what is good to know, the newest first.
	slices.SortStableFunc(c.Mine, func(x, y digest.MineLine) int {
		return cmp.Or(rank(x.What)-rank(y.What), y.At.Compare(x.At))
	})
	return nil
}

// changes are what became of p's own questions after an instant: what happened at the
// very instant of a digest stands in that digest, because clocks go first. A promise is news
// although time has passed since, and the clock says so.
func (b *Inbox) changes(tx *store.Tx, p *people.Person, after, now time.Time) ([]clocks.Change, error) {
	list, err := b.o.Clocks.Since(tx, p, after.Add(time.Millisecond), now)
	if err != nil {
		return nil, err
	}
	for i, ch := range list {
		if ch.Reason != threading.BecauseAtRisk {
			continue
		}
		events, err := tx.EventsOfAsk(ch.Ask.ID)
		if err != nil {
			return nil, err
		}
		for _, e := range slices.Backward(events) {
			if e.Kind == clocks.EventClock+string(threading.BecausePromised) && e.At.After(after) {
				list[i].Reason, list[i].At = threading.BecausePromised, e.At
				break
			}
		}
	}
	return list, nil
}

// rank orders what became of questions.
func rank(what digest.Outcome) int {
	switch what {
	case digest.OutcomeOverdue:
		return 0
	case digest.OutcomeLost:
		return 1
	case digest.OutcomeAnswered:
		return 2
	}
	return 3
}

func (b *Inbox) stillOverdue(tx *store.Tx, r run, c *digest.Content, told map[int64]bool) error {
	mine, err := clocks.Mine(tx, r.person.ID)
	if err != nil {
		return err
	}
	for _, i := range mine {
		if i.Clock.State != threading.Overdue || told[i.Ask.ID] {
			continue
		}
		if m, ok := b.mineLine(r.person, clocks.Change{Item: i, At: i.Ask.Changed}, r.now); ok {
			c.Mine = append(c.Mine, m)
		}
	}
	return nil
}

// askLines are the questions to p, and those to people for whom p stands in: what is
// overdue first, then what is at risk, then by due time.
func (b *Inbox) askLines(tx *store.Tx, p *people.Person, now time.Time) ([]digest.AskLine, error) {
	own, err := clocks.OnMe(tx, p.ID)
	if err != nil {
		return nil, err
	}
	covered, err := b.o.Clocks.Covering(tx, p, now)
	if err != nil {
		return nil, err
	}
	var out []digest.AskLine
	for _, i := range own {
		out = append(out, b.askLine(p, i, now))
	}
	for _, i := range covered {
		l := b.askLine(p, i.Item, now)
		l.For = i.Ask.OwnerName
		if owner, ok := b.dir.ByID(i.Ask.OwnerID); ok {
			l.For = owner.Name
		}
		if !i.MayRead {
			l.Text, l.Subject, l.MID = "", "", ""
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(x, y digest.AskLine) int { return pressure(x.State) - pressure(y.State) })
	return out, nil
}

func pressure(s threading.State) int {
	switch s {
	case threading.Overdue:
		return 0
	case threading.AtRisk:
		return 1
	}
	return 2
}

func (b *Inbox) askLine(p *people.Person, i clocks.Item, now time.Time) digest.AskLine {
	l := digest.AskLine{
		Ask: i.Ask.ID, Thread: i.Ask.ThreadID, Text: i.Ask.Text, State: i.Clock.State, Due: i.Clock.Due, Subject: i.Ask.Subject,
		Asker: b.author(i.Ask.AskerID, i.Ask.AskerName, i.Ask.Asker), MID: cmp.Or(i.Ask.ShownMID, i.Ask.MID),
	}
	if i.Clock.State == threading.Paused {
		l.Due = time.Time{} // It moves with the leave.
	}
	l.There = b.elsewhere(l.Due, i.Ask.AskerID, p, now)
	if i.Ask.OwnerID == 0 {
		l.Role = b.o.Clocks.RoleOf(i)
	}
	return l
}

// author is somebody in a digest: a colleague has the name that the team knows.
func (b *Inbox) author(person int64, name, address string) digest.Author {
	if p, ok := b.dir.ByID(person); ok && person != 0 {
		return digest.Author{Name: p.Name, Address: p.Address.String()}
	}
	a, err := mail.ParsePath(address, true)
	role := err == nil && b.dir.IsRole(a)
	return digest.Author{Name: name, Address: address, Outside: !role}
}

// tellRoles adds what others have of what the reader's roles were asked, each once when
// somebody has it and once when it is answered.
func (b *Inbox) tellRoles(tx *store.Tx, r run, c *digest.Content) error {
	list, err := clocks.Taken(tx, r.person.ID, c.Since.Add(time.Millisecond))
	if err != nil {
		return err
	}
	for _, i := range list {
		l := digest.RoleLine{
			Ask: i.Ask.ID, Thread: i.Ask.ThreadID, Role: b.o.Clocks.RoleOf(i), Text: i.Ask.Text, At: i.Ask.Changed, Subject: i.Ask.Subject,
			Who: b.author(i.Ask.OwnerID, i.Ask.OwnerName, i.Ask.Owner), Asker: b.author(i.Ask.AskerID, i.Ask.AskerName, i.Ask.Asker), MID: i.Ask.ShownMID,
		}
		switch {
		case i.Ask.Private:
			continue
		case !i.Open() && i.Ask.AnswerID != 0:
			l.What = digest.RoleAnswered
		case i.Open() && i.Reason == threading.BecausePromised:
			l.What, l.Due = digest.RolePromised, i.Clock.Due
		case i.Open() && (!i.Ask.Created.Before(c.Since) || i.Reason == "" || i.Reason == threading.BecauseDelivered || i.Reason == threading.BecauseHandedOver):
			l.What = digest.RoleTaken
		default:
			continue
		}
		c.Roles = append(c.Roles, l)
	}
	return nil
}

// elsewhere is an instant on a colleague's clock, "Mon 22:00 London", or "" if that
// shows the same as the reader's or nobody knows.
func (b *Inbox) elsewhere(t time.Time, person int64, reader *people.Person, now time.Time) string {
	other, ok := b.dir.ByID(person)
	if !ok || person == 0 || t.IsZero() {
		return ""
	}
	_, here := t.In(reader.Zone()).Zone()
	if _, there := t.In(other.Zone()).Zone(); here == there {
		return ""
	}
	return people.Moment(t, other.Zone(), now) + " " + people.CityAt(other.Zone(), t)
}

// mineLine is the news of one of the reader's own questions; ok is false if there is
// none worth a line.
func (b *Inbox) mineLine(p *people.Person, ch clocks.Change, now time.Time) (m digest.MineLine, ok bool) {
	what := outcome(ch)
	m = digest.MineLine{
		Ask: ch.Ask.ID, Thread: ch.Ask.ThreadID, What: what, Text: ch.Ask.Text, At: ch.At, Subject: ch.Ask.Subject, MID: ch.Ask.MID,
		Owner: b.author(ch.Ask.OwnerID, ch.Ask.OwnerName, ch.Ask.Owner),
	}
	switch what {
	case "":
		return m, false
	case digest.OutcomeAnswered:
		m.MID, m.Reaches = cmp.Or(ch.AnswerMID, m.MID), ch.Reaches
		if ch.AnswerBy != "" && ch.AnswerBy != m.Owner.Name && ch.AnswerBy != m.Owner.Address {
			m.Owner = digest.Author{Name: ch.AnswerBy}
		}
	case digest.OutcomePromised, digest.OutcomeOverdue:
		m.Due = ch.Clock.Due
		m.There = b.elsewhere(m.Due, ch.Ask.OwnerID, p, now)
	case digest.OutcomeAway:
		if owner, ok := b.dir.ByID(ch.Ask.OwnerID); ok {
			m.Back, _ = owner.Schedule(now).NextOpening(now)
		}
		if cover := b.o.Clocks.Cover(ch.Item, now); cover != nil {
			m.Cover = cover.Name
		}
	}
	return m, true
}

// outcome is what a digest calls the last thing that happened to an ask; "" for what
// its asker knows or need not know.
func outcome(ch clocks.Change) digest.Outcome {
	switch ch.Reason {
	case threading.BecauseAnswered, threading.BecauseCovered, threading.BecauseSettled:
		return digest.OutcomeAnswered
	case threading.BecausePromised:
		return digest.OutcomePromised
	case threading.BecauseWaived:
		return digest.OutcomeClosed
	case threading.BecauseOverdue:
		return digest.OutcomeOverdue
	case threading.BecauseAway:
		return digest.OutcomeAway
	case threading.BecauseHandedOver:
		return digest.OutcomeHanded
	case threading.BecauseUndelivered:
		return digest.OutcomeLost
	}
	switch {
	case ch.Handed:
		return digest.OutcomeHanded
	case ch.Clock.State == threading.Overdue:
		return digest.OutcomeOverdue
	case ch.Clock.State == "" && !ch.Ask.Open && ch.AnswerMID != "":
		return digest.OutcomeAnswered
	}
	return ""
}

// stirs reports whether something happened since an instant that deserves a digest
// although no mail came: a question to p became at risk or overdue, there is news of one
// of p's own that no mail brings, or p now stands in for somebody.
func (b *Inbox) stirs(tx *store.Tx, p *people.Person, since, now time.Time) (bool, error) {
	if silent, err := b.silenceDecided(tx, p, since); err != nil || silent || b.o.Clocks == nil {
		return silent, err
	}
	own, err := clocks.OnMe(tx, p.ID)
	if err != nil {
		return false, err
	}
	covered, err := b.o.Clocks.Covering(tx, p, now)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(own, func(i clocks.Item) bool { return pressure(i.Clock.State) < 2 && i.Clock.Since.After(since) }) ||
		slices.ContainsFunc(covered, func(i clocks.Covered) bool { return i.Clock.Since.After(since) }) {
		return true, nil
	}
	changes, err := b.changes(tx, p, since, now)
	return slices.ContainsFunc(changes, func(ch clocks.Change) bool {
		what := outcome(ch)
		return what != "" && (what != digest.OutcomeAnswered || ch.Reaches.After(now))
	}), err
}

// asksOf reports whether a delivery brings its reader a question.
func asksOf(tx *store.Tx, d store.Delivery) (bool, error) {
	list, err := tx.AsksByDelivery(d.ID)
	if err == nil && d.RecipientID != 0 {
		var more []store.ClockedAsk
		more, err = tx.AsksByRecipient(d.RecipientID)
		list = append(list, more...)
	}
	if err != nil || slices.ContainsFunc(list, func(a store.ClockedAsk) bool { return a.Open && a.OwnerID == d.PersonID }) {
		return err == nil, err
	}
	ofRole, err := roleAsksOf(tx, d)
	return slices.ContainsFunc(ofRole, func(a store.ClockedAsk) bool { return a.Open && a.OwnerID == 0 }), err
}

// roleAsksOf are the asks of roles that a delivery brings its reader as one of several.
func roleAsksOf(tx *store.Tx, d store.Delivery) ([]store.ClockedAsk, error) {
	list, err := tx.AskMembersBy(d.RecipientID, d.ID)
	if err != nil {
		return nil, err
	}
	var out []store.ClockedAsk
	for _, w := range list {
		if w.PersonID != d.PersonID {
			continue
		}
		a, err := tx.Ask(w.AskID)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// elsewhereTaken reports whether all that a delivery asks of a role is somebody else's by
// now: then it comes read.
func elsewhereTaken(tx *store.Tx, d store.Delivery) (bool, error) {
	list, err := roleAsksOf(tx, d)
	if err != nil || len(list) == 0 {
		return false, err
	}
	return !slices.ContainsFunc(list, func(a store.ClockedAsk) bool { return a.OwnerID == 0 || a.OwnerID == d.PersonID }), nil
}
