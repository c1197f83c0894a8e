package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tidepost/config"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// EventLook is the kind of the ledger line that is written when an operator's command
// shows headers or addresses of one mail. Its detail says who.
const EventLook = "admin.look"

// Find returns the newest submission with an id as people copy it from somewhere: 42,
// q42, or a Message-ID with or without <>. store.ErrNotFound.
func Find(tx *store.Tx, id string) (store.Submission, error) {
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "q"), 10, 64); err == nil {
		return tx.Submission(n)
	}
	list, err := tx.SubmissionsByMID(TrimID(id))
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Submission{}, fmt.Errorf("submission %q: %w", id, err)
	}
	return list[len(list)-1], nil
}

// TrimID takes the <> off a Message-ID.
func TrimID(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
}

// Look writes into the ledger that an operator looked at somebody's mail.
func Look(tx *store.Tx, s store.Submission, command, by string, now time.Time) error {
	return tx.AddEvent(store.Event{At: now, Kind: EventLook, SubmissionID: s.ID, PersonID: s.AuthorID,
		Detail: map[string]string{"by": by, "command": command}})
}

// LookAtDelivery is Look for mail that came to somebody.
func LookAtDelivery(tx *store.Tx, d store.Delivery, command, by string, now time.Time) error {
	return tx.AddEvent(store.Event{At: now, Kind: EventLook, DeliveryID: d.ID, PersonID: d.PersonID,
		Detail: map[string]string{"by": by, "command": command}})
}

// The verbs of an Order.
const (
	DoRelease = "release" // let waiting mail leave now
	DoCancel  = "cancel"  // take it back
	DoOpen    = "open"    // have everything that waits for a tide appear now, without digests
)

// An Order is what an operator wants done to waiting mail, in the words of a command
// line: it goes over the control socket as JSON.
type Order struct {
	Do     string    `json:"do"`
	IDs    []string  `json:"ids,omitempty"`    // 42, q42 or a Message-ID; none: all that the rest says
	Author string    `json:"author,omitempty"` // an address of the team
	To     string    `json:"to,omitempty"`     // address or @domain
	Before time.Time `json:"before,omitzero"`  // due before
	DryRun bool      `json:"dry_run,omitempty"`
	By     string    `json:"by"`
}

// A Progress is told how many submissions of how many are done.
type Progress func(done, total int)

// Operate carries out an order: by the running server of the data directory, which then
// lets mail go at once, or without one. store.ErrNotFound, queue.ErrNothingWaits.
func Operate(ctx context.Context, cfg *config.Config, log *slog.Logger, o Order, now time.Time, progress Progress) (queue.Outcome, error) {
	out, err := ask(ctx, cfg.Server.Data, o, progress)
	if !errors.Is(err, ErrNotRunning) {
		return out, err
	}
	d, err := OpenDesk(cfg, log)
	if err != nil {
		return out, err
	}
	out, err = operate(ctx, d.gateway, o, now, progress)
	if err == nil && !o.DryRun {
		// A server that was started meanwhile, or one that does not know orders yet.
		err = errors.Join(d.Queue.RefreshTimetables(ctx, now), forgive(Kick(ctx, cfg.Server.Data)))
	}
	return out, errors.Join(err, d.Close())
}

// operate carries out an order in this process.
func operate(ctx context.Context, g *Gateway, o Order, now time.Time, progress Progress) (out queue.Outcome, err error) {
	db, dir, q := g.db, g.dir, g.queue
	if o.Do == DoOpen {
		out.Mails, err = g.inbox.OpenAll(ctx, now, progress)
		return out, err
	}
	order := queue.Order{DryRun: o.DryRun, By: o.By, Now: now, Progress: progress,
		Selected: store.Selection{To: o.To, Before: o.Before}}
	if o.Author != "" {
		p, err := personAt(dir, o.Author)
		if err != nil {
			return out, err
		}
		order.Selected.Author = p.ID
	}
	for _, id := range o.IDs {
		err := db.View(ctx, func(tx *store.Tx) error {
			s, err := Find(tx, id)
			order.Submissions = append(order.Submissions, s.ID)
			return err
		})
		if err != nil {
			return out, err
		}
	}
	switch o.Do {
	case DoRelease:
		return q.ReleaseNow(ctx, order)
	case DoCancel:
		return q.CancelFor(ctx, order)
	}
	return out, fmt.Errorf("an order %q is not known", o.Do)
}

// personAt finds whose address it is. store.ErrNotFound.
func personAt(dir *people.Directory, s string) (*people.Person, error) {
	at, err := mail.ParsePath(s, true)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address", s)
	}
	p, _, ok := dir.ByAddress(at)
	if !ok {
		return nil, fmt.Errorf("person %s: %w", s, store.ErrNotFound)
	}
	return p, nil
}
