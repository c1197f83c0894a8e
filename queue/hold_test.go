package queue

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

// record is everything that accepting a mail has written.
type record struct {
	Submission store.Submission
	Recipients []store.Recipient
	Events     []store.Event
	Message    store.Message
	Derived    store.Derived
	Entries    []store.Entry
	Thread     store.Thread
	Box        store.Mailbox
	Body       string
	Tables     []int64
}

func (w *world) record(id int64) (r record) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		if r.Submission, err = tx.Submission(id); err != nil {
			return err
		}
		var errs [6]error
		r.Recipients, errs[0] = tx.Recipients(id)
		r.Events, errs[1] = tx.EventsOfSubmission(id)
		r.Message, errs[2] = tx.Message(r.Submission.MessageID)
		r.Derived, errs[3] = tx.Derived(r.Submission.MessageID)
		r.Entries, errs[4] = tx.EntriesOfSubmission(id)
		r.Thread, errs[5] = tx.Thread(r.Message.ThreadID)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		if thread, err := tx.ThreadOf(r.Submission.MID); err != nil || thread != r.Message.ThreadID {
			w.t.Errorf("%s belongs to thread %d, %v", r.Submission.MID, thread, err)
		}
		r.Box, err = tx.MailboxByKind(r.Submission.AuthorID, store.KindScheduled)
		return err
	})
	body := w.db.OpenBody(context.Background(), r.Message)
	defer body.Close()
	octets, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body, r.Tables = string(octets), w.q.tables.take()
	return r
}

// accepted submits mail the ordinary way, whatever it is.
func (w *world) accepted(s Submission) int64 {
	w.t.Helper()
	in, err := w.q.read(s)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.q.examine(in, func(fn func(*store.Tx) error) error { return w.db.View(context.Background(), fn) }); err != nil {
		w.t.Fatal(err)
	}
	id := int64(0)
	w.update(func(tx *store.Tx) (err error) {
		id, err = w.q.accept(tx, in)
		return err
	})
	return id
}

// What Hold writes is what an ordinary transaction writes.
func TestHeldMailIsTheSameEitherWay(t *testing.T) {
	fast, plain := newWorld(t), newWorld(t)
	for _, w := range []*world{fast, plain} {
		w.q.explained.add(w.ana.ID) // She has read three times why mail is held.
		w.update(func(tx *store.Tx) error { return tx.SetMeta("holds_told.1", "3") })
	}
	long := ""
	for len(long) < 200_000 {
		long += "All work and no play makes a long mail, tomorrow as today.\r\n"
	}
	for i, c := range []struct {
		name, text string
		to         []string
		hold       time.Duration
		held       bool
	}{
		{"future release", letter(fast.ana, "h1@team.example", "Report", monday(9, 0), "text", "To: joe@else.example"), []string{"joe@else.example"}, time.Hour, true},
		{"a colleague asleep", letter(fast.ana, "h2@team.example", "Plan", monday(12, 0), "text"), []string{"mei@team.example"}, 0, true},
		{"to several, long", letter(fast.ana, "h3@team.example", "Plan", monday(9, 0), long), []string{"joe@else.example", "tom@team.example", "jim@else.example"}, 2 * time.Hour, true},
		{"without an id", letter(fast.ana, "", "No id", monday(9, 0), "text"), []string{"joe@else.example"}, time.Hour, false},
		{"a tag", letter(fast.ana, "h5@team.example", "[send in 3h] Later", monday(9, 0), "text"), []string{"joe@else.example"}, 0, true},
		{"an answer", letter(fast.ana, "h6@team.example", "Re: Plan", monday(9, 0), "text", "In-Reply-To: <h2@team.example>"), []string{"joe@else.example"}, time.Hour, false},
		{"nothing in it", letter(fast.ana, "h7@team.example", "", monday(9, 0), ""), []string{"joe@else.example"}, time.Hour, true},
	} {
		now := monday(12, i)
		submit := func(w *world) Submission {
			env := envelope(w.ana, c.to...)
			if c.hold > 0 {
				env.HoldUntil = now.Add(c.hold)
			}
			return Submission{Author: w.ana, Envelope: env, Staged: w.stage(c.text, now), Peer: Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}, Now: now}
		}
		s := submit(fast)
		in, err := fast.q.read(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := fast.q.examine(in, func(fn func(*store.Tx) error) error { return fast.db.View(t.Context(), fn) }); err != nil {
			t.Fatal(err)
		}
		if got := fast.q.mayHold(in); got != c.held {
			t.Fatalf("%s: may be held %v", c.name, got)
		}
		id, err := fast.q.Submit(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fast.q.inbox.Rebuild(t.Context(), nil); err != nil { // What is derived is computed behind.
			t.Fatal(err)
		}
		got, want := fast.record(id), plain.record(plain.accepted(submit(plain)))
		// Ids that are made by chance are others in each world.
		if c.name == "without an id" {
			want.Submission.MID, want.Submission.Digest = got.Submission.MID, got.Submission.Digest
			want.Events[0].Detail = got.Events[0].Detail
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	fast.proved()
}

// The same mail again is a repeat, and what an author must be told goes the ordinary way.
func TestHeldMailIsKnownAgain(t *testing.T) {
	w := newWorld(t)
	now := monday(12, 0)
	put := func() int64 {
		env := envelope(w.ana, "joe@else.example")
		env.HoldUntil = now.Add(time.Hour)
		id, err := w.q.Submit(t.Context(), Submission{Author: w.ana, Envelope: env, Now: now,
			Staged: w.stage(letter(w.ana, "k@team.example", "Once", now, "text"), now)})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if first, again := put(), put(); first != again {
		t.Errorf("the repeat became submission %d beside %d", again, first)
	}
	before := len(w.entries(w.ana, store.KindInbox))
	for i := range firstHolds + 2 {
		text := letter(w.ana, "n"+string(rune('a'+i))+"@team.example", "Night", now, "text")
		if _, err := w.q.Submit(t.Context(), Submission{Author: w.ana, Envelope: envelope(w.ana, "mei@team.example"), Staged: w.stage(text, now), Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.entries(w.ana, store.KindInbox)) - before; n != firstHolds {
		t.Errorf("%d holds were explained, want %d", n, firstHolds)
	}
	w.proved()
}
