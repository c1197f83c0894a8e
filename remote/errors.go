package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What can go wrong with an account. Errors of this package wrap exactly one of them.
var (
	// ErrAuth: the server refused the login, or the person's right to do this. Do not try
	// again with the same secret: servers lock accounts.
	ErrAuth = errors.New("the login was refused")
	// ErrGone: the folder does not exist (any more).
	ErrGone = errors.New("no such folder")
	// ErrNoMessage: the message does not exist (any more).
	ErrNoMessage = errors.New("no such message")
	// ErrFull: the account has no room left.
	ErrFull = errors.New("the account is full")
	// ErrUIDValidity: the folder's UIDs are not the ones the caller knows.
	ErrUIDValidity = errors.New("the folder was numbered anew")
	// ErrTooLarge: the message is larger than the caller or the server takes.
	ErrTooLarge = errors.New("the message is too large")
	// ErrTry: the server cannot now; try later on a new connection or this one.
	ErrTry = errors.New("the server is busy")
	// ErrLost: the connection is gone, or the server does not speak IMAP. The command may
	// have been carried out. The session is of no use any more.
	ErrLost = errors.New("the connection is lost")
	// ErrRefused: the server refused for another reason, or cannot do this at all.
	ErrRefused = errors.New("the server refused")
	// ErrName: the server has no way to write this folder name or flag.
	ErrName = errors.New("the server cannot write this name")
)

// lost wraps what ended a connection.
func lost(err error) error {
	if errors.Is(err, ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// A refusal is what a server said instead of OK.
type refusal struct {
	kind error
	code string // response code in capitals, "" for none
	text string // of the server, cleaned
}

func (r *refusal) Error() string {
	if r.text == "" {
		return r.kind.Error()
	}
	return r.kind.Error() + ": " + r.text
}

// Unwrap returns one of the errors above.
func (r *refusal) Unwrap() error { return r.kind }

// fail makes an error of a NO, BAD or BYE.
func fail(kind error, r *response) error {
	word, _, _ := strings.Cut(r.code, " ")
	return &refusal{kind: kind, code: strings.ToUpper(word), text: clean(r.text)}
}

// maxText is how much of a server's words an error repeats.
const maxText = 200

// clean makes a server's words fit for a log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return strings.TrimSpace(text)
}

// kindOf reads a refusal: the response code (RFC 5530, RFC 9051 §7.1) if there is one,
// else the words that servers without codes use.
func kindOf(r *response) error {
	word, _, _ := strings.Cut(r.code, " ")
	switch strings.ToUpper(word) {
	case "NONEXISTENT", "TRYCREATE":
		return ErrGone
	case "OVERQUOTA", "OVERQUOTA-HARD":
		return ErrFull
	case "UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "THROTTLED":
		return ErrTry
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN", "WEBALERT":
		return ErrAuth
	case "TOOBIG":
		return ErrTooLarge
	}
	text := strings.ToLower(r.text)
	if slices.ContainsFunc([]string{"quota", "mailbox is full", "mailbox full", "disk full", "no space"}, func(s string) bool { return strings.Contains(text, s) }) {
		return ErrFull
	}
	return ErrRefused
}

// gone ends the session.
func (s *Session) gone(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if s.lost == nil {
		s.lost = lost(err)
	}
	if s.conn != nil {
		_ = s.conn.Close() // It is of no use any more.
	}
	return s.lost
}
