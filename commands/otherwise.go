package commands

import (
	"slices"
	"strings"
	"unicode"
)

// otherwise are other ways to read a sentence that says nothing as it stands: with its
// typing errors mended, from German, and both. Each must be understood whole, too.
func (s sentence) otherwise() [][]token {
	var out [][]token
	mended, some := respelled(s.toks)
	if some {
		out = append(out, mended)
	}
	for _, toks := range [][]token{s.toks, mended} {
		if in, ok := fromGerman(toks); ok {
			out = append(out, in)
		}
		if !some {
			break
		}
	}
	return out
}

// respelled mends typing errors anywhere in a sentence. Words with a capital inside of it
// are names of people and places as a rule, and stay.
func respelled(toks []token) (out []token, some bool) {
	out = slices.Clone(toks)
	for i, t := range out {
		low := spelledAs(t.low, textWords())
		_, month := months[low]
		_, weekday := weekdays[low]
		if i > 0 && unicode.IsUpper(firstRune([]rune(t.raw))) && !month && !weekday {
			continue
		}
		if low != t.low {
			out[i].low, some = low, true
		}
	}
	return out, some
}

// textWords are the words that are mended anywhere: those of commands, and of days.
func textWords() []string {
	return append(commandWords(), "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
		"january", "february", "august", "september", "october", "november", "december", "attachment", "attachments", "morning", "afternoon", "working", "everything")
}

// plainWords are near to a word of a command, and mean something else.
func plainWords() []string {
	return []string{"today", "days", "work", "workday", "workdays", "travel", "waking", "warning", "warnings", "holding", "everybody", "anything", "deliver", "delivered", "fried", "sundae", "worrying", "walking", "talking", "wording", "mourning", "awake", "await", "stay", "play"}
}

func spelledAs(low string, words []string) string {
	if len(low) < 4 || strings.ContainsAny(low, "0123456789@./'_") || knownWord(low) || slices.Contains(words, low) || slices.Contains(plainWords(), low) {
		return low
	}
	found, best := "", 3
	for _, w := range words {
		d := distance(low, w)
		near := d == 1 && (len(w) > 4 || len(low) == 4 && transposed(low, w)) || d == 2 && len(w) >= 8
		switch {
		case !near || d > best:
		case d < best:
			found, best = w, d
		default:
			found = "" // It can be either.
		}
	}
	if found == "" || (strings.HasSuffix(low, "ed") || strings.HasSuffix(low, "ing")) && !strings.HasSuffix(found, "ing") {
		return low
	}
	return found
}
