package store

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/mail"
)

// submit stores a submission of ana's with one held recipient.
func submit(t *testing.T, db *DB, author int64, mid string, due time.Time) (Submission, Recipient) {
	t.Helper()
	m := letter(t, db, mid, "text of "+mid)
	s := Submission{MessageID: m.ID, AuthorID: author, ReversePath: "ana@team.example", MID: mid, Digest: []byte{1},
		Subject: "S", Plan: json.RawMessage(`{}`), Accepted: t0}
	r := Recipient{Address: "mei@team.example", State: Held, Due: due, Plan: json.RawMessage(`{"rule":"hours"}`)}
	must(t, db, func(tx *Tx) error {
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		r.SubmissionID = s.ID
		return tx.InsertRecipient(&r, Event{At: t0, Kind: "held"})
	})
	return s, r
}

func TestRecipientTransitionsHaveOneWinner(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s, r := submit(t, db, p.ID, "m@x", t0.Add(time.Hour))
	out := r
	out.State, out.Due, out.Settled = Cancelled, time.Time{}, t0
	must(t, db, func(tx *Tx) error { return tx.MoveRecipient(out, Held, Event{At: t0, Kind: "cancelled"}) })
	late := r
	late.State, late.Due, late.Claimed, late.RenditionID = Sending, time.Time{}, t0, s.MessageID
	err := db.Update(context.Background(), func(tx *Tx) error {
		return tx.MoveRecipient(late, Held, Event{At: t0, Kind: "released"})
	})
	if !errors.Is(err, ErrConflict) {
		t.Errorf("the loser got %v, want ErrConflict", err)
	}
	must(t, db, func(tx *Tx) error {
		got, err := tx.Recipient(r.ID)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(out, got); diff != "" {
			t.Error(diff)
		}
		evs, err := tx.EventsOfSubmission(s.ID)
		if err != nil || len(evs) != 2 || evs[1].Kind != "cancelled" || evs[1].State != "cancelled" {
			t.Errorf("ledger = %+v, %v", evs, err)
		}
		back, err := tx.Submission(s.ID)
		if diff := cmp.Diff(s, back); err != nil || diff != "" {
			t.Error(err, diff)
		}
		return nil
	})
}

