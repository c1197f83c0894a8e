package decisions

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// file gives a decision its number, and shows it to those who may see it now.
func (k *Keeper) file(tx *store.Tx, d *store.Decision, now time.Time) error {
	var err error
	if d.Number, err = tx.NextDecisionNumber(); err != nil {
		return err
	}
	if d.Filed = now; d.Public {
		d.Published = now
	}
	d.Wake = now // for what show and rest leave over
	if err := k.move(tx, d, store.DecisionFiled, EventFiled, now); err != nil {
		return err
	}
	parts, err := tx.DecisionParts(d.ID)
	if err != nil {
		return err
	}
	if err := tx.IndexDecision(d.ID, d.Sentence, indexedNames(parts)); err != nil {
		return err
	}
	if err := k.render(tx, d, now); err != nil {
		return err
	}
	if err := k.show(tx, d, now); err != nil {
		return err
	}
	if err := k.renderLinked(tx, *d, now); err != nil {
		return err
	}
	return k.rest(tx, *d, now)
}

// indexedNames are the words by which the people of a decision are found.
func indexedNames(parts []store.DecisionPart) string { return strings.Join(namesOf(parts), " ") }

// render writes the message of a decision anew, and puts it into the place of the one
// before in every folder: under a new UID, because clients keep what they have seen, but
// read where it was read.
func (k *Keeper) render(tx *store.Tx, d *store.Decision, now time.Time) error {
	e, err := k.read(tx, *d)
	if err != nil {
		return err
	}
	was := d.MessageID
	if d.MessageID, err = k.storeLetter(tx, e, now); err != nil {
		return err
	}
	if err := tx.UpdateDecision(*d); err != nil || was == 0 {
		return err
	}
	entries, err := tx.DecisionEntries(was)
	if err != nil {
		return err
	}
	for _, old := range entries {
		if err := tx.RemoveEntry(old, store.GoneReplaced, now); err != nil {
			return err
		}
		again := store.Entry{MailboxID: old.MailboxID, MessageID: d.MessageID, InternalDate: old.InternalDate, Flags: old.Flags, Keywords: old.Keywords}
		if err := tx.AddEntry(&again); err != nil {
			return err
		}
	}
	return nil
}

// renderLinked writes those anew whose place a decision takes, or no longer takes.
func (k *Keeper) renderLinked(tx *store.Tx, d store.Decision, now time.Time) error {
	older, _, err := tx.DecisionLinks(d.ID)
	if err != nil || len(older) == 0 {
		return err
	}
	tx.AfterCommit(k.forgetOld)
	for _, o := range older {
		if o.State != store.DecisionFiled {
			continue
		}
		if err := k.render(tx, &o, now); err != nil {
			return err
		}
	}
	return nil
}

// storeLetter stores the message of a decision, which belongs to no conversation.
func (k *Keeper) storeLetter(tx *store.Tx, e Entry, now time.Time) (int64, error) {
	l := k.letter(e)
	var err error
	if l.MessageID, err = mail.NewMessageID(k.o.Rand, k.o.Domain); err != nil {
		return 0, fmt.Errorf("write decision: %w", err)
	}
	head, body, err := mail.Compose(l, k.o.Rand)
	if err != nil {
		return 0, fmt.Errorf("write decision: %w", err)
	}
	staged := store.StageBytes(bytes.Clone(head), body)
	id, err := tx.AddBody(staged, now)
	if err != nil {
		return 0, err
	}
	m := store.Message{Origin: store.OriginComposed, BodyID: id, Head: staged.Head, Size: staged.Size(), MID: l.MessageID, Created: now}
	if err := tx.InsertMessage(&m); err != nil {
		return 0, err
	}
	words := mail.NewWords(staged.Content)
	err = tx.PutDerived(store.Derived{MessageID: m.ID, Envelope: mail.ParseHeader(m.Head).Envelope(), Root: staged.Content.Root,
		Preview: mail.PreviewOf(staged.Content, words), NewWords: words})
	return m.ID, err
}

// maxShown bounds the folders that one transaction fills.
const maxShown = 1000

// show puts a decision into the folders of those who may see it now and have it not: it
// is unread there, but for its author.
func (k *Keeper) show(tx *store.Tx, d *store.Decision, now time.Time) error {
	gaps, err := tx.DecisionGaps(d.ID, maxShown)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if err := k.showTo(tx, *d, g.Person, now); err != nil {
			return err
		}
	}
	switch len(gaps) {
	case 0:
	case maxShown:
		tx.AfterCommit(k.Kick) // for the others
	default:
		tx.AfterCommit(k.forgetOld)
	}
	return nil
}

func (k *Keeper) showTo(tx *store.Tx, d store.Decision, person int64, now time.Time) error {
	fresh, err := tx.AddDecisionReader(d.ID, person, now)
	if err != nil || !fresh {
		return err
	}
	box, err := tx.EnsureMailbox(person, store.KindDecisions, now)
	if err != nil {
		return err
	}
	if !box.Visible {
		if err := tx.ShowMailbox(box.ID); err != nil {
			return err
		}
	}
	e := store.Entry{MailboxID: box.ID, MessageID: d.MessageID, InternalDate: d.Filed}
	if person == d.AuthorID {
		e.Flags = store.Seen
	}
	return tx.AddEntry(&e)
}

// fillGaps gives public decisions to people who came since.
func (k *Keeper) fillGaps(ctx context.Context, now time.Time) error {
	k.mu.Lock()
	look := k.gaps
	k.gaps = false
	k.mu.Unlock()
	for look {
		var gaps []store.DecisionGap
		err := k.db.View(ctx, func(tx *store.Tx) (err error) {
			gaps, err = tx.DecisionGaps(0, maxShown)
			return err
		})
		if err == nil && len(gaps) > 0 {
			err = k.db.Update(ctx, func(tx *store.Tx) error { return k.fill(tx, gaps, now) })
		}
		if err != nil {
			return fmt.Errorf("show public decisions: %w", err) // Until somebody kicks.
		}
		look = len(gaps) == maxShown
	}
	return nil
}

func (k *Keeper) fill(tx *store.Tx, gaps []store.DecisionGap, now time.Time) error {
	for _, g := range gaps {
		d, err := tx.Decision(g.Decision)
		if err != nil {
			return err
		}
		if err := k.showTo(tx, d, g.Person, now); err != nil {
			return err
		}
	}
	tx.AfterCommit(k.forgetOld)
	return nil
}
