package mail

import "time"

// An ImapEnvelope is the data of ENVELOPE (RFC 9051 §7.5.2). Strings are as in
// the header, unfolded, encoded words kept; 8-bit values are encoded (RFC 2047),
// so that all are ASCII. An absent field is "" or nil; Sender and ReplyTo fall
// back to From as the RFC wants.
type ImapEnvelope struct {
	Date      string        `json:"d,omitempty"`
	Subject   string        `json:"s,omitempty"`
	From      []ImapAddress `json:"f,omitempty"`
	Sender    []ImapAddress `json:"se,omitempty"`
	ReplyTo   []ImapAddress `json:"r,omitempty"`
	To        []ImapAddress `json:"t,omitempty"`
	Cc        []ImapAddress `json:"c,omitempty"`
	Bcc       []ImapAddress `json:"b,omitempty"`
	InReplyTo string        `json:"i,omitempty"` // with angle brackets
	MessageID string        `json:"m,omitempty"` // with angle brackets
}

// An ImapAddress is an address or group marker of an ENVELOPE: a start of a
// group has Mailbox alone (the group's name), an end nothing at all.
type ImapAddress struct {
	Name    string `json:"n,omitempty"`
	Mailbox string `json:"m,omitempty"`
	Host    string `json:"h,omitempty"`
}

// Envelope returns the ENVELOPE data of h.
func (h Header) Envelope() *ImapEnvelope { return nil }

// Time returns the date of the envelope; ok is false without a readable one.
func (e *ImapEnvelope) Time() (t time.Time, ok bool) { return time.Time{}, false }
