package demo

import (
	"fmt"
	"strings"
	"time"
)

// A draft is a mail as somebody's client composes it.
type draft struct {
	from, to string // as in the header
	bcc      string
	id       string // Message-ID without <>
	subject  string
	text     string
	date     time.Time
	fields   []string // more of the head, whole lines
	mime     string   // Content-Type; "" is plain text
}

// bytes are what goes over the wire, CRLF and all.
func (d draft) bytes() []byte {
	kind := d.mime
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	head := []string{
		"Date: " + d.date.Format(time.RFC1123Z),
		"From: " + d.from,
		"To: " + d.to,
		"Message-ID: <" + d.id + ">",
		"Subject: " + d.subject,
		"MIME-Version: 1.0",
		"Content-Type: " + kind,
	}
	if d.bcc != "" {
		head = append(head, "Bcc: "+d.bcc)
	}
	head = append(head, d.fields...)
	body := strings.ReplaceAll(strings.TrimSpace(d.text), "\n", "\r\n")
	return []byte(strings.Join(head, "\r\n") + "\r\n\r\n" + body + "\r\n")
}

// mailbox is a person as a header names them.
func (r resident) mailbox() string { return fmt.Sprintf("%s <%s>", r.name, r.address) }

// first is the first name.
func (r resident) first() string {
	name, _, _ := strings.Cut(r.name, " ")
	return name
}

// now is what a clock on the wall of a resident shows.
func (r resident) clock(t time.Time) string { return t.In(r.zone).Format("Mon 15:04") }
