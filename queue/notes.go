package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tidepost/decisions"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// The words that notes understand.
const (
	wordAgain   = "again"
	wordCorrect = "correct"
	wordRelease = "release"
	wordCancel  = "cancel"
)

// An ask is a mail to Tidepost itself: a word, perhaps in answer to a note.
type ask struct {
	word    string // first line, lower-case, without marks
	rest    string // the lines below
	text    string // all of it
	note    store.Note
	known   bool // note is one of this person's
	sub     store.Submission
	message store.Message
	content *mail.Content // of message
	reply   *digestReply  // to a digest; nil: it is none
	heard   *heard        // of the author's own settings
	changed bool          // committed: they are others now
}

// hear finds out what a mail to Tidepost is about, outside the write transaction.
func (q *Queue) hear(ctx context.Context, in *intake) (*ask, error) {
	a := &ask{text: strings.TrimSpace(in.words())}
	if a.text == "" {
		a.text = strings.TrimSpace(in.facts.Subject)
	}
	first, rest, _ := strings.Cut(a.text, "\n")
	a.word = strings.ToLower(strings.Trim(strings.TrimSpace(first), "*_\"'.!`[]"))
	a.rest = strings.TrimSpace(rest)
	err := q.view(ctx, func(tx *store.Tx) (err error) {
		if err = q.findNote(tx, in, a); err == nil {
			a.heard, err = q.hearCommands(tx, in)
		}
		return err
	})
	if err == nil {
		a.reply, err = q.hearDigest(ctx, in, a)
	}
	if err != nil || a.message.ID == 0 {
		return a, err
	}
	body := q.db.OpenBody(ctx, a.message)
	defer body.Close()
	scan := mail.NewScanner(a.message.Head)
	if _, err := io.Copy(scan, body); err != nil {
		return nil, fmt.Errorf("read mail of note: %w", err)
	}
	a.content = scan.Finish()
	return a, nil
}

func (q *Queue) findNote(tx *store.Tx, in *intake, a *ask) error {
	for _, mid := range parents(in.facts) {
		n, err := tx.Note(mid)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if n.PersonID != in.author.ID {
			continue // Somebody else's note is nobody's business.
		}
		a.note, a.known = n, true
		break
	}
	if a.note.SubmissionID == 0 {
		return nil
	}
	var err error
	if a.sub, err = tx.Submission(a.note.SubmissionID); err != nil {
		return err
	}
	a.message, err = tx.Message(a.sub.MessageID)
	return err
}

// answer does what a word asks for and says what it did, or what could be said.
// Machines get no answer (RFC 3834 §2).
func (q *Queue) answer(tx *store.Tx, in *intake, a *ask) error {
	if in.byMachine() {
		return nil
	}
	if goes, err := q.inCircle(tx, in, a); goes || err != nil {
		return err
	}
	if in.why {
		return q.answerWhy(tx, in, a)
	}
	if !a.confirms() {
		if done, err := q.answerDigest(tx, in, a); done || err != nil {
			return err
		}
	}
	if done, err := q.actOnThread(tx, in, a); done || err != nil {
		return err
	}
	said, err := q.act(tx, in, a)
	if err != nil {
		return err
	}
	if said == "" {
		// To a letter that takes other words only what is understood counts.
		done, err := q.actOnCommands(tx, in, a, !a.known || a.note.Kind == noteAnswer || a.note.Kind == noteCommand)
		if err != nil || done {
			return err
		}
		if said = nothingAsked(a); said == "" {
			said = unknownWord(a)
		}
	}
	return q.tellSaid(tx, in, said)
}

// tellSaid answers a mail to Tidepost itself.
func (q *Queue) tellSaid(tx *store.Tx, in *intake, said string) error {
	subject := in.facts.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	return q.note(tx, in.author, noteAnswer, 0, q.plain(in.author, subject, said, in.facts.MessageID), answerDetail{Words: heardWords(in)}, in.now)
}

