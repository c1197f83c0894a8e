package mirror

import (
	"fmt"
	"testing"

	"tidepost/store"
)

// numberedAnew is an account whose INBOX has another UIDVALIDITY: count messages, of which
// the newest are linked.
func numberedAnew(count, linked int) State {
	s := State{Lost: map[store.Kind]bool{store.KindInbox: true}}
	for i := range count {
		key := Key{MID: fmt.Sprintf("%d@mail.example.net", i), Size: 2000}
		s.Remote = append(s.Remote, Remote{Kind: store.KindInbox, UID: uint32(i + 1), Key: key})
		if n := int64(i - count + linked); n >= 0 {
			s.Links = append(s.Links, Link{ID: n + 1, Entry: n + 1, EntryUID: uint32(n + 1), Thing: fmt.Sprintf("message/%d", n), Message: n, Kind: store.KindInbox,
				UID: uint32(900_000 - i), Key: key})
			s.Local = append(s.Local, Local{Entry: n + 1, UID: uint32(n + 1), Thing: fmt.Sprintf("message/%d", n), Message: n, Kind: store.KindInbox, Key: key})
		}
	}
	return s
}

func TestMergeOfALargeAccountNumberedAnew(t *testing.T) {
	s := numberedAnew(3000, 1000)
	actions := Merge(s)
	if len(actions) != 1000 {
		t.Fatalf("%d actions", len(actions))
	}
	for _, a := range actions {
		if a.Do != Relink || a.Link.Key != a.Remote.Key || a.To != store.KindInbox {
			t.Fatalf("%s of %v as %v", a.Do, a.Link, a.Remote)
		}
	}
}

// BenchmarkMerge compares an account of 50,000 messages that was numbered anew.
func BenchmarkMerge(b *testing.B) {
	s := numberedAnew(50_000, 5_000)
	for b.Loop() {
		if got := Merge(s); len(got) != 5_000 {
			b.Fatalf("%d actions", len(got))
		}
	}
}
