package mail

// MaxMailboxes bounds the addresses read of one header, MaxMessageIDs its
// message ids.
const (
	MaxMailboxes  = 2000
	MaxMessageIDs = 100
)

// A Mailbox is an address as a header field writes it: with a display name,
// decoded (RFC 2047), valid UTF-8 without controls.
type Mailbox struct {
	Name    string  `json:"name,omitempty"`
	Address Address `json:"address"`
}

// String formats m for people: the name with the address in angle brackets, or
// the address alone. It is not fit for a header; Compose encodes.
func (m Mailbox) String() string { return "" }

// ParseMailboxes reads an address list tolerantly: it keeps what is good,
// enters groups, and knows comments, quoted local parts and encoded words.
func ParseMailboxes(list string) []Mailbox { return nil }

// ParsePath reads the address of MAIL, RCPT or a configuration, without angle
// brackets: dot-atom local part, domain, or "postmaster" alone. Quoted local
// parts, routes and literals are refused. utf8 allows non-ASCII (RFC 6531).
// The domain is lower-cased. Errors are *Reply, 553 5.1.3 or 501 5.1.3; the
// null reverse-path is an error too: callers who allow it ask first.
func ParsePath(s string, utf8 bool) (Address, error) { return Address{}, nil }
