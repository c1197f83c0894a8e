package remote

import (
	"slices"
	"strconv"
	"strings"
)

// maxSet is how long a set of UIDs in a command gets: servers bound their lines, the
// strictest in use at some 8,000 octets.
const maxSet = 7000

// sets writes UIDs as sequence sets (RFC 9051 §9) of at most maxSet octets. The UIDs are
// in ascending order, without repeats.
func sets(uids []UID) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(uids); {
		j := i
		for j+1 < len(uids) && uids[j+1] == uids[j]+1 {
			j++
		}
		part := strconv.FormatUint(uint64(uids[i]), 10)
		if j > i {
			part += ":" + strconv.FormatUint(uint64(uids[j]), 10)
		}
		if b.Len() > 0 && b.Len()+1+len(part) > maxSet {
			out = append(out, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(part)
		i = j + 1
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

// tidy sorts UIDs and leaves repeats and zeros out.
func tidy(uids []UID) []UID {
	uids = slices.Clone(uids)
	slices.Sort(uids)
	uids = slices.Compact(uids)
	if len(uids) > 0 && uids[0] == 0 {
		uids = uids[1:]
	}
	return uids
}

// readSet reads a sequence set of at most limit UIDs, in the order written: what a server
// says does not decide how much memory is taken.
func readSet(text string, limit int) ([]UID, bool) {
	var out []UID
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, ":")
		a, err := strconv.ParseUint(first, 10, 32)
		if err != nil || a == 0 {
			return nil, false
		}
		z := a
		if isRange {
			if z, err = strconv.ParseUint(last, 10, 32); err != nil || z == 0 {
				return nil, false
			}
		}
		if z < a {
			a, z = z, a // RFC 9051 §9: 4:2 is 2:4.
		}
		if z-a >= uint64(limit-len(out)) {
			return nil, false
		}
		for n := a; n <= z; n++ {
			out = append(out, UID(n))
		}
	}
	return out, true
}
