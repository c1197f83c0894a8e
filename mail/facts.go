package mail

import (
	"slices"
	"strings"
	"time"
)

// Facts are what policies, threading and filing need to know of a message,
// computed once. Texts are decoded, valid UTF-8, without control characters.
type Facts struct {
	MessageID   string   // without angle brackets, "" if none
	InReplyTo   []string // without angle brackets
	References  []string // oldest first, at most MaxMessageIDs
	Subject     string   // decoded
	Topic       string   // the base subject as it was written
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
func FactsOf(h Header, content *Content, from Address) Facts {
	f := Facts{
		InReplyTo:  h.MessageIDs("In-Reply-To"),
		References: h.MessageIDs("References"),
		Subject:    h.Text("Subject"),
		From:       h.Addresses("From"),
		Sender:     h.Addresses("Sender"),
		ReplyTo:    h.Addresses("Reply-To"),
		To:         h.Addresses("To"),
		Cc:         h.Addresses("Cc"),
		Bcc:        h.Addresses("Bcc"),
		DKIMSigned: signedFields(h),
		Importance: importance(h),
		Received:   h.Count("Received"),
	}
	if ids := h.MessageIDs("Message-ID"); len(ids) > 0 {
		f.MessageID = ids[0]
	}
	f.Topic = Topic(f.Subject)
	f.BaseSubject = strings.ToLower(f.Topic)
	f.Date, f.DateOK = h.Date("Date")
	f.Expires = firstDate(h, "Expires", "Expiry-Date")
	f.ReplyBy = firstDate(h, "Reply-By")
	for _, name := range []string{"Delivered-To", "X-Original-To"} {
		for _, v := range h.All(name) {
			f.DeliveredTo = append(f.DeliveredTo, cleanText(guessUTF8(v)))
		}
	}
	f.kinship(h)
	f.automation(h, from)
	f.structure(content)
	f.IsBounce = isBounce(h, f, content, from)
	f.Social = social(f)
	f.IsCode = isCode(f, content)
	return f
}

func firstDate(h Header, names ...string) time.Time {
	for _, n := range names {
		if t, ok := h.Date(n); ok {
			return t
		}
	}
	return time.Time{}
}

// kinship says whether the message answers or forwards another. Some programs
// give a forwarded mail References, so the mark of the subject comes first.
func (f *Facts) kinship(h Header) {
	reply, forward := marks(f.Subject)
	f.IsForward = forward
	f.IsReply = reply || !forward && len(f.InReplyTo)+len(f.References) > 0
}

// automation says whether a person wrote this.
func (f *Facts) automation(h Header, from Address) {
	f.ListID = listID(h.Get("List-Id"))
	precedence := strings.ToLower(firstWord(h.Get("Precedence")))
	f.AutoSubmitted, _ = parseParams(h.Get("Auto-Submitted"))
	f.AutoSubmitted = capText(cleanText(guessUTF8(f.AutoSubmitted)), maxToken)
	auto := f.AutoSubmitted != "" && f.AutoSubmitted != "no" // RFC 3834 §5
	for i := range h.Fields {
		name := strings.ToLower(h.Fields[i].Name)
		switch {
		case strings.HasPrefix(name, "list-"), name == "mailing-list", name == "x-mailing-list":
			f.IsList = true
		case name == "auto-submitted":
		case name == "x-loop", strings.HasPrefix(name, "x-auto") && name != "x-auto-response-suppress":
			auto = true
		case name == "x-auto-response-suppress":
			auto = true
		case name == "feedback-id":
			f.IsBulk = true
		}
	}
	switch precedence {
	case "list":
		f.IsList = true
	case "bulk", "junk":
		f.IsBulk, auto = true, true
	case "auto_reply":
		auto = true
	}
	f.IsBulk = f.IsBulk || h.Has("List-Unsubscribe-Post") // RFC 8058
	f.IsAuto = auto || from.IsNull() || isRobot(from) || slices.ContainsFunc(f.From, func(m Mailbox) bool { return isRobot(m.Address) })
}

// listID returns what stands in angle brackets (RFC 2919 §2), lower-case.
func listID(v string) string {
	if open := strings.LastIndexByte(v, '<'); open >= 0 {
		v = v[open+1:]
		v, _, _ = strings.Cut(v, ">")
	}
	return capText(strings.ToLower(cleanText(guessUTF8(v))), 255)
}

// isRobot reports whether nobody reads what is sent to a.
func isRobot(a Address) bool {
	local := strings.ToLower(a.Local)
	if base, _, ok := strings.Cut(local, "+"); ok {
		local = base
	}
	flat := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, local)
	switch flat {
	case "mailerdaemon", "postmaster", "bounce", "bounces":
		return true
	}
	for _, w := range []string{"noreply", "donotreply", "nichtantworten", "neantworten", "nepasrepondre", "noresponder",
		"naoresponda", "nonrispondere", "nietbeantwoorden", "notreply", "noresponse", "dontreply"} {
		if strings.Contains(flat, w) {
			return true
		}
	}
	return false
}

// importance: Importance wins over X-Priority, Priority and X-MSMail-Priority
// (MS-OXCMAIL 2.2.3.2.4).
func importance(h Header) Importance {
	words := map[string]Importance{
		"high": ImportanceHigh, "urgent": ImportanceHigh, "1": ImportanceHigh, "2": ImportanceHigh, "highest": ImportanceHigh,
		"low": ImportanceLow, "non-urgent": ImportanceLow, "4": ImportanceLow, "5": ImportanceLow, "lowest": ImportanceLow,
		"normal": ImportanceNormal, "medium": ImportanceNormal, "3": ImportanceNormal,
	}
	for _, name := range []string{"Importance", "X-Priority", "Priority", "X-MSMail-Priority"} {
		if v, ok := words[strings.ToLower(firstWord(stripComments(h.Get(name))))]; ok {
			return v
		}
	}
	return ImportanceNormal
}

const maxSignatures = 20 // DKIM signatures looked at

// signedFields reads what DKIM signatures cover (RFC 6376 §3.5).
func signedFields(h Header) []SignedFields {
	var out []SignedFields
	for _, v := range h.All("DKIM-Signature") {
		if len(out) == maxSignatures {
			break
		}
		s := SignedFields{Fields: make(map[string]bool)}
		for tag := range strings.SplitSeq(v, ";") {
			name, value, _ := strings.Cut(tag, "=")
			switch strings.TrimSpace(name) {
			case "d":
				s.Domain = strings.ToLower(cleanText(guessUTF8(value)))
			case "h":
				for n := range strings.SplitSeq(value, ":") {
					if n = strings.ToLower(strings.TrimSpace(n)); n != "" {
						s.Fields[n] = true
					}
				}
			}
		}
		out = append(out, s)
	}
	return out
}
