package imapd

import "github.com/emersion/go-imap/v2"

// Namespace implements NAMESPACE (RFC 9051 §6.3.10): everything is personal.
func (s *Session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Prefix: "", Delim: rune(delim[0])}}}, nil
}
