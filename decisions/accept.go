package decisions

import (
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

const (
	// askFor is how long a sentence that may be a decision waits to be confirmed.
	askFor = 7 * 24 * time.Hour
	// unaskedMany questions in a row without an answer, and no more are put until they are
	// unaskedFor old.
	unaskedMany = 3
	unaskedFor  = 30 * 24 * time.Hour
	// likelyWords is how many words a sentence has at least that its author is asked about.
	likelyWords = 5
	// firstLook is how soon a mail is looked at that may not leave at once.
	firstLook = time.Second
)

// lines are what a mail decides in so many words; a line that names a condition is a
// proposal, and stands in Findings.Lazy.
func (m Mail) lines() []string {
	lines := Lines(m.Words)
	if len(lines) == 0 && !m.Facts.IsReply && !m.Facts.IsForward {
		if s := SubjectLine(m.Facts.Subject); s != "" {
			lines = []string{s}
		}
	}
	lazy := m.Findings.Lazy
	return slices.DeleteFunc(lines, func(s string) bool {
		return lazy != nil && (strings.Contains(fold(lazy.Text), s) || strings.Contains(s, fold(lazy.Text)) || s == Proposed(m.Words, lazy.Statement) || strip(s) != "" && strip(s) != s)
	})
}

// likely is the first sentence that reads like a decision and says what is decided:
// "Here it is." does not. Many that do are none, so its author is only asked.
func (m Mail) likely() string {
	for _, d := range m.Findings.Decisions {
		if s := fold(d.Text); len(strings.Fields(s)) >= likelyWords && !strings.HasSuffix(s, ":") {
			return s
		}
	}
	return ""
}

// takeDown writes what a mail decides, proposes, or may have decided.
func (k *Keeper) takeDown(tx *store.Tx, m Mail, now time.Time) error {
	base := store.Decision{AuthorID: m.Author.ID, SubmissionID: m.Submission.ID, MID: m.Submission.MID, Public: k.isPublic(m), Created: now,
		Wake: now.Add(firstLook)}
	lines := m.lines()
	for _, s := range lines {
		d := base
		d.State, d.Made, d.Sentence = store.DecisionPending, store.MadeByLine, s
		over := Supersedes(s)
		if len(lines) == 1 {
			over = append(over, Supersedes(m.Words)...)
		}
		if err := k.begin(tx, &d, m, over); err != nil {
			return err
		}
	}
	if lazy := m.Findings.Lazy; lazy != nil {
		d := base
		d.State, d.Made, d.Sentence = store.DecisionOpen, store.MadeBySilence, Proposed(m.Words, lazy.Statement)
		if lazy.Due != nil && lazy.Due.OK {
			d.Stated = lazy.Due.At.UTC()
		}
		if d.Sentence != "" {
			return k.begin(tx, &d, m, Supersedes(m.Words))
		}
		return nil
	}
	sentence := m.likely()
	if len(lines) > 0 || sentence == "" {
		return nil
	}
	tired, err := tx.Unasked(m.Author.ID, now.Add(-unaskedFor), unaskedMany)
	if err != nil || tired {
		return err
	}
	d := base
	d.State, d.Made, d.Sentence = store.DecisionCandidate, store.MadeByWord, sentence
	d.Wake = now.Add(askFor)
	return k.begin(tx, &d, m, Supersedes(m.Words))
}

// begin adds a decision with who took part, and with the decisions whose place it takes:
// those that its author may see.
func (k *Keeper) begin(tx *store.Tx, d *store.Decision, m Mail, over []int) error {
	if err := tx.InsertDecision(d, k.parts(m), store.Event{At: d.Created, Kind: EventFound}); err != nil {
		return err
	}
	for _, n := range over {
		old, err := tx.DecisionByNumber(n)
		if err != nil {
			continue // There is no such decision; then it is only a word.
		}
		sees, err := tx.SeesDecision(store.DecisionView{Person: d.AuthorID}, old.ID)
		if err != nil {
			return err
		}
		if sees && old.ID < d.ID {
			if err := tx.LinkDecisions(d.ID, old.ID); err != nil {
				return err
			}
		}
	}
	k.wakeFor(tx, *d)
	return nil
}

// isPublic reports whether a mail goes to a list of the team, or to a group in which
// everybody is, for everybody to read.
func (k *Keeper) isPublic(m Mail) bool {
	for _, a := range append(slices.Clone(m.Facts.To), m.Facts.Cc...) {
		base, _ := a.Address.Tag()
		if slices.Contains(k.o.TeamLists, a.Address.Key()) || slices.Contains(k.o.TeamLists, base.Key()) || k.dir.Everybody(a.Address) {
			return true
		}
	}
	return false
}

// parts are the author and the recipients, each person once.
func (k *Keeper) parts(m Mail) []store.DecisionPart {
	parts := []store.DecisionPart{{Address: m.Author.Address.Key(), Name: m.Author.Name, PersonID: m.Author.ID}}
	named := k.dir.ExpandAll(append(slices.Clone(m.Facts.To), m.Facts.Cc...))
	for _, r := range m.Recipients {
		p := store.DecisionPart{Address: strings.ToLower(r.Address), PersonID: r.PersonID, Hidden: true}
		person, known := k.dir.ByID(r.PersonID)
		if known {
			p.Address, p.Name = person.Address.Key(), person.Name
		}
		for _, n := range named {
			if known && person.HasAddress(n.Address) || !known && n.Address.Key() == p.Address {
				p.Hidden = false
				if !known {
					p.Name = fold(n.Name)
				}
			}
		}
		if !slices.ContainsFunc(parts, func(have store.DecisionPart) bool { return have.Address == p.Address }) {
			parts = append(parts, p)
		}
	}
	return parts
}

// hearObjections looks whether a mail objects to what silence would decide.
func (k *Keeper) hearObjections(tx *store.Tx, m Mail, now time.Time) error {
	open, err := k.answered(tx, m)
	if err != nil {
		return err
	}
	for _, d := range open {
		if m.Author != nil && m.Author.ID == d.AuthorID {
			if err := k.heardProposer(tx, d, m, now); err != nil {
				return err
			}
			continue
		}
		objects, err := k.objects(tx, d, m)
		if err != nil {
			return err
		}
		if !objects {
			continue
		}
		d.Note, d.Objector = store.NoteObjection, whoOf(m)
		if err := k.drop(tx, &d, WhyObjection, now); err != nil {
			return err
		}
	}
	return nil
}

// answered are the open proposals that a mail can be about.
func (k *Keeper) answered(tx *store.Tx, m Mail) ([]store.Decision, error) {
	refs := m.refs()
	if len(refs) == 0 && !m.Facts.IsReply {
		return nil, nil
	}
	return tx.OpenProposals(m.Thread, refs)
}

func (m Mail) refs() []string { return append(slices.Clone(m.Facts.InReplyTo), m.Facts.References...) }

// heardProposer: who proposes cannot object, but can take it back, or propose anew.
func (k *Keeper) heardProposer(tx *store.Tx, d store.Decision, m Mail, now time.Time) error {
	switch {
	case d.SubmissionID == m.Submission.ID:
		return nil
	case Withdraws(m.Words):
		return k.drop(tx, &d, WhyProposer, now)
	case m.Findings.Lazy != nil:
		return k.drop(tx, &d, WhyReplaced, now)
	}
	return nil
}

// objects reports whether a mail objects to a proposal. One that answers it does in
// doubt; one that answers something else in the thread only in so many words. From
// elsewhere only those are heard whom the proposal went to.
func (k *Keeper) objects(tx *store.Tx, d store.Decision, m Mail) (bool, error) {
	parts, err := tx.DecisionParts(d.ID)
	if err != nil {
		return false, err
	}
	if m.Author == nil && !slices.ContainsFunc(parts, func(p store.DecisionPart) bool { return m.isFrom(p.Address) }) {
		return false, nil
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	objects, because := Objects(m.Words, names...)
	direct := slices.Contains(m.refs(), d.MID)
	return objects && (direct || because != "" && because != "?"), nil
}

func (m Mail) isFrom(address string) bool {
	return slices.ContainsFunc(m.Facts.From, func(f mail.Mailbox) bool { return f.Address.Key() == address })
}

// whoOf is how the author of a mail is called.
func whoOf(m Mail) string {
	switch {
	case m.Author != nil && m.Author.Name != "":
		return m.Author.Name
	case m.Author != nil:
		return m.Author.Address.String()
	case len(m.Facts.From) == 0:
		return ""
	case m.Facts.From[0].Name != "":
		return fold(m.Facts.From[0].Name)
	}
	return m.Facts.From[0].Address.String()
}

// Objection reports whether a mail objects to what silence would decide: then it passes
// at once. A View is enough.
func (k *Keeper) Objection(tx *store.Tx, m Mail) (bool, error) {
	if m.isMachine() {
		return false, nil
	}
	open, err := k.answered(tx, m)
	if err != nil {
		return false, err
	}
	for _, d := range open {
		if m.Author != nil && m.Author.ID == d.AuthorID {
			continue
		}
		if objects, err := k.objects(tx, d, m); err != nil || objects {
			return objects, err
		}
	}
	return false, nil
}
