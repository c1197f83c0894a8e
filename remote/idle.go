package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Change is what happened in the selected folder, and whether something did in those
// that are watched.
type Change struct {
	New   bool // messages came
	Gone  bool // messages vanished
	Flags bool // flags changed
	Other bool // something changed in a folder that is watched
}

// Any says whether anything happened.
func (c Change) Any() bool { return c.New || c.Gone || c.Flags || c.Other }

// The times of waiting.
const (
	// renewTime: RFC 2177 §3 wants a new IDLE every 29 minutes; routers between forget
	// sooner, and a renewal is how a dead peer is noticed.
	renewTime = 9 * time.Minute
	pollTime  = 5 * time.Second
	// settleTime is waited behind the first news for more of it: a batch is one wake-up.
	settleTime = 50 * time.Millisecond
)

// Idle waits until something happens in the selected folder or a watched one, or until ctx ends; then the
// error is ctx's, and the session goes on. It returns at once if something happened since
// the folder was selected or Idle returned last; so the caller looks, and idles again. A
// change may turn out to be none. Where the server has no IDLE, it is asked every Poll.
// Errors: ErrLost, also if the server does not answer a renewal (every 9 minutes).
//
// What the session's own Store, Move and Expunge did is no news.
func (s *Session) Idle(ctx context.Context) (Change, error) {
	if s.lost != nil {
		return Change{}, s.lost
	}
	if s.selected == nil {
		return Change{}, errNotSelected
	}
	for !s.news.Any() {
		if err := ctx.Err(); err != nil {
			return Change{}, err
		}
		var err error
		if s.caps.Idle {
			err = s.idle(ctx)
		} else {
			err = s.poll(ctx)
		}
		if err != nil {
			return Change{}, err
		}
	}
	news := s.news
	s.news = Change{}
	return news, nil
}

// poll asks after a while.
func (s *Session) poll(ctx context.Context) error {
	pause := s.account.Poll
	if pause <= 0 {
		pause = pollTime
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil // Idle says it.
	case <-timer.C:
	}
	// The command itself is not to be cut by the end of the waiting.
	return s.run(context.WithoutCancel(ctx), "NOOP", nil)
}

// idle is one IDLE: from its beginning to news, renewal or the end of ctx.
func (s *Session) idle(ctx context.Context) error {
	s.tags++
	tag := "t" + strconv.Itoa(s.tags)
	if err := s.deadline(ctx, time.Now().Add(answerTime)); err != nil {
		return err
	}
	if err := s.write(tag + " IDLE\r\n"); err != nil {
		return s.gone(context.Background(), err)
	}
	done, err := s.begun(tag)
	if err != nil || done {
		return err
	}
	if err := s.wait(ctx); err != nil {
		return err
	}
	if err := s.deadline(context.Background(), time.Now().Add(answerTime)); err != nil {
		return err
	}
	if err := s.write("DONE\r\n"); err != nil {
		return s.gone(context.Background(), err)
	}
	return s.ended(tag)
}

// begun reads to the server's consent; done says that it ended the command instead.
func (s *Session) begun(tag string) (done bool, err error) {
	bg := context.Background()
	for range maxResponses {
		r, err := s.w.response(nil)
		if err != nil {
			return false, s.gone(bg, err)
		}
		switch r.tag {
		case "+":
			return false, nil
		case "*":
			if err := s.untagged(bg, r, exchange{}); err != nil {
				return false, err
			}
		case tag:
			s.caps.Idle = false // It refuses: ask instead.
			return true, s.tagged(&response{kind: "OK"}, exchange{})
		default:
			return false, s.gone(bg, fmt.Errorf("%w: an answer to %q", errSyntax, clean(r.tag)))
		}
	}
	return false, s.gone(bg, fmt.Errorf("%w: no end of responses", errSyntax))
}

// wait reads what the server tells until there is news, the renewal is due, or ctx ends.
// Only whole responses are read: the wait itself takes no octet, so that it can end
// anywhere.
func (s *Session) wait(ctx context.Context) error {
	bg := context.Background()
	end := time.Now().Add(renewTime)
	for range maxResponses {
		// Also news that came before the server's consent ends the waiting.
		if settle := time.Now().Add(settleTime); s.news.Any() && settle.Before(end) {
			end = settle
		}
		if err := s.conn.SetDeadline(end); err != nil {
			return s.gone(bg, err)
		}
		fired := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			_ = s.conn.SetReadDeadline(time.Unix(1, 0)) // A connection that cannot is closed: peek sees it.
			close(fired)
		})
		_, err := s.w.peek()
		if !stop() {
			<-fired // Else it would set its deadline behind the next one of ours.
		}
		if timeout(err) {
			return nil
		}
		if err != nil {
			return s.gone(bg, err)
		}
		if err := s.deadline(bg, time.Now().Add(answerTime)); err != nil {
			return err
		}
		r, err := s.w.response(nil)
		if err != nil {
			return s.gone(bg, err)
		}
		if r.tag != "*" {
			return s.gone(bg, fmt.Errorf("%w: %q during IDLE", errSyntax, clean(r.tag)))
		}
		if err := s.untagged(bg, r, exchange{}); err != nil {
			return err
		}
	}
	return s.gone(bg, fmt.Errorf("%w: no end of responses", errSyntax))
}

// ended reads to the end of IDLE.
func (s *Session) ended(tag string) error {
	bg := context.Background()
	for range maxResponses {
		r, err := s.w.response(nil)
		if err != nil {
			if timeout(err) {
				err = errors.New("the server does not answer any more")
			}
			return s.gone(bg, err)
		}
		switch r.tag {
		case "*":
			if err := s.untagged(bg, r, exchange{}); err != nil {
				return err
			}
		case tag:
			return s.tagged(r, exchange{})
		default:
			return s.gone(bg, fmt.Errorf("%w: an answer to %q", errSyntax, clean(r.tag)))
		}
	}
	return s.gone(bg, fmt.Errorf("%w: no end of responses", errSyntax))
}
