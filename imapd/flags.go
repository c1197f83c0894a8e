package imapd

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// Limits of keywords.
const (
	maxKeywords   = 100 // on one message
	maxKeywordLen = 128 // octets
)

// systemFlags in the order they are shown.
func systemFlags() []imap.Flag {
	return []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
}

// flagBit returns the bit of a system flag, 0 for anything else.
func flagBit(f imap.Flag) store.Flags {
	switch strings.ToLower(string(f)) {
	case `\seen`:
		return store.Seen
	case `\answered`:
		return store.Answered
	case `\flagged`:
		return store.Flagged
	case `\deleted`:
		return store.Deleted
	case `\draft`:
		return store.Draft
	}
	return 0
}

// flagNames is what FETCH shows of a row.
func flagNames(r row) []imap.Flag {
	out := []imap.Flag{}
	for _, f := range systemFlags() {
		if r.flags&flagBit(f) != 0 {
			out = append(out, f)
		}
	}
	for _, k := range r.keywords {
		out = append(out, imap.Flag(k))
	}
	return out
}

// flagNames is what FLAGS shows of the mailbox.
func (v *view) flagNames() []imap.Flag {
	out := systemFlags()
	words := make([]string, 0, len(v.words))
	for _, w := range v.words {
		words = append(words, w)
	}
	slices.Sort(words)
	for _, w := range words {
		out = append(out, imap.Flag(w))
	}
	return out
}

// A flagSet is what a client names: bits and keywords.
type flagSet struct {
	bits  store.Flags
	words []string
}

// parseFlags reads flags that a client sets. \Recent is nobody's to set and is left
// out; other flags with a backslash are none of ours (RFC 9051 §2.3.2).
func parseFlags(flags []imap.Flag) (flagSet, error) {
	var set flagSet
	for _, f := range flags {
		if bit := flagBit(f); bit != 0 {
			set.bits |= bit
			continue
		}
		if strings.EqualFold(string(f), `\Recent`) {
			continue
		}
		if f == "" || f[0] == '\\' {
			return set, no(imap.ResponseCodeCannot, "There is no flag "+string(f))
		}
		if len(f) > maxKeywordLen {
			return set, no(imap.ResponseCodeLimit, "The keyword is too long")
		}
		set.words = addWord(set.words, string(f))
		if len(set.words) > maxKeywords {
			return set, no(imap.ResponseCodeLimit, "Too many keywords")
		}
	}
	slices.Sort(set.words)
	return set, nil
}

// addWord adds a keyword; they compare without regard to case.
func addWord(words []string, w string) []string {
	if hasWord(words, w) {
		return words
	}
	return append(words, w)
}

func hasWord(words []string, w string) bool {
	return slices.ContainsFunc(words, func(have string) bool { return strings.EqualFold(have, w) })
}

// apply is what STORE makes of flags and keywords. The result is sorted.
func (set flagSet) apply(op imap.StoreFlagsOp, flags store.Flags, words []string) (store.Flags, []string) {
	switch op {
	case imap.StoreFlagsAdd:
		out := slices.Clone(words)
		for _, w := range set.words {
			out = addWord(out, w)
		}
		slices.Sort(out)
		return flags | set.bits, out
	case imap.StoreFlagsDel:
		out := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return hasWord(set.words, w) })
		return flags &^ set.bits, out
	}
	return set.bits, set.words
}

// spelled gives keywords the spelling they first had in the mailbox, so that a
// client does not meet one word in two forms.
func (v *view) spelled(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if have, ok := v.words[strings.ToLower(w)]; ok {
			out[i] = have
		}
	}
	slices.Sort(out)
	return out
}
