package mail

import (
	"strings"
)

const maxIDOctets = 998 // a line's length, RFC 5322 §2.1.1

// ScanIDs returns the message ids in the value of a Message-ID, In-Reply-To or
// References field: what stands in angle brackets or, if nothing does, words
// with an at sign. Ids are without brackets and white space, valid UTF-8,
// without repeats. Of more than MaxMessageIDs the first one (the root of the
// thread) and the last ones are kept.
func ScanIDs(value string) []string {
	ids := scanBracketed(value)
	if len(ids) == 0 {
		ids = scanBare(value)
	}
	seen := make(map[string]bool, len(ids))
	out := ids[:0]
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	if n := len(out); n > MaxMessageIDs {
		out = append(out[:1:1], out[n-MaxMessageIDs+1:]...)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func scanBracketed(s string) []string {
	var ids []string
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			return ids
		}
		s = s[open+1:]
		end := strings.IndexAny(s, "<>")
		if end < 0 {
			return ids
		}
		if s[end] == '>' {
			if id := cleanID(s[:end]); id != "" {
				ids = append(ids, id)
			}
			end++
		}
		s = s[end:]
	}
}

func scanBare(s string) []string {
	var ids []string
	for _, w := range strings.Fields(s) {
		w = strings.Trim(w, `[](),;"'<>`)
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 {
			if id := cleanID(w); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// cleanID removes what folding and broken programs put into an id.
func cleanID(id string) string {
	if len(id) > maxIDOctets {
		return ""
	}
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, id)
	return strings.ToValidUTF8(id, "\uFFFD")
}
