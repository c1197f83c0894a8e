package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"tidepost/answers"
	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/store"
)

// A reply to a digest, submitted by its reader, answers the questions that the digest
// numbers. Three steps:
//
//	hearDigest     outside of the transaction: which digest, what the reply says, the
//	               mails that follow, with their plans
//	answerDigest   the transaction of the reply: mails accepted, questions settled,
//	               handed over, closed; a line that confirms it all
//	answersay.go   the words of that line, and what comes back
//
// The reply itself goes nowhere. What was heard once is not heard again: the same reply
// submitted twice acts once. Numbers count for the digest that is answered, for good,
// and only from its reader.

// A digestReply is what somebody wrote in reply to a digest.
type digestReply struct {
	key     string // of this very reply
	foreign bool   // only a digest of somebody else is answered
	digest  store.Digest
	content digest.Content
	reading answers.Reading
	acts    []*answerAct
	mails   []*answerMail
	back    []backLine
}

// An answerAct is one answer with the question it is about.
type answerAct struct {
	answers.Answer
	line digest.AskLine
	item clocks.Item
	mail *answerMail // nil: it needs none

	done bool   // found inside the transaction: it does what it says
	note string // what the author must know of it, the same
}

// A backLine is what comes back to the author.
type backLine struct{ text, why string }

// The kinds of notes about replies to digests.
const (
	noteAnswers = "answers" // what a reply did: answered again, it counts for the same digest
	noteHeard   = "heard"   // no letter: a reply that has acted
)

// answersDetail is what a note about a reply remembers.
type answersDetail struct {
	Digest string `json:"digest"` // Message-ID
}

// hearDigest finds out which digest a mail answers and what it says; nil for none.
func (q *Queue) hearDigest(ctx context.Context, in *intake, a *ask) (*digestReply, error) {
	if q.o.Clocks == nil || in.facts.IsAuto || in.facts.IsBounce || a.known && a.note.Kind != noteAnswers {
		return nil, nil
	}
	r := &digestReply{key: in.replyKey()}
	var letter store.Message
	err := q.view(ctx, func(tx *store.Tx) (err error) {
		letter, err = q.findDigest(tx, in, a, r)
		return err
	})
	if err != nil || r.digest.MID == "" {
		if r.foreign {
			return r, err
		}
		return nil, err
	}
	if err := json.Unmarshal(r.digest.Content, &r.content); err != nil {
		return nil, fmt.Errorf("digest %s: %w", r.digest.MID, err)
	}
	input, err := q.answersInput(ctx, in, r, letter)
	if err != nil {
		return nil, err
	}
	if r.reading, err = q.readAnswers(input); err != nil {
		q.o.Log.Error("read answers", "mid", in.facts.MessageID, "err", err)
		r.back = append(r.back, backLine{in.words(), "Tidepost failed while reading this"})
		r.reading.Numbered = true
		return r, nil
	}
	return r, q.prepareAnswers(ctx, in, r)
}

// replyKey tells the same reply again.
func (in *intake) replyKey() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\x00%s\x00%v\x00%d\x00", in.author.ID, in.facts.MessageID, parents(in.facts), in.facts.Date.Unix())
	sum.Write(in.sum)
	return "heard." + hex.EncodeToString(sum.Sum(nil)[:16])
}

// findDigest looks for the digest of in's author that a mail answers, itself or through
// a note about an earlier answer to it.
func (q *Queue) findDigest(tx *store.Tx, in *intake, a *ask, r *digestReply) (store.Message, error) {
	mids := parents(in.facts)
	if a.known {
		var d answersDetail
		if err := json.Unmarshal(a.note.Detail, &d); err != nil {
			return store.Message{}, fmt.Errorf("note %s: %w", a.note.MID, err)
		}
		mids = []string{d.Digest}
	}
	for _, mid := range mids {
		d, err := tx.Digest(mid)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return store.Message{}, err
		}
		if d.PersonID != in.author.ID {
			r.foreign = true
			continue
		}
		r.digest = d
		return tx.Message(d.MessageID)
	}
	return store.Message{}, nil
}

// answersInput collects what is needed to read the reply.
func (q *Queue) answersInput(ctx context.Context, in *intake, r *digestReply, letter store.Message) (answers.Input, error) {
	input := answers.Input{Lines: mail.LinesOf(in.content), Author: in.author.Name, Date: in.written(), Zone: in.zone()}
	for _, p := range q.people.All() {
		if p.Active && p.ID != in.author.ID {
			input.Names = append(input.Names, p.Name)
		}
	}
	text, err := q.textOf(ctx, letter)
	if err != nil {
		return input, err
	}
	input.Digest = text
	return input, q.view(ctx, func(tx *store.Tx) error {
		for _, l := range r.content.Asks {
			it := answers.Item{Number: l.Number, Text: l.Text, Asker: l.Asker.Name}
			i, err := q.o.Clocks.Item(tx, l.Ask)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			it.Kind = i.Ask.Kind
			input.Items = append(input.Items, it)
		}
		return nil
	})
}

