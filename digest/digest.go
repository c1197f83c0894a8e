// Package digest words the letters that Tidepost itself writes: the digest on top
// of a tide, the timetable in Scheduled, and the short notes that confirm, warn or
// explain. From typed inputs it makes a mail.Letter, as text that reads well at 76
// columns (a digest, which is made to be answered, at 72) and, where it helps, as HTML.
//
// It is pure: it reads no clock and no database. Foreign text (subjects, names,
// previews, replies of other servers) is cut to one bounded line, without control
// and direction characters, before it stands in a letter. HTML is written by
// html/template and then passed through an allow list that knows no image, no
// script, no id, no remote address and no style shorthand.
//
// A letter comes without Message-ID and, where the constructor is not told the
// time, without Date: whoever files it sets them.
//
// It is not responsible for whether and when a letter is sent (inbox, queue).
package digest

import (
	"strings"
	"time"

	"tidepost/mail"
)

// A Writer writes the letters of one installation.
type Writer struct {
	Domain string // main mail domain: letters come from tidepost@Domain
}

// A Reader is whom a letter is for.
type Reader struct {
	Name    string
	Address mail.Address
	Zone    *time.Location // nil: UTC
}

func (r Reader) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

// An About is the mail that a note is about; the note is threaded on it.
type About struct {
	Subject string   // decoded, as its author wrote it
	MID     string   // its Message-ID without <>; may be ""
	To      []string // those of its recipients that the note concerns: names, or addresses
	Unsent  bool     // the copy that its author's client filed in Sent lies in Trash
}

// From is the mailbox that all letters come from.
func (w Writer) From() mail.Mailbox {
	return mail.Mailbox{Name: "Tidepost", Address: mail.Address{Local: "tidepost", Domain: w.Domain}}
}

// letter is what all letters have in common. RFC 3834 §5: they are marked, so that
// no machine answers them; our own mark ends a loop (RELIABILITY 2.3).
func (w Writer) letter(to Reader, subject, text string) mail.Letter {
	return mail.Letter{
		From:    w.From(),
		To:      []mail.Mailbox{{Name: line(to.Name, maxName), Address: to.Address}},
		Subject: line(subject, maxSubject+40),
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-generated", Raw: true},
			{Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: LoopField, Value: w.Domain, Raw: true},
		},
		Text: text,
	}
}

// LoopField marks every letter that Tidepost writes; its value is the domain.
const LoopField = "X-Tidepost-Loop"

// list adds what makes a letter one of a list that can be left (RFC 2919, RFC 2369).
func (w Writer) list(l *mail.Letter, id, title, leave string) {
	l.Extra = append(l.Extra,
		mail.Extra{Name: "List-Id", Value: title + " <" + id + ".tidepost." + w.Domain + ">", Raw: true},
		mail.Extra{Name: "List-Unsubscribe", Value: "<mailto:tidepost@" + w.Domain + "?subject=" + leave + ">", Raw: true},
	)
}

// note is a short letter, threaded on the mail it is about. blocks are paragraphs.
func (w Writer) note(to Reader, about About, subject string, blocks ...string) mail.Letter {
	l := w.letter(to, subject, paragraphs(blocks...))
	if about.MID != "" {
		l.InReplyTo = about.MID
		l.References = []string{about.MID}
	}
	return l
}

// paragraphs wraps each block and sets empty lines between them; empty blocks are
// left out.
func paragraphs(blocks ...string) string {
	var out []string
	for _, b := range blocks {
		if b != "" {
			out = append(out, wrap(b, ""))
		}
	}
	return strings.Join(out, "\n\n") + "\n"
}
