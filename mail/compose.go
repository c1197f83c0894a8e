package mail

import (
	"io"
	"time"
)

// A Letter is a mail that Tidepost itself writes. Field values and names are
// plain UTF-8 text: Compose encodes them; CR, LF and NUL in them are an error.
type Letter struct {
	From       Mailbox
	To, Cc     []Mailbox
	ReplyTo    []Mailbox
	Subject    string
	Date       time.Time
	MessageID  string // without angle brackets
	InReplyTo  string
	References []string
	Extra      []Extra // further fields, in order: Auto-Submitted, List-Id, …
	Text       string  // LF or CRLF line ends
	HTML       string  // "" for none
	Attached   []Attachment
	Report     string // report-type of a multipart/report (RFC 6522), "" for none
}

// An Extra is one more header field. Raw values are structured (an id, an
// address) and are folded but not encoded.
type Extra struct {
	Name  string
	Value string
	Raw   bool
}

// An Attachment is one more part of a Letter. Type is a media type with
// parameters: message/delivery-status, text/rfc822-headers, text/calendar….
// message/* is sent as it is, 8bit if need be; anything else base64 or
// quoted-printable.
type Attachment struct {
	Type        string
	Name        string // file name, "" for none
	Description string
	Inline      bool
	Data        []byte
}

// Compose writes a letter: head with the blank line, and body, CRLF line ends.
// Boundaries are drawn from rand.
func Compose(l Letter, rand io.Reader) (head, body []byte, err error) { return nil, nil, nil }

// NewMessageID returns a fresh message id for domain, without angle brackets.
func NewMessageID(rand io.Reader, domain string) (string, error) { return "", nil }

// A Trace is what a Received field says (RFC 5321 §4.4). Empty clauses are left
// out.
type Trace struct {
	Helo string // as the client said it
	Name string // its name in the DNS
	IP   string // its address
	By   string // this host
	Via  string
	With string // ESMTPSA, LMTP, … (RFC 3848)
	TLS  string // a comment: version and cipher
	ID   string // queue id
	For  string // the one recipient, if there is only one
	Time time.Time
}

// Field returns the Received field, folded, with its final CRLF. Whatever a peer
// said is made harmless.
func (t Trace) Field() []byte { return nil }