// written is when a mail was written, by its Date if that can be.
func (in *intake) written() time.Time {
	if d := in.facts.Date; in.facts.DateOK && d.Before(in.now.Add(time.Hour)) && in.now.Sub(d) < 14*24*time.Hour {
		return d
	}
	return in.now
}

// textOf reads the text of a stored letter, "" if it is not kept any more.
func (q *Queue) textOf(ctx context.Context, m store.Message) (string, error) {
	if m.ID == 0 || m.Stripped() {
		return "", nil
	}
	body := q.db.OpenBody(ctx, m)
	defer body.Close()
	scan := mail.NewScanner(m.Head)
	if _, err := io.Copy(scan, body); err != nil {
		return "", fmt.Errorf("read digest: %w", err)
	}
	return mail.Text(scan.Finish()), nil
}

// readAnswers reads a reply with a net below.
func (q *Queue) readAnswers(input answers.Input) (r answers.Reading, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return answers.Parse(input), nil
}

// prepareAnswers writes the mails that follow from a reply, and plans them.
func (q *Queue) prepareAnswers(ctx context.Context, in *intake, r *digestReply) error {
	for _, b := range r.reading.Back {
		r.back = append(r.back, backLine{b.Text, whyBack(b)})
	}
	lines := map[int]digest.AskLine{}
	for _, l := range r.content.Asks {
		lines[l.Number] = l
	}
	for _, a := range r.reading.Answers {
		act := &answerAct{Answer: a, line: lines[a.Number]}
		err := q.view(ctx, func(tx *store.Tx) (err error) {
			act.item, err = q.o.Clocks.Item(tx, act.line.Ask)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			r.back = append(r.back, backLine{act.show(), "that question is not kept any more"})
			continue
		}
		if err != nil {
			return err
		}
		if why := q.addressAnswer(in, r, act); why != "" {
			r.back = append(r.back, backLine{act.show(), why})
			continue
		}
		r.acts = append(r.acts, act)
	}
	return q.composeAnswers(ctx, in, r)
}

// answerDigest does what a reply to a digest says. done is false if it is none, or a
// word for Tidepost that stands in one.
func (q *Queue) answerDigest(tx *store.Tx, in *intake, a *ask) (done bool, err error) {
	r := a.reply
	if r == nil {
		return false, nil
	}
	if _, err := tx.Note(r.key); err == nil {
		return true, nil // Heard before: 250, and nothing again.
	} else if !errors.Is(err, store.ErrNotFound) {
		return true, err
	}
	if !r.foreign && !r.reading.Numbered {
		if done, err := q.actOnCommands(tx, in, a, false); err != nil || done {
			return true, err
		}
	}
	heard := store.Note{MID: r.key, PersonID: in.author.ID, Kind: noteHeard, Created: in.now}
	if err := tx.AddNote(heard); err != nil {
		return true, err
	}
	if r.foreign {
		return true, q.tellSaid(tx, in, "The digest that you replied to belongs to somebody else. Its numbers count from them alone, so nothing was done.")
	}
	back := slices.Clone(r.back)
	for _, act := range r.acts {
		why, err := q.actOnAnswer(tx, in, act)
		if err != nil {
			return true, fmt.Errorf("answer ask %d: %w", act.line.Ask, err)
		}
		if why != "" {
			back = append(back, backLine{act.show(), why})
		}
	}
	for _, m := range r.mails {
		if err := q.sendAnswer(tx, in, m); err != nil {
			return true, err
		}
	}
	return true, q.confirmAnswers(tx, in, r, back)
}

// actOnAnswer does what an answer does before its mail is accepted. why says why it
// cannot be done: then its mail stays.
func (q *Queue) actOnAnswer(tx *store.Tx, in *intake, act *answerAct) (why string, err error) {
	act.note, act.done = "", false
	if act.mail != nil && act.mail.failed != "" {
		return "that mail was refused: " + act.mail.failed, nil
	}
	if act.item, err = q.o.Clocks.Item(tx, act.line.Ask); err != nil {
		return "", err
	}
	mine := q.o.Clocks.MayAnswer(act.item, in.author)
	switch act.Kind {
	case answers.Waive:
		err := q.o.Clocks.Waive(tx, in.author, act.line.Ask, in.now)
		if errors.Is(err, clocks.ErrNotOpen) || errors.Is(err, clocks.ErrNotYours) {
			return q.whyNot(act), nil
		}
		act.done = err == nil
		return "", err
	case answers.HandOver:
		cover := q.o.Clocks.Cover(act.item, in.now)
		if !act.item.Open() || !mine && (cover == nil || cover.ID != in.author.ID) {
			return q.whyNot(act), nil
		}
	case answers.NotMine:
		if act.item.Open() && mine {
			act.done = true
			return "", q.o.Clocks.GiveBack(tx, in.author, act.line.Ask, in.now)
		}
		act.note = q.whyNot(act)
		return "", nil
	}
	act.done = true
	if !act.item.Open() || !mine && act.item.Ask.OwnerID != 0 && act.line.For == "" {
		act.note = q.whyNot(act)
	}
	return "", nil
}
