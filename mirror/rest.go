package mirror

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tidepost/remote"
	"tidepost/store"
)

// How an account is watched between two rounds. One folder is selected and waited for; the
// others are told of by the server (RFC 5465), or looked at: the numbers of all of them in
// one command, which costs some hundred octets and nothing else if none has changed.
const (
	// watchedLook is how often folders are looked at that the server tells of: it may be
	// wrong.
	watchedLook = 2 * time.Minute
	// anyway is how often a round is played without any reason: for folders that were
	// made, and for whatever nobody thought of.
	anyway = 10 * time.Minute
	// quiet is how long nothing has happened in an account that is looked at half as often.
	quiet = 3 * time.Minute
	// breath is between two looks at the most, whatever the server tells.
	breath = time.Second
)

// A watch is what is remembered of an account at rest.
type watch struct {
	seen   map[string]remote.Status // the folders, when both sides agreed
	at     time.Time                // then
	happen time.Time                // when anything happened last
	rested remote.Mailbox           // the selected folder, when it was last selected to wait
}

// rest waits until there is reason for a round: the account has news, the store has
// changed, somebody knocks, or it is time.
func (t *tender) rest(ctx context.Context, sub *store.Subscription, kick <-chan struct{}) error {
	select { // What changed meanwhile.
	case <-sub.C():
		return ctx.Err()
	default:
	}
	told, err := t.s.Watch(ctx, t.watched())
	if err != nil {
		return err
	}
	now := t.m.now()
	if now.Sub(t.full) > fullAgain {
		t.full = time.Time{} // It took what it was sent.
	}
	t.watch.seen, t.watch.at = t.statuses(), now
	for {
		k := t.waitsIn(told)
		if news, err := t.open(ctx, k); err != nil || news {
			return err
		}
		change, due, err := t.wait(ctx, sub, kick, t.pause(told))
		if change.New || change.Gone || change.Flags {
			delete(t.cache, k)
			due = true
		}
		if due {
			t.watch.happen = t.m.now()
		}
		if err != nil || due || t.roundDue() {
			return err
		}
		same, err := t.unchanged(ctx)
		if err != nil || !same {
			t.watch.happen = t.m.now()
			return err
		}
		if change.Other && !sleep(ctx, breath) { // Mostly our own doing.
			return ctx.Err()
		}
	}
}

// waitsIn is the folder that is waited for: where new mail comes. The server tells of the
// others, or new mail is filed into Next delivery by the script, and what passes has to be
// back in INBOX soon.
func (t *tender) waitsIn(told bool) store.Kind {
	if next := t.boxes[store.KindNextDelivery]; !told && next != nil && next.there && t.m.gateOf(t.id).open {
		return store.KindNextDelivery
	}
	return store.KindInbox
}

// open selects the folder that is waited for. News: it is not as it was read.
func (t *tender) open(ctx context.Context, k store.Kind) (news bool, err error) {
	f := t.boxes[k]
	if is, ok := t.s.Selected(); ok && is.Name == f.Name {
		return false, nil
	}
	box, err := t.s.Select(ctx, f.Name, 0)
	if err != nil {
		return false, err
	}
	st := f.status
	changed := box.Exists != st.Messages || box.UIDNext != 0 && box.UIDNext != st.UIDNext ||
		box.HighestModSeq != 0 && st.HighestModSeq != 0 && box.HighestModSeq != st.HighestModSeq
	was := t.watch.rested
	t.watch.rested = box
	if !changed || was.Exists == box.Exists && was.UIDNext == box.UIDNext && was.HighestModSeq == box.HighestModSeq && was.Name == box.Name {
		return false, nil // Some servers do not tell the same in both answers.
	}
	delete(t.cache, k)
	return true, nil
}

// wait waits for at most pause. Due: the store has changed, or somebody knocked.
func (t *tender) wait(ctx context.Context, sub *store.Subscription, kick <-chan struct{}, pause time.Duration) (change remote.Change, due bool, err error) {
	idle, stop := context.WithTimeout(ctx, pause)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-idle.Done():
			return
		case <-sub.C():
		case <-kick:
		}
		due = true
		stop()
	}()
	change, err = t.s.Idle(idle)
	over := idle.Err() != nil
	stop()
	<-ended
	if err != nil && over && !errors.Is(err, remote.ErrLost) {
		err = nil
	}
	if err == nil {
		err = ctx.Err()
	}
	return change, due, err
}

// pause is how long is waited before the folders are looked at.
func (t *tender) pause(told bool) time.Duration {
	switch {
	case !t.again.IsZero():
		return max(t.again.Sub(t.m.now()), breath)
	case told:
		return watchedLook
	case t.m.now().Sub(t.watch.happen) > quiet:
		return 2 * t.m.o.Look
	}
	return t.m.o.Look
}

// roundDue reports whether it is time for a round without any news.
func (t *tender) roundDue() bool {
	since := t.m.now().Sub(t.watch.at)
	if !t.again.IsZero() && !t.m.now().Before(t.again) {
		return true
	}
	if !t.past.IsZero() && !t.m.now().Before(t.past) && since > breath {
		return true
	}
	for name, st := range t.watch.seen {
		// Without CONDSTORE the numbers do not tell of flags.
		if st.HighestModSeq == 0 && st.Messages > 0 && name != leaseFolder && since >= 4*t.m.o.Look {
			return true
		}
	}
	if t.m.gateOf(t.id).due(t.m.now()) && since > breath {
		return true
	}
	return since >= anyway || since >= fullAgain/2 && (!t.full.IsZero() || len(t.denied) > 0)
}

// watched are the folders whose changes matter, in the order of their names.
func (t *tender) watched() []string {
	names := slices.Collect(maps.Keys(t.statuses()))
	slices.Sort(names)
	return names
}

// statuses are the folders as they were read last, with the one of the lease.
func (t *tender) statuses() map[string]remote.Status {
	out := map[string]remote.Status{}
	if t.about.UIDValidity != 0 {
		out[leaseFolder] = t.about
	}
	for _, f := range t.boxes {
		if f.there {
			out[f.Name] = f.status
		}
	}
	return out
}

// unchanged asks whether the folders are as they were.
func (t *tender) unchanged(ctx context.Context) (bool, error) {
	st, err := t.s.Statuses(ctx, slices.Sorted(maps.Keys(t.watch.seen)))
	if err != nil {
		return false, err
	}
	t.about = st[leaseFolder]
	return maps.Equal(st, t.watch.seen), nil
}
