package imapd

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"

	"tidepost/store"
)

// A model is a client that believes what it is told and nothing else.
type model struct {
	t    *rapid.T
	uids []uint32 // 0: announced, UID not asked for yet
	flag map[uint32]string
}

func (m *model) WriteExpunge(n uint32) error {
	if n == 0 || int(n) > len(m.uids) {
		m.t.Fatalf("EXPUNGE %d of %d messages", n, len(m.uids))
	}
	m.uids = slices.Delete(m.uids, int(n-1), int(n))
	return nil
}

func (m *model) WriteNumMessages(n uint32) error {
	if int(n) <= len(m.uids) {
		m.t.Fatalf("EXISTS %d, but %d are known", n, len(m.uids))
	}
	for len(m.uids) < int(n) {
		m.uids = append(m.uids, 0)
	}
	return nil
}

func (m *model) WriteMailboxFlags([]imap.Flag) error { return nil }

func (m *model) WriteMessageFlags(n uint32, uid imap.UID, flags []imap.Flag) error {
	if int(n) > len(m.uids) || m.uids[n-1] != 0 && m.uids[n-1] != uint32(uid) {
		m.t.Fatalf("FETCH %d is UID %d, the client knows %v", n, uid, m.uids)
	}
	m.uids[n-1] = uint32(uid)
	m.flag[uint32(uid)] = fmt.Sprint(flags)
	return nil
}

// ask is FETCH 1:* (UID FLAGS).
func (m *model) ask(v *view) {
	if len(v.rows) != len(m.uids) {
		m.t.Fatalf("the view has %d messages, the client knows %d", len(v.rows), len(m.uids))
	}
	for i, r := range v.rows {
		if m.uids[i] != 0 && m.uids[i] != r.uid {
			m.t.Fatalf("number %d is UID %d, the client knows %d", i+1, r.uid, m.uids[i])
		}
		m.uids[i] = r.uid
		m.flag[r.uid] = fmt.Sprint(flagNames(r))
	}
}

// TestViewNeverMisleadsAClient changes a mailbox at random beside a client that is
// told at random moments, with and without EXPUNGE. In the end it must know exactly
// what is there.
func TestViewNeverMisleadsAClient(t *testing.T) {
	w := newWorld(t)
	first := w.deliver("INBOX", plain(1))[0]
	box := w.box("INBOX")
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		v, err := openView(ctx, w.db, box.ID, false)
		if err != nil {
			rt.Fatal(err)
		}
		defer v.close()
		m := &model{t: rt, uids: make([]uint32, len(v.rows)), flag: map[uint32]string{}}
		m.ask(v)
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"add", "bulk", "remove", "flag", "tell", "tell quietly", "ask"}).Draw(rt, "step") {
			case "add":
				w.change(rt, box, func(tx *store.Tx, _ []store.Entry) error { return addCopies(tx, box, first, 1) })
			case "bulk":
				w.change(rt, box, func(tx *store.Tx, _ []store.Entry) error { return addCopies(tx, box, first, 3) })
			case "remove":
				w.change(rt, box, func(tx *store.Tx, all []store.Entry) error {
					if len(all) == 0 {
						return nil
					}
					return tx.RemoveEntry(rapid.SampledFrom(all).Draw(rt, "gone"), store.GoneExpunged, testTime)
				})
			case "flag":
				w.change(rt, box, func(tx *store.Tx, all []store.Entry) error {
					if len(all) == 0 {
						return nil
					}
					e := rapid.SampledFrom(all).Draw(rt, "entry")
					return tx.SetFlags(&e, e.Flags^store.Flagged, e.Keywords)
				})
			case "tell":
				must(rt, v.tell(ctx, m, true))
			case "tell quietly":
				must(rt, v.tell(ctx, m, false))
			case "ask":
				m.ask(v)
			}
		}
		must(rt, v.tell(ctx, m, true))
		m.ask(v)
		w.compare(rt, box, m)
	})
}

func must(rt *rapid.T, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

func (w *world) change(rt *rapid.T, box store.Mailbox, f func(tx *store.Tx, all []store.Entry) error) {
	must(rt, w.db.Update(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		return f(tx, all)
	}))
}

func addCopies(tx *store.Tx, box store.Mailbox, e store.Entry, n int) error {
	for range n {
		again := store.Entry{MailboxID: box.ID, MessageID: e.MessageID, InternalDate: testTime}
		if err := tx.AddEntry(&again); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) compare(rt *rapid.T, box store.Mailbox, m *model) {
	must(rt, w.db.View(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		if len(all) != len(m.uids) {
			rt.Fatalf("the client knows %v, there are %d", m.uids, len(all))
		}
		for i, e := range all {
			want := fmt.Sprint(flagNames(row{flags: e.Flags, keywords: e.Keywords}))
			if m.uids[i] != e.UID || m.flag[e.UID] != want {
				rt.Fatalf("number %d: the client knows UID %d %s, there is %d %s", i+1, m.uids[i], m.flag[m.uids[i]], e.UID, want)
			}
		}
		return nil
	}))
}

// TestPickNamesMessages covers the odd sets.
func TestPickNamesMessages(t *testing.T) {
	v := &view{rows: []row{{uid: 3}, {uid: 5}, {uid: 9}, {uid: 10}}}
	const star = 0
	for _, tt := range []struct {
		name string
		set  imap.NumSet
		want []int
	}{
		{"all", imap.SeqSet{{Start: 1, Stop: star}}, []int{0, 1, 2, 3}},
		{"the last", imap.SeqSet{{Start: star, Stop: star}}, []int{3}},
		{"beyond the last up to it", imap.SeqSet{{Start: 99, Stop: star}}, []int{3}},
		{"beyond the last", imap.SeqSet{{Start: 7, Stop: 9}}, nil},
		{"overlapping", imap.SeqSet{{Start: 1, Stop: 2}, {Start: 2, Stop: 3}}, []int{0, 1, 2}},
		{"all UIDs, by number", imap.UIDSet{{Start: 1, Stop: 1<<32 - 1}}, []int{0, 1, 2, 3}},
		{"UIDs between", imap.UIDSet{{Start: 4, Stop: 8}}, []int{1}},
		{"UIDs that are not there", imap.UIDSet{{Start: 6, Stop: 8}}, nil},
		{"from a UID beyond the last", imap.UIDSet{{Start: 50, Stop: star}}, []int{3}},
		{"one and the last, which is smaller in order", imap.UIDSet{{Start: 9, Stop: 9}, {Start: star, Stop: star}}, []int{2, 3}},
		{"a saved result", imap.SearchRes(), []int{1, 2}},
	} {
		if got := v.pick(tt.set, []uint32{5, 7, 9}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := (&view{}).pick(imap.UIDSet{{Start: 1, Stop: star}}, nil); len(got) != 0 {
		t.Errorf("an empty mailbox: got %v", got)
	}
}
