// Package standing says how conversations stand, and tells those whom it concerns:
//
//	state    who takes part, what is open, for whom it waits, what was decided
//	blocked  late answers in the conversations of a reader, and who can help now
//	nudge    an overdue question is told to its cover, an urgent one to its asker too
//	back     the letter after leave
//	leave    somebody leaves the team: what was asked of them passes to another
//	tasks    what of it time makes due
//
// Invariants:
//   - Nothing is counted by person: everything is told by conversation.
//   - Nobody reads here a sentence of a mail that did not come to them, and private
//     questions are told to nobody but who asks and who answers.
//   - A letter appears in its reader's working hours, and each is written once: what
//     was told stands in the notes of the store, in the transaction of the letter.
//
// It changes no clock itself (clocks), and does not say which mail belongs together
// (threading), nor the words of letters (digest).
package standing

import (
	"log/slog"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Options are what a Desk needs of others.
type Options struct {
	// Put files a letter in INBOX of a person, at once and unread. Required for letters.
	Put func(tx *store.Tx, to *people.Person, letter mail.Letter, now time.Time) (mid string, err error)

	// Reload has the directory read again, after people have changed. It is called
	// outside of transactions. nil: nobody.
	Reload func()

	Domain string // main mail domain
	Log    *slog.Logger
}

// A Desk answers and writes. It is safe for concurrent use; methods that take a Tx run
// inside a transaction of the store.
type Desk struct {
	db      *store.DB
	dir     *people.Directory
	clocks  *clocks.Keeper
	letters digest.Writer
	o       Options
	tasks   tasks
}

// New returns a Desk on db.
func New(db *store.DB, dir *people.Directory, k *clocks.Keeper, o Options) *Desk {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Reload == nil {
		o.Reload = func() {}
	}
	return &Desk{db: db, dir: dir, clocks: k, letters: digest.Writer{Domain: o.Domain}, o: o}
}

// author is somebody in a letter: a colleague has the name that the team knows.
func (d *Desk) author(person int64, name, address string) digest.Author {
	if p, ok := d.dir.ByID(person); ok && person != 0 {
		return digest.Author{Name: p.Name, Address: p.Address.String()}
	}
	a, err := mail.ParsePath(address, true)
	role := err == nil && d.dir.IsRole(a)
	return digest.Author{Name: name, Address: address, Outside: !role}
}

func reader(p *people.Person) digest.Reader {
	return digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
}
