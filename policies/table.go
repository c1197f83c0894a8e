package policies

import "time"

// A Policy is one line of the table.
type Policy struct {
	Name     string
	Doc      string // one sentence, shown by "tidepost policy list"
	Evaluate func(in Input, now time.Time) []Finding
}

const (
	namePass     = "pass"
	nameTags     = "tags"
	nameUrgent   = "urgent"
	nameTogether = "together"
)

// Table returns the policies in their order: what lets mail pass comes first, what
// its author said comes before what Tidepost thinks. Policies of the coach join
// below.
func Table() []Policy {
	return []Policy{
		{namePass, "Mail that never waits: calendar, codes, machines, lists, and whom you named.", passList},
		{nameTags, "What the author wrote in front of the subject or behind a plus sign.", tags},
		{nameUrgent, "Mail that passes holds and tides, and is counted.", urgent},
		{nameTogether, "Decisions and proposals with a due time reach everybody at one moment.", together},
	}
}
