package queue

import (
	"context"
	"crypto"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"tidepost/clocks"
	"tidepost/decisions"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// Options are the settings of a Queue. New fills what is zero with the default
// given here, but for Undo and Spread, whose zero means none. A negative Grace or
// Budget is none.
type Options struct {
	Hostname string   // our name in Received fields
	Domains  []string // of the team, the main one first, lower-case

	Mode           people.Switch // hold: off, dry-run or on, unless a person chose otherwise; default on
	Grace          time.Duration // no hold if the hours open within it; 30 min
	Undo           time.Duration // how long every mail waits so that it can be taken back
	Cap            time.Duration // the longest hold by policy; 120 h
	MaxExplicit    time.Duration // the longest hold an author may ask for; 400 days
	OutsideDomains []string      // domains elsewhere whose mail waits too, by the author's hours
	Spread         time.Duration // releases to the outside are spread over this
	Late           time.Duration // a release later than this looks at the hours again; 10 min
	Budget         int           // urgent mails a month and person; 8
	DateComposed   bool          // the Date of released mail stays as it was written
	Pass           policies.Lists

	Coach         people.Switch            // advice before sending: off, dry-run or on, unless a person chose otherwise; default off
	CoachDelay    time.Duration            // how long a draft with advice waits that nothing else holds; 15 min
	CoachPolicies map[string]policies.Mode // by name; what is missing is as in policies.Defaults

	GiveUp        time.Duration // trying ends; 120 h
	DelayedNotice time.Duration // the author is told of a delay; 4 h
	Workers       int           // attempts at a time; 20

	DKIM Signer // zero: mail is not signed

	// Clocks follow the asks of mail; nil: nobody does.
	Clocks *clocks.Keeper
	// Decisions keeps what mail decides; nil: nobody does.
	Decisions *decisions.Keeper

	// State says to one who is in a conversation how it stands, in answer to the word
	// "state". nil: nobody can.
	State func(tx *store.Tx, thread int64, p *people.Person, now time.Time) (mail.Letter, error)

	// Mark makes the field value by which mail that passed here is known again; nil: none.
	Mark func(submission int64, mid string) string

	// FilesSent says that Tidepost puts a copy of all that a person sends into Sent, not
	// only of what it composed itself. nil: clients do it.
	FilesSent func(author int64) bool

	// Alarm is told, once per trouble until it is over, when an admin must act. It
	// must not block. nil: only the log is told.
	Alarm func(what, detail string)

	// Wake tells the timer loop that something may be due earlier than it knows. It
	// must not block. nil: the loop finds out within a minute.
	Wake func()

	// Clock pauses releases after the wall clock was set forward. nil: never.
	Clock *scheduler.StepGuard

	Jitter *rand.Rand // spread and back-off; used under a lock; nil: none
	Rand   io.Reader  // message ids and boundaries; required
	Log    *slog.Logger
}

// A Signer names the key that signs at release (RFC 6376).
type Signer struct {
	Domain   string
	Selector string
	Key      crypto.Signer // nil: mail is not signed
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Grace, 30 * time.Minute}, {&o.Cap, 120 * time.Hour}, {&o.MaxExplicit, 400 * 24 * time.Hour},
		{&o.Late, 10 * time.Minute}, {&o.GiveUp, 120 * time.Hour}, {&o.DelayedNotice, 4 * time.Hour}, {&o.CoachDelay, 15 * time.Minute},
	} {
		*d.field = orDefault(*d.field, d.value)
	}
	if o.Mode == people.Team {
		o.Mode = people.On
	}
	if o.Coach == people.Team {
		o.Coach = people.Off
	}
	o.Budget = orDefault(o.Budget, 8)
	if o.Workers <= 0 {
		o.Workers = 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// orDefault reads an option: zero is the default, less than that is none.
func orDefault[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return max(v, 0)
}

// mainDomain is where Tidepost's own address lives.
func (o Options) mainDomain() string {
	if len(o.Domains) == 0 {
		return o.Hostname
	}
	return o.Domains[0]
}

// A Sender hands mail to other servers; relay.Client is one, by way of an adapter.
// Send tries once and returns one Result per recipient, in their order. It obeys ctx.
type Sender interface {
	Send(ctx context.Context, job Job) []Result
}

// A Router is a Sender that serves several destinations: a slow one then takes at
// most half of the workers. Route names the one that mail of an author (a person; 0: of
// nobody here) with a reverse-path takes to an address, "" if it is the only one.
type Router interface {
	Route(author int64, from, to mail.Address) string
}

// A Job is one message for some recipients of one submission.
type Job struct {
	Author     int64        // the person who wrote it; 0: nobody here
	From       mail.Address // the null reverse-path for reports
	Recipients []mail.Recipient
	EnvID      string
	Ret        string
	UTF8       bool  // the header needs SMTPUTF8 (RFC 6531)
	EightBit   bool  // there are octets over 127: needs 8BITMIME (RFC 6152)
	Size       int64 // octets of the message
	Open       func() (io.ReadCloser, error)
}

// A Result is what came of one recipient of a Job.
type Result struct {
	Delivered bool       // a 2yz reply to the end mark was read
	Reply     mail.Reply // the last word, theirs or a description of the trouble
	Said      bool       // Reply is what Remote said
	Remote    string     // host that was tried last
	TLS       string     // "TLS 1.3", "" for clear text
	DSN       bool       // Remote took over NOTIFY: success reports are theirs to write
	AfterDot  bool       // the end mark was sent and no reply came: perhaps delivered
	Trouble   string     // kind of a failure that is not simply the remote's answer
	Alarm     bool       // an admin must act: login or TLS of the smarthost
	Via       string     // which smarthost, for alarms; "": the team's

	stopped bool // the attempt was broken off because the queue stops
}

// A Peer is who submitted, for the Received field.
type Peer struct {
	Helo     string // as it said
	IP       string
	TLS      string // version and cipher, "" for clear text
	Protocol string // ESMTPSA and the like (RFC 3848); "" for a folder
}

// A Submission is one message on its way in.
type Submission struct {
	Author     *people.Person // whose login
	Credential int64          // the app password it came with, 0: the author's own password
	Device     bool           // that of a machine: never held, no undo, no advice
	Connector  bool           // handed over by the provider: nothing is refused that could go on
	Back       bool           // colleagues get it from the provider, not from here
	Envelope   mail.Envelope
	Staged     *store.Staged // taken over: Submit discards it if it fails
	Priority   int           // MT-PRIORITY (RFC 6710), 0 if not given
	Peer       Peer
	Now        time.Time
}
