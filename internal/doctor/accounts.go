package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/accounts"
	"tidepost/internal/gateway"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/store"
)

const (
	// accountsAtOnce is how many accounts are logged in to at a time, and accountsTime how
	// long all of them may take: providers close the door to those that hurry.
	accountsAtOnce = 4
	accountsTime   = time.Minute
	// maxNamed is how many accounts are named; the others are counted.
	maxNamed = 10
)

// A knock is what came of one login.
type knock struct {
	of  accounts.Account
	err error // nil: it lets us in
	old bool  // nobody tried now: it is what the server said last
}

// accounts logs in to everybody's accounts elsewhere. One that refuses is not tried again,
// for that locks accounts; with Known nobody is.
func (v *visit) accounts(ctx context.Context) {
	const check = "accounts"
	if v.desk == nil {
		return
	}
	k := accounts.New(accounts.Options{DB: v.desk.DB, Box: secrets.Open(v.Config.Server.Data, rand.Reader)})
	all, err := k.All(ctx)
	if err != nil {
		v.fail(check, "Look into the log of the server.", "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, accountsTime)
	defer cancel()
	knocks := make([]knock, len(all))
	var g errgroup.Group
	g.SetLimit(accountsAtOnce)
	for i, a := range all {
		g.Go(func() error {
			knocks[i] = v.enter(ctx, k, a)
			return nil
		})
	}
	_ = g.Wait() // Every outcome is in knocks.
	v.sayKnocks(check, knocks)
}

func (v *visit) enter(ctx context.Context, k *accounts.Keeper, a accounts.Account) knock {
	switch {
	case a.State == store.AccountRefused:
		return knock{a, fmt.Errorf("it was refused last time, and not tried again: %s", a.Trouble), true}
	case v.Known || v.Offline:
		return knock{a, nil, true}
	case a.Side == accounts.IMAP:
		return knock{a, v.openMailbox(ctx, k, a), false}
	}
	res, err := gateway.CheckAccount(ctx, v.Config, k, a)
	if err == nil && !res.Delivered {
		err = errors.New(res.Reply.Text)
	}
	return knock{a, err, false}
}

// openMailbox logs in and out again.
func (v *visit) openMailbox(ctx context.Context, k *accounts.Keeper, a accounts.Account) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	cred, err := k.Login(ctx, a, "", v.Now())
	if err != nil {
		return err
	}
	target, err := v.target(a, cred)
	if err != nil {
		return err
	}
	s, err := remote.Dial(ctx, target)
	if err != nil {
		return err
	}
	return s.Close()
}

// sayKnocks says what came of all logins.
func (v *visit) sayKnocks(check string, all []knock) {
	bad, tried := 0, 0
	for _, n := range all {
		if !n.old {
			tried++
		}
		if n.err == nil {
			continue
		}
		if bad++; bad > maxNamed {
			continue
		}
		who := fmt.Sprintf("person %d", n.of.Person)
		if p, ok := v.desk.People.ByID(n.of.Person); ok {
			who = p.Address.String()
		}
		v.fail(check, fmt.Sprintf("\"tidepost doctor account %s\" says more.", who), "%s, %s at %s: %s", who, n.of.Side, n.of.Addr, said(n.err))
	}
	switch {
	case len(all) == 0:
	case bad > maxNamed:
		v.fail(check, "", "%d more", bad-maxNamed)
	case bad > 0:
	case tried == 0:
		v.ok(check, "%d, none of them refused the last login", len(all))
	default:
		v.ok(check, "%d log in", tried)
	}
}
