package queue

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/mail"
	"tidepost/store"
)

// rows is everything that stands in the tables that a release writes.
func (w *world) rows() string {
	w.t.Helper()
	w.unpack()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(w.dir, store.File)+"?mode=ro")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range []string{"submission", "recipient", "message", "entry", "expunged", "orphan", "mailbox", "event"} {
		found, err := db.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2`)
		if err != nil {
			w.t.Fatal(err)
		}
		names, err := found.Columns()
		if err != nil {
			w.t.Fatal(err)
		}
		for found.Next() {
			row := make([]any, len(names))
			for i := range row {
				row[i] = new(sql.RawBytes)
			}
			if err := found.Scan(row...); err != nil {
				w.t.Fatal(err)
			}
			for i, v := range row {
				fmt.Fprintf(&b, "%s.%s=%q ", table, names[i], *v.(*sql.RawBytes))
			}
			b.WriteByte('\n')
		}
		if err := found.Err(); err != nil {
			w.t.Fatal(err)
		}
	}
	return b.String()
}

// ordinary is RunDue by the ordinary transaction alone.
func (w *world) ordinary(now time.Time) {
	w.t.Helper()
	batch, err := w.q.prepare(context.Background(), now)
	if err == nil {
		err = w.q.release(context.Background(), batch, now)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// file puts a copy of a mail into a folder as a client does.
func (w *world) file(kind store.Kind, text string, words ...string) {
	w.t.Helper()
	box := w.box(w.ana, kind)
	head, body := mail.SplitHead([]byte(text))
	w.update(func(tx *store.Tx) error {
		id, err := tx.AddBody(store.StageBytes(head, body), monday(9, 0))
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginAppended, BodyID: id, Head: head, Size: int64(len(text)), Created: monday(9, 0),
			MID: strings.Join(mail.ParseHeader(head).MessageIDs("Message-ID"), "")}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		return tx.AddEntry(&store.Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: monday(9, 0), Flags: store.Seen, Keywords: words})
	})
}

// What Leave writes is what an ordinary transaction writes.
func TestMailLeavesTheSameEitherWay(t *testing.T) {
	sign := func(o *Options) {
		o.DKIM = Signer{Domain: "team.example", Selector: "s", Key: ed25519.NewKeyFromSeed(make([]byte, 32))}
	}
	for _, c := range []struct {
		name   string
		change func(*Options)
		fill   func(w *world)
		then   func(w *world) // between claim and the next release
		plain  int            // flights that leave together, in the first release
	}{
		{"one", func(*Options) {}, func(w *world) { w.outside(monday(10, 0), "a1@team.example") }, nil, 1},
		{"signed", sign, func(w *world) { w.outside(monday(10, 0), "a2@team.example") }, nil, 1},
		{"several, with copies in Sent", func(*Options) {}, func(w *world) {
			for i := range 3 {
				mid := fmt.Sprintf("s%d@team.example", i)
				w.outside(monday(10, 0), mid)
				text := letter(w.ana, mid, "x", monday(10, 0), "t")
				w.file(store.KindSent, text, keywordPending)
				w.file(store.KindArchive, text, keywordPending)
			}
			w.file(store.KindSent, letter(w.ana, "s1@team.example", "x", monday(10, 0), "t"), "$Forwarded", keywordSubmitted)
		}, nil, 3},
		{"some later", func(*Options) {}, func(w *world) {
			now := monday(10, 0)
			id := w.submit(now, w.ana, letter(w.ana, "l1@team.example", "x", now, "t"), "joe@else.example", "sam@else.example")
			w.update(func(tx *store.Tx) error {
				r, err := tx.Recipients(id)
				if err != nil {
					return err
				}
				r[1].Due = monday(11, 0)
				return tx.MoveRecipient(r[1], store.Held, store.Event{At: now, Kind: evRescheduled})
			})
		}, nil, 1},
		{"tried again", func(*Options) {}, func(w *world) {
			w.outside(monday(10, 0), "t1@team.example")
			w.out.answer = func(_ mail.Address, n int) Result {
				if n == 1 {
					return replied(451, "Later")
				}
				return taken()
			}
		}, nil, 1},
		{"large", func(*Options) {}, func(w *world) {
			now := monday(10, 0)
			w.submit(now, w.ana, letter(w.ana, "b1@team.example", "x", now, strings.Repeat("0123456789\r\n", 40_000)), "joe@else.example")
		}, nil, 1},
		{"eight bits", func(*Options) {}, func(w *world) {
			now := monday(10, 0)
			w.submit(now, w.ana, letter(w.ana, "e1@team.example", "x", now, "für dich"), "joe@else.example")
		}, nil, 1},
		{"a colleague, too", func(*Options) {}, func(w *world) {
			now := monday(10, 0)
			w.submit(now, w.ana, letter(w.ana, "c1@team.example", "[now] x", now, "t"), "joe@else.example", "tom@team.example")
		}, nil, 0},
		{"an answer behind its question", func(*Options) {}, func(w *world) {
			w.outside(monday(10, 0), "q1@team.example")
			w.submit(monday(10, 0), w.ana, letter(w.ana, "q2@team.example", "Re: x", monday(10, 0), "t", "In-Reply-To: <q1@team.example>"), "joe@else.example")
		}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			fast, plain := newWorld(t, c.change), newWorld(t, c.change)
			now := monday(10, 1)
			for _, w := range []*world{fast, plain} {
				c.fill(w)
			}
			batch, err := fast.q.prepare(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, f := range batch {
				if fast.q.mayDepart(f, now) {
					n++
				}
			}
			if n != c.plain {
				t.Errorf("%d flights leave together, want %d", n, c.plain)
			}
			for _, at := range []time.Time{now, monday(10, 30), monday(12, 0)} {
				if err := fast.q.RunDue(t.Context(), at); err != nil {
					t.Fatal(err)
				}
				plain.ordinary(at)
				if d := cmp.Diff(plain.rows(), fast.rows()); d != "" {
					t.Fatalf("ordinary (-), together (+) at %v:\n%s", at, d)
				}
				fast.workOff(at)
				plain.workOff(at)
				if d := cmp.Diff(plain.rows(), fast.rows()); d != "" {
					t.Fatalf("ordinary (-), together (+) once sent at %v:\n%s", at, d)
				}
			}
			if d := cmp.Diff(fmt.Sprint(plain.out.list()), fmt.Sprint(fast.out.list())); d != "" || len(fast.out.list()) == 0 {
				t.Errorf("sent: %s", d)
			}
			if rep, err := fast.db.CheckLedger(t.Context()); err != nil || len(rep.Findings) > 0 {
				t.Errorf("%+v, %v", rep, err)
			}
		})
	}
}

// What was moved, taken back or frozen between the look and the claim stays.
func TestWhatChangedMeanwhileDoesNotLeave(t *testing.T) {
	now := monday(10, 1)
	for _, c := range []struct {
		name, want string
		change     func(w *world, id int64)
	}{
		{"nothing", "sending", func(*world, int64) {}},
		{"moved", "held Mon 11:00:00", func(w *world, id int64) {
			w.update(func(tx *store.Tx) error {
				r, err := tx.Recipients(id)
				if err != nil {
					return err
				}
				r[0].Due = monday(11, 0)
				return tx.MoveRecipient(r[0], store.Held, store.Event{At: now, Kind: evRescheduled})
			})
		}},
		{"taken back", "cancelled", func(w *world, id int64) {
			w.update(func(tx *store.Tx) error {
				_, _, err := w.q.Cancel(tx, w.ana, id, now)
				return err
			})
		}},
		{"frozen", "held Mon 10:00:20", func(w *world, id int64) {
			w.update(func(tx *store.Tx) error {
				s, err := tx.Submission(id)
				s.Frozen = true
				if err == nil {
					err = tx.UpdateSubmission(s)
				}
				return err
			})
		}},
		{"gone already", "sending", func(w *world, _ int64) { w.ordinary(now) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			id, other := w.outside(monday(10, 0), "m1@team.example"), w.outside(monday(10, 0), "m2@team.example")
			batch, err := w.q.prepare(t.Context(), now)
			if err != nil || len(batch) != 2 {
				t.Fatalf("%d flights, %v", len(batch), err)
			}
			c.change(w, id)
			rest, err := w.q.depart(t.Context(), batch, now)
			if err != nil || len(rest) > 0 {
				t.Fatalf("%d are left, %v", len(rest), err)
			}
			w.wantStates(id, c.want)
			w.wantStates(other, "sending")
			if n := strings.Count(w.kinds(id), evAttempt); n != strings.Count(c.want, "sending") {
				t.Errorf("ledger: %s", w.kinds(id))
			}
			if c.name == "nothing" {
				w.workOff(now)
				w.wantStates(id, "delivered")
			}
		})
	}
}

// A due time that another transaction of the same moment brings is not forgotten.
func TestNextDueAfterALeave(t *testing.T) {
	w := newWorld(t)
	w.outside(monday(10, 0), "n1@team.example")
	id := w.outside(monday(10, 0), "n2@team.example")
	w.update(func(tx *store.Tx) error {
		r, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		r[0].Due = monday(11, 0)
		return tx.MoveRecipient(r[0], store.Held, store.Event{At: monday(10, 0), Kind: evRescheduled})
	})
	w.run(monday(10, 5))
	due, ok, err := w.q.NextDue(t.Context())
	if err != nil || !ok || !due.Equal(monday(11, 0)) {
		t.Errorf("due %v, %v, %v", due, ok, err)
	}
	w.run(monday(11, 0))
	w.wantStates(id, "delivered")
	if _, ok, _ := w.q.NextDue(t.Context()); ok {
		t.Error("something is due though nothing waits")
	}
}

// Mail is claimed ahead at the pace at which it is sent, and for one way only.
func TestClaimedAheadAtThePaceOfTheWorkers(t *testing.T) {
	var p pace
	at := monday(10, 0)
	p.look(at, 0)
	for i := range 60 { // one a millisecond
		p.look(at.Add(time.Duration(i)*time.Millisecond), 1)
	}
	if n := p.look(at.Add(60*time.Millisecond), 0); n < 28 || n > 32 {
		t.Errorf("%d ahead, want what is taken in 30 ms", n)
	}
	if n := p.look(at.Add(2*time.Second), 0); n != 0 {
		t.Errorf("%d ahead after a rest", n)
	}
	pool := newPool(2)
	if n := pool.room(); n != 2 {
		t.Errorf("room for %d with two idle workers", n)
	}
	pool.pace.since, pool.pace.ahead = time.Now().Add(time.Hour), 8
	if n := pool.room(); n != 10 {
		t.Errorf("room for %d, want the workers and eight", n)
	}
	for range 10 {
		pool.put(unit{{f: &flight{}}})
	}
	pool.take()
	pool.take()
	if n := pool.room(); n != 0 {
		t.Errorf("room for %d behind eight that wait", n)
	}
	for range 4 {
		u, _ := pool.take()
		pool.done(u)
	}
	if n := pool.room(); n != 4 {
		t.Errorf("room for %d behind four that wait", n)
	}
	pool.put(unit{{f: &flight{}, route: "slow.example"}})
	if n := pool.room(); n != 0 {
		t.Errorf("room for %d though there is more than one way", n)
	}
}

// What was claimed and not begun when the queue stops waits again, and nobody wonders
// whether it was sent.
func TestStopPutsBackWhatWasClaimed(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Round(0)
	ids := []int64{w.outside(now.Add(-time.Minute), "p1@team.example"), w.outside(now.Add(-time.Minute), "p2@team.example")}
	if err := w.q.RunDue(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.q.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if s := w.states(id); !strings.HasPrefix(s, "deferred") {
			t.Errorf("submission %d is %s", id, s)
		}
		if strings.Contains(w.kinds(id), evPossible) {
			t.Errorf("ledger: %s", w.kinds(id))
		}
	}
	if n := len(w.out.list()); n > 0 {
		t.Errorf("%d were sent", n)
	}
	w.run(now.Add(time.Second))
	for _, id := range ids {
		w.wantStates(id, "delivered")
	}
	if n := len(w.out.list()); n != 2 {
		t.Errorf("%d were sent, want 2", n)
	}
}
