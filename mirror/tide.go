package mirror

import (
	"context"
	"errors"
	"slices"

	"tidepost/remote"
	"tidepost/store"
)

// gather prepares mail that comes together. What has to be written into INBOX, mail of
// colleagues and the digest, is put beside what waits in Next delivery first; then the next
// comparison moves all of it, so that it appears by one command and in order, and a
// telephone rings once. It returns what is left to do.
//
// It fails open: what the server does not take there does not keep the rest waiting.
func (r *round) gather(ctx context.Context, actions []Action) ([]Action, error) {
	var apart []Action
	coming := 0
	for _, a := range actions {
		switch {
		case a.Do == Append && a.To == store.KindInbox:
			coming++
			if !r.m.hard(a.Local.Entry) {
				apart = append(apart, a)
			}
		case tidal(a):
			coming++
		}
	}
	if len(apart) == 0 || coming < 2 {
		return actions, nil
	}
	done := map[int64]bool{}
	for _, a := range apart {
		entry := a.Local.Entry
		r.m.attempt(entry, true)
		a.To = store.KindNextDelivery
		err := r.append(ctx, a, nil)
		if errors.Is(err, remote.ErrLost) || ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			r.log.Info("mail comes by itself, not with the others", "entry", entry, "err", err)
			continue
		}
		r.m.attempt(entry, false)
		done[entry] = true
	}
	if len(done) == 0 {
		return actions, nil
	}
	return slices.DeleteFunc(actions, func(a Action) bool {
		return tidal(a) || a.Do == Append && done[a.Local.Entry]
	}), nil
}

// tidal: a delivery out of Next delivery.
func tidal(a Action) bool {
	return a.Do == MoveThere && a.To == store.KindInbox && stands(a) == store.KindNextDelivery
}

// attempt notes that an entry is being written beside others: one that ends the connection
// is written by itself the next time.
func (m *Mirror) attempt(entry int64, yes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if yes {
		m.tried[entry] = true
	} else {
		delete(m.tried, entry)
	}
}

func (m *Mirror) hard(entry int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tried[entry]
}
