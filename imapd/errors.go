package imapd

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/controls"
	"tidepost/inbox"
	"tidepost/queue"
	"tidepost/store"
)

// no is a tagged NO with a response code (RFC 5530).
func no(code imap.ResponseCode, text string) *imap.Error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// bad is a tagged BAD: the client's fault.
func bad(text string) *imap.Error {
	return &imap.Error{Type: imap.StatusResponseTypeBad, Code: imap.ResponseCodeClientBug, Text: text}
}

// What a session answers more than once.
var (
	errReadOnly  = no("READ-ONLY", "The mailbox was opened with EXAMINE")
	errNoMailbox = no(imap.ResponseCodeNonExistent, "No such mailbox")
	errTryCreate = no(imap.ResponseCodeTryCreate, "No such mailbox")
	errGone      = no("EXPUNGEISSUED", "Some of the messages are gone")
	errNowhere   = bad("No mailbox is selected")
)

// answer turns err into what the client is told. The library shows nothing but an
// *imap.Error, and calls the rest a bug of ours. What is trouble of the machine is
// logged here, the one place where it ends.
func (s *Session) answer(command string, err error) error {
	var known *imap.Error
	var cannot *queue.ErrCannot
	var refusal *controls.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return no(imap.ResponseCodeCannot, refusal.Reason)
	case errors.As(err, &cannot):
		return no(imap.ResponseCodeCannot, plainWords(cannot.Reason))
	case errors.Is(err, queue.ErrLeft):
		return no(imap.ResponseCodeInUse, "Too late: this mail has left")
	case errors.Is(err, store.ErrConflict):
		return no(imap.ResponseCodeInUse, "Somebody else was faster")
	case errors.Is(err, inbox.ErrGone):
		return no(imap.ResponseCodeInUse, "Too late: the delivery has opened, this mail is in INBOX")
	case errors.Is(err, context.Canceled):
		return no(imap.ResponseCodeUnavailable, "The server is shutting down")
	case errors.Is(err, store.ErrNoUID):
		return no(imap.ResponseCodeLimit, "This mailbox can take no more messages; make another one")
	case errors.Is(err, store.ErrFull):
		s.log.Error("imap command", "command", command, "reason", err)
		return no(imap.ResponseCodeUnavailable, "No space is left on the server")
	}
	s.log.Error("imap command", "command", command, "reason", err)
	return no(imap.ResponseCodeUnavailable, "Temporary trouble, please try again later")
}

// plainWords makes a reason fit for a status line: one sentence of ASCII, since the
// text of a response has no other octets (RFC 9051 §9, TEXT-CHAR).
func plainWords(reason string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, reason)
	if out == "" {
		return "This cannot be done"
	}
	return strings.ToUpper(out[:1]) + out[1:]
}
