package coach

import (
	"strings"

	"tidepost/policies"
)

// maxRefusal is how many octets the text of a refusal may have: with "550 5.7.1 " it
// fits the first 100 characters of the reply, which is all that many clients show.
const maxRefusal = 90

// Refusal words a finding as the text of an SMTP reply: whole in its first 100
// characters, with the words that override it. It is ASCII.
func Refusal(found []policies.Finding) string {
	const override = " Send again, or with [as is], to pass."
	what := ascii(capital(summary(found[0])))
	quote := ascii(line(found[0].Quote, 200))
	const least = 15 // octets of a quotation that say something
	room := maxRefusal - len(what) - len(override) - len(` ("")`) - 1
	switch {
	case room < least || quote == "":
		quote = ""
	case len(quote) > room:
		quote = strings.TrimRight(quote[:room-3], " ") + "..."
	}
	if quote != "" {
		what = what + ` ("` + strings.ReplaceAll(quote, `"`, "'") + `")`
	}
	if !strings.HasSuffix(what, "?") {
		what += "."
	}
	return what + override
}

// ascii is s with a question mark for what is none: replies are ASCII unless the
// client asked for more (RFC 6531 §3.7.4).
func ascii(s string) string {
	s = strings.NewReplacer("…", "...", "“", "'", "”", "'", "’", "'", "‘", "'", "–", "-", "—", "-").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
