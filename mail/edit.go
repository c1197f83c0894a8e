package mail

import (
	"bytes"
	"strings"
	"time"
)

// RemoveFields returns head without the fields called names. Everything else
// stays octet for octet.
func RemoveFields(head []byte, names ...string) []byte {
	out := make([]byte, 0, len(head))
	last := 0
	walkFields(head, func(name string, start, _, end int) bool {
		if matchesAny(name, names) {
			out = append(out, head[last:start]...)
			last = end
		}
		return true
	})
	return append(out, head[last:]...)
}

// guardField keeps a head that starts with a continuation line from running into
// the field put on top of it.
const guardField = "X-Tidepost-Defect: lead-space\r\n"

// Prepend returns fields (complete lines made by FormatField) followed by head.
// A message that had no head at all gets its blank line with the first field.
func Prepend(head, fields []byte) []byte {
	out := make([]byte, 0, len(fields)+len(head)+len(guardField))
	out = append(out, fields...)
	switch {
	case len(fields) == 0:
	case len(head) == 0:
		out = append(out, "\r\n"...)
	case head[0] == ' ' || head[0] == '\t':
		out = append(out, guardField...)
	}
	return append(out, head...)
}

// ReplaceDate returns head with the first Date field saying t in t's zone, in
// the same place; a missing one is put on top, further ones are removed.
func ReplaceDate(head []byte, t time.Time) []byte {
	field := []byte("Date: " + FormatDate(t) + "\r\n")
	out := make([]byte, 0, len(head)+len(field))
	last, found := 0, false
	walkFields(head, func(name string, start, _, end int) bool {
		if strings.EqualFold(name, "Date") {
			out = append(out, head[last:start]...)
			if !found {
				out = append(out, field...)
			}
			found, last = true, end
		}
		return true
	})
	if !found {
		return Prepend(head, field)
	}
	return append(out, head[last:]...)
}

// AddBcc returns head with a Bcc field naming addrs put on top.
func AddBcc(head []byte, addrs []Address) []byte {
	list := make([]Mailbox, len(addrs))
	for i, a := range addrs {
		list[i].Address = a
	}
	value := FormatMailboxes(list)
	if value == "" {
		return head
	}
	field, err := FormatRawField("Bcc", value)
	if err != nil {
		return head // cannot be: FormatMailboxes writes no controls
	}
	return Prepend(head, field)
}

const maxTag = 64 // octets of an override tag

// SubjectTag returns the override tag that a decoded subject starts with, also
// behind "Re:" and the like: lower-case, without brackets, inner white space
// single, and the subject without it. Only tags that mean something: now,
// urgent, as is, send anyway, "send …".
func SubjectTag(subject string) (tag, rest string, ok bool) {
	at := len(subject) - len(skipReplyMarks(subject))
	tag, size := tagAt(subject[at:])
	if tag == "" {
		return "", subject, false
	}
	tail := strings.TrimLeft(subject[at+size:], " \t")
	return tag, strings.TrimRight(subject[:at]+tail, " \t"), true
}

// tagAt reads the tag at the start of s and says how long it is.
func tagAt(s string) (tag string, size int) {
	if !strings.HasPrefix(s, "[") {
		return "", 0
	}
	end := strings.IndexByte(s[:min(len(s), maxTag)], ']')
	if end < 0 {
		return "", 0
	}
	tag = strings.ToLower(strings.Join(strings.Fields(s[1:end]), " "))
	switch {
	case tag == "now", tag == "urgent", tag == "as is", strings.HasPrefix(tag, "send "):
		return tag, end + 1
	}
	return "", 0
}

// CutSubjectTag removes from the Subject the tag that SubjectTag finds, if it
// is tag (as SubjectTag gives it), or any if tag is "". The result is false and
// head unchanged if there is none. Other fields stay octet for octet, and the
// Subject too where the tag is not encoded or folded.
func CutSubjectTag(head []byte, tag string) ([]byte, bool) {
	out, cut := head, false
	walkFields(head, func(name string, start, colon, end int) bool {
		if !strings.EqualFold(name, "Subject") {
			return true
		}
		field, ok := cutTag(head[start:end], colon-start, tag)
		if ok {
			out = bytes.Join([][]byte{head[:start], field, head[end:]}, nil)
			cut = true
		}
		return false
	})
	return out, cut
}

// cutTag returns the Subject field without its tag.
func cutTag(field []byte, colon int, want string) ([]byte, bool) {
	raw := unfold(field[colon+1:])
	tag, rest, ok := SubjectTag(decodeWords(raw))
	if !ok || want != "" && tag != want {
		return nil, false
	}
	if inRaw, _, ok := SubjectTag(raw); ok && inRaw == tag && bytes.IndexByte(trimEOL(field), '\n') < 0 {
		open := len(field) - len(skipReplyMarks(string(field[colon+1:])))
		shut := open + bytes.IndexByte(field[open:], ']') + 1
		for shut < len(field) && (field[shut] == ' ' || field[shut] == '\t') {
			shut++
		}
		return append(append([]byte(nil), field[:open]...), field[shut:]...), true
	}
	built, err := FormatField("Subject", rest)
	if err != nil {
		return nil, false
	}
	return built, true
}
