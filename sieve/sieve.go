// Package sieve writes the Sieve script (RFC 5228) that keeps new mail from a person's
// inbox until Tidepost has looked at it. It is pure: text in, text out.
//
// Invariants:
//   - the script stops by itself: from Rules.Until on it leaves every message where it
//     would be without it. If Tidepost stops, mail flows.
//   - what it does not catch, or cannot file, stays in the inbox.
//   - the person's own script runs first, and has the last word: what it files, forwards,
//     keeps, discards or refuses, and what it stops at, is not touched again. A message is
//     never filed twice.
//   - nothing a person or a stranger wrote can end a string or a comment.
package sieve

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Name is what Tidepost's script is called on the server.
const Name = "tidepost"

// Bounds of a script: servers take 32 KiB at least in practice, 64 KiB with the person's
// own.
const (
	maxOwn    = 32 << 10 // octets of the person's own script
	maxList   = 8 << 10  // octets of each list of senders, domains, words
	maxString = 300      // octets of an entry of a list
)

// What stands in the way of a script.
var (
	// ErrServer: the server lacks an extension without which nothing can be done safely.
	ErrServer = errors.New("the server's Sieve cannot do this")
	// ErrOwn: the person's own script cannot be run together with Tidepost's.
	ErrOwn = errors.New("the person's own script cannot be combined")
)

// Rules are what a script is made of.
type Rules struct {
	Folder string    // where mail waits, as the server names it
	Until  time.Time // from then on the script does nothing; to the hour, rounded down

	// What stays in the inbox at once besides what always does. Entries that do not fit are
	// left out: such mail comes back from Folder a little later.
	Senders []string // addresses
	Domains []string // with the domains below them
	Words   []string // anywhere in the subject

	OwnName string // of the person's own script on the server, "" for none
	Own     string // its text

	Extensions []string // what the server's Sieve knows
}

// Missing are the extensions without which there is no script, and which a server lacks;
// own: the person has a script of their own.
func Missing(extensions []string, own bool) (out []string) {
	need := []string{"fileinto", "date", "relational"}
	if own {
		need = append(need, "variables")
	}
	for _, ext := range need {
		if !slices.Contains(extensions, ext) {
			out = append(out, ext)
		}
	}
	return out
}

// mark begins every script of Tidepost; own script's name follows it.
const mark = "# Tidepost 1 own="

