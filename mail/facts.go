package mail

import "time"

// Facts are what policies, threading and filing need to know of a message,
// computed once. Texts are decoded, valid UTF-8, without control characters.
type Facts struct {
	MessageID   string   // without angle brackets, "" if none
	InReplyTo   []string // without angle brackets
	References  []string // oldest first, at most MaxMessageIDs
	Subject     string   // decoded
	BaseSubject string   // RFC 5256 §2.1: without Re:, Fwd:, [tags]; lower-case
	From        []Mailbox
	Sender      []Mailbox
	ReplyTo     []Mailbox
	To          []Mailbox
	Cc          []Mailbox
	Bcc         []Mailbox
	Date        time.Time // zone of the header; zero if !DateOK
	DateOK      bool

	IsReply   bool // In-Reply-To, References or Re:
	IsForward bool // Fwd: or a forwarded message inside

	ListID        string // the id in List-Id, or ""
	IsList        bool   // List-* or Precedence: list
	IsBulk        bool   // Precedence: bulk or junk, Feedback-ID, one-click unsubscribe
	AutoSubmitted string // keyword of Auto-Submitted (RFC 3834), lower-case, or ""
	IsAuto        bool   // sent by a machine
	IsBounce      bool   // a DSN or its older kin

	Calendar Calendar
	HasICS   bool // an .ics file or any text/calendar or application/ics part
	HasTNEF  bool // winmail.dat

	IsSigned    bool           // multipart/signed, S/MIME signed or inline PGP signed
	IsEncrypted bool           // PGP/MIME, inline PGP or S/MIME enveloped
	DKIMSigned  []SignedFields // one for each DKIM-Signature, top first

	Importance  Importance
	IsCode      bool      // sign-in code, password reset, verification: never wait
	Social      string    // the social network that sent it ("linkedin"), or ""
	Attachments []string  // file names, "" for a nameless one
	Expires     time.Time // Expires or Expiry-Date; zero: none
	ReplyBy     time.Time // Reply-By; zero: none
	Received    int       // number of Received fields
	DeliveredTo []string  // Delivered-To and X-Original-To, as written
}

// A Calendar tells of an invitation (RFC 6047).
type Calendar struct {
	Present bool      // a text/calendar part with a method
	Method  string    // upper-case: REQUEST, REPLY, CANCEL, COUNTER, …; "" unknown
	Start   time.Time // DTSTART of the first event, if its zone is known
	StartOK bool
	AllDay  bool // DTSTART is a date
}

// SignedFields holds the lower-case names of the fields one DKIM signature
// covers (h=), with the signing domain.
type SignedFields struct {
	Domain string
	Fields map[string]bool
}

// An Importance is what a sender says of a message's weight.
type Importance string

// The importances. A header that says nothing is normal.
const (
	ImportanceNormal Importance = "normal"
	ImportanceHigh   Importance = "high"
	ImportanceLow    Importance = "low"
)

// FactsOf computes the facts of a message. content may be nil (head only); from
// is the reverse-path.
func FactsOf(h Header, content *Content, from Address) Facts { return Facts{} }
