package queue

import (
	"strings"
	"unicode"
)

// goesStale reports whether a text says something that means another day once the
// mail has waited over midnight: "tomorrow", "this afternoon", "in two hours". It
// reads the text once, word by word: it runs on every mail that is accepted.
func goesStale(text string) bool {
	var before [2]string // the two words before
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) <= maxStaleWord {
			word = strings.ToLower(word)
		}
		switch word {
		case "today", "tonight", "tomorrow", "yesterday":
			return true
		case "morning", "afternoon", "evening":
			if before[1] == "this" {
				return true
			}
		case "hour", "hours", "minute", "minutes", "min", "mins":
			if before[0] == "in" && isCount(before[1]) || before[0] == "half" && before[1] == "an" {
				return true
			}
		}
		before[0], before[1] = before[1], word
	}
	return false
}

// maxStaleWord is the longest word that is looked for; longer ones need no copy in
// lower-case.
const maxStaleWord = len("yesterday")

// isCount knows "an", "two" and "45".
func isCount(word string) bool {
	switch word {
	case "a", "an", "one", "two", "three":
		return true
	}
	return word != "" && strings.Trim(word, "0123456789") == ""
}