func TestImpossibleStatesAreRefused(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s, _ := submit(t, db, p.ID, "m@x", t0)
	for name, r := range map[string]Recipient{
		"recipient_due_iff_waiting":      {State: Held},
		"recipient_claimed_iff_sending":  {State: Sending, RenditionID: s.MessageID},
		"recipient_settled_iff_final":    {State: Delivered, RenditionID: s.MessageID},
		"recipient_left_has_rendition":   {State: Delivered, Settled: t0},
		"recipient_state_valid":          {State: "lost"},
		"recipient_settled_iff_final #2": {State: Held, Due: t0, Settled: t0},
	} {
		r.SubmissionID, r.Address = s.ID, "x@y.example"
		err := db.Update(context.Background(), func(tx *Tx) error { return tx.InsertRecipient(&r, Event{At: t0, Kind: "x"}) })
		want, _, _ := strings.Cut(name, " ")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDueRecipientsInOrderAndNotFrozen(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s2, _ := submit(t, db, p.ID, "b@x", t0.Add(2*time.Hour))
	s1, _ := submit(t, db, p.ID, "a@x", t0.Add(time.Hour))
	must(t, db, func(tx *Tx) error {
		if due, ok, err := tx.NextRecipientDue(); !ok || err != nil || !due.Equal(t0.Add(time.Hour)) {
			t.Errorf("next = %v %v %v", due, ok, err)
		}
		for after, want := range map[time.Duration]int{time.Hour - 1e6: 0, time.Hour: 1, 3 * time.Hour: 2} {
			if due, err := tx.DueRecipients(t0.Add(after), 10); err != nil || len(due) != want {
				t.Errorf("after %v: %d due, %v; want %d", after, len(due), err, want)
			}
		}
		if w, err := tx.Waiting(p.ID, 10); err != nil || len(w) != 2 || w[0].ID != s1.ID || w[1].ID != s2.ID {
			t.Errorf("Waiting = %+v, %v", w, err)
		}
		if w, err := tx.Waiting(p.ID+1, 10); err != nil || len(w) != 0 {
			t.Errorf("another's Waiting = %+v, %v", w, err)
		}
		s1.Frozen = true
		if err := tx.UpdateSubmission(s1); err != nil {
			return err
		}
		due, err := tx.DueRecipients(t0.Add(3*time.Hour), 10)
		if err != nil || len(due) != 1 || due[0].SubmissionID != s2.ID {
			t.Errorf("with one frozen: %+v, %v", due, err)
		}
		if at, ok, err := tx.NextRecipientDue(); !ok || err != nil || !at.Equal(t0.Add(2*time.Hour)) {
			t.Errorf("next with one frozen = %v %v %v", at, ok, err)
		}
		if held, err := tx.HeldAfter(0, 1); err != nil || len(held) != 1 {
			t.Errorf("HeldAfter = %v, %v", held, err)
		}
		if parents, err := tx.HeldParents("a@x", 0, "mei@team.example"); err != nil || len(parents) != 1 {
			t.Errorf("HeldParents = %v, %v", parents, err)
		}
		if none, err := tx.HeldParents("", 0, "mei@team.example"); err != nil || none != nil {
			t.Errorf("HeldParents of nothing = %v, %v", none, err)
		}
		if subs, err := tx.SubmissionsByMID("a@x"); err != nil || len(subs) != 1 || !subs[0].Frozen {
			t.Errorf("SubmissionsByMID = %+v, %v", subs, err)
		}
		if counts, err := tx.CountRecipients(); err != nil || counts[Held] != 2 {
			t.Errorf("CountRecipients = %v, %v", counts, err)
		}
		if list, err := tx.InterruptedRecipients(9); err != nil || len(list) != 0 {
			t.Errorf("InterruptedRecipients = %v, %v", list, err)
		}
		return nil
	})
}

func TestUrgentUsesAndNotes(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s, _ := submit(t, db, p.ID, "m@x", t0)
	must(t, db, func(tx *Tx) error {
		if err := tx.AddUrgentUse(p.ID, s.ID, "tag", t0); err != nil {
			return err
		}
		if err := tx.AddUrgentUse(p.ID, s.ID, "header", t0.Add(time.Hour)); err != nil {
			return err
		}
		for _, c := range []struct {
			source string
			since  time.Time
			want   int
		}{{"", t0, 2}, {"header", t0, 1}, {"", t0.Add(time.Minute), 1}, {"address", t0, 0}} {
			if n, err := tx.UrgentUses(p.ID, c.source, c.since); err != nil || n != c.want {
				t.Errorf("UrgentUses(%q, %v) = %d, %v; want %d", c.source, c.since, n, err, c.want)
			}
		}
		n := Note{MID: "note@x", PersonID: p.ID, Kind: "cancelled", SubmissionID: s.ID, Detail: json.RawMessage(`{"a":1}`), Created: t0}
		if err := tx.AddNote(n); err != nil {
			return err
		}
		got, err := tx.Note("note@x")
		if diff := cmp.Diff(n, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if _, err := tx.Note("none@x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a note that is not there: %v", err)
		}
		return nil
	})
}

// deliver stores a delivery that waits, with its entry.
func deliver(t *testing.T, db *DB, p Person, mid string, due time.Time) Delivery {
	t.Helper()
	m := letter(t, db, mid, "text")
	d := Delivery{PersonID: p.ID, MessageID: m.ID, ReversePath: "x@y.example", Target: KindInbox, Reason: "tide",
		Outside: true, State: Waiting, Due: due, Plan: json.RawMessage(`{}`), Arrived: t0}
	must(t, db, func(tx *Tx) error {
		if err := tx.InsertDelivery(&d, Event{At: t0, Kind: "filed"}); err != nil {
			return err
		}
		box, err := tx.MailboxByKind(p.ID, KindNextDelivery)
		if err != nil {
			return err
		}
		return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: t0, Flags: Seen, DeliveryID: d.ID})
	})
	return d
}