func (q *Queue) act(tx *store.Tx, in *intake, a *ask) (string, error) {
	if said, err := q.actOnAdvice(tx, in, a); err != nil || said != "" {
		return said, err
	}
	if said, err := q.actOnStopped(tx, in, a); err != nil || said != "" {
		return said, err
	}
	if said, err := q.actOnDecision(tx, in, a); err != nil || said != "" {
		return said, err
	}
	if a.known && a.message.ID != 0 {
		switch {
		case len(a.message.Head) == 0 && a.word != wordCorrect:
			return "That mail is too long ago: its text is not kept any more.", nil
		case a.note.Kind == noteRepeat && a.word == wordAgain:
			return q.sendAgain(tx, in, a)
		case a.note.Kind == noteTooLate && a.word == wordCorrect:
			return q.followUp(tx, in, a)
		case a.note.Kind == noteStorm && (a.word == "now" || a.word == "send"):
			return q.leaveStorm(tx, in, a)
		case a.note.Kind == noteUrgent:
			if p := q.colleague(a.word); p != nil {
				return q.addColleague(tx, in, a, p)
			}
		}
	}
	return "", nil
}

// unknownWord names what could have been said: nothing is guessed.
func unknownWord(a *ask) string {
	word := a.word
	if len(word) > 40 {
		word = strings.ToValidUTF8(word[:40], "") + "…"
	}
	possible := "Reply to one of my notes with the word that it names, or to a digest with the numbers of its questions."
	switch {
	case !a.known:
	case a.note.Kind == noteAdvice:
		possible = "Possible here: *send* sends the draft as it is, *never* ends advice of this kind for you."
	case a.note.Kind == noteReplaced:
		possible = "Possible here: *both* sends the version before, too."
	case a.note.Kind == noteSilenced:
		possible = "Possible here: *undo* brings the advice back."
	case a.note.Kind == noteRepeat:
		possible = "Possible here: *again* sends the mail once more."
	case a.note.Kind == noteStopped:
		possible = "Possible here: *release* lets the mail go, *cancel* takes it back."
	case a.note.Kind == noteTooLate:
		possible = "Possible here: *correct*, and below it the text of your follow-up."
	case a.note.Kind == decisions.NoteFiled:
		possible = "Possible here: *publish* shows the decision to everybody in the team, *withdraw* takes it back."
	case a.note.Kind == decisions.NoteTimer:
		possible = "Possible here: *withdraw* takes the proposal back."
	case a.note.Kind == noteStorm:
		possible = "Possible here: *now* sends the mail to everybody at once."
	case a.note.Kind == noteUrgent:
		possible = "Possible here: the first name or the address of a colleague, to send the mail to them too."
	}
	return fmt.Sprintf("I do not understand %q, and did nothing. %s", word, possible)
}

// stored is the intake of a mail that is in the store, for a new submission of it.
func (q *Queue) stored(in *intake, a *ask) *intake {
	out := &intake{author: in.author, now: in.now, again: true, asIs: true, source: a.message, head: a.message.Head, size: a.message.Size,
		content: a.content}
	out.readLater()
	out.facts = mail.FactsOf(mail.ParseHeader(out.head), a.content, addressOfPath(a.sub.ReversePath))
	return out
}

// sendAgain repeats delivered mail to those whom the note named.
func (q *Queue) sendAgain(tx *store.Tx, in *intake, a *ask) (string, error) {
	var d noteDetail
	if err := json.Unmarshal(a.note.Detail, &d); err != nil {
		return "", fmt.Errorf("note %s: %w", a.note.MID, err)
	}
	rcpts, err := tx.Recipients(a.sub.ID)
	if err != nil {
		return "", err
	}
	rcpts = slices.DeleteFunc(rcpts, func(r store.Recipient) bool { return !slices.Contains(d.Recipients, r.ID) })
	out := q.stored(in, a)
	if err := q.submitStored(tx, out, a, rcpts, Plan{Rule: RuleNow, Why: wordAgain, From: in.now}); err != nil {
		return "", err
	}
	return fmt.Sprintf("Sent again: %s → %s.", a.sub.Subject, strings.Join(q.about(a.sub, rcpts).To, ", ")), nil
}

// addColleague sends urgent mail to one more colleague, at once and without using the
// budget again.
func (q *Queue) addColleague(tx *store.Tx, in *intake, a *ask, p *people.Person) (string, error) {
	out := q.stored(in, a)
	r := store.Recipient{Address: p.Address.String(), PersonID: p.ID}
	if err := q.submitStored(tx, out, a, []store.Recipient{r}, Plan{Rule: RuleNow, Why: "urgent-added", From: in.now}); err != nil {
		return "", err
	}
	return fmt.Sprintf("Sent to %s too: %s.", p.FirstName(), a.sub.Subject), nil
}

