package mirror

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tidepost/accounts"
	"tidepost/people"
	"tidepost/store"
)

// A trial: while a person's switches only run dry, their account is read and left as it
// is. No folder, no script, no flag, no move; new mail is judged, and the ledger says what
// would have become of it. Mail of colleagues comes to INBOX and a copy of what is sent to
// Sent, for both would be missing otherwise. Who goes live begins anew: what came in the
// trial is mail from before. An account that was live once is tended further, since its
// folders may hold mail that waits.

// trialMark begins the name of an account that is on trial.
const trialMark = "trial "

// errTried: the trial is over; the account is begun anew.
var errTried = errors.New("the trial is over")

func (m *Mirror) trying(p *people.Person) bool { return m.o.Trying != nil && m.o.Trying(p) }

// Live reports whether a person's account was tended other than on trial, so that there
// may be something of Tidepost's in it.
func (m *Mirror) Live(ctx context.Context, person int64) (live bool, err error) {
	err = m.o.DB.View(ctx, func(tx *store.Tx) error {
		known, err := tx.Mirror(person)
		live = err == nil && !strings.HasPrefix(known.Account, trialMark)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return live, err
}

// start sets an account up for being tended, or for its trial.
func (t *tender) start(ctx context.Context, a accounts.Account) error {
	account := a.User + "@" + a.Addr
	live, err := t.m.Live(ctx, t.id)
	if err != nil {
		return err
	}
	p, err := t.person(ctx)
	if err != nil {
		return err
	}
	if t.trial = !live && t.m.trying(p); t.trial {
		account = trialMark + account
	}
	return t.begin(ctx, account)
}

// allowed are those actions that a trial carries out: everything here, and there only that
// mail comes.
func (t *tender) allowed(actions []Action) []Action {
	if !t.trial {
		return actions
	}
	return slices.DeleteFunc(actions, func(a Action) bool {
		comes := a.Do == Append && (a.To == store.KindInbox || a.To == store.KindSent)
		return slices.Contains(stages(), a.Do) && !comes
	})
}
