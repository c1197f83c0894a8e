package standing

import (
	"cmp"
	"slices"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

const (
	maxMail  = 200 // messages of a thread whose headers are read
	maxParty = 100 // people of a thread that are named

	maxDecisions = 50 // in a letter
)

// A Word says in one word how a thread stands.
type Word string

// The words, the most pressing first.
const (
	Late    Word = "late"    // an answer is overdue
	Waiting Word = "waiting" // for the answers of those who own the questions
	Open    Word = "open"    // something is asked of nobody in particular
	Closed  Word = "closed"  // all that was asked is answered, withdrawn or waived
	Quiet   Word = "quiet"   // nothing was ever asked
)

// A State is how a thread stands, with or without an owner of anything in it.
type State struct {
	Thread   store.Thread
	Word     Word
	Messages int       // that people wrote
	Last     time.Time // the newest
	LastMID  string
	Parties  []digest.Author  // who wrote or was written to, whoever wrote last first
	Asks     []Ask            // open ones; those with an owner by due time, then the others
	Settled  int              // asks that are closed
	Closed   time.Time        // when the last was; zero unless Word is Closed
	Decided  []store.Decision // that the reader may see
}

// An Ask is an open question of a thread.
type Ask struct {
	clocks.Item
	Asker  digest.Author
	Owner  digest.Author // zero: nobody in particular
	Since  time.Time     // when its owner got it, or else when it was asked
	Worked time.Duration // working time of its owner, or else of its asker, since then
	Cover  string        // who stands in for the owner; ""
	Hidden bool          // its sentence is not for this reader: Text and Said are empty
}

// Of returns how a thread stands. Without a reader nobody's sentences and decisions are
// in it: that is for operators. A thread that was merged away is the one it became.
// store.ErrNotFound.
func (d *Desk) Of(tx *store.Tx, thread int64, reader *people.Person, now time.Time) (State, error) {
	var s State
	id, err := tx.ResolveThread(thread)
	if err == nil {
		s.Thread, err = tx.Thread(id)
	}
	if err != nil {
		return s, err
	}
	span, err := tx.ThreadSpan(id)
	if err != nil {
		return s, err
	}
	s.Messages, s.Last, s.LastMID = span.Messages, span.Last, span.LastMID
	if s.Parties, err = d.parties(tx, id); err != nil {
		return s, err
	}
	if err := d.asks(tx, &s, reader, now); err != nil {
		return s, err
	}
	if reader != nil {
		s.Decided, err = tx.DecisionsOfThread(store.DecisionView{Person: reader.ID}, id, maxDecisions)
	}
	return s, err
}

// parties are the people in the headers of a thread.
func (d *Desk) parties(tx *store.Tx, thread int64) ([]digest.Author, error) {
	list, _, err := tx.ThreadMail(thread, maxMail)
	if err != nil {
		return nil, err
	}
	var out []digest.Author
	seen := map[string]bool{}
	for _, field := range []string{"From", "To", "Cc"} {
		for _, m := range list {
			for _, a := range mail.ParseHeader(m.Head).Addresses(field) {
				who := digest.Author{Name: a.Name, Address: a.Address.String(), Outside: true}
				if p, _, ok := d.dir.ByAddress(a.Address); ok {
					who = d.author(p.ID, p.Name, p.Address.String())
				}
				if key := who.Address; !seen[key] && len(out) < maxParty {
					seen[key] = true
					out = append(out, who)
				}
			}
		}
	}
	return out, nil
}

// asks fills in what is asked, and the word.
func (d *Desk) asks(tx *store.Tx, s *State, reader *people.Person, now time.Time) error {
	list, err := clocks.OfThread(tx, s.Thread.ID)
	if err != nil {
		return err
	}
	s.Word = Quiet
	for _, i := range list {
		if !i.Open() {
			s.Settled++
			if i.Ask.Changed.After(s.Closed) {
				s.Closed = i.Ask.Changed
			}
			continue
		}
		a, ok, err := d.ask(tx, i, reader, now)
		if err != nil {
			return err
		}
		if s.Word = pressing(s.Word, wordOf(i)); ok {
			s.Asks = append(s.Asks, a)
		}
	}
	if s.Word == Quiet && s.Settled > 0 {
		s.Word = Closed
	}
	if s.Word != Closed {
		s.Closed = time.Time{}
	}
	slices.SortStableFunc(s.Asks, func(a, b Ask) int {
		if a.Clock.Due.IsZero() != b.Clock.Due.IsZero() {
			return cmp.Compare(b.Clock.Due.Unix(), a.Clock.Due.Unix())
		}
		return a.Clock.Due.Compare(b.Clock.Due)
	})
	return nil
}

func wordOf(i clocks.Item) Word {
	switch {
	case i.Clock.State == threading.Overdue:
		return Late
	case i.Clock.State == "":
		return Open
	}
	return Waiting
}

// pressing is the word that counts of two.
func pressing(a, b Word) Word {
	for _, w := range []Word{Late, Waiting, Open, Closed} {
		if a == w || b == w {
			return w
		}
	}
	return Quiet
}

// ask describes an open ask to a reader; nil is an operator. ok is false for a private
// one that is not theirs.
func (d *Desk) ask(tx *store.Tx, i clocks.Item, reader *people.Person, now time.Time) (a Ask, ok bool, err error) {
	a = Ask{Item: i, Asker: d.author(i.Ask.AskerID, i.Ask.AskerName, i.Ask.Asker), Since: i.Clock.Started, Hidden: true}
	if i.Ask.Owner != "" {
		a.Owner = d.author(i.Ask.OwnerID, i.Ask.OwnerName, i.Ask.Owner)
	}
	if a.Since.IsZero() {
		a.Since = i.Ask.Created
	}
	who, ok := d.dir.ByID(i.Ask.OwnerID)
	if !ok {
		who, ok = d.dir.ByID(i.Ask.AskerID)
	}
	if ok {
		a.Worked = worked(who.Schedule(now), a.Since, now)
	}
	if c := d.clocks.Cover(i, now); c != nil {
		a.Cover = c.Name
	}
	if reader != nil {
		has, err := tx.HasMessage(reader.ID, i.Ask.MID)
		if err != nil {
			return a, false, err
		}
		a.Hidden = !has
	}
	if i.Ask.Private && reader != nil && reader.ID != i.Ask.OwnerID && reader.ID != i.Ask.AskerID {
		return a, false, nil
	}
	if a.Hidden {
		a.Ask.Text, a.Ask.Said = "", ""
	}
	return a, true, nil
}

// worked is how much working time lies between two instants, of 400 days at most.
func worked(s *scheduler.Schedule, from, to time.Time) (sum time.Duration) {
	if !s.HasHours() {
		return max(to.Sub(from), 0)
	}
	day, last := scheduler.DateOf(from.In(s.Zone())).AddDays(-1), scheduler.DateOf(to.In(s.Zone()))
	for range 400 {
		if last.Before(day) {
			break
		}
		for _, p := range s.WorkingTime(day) {
			start, end := p.Start, p.End
			if start.Before(from) {
				start = from
			}
			if end.After(to) {
				end = to
			}
			if end.After(start) {
				sum += end.Sub(start)
			}
		}
		day = day.AddDays(1)
	}
	return sum
}
