package imapd

import "strings"

// matches reports whether a mailbox name fits a LIST pattern (RFC 9051 §6.3.9): "*"
// stands for anything, "%" for anything without a delimiter. Every octet of the
// name costs at most one step per octet of the pattern, whatever the pattern.
func matches(pattern, name string) bool {
	pattern, name = foldInbox(pattern), foldInbox(name)
	// at[i] says that pattern[:i] fits what was read of name.
	at := make([]bool, len(pattern)+1)
	at[0] = true
	skip(pattern, at)
	next := make([]bool, len(pattern)+1)
	for j := 0; j < len(name); j++ {
		clear(next)
		alive := false
		for i := 0; i < len(pattern); i++ {
			if !at[i] {
				continue
			}
			switch {
			case pattern[i] == '*', pattern[i] == '%' && name[j] != delim[0]:
				next[i] = true
			case pattern[i] == name[j] && pattern[i] != '%':
				next[i+1] = true
			default:
				continue
			}
			alive = true
		}
		if !alive {
			return false
		}
		at, next = next, at
		skip(pattern, at)
	}
	return at[len(pattern)]
}

// skip lets wildcards stand for nothing.
func skip(pattern string, at []bool) {
	for i := 0; i < len(pattern); i++ {
		if at[i] && (pattern[i] == '*' || pattern[i] == '%') {
			at[i+1] = true
		}
	}
}

// foldInbox spells INBOX in capitals: it has no case (RFC 9051 §5.1).
func foldInbox(s string) string {
	if len(s) >= len(inboxName) && strings.EqualFold(s[:len(inboxName)], inboxName) &&
		(len(s) == len(inboxName) || strings.ContainsRune("/*%", rune(s[len(inboxName)]))) {
		return inboxName + s[len(inboxName):]
	}
	return s
}
