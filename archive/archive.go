// Package archive reads and writes mail as other programs keep it: mbox files (RFC
// 4155), Maildirs and IMAP accounts. It brings old mail into Tidepost and out again.
//
// A Source gives messages folder by folder, each with a mark: whoever remembers the
// mark in the transaction that stores the message can go on behind it after a crash,
// and has nothing twice. Old mail is filed as it is, with its flags and its date.
// Nobody is notified of it, nothing of it is batched, clocked or coached.
//
// Octets are never changed but for line ends, which become CRLF.
package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/store"
)

// ErrChanged says that a folder is not the one that was read before: what its mark
// means is lost.
var ErrChanged = errors.New("the folder has changed since it was read: import it into an empty folder, or with --again")

// A Folder is one of a source.
type Folder struct {
	Name  string     // levels joined by "/"
	Kind  store.Kind // what the source says it is; KindUser: nothing
	Total int64      // messages, or octets of a file; 0: not known
}

// A Message is one of a folder.
type Message struct {
	Octets   []byte    // valid until the next one
	Date     time.Time // when it came; zero: not known
	Flags    store.Flags
	Keywords []string
	Mark     string // where to go on behind this one
	Done     int64  // of Folder.Total, this one included
	Problem  string // why there are no octets; "" if there are
}

// A Source is mail that somebody else keeps. It has one user at a time.
type Source interface {
	// Folders lists what there is.
	Folders(ctx context.Context) ([]Folder, error)
	// Each yields the messages of a folder behind a mark, "" for all, in an order in
	// which marks make sense. ErrChanged.
	Each(ctx context.Context, f Folder, mark string, yield func(Message) error) error
	// ID names the source for good: marks are kept under it.
	ID() string
	// Close ends connections.
	Close() error
}

// kindOf guesses what a folder is by the names that mail programs give.
func kindOf(name string) store.Kind {
	switch name {
	case "INBOX", "Inbox", "inbox":
		return store.KindInbox
	case "Sent", "Sent Items", "Sent Messages", "Sent Mail", "sent", "sent-mail", "Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Envoyés", "Enviados", "Verzonden":
		return store.KindSent
	case "Drafts", "drafts", "Entwürfe", "Brouillons", "Borradores", "Rascunhos", "Concepten", "postponed":
		return store.KindDrafts
	case "Trash", "Deleted Items", "Deleted Messages", "Papierkorb", "Corbeille", "Papelera", "Lixeira", "Prullenbak":
		return store.KindTrash
	case "Junk", "Spam", "Junk E-mail", "Junk Email", "Bulk Mail":
		return store.KindJunk
	case "Archive", "Archives", "Archiv", "All Mail":
		return store.KindArchive
	}
	return store.KindUser
}

func tooLarge(size, limit int64) string {
	return fmt.Sprintf("it has %d octets, more than the %d that are taken", size, limit)
}
