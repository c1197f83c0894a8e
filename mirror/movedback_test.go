package mirror

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

// Tidepost moved a list mail out of INBOX and did not hear the answer; its reader moved it
// back. It has another number there, and stays. With its old number it has never left.
func TestMailMovedBackBehindALostAnswerStays(t *testing.T) {
	key := Key{MID: "m@x", Size: 7}
	merge := func(uid uint32, lost bool) []Verb {
		var out []Verb
		for _, a := range Merge(State{
			Links:  []Link{{ID: 1, Entry: 2, EntryUID: 1, Thing: "message/3", Message: 3, Kind: store.KindInbox, UID: 5, Key: key}},
			Local:  []Local{{Entry: 2, UID: 1, Thing: "message/3", Message: 3, Kind: store.KindLists, Key: key}},
			Remote: []Remote{{Kind: store.KindInbox, UID: uid, Key: key, New: true}},
			Lost:   map[store.Kind]bool{store.KindInbox: lost},
		}) {
			out = append(out, a.Do)
		}
		return out
	}
	for _, c := range []struct {
		uid  uint32
		lost bool
		want []Verb
	}{{5, false, []Verb{MoveThere}}, {6, false, []Verb{Act}}, {6, true, []Verb{MoveThere}}} {
		if d := cmp.Diff(c.want, merge(c.uid, c.lost)); d != "" {
			t.Errorf("number %d, numbered anew %t: %s", c.uid, c.lost, d)
		}
	}
}
