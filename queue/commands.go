package queue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidepost/commands"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// What a person wants changed of their own settings, by mail to Tidepost. Three steps:
//
//	hearCommands    outside of the transaction: what the mail says, and who is meant
//	actOnCommands   the transaction of the mail: the profile is changed, the mail answered
//	commandsay.go   the words of the answer
//
// Every command that is understood acts, each is told with its way back, and the rest
// comes back with the commands it may have meant. The answer remembers what changed, so
// that "undo" in reply to it takes exactly that back.

// noteCommand is the kind of an answer that may be undone.
const noteCommand = "command"

// undoFor is how long "undo" works.
const undoFor = 30 * 24 * time.Hour

// commandDetail is what the answer to a command remembers.
type commandDetail struct {
	Edit  people.Edit `json:"edit"`
	Undid string      `json:"undid,omitempty"` // Message-ID of the answer that this one took back
	Words string      `json:"words,omitempty"` // as answerDetail has it
}

// A heard is what a mail to Tidepost wants changed.
type heard struct {
	reading commands.Reading
	who     map[string][]match // by the name as written
	zone    *time.Location
}

// hearCommands reads what a mail wants changed, and finds who is meant.
func (q *Queue) hearCommands(tx *store.Tx, in *intake) (*heard, error) {
	zone := in.zone()
	h := &heard{zone: zone, who: map[string][]match{}}
	h.reading = commands.Read(commands.Input{Subject: in.facts.Subject, Text: in.words(), Now: in.written().In(zone),
		Letter: in.wholeWords(), Policies: slices.Sorted(maps.Keys(policies.Defaults())), Author: in.author.Name})
	for _, c := range h.reading.Commands {
		if c.Who == "" || h.who[c.Who] != nil {
			continue
		}
		list, err := q.match(tx, in.author, c.Who, c.Kind == commands.Always)
		if err != nil {
			return nil, err
		}
		h.who[c.Who] = list
	}
	return h, nil
}

// A doing is one mail with commands while it acts.
type doing struct {
	q       *Queue
	tx      *store.Tx
	in      *intake
	a       *ask
	profile *people.Profile
	said    []string // what changed, and what was asked
	back    []string // what comes back
	fields  []people.Field
}

// actOnCommands does what a mail says of its author's settings. Without sure only a mail
// that was understood whole counts. done is false if it says nothing of that.
func (q *Queue) actOnCommands(tx *store.Tx, in *intake, a *ask, sure bool) (done bool, err error) {
	h := a.heard
	if h == nil || len(h.reading.Commands) == 0 && (!sure || len(h.reading.Back) == 0) || !sure && len(h.reading.Back) > 0 {
		return false, nil
	}
	if c := h.reading.Commands; len(c) == 1 && c[0].Kind == commands.Undo {
		return true, q.undo(tx, in, a)
	}
	d := &doing{q: q, tx: tx, in: in, a: a}
	var before, after people.Profile
	edit := func(p *people.Profile) error {
		before = cloneProfile(*p)
		d.profile = p
		for _, c := range h.reading.Commands {
			if err := d.do(c); err != nil {
				return err
			}
		}
		after = *p
		return nil
	}
	err = people.EditProfile(tx, in.author.ID, nil, in.now, edit)
	if err != nil {
		return true, fmt.Errorf("commands of %s: %w", in.author.Address, err)
	}
	changed, err := people.EditOf(before, after)
	if err != nil {
		return true, err
	}
	if !changed.IsZero() {
		err := tx.AddEvent(store.Event{At: in.now, Kind: people.EventChanged, PersonID: in.author.ID,
			Detail: detail{"address": in.author.Address.String(), "fields": d.fields, "by": "mail"}})
		if err != nil {
			return true, err
		}
	}
	for _, b := range h.reading.Back {
		d.back = append(d.back, q.backWords(in, after, b))
	}
	return true, q.tellCommands(tx, in, d, changed, "")
}

