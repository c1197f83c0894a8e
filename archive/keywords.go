package archive

import (
	"slices"
	"strings"
)

// maxKeywords bounds what a message brings along.
const maxKeywords = 50

// addKeyword adds a word that can be a keyword of IMAP (RFC 9051 §9, flag-keyword).
func addKeyword(list []string, word string) []string {
	if word == "" || len(word) > 100 || len(list) >= maxKeywords || strings.ContainsAny(word, "(){%*\"\\]") {
		return list
	}
	for i := range len(word) {
		if word[i] <= ' ' || word[i] >= 0x7f {
			return list
		}
	}
	if slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, word) }) {
		return list
	}
	return append(list, word)
}
