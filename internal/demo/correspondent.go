package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
)

const (
	// answerAfter is how long Olga thinks.
	answerAfter = 15 * time.Second
	// maxUnanswered is how much mail she leaves lying about.
	maxUnanswered = 50
)

// A correspondent is Olga, who answers from outside. With each answer comes a second
// mail on another matter: the answer passes, because somebody waits for it, the other
// one waits for the tide.
type correspondent struct {
	world *world
	show  *screen
	mail  chan question
}

// A question is a mail that Olga got.
type question struct {
	at   time.Time
	head mail.Header
}

func newCorrespondent(w *world, show *screen) *correspondent {
	return &correspondent{world: w, show: show, mail: make(chan question, maxUnanswered)}
}

// take puts a mail on her desk, if it is for her and a person wrote it (RFC 3834 §2).
func (c *correspondent) take(m outgoing) {
	q := question{at: time.Now(), head: mail.ParseHeader(headOf(m.data))}
	if !reached([]outgoing{m}, olga) || m.from == "" || q.head.Has("Auto-Submitted") {
		return
	}
	select {
	case c.mail <- q:
	default: // Her desk is full.
	}
}

// run answers until ctx ends.
func (c *correspondent) run(ctx context.Context) error {
	for n := 1; ; n++ {
		var q question
		select {
		case <-ctx.Done():
			return nil
		case q = <-c.mail:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(q.at.Add(answerAfter))):
		}
		if err := c.answer(q, n); err != nil && ctx.Err() == nil {
			c.show.event(time.Now(), "Olga could not answer: %s", harmless(err.Error()))
		}
	}
}

func (c *correspondent) answer(q question, n int) error {
	to := q.head.Addresses("From")
	if len(to) != 1 {
		return nil
	}
	now := time.Now()
	reader := to[0].Address.String()
	who := &c.world.ana
	if strings.EqualFold(reader, c.world.mei.address) {
		who = &c.world.mei
	}
	id := func(what string) string { return fmt.Sprintf("%s-%d-%d@customer.example", what, now.Unix(), n) }
	reply := draft{from: "Olga Ivanova <" + olga + ">", to: reader, id: id("answer"), date: now,
		subject: "Re: " + trimReply(harmless(q.head.Text("Subject"))), text: "Thank you, that is fine with me.\n\nOlga"}
	if ids := q.head.MessageIDs("Message-ID"); len(ids) == 1 {
		reply.fields = []string{"In-Reply-To: <" + ids[0] + ">", "References: <" + ids[0] + ">"}
	}
	other := draft{from: reply.from, to: reader, id: id("news"), date: now,
		subject: fmt.Sprintf("News from the harbour, no. %d", n), text: "Nothing that cannot wait.\n\nOlga"}
	for _, d := range []draft{reply, other} {
		if err := c.world.arrives(olga, d, who); err != nil {
			return err
		}
	}
	return nil
}

// trimReply takes Re: off, and what would not fit into one line of ASCII.
func trimReply(subject string) string {
	if len(subject) > 3 && strings.EqualFold(subject[:3], "re:") {
		subject = strings.TrimSpace(subject[3:])
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, subject[:min(len(subject), 200)])
}
