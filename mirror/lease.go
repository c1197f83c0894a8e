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
// stands back.

const (
	leaseFolder = root + "/About"
	leaseField  = "Tidepost-Tends"
	// leaseRenew is how old our letter gets, leaseOver when that of another counts no more,
	// and leaseLook how often we look where the server does not say whether anything is new.
	leaseRenew = 6 * time.Hour
	leaseOver  = 24 * time.Hour
	leaseLook  = 5 * time.Minute
	maxLeases  = 20
	maxLease   = 64 << 10
)

var errLeased = errors.New("another Tidepost tends the account")

// A lease is such a letter.
type lease struct {
	uid  remote.UID
	who  string
	when time.Time
}

// lease makes sure that the account is ours to tend. errLeased: it is another's.
func (t *tender) lease(ctx context.Context) error {
	now, about := t.m.now(), t.about
	switch {
	case t.trial:
		return nil
	case t.marked.IsZero() || now.Sub(t.marked) >= leaseRenew || now.Before(t.marked.Add(-leaseRenew)):
	case about.UIDValidity != 0 && about == t.leasedAt, about.UIDValidity == 0 && now.Sub(t.leased) < leaseLook:
		return nil // Nobody has written there.
	}
	self, err := t.installation(ctx)
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
	if theirs(all, self, now) {
		return errLeased
	}
	own := slices.IndexFunc(all, func(l lease) bool { return l.who == self && now.Sub(l.when) < leaseRenew })
	if own >= 0 {
		t.marked = all[own].when
	} else {
		if err := t.mark(ctx, self, now); err != nil && !errors.Is(err, remote.ErrFull) {
			return err
		}
		// Somebody may have come at the same time: the first letter has it.
		again, err := t.leases(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(again, func(l lease) bool { return l.who != self && now.Sub(l.when) < leaseOver })
		mine := slices.IndexFunc(again, func(l lease) bool { return l.who == self })
		if at >= 0 && at < mine {
			return errors.Join(errLeased, t.s.Expunge(ctx, mineOf(again, self, -1)))
		}
		if err := t.s.Expunge(ctx, mineOf(again, self, len(again)-1)); err != nil {
			return err
		}
		t.marked = now
	}
	t.leased, t.leasedAt = now, about
	return nil
}

// mineOf are our letters, but for the one at keep.
func mineOf(all []lease, self string, keep int) []remote.UID {
	var out []remote.UID
	for i, l := range all {
		if l.who == self && i != keep {
			out = append(out, l.uid)
		}
	}
	return out
}

// theirs reports whether somebody else was here lately.
func theirs(all []lease, self string, now time.Time) bool {
	return slices.ContainsFunc(all, func(l lease) bool { return l.who != self && now.Sub(l.when) < leaseOver })
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

// readLease reads "<installation> <seconds>".
func readLease(message []byte) (l lease, ok bool) {
	if i := bytes.Index(message, []byte("\r\n\r\n")); i >= 0 {
		message = message[:i+4]
	}
	for _, v := range mail.ParseHeader(message).All(leaseField) {
		who, at, _ := strings.Cut(strings.TrimSpace(v), " ")
		sec, err := strconv.ParseInt(strings.TrimSpace(at), 10, 64)
		if err == nil && who != "" {
			return lease{who: who, when: time.Unix(sec, 0)}, true
		}
	}
	return l, false
}

// mark leaves a letter of ours.
func (t *tender) mark(ctx context.Context, self string, now time.Time) error {
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
	field, err := mail.FormatRawField(leaseField, fmt.Sprintf("%s %d", self, now.Unix()))
	if err != nil {
		return err
	}
	text := slices.Concat(field, head, body)
	_, err = t.s.Append(ctx, leaseFolder, remote.Letter{Flags: []string{`\Seen`}, Date: now, MessageID: letter.MessageID,
		Size: int64(len(text)), Text: bytes.NewReader(text)})
	return err
}

// installation is who we are: it lives with the database.
func (t *tender) installation(ctx context.Context) (id string, err error) {
	const key = "mirror.installation"
	err = t.m.o.DB.View(ctx, func(tx *store.Tx) error {
		id, err = tx.Meta(key)
		return err
	})
	if err != nil || id != "" {
		return id, err
	}
	err = t.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		if id, err = tx.Meta(key); err != nil || id != "" {
			return err
		}
		var raw [16]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return err
		}
		id = hex.EncodeToString(raw[:])
		return tx.SetMeta(key, id)
	})
	return id, err
}
