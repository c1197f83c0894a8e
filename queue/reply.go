package queue

import (
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Reply sends a letter of a machine in a person's name to somebody outside, at once and
// with the null reverse-path, so that nobody answers or bounces it (RFC 3834 §3.3). It
// is an ordinary submission to the ledger and the relay, asks nothing, is filed nowhere,
// and nobody hears of it if it cannot be delivered. The letter has its Message-ID and
// date.
func (q *Queue) Reply(tx *store.Tx, author *people.Person, to mail.Address, letter mail.Letter, now time.Time) error {
	head, body, err := mail.Compose(letter, q.random())
	if err != nil {
		return fmt.Errorf("reply of person %d: %w", author.ID, err)
	}
	staged := store.StageBytes(head, body)
	in := &intake{author: author, now: now, again: true, asIs: true, mute: true, staged: staged, head: staged.Head,
		size: staged.Size(), sum: staged.Sum[:], content: staged.Content}
	in.env.Recipients = []mail.Recipient{{Address: to, Notify: "NEVER"}}
	in.env.UTF8 = hasEightBit([]byte(to.String()))
	in.readers = []*people.Person{nil}
	in.readLater()
	in.facts = mail.FactsOf(mail.ParseHeader(in.head), in.content, mail.Address{})
	in.direct(Plan{Rule: RuleNow, Why: whyVacation, From: now})
	sub, err := q.submissionOf(in)
	if err != nil {
		return err
	}
	msg, err := q.putMessage(tx, in, sub)
	if err == nil {
		err = q.putSubmission(tx, in, msg, &sub)
	}
	if err == nil {
		_, err = q.putRecipients(tx, in, sub)
	}
	if err != nil {
		return fmt.Errorf("reply of person %d: %w", author.ID, err)
	}
	return nil
}
