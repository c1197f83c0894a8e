package clocks

import (
	"encoding/json"
	"fmt"
	"time"

	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

// A moment is a time of an ask or a promise as stored: a day of its owner, or an
// instant.
type moment struct {
	Date string    `json:"date,omitempty"`
	Time time.Time `json:"time,omitzero"`
	Made time.Time `json:"made,omitzero"`
}

func momentOf(d scheduler.Date, t, made time.Time) moment {
	m := moment{Time: utc(t), Made: utc(made)}
	if !d.IsZero() {
		m.Date = d.String()
	}
	return m
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func (m moment) date() scheduler.Date {
	d, err := scheduler.ParseDate(m.Date)
	if err != nil { // None, or one that cannot be read.
		return scheduler.Date{}
	}
	return d
}

// itemOf reads a stored ask. What cannot be read of its clock is nothing special: an ask
// must not keep the mail of its thread.
func itemOf(row store.ClockedAsk) Item {
	c := row.Clock
	i := Item{Ask: row.Ask, Reason: threading.ClockReason(c.Reason), Late: c.Late, turn: c.Turn}
	if c.State == "" {
		return i
	}
	i.Clock = threading.Clock{State: threading.State(c.State), Owner: row.Owner, Started: c.Started, Due: c.Due, Wake: c.Wake, Since: c.Since}
	if json.Unmarshal(c.Target, &i.Clock.Target) != nil {
		i.Clock.Target = threading.DefaultTargets().Of(threading.Class(row.Class))
	}
	var stated moment
	if json.Unmarshal(c.Stated, &stated) == nil {
		i.Clock.Stated = threading.Wanted{Date: stated.date(), Time: stated.Time}
	}
	var promises []moment
	if json.Unmarshal(c.Promises, &promises) == nil {
		for _, m := range promises {
			i.Clock.Promises = append(i.Clock.Promises, scheduler.Promise{Made: m.Made, Date: m.date(), Time: m.Time})
		}
	}
	return i
}

// itemsOf reads stored asks.
func itemsOf(rows []store.ClockedAsk, err error) ([]Item, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Item, 0, len(rows))
	for _, row := range rows {
		out = append(out, itemOf(row))
	}
	return out, nil
}

// row is the stored form.
func (i Item) row() (store.ClockedAsk, error) {
	out := store.ClockedAsk{Ask: i.Ask}
	c := i.Clock
	if c.State == "" {
		return out, nil
	}
	promises := []moment{}
	for _, p := range c.Promises {
		promises = append(promises, momentOf(p.Date, p.Time, p.Made))
	}
	out.Clock = store.Clock{State: string(c.State), Started: c.Started, Due: c.Due, Wake: c.Wake, Since: c.Since,
		Reason: string(i.Reason), Late: i.Late, Turn: i.turn}
	var err error
	for _, f := range []struct {
		into *json.RawMessage
		from any
	}{{&out.Clock.Target, c.Target}, {&out.Clock.Stated, momentOf(c.Stated.Date, c.Stated.Time, time.Time{})}, {&out.Clock.Promises, promises}} {
		if *f.into, err = json.Marshal(f.from); err != nil {
			return out, fmt.Errorf("write clock of ask %d: %w", i.Ask.ID, err)
		}
	}
	return out, nil
}
