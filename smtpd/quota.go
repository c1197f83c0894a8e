package smtpd

import (
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"tidepost/mail"
	"tidepost/store"
)

// full is what is said of a mailbox without room. The sender's server keeps the mail and
// tries again for days (RFC 3463 §3.3, X.2.2).
func full() *mail.Reply {
	return &mail.Reply{Code: 452, Enhanced: [3]int{4, 2, 2}, Text: "The mailbox is full, please try again later"}
}

// fits refuses a recipient who cannot keep a message of size octets more. Mail of
// colleagues always fits.
func (s *session) fits(a mail.Address, size int64) error {
	p, _, ok := s.server.doors.Directory.ByAddress(a)
	if s.person != nil {
		return nil
	}
	if !ok {
		return s.fitsSome(a, size)
	}
	room, err := s.server.doors.Inbox.Room(s.server.ctx, p, size, now())
	if err == nil && !room {
		return full()
	}
	return err
}

// fitsSome is fits for a group or a role: as long as one of its people can keep the message
// all of them get it. One full mailbox must not keep mail from the others.
func (s *session) fitsSome(a mail.Address, size int64) error {
	g, _, ok := s.server.doors.Directory.GroupByAddress(a)
	if !ok || len(g.People) == 0 {
		return nil
	}
	for _, p := range g.People {
		room, err := s.server.doors.Inbox.Room(s.server.ctx, p, size, now())
		if err != nil || room {
			return err
		}
	}
	return full()
}

// LMTPData implements smtp.LMTPSession: each recipient has an answer of their own (RFC
// 2033 §4.2). All who have room for it share one transaction.
func (s *session) LMTPData(_ io.Reader, status smtp.StatusCollector) error {
	staged, err := s.stage(s.conn.Body())
	whole := now()
	if err != nil {
		err = s.reply("receive", err)
		s.count(err, whole)
		return err
	}
	refused := map[string]error{}
	kept := s.env.Recipients[:0:0]
	for i, r := range s.env.Recipients {
		if err := s.fits(r.Address, staged.Size()); err != nil {
			refused[s.paths[i]] = s.reply("refuse recipient", err)
			continue
		}
		kept = append(kept, r)
	}
	env := s.env
	env.Recipients = kept
	err = s.reply("receive", s.file(env, staged, whole))
	s.count(err, whole)
	for _, path := range s.paths {
		if why, ok := refused[path]; ok {
			status.SetStatus(path, why)
		} else {
			status.SetStatus(path, err)
		}
	}
	return nil
}

// file gives a staged message to the inbox.
func (s *session) file(env mail.Envelope, staged *store.Staged, at time.Time) error {
	defer s.discard(staged)
	if len(env.Recipients) == 0 {
		return nil
	}
	if err := s.server.doors.Inbox.Receive(s.server.ctx, env, staged, s.peer(), at); err != nil {
		return err
	}
	s.log().Info("received", "from", env.From.String(), "rcpts", len(env.Recipients), "size", staged.Size())
	return nil
}
