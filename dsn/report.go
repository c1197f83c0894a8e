// Package dsn writes reports about mail that was not or not yet delivered (RFC
// 3464, 3461, 3462, 6522, 6533) and reads those of other servers. It is pure: no
// clock, no I/O but on the randomness given to it.
//
// Invariants: a report goes to nobody with the null reverse-path; no foreign text
// can add a line, a field or a part; the author's words come back only as far as
// RET and the size bound allow. Whom to send a report, and how often, is the
// queue's business.
package dsn

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/mail"
)

// An Action is what became of a recipient (RFC 3464 §2.3.3).
type Action string

// The actions. Expired is written as failed, with the status 4.4.7.
const (
	Failed    Action = "failed"
	Expired   Action = "expired" // given up after trying for days
	Delayed   Action = "delayed"
	Delivered Action = "delivered"
	Relayed   Action = "relayed"  // handed to a server that makes no such reports
	Expanded  Action = "expanded" // handed to the members of a list
)

// A Report is what a report says. It is sent with the null reverse-path.
type Report struct {
	From       mail.Mailbox // whom it is from: the mail system
	To         mail.Address // reverse-path of the mail; null: no report
	MessageID  string       // of the report, without angle brackets
	Now        time.Time    // in the author's zone: times are shown in it
	Reporting  string       // name of this host
	EnvID      string       // decoded; "" for none
	Ret        string       // RET of the mail: "", FULL or HDRS
	Arrival    time.Time    // when the mail was accepted here
	UTF8       bool         // the author's mailbox takes 8-bit reports (RFC 6533)
	Head       []byte       // head of the mail
	Body       []byte       // body of the mail; used with RET=FULL only, may be nil
	Recipients []Recipient
}

// A Recipient is one recipient of the mail and its fate.
type Recipient struct {
	mail.Recipient
	Action  Action
	Reply   mail.Reply // the last word on it
	Said    bool       // Reply is what Remote said, not what was found here
	Remote  string     // host that was tried last, "" for none
	Last    time.Time  // last attempt; zero: none
	RetryTo time.Time  // Delayed: when it will be given up
}

// Bounds of what comes back of the mail.
const (
	maxReturned = 50 << 10 // octets of the mail, else its header alone
	maxHeader   = 16 << 10 // octets of the header
	maxQuoted   = 500      // octets of one remote reply
)

// Wanted reports whether a recipient with this NOTIFY wants a report of action
// (RFC 3461 §4.1). Without NOTIFY failures and delays are reported.
func Wanted(action Action, notify string) bool {
	has := func(word string) bool {
		for w := range strings.SplitSeq(notify, ",") {
			if strings.EqualFold(strings.TrimSpace(w), word) {
				return true
			}
		}
		return false
	}
	switch action {
	case Failed, Expired:
		return notify == "" || has("FAILURE")
	case Delayed:
		return notify == "" || has("DELAY")
	}
	return has("SUCCESS")
}

// Build writes the report: head with the blank line, and body. Recipients who
// want none are left out; if nobody is left, or the mail had the null
// reverse-path, head and body are nil. Boundaries are drawn from rand.
func Build(r Report, rand io.Reader) (head, body []byte, err error) {
	r.Recipients = wanted(r.Recipients)
	if r.To.IsNull() || len(r.Recipients) == 0 {
		return nil, nil, nil
	}
	original := mail.ParseHeader(r.Head)
	status := mail.Attachment{Type: "message/delivery-status", Description: "Delivery report", Data: r.status()}
	if !isASCII(status.Data) {
		status.Type = "message/global-delivery-status"
	}
	returned := r.returned()
	l := mail.Letter{
		From:      r.From,
		To:        []mail.Mailbox{{Address: r.To}},
		Subject:   r.subject(original),
		Date:      r.Now,
		MessageID: r.MessageID,
		Extra:     []mail.Extra{{Name: "Auto-Submitted", Value: "auto-replied", Raw: true}},
		Text:      r.words(original),
		Attached:  []mail.Attachment{status, returned},
		Report:    "delivery-status",
	}
	if ids := original.MessageIDs("Message-ID"); len(ids) > 0 {
		l.InReplyTo = ids[0]
		l.References = append(original.MessageIDs("References"), ids[0])
	}
	head, body, err = mail.Compose(l, rand)
	if err != nil {
		return nil, nil, fmt.Errorf("build delivery report: %w", err)
	}
	if !isASCII(body) {
		// RFC 2045 §6.4: what encloses 8-bit parts says so. Compose leaves that out.
		head = mail.Prepend(head, []byte("Content-Transfer-Encoding: 8bit\r\n"))
	}
	return head, body, nil
}

func wanted(all []Recipient) []Recipient {
	var list []Recipient
	for _, r := range all {
		if Wanted(r.Action, r.Notify) {
			list = append(list, r)
		}
	}
	return list
}

// returned is the third part: the mail if RET=FULL and something failed (RFC
// 3461 §4.3) and it fits and can be shown as it is, else its header.
func (r *Report) returned() mail.Attachment {
	whole := len(r.Head) + len(r.Body)
	if r.Ret == "FULL" && r.failed() && r.Body != nil && whole <= maxReturned {
		all := append(bytes.Clone(r.Head), r.Body...)
		if cleanLines(all) && (r.UTF8 || isASCII(all)) {
			return mail.Attachment{Type: "message/rfc822", Description: "The message", Data: all}
		}
	}
	return mail.Attachment{Type: "text/rfc822-headers", Description: "Header of the message", Data: shortHead(r.Head)}
}

func (r *Report) failed() bool {
	for _, x := range r.Recipients {
		if x.Action == Failed || x.Action == Expired {
			return true
		}
	}
	return false
}

// shortHead cuts a head to maxHeader at a whole field, and takes NUL out.
func shortHead(head []byte) []byte {
	var out []byte
	for _, f := range mail.ParseHeader(head).Fields {
		if f.Name == "" || len(out)+len(f.Raw) > maxHeader {
			continue
		}
		out = append(out, bytes.ReplaceAll(f.Raw, []byte{0}, []byte{'?'})...)
	}
	return out
}

// cleanLines reports whether b is lines of at most 998 octets that end in CRLF,
// without NUL: what may stand inside another mail unchanged.
func cleanLines(b []byte) bool {
	for line := range bytes.Lines(b) {
		text, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok || len(text) > 998 || bytes.ContainsAny(text, "\r\x00") {
			return false
		}
	}
	return true
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