// Write returns the script. Errors: ErrServer, ErrOwn.
func Write(r Rules) (string, error) {
	need := []string{"fileinto", "date", "relational"}
	own := strings.TrimSpace(r.Own)
	var err error
	if own != "" {
		need = append(need, "variables")
		if own, err = combine(r.Own); err != nil {
			return "", err
		}
	}
	if lacks := Missing(r.Extensions, own != ""); len(lacks) > 0 {
		return "", fmt.Errorf("%w: it has no %s", ErrServer, strings.Join(lacks, ", "))
	}
	folder, ok := quote(r.Folder)
	if !ok {
		return "", fmt.Errorf("%w: the folder's name %q", ErrServer, r.Folder)
	}
	for _, ext := range []string{"mailbox", "envelope", "body"} {
		if slices.Contains(r.Extensions, ext) {
			need = append(need, ext)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\r\n", mark, url.QueryEscape(r.OwnName))
	b.WriteString("# New mail waits in a folder until Tidepost has looked at it. This script is renewed\r\n")
	fmt.Fprintf(&b, "# every few hours and stops by itself; removing it does no harm.\r\nrequire %s;\r\n", list(need))
	if own != "" {
		b.WriteString(own)
		b.WriteString("\r\n# Here the person's own script ends.\r\n")
	}
	var conditions []string
	if own != "" {
		conditions = append(conditions, `not string :is "${tidepost_done}" "yes"`)
	}
	// RFC 5260 §4, §5: the ISO form compares as text, whatever the server writes for the zone.
	conditions = append(conditions, fmt.Sprintf(`currentdate :zone "+0000" :value "lt" "iso8601" "%s"`, r.Until.UTC().Format("2006-01-02T15")))
	if slices.Contains(need, "mailbox") { // RFC 5490 §3.1
		conditions = append(conditions, "mailboxexists "+folder)
	}
	conditions = append(conditions, "not anyof (\r\n\t\t"+strings.Join(r.passes(need), ",\r\n\t\t")+")")
	fmt.Fprintf(&b, "if allof (\r\n\t%s) {\r\n\tfileinto %s;\r\n}\r\n", strings.Join(conditions, ",\r\n\t"), folder)
	return b.String(), nil
}

// passes are the tests for what may stay at once: what can be told for certain from a
// header.
func (r Rules) passes(need []string) []string {
	out := []string{
		`header :contains "content-type" "text/calendar"`,
		`allof (exists "auto-submitted", not header :matches "auto-submitted" "no*")`,
		`header :contains "subject" ["verification code", "security code", "sign-in code", "login code", "one-time code", "one-time password", "passcode", "reset your password", "password reset", "verify your", "confirm your email"]`,
		`address :localpart :matches "from" ["no-reply", "noreply", "no_reply", "do-not-reply", "donotreply", "*-noreply", "noreply-*", "mailer-daemon"]`,
	}
	if slices.Contains(need, "body") {
		out = append(out, `body :content "text/calendar" :contains ""`) // RFC 5173 §5.2
	}
	if slices.Contains(need, "envelope") {
		out = append(out, `envelope :is "from" ""`)
	}
	if l := bounded(r.Senders); len(l) > 0 {
		out = append(out, `address :all :is "from" `+list(l))
	}
	if l := bounded(r.Domains); len(l) > 0 {
		out = append(out, `address :domain :is "from" `+list(l))
		var below []string
		for _, d := range l {
			below = append(below, "*."+escape(d))
		}
		out = append(out, `address :domain :matches "from" `+list(below))
	}
	if l := bounded(r.Words); len(l) > 0 {
		out = append(out, `header :contains "subject" `+list(l))
	}
	return out
}

// bounded leaves out what cannot stand in a script, and what is too much.
func bounded(all []string) []string {
	var out []string
	left := maxList
	for _, s := range all {
		s = strings.TrimSpace(s)
		if _, ok := quote(s); !ok || s == "" || len(s) > maxString {
			continue
		}
		if left -= len(s) + 5; left < 0 {
			break
		}
		out = append(out, s)
	}
	return out
}

// escape takes the meaning off wildcards (RFC 5228 §2.7.1).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`).Replace(s)
}

// list writes a string list of strings that quote takes.
func list(all []string) string {
	var out []string
	for _, s := range all {
		if q, ok := quote(s); ok {
			out = append(out, q)
		}
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// quote writes a quoted string (RFC 5228 §2.4.2). Where the extension "variables" is
// required, "${" begins a name (RFC 5229 §3): such strings, control characters and what is
// no UTF-8 cannot be written.
func quote(s string) (string, bool) {
	if !utf8.ValidString(s) || strings.Contains(s, "${") || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", false
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, true
}

// Own says whether a script is one of Tidepost's, and what the person's own is called that
// it runs: "" for none.
func Own(script string) (name string, ours bool) {
	line, _, _ := strings.Cut(script, "\n")
	rest, ours := strings.CutPrefix(strings.TrimSuffix(line, "\r"), mark)
	if !ours {
		return "", false
	}
	name, err := url.QueryUnescape(rest)
	return name, err == nil
}

// Until says when a script of Tidepost stops; ok is false for other scripts.
func Until(script string) (t time.Time, ok bool) {
	if _, ours := Own(script); !ours {
		return time.Time{}, false
	}
	_, rest, ok := strings.Cut(script[strings.LastIndex(script, "currentdate")+1:], `"iso8601" "`)
	if !ok || len(rest) < 13 {
		return time.Time{}, false
	}
	t, err := time.Parse("2006-01-02T15", rest[:13])
	return t, err == nil
}
