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

// Envelope returns the ENVELOPE data of h. At most MaxMailboxes addresses of
// each field.
func (h Header) Envelope() *ImapEnvelope {
	e := &ImapEnvelope{
		Date:      asciiField(h.Get("Date")),
		Subject:   asciiField(h.Get("Subject")),
		From:      h.imapAddresses("From"),
		Sender:    h.imapAddresses("Sender"),
		ReplyTo:   h.imapAddresses("Reply-To"),
		To:        h.imapAddresses("To"),
		Cc:        h.imapAddresses("Cc"),
		Bcc:       h.imapAddresses("Bcc"),
		InReplyTo: asciiField(h.Get("In-Reply-To")),
		MessageID: asciiField(h.Get("Message-ID")),
	}
	// RFC 9051 §7.5.2: the server defaults these to From.
	if e.Sender == nil {
		e.Sender = e.From
	}
	if e.ReplyTo == nil {
		e.ReplyTo = e.From
	}
	return e
}

// missingDomain stands for a host that is not there: an empty one would make
// the address a group's start.
const missingDomain = "MISSING_DOMAIN"

func (h Header) imapAddresses(name string) []ImapAddress {
	var out []ImapAddress
	for _, v := range h.All(name) {
		for _, e := range scanAddresses(v) {
			if len(out) >= MaxMailboxes {
				return out
			}
			switch e.kind {
			case addrGroupStart:
				out = append(out, ImapAddress{Mailbox: asciiField(e.name)})
			case addrGroupEnd:
				out = append(out, ImapAddress{})
			default:
				out = append(out, imapAddress(e))
			}
		}
	}
	return out
}

func imapAddress(e addrEvent) ImapAddress {
	a := ImapAddress{Name: asciiField(e.name), Mailbox: asciiField(e.local), Host: asciiField(e.domain)}
	if a.Host == "" {
		a.Host = missingDomain
	}
	if a.Mailbox == "" {
		a.Mailbox = "MISSING_MAILBOX"
	}
	return a
}

// Time returns the date of the envelope; ok is false without a readable one.
func (e *ImapEnvelope) Time() (t time.Time, ok bool) { return ParseDate(e.Date) }

// octets estimates what e takes when stored.
func (e *ImapEnvelope) octets() int {
	n := len(e.Date) + len(e.Subject) + len(e.InReplyTo) + len(e.MessageID) + 64
	for _, l := range [][]ImapAddress{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		for _, a := range l {
			n += len(a.Name) + len(a.Mailbox) + len(a.Host) + 32
		}
	}
	return n
}
