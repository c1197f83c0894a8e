package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidepost/coach"
	"tidepost/policies"
	"tidepost/store"
)

// A DryRun is what the switches in dry run would have done in some time, and how the
// coach does where it is on. Nobody's name is in it: it says what a switch would do,
// not what people do.
type DryRun struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	Hold  Waits    `json:"hold"`  // recipients of outgoing mail
	Batch Waits    `json:"batch"` // incoming mails
	Coach []Advice `json:"coach"` // by policy and reason
}

// Waits are what would have waited, and how long.
type Waits struct {
	Looked int           `json:"looked"` // in dry run
	Would  int           `json:"would_wait"`
	Half   time.Duration `json:"half_wait_less_than"` // nanoseconds; the median of those that would have waited
	Most   time.Duration `json:"longest_wait"`

	all []time.Duration
}

// Advice is how often a policy in dry run would have spoken.
type Advice struct {
	Policy string `json:"policy"`
	Reason string `json:"reason"`
	Mails  int    `json:"mails"`
}

// eventPage is how many lines of the ledger one look reads.
const eventPage = 2000

// DryRun reads the ledger of some time.
func (d *Desk) DryRun(ctx context.Context, since, until time.Time) (DryRun, error) {
	return dryRun(ctx, d.DB, 0, since, until)
}

// dryRun is DryRun of one person; 0: of everybody.
func dryRun(ctx context.Context, db *store.DB, person int64, since, until time.Time) (DryRun, error) {
	r := DryRun{Since: since.UTC(), Until: until.UTC(), Coach: []Advice{}}
	advice := map[[2]string]int{}
	err := db.View(ctx, func(tx *store.Tx) error {
		first, err := tx.FirstEventSince(since)
		if err != nil || first == 0 {
			return err
		}
		for after := first - 1; ; {
			list, err := tx.EventsAfter(after, eventPage)
			if err != nil {
				return err
			}
			for _, e := range list {
				after = e.ID
				if e.At.After(until) {
					continue
				}
				if ok, err := mine(tx, person, e); err != nil {
					return err
				} else if ok {
					r.add(e, advice)
				}
			}
			if len(list) < eventPage || list[len(list)-1].At.After(until) {
				return nil
			}
		}
	})
	if err != nil {
		return r, fmt.Errorf("read the ledger: %w", err)
	}
	for key, n := range advice {
		r.Coach = append(r.Coach, Advice{key[0], key[1], n})
	}
	slices.SortFunc(r.Coach, func(a, b Advice) int {
		return cmp.Or(cmp.Compare(b.Mails, a.Mails), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Reason, b.Reason))
	})
	r.Hold.sum()
	r.Batch.sum()
	return r, nil
}

// add counts one line of the ledger.
func (r *DryRun) add(e store.Event, advice map[[2]string]int) {
	raw, ok := e.Detail.(*json.RawMessage)
	if !ok {
		return
	}
	var d struct {
		DryRun time.Time `json:"dry_run"`
		Policy string    `json:"policy"`
		Reason string    `json:"reason"`
		Would  *struct {
			Due time.Time `json:"due"`
		} `json:"would"`
	}
	switch e.Kind {
	case "held", "attempt", "filed", "coach-dry-run":
	default:
		return
	}
	if json.Unmarshal(*raw, &d) != nil {
		return
	}
	switch {
	case e.Kind == "coach-dry-run":
		advice[[2]string{d.Policy, d.Reason}]++
	case e.Kind == "filed" && d.Would != nil:
		r.Batch.add(d.Would.Due.Sub(e.At), !d.Would.Due.IsZero())
	case e.Kind != "filed" && !d.DryRun.IsZero():
		r.Hold.add(d.DryRun.Sub(e.At), true)
	}
}

// shortWait is what nobody calls waiting: the undo time.
const shortWait = time.Minute

func (w *Waits) add(d time.Duration, waits bool) {
	w.Looked++
	if waits && d > shortWait {
		w.Would++
		w.all = append(w.all, d)
	}
}

func (w *Waits) sum() {
	if len(w.all) == 0 {
		return
	}
	slices.Sort(w.all)
	w.Half, w.Most = w.all[len(w.all)/2], w.all[len(w.all)-1]
}

// A PolicyState is a policy of the coach and how it does for the team.
type PolicyState struct {
	Policy      string    `json:"policy"`
	Doc         string    `json:"doc"`
	Mode        string    `json:"mode"`                 // of the team
	Quiet       time.Time `json:"quiet_since,omitzero"` // it went to dry run by itself
	Judged      int       `json:"judged"`               // of its last advices, known to be right or wrong
	FalseAlarms int       `json:"false_alarms"`         // of those
}

// Policies says how each policy of the coach does.
func (d *Desk) Policies(ctx context.Context) ([]PolicyState, error) {
	var out []PolicyState
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		quiet, err := tx.QuietPolicies()
		if err != nil {
			return err
		}
		for _, p := range policies.Table() {
			if !p.Coach {
				continue
			}
			s := PolicyState{Policy: p.Name, Doc: p.Doc, Mode: d.policyMode(p.Name)}
			if s.Judged, s.FalseAlarms, err = tx.Judged(p.Name, coach.RateWindow); err != nil {
				return err
			}
			for _, q := range quiet {
				if q.Policy == p.Name {
					s.Quiet = q.Since
				}
			}
			out = append(out, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at policies: %w", err)
	}
	return out, nil
}

// policyMode is the team's: that of the policy, and never more than the switch above.
func (d *Desk) policyMode(name string) string {
	above, own := d.Config.Coach.Mode, d.Config.Coach.Policies[name]
	switch {
	case above == "off" || own == nil:
		return "off"
	case above == "dry-run" && *own == "on":
		return "dry-run"
	}
	return string(*own)
}

// WakePolicy ends the dry run that a policy went to by itself. It reports whether it
// was in one.
func (d *Desk) WakePolicy(ctx context.Context, name string, now time.Time) (was bool, err error) {
	err = d.Update(ctx, func(tx *store.Tx) (err error) {
		was, err = tx.WakePolicy(name, now)
		if err != nil || !was {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventPolicyWoken, Detail: map[string]any{"policy": name}})
	})
	return was, err
}

// EventPolicyWoken is the line of the ledger about a policy that speaks again.
const EventPolicyWoken = "policy-woken"
