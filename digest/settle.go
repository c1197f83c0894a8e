package digest

// assured is how many lines a section keeps although the ones before it could fill
// the digest: an answer to the reader must not drown in questions.
const assured = 2

// Settle ends the filling of c: it cuts the sections so that the digest has at most
// MaxEntries lines, counts what is left out, and numbers the questions from 1. What
// pressed less gives way first.
func (c *Content) Settle() {
	sizes := []int{len(c.Asks), len(c.Mine), len(c.Decisions), len(c.Blocked), len(c.Roles), len(c.Entries)}
	room := allot(sizes, MaxEntries)
	c.Asks, c.MoreAsks = cut(c.Asks, room[0], c.MoreAsks)
	c.Mine, c.MoreMine = cut(c.Mine, room[1], c.MoreMine)
	c.Decisions, c.MoreDecisions = cut(c.Decisions, room[2], c.MoreDecisions)
	c.Blocked, c.MoreBlocked = cut(c.Blocked, room[3], c.MoreBlocked)
	c.Roles, c.MoreRoles = cut(c.Roles, room[4], c.MoreRoles)
	for i := range c.Asks {
		c.Asks[i].Number = i + 1
	}
}

// allot shares out lines among sections of these sizes, the first one first, each
// later one assured of a few.
func allot(sizes []int, lines int) []int {
	out := make([]int, len(sizes))
	for i, n := range sizes {
		kept := 0
		for _, later := range sizes[i+1:] {
			kept += min(later, assured)
		}
		out[i] = max(min(n, lines-kept), 0)
		lines -= out[i]
	}
	return out
}

func cut[T any](list []T, n, more int) (kept []T, left int) {
	if len(list) <= n {
		return list, more
	}
	return list[:n:n], more + len(list) - n
}

// shown returns the entries that are shown, and how many messages are in the others.
// All are kept: the next digest may repeat them.
func (c Content) shown() (entries []Entry, more int) {
	entries, more = c.Entries, c.More
	room := max(MaxEntries-len(c.Asks)-len(c.Mine)-len(c.Decisions)-len(c.Blocked)-len(c.Roles), 0)
	if len(entries) > room {
		for _, e := range entries[room:] {
			more += e.Messages
		}
		entries = entries[:room]
	}
	return entries, more
}