// tellCommands answers, and remembers how to undo it.
func (q *Queue) tellCommands(tx *store.Tx, in *intake, d *doing, changed people.Edit, undid string) error {
	blocks := slices.Clone(d.said)
	if !changed.IsZero() {
		blocks = append(blocks, "To undo this, reply *undo*. That works for 30 days.")
	}
	blocks = append(blocks, d.back...)
	if len(blocks) == 0 {
		return nil
	}
	text := strings.Join(blocks, "\n\n") + "\n"
	if !changed.IsZero() {
		tx.AfterCommit(func() { d.a.changed = true })
	}
	if changed.IsZero() && undid == "" {
		return q.note(tx, in.author, noteAnswer, 0, q.plain(in.author, replySubject(in), text, in.facts.MessageID), answerDetail{Words: heardWords(in)}, in.now)
	}
	return q.note(tx, in.author, noteCommand, 0, q.plain(in.author, replySubject(in), text, in.facts.MessageID), commandDetail{Edit: changed, Undid: undid, Words: heardWords(in)}, in.now)
}

func replySubject(in *intake) string {
	subject := in.facts.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	return subject
}

// cloneProfile copies what commands change in place.
func cloneProfile(p people.Profile) people.Profile {
	p.CoachPolicies = maps.Clone(p.CoachPolicies)
	p.Pass = slices.Clone(p.Pass)
	p.Calendar.Leave = slices.Clone(p.Calendar.Leave)
	p.Calendar.Stays = slices.Clone(p.Calendar.Stays)
	p.Calendar.Holidays = slices.Clone(p.Calendar.Holidays)
	p.HolidayCountries = slices.Clone(p.HolidayCountries)
	p.Tides = slices.Clone(p.Tides)
	return p
}

// undo takes back what an answer told: the one that is replied to, or the latest.
func (q *Queue) undo(tx *store.Tx, in *intake, a *ask) error {
	n, err := q.undoable(tx, in, a)
	if err != nil {
		return err
	}
	if n == nil {
		return q.tellSaid(tx, in, "There is nothing to undo: within 30 days you changed nothing by mail. *settings* shows everything that can be changed.")
	}
	if in.now.Sub(n.Created) > undoFor {
		return q.tellSaid(tx, in, "That was more than 30 days ago and cannot be undone with a word. *settings* shows everything as it is, and how to change it.")
	}
	var d commandDetail
	if err := json.Unmarshal(n.Detail, &d); err != nil {
		return fmt.Errorf("note %s: %w", n.MID, err)
	}
	var before, after people.Profile
	var kept []string
	err = people.EditProfile(tx, in.author.ID, []people.Field{}, in.now, func(p *people.Profile) (err error) {
		before = *p
		after, kept, err = d.Edit.Revert(*p)
		if err != nil { // What came since does not go with what was: nothing moves.
			after, kept = *p, []string{"it"}
			return nil
		}
		*p = after
		return nil
	})
	if err != nil {
		return fmt.Errorf("undo for %s: %w", in.author.Address, err)
	}
	changed, err := people.EditOf(before, after)
	if err != nil {
		return err
	}
	do := &doing{q: q, tx: tx, in: in, a: a}
	what := q.editWords(in, before, after, changed)
	switch {
	case changed.IsZero() && len(kept) > 0:
		do.said = []string{"Nothing was undone: it has been changed again since. *settings* shows everything as it is."}
	case changed.IsZero():
		do.said = []string{"That is undone already."}
	default:
		do.said = []string{"Undone. " + what}
		if len(kept) > 0 {
			do.said = append(do.said, "Left as it is, because it has been changed again since: "+strings.Join(kept, ", ")+".")
		}
	}
	return q.tellCommands(tx, in, do, changed, n.MID)
}

// undoable finds the answer that is meant: the one replied to; else the latest that
// changed something, and was not taken back.
func (q *Queue) undoable(tx *store.Tx, in *intake, a *ask) (*store.Note, error) {
	if a.known && a.note.Kind == noteCommand {
		return &a.note, nil
	}
	list, err := tx.NotesSince(in.author.ID, noteCommand, in.now.Add(-undoFor))
	if err != nil {
		return nil, err
	}
	undone := map[string]bool{}
	for _, n := range list {
		var d commandDetail
		if err := json.Unmarshal(n.Detail, &d); err != nil {
			return nil, fmt.Errorf("note %s: %w", n.MID, err)
		}
		if d.Undid != "" {
			undone[d.Undid] = true
			continue
		}
		if !undone[n.MID] && !d.Edit.IsZero() {
			return &n, nil
		}
	}
	return nil, nil
}
