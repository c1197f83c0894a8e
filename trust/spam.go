package trust

import (
	"strconv"
	"strings"

	"tidepost/mail"
)

// exchangeSpam is the spam confidence level from which Exchange files as junk.
const exchangeSpam = 5

// SpamMark returns the name of the field in which a filter called the mail spam, or "".
// Of each name the topmost field counts: it was written last. Only a yes is believed,
// and from anybody: who writes one has his own mail filed as junk. The fields of
// Exchange count from inside only: they are left in mail that leaves a tenant, and speak
// of the sender's filter.
func SpamMark(head []byte, inside bool) string {
	h := mail.ParseHeader(head)
	for _, mark := range []struct {
		field  string
		says   func(string) bool
		inside bool
	}{
		{"X-Spam-Flag", yes, false},
		{"X-Spam", yes, false},          // rspamd
		{"X-Spam-Status", yes, false},   // SpamAssassin: "Yes, score=…"
		{"X-Rspamd-Action", act, false}, // rspamd
		{"X-Spamd-Result", over, false}, // rspamd: "default: True [15.1 / 15.0]; …"
		{"X-MS-Exchange-Organization-SCL", level, true},
		{"X-Forefront-Antispam-Report", report, true},
	} {
		if inside || !mark.inside {
			if v := strings.ToLower(strings.TrimSpace(h.Get(mark.field))); v != "" && mark.says(v) {
				return mark.field
			}
		}
	}
	return ""
}

// yes takes the first word: "yes", "yes, score=7.2", "true".
func yes(v string) bool {
	word, _, _ := strings.Cut(v, ",")
	word, _, _ = strings.Cut(strings.TrimSpace(word), " ")
	return word == "yes" || word == "true"
}

// act takes the actions of rspamd that call mail spam.
func act(v string) bool {
	return v == "add header" || v == "rewrite subject" || v == "reject" || v == "quarantine"
}

// over takes the result of the first metric: "default: True [15.1 / 15.0]".
func over(v string) bool {
	_, rest, ok := strings.Cut(v, ":")
	return ok && strings.HasPrefix(strings.TrimSpace(rest), "true")
}

func level(v string) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n >= exchangeSpam
}

// report takes "CIP:…;CTRY:…;SCL:5;…" of Exchange Online.
func report(v string) bool {
	for _, part := range strings.Split(v, ";") {
		if n, ok := strings.CutPrefix(strings.TrimSpace(part), "scl:"); ok {
			return level(n)
		}
	}
	return false
}
