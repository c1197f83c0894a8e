package imapd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// A row is a message as the client knows it.
type row struct {
	uid      uint32
	flags    store.Flags
	gone     bool // left the mailbox; the client does not know yet
	message  int64
	modseq   uint64
	date     time.Time // INTERNALDATE
	keywords []string
}

// A view is a selected mailbox in the eyes of one client: the only owner of
// sequence numbers. It is owned by the session's lock.
type view struct {
	db       *store.DB
	sub      *store.Subscription
	box      store.Mailbox // as of the last read
	readOnly bool          // EXAMINE
	rows     []row         // ascending UIDs; the sequence number is the index + 1
	gone     int           // rows that are gone
	changes  uint64        // of rows, counted: what is computed from them holds as long as it stays
	dirty    bool          // a read failed; read again without a signal
	deleted  bool          // the mailbox itself is gone
	words    map[string]string
	newWords bool // words grew since FLAGS was told
}

// openView selects a mailbox. It subscribes before it reads: what is committed
// after the read is signalled.
func openView(ctx context.Context, db *store.DB, id int64, readOnly bool) (*view, error) {
	v := &view{db: db, sub: db.Subscribe(id), readOnly: readOnly, words: map[string]string{}}
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if v.box, err = tx.Mailbox(id); err != nil {
			return err
		}
		entries, err := tx.Entries(id)
		v.rows = make([]row, 0, len(entries))
		for _, e := range entries {
			v.add(e)
		}
		return err
	})
	if err != nil {
		v.sub.Close()
		return nil, err
	}
	v.newWords = false // SELECT tells FLAGS.
	return v, nil
}

func (v *view) close() { v.sub.Close() }

// add appends an entry that the client is about to be told of.
func (v *view) add(e store.Entry) {
	v.rows = append(v.rows, row{uid: e.UID, message: e.MessageID, date: e.InternalDate})
	v.set(len(v.rows)-1, e)
}

// set copies what can change of an entry.
func (v *view) set(i int, e store.Entry) {
	v.changes++
	r := &v.rows[i]
	r.flags, r.keywords, r.modseq = e.Flags, e.Keywords, e.ModSeq
	for _, k := range e.Keywords {
		if _, ok := v.words[strings.ToLower(k)]; !ok {
			v.words[strings.ToLower(k)] = k
			v.newWords = true
		}
	}
}

// index returns where a UID is.
func (v *view) index(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(v.rows, uid, func(r row, uid uint32) int { return cmp.Compare(r.uid, uid) })
}

// updates is where news go: to the connection, or to a test.
type updates interface {
	WriteExpunge(seqNum uint32) error
	WriteNumMessages(n uint32) error
	WriteMailboxFlags(flags []imap.Flag) error
	WriteMessageFlags(seqNum uint32, uid imap.UID, flags []imap.Flag) error
}

// news is what a read of the log brought.
type news struct {
	arrived int
	flags   []uint32 // UIDs whose flags others changed
}

// tell brings the view up to date and tells the client, EXPUNGE only if it is
// allowed now.
func (v *view) tell(ctx context.Context, w updates, expunge bool) error {
	n, err := v.refresh(ctx)
	if err != nil {
		return err
	}
	if expunge {
		if err := v.tellGone(w); err != nil {
			return err
		}
	}
	if n.arrived > 0 {
		if err := w.WriteNumMessages(uint32(len(v.rows))); err != nil {
			return err
		}
	}
	if v.newWords {
		v.newWords = false
		if err := w.WriteMailboxFlags(v.flagNames()); err != nil {
			return err
		}
	}
	for _, uid := range n.flags {
		i, ok := v.index(uid)
		if !ok || v.rows[i].gone {
			continue
		}
		if err := w.WriteMessageFlags(uint32(i+1), imap.UID(uid), flagNames(v.rows[i])); err != nil {
			return err
		}
	}
	return nil
}

// tellGone tells EXPUNGE from the highest number down, so that no number shifts
// before its turn, and forgets the rows.
func (v *view) tellGone(w updates) error {
	if v.gone == 0 {
		return nil
	}
	for i := len(v.rows) - 1; i >= 0; i-- {
		if !v.rows[i].gone {
			continue
		}
		if err := w.WriteExpunge(uint32(i + 1)); err != nil {
			return err
		}
	}
	v.rows = slices.DeleteFunc(v.rows, func(r row) bool { return r.gone })
	v.gone = 0
	v.changes++
	return nil
}

