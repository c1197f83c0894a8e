package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
	"tidepost/threading"
)

const (
	rethreadBatch = 500  // rows that one look brings
	shiftBatch    = 1000 // ids that move with one statement
)

// rethreadStale computes the threads again after a migration or a salvage that could not
// look into the heads.
func (b *Inbox) rethreadStale(ctx context.Context) error {
	var stale bool
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		stale, err = tx.ThreadsStale()
		return err
	})
	if err != nil || !stale {
		return err
	}
	n, err := b.Rethread(ctx)
	if err == nil {
		b.o.Log.Info("threads were computed again", "changed", n)
	}
	return err
}

// Rethread computes again which threads the stored mail makes, and returns how many
// Message-IDs that changed. A thread keeps its id where most of its mail stays
// together; the id of one that became part of another resolves to that. What a swept
// message said before its head went is believed.
func (b *Inbox) Rethread(ctx context.Context) (changed int, err error) {
	r := rethreading{archive: threading.NewArchive(), told: map[string]*store.Told{}, was: map[string]int64{}, topics: map[string]string{}}
	err = b.db.View(ctx, func(tx *store.Tx) error { return r.readHeads(tx) })
	if err == nil {
		err = b.db.Update(ctx, func(tx *store.Tx) error {
			changed, err = r.write(tx)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("compute threads: %w", err)
	}
	return changed, nil
}

// A rethreading holds the threads as they should be, and as they are.
type rethreading struct {
	archive *threading.Archive
	read    int64                  // the last message that is in it
	told    map[string]*store.Told // by Message-ID of a head that is here; nil: tells nothing
	topics  map[string]string      // by the same: the subject as it was written
	was     map[string]int64       // by the same: the thread of the message
	bare    []nameless             // messages without a Message-ID
	before  []store.Ref
	ids     map[int64]int64        // of the archive's threads: the store's
	spans   map[int64]store.Thread // of the archive's threads: subject and times
}

// A nameless message is in the thread of the one it names.
type nameless struct {
	id, thread int64
	parent     string
}

// readHeads adds what came since the last call.
func (r *rethreading) readHeads(tx *store.Tx) error {
	for {
		list, err := tx.ThreadedHeads(r.read, rethreadBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, h := range list {
			r.read = h.ID
			if err := r.add(h); err != nil {
				return err
			}
		}
	}
}

func (r *rethreading) add(h store.ThreadedHead) error {
	header := mail.ParseHeader(h.Head)
	m := Threaded(mail.FactsOf(header, nil, reversePath(h.Origin, header)), h.Created)
	m.ID, m.Doubtful = h.MID, h.Junk || spam(h.Head)
	if m.ID == "" {
		if refs := append(slices.Clone(m.InReplyTo), m.References...); len(refs) > 0 {
			r.bare = append(r.bare, nameless{h.ID, h.Thread, refs[len(refs)-1]})
		}
	} else if _, copied := r.told[m.ID]; !copied {
		r.told[m.ID], r.was[m.ID], r.topics[m.ID] = told(m), h.Thread, m.Topic
	}
	_, err := r.archive.Add(m)
	return err
}

// reversePath is what stands in a head of who a message came from: machines give none.
func reversePath(origin store.Origin, h mail.Header) mail.Address {
	var list []mail.Mailbox
	switch origin {
	case store.OriginSubmitted:
		list = h.Addresses("From")
	case store.OriginReceived:
		list = h.Addresses("Return-Path")
	}
	if len(list) == 0 {
		return mail.Address{}
	}
	return list[0].Address
}

// write brings the store to what the heads say.
func (r *rethreading) write(tx *store.Tx) (changed int, err error) {
	if err := r.readHeads(tx); err != nil {
		return 0, err
	}
	for above := ""; ; above = r.before[len(r.before)-1].MID {
		list, err := tx.AllRefs(above, rethreadBatch)
		if err != nil {
			return 0, err
		}
		r.before = append(r.before, list...)
		if len(list) < rethreadBatch {
			break
		}
	}
	if err := r.believe(); err != nil {
		return 0, err
	}
	if err := r.move(tx); err != nil {
		return 0, err
	}
	if changed, err = r.putNodes(tx); err != nil {
		return 0, err
	}
	if err := tx.AlignThreads(); err != nil {
		return 0, err
	}
	return changed, tx.ThreadsComputed()
}

// believe adds what is remembered of ids whose head is not here.
func (r *rethreading) believe() error {
	standing := map[int64]string{} // one id of each thread, of a message if there is one
	for _, n := range r.before {
		_, ok := r.told[n.MID]
		_, better := r.told[standing[n.Thread]]
		if ok && !better || standing[n.Thread] == "" {
			standing[n.Thread] = n.MID
		}
	}
	for _, n := range r.before {
		if _, ok := r.told[n.MID]; ok {
			continue
		}
		for _, m := range hearsay(n, standing[n.Thread], r.archive.Thread(n.MID) != 0) {
			if _, err := r.archive.Add(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// hearsay is a message that says what was remembered of n. Before ids had parents, all
// that was known is the thread, for which another message stands.
func hearsay(n store.Ref, standing string, known bool) []threading.Message {
	below := func(parent string) []threading.Message {
		return []threading.Message{{References: []string{parent, n.MID}}}
	}
	switch {
	case n.Here && n.Rank == 0 && standing != n.MID:
		return []threading.Message{{ID: n.MID, References: []string{standing}}}
	case n.Here:
		m := threading.Message{ID: n.MID}
		if t := n.Told; t != nil {
			m.Subject, m.From, m.To, m.At, m.IsReply = t.Subject, t.From, t.To, t.Written, t.Bare
		}
		if n.Parent != "" && !m.IsReply {
			m.References = []string{n.Parent}
		}
		return []threading.Message{m}
	case n.Parent != "":
		return below(n.Parent)
	case !known && standing != n.MID:
		return below(standing)
	}
	return nil
}

// move puts every id into its thread. An old thread goes to where most of it is.
func (r *rethreading) move(tx *store.Tx) error {
	votes := map[int64]map[int64]int{} // by old thread: ids by thread of the archive
	vote := func(mid string, old int64) {
		if a := r.archive.Thread(mid); a != 0 && old != 0 {
			if votes[old] == nil {
				votes[old] = map[int64]int{}
			}
			votes[old][a]++
		}
	}
	for _, n := range r.before {
		vote(n.MID, n.Thread)
		delete(r.was, n.MID)
	}
	for mid, old := range r.was { // Ids that got lost.
		vote(mid, old)
	}
	winner := map[int64]int64{}
	r.ids = map[int64]int64{}
	r.measure()
	for old, of := range votes {
		best := int64(0)
		for a, n := range of {
			if best == 0 || n > of[best] || n == of[best] && a < best {
				best = a
			}
		}
		winner[old] = best
		if id := r.ids[best]; id == 0 || old < id {
			r.ids[best] = old
		}
	}
	if err := r.part(tx, winner); err != nil {
		return err
	}
	for old, a := range winner {
		if r.ids[a] != old {
			if err := tx.ShiftThread(old, r.ids[a]); err != nil {
				return err
			}
		}
	}
	return r.moveNameless(tx)
}

// part moves the ids that do not stay with most of their thread.
func (r *rethreading) part(tx *store.Tx, winner map[int64]int64) error {
	leave := map[int64][]string{}
	for _, n := range r.before {
		if a := r.archive.Thread(n.MID); a != 0 && winner[n.Thread] != a {
			leave[a] = append(leave[a], n.MID)
		}
	}
	for a, mids := range leave {
		into, err := r.thread(tx, a)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(mids, shiftBatch) {
			if err := tx.ShiftRefs(part, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// thread returns the store's id for a thread of the archive, and begins one if there is
// none.
func (r *rethreading) thread(tx *store.Tx, a int64) (int64, error) {
	if r.ids[a] == 0 {
		t, ok := r.spans[a]
		if !ok {
			t.Created, t.Updated = time.Unix(0, 0), time.Unix(0, 0)
		}
		if err := tx.InsertThread(&t); err != nil {
			return 0, err
		}
		r.ids[a] = t.ID
	}
	return r.ids[a], nil
}

// measure looks up subject and times of every thread of the archive.
func (r *rethreading) measure() {
	r.spans = map[int64]store.Thread{}
	for n := range r.archive.All() {
		told := r.told[n.ID]
		if told == nil {
			continue
		}
		t, ok := r.spans[n.Thread]
		if !ok || told.Written.Before(t.Created) {
			t.Subject, t.Created = r.topics[n.ID], told.Written
		}
		if told.Written.After(t.Updated) {
			t.Updated = told.Written
		}
		r.spans[n.Thread] = t
	}
}

func (r *rethreading) moveNameless(tx *store.Tx) error {
	for _, n := range r.bare {
		a := r.archive.Thread(n.parent)
		if a == 0 {
			continue
		}
		into, err := r.thread(tx, a)
		if err != nil {
			return err
		}
		if into != n.thread {
			if err := tx.ShiftMessages([]int64{n.id}, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// putNodes writes what changed of the ids, and how many that are.
func (r *rethreading) putNodes(tx *store.Tx) (changed int, err error) {
	for n := range r.archive.All() {
		at, known := slices.BinarySearchFunc(r.before, n.ID, func(ref store.Ref, id string) int { return strings.Compare(ref.MID, id) })
		into, err := r.thread(tx, n.Thread)
		if err != nil {
			return changed, err
		}
		ref := store.Ref{MID: n.ID, Parent: n.Parent, Rank: n.Rank, Thread: into, Here: n.Here, Told: r.told[n.ID]}
		if known {
			old := r.before[at]
			if old.Parent == n.Parent && old.Rank == n.Rank && old.Here == n.Here && old.Thread == into && (old.Told != nil || ref.Told == nil) {
				continue
			}
		}
		changed++
		if err := tx.PutRef(ref); err != nil {
			return changed, err
		}
	}
	return changed, nil
}
