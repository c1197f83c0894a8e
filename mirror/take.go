package mirror

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"tidepost/remote"
	"tidepost/store"
)

// One message that cannot be taken in, because the provider cannot read it or because it
// finds a fault in us, must not keep all others waiting: tried a few times, it goes to
// INBOX.

// A message is one of somebody's account.
type message struct {
	person int64
	kind   store.Kind
	uid    uint32
}

const (
	// takeTimes is how often a message is tried.
	takeTimes = 3
	// maxFailed bounds how many are remembered.
	maxFailed = 1000
)

// take takes in what came into the account, or what the person put into a control folder.
func (r *round) take(ctx context.Context, a Action) error {
	x := *a.Remote
	err := r.taken(ctx, a)
	if err == nil || ctx.Err() != nil || errors.Is(err, remote.ErrLost) {
		return err
	}
	if n := r.m.fails(message{r.id, x.Kind, x.UID}); n < takeTimes {
		return err
	}
	r.log.Error("a message cannot be taken in, and goes to INBOX", "mid", x.Key.MID, "times", takeTimes, "err", err)
	if a.Do == Receive {
		return r.m.o.DB.Update(ctx, func(tx *store.Tx) error { return r.openly(tx, x) })
	}
	return r.turnAway(ctx, a, nil, "It cannot be read")
}

// taken is one try.
func (r *round) taken(ctx context.Context, a Action) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("taking a message in panicked", "mid", a.Remote.Key.MID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("taking a message in panicked: %v", p)
		}
	}()
	if a.Do == Receive {
		return r.receive(ctx, *a.Remote)
	}
	return r.enter(ctx, a)
}

// fails counts a failure.
func (m *Mirror) fails(x message) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.failed) >= maxFailed {
		clear(m.failed)
	}
	if m.failed[x]++; m.failed[x] < takeTimes {
		return m.failed[x]
	}
	delete(m.failed, x)
	return takeTimes
}
