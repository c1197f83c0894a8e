package dsn

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"tidepost/mail"
)

// A Notice is what another server's report says of a mail of ours. All texts are
// clean lines; none of them is proof of anything, for anybody can write a report.
type Notice struct {
	MessageID string // of our mail, without angle brackets; "" if not told
	EnvID     string // our ENVID, if it came back
	Reporting string // host that reports
	Outcomes  []Outcome
}

// An Outcome is the fate of one recipient.
type Outcome struct {
	Recipient  mail.Address // as we addressed it, if told, else as it was in the end
	Action     Action       // never Expired
	Status     [3]int
	Diagnostic string // what the last server said
	Remote     string // its name
}

// Bounds of reading.
const (
	maxStatus   = 1 << 20
	maxOutcomes = 1000
)

// Parse reads a report about a mail of ours. It is tolerant: wrong media types,
// line ends and missing fields do not matter as long as a recipient and what
// became of it can be told. ok is false if this is no report.
func Parse(head, body []byte) (n Notice, ok bool) {
	h := mail.ParseHeader(head)
	content := mail.Scan(head, body)
	if content == nil || content.Root == nil {
		return n, false
	}
	n.read(body, content.Root)
	if len(n.Outcomes) == 0 {
		n.readFailedRecipients(h)
	}
	if n.MessageID == "" {
		n.MessageID = first(h.MessageIDs("In-Reply-To"))
	}
	return n, len(n.Outcomes) > 0
}

// read takes what the parts say. It does not look into embedded messages: a
// report that somebody forwards is not about their mail.
func (n *Notice) read(body []byte, p *mail.Part) {
	switch p.MediaType() {
	case "message/delivery-status", "message/global-delivery-status":
		n.readStatus(decoded(body, p))
	case "text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers":
		if n.MessageID == "" {
			// The blank line is often missing where only the header comes back.
			returned, _ := mail.SplitHead(append(decoded(body, p), "\r\n\r\n"...))
			n.MessageID = first(mail.ParseHeader(returned).MessageIDs("Message-ID"))
		}
	}
	for _, c := range p.Children {
		n.read(body, c)
	}
}

// decoded returns the octets of a part, up to maxStatus.
func decoded(body []byte, p *mail.Part) []byte {
	start, end := p.BodyStart, min(p.BodyEnd, int64(len(body)))
	if start < 0 || start >= end {
		return nil
	}
	r := mail.DecodeTransfer(p.Encoding, bytes.NewReader(body[start:end]))
	b, _ := io.ReadAll(io.LimitReader(r, maxStatus)) // what can be read is enough
	return b
}

// readStatus reads the blocks of a delivery-status part.
func (n *Notice) readStatus(b []byte) {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	for block := range bytes.SplitSeq(b, []byte("\n\n")) {
		block = append(bytes.Trim(block, "\n"), "\n\n"...)
		h := mail.ParseHeader(block)
		if v := h.Get("Reporting-MTA"); v != "" && n.Reporting == "" {
			n.Reporting = typed(v)
		}
		if v := h.Get("Original-Envelope-Id"); v != "" && n.EnvID == "" {
			n.EnvID = clean(v, maxQuoted)
		}
		if o, ok := readOutcome(h); ok && len(n.Outcomes) < maxOutcomes {
			n.Outcomes = append(n.Outcomes, o)
		}
	}
}

func readOutcome(h mail.Header) (Outcome, bool) {
	o := Outcome{Diagnostic: typed(h.Get("Diagnostic-Code")), Remote: typed(h.Get("Remote-MTA"))}
	for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
		if a, ok := address(typed(h.Get(name))); ok {
			o.Recipient = a
			break
		}
	}
	o.Status = readCode(h.Get("Status"))
	switch word := Action(firstWord(h.Get("Action"))); word {
	case Failed, Delayed, Delivered, Relayed, Expanded:
		o.Action = word
	default: // missing or misspelt: the status says it as well
		o.Action = map[int]Action{2: Delivered, 4: Delayed, 5: Failed}[o.Status[0]]
	}
	return o, !o.Recipient.IsNull() && o.Action != ""
}

// readFailedRecipients knows the field with which Exim and Gmail say the same
// without a delivery-status part.
func (n *Notice) readFailedRecipients(h mail.Header) {
	for word := range strings.SplitSeq(strings.Join(h.All("X-Failed-Recipients"), ","), ",") {
		if a, ok := address(strings.TrimSpace(word)); ok && len(n.Outcomes) < maxOutcomes {
			n.Outcomes = append(n.Outcomes, Outcome{Recipient: a, Action: Failed, Status: [3]int{5, 0, 0}})
		}
	}
}

// typed cuts the type off "rfc822; a@b".
func typed(v string) string {
	if _, rest, ok := strings.Cut(v, ";"); ok {
		v = rest
	}
	return clean(v, maxQuoted)
}

// address reads an address field's value; "<a@b>" is seen too.
func address(s string) (mail.Address, bool) {
	a, err := mail.ParsePath(strings.Trim(unescape(s), "<> "), true)
	return a, err == nil
}

// unescape undoes \x{HEX} (RFC 6533 §3).
func unescape(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		digits, after, ok := strings.Cut(rest, "}")
		r, err := strconv.ParseUint(digits, 16, 21)
		if !ok || err != nil {
			b.WriteString(`\x{` + rest)
			return b.String()
		}
		b.WriteRune(rune(r))
		s = after
	}
}

// readCode reads "5.1.1 (text)"; what is none gives zeros.
func readCode(s string) (code [3]int) {
	parts := strings.Split(firstWord(s), ".")
	if len(parts) != 3 {
		return code
	}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil || v > 999 {
			return [3]int{}
		}
		code[i] = int(v)
	}
	return code
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return strings.ToLower(f[0])
	}
	return ""
}

func first(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}
