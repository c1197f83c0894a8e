// Package clocks keeps the asks of the team and their clocks in the store, and shows
// them in the folders Needs reply and Waiting for others. It is told of every mail that
// is accepted, delivered, sent, lost or taken back, and of every calendar that changes;
// what that means for a clock says package threading.
//
//	accept   what a mail means for the asks before it, then its own asks
//	meaning  which reply answers which ask
//	act      what happens to one ask: delivery, failure, waiver, withdrawal, hand-over
//	step     one change of one clock: the row, its line in the ledger, the folders
//	show     the folders
//	due      time and calendars
//	list     what a person has to answer, what a person waits for
//
// Invariants:
//   - A clock changes by threading.Clock.Step only, and every line that Step returns is
//     one line of the ledger, in the transaction of what caused it.
//   - An ask is open as long as its clock is; one without owner has no clock, and is
//     open until somebody answers or its asker withdraws it.
//   - A mail has one entry in Needs reply of a person exactly while it shows that person
//     an open ask, and one in Waiting for others exactly while its author waits for
//     something in it. The entries show the message that the other folders show.
//   - In doubt an ask stays open: only a mail that its asker gets answers it.
//   - What asks is read once, by whoever accepts the mail; nothing here reads a text
//     twice, and nothing here keeps a mail from being accepted.
//
// It is not responsible for the words of letters (digest), for when mail arrives
// (inbox, queue), nor for the rules of time (threading, scheduler).
package clocks

import (
	"log/slog"
	"sync"
	"time"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

// Options are the settings of a Keeper. What is zero has the default given here.
type Options struct {
	Targets threading.Targets // how long an answer may take; threading.DefaultTargets

	// IsRole reports whether an address is one such as support@; nil: there are none.
	IsRole func(mail.Address) bool

	// Appears says when mail that is released at an instant appears for a person; nil:
	// then.
	Appears func(p *people.Person, released time.Time) time.Time

	// OnLine is told of every line of the ledger of a clock, inside the transaction
	// that writes it. nil: nobody.
	OnLine func(tx *store.Tx, i Item, l threading.Line) error

	// Wake tells the timer loop that something may be due earlier than it knows. It
	// must not block. nil: the loop finds out within a minute.
	Wake func()

	Log *slog.Logger
}

// A Keeper keeps asks and clocks. It is safe for concurrent use; methods that take a Tx
// run inside store.DB.Update. A nil Keeper keeps none: its methods do nothing.
type Keeper struct {
	db    *store.DB
	dir   *people.Directory
	o     Options
	plain *scheduler.Schedule // for somebody who is not known any more

	mu   sync.Mutex // guards below
	due  time.Time  // when RunDue next has work; zero: unknown, look
	idle bool       // no clock waits for anything
	told int        // how often lower was called
}

// New returns a Keeper on db.
func New(db *store.DB, dir *people.Directory, o Options) *Keeper {
	if o.Targets == (threading.Targets{}) {
		o.Targets = threading.DefaultTargets()
	}
	if o.Appears == nil {
		o.Appears = func(_ *people.Person, released time.Time) time.Time { return released }
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	plain, err := scheduler.Compile(people.DefaultProfile("UTC").Calendar)
	if err != nil {
		panic("clocks: the default calendar does not compile: " + err.Error())
	}
	return &Keeper{db: db, dir: dir, o: o, plain: plain}
}

// An Item is an ask with its clock.
type Item struct {
	Ask    store.Ask
	Clock  threading.Clock       // no State: the ask has no owner, and so no clock
	Reason threading.ClockReason // of the last line of its ledger, "" before the first
	Late   bool                  // the answer came when it was overdue

	members []store.AskMember // of an ask of a role that is not stored yet: whom it is brought to

	turn time.Time // when the day begins on which it is due; zero: it has, or nothing is due
}

// Open reports whether an answer is still wanted.
func (i Item) Open() bool { return i.Ask.Open }

// A Mail is one that was accepted, from here or from elsewhere.
type Mail struct {
	Message  store.Message      // stored, with its thread
	MID      string             // its Message-ID, if Message has none of its own
	Facts    mail.Facts         //
	Words    string             // new words, as Findings count them
	Lines    func() []mail.Line // all lines, quotes too; read if it replies to several asks; nil: not known
	Findings intent.Findings    // of Words
	Author   *people.Person     // whose login; nil: from elsewhere
	Readers  []Reader           // who gets it, with this transaction
	Urgent   bool
	Private  bool // marked so, or encrypted: no cover is named
	Mute     bool // of the pass list, a list, a machine, junk: it asks nothing
	Settles  []Settle
}

// A Reader is one who gets a Mail.
type Reader struct {
	Address   mail.Address
	Person    *people.Person // nil: outside
	Recipient int64          // of our queue; 0: it came from elsewhere
	Delivery  store.Delivery // of our inbox, for mail from elsewhere
	Role      *people.Group  // the role that brought it; nil: none did
	Passed    bool           // meets the pass list: nothing is asked of this one
}

// A Settle says that a mail answers exactly this ask, whatever its words are: the lines
// of a reply to a digest.
type Settle struct {
	Ask     int64
	Promise scheduler.Promise // when the answer will come instead; zero: this is it
	Keep    bool              // the mail says something of the ask and answers nothing: it goes on
}