func TestDeliveriesWaitAndOpenOnce(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	d := deliver(t, db, p, "m@x", t0.Add(time.Hour))
	must(t, db, func(tx *Tx) error {
		if due, ok, err := tx.NextDeliveryDue(); !ok || err != nil || !due.Equal(d.Due) {
			t.Errorf("next = %v %v %v", due, ok, err)
		}
		if who, err := tx.PersonsDue(t0, 9); err != nil || len(who) != 0 {
			t.Errorf("early: %v, %v", who, err)
		}
		if who, err := tx.PersonsDue(d.Due, 9); err != nil || len(who) != 1 || who[0] != p.ID {
			t.Errorf("due: %v, %v", who, err)
		}
		for until, want := range map[time.Time]int{{}: 1, t0: 0, d.Due: 1} {
			if w, err := tx.WaitingDeliveries(p.ID, until, 9); err != nil || len(w) != want {
				t.Errorf("waiting until %v: %v, %v", until, w, err)
			}
		}
		got, err := tx.Delivery(d.ID)
		if diff := cmp.Diff(d, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if list, err := tx.DeliveriesByMessage(d.MessageID); err != nil || len(list) != 1 {
			t.Errorf("DeliveriesByMessage = %v, %v", list, err)
		}
		if e, err := tx.EntryOfDelivery(d.ID); err != nil || e.UID != 1 {
			t.Errorf("EntryOfDelivery = %+v, %v", e, err)
		}
		return nil
	})
	opened := d
	opened.State, opened.Due, opened.Published = Published, time.Time{}, d.Due
	open := func() error {
		return db.Update(context.Background(), func(tx *Tx) error {
			return tx.MoveDelivery(opened, Waiting, Event{At: d.Due, Kind: "published"})
		})
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, ErrConflict) {
		t.Errorf("opened twice: %v", err)
	}
	must(t, db, func(tx *Tx) error {
		if list, err := tx.PublishedSince(p.ID, t0); err != nil || len(list) != 1 {
			t.Errorf("PublishedSince = %v, %v", list, err)
		}
		if evs, err := tx.EventsOfDelivery(d.ID); err != nil || len(evs) != 2 {
			t.Errorf("EventsOfDelivery = %v, %v", evs, err)
		}
		if evs, err := tx.EventsAfter(0, 1); err != nil || len(evs) != 1 {
			t.Errorf("EventsAfter = %v, %v", evs, err)
		}
		return nil
	})
}

func TestLastDigest(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	m := letter(t, db, "d@x", "text")
	must(t, db, func(tx *Tx) error {
		if _, err := tx.LastDigest(p.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("before the first: %v", err)
		}
		for i, mid := range []string{"d1@x", "d2@x"} {
			d := Digest{MID: mid, PersonID: p.ID, MessageID: m.ID, Content: json.RawMessage(`{}`), Created: t0.Add(time.Duration(i) * time.Hour)}
			if err := tx.AddDigest(d); err != nil {
				return err
			}
		}
		d, err := tx.LastDigest(p.ID)
		if err != nil || d.MID != "d2@x" {
			t.Errorf("LastDigest = %+v, %v", d, err)
		}
		return nil
	})
}

// Each planted fault must be found, and nothing else.
func TestLedgerCheckFindsPlantedFaults(t *testing.T) {
	for name, plant := range map[string]string{
		"":                      ``,
		"cannot follow":         `INSERT INTO event (at, kind, submission_id, recipient_id, state) VALUES ('2026', 'x', 1, 1, 'expired'), ('2026', 'x', 1, 1, 'held')`,
		"the recipient is":      `UPDATE recipient SET state = 'cancelled', due = NULL, settled = '2026' WHERE id = 1`,
		"no line of the ledger": `DELETE FROM event WHERE recipient_id = 1`,
		"does not exist":        `DELETE FROM recipient WHERE id = 1`,
		"the delivery is":       `UPDATE delivery SET state = 'published', due = NULL, published = '2026'`,
		"does not show":         `DELETE FROM entry WHERE delivery_id IS NOT NULL`,
		"its octets are gone":   `DELETE FROM chunk WHERE id >> 16 = (SELECT m.body_id FROM delivery d JOIN message m ON m.id = d.message_id)`,
	} {
		db := open(t)
		p := ana(t, db)
		submit(t, db, p.ID, "m@x", t0)
		deliver(t, db, p, "n@x", t0.Add(time.Hour))
		if plant != "" {
			must(t, db, func(tx *Tx) error { _, err := tx.exec(plant); return err })
		}
		rep, err := db.CheckLedger(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if name == "" {
			if len(rep.Findings) != 0 || rep.Accepted != 1 || rep.Now[Held] != 1 {
				t.Errorf("a sound ledger: %+v", rep)
			}
			continue
		}
		found := false
		for _, f := range rep.Findings {
			found = found || strings.Contains(f.What, name)
		}
		if !found {
			t.Errorf("%q was not found: %+v", name, rep.Findings)
		}
	}
}

func TestSearchNarrowsButLosesNothing(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	texts := map[string]string{"a@x": "The overbudget plan", "b@x": "Café at noon", "c@x": "nothing here", "d@x": "late Budget"}
	ids := map[string]int64{}
	var inbox Mailbox
	must(t, db, func(tx *Tx) (err error) { inbox, err = tx.MailboxByKind(p.ID, KindInbox); return err })
	for mid, text := range texts {
		m := letter(t, db, mid, text)
		ids[mid] = m.ID
		must(t, db, func(tx *Tx) error {
			if err := tx.AddEntry(&Entry{MailboxID: inbox.ID, MessageID: m.ID, InternalDate: t0}); err != nil {
				return err
			}
			if stale, last, err := tx.StaleDerived(0, 9); err != nil || len(stale) != 1 || last == 0 {
				t.Errorf("StaleDerived = %v, %v, %v", stale, last, err)
			}
			d := Derived{MessageID: m.ID, Envelope: &mail.ImapEnvelope{Subject: mid}, Root: &mail.Part{Type: "text"}, Preview: "p", NewWords: "n"}
			if err := tx.PutDerived(d); err != nil {
				return err
			}
			got, err := tx.Derived(m.ID)
			if diff := cmp.Diff(d, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
			if mid == "d@x" {
				return nil // Not indexed yet: always among the candidates.
			}
			if todo, err := tx.Unindexed(9); err != nil || !cmp.Equal(todo[len(todo)-1] >= m.ID, true) {
				t.Errorf("Unindexed = %v, %v", todo, err)
			}
			for range 2 {
				if err := tx.Index(IndexText{MessageID: m.ID, Subject: mid, Body: text}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for needle, want := range map[string]string{
		"budget": "ad", "BUDGET pl": "ad", "caf": "bd", "over": "ad", "zebra": "d", "e plan": "ad", `"*(`: "all", "%": "all",
		"NOT OR": "d", "subject:x": "d",
	} {
		must(t, db, func(tx *Tx) error {
			got, narrowed, err := tx.SearchText(inbox.ID, needle)
			if err != nil {
				t.Errorf("%q: %v", needle, err)
				return nil
			}
			if (want == "all") == narrowed {
				t.Errorf("%q: narrowed %v", needle, narrowed)
			}
			for mid, id := range ids {
				if must := strings.Contains(want, mid[:1]) || want == "all"; narrowed && must && !got[id] {
					t.Errorf("%q lost %s", needle, mid)
				}
			}
			if want == "ad" && len(got) > 3 {
				t.Errorf("%q was not narrowed: %v", needle, got)
			}
			return nil
		})
	}
}

func TestSweepTakesOnlyWhatNobodyNeeds(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s, r := submit(t, db, p.ID, "held@x", t0)
	gone := letter(t, db, "gone@x", "text")
	must(t, db, func(tx *Tx) error {
		if err := tx.Orphan(s.MessageID, t0); err != nil {
			return err
		}
		return tx.Orphan(gone.ID, t0.Add(time.Hour))
	})
	sweep := func(at time.Time) {
		t.Helper()
		must(t, db, func(tx *Tx) error { _, err := tx.Sweep(at, 10); return err })
	}
	sweep(t0)
	if count(t, db, "chunk") != 2 {
		t.Error("a body that is waited for, or too young, was swept")
	}
	sweep(t0.Add(time.Hour))
	if n := count(t, db, "chunk"); n != 1 {
		t.Errorf("%d bodies left, want 1", n)
	}
	r.State, r.Due, r.Settled = Cancelled, time.Time{}, t0
	must(t, db, func(tx *Tx) error {
		if err := tx.MoveRecipient(r, Held, Event{At: t0, Kind: "cancelled"}); err != nil {
			return err
		}
		return tx.Orphan(s.MessageID, t0)
	})
	sweep(t0.Add(time.Hour))
	if n := count(t, db, "chunk"); n != 0 {
		t.Errorf("%d bodies left after the cancel, want 0", n)
	}
	must(t, db, func(tx *Tx) error {
		_, err := tx.Message(s.MessageID) // The row stays for the ledger.
		return err
	})
}

func TestForgetUIDs(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	d := deliver(t, db, p, "m@x", t0)
	must(t, db, func(tx *Tx) error {
		e, err := tx.EntryOfDelivery(d.ID)
		if err != nil {
			return err
		}
		return tx.RemoveEntry(e, GonePublished, t0)
	})
	for at, want := range map[time.Time]int64{t0: 0, t0.Add(time.Second): 1} {
		must(t, db, func(tx *Tx) error {
			if n, err := tx.ForgetUIDs(at, 10); err != nil || n != want {
				if !(at.After(t0) && n == 0) {
					t.Errorf("ForgetUIDs(%v) = %d, %v; want %d", at, n, err, want)
				}
			}
			return nil
		})
	}
	if n := count(t, db, "expunged"); n != 0 {
		t.Errorf("%d left", n)
	}
}

func TestBackupIsWhole(t *testing.T) {
	db := open(t)
	ana(t, db)
	to := filepath.Join(t.TempDir(), "copy.db")
	steps := 0
	if err := Backup(context.Background(), db.Path(), to, func(done, total int) { steps++ }); err != nil {
		t.Fatal(err)
	}
	if steps == 0 {
		t.Error("no progress was told")
	}
	if err := Backup(context.Background(), db.Path(), to, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("over an old backup: %v", err)
	}
	dir := t.TempDir()
	if err := os.Rename(to, filepath.Join(dir, File)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n := count(t, again, "person"); n != 1 {
		t.Errorf("%d people in the backup", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Backup(ctx, db.Path(), filepath.Join(dir, "b.db"), nil); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	if _, err := os.Stat(filepath.Join(dir, "b.db.part")); !os.IsNotExist(err) {
		t.Errorf("a part of a backup is left: %v", err)
	}
}

func TestSubscriptionsAreSignalledOnce(t *testing.T) {
	db := open(t)
	a, b := db.Subscribe(1), db.Subscribe(2)
	db.AnnounceAll()
	db.AnnounceAll()
	for _, s := range []*Subscription{a, b} {
		<-s.C()
		select {
		case <-s.C():
			t.Error("two signals for two changes: one is enough")
		default:
		}
	}
	a.Close()
	db.AnnounceAll()
	select {
	case <-a.C():
		t.Error("a closed subscription was signalled")
	default:
	}
	b.Close()
}
