package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Express mail leaves as it is accepted. What its 250 promises is one row of the table
// express (Launch), and one row of landed when every recipient has it (Land): two
// appends instead of some thirty b-trees for each. The rows of the ordinary tables are
// written behind, many mails at a time, when its fate is known already (unpack.go).
//
// Nobody has to know: a transaction of Update finds everything in the ordinary tables,
// mail that is on its way as recipients that are being sent. So does whoever opens the
// database. A View may be a moment behind.

// An Express is mail for Launch. Its recipients are being sent.
type Express struct {
	Submission Submission // ID is given by Launch, MessageID later
	Thread     string     // topic of the thread that it begins
	Ref        Ref        // Rank and Told; the rest follows
	Head       []byte     // as submitted
	Body       []byte
	Sum        [sha256.Size]byte // of Body
	// Render writes the head it leaves with. It runs in the writer, perhaps twice, and
	// must be quick. Launch puts the outcome into Rendition.
	Render     func(submission int64) []byte
	Rendition  []byte
	Recipients []Recipient // State is Sending; IDs are given later
	Accepted   Event       // the line of the submission
	Attempts   []Event     // the line of each recipient
	Keep       time.Duration

	record  []byte
	landing *Landing // set once it is on the disk
	octets  int      // of Body, which is forgotten then
}

// A Landing says that every recipient of an Express was delivered.
type Landing struct {
	At     time.Time
	Kind   string // of the ledger's lines
	Fates  []Fate // of the recipients, in their order
	record []byte
}

// A Fate is what the other server said about a recipient.
type Fate struct {
	Reply  string          `json:"reply"`
	Remote string          `json:"remote"`
	Detail json.RawMessage `json:"detail"` // of the ledger's line
}

// ErrKnown is returned by Launch for a Message-ID that was seen before, and for mail that
// may be what later answers without references belong to: what that means is decided in
// an ordinary transaction.
var ErrKnown = errors.New("message id is known")

// ErrUnpacked is returned by Land if the mail stands in the ordinary tables already.
var ErrUnpacked = errors.New("unpacked already")

// Launch promises a mail: once it returns nil, x is on the disk with its id.
func (db *DB) Launch(ctx context.Context, x *Express) error {
	var err error
	if x.record, err = encodeExpress(x); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	return db.await(&job{ctx: ctx, launch: x, done: make(chan error, 1)})
}

// Land writes that a launched mail has reached everybody. Once it returns nil, it is on
// the disk.
func (db *DB) Land(ctx context.Context, x *Express, l *Landing) error {
	b := record(nil).time("at", l.At).text("kind", l.Kind)
	b = append(b, `,"fates":[`...)
	for i, f := range l.Fates {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, record(nil).text("reply", f.Reply).text("remote", f.Remote).raw("detail", f.Detail)...), '}')
	}
	l.record = append(b, `]}`...)
	return db.await(&job{ctx: ctx, launch: x, landing: l, done: make(chan error, 1)})
}

// Unpack returns once all express mail stands in the ordinary tables: what a View then
// sees is whole.
func (db *DB) Unpack(ctx context.Context) error {
	return db.Update(ctx, func(*Tx) error { return nil })
}

// A landedRecord is what the column landed.record holds.
type landedRecord struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Fates []Fate    `json:"fates"`
}

// An expressRecord is what the column express.record holds: all that is neither head
// nor body.
type expressRecord struct {
	Author     int64           `json:"author"`
	Path       string          `json:"path"`
	EnvID      string          `json:"env_id,omitempty"`
	Ret        string          `json:"ret,omitempty"`
	UTF8       bool            `json:"utf8,omitempty"`
	MID        string          `json:"mid"`
	Digest     []byte          `json:"digest"`
	Subject    string          `json:"subject"`
	Plan       json.RawMessage `json:"plan,omitempty"`
	At         time.Time       `json:"at"`
	Thread     string          `json:"thread"`
	Rank       int             `json:"rank,omitempty"`
	Base       string          `json:"base,omitempty"` // of what was told, and the next two
	Written    time.Time       `json:"written,omitzero"`
	People     *toldPeople     `json:"people,omitempty"`
	Sum        []byte          `json:"sum"`
	Keep       time.Duration   `json:"keep"`
	Accepted   eventRecord     `json:"accepted"`
	Recipients []rcptRecord    `json:"recipients"`
}

