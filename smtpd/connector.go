package smtpd

import (
	"io"
	"time"
)

// fromProvider reports whether the peer is the provider.
func (s *session) fromProvider() bool {
	c := s.server.opts.Connector
	if c == nil {
		return false
	}
	if state, ok := s.conn.ConnectionState(); ok {
		return c.Allows(s.ip, &state)
	}
	return c.Allows(s.ip, nil)
}

// handOver takes a message from the provider that one of our people sends.
func (s *session) handOver(r io.Reader, whole *time.Time) error {
	staged, err := s.stage(r)
	*whole = now()
	if err != nil {
		return err
	}
	defer s.discard(staged)
	if err := s.server.opts.Connector.Take(s.server.ctx, s.env, staged, s.peer(), *whole); err != nil {
		return err
	}
	s.log().Info("handed over", "from", s.env.From.String(), "rcpts", len(s.env.Recipients), "size", staged.Size())
	return nil
}
