package mail

import "time"

// RemoveFields returns head without the fields called names. Everything else
// stays octet for octet.
func RemoveFields(head []byte, names ...string) []byte { return head }

// Prepend returns fields (complete lines made by FormatField) followed by head.
func Prepend(head, fields []byte) []byte { return nil }

// ReplaceDate returns head with the first Date field saying t in t's zone, in
// the same place; a missing one is put on top, further ones are removed.
func ReplaceDate(head []byte, t time.Time) []byte { return head }

// FormatField builds one header field, encoded (RFC 2047) and folded, with its
// final CRLF. It refuses CR, LF and NUL in the value and bad names.
func FormatField(name, value string) ([]byte, error) { return nil, nil }

// FormatRawField builds one field of a structured value that is already valid
// ASCII or UTF-8 and must not be encoded: only folded at white space.
func FormatRawField(name, value string) ([]byte, error) { return nil, nil }

// FormatMailboxes writes an address list as a header field's value, names
// encoded (RFC 2047).
func FormatMailboxes(list []Mailbox) string { return "" }

// SubjectTag returns the override tag that a decoded subject starts with, also
// behind "Re:" and the like: lower-case, without brackets, inner white space
// single, and the subject without it. Only tags that mean something: now,
// urgent, as is, send anyway, "send …".
func SubjectTag(subject string) (tag, rest string, ok bool) { return "", "", false }

// CutSubjectTag removes from the Subject the tag that SubjectTag finds, if it
// is tag (as SubjectTag gives it), or any if tag is "". The result is false and
// head unchanged if there is none. Other fields stay octet for octet.
func CutSubjectTag(head []byte, tag string) ([]byte, bool) { return head, false }

// AddBcc returns head with a Bcc field naming addrs put on top.
func AddBcc(head []byte, addrs []Address) []byte { return head }