type eventRecord struct {
	Kind   string          `json:"kind"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

type rcptRecord struct {
	Address string          `json:"address"`
	Notify  string          `json:"notify,omitempty"`
	ORcpt   string          `json:"orcpt,omitempty"`
	Plan    json.RawMessage `json:"plan,omitempty"`
	Attempt eventRecord     `json:"attempt"`
}

// encodeExpress writes an expressRecord, without reflection: it is written with every mail.
func encodeExpress(x *Express) ([]byte, error) {
	s := &x.Submission
	accepted, err := recordOf(&x.Accepted)
	if err != nil {
		return nil, err
	}
	b := make(record, 0, 1024)
	b = b.number("author", s.AuthorID).text("path", s.ReversePath).text("env_id", s.EnvID).text("ret", s.Ret).text("mid", s.MID)
	if s.UTF8 {
		b = b.raw("utf8", []byte("true"))
	}
	b = b.octets("digest", s.Digest).text("subject", s.Subject).raw("plan", s.Plan).time("at", s.Accepted)
	b = b.text("thread", x.Thread).number("rank", int64(x.Ref.Rank))
	if t := x.Ref.Told; t != nil {
		b = b.text("base", t.Subject).time("written", t.Written).raw("people", []byte(t.people()))
	}
	b = b.octets("sum", x.Sum[:]).number("keep", int64(x.Keep)).event("accepted", accepted)
	b = append(b, `,"recipients":[`...)
	for i := range x.Recipients {
		to := &x.Recipients[i]
		e, err := recordOf(&x.Attempts[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		r := record(nil).text("address", to.Address).text("notify", to.Notify).text("orcpt", to.ORcpt).raw("plan", to.Plan).event("attempt", e)
		b = append(append(b, r...), '}')
	}
	return append(b, `]}`...), nil
}

// recordOf makes the detail of a ledger line JSON, once.
func recordOf(e *Event) (eventRecord, error) {
	raw, ok := e.Detail.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(e.Detail); err != nil {
			return eventRecord{}, fmt.Errorf("ledger %s: %w", e.Kind, err)
		}
		e.Detail = raw
	}
	return eventRecord{Kind: e.Kind, Detail: raw}, nil
}

// decodeExpress makes an Express of a row that a process before this one has written.
func decodeExpress(id int64, record, head, rendition, body []byte) (*Express, error) {
	var r expressRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, fmt.Errorf("read express mail %d: %w", id, err)
	}
	if len(r.Sum) != sha256.Size || len(r.Recipients) == 0 {
		return nil, fmt.Errorf("read express mail %d: %w", id, ErrDamaged)
	}
	x := &Express{Thread: r.Thread, Head: head, Body: body, Sum: [sha256.Size]byte(r.Sum), Rendition: rendition, Keep: r.Keep,
		Submission: Submission{ID: id, AuthorID: r.Author, ReversePath: r.Path, EnvID: r.EnvID, Ret: r.Ret, UTF8: r.UTF8,
			MID: r.MID, Digest: r.Digest, Subject: r.Subject, Plan: r.Plan, Accepted: r.At},
		Accepted: Event{At: r.At, Kind: r.Accepted.Kind, Detail: r.Accepted.Detail, PersonID: r.Author}}
	x.Ref.Rank = r.Rank
	if r.People != nil {
		x.Ref.Told = &Told{Subject: r.Base, Written: r.Written, From: r.People.From, To: r.People.To}
	}
	for _, to := range r.Recipients {
		x.Recipients = append(x.Recipients, Recipient{Address: to.Address, Notify: to.Notify, ORcpt: to.ORcpt, State: Sending,
			Plan: to.Plan, Attempts: 1, Released: r.At, Claimed: r.At})
		x.Attempts = append(x.Attempts, Event{At: r.At, Kind: to.Attempt.Kind, Detail: to.Attempt.Detail})
	}
	return x, nil
}

// decodeLanding is the same for a row of landed.
func decodeLanding(x *Express, record []byte) (*Landing, error) {
	var r landedRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, fmt.Errorf("read landing %d: %w", x.Submission.ID, err)
	}
	if len(r.Fates) != len(x.Recipients) {
		return nil, fmt.Errorf("read landing %d: %w", x.Submission.ID, ErrDamaged)
	}
	return &Landing{At: r.At, Kind: r.Kind, Fates: r.Fates}, nil
}
