package mirror

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/remote"
	"tidepost/store"
)

// Two Tideposts that tend one account would undo each other's work. Each leaves a letter
// in the account that says who it is and when it was here; who finds a fresh one of another
// stands back. What follows from the letters is said in leasejudge.go.

const (
	leaseFolder = root + "/About"
	leaseField  = "Tidepost-Tends"
	maxLeases   = 20
	maxLease    = 64 << 10
)

// errClaiming: a copy of this installation may tend the account; it is given time to say so.
var errClaiming = errors.New("waiting whether another copy of this Tidepost answers")

// A standsBack is why an account is not ours to tend.
type standsBack struct{ other lease }

func (e *standsBack) Error() string {
	if e.other.instance != "" && e.other.machine != "" {
		return "another Tidepost tends the account, on " + e.other.machine
	}
	return "another Tidepost tends the account"
}

// lease makes sure that the account is ours to tend. It looks when its time has come, and
// when the folder with the letters has changed.
func (t *tender) lease(ctx context.Context) error {
	now, about := t.m.now(), t.about
	switch {
	case t.trial:
		return nil
	case t.marked.IsZero() || now.Sub(t.marked) >= leaseRenew || now.Before(t.marked.Add(-leaseRenew)):
	case about.UIDValidity != 0 && about == t.leasedAt, about.UIDValidity == 0 && now.Sub(t.leased) < leaseLook:
		return nil // Nobody has written there.
	}
	who, err := t.installation(ctx)
	if err != nil {
		return err
	}
	if err := t.s.Create(ctx, leaseFolder); err != nil {
		return err
	}
	all, err := t.leases(ctx)
	if err != nil {
		return err
	}
	self := claimant{who: who, instance: t.m.instance, dead: t.m.ended()}
	v := judgeLease(all, self, now)
	if v.do == takeLease || v.do == renewLease {
		if err := t.take(ctx, self, v, now); err != nil {
			return err
		}
		t.marked = now
	}
	switch v.do {
	case claimLease:
		if err := t.mark(ctx, self, stateClaim, now); err != nil {
			return err
		}
		return errClaiming
	case waitLease:
		return errClaiming
	case standBack:
		t.log.Info("standing back", "from", v.other.machine, "copy", v.other.who == who)
		return errors.Join(&standsBack{v.other}, t.m.sure(ctx, t.id, v.other.who == who), t.s.Expunge(ctx, v.remove))
	case holdLease:
		t.marked = v.since
	}
	t.leased, t.leasedAt = now, about
	return t.m.sure(ctx, t.id, false)
}

// held is lease in the midst of long work: somebody who claims the account gets an
// answer in time. Whoever gives an account back asks nobody.
func (t *tender) held(ctx context.Context) (err error) {
	if t.leased.IsZero() || t.m.now().Sub(t.asked) < leaseAsk {
		return nil
	}
	if t.about, err = t.aboutNow(ctx); err != nil {
		return err
	}
	return t.lease(ctx)
}

// aboutNow is the state of the folder with the letters.
func (t *tender) aboutNow(ctx context.Context) (remote.Status, error) {
	st, err := t.s.Statuses(ctx, []string{leaseFolder})
	t.asked = t.m.now()
	return st[leaseFolder], err
}

// take writes our letter, in place of those that count no more. Who has come at the same
// time with an earlier one has the account.
func (t *tender) take(ctx context.Context, self claimant, v verdict, now time.Time) error {
	if v.do == takeLease {
		if err := t.s.Expunge(ctx, v.remove); err != nil {
			return err
		}
	}
	if err := t.mark(ctx, self, stateHolds, now); err != nil {
		if errors.Is(err, remote.ErrFull) {
			return nil // It is tended all the same; a full account must not stay so.
		}
		return err
	}
	if v.do == renewLease {
		return t.s.Expunge(ctx, v.remove)
	}
	again, err := t.leases(ctx)
	if err != nil {
		return err
	}
	if v := judgeLease(again, self, now); v.do == standBack {
		return errors.Join(&standsBack{v.other}, t.s.Expunge(ctx, v.remove))
	}
	return nil
}

// leases reads the letters, in the order in which they came.
func (t *tender) leases(ctx context.Context) ([]lease, error) {
	if _, err := t.s.Select(ctx, leaseFolder, 0); err != nil {
		return nil, err
	}
	var uids []remote.UID
	for m, err := range t.s.Since(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if m.Size > maxLease {
			continue
		}
		if uids = append(uids, m.UID); len(uids) > maxLeases {
			uids = uids[1:] // Ours is among the newest, whatever somebody puts there.
		}
	}
	var out []lease
	for _, uid := range uids {
		var head []byte
		err := t.s.Fetch(ctx, uid, maxLease, func(_ int64, r io.Reader) (err error) {
			head, err = io.ReadAll(r)
			return err
		})
		if errors.Is(err, remote.ErrNoMessage) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if l, ok := readLease(head); ok {
			l.uid = uid
			out = append(out, l)
		}
	}
	return out, nil
}

// readLease reads "<installation> <seconds> <instance> <state> <machine>". Letters of
// earlier versions end after the seconds.
func readLease(message []byte) (l lease, ok bool) {
	if i := bytes.Index(message, []byte("\r\n\r\n")); i >= 0 {
		message = message[:i+4]
	}
	for _, v := range mail.ParseHeader(message).All(leaseField) {
		f := strings.Fields(v)
		if len(f) < 2 {
			continue
		}
		sec, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue
		}
		l = lease{who: f[0], when: time.Unix(sec, 0)}
		if len(f) >= 5 {
			l.instance, l.state, l.machine = f[2], f[3], f[4]
		}
		return l, true
	}
	return l, false
}

// mark leaves a letter of ours.
func (t *tender) mark(ctx context.Context, self claimant, state string, now time.Time) error {
	p, err := t.person(ctx)
	if err != nil {
		return err
	}
	letter := t.m.o.Inbox.Letters().AccountMark(digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}, t.m.o.Host)
	letter.Date = now.In(p.Zone())
	if letter.MessageID, err = mail.NewMessageID(rand.Reader, p.Address.Domain); err != nil {
		return err
	}
	head, body, err := mail.Compose(letter, rand.Reader)
	if err != nil {
		return err
	}
	field, err := mail.FormatRawField(leaseField, fmt.Sprintf("%s %d %s %s %s", self.who, now.Unix(), self.instance, state, machine()))
	if err != nil {
		return err
	}
	text := slices.Concat(field, head, body)
	_, err = t.s.Append(ctx, leaseFolder, remote.Letter{Flags: []string{`\Seen`}, Date: now, MessageID: letter.MessageID,
		Size: int64(len(text)), Text: bytes.NewReader(text)})
	return err
}

const installationKey = "mirror.installation"

// installation is who we are: it lives with the database.
func (t *tender) installation(ctx context.Context) (id string, err error) {
	err = t.m.o.DB.View(ctx, func(tx *store.Tx) error {
		id, err = tx.Meta(installationKey)
		return err
	})
	if err != nil || id != "" {
		return id, err
	}
	err = t.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		if id, err = tx.Meta(installationKey); err != nil || id != "" {
			return err
		}
		var raw [16]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return err
		}
		id = hex.EncodeToString(raw[:])
		return tx.SetMeta(installationKey, id)
	})
	return id, err
}