// submitStored accepts stored mail for recipients of the caller's choice.
func (q *Queue) submitStored(tx *store.Tx, out *intake, a *ask, rcpts []store.Recipient, p Plan) error {
	out.envelopeOf(a.sub, rcpts)
	if err := q.address(out); err != nil {
		return err
	}
	out.direct(p)
	out.peer.Protocol = decodeLetter(a.sub.Plan).Protocol
	id, err := q.accept(tx, out)
	if err != nil {
		return err
	}
	s, err := tx.Submission(id)
	if err != nil {
		return err
	}
	// The tag and the urgency are those of the mail as it was sent first.
	s.Plan, s.Urgent = a.sub.Plan, a.sub.Urgent
	return tx.UpdateSubmission(s)
}

// followUp sends what stands below the word "correct" to everybody whom the mail has
// reached; without text it puts a draft into Drafts.
func (q *Queue) followUp(tx *store.Tx, in *intake, a *ask) (string, error) {
	rcpts, err := tx.Recipients(a.sub.ID)
	if err != nil {
		return "", err
	}
	rcpts = slices.DeleteFunc(rcpts, func(r store.Recipient) bool { return r.Released.IsZero() })
	mid, err := mail.NewMessageID(q.random(), q.o.mainDomain())
	if err != nil {
		return "", fmt.Errorf("message id: %w", err)
	}
	l := mail.Letter{
		From:    mail.Mailbox{Name: in.author.Name, Address: in.author.Address},
		Subject: "Correction: " + a.sub.Subject, Date: in.now.In(in.author.Zone()), MessageID: mid,
		InReplyTo: a.sub.MID, References: []string{a.sub.MID}, Text: a.rest + "\n",
	}
	for _, r := range rcpts {
		l.To = append(l.To, mail.Mailbox{Address: addressOf(r.Address)})
	}
	head, body, err := mail.Compose(l, q.random())
	if err != nil {
		return "", fmt.Errorf("compose follow-up: %w", err)
	}
	staged := store.StageBytes(head, body)
	if a.rest == "" {
		return "A follow-up lies in `Drafts`. Write it, and send it or drag it to `Scheduled/Send now`.", q.fileDraft(tx, in, staged, mid)
	}
	out := &intake{author: in.author, now: in.now, folder: true, staged: staged, head: staged.Head, size: staged.Size(),
		sum: staged.Sum[:], content: staged.Content}
	out.envelopeOf(store.Submission{ReversePath: in.author.Address.String()}, rcpts)
	for i := range out.env.Recipients {
		out.env.Recipients[i].Notify, out.env.Recipients[i].ORcpt = "", ""
	}
	if err := q.inspect(out); err != nil {
		return "", err
	}
	out.direct(Plan{Rule: RuleNow, Why: wordCorrect, From: in.now})
	if _, err := q.accept(tx, out); err != nil {
		return "", err
	}
	return "Sent: Correction: " + a.sub.Subject + " → " + strings.Join(q.about(a.sub, rcpts).To, ", ") + ".", nil
}

// fileDraft puts a composed message into the author's Drafts.
func (q *Queue) fileDraft(tx *store.Tx, in *intake, staged *store.Staged, mid string) error {
	body, err := tx.AddBody(staged, in.now)
	if err != nil {
		return err
	}
	m := store.Message{Origin: store.OriginComposed, BodyID: body, Head: staged.Head, Size: staged.Size(), MID: mid, Created: in.now}
	if err := tx.InsertMessage(&m); err != nil {
		return err
	}
	if err := q.derive(tx, m, staged.Content); err != nil {
		return err
	}
	drafts, err := tx.MailboxByKind(in.author.ID, store.KindDrafts)
	if err != nil {
		return err
	}
	return tx.AddEntry(&store.Entry{MailboxID: drafts.ID, MessageID: m.ID, InternalDate: in.now, Flags: store.Draft | store.Seen})
}

// sweepEvery is how often tidy looks for what is not needed any more.
const sweepEvery = 10 * time.Minute
