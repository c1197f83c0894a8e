package story

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// send gives a letter to the right door: of the team by their login, of others as their
// server does.
func (w *world) send(l *letter) error {
	s, err := w.compose(l)
	if err != nil {
		return err
	}
	if s.past = l.past; s.past {
		if err := w.hosts[l.author.address].Put("Sent", s.raw, `\Seen`); err != nil {
			return err
		}
	}
	return w.submit(l.author, s, l.attempt)
}

func (w *world) submit(author *member, s *sent, attempt bool) error {
	code, err := w.transact(author, s)
	if err != nil {
		w.answer = err.Error()
		if attempt {
			return nil
		}
		return err
	}
	if code/100 != 2 && !attempt {
		return fmt.Errorf("the server answered %s (write \"tries to send\" if that is expected)", w.answer)
	}
	return nil
}

// transact sends octets and remembers the answer.
func (w *world) transact(author *member, s *sent) (int, error) {
	w.last, s.at = s.raw, time.Now()
	if author.outside || s.past {
		var here []string
		for _, r := range s.rcpts {
			if strings.HasSuffix(strings.ToLower(r), "@"+teamDomain) {
				here = append(here, r)
			}
		}
		if here = w.arrive(s.from, here, s.raw); len(here) == 0 {
			return 250, nil // Their server has others for that.
		}
		c, err := w.smtp(inboundDoor)
		if err != nil {
			return 0, err
		}
		code, err := c.transaction(s.from, s.envelop, here, s.raw)
		w.answer = c.said
		return code, err
	}
	c, err := w.submission(author)
	if err != nil {
		return 0, err
	}
	code, err := c.transaction(s.from, s.envelop, s.rcpts, s.raw)
	w.answer = c.said
	return code, err
}

// sendAgain sends the same octets again.
func (w *world) sendAgain(author *member, name string, attempt bool) error {
	s, ok := w.mails[name]
	if !ok {
		return fmt.Errorf("%q has not been sent yet", name)
	}
	return w.submit(author, s, attempt)
}

// draft puts a letter into a folder, as a mail program saves a draft.
func (w *world) draft(l *letter, folder string) error {
	s, err := w.compose(l)
	if err != nil {
		return err
	}
	c, err := w.imap(l.author)
	if err != nil {
		return err
	}
	defer c.close()
	_, said, err := c.command(`APPEND `+quoteIMAP(folder)+` (\Draft \Seen)`, s.raw)
	return w.did(said, err, l.attempt)
}

// did remembers the answer to a command that need not be obeyed.
func (w *world) did(said string, err error, attempt bool) error {
	if err != nil {
		return err
	}
	w.answer = said
	if !isOK(said) && !attempt {
		return errors.New("the server answered " + said + ` (write "tries to" if that is expected)`)
	}
	return nil
}
