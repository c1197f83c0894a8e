// Package mail holds the nouns of electronic mail that every other package
// speaks in, and a tolerant reader of messages: header, MIME structure, text.
//
// It is a leaf: it does no I/O but on readers given to it, reads no clock and
// knows no SQL. It is the only package that imports go-message. Octets are never
// changed here; whatever cannot be parsed is kept and passed on as it came.
package mail

import (
	"fmt"
	"strings"
	"time"
)

// An Address is a mailbox of an envelope: a dot-atom local part and a domain
// (RFC 5321 §4.1.2). Domain is lower-case and an A-label or U-label as it came.
// The zero Address is the null reverse-path.
type Address struct {
	Local  string
	Domain string
}

// String returns local@domain, or "" for the null reverse-path.
func (a Address) String() string {
	if a == (Address{}) {
		return ""
	}
	if a.Domain == "" {
		return a.Local // <postmaster>, RFC 5321 §4.5.1
	}
	return a.Local + "@" + a.Domain
}

// IsNull reports whether a is the null reverse-path <>.
func (a Address) IsNull() bool { return a == (Address{}) }

// Key is the form under which addresses are compared: all lower-case.
func (a Address) Key() string { return strings.ToLower(a.String()) }

// Tag splits a plus-address: ana+now@x is ana@x with the tag "now". Without a
// plus sign the tag is "".
func (a Address) Tag() (base Address, tag string) {
	local, tag, ok := strings.Cut(a.Local, "+")
	if !ok || local == "" {
		return a, ""
	}
	return Address{Local: local, Domain: a.Domain}, tag
}

// An Envelope is what MAIL and RCPT say of a message (RFC 5321 §2.3.1).
type Envelope struct {
	From       Address // reverse-path
	Recipients []Recipient
	EnvID      string    // ENVID, decoded (RFC 3461 §4.4)
	Ret        string    // RET: "", "FULL" or "HDRS" (RFC 3461 §4.3)
	UTF8       bool      // SMTPUTF8 was given (RFC 6531)
	HoldUntil  time.Time // HOLDFOR or HOLDUNTIL as an instant; zero: none (RFC 4865)
}

// A Recipient is one forward-path with its DSN wishes.
type Recipient struct {
	Address Address
	Notify  string // NOTIFY: "" (default), "NEVER", or a comma list of SUCCESS, FAILURE, DELAY
	ORcpt   string // ORCPT as given, "rfc822;…" (RFC 3461 §4.2)
}

// A Reply is an SMTP reply (RFC 5321 §4.2) with an enhanced status code
// (RFC 3463). It is the only error type at protocol edges: Text is generic and
// safe to show to a peer, Cause is for the log.
type Reply struct {
	Code     int
	Enhanced [3]int
	Text     string
	Cause    error
}

// Error gives the reply as on the wire, and the cause.
func (r *Reply) Error() string {
	s := fmt.Sprintf("%d %d.%d.%d %s", r.Code, r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], r.Text)
	if r.Cause != nil {
		s += ": " + r.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (r *Reply) Unwrap() error { return r.Cause }

// Temporary reports whether the sender may try again (4yz).
func (r *Reply) Temporary() bool { return r.Code/100 == 4 }
