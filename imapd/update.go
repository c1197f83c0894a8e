package imapd

import (
	"github.com/emersion/go-imap/v2/imapserver"
)

// Poll tells what happened since the last command (RFC 9051 §7). Trouble with the
// database keeps the news for the next time: the command itself has succeeded.
func (s *Session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tell(w, allowExpunge)
}

func (s *Session) tell(w updates, expunge bool) error {
	if s.view == nil {
		return nil
	}
	err := s.view.tell(s.ctx, w, expunge)
	if err != nil && s.view.dirty {
		s.log.Error("imap poll", "reason", err)
		return nil
	}
	return err
}

// Idle tells what happens until stop is closed. It tells first and waits then, and
// the subscription holds a signal that comes in between: whatever was committed
// before the wait ends it.
func (s *Session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if !s.beginIdle() {
		return nil
	}
	defer s.idlers.Done()
	for {
		signal, err := s.idleOnce(w, stop)
		if err != nil {
			// The library waits for DONE whatever happens here: end the connection.
			s.conn.Close()
			return s.answer("IDLE", err)
		}
		select {
		case <-stop:
			return nil
		case <-s.ctx.Done():
			return nil
		case <-signal:
			s.putBack()
		}
	}
}

// beginIdle counts an idler that Close must wait for; false if it is too late.
func (s *Session) beginIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.idlers.Add(1)
	return true
}

// idleOnce tells the news, unless IDLE has ended: the library may then run the next
// command already. It returns what signals the next news, nil if nothing can.
func (s *Session) idleOnce(w updates, stop <-chan struct{}) (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-stop:
		return nil, nil
	default:
	}
	if s.view == nil {
		return nil, nil
	}
	if err := s.tell(w, true); err != nil {
		return nil, err
	}
	return s.view.sub.C(), nil
}

// putBack notes a signal that was taken from the subscription by waiting for it.
func (s *Session) putBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view != nil {
		s.view.dirty = true
	}
}
