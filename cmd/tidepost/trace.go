package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/internal/gateway"
	"tidepost/scheduler"
	"tidepost/store"
)

// traceCmd prints a journey.
type traceCmd struct {
	ID string `arg:"" help:"42 or q42 (outgoing), d42 (incoming), or a Message-ID."`
}

// A journey is what the ledger says of one message.
type journey struct {
	ID        string `json:"id"` // q42 or d42
	MessageID string `json:"message_id,omitempty"`
	From      string `json:"from"`
	Zone      string `json:"zone"`
	Events    []step `json:"events"`
}

// A step is one line of the ledger.
type step struct {
	At     time.Time       `json:"at"`
	Event  string          `json:"event"`
	State  string          `json:"state,omitempty"`
	Who    string          `json:"who,omitempty"` // the recipient or reader it is about
	Detail json.RawMessage `json:"detail"`
}

// Run implements the command.
func (c *traceCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		var list []journey
		err := d.DB.View(context.Background(), func(tx *store.Tx) (err error) {
			list, err = journeys(tx, d, c.ID)
			return err
		})
		if err != nil {
			return err
		}
		return a.show(list, func(w io.Writer) {
			for i, j := range list {
				if i > 0 {
					fmt.Fprintln(w)
				}
				j.print(w)
			}
		})
	})
}

// journeys finds everything an id may mean. A Message-ID may be that of a submission
// and, sent again or received, of several.
func journeys(tx *store.Tx, d *gateway.Desk, id string) ([]journey, error) {
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "d"), 10, 64); err == nil && strings.HasPrefix(id, "d") {
		return incoming(tx, d, n)
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "q"), 10, 64); err == nil {
		return outgoing(tx, d, n)
	}
	var list []journey
	subs, err := tx.SubmissionsByMID(gateway.TrimID(id))
	if err != nil {
		return nil, err
	}
	for _, s := range subs {
		j, err := outgoing(tx, d, s.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, j...)
	}
	messages, err := tx.MessagesByMID(gateway.TrimID(id))
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		deliveries, err := tx.DeliveriesByMessage(m.ID)
		if err != nil {
			return nil, err
		}
		for _, del := range deliveries {
			if del.RecipientID != 0 && len(subs) > 0 {
				continue // It stands in the journey of its submission.
			}
			j, err := incoming(tx, d, del.ID)
			if err != nil {
				return nil, err
			}
			list = append(list, j...)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("message %q: %w", id, store.ErrNotFound)
	}
	return list, nil
}

// outgoing is the journey of a submission, through the inboxes it reached.
func outgoing(tx *store.Tx, d *gateway.Desk, id int64) ([]journey, error) {
	s, err := tx.Submission(id)
	if err != nil {
		return nil, err
	}
	j := journey{ID: fmt.Sprintf("q%d", s.ID), MessageID: s.MID, From: s.ReversePath, Zone: "UTC"}
	if p, ok := d.People.ByID(s.AuthorID); ok {
		j.From, j.Zone = p.Address.String(), p.Profile.Calendar.Zone
	}
	rcpts, err := tx.Recipients(id)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, r := range rcpts {
		names[r.ID] = r.Address
	}
	events, err := tx.EventsOfSubmission(id)
	if err != nil {
		return nil, err
	}
	return []journey{j.with(tx, d, events, names)}, nil
}

// incoming is the journey of a message that came for one person.
func incoming(tx *store.Tx, d *gateway.Desk, id int64) ([]journey, error) {
	del, err := tx.Delivery(id)
	if err != nil {
		return nil, err
	}
	m, err := tx.Message(del.MessageID)
	if err != nil {
		return nil, err
	}
	j := journey{ID: fmt.Sprintf("d%d", del.ID), MessageID: m.MID, From: del.ReversePath, Zone: "UTC"}
	if p, ok := d.People.ByID(del.PersonID); ok {
		j.Zone = p.Profile.Calendar.Zone
	}
	events, err := tx.EventsOfDelivery(id)
	if err != nil {
		return nil, err
	}
	return []journey{j.with(tx, d, events, nil)}, nil
}

// with adds lines of the ledger. A line about a recipient names the address, one about
// a delivery the person.
func (j journey) with(tx *store.Tx, d *gateway.Desk, events []store.Event, names map[int64]string) journey {
	j.Events = []step{}
	for _, e := range events {
		s := step{At: e.At, Event: e.Kind, State: e.State, Who: names[e.RecipientID], Detail: json.RawMessage(`{}`)}
		if raw, ok := e.Detail.(*json.RawMessage); ok && len(*raw) > 0 {
			s.Detail = *raw
		}
		if s.Who == "" && e.DeliveryID != 0 {
			if del, err := tx.Delivery(e.DeliveryID); err == nil {
				if p, ok := d.People.ByID(del.PersonID); ok {
					s.Who = p.Address.String()
				}
			} else if !errors.Is(err, store.ErrNotFound) {
				s.Who = fmt.Sprintf("d%d", e.DeliveryID)
			}
		}
		j.Events = append(j.Events, s)
	}
	return j
}

// print is the journey for people, on the clock of UTC and of its author.
func (j journey) print(w io.Writer) {
	zone := location(j.Zone)
	from := j.From
	if from == "" {
		from = "<>"
	}
	fmt.Fprintf(w, "%s  <%s>  from %s\n", j.ID, tameText(j.MessageID), from)
	rows := [][]string{{"UTC", j.Zone, "EVENT", "STATE", "WHO", ""}}
	for _, s := range j.Events {
		rows = append(rows, []string{s.At.UTC().Format("2006-01-02 15:04:05"), s.At.In(zone).Format("Mon 15:04:05"),
			s.Event, s.State, s.Who, s.detail()})
	}
	table(w, rows)
}

func location(name string) *time.Location {
	zone, err := scheduler.LoadZone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// detail is the detail of a line as words: key=value, in the order of the keys.
func (s step) detail() string {
	var m map[string]any
	if json.Unmarshal(s.Detail, &m) != nil {
		return tameText(string(s.Detail))
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if m[key] == nil || m[key] == "" {
			continue
		}
		text := tameText(fmt.Sprint(m[key]))
		if n, ok := m[key].(float64); ok {
			text = strconv.FormatFloat(n, 'f', -1, 64)
		}
		if strings.ContainsAny(text, " =") {
			text = strconv.Quote(text)
		}
		out = append(out, key+"="+text)
	}
	return strings.Join(out, " ")
}
