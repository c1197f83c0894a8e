package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/remote"
	"tidepost/store"
)

// An ailment is a kind of trouble, in words.
type ailment struct {
	name string
	what string                                              // for the admin
	word func(w digest.Writer, to digest.Reader) mail.Letter // for the person; nil: nothing
	wait time.Duration                                       // before anybody is told
}

// ailmentOf names what is wrong.
func ailmentOf(err error) ailment {
	told := func(why, help string) func(digest.Writer, digest.Reader) mail.Letter {
		return func(w digest.Writer, to digest.Reader) mail.Letter { return w.AccountTrouble(to, why, help) }
	}
	var back *standsBack
	const admin = "Your administrator has been told."
	switch {
	case errors.Is(err, remote.ErrAuth), errors.Is(err, accounts.ErrRefused):
		return ailment{name: "auth", what: "the provider refuses the login", word: told("your provider refuses the login", "If you have changed your password there, give the new one to your administrator.")}
	case errors.As(err, &back):
		what := "another Tidepost tends it"
		if back.other.machine != "" {
			what += ", on " + back.other.machine
		}
		return ailment{name: "leased", what: what, word: nil}
	case errors.Is(err, remote.ErrFull):
		return ailment{name: "full", what: "the account is full", word: digest.Writer.AccountFull}
	case errors.Is(err, remote.ErrLost), errors.Is(err, remote.ErrTry):
		return ailment{name: "lost", what: "there is no connection to the provider", word: told("there is no connection to your provider", admin), wait: patience}
	}
	return ailment{name: "other", what: "tending it fails", word: told("something fails", admin), wait: patience}
}

// complain remembers trouble, and tells it once: the admin by Troubles, the person by a
// letter. The same trouble again within a day is not told again.
func (m *Mirror) complain(ctx context.Context, person int64, err error) {
	if err == nil {
		return
	}
	now := m.now()
	p, ok := m.o.People.ByID(person)
	if !ok {
		return
	}
	a := ailmentOf(err)
	m.mu.Lock()
	t, known := m.trouble[person]
	if !known {
		t = Trouble{Person: p, Since: now}
	}
	t.What, t.Serious = fmt.Sprintf("the account of %s: %s", p.Address, a.what), now.Sub(t.Since) >= a.wait
	m.trouble[person] = t
	m.mu.Unlock()
	m.o.Log.Warn("account cannot be tended", "person", person, "trouble", a.name, "err", err)
	if !t.Serious || a.word == nil {
		return
	}
	key := fmt.Sprintf("mirror.told.%d.%s", person, a.name)
	err = m.o.DB.Update(ctx, func(tx *store.Tx) error {
		last, err := tx.Meta(key)
		if err != nil {
			return err
		}
		if at, err := time.Parse(time.RFC3339, last); err == nil && now.Sub(at) < toldAgain {
			return nil
		}
		if err := tx.SetMeta(key, now.Format(time.RFC3339)); err != nil {
			return err
		}
		to := digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
		_, err = m.o.Inbox.PutAtWork(tx, p, a.word(m.o.Inbox.Letters(), to), now)
		return err
	})
	if err != nil && ctx.Err() == nil {
		m.o.Log.Error("tell of trouble with an account", "person", person, "err", err)
	}
}

// toldAgain is after how long the same trouble is worth another letter.
const toldAgain = 24 * time.Hour

// well: the account is tended again.
func (m *Mirror) well(_ context.Context, person int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.trouble[person]; ok && !strings.HasSuffix(t.What, "is full") {
		delete(m.trouble, person)
	} else if ok && m.now().Sub(t.Since) > fullAgain {
		delete(m.trouble, person)
	}
}