// refresh reads what happened since the last read. Without a signal nothing did:
// the store signals before the writer's Update returns.
func (v *view) refresh(ctx context.Context) (news, error) {
	select {
	case <-v.sub.C():
	default:
		if !v.dirty {
			return news{}, nil
		}
	}
	v.dirty = true
	var entries []store.Entry
	var expunged []store.Expunged
	var box store.Mailbox
	err := v.db.View(ctx, func(tx *store.Tx) (err error) {
		if box, err = tx.Mailbox(v.box.ID); err != nil {
			return err
		}
		if expunged, err = tx.ExpungedSince(v.box.ID, v.box.ModSeq); err != nil {
			return err
		}
		entries, err = tx.EntriesSince(v.box.ID, v.box.ModSeq)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		v.vanish()
		return news{}, nil
	}
	if err != nil {
		return news{}, fmt.Errorf("read changes of mailbox %d: %w", v.box.ID, err)
	}
	v.box, v.dirty = box, false
	for _, x := range expunged {
		v.drop(x.UID)
	}
	return v.merge(entries), nil
}

// merge takes entries that came or changed.
func (v *view) merge(entries []store.Entry) news {
	var n news
	for _, e := range entries {
		i, known := v.index(e.UID)
		switch {
		case !known && i == len(v.rows):
			v.add(e)
			n.arrived++
		case known && (v.rows[i].flags != e.Flags || !slices.Equal(v.rows[i].keywords, e.Keywords)):
			v.set(i, e)
			n.flags = append(n.flags, e.UID)
		case known:
			v.rows[i].modseq = e.ModSeq
			v.changes++
		}
	}
	return n
}

// drop marks a UID as gone.
func (v *view) drop(uid uint32) {
	if i, ok := v.index(uid); ok && !v.rows[i].gone {
		v.rows[i].gone = true
		v.gone++
		v.changes++
	}
}

// vanish is the end of a mailbox that somebody deleted: all of it is gone.
func (v *view) vanish() {
	v.deleted, v.dirty = true, false
	for i := range v.rows {
		v.rows[i].gone = true
	}
	v.gone = len(v.rows)
	v.changes++
}

// A span is a half-open range of indices.
type span struct{ from, to int }

// pick returns the rows that a set names, ascending, each once; numbers that name
// nothing are left out (RFC 9051 §6.4.8). saved is the result of SEARCH that "$"
// stands for (RFC 9051 §6.4.4.1).
func (v *view) pick(set imap.NumSet, saved []uint32) []int {
	var out []int
	for _, s := range v.spans(set, saved) {
		for i := s.from; i < s.to; i++ {
			out = append(out, i)
		}
	}
	return out
}

// spans is pick as ranges of rows: ascending, apart from each other.
func (v *view) spans(set imap.NumSet, saved []uint32) []span {
	var out []span
	switch set := set.(type) {
	case imap.SeqSet:
		for _, r := range set {
			lo, hi := bounds(r.Start, r.Stop, uint32(len(v.rows)))
			out = append(out, span{int(lo) - 1, min(int(hi), len(v.rows))})
		}
	case imap.UIDSet:
		if imap.IsSearchRes(set) {
			return v.savedSpans(saved)
		}
		for _, r := range set {
			lo, hi := bounds(uint32(r.Start), uint32(r.Stop), v.lastUID())
			from, _ := v.index(lo)
			to, ok := v.index(hi)
			if ok {
				to++
			}
			out = append(out, span{from, to})
		}
	}
	return merge(out)
}

func (v *view) savedSpans(saved []uint32) []span {
	var out []span
	for _, uid := range saved {
		if i, ok := v.index(uid); ok {
			out = append(out, span{i, i + 1})
		}
	}
	return out
}

// bounds gives a range with "*", which is 0, its numbers: "*" is the last one, also
// when it is smaller than the other (RFC 9051 §9, seq-range).
func bounds(start, stop, last uint32) (lo, hi uint32) {
	if start == 0 {
		start = last
	}
	if stop == 0 {
		stop = last
	}
	return max(min(start, stop), 1), max(start, stop)
}

// merge sorts spans, joins those that touch and drops empty ones. Those of a set are
// in order but for one with "*".
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := spans[:0]
	for _, s := range spans {
		switch n := len(out); {
		case s.from >= s.to:
		case n > 0 && s.from <= out[n-1].to:
			out[n-1].to = max(out[n-1].to, s.to)
		default:
			out = append(out, s)
		}
	}
	return out
}

// lastUID is the highest UID that the client knows, 0 in an empty mailbox.
func (v *view) lastUID() uint32 {
	if len(v.rows) == 0 {
		return 0
	}
	return v.rows[len(v.rows)-1].uid
}
