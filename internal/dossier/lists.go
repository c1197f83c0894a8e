package dossier

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// page is how many rows one look at the database brings.
const page = 500

// A Schedule is one mail that waits to leave.
type Schedule struct {
	ID         int64       `json:"id"`
	MessageID  string      `json:"message_id"`
	Subject    string      `json:"subject"`
	Accepted   time.Time   `json:"accepted"`
	Urgent     bool        `json:"urgent,omitempty"`
	Frozen     bool        `json:"marked_as_deleted,omitempty"`
	Recipients []Recipient `json:"recipients"`
}

// A Recipient is one of a Schedule.
type Recipient struct {
	Address string      `json:"address"`
	State   store.State `json:"state"`
	Due     *time.Time  `json:"due,omitempty"`
	When    string      `json:"when,omitempty"` // on both clocks
	Why     string      `json:"why,omitempty"`
}

// waiting writes the mail that waits to leave: until when, and why. Its text is in the
// folder Scheduled.
func (w *writer) waiting(ctx context.Context) error {
	out := []Schedule{}
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Unsettled(w.Person.ID, -1)
		if err != nil {
			return err
		}
		for _, s := range list {
			found, err := w.Queue.Why(tx, s.ID, w.Now)
			if err != nil {
				return err
			}
			sc := Schedule{ID: s.ID, MessageID: s.MID, Subject: s.Subject, Accepted: s.Accepted, Urgent: s.Urgent, Frozen: s.Frozen}
			for _, x := range found {
				sc.Recipients = append(sc.Recipients, Recipient{x.Recipient.Address, x.Recipient.State, moment(x.Recipient.Due), x.When, x.Why})
			}
			out = append(out, sc)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.report.Waiting = len(out)
	return w.json("waiting.json", out)
}

// An Arrival is one message that waits for the next delivery.
type Arrival struct {
	MessageID string     `json:"message_id"`
	From      string     `json:"from"`
	Subject   string     `json:"subject"`
	Arrived   time.Time  `json:"arrived"`
	Due       *time.Time `json:"due,omitempty"`
	Folder    store.Kind `json:"folder"`
	Why       string     `json:"why"`
}

func (w *writer) nextDelivery(ctx context.Context) error {
	out := []Arrival{}
	err := pages(ctx, w.DB, func(tx *store.Tx, after int64) ([]store.WaitingRow, error) {
		return tx.WaitingMail(w.Person.ID, after, page)
	}, func(r store.WaitingRow) (int64, error) {
		h := mail.ParseHeader(r.Head)
		out = append(out, Arrival{r.MID, h.Text("From"), h.Text("Subject"), r.Arrived, moment(r.Due), r.Target, r.Reason})
		return r.ID, nil
	})
	if err != nil {
		return err
	}
	w.report.Delivery = len(out)
	return w.json("next-delivery.json", out)
}

// An Ask is one question that the person asked or is to answer.
type Ask struct {
	ID        int64           `json:"id"`
	MessageID string          `json:"message_id"`
	Subject   string          `json:"subject,omitempty"`
	Asker     string          `json:"asker"`
	Owner     string          `json:"owner,omitempty"`
	Text      string          `json:"text"`
	By        string          `json:"by_when,omitempty"` // in the words of its author
	Private   bool            `json:"private,omitempty"`
	Open      bool            `json:"open"`
	State     string          `json:"state,omitempty"`
	Due       *time.Time      `json:"due,omitempty"`
	Promises  json.RawMessage `json:"promises,omitempty"`
	Created   time.Time       `json:"created"`
	Changed   time.Time       `json:"changed"`
}

func (w *writer) asks(ctx context.Context) error {
	out := []Ask{}
	err := pages(ctx, w.DB, func(tx *store.Tx, after int64) ([]store.ClockedAsk, error) {
		return tx.AsksOfPerson(w.Person.ID, after, page)
	}, func(a store.ClockedAsk) (int64, error) {
		x := Ask{ID: a.ID, MessageID: a.MID, Subject: a.Subject, Asker: a.Asker, Owner: a.Owner, Text: a.Text, By: a.Said,
			Private: a.Private, Open: a.Open, State: a.Clock.State, Due: moment(a.Clock.Due), Created: a.Created, Changed: a.Changed}
		if p := string(a.Clock.Promises); p != "" && p != "[]" && p != "null" {
			x.Promises = a.Clock.Promises
		}
		out = append(out, x)
		return a.ID, nil
	})
	if err != nil {
		return err
	}
	w.report.Asks = len(out)
	return w.json("asks.json", out)
}

// A Decision is one that the person may see.
type Decision struct {
	Number    int                 `json:"number"`
	State     store.DecisionState `json:"state"`
	Made      store.DecisionMade  `json:"made"`
	Text      string              `json:"text,omitempty"` // "" once withdrawn
	MessageID string              `json:"message_id"`
	Public    bool                `json:"public"`
	TookPart  []string            `json:"took_part"`
	Filed     *time.Time          `json:"filed,omitempty"`
	Withdrawn *time.Time          `json:"withdrawn,omitempty"`
}

// maxDecisions is more than a team makes.
const maxDecisions = 1_000_000

func (w *writer) decisions(ctx context.Context) error {
	out := []Decision{}
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Decisions(store.DecisionView{Person: w.Person.ID}, maxDecisions)
		if err != nil {
			return err
		}
		for _, d := range list {
			x := Decision{Number: d.Number, State: d.State, Made: d.Made, Text: d.Sentence, MessageID: d.MID, Public: d.Public,
				Filed: moment(d.Filed), Withdrawn: moment(d.Settled), TookPart: []string{}}
			parts, err := tx.DecisionParts(d.ID)
			if err != nil {
				return err
			}
			for _, p := range parts {
				if !p.Hidden || p.PersonID == w.Person.ID || d.AuthorID == w.Person.ID { // Others are not told of a Bcc.
					x.TookPart = append(x.TookPart, p.Address)
				}
			}
			out = append(out, x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.report.Decisions = len(out)
	return w.json("decisions.json", out)
}

// A Line is one of the ledger.
type Line struct {
	ID         int64           `json:"id"`
	At         time.Time       `json:"at"`
	Kind       string          `json:"kind"`
	Submission int64           `json:"submission,omitempty"`
	Recipient  int64           `json:"recipient,omitempty"`
	Delivery   int64           `json:"delivery,omitempty"`
	Message    int64           `json:"message,omitempty"`
	Ask        int64           `json:"ask,omitempty"`
	State      string          `json:"state,omitempty"`
	Detail     json.RawMessage `json:"detail,omitempty"`
}

func (w *writer) ledger(ctx context.Context) error {
	return w.file("ledger.jsonl", func(out io.Writer) error {
		enc := json.NewEncoder(out)
		return pages(ctx, w.DB, func(tx *store.Tx, after int64) ([]store.Event, error) {
			return tx.EventsOfPerson(w.Person.ID, after, page)
		}, func(e store.Event) (int64, error) {
			l := Line{ID: e.ID, At: e.At, Kind: e.Kind, Submission: e.SubmissionID, Recipient: e.RecipientID, Delivery: e.DeliveryID,
				Message: e.MessageID, Ask: e.AskID, State: e.State}
			if raw, ok := e.Detail.(*json.RawMessage); ok && string(*raw) != "{}" {
				l.Detail = *raw
			}
			w.report.Ledger++
			return e.ID, enc.Encode(l)
		})
	})
}

// pages reads rows in pages, each in a short look at the database. take returns the id of
// a row.
func pages[T any](ctx context.Context, db *store.DB, read func(tx *store.Tx, after int64) ([]T, error), take func(T) (int64, error)) error {
	for after := int64(0); ; {
		var list []T
		err := db.View(ctx, func(tx *store.Tx) (err error) {
			list, err = read(tx, after)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, row := range list {
			if after, err = take(row); err != nil {
				return err
			}
		}
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
