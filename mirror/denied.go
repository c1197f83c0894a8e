package mirror

import (
	"errors"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/remote"
	"tidepost/store"
)

// One message that the provider would not have must not keep all others from the account:
// it is tried again a few times, then left out, and the person is told.

// A denial is how often an entry was refused, and when it is written again.
type denial struct {
	times int
	next  time.Time
}

const (
	denyAgain = 10 * time.Minute
	denyTimes = 3
)

// deny notes that the account would not have an entry. why is "" if err is about
// something else; final says that it is not tried again.
func (t *tender) deny(entry int64, err error) (why string, final bool) {
	switch {
	case errors.Is(err, remote.ErrTooLarge):
		delete(t.denied, entry)
		return "takes no mail of that size", true
	case !errors.Is(err, remote.ErrRefused):
		delete(t.denied, entry)
		return "", false
	}
	if t.denied == nil {
		t.denied = map[int64]denial{}
	}
	d := denial{t.denied[entry].times + 1, t.m.now().Add(denyAgain)}
	t.denied[entry] = d
	t.log.Warn("the provider refuses a message", "entry", entry, "times", d.times, "err", err)
	if d.times < denyTimes {
		return "refuses it", false
	}
	delete(t.denied, entry)
	return "refuses it", true
}

// later are the entries that are not written now.
func (t *tender) later() map[int64]bool {
	out := map[int64]bool{}
	for id, d := range t.denied {
		if t.m.now().Before(d.next) {
			out[id] = true
		}
	}
	return out
}

// tellDenied tells the person of mail that is not in their account. Letters of our own
// and what only shows mail that is elsewhere too are not worth it.
func (r *round) tellDenied(tx *store.Tx, k store.Kind, m store.Message, why string) error {
	h := mail.ParseHeader(m.Head)
	if made(k) || k == store.KindSent || h.Has(digest.LoopField) {
		return nil
	}
	f := mail.FactsOf(h, nil, mail.Address{})
	from := ""
	if len(f.From) > 0 {
		if from = f.From[0].Name; from == "" {
			from = f.From[0].Address.String()
		}
	}
	l := r.m.o.Inbox.Letters().AccountDenies(digest.Reader{Name: r.p.Name, Address: r.p.Address, Zone: r.p.Zone()},
		digest.About{Subject: f.Subject, MID: f.MessageID}, from, why)
	_, _, err := r.m.o.Inbox.Put(tx, r.p, store.KindInbox, l, r.m.now())
	return err
}
