package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// crowd fills a database with submissions whose recipients stand in all states, and
// returns what is in it.
func crowd(t *testing.T, db *DB) []Listed {
	t.Helper()
	p := ana(t, db)
	m := letter(t, db, "a@team.example", "text\r\n")
	var out []Listed
	must(t, db, func(tx *Tx) error {
		rendition := m
		rendition.Origin, rendition.SourceID = OriginRendition, m.ID
		if err := tx.InsertMessage(&rendition); err != nil {
			return err
		}
		for i := range 24 {
			s := Submission{MessageID: m.ID, MID: m.MID, Subject: "s", Digest: []byte{1}, Frozen: i%5 == 0, Accepted: t0}
			if i%3 != 0 {
				s.AuthorID = p.ID
			}
			if err := tx.InsertSubmission(&s); err != nil {
				return err
			}
			if i%7 == 3 {
				s.Stopped = StopAuthor
				if err := tx.SetStopped(s.ID, s.Stopped); err != nil {
					return err
				}
			}
			l := Listed{Submission: s}
			for j, state := range []State{Held, Deferred, Sending, Delivered} {
				if (i+j)%4 == 3 {
					continue
				}
				r := Recipient{SubmissionID: s.ID, Address: []string{"x@out.example", "Y@Out.example", "x@other.example"}[(i+j)%3], State: state}
				switch state {
				case Held, Deferred:
					r.Due = t0.Add(time.Duration((7*i+j)%20) * time.Minute)
				case Sending:
					r.Claimed, r.RenditionID = t0, rendition.ID
				default:
					r.Settled, r.RenditionID = t0, rendition.ID
				}
				if state == Deferred {
					r.RenditionID = rendition.ID
				}
				if err := tx.InsertRecipient(&r, Event{At: t0, Kind: "held"}); err != nil {
					return err
				}
				l.Recipients = append(l.Recipients, r)
			}
			out = append(out, l)
		}
		return nil
	})
	return out
}

// selects is what Selection means, said in Go.
func selects(s Selection, l Listed, r Recipient) bool {
	states := s.States
	if len(states) == 0 {
		states = []State{Held, Deferred, Sending}
	}
	return slices.Contains(states, r.State) && (s.Submission == 0 || s.Submission == l.Submission.ID) &&
		(s.Author == 0 || s.Author == l.Submission.AuthorID) && s.Names(r.Address) && (!s.Frozen || l.Submission.Frozen && r.State == Held || l.Submission.Stopped != Going) &&
		(s.Before.IsZero() || !r.Due.IsZero() && r.Due.Before(s.Before)) && (s.After.IsZero() || !r.Due.IsZero() && !r.Due.Before(s.After))
}

func TestSelectionMeansWhatItSays(t *testing.T) {
	db := open(t)
	all := crowd(t, db)
	rapid.Check(t, func(rt *rapid.T) {
		minute := func(name string) time.Time {
			if n := rapid.IntRange(-1, 20).Draw(rt, name); n >= 0 {
				return t0.Add(time.Duration(n) * time.Minute)
			}
			return time.Time{}
		}
		s := Selection{
			Submission: rapid.SampledFrom([]int64{0, 0, 1, 7, 99}).Draw(rt, "submission"),
			Author:     rapid.SampledFrom([]int64{0, 1, 2}).Draw(rt, "author"),
			To:         rapid.SampledFrom([]string{"", "X@out.example", "@OUT.example", "@example", "it's@out.example"}).Draw(rt, "to"),
			States:     rapid.SampledFrom([][]State{nil, {Held}, {Deferred}, {Sending}, {Held, Deferred}, {Sending, Held}}).Draw(rt, "states"),
			Frozen:     rapid.Bool().Draw(rt, "frozen"), Before: minute("before"), After: minute("after"),
		}
		want := []int64{}
		var rcpts []int64
		for _, l := range all {
			any := false
			for _, r := range l.Recipients {
				if selects(s, l, r) {
					any = true
					rcpts = append(rcpts, r.ID)
				}
			}
			if any {
				want = append(want, l.Submission.ID)
			}
		}
		err := db.View(context.Background(), func(tx *Tx) error {
			got, err := tx.Select(s)
			if diff := cmp.Diff(want, append([]int64{}, got...)); diff != "" || err != nil {
				rt.Fatalf("%+v: %v\n%s", s, err, diff)
			}
			found, err := tx.SelectedRecipients(s)
			var ids []int64
			for _, r := range found {
				ids = append(ids, r.ID)
			}
			slices.Sort(ids)
			if diff := cmp.Diff(rcpts, ids); diff != "" || err != nil {
				rt.Fatalf("%+v: %v\n%s", s, err, diff)
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func TestListIsAPage(t *testing.T) {
	db := open(t)
	all := crowd(t, db)
	err := db.View(context.Background(), func(tx *Tx) error {
		got, err := tx.List([]int64{3, 1, 99, 24})
		if err != nil {
			return err
		}
		var want []Listed
		for _, i := range []int{2, 0, 23} {
			l := all[i]
			l.Submission.MessageID, l.Submission.Digest, l.Submission.Subject = 0, nil, ""
			l.Recipients = slices.Clone(l.Recipients)
			for j := range l.Recipients {
				l.Recipients[j].RenditionID, l.Recipients[j].Claimed = 0, time.Time{}
				l.Recipients[j].Plan = []byte("{}")
			}
			want = append(want, l)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		ids, err := tx.SubmissionsBelow(0, 24, 2)
		if diff := cmp.Diff([]int64{23, 22}, ids); diff != "" || err != nil {
			t.Error(err, diff)
		}
		authors, err := tx.Authors([]int64{1, 2, 3, 4})
		if diff := cmp.Diff([]int64{1}, authors); diff != "" || err != nil {
			t.Error(err, diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is selected and waits leaves now, with a line each; everything else is as it was.
func TestReleaseSelected(t *testing.T) {
	db := open(t)
	all := crowd(t, db)
	now := t0.Add(10 * time.Minute)
	sel := Selection{To: "@out.example"}
	var ids, want []int64
	for _, l := range all {
		ids = append(ids, l.Submission.ID)
	}
	var moved []int64
	must(t, db, func(tx *Tx) (err error) {
		moved, err = tx.ReleaseSelected(ids, sel, []byte(`{"rule":"now"}`), Event{At: now, Kind: "admin.release", Detail: map[string]string{"by": "root"}})
		return err
	})
	err := db.View(context.Background(), func(tx *Tx) error {
		for _, l := range all {
			events, err := tx.EventsOfSubmission(l.Submission.ID)
			if err != nil {
				return err
			}
			lines := map[int64]string{}
			for _, e := range events {
				if e.Kind == "admin.release" {
					lines[e.RecipientID] += e.State
				}
			}
			for _, r := range l.Recipients {
				got, err := tx.Recipient(r.ID)
				if err != nil {
					return err
				}
				leaves := (r.State == Held && !l.Submission.Frozen || r.State == Deferred) && l.Submission.Stopped == Going && sel.Names(r.Address)
				due, plan, line := r.Due, "{}", ""
				if leaves {
					want, line = append(want, l.Submission.ID), string(r.State)
					if due.After(now) {
						due = now
					}
					if r.State == Held {
						plan = `{"rule":"now"}`
					}
				}
				if !got.Due.Equal(due) || string(got.Plan) != plan || got.State != r.State || lines[r.ID] != line {
					t.Errorf("recipient %d, %s, frozen %v, to %s: due %v, plan %s, line %q", r.ID, got.State, l.Submission.Frozen, r.Address, got.Due, got.Plan, lines[r.ID])
				}
			}
		}
		return nil
	})
	slices.Sort(moved)
	if diff := cmp.Diff(want, moved); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// A selection is found by the index of what waits, whatever else is in the table.
func TestSelectionsUseTheirIndex(t *testing.T) {
	db := open(t)
	for _, s := range []Selection{{States: []State{Held}}, {States: []State{Sending}}, {States: []State{Held, Deferred}, To: "@x"}, {Submission: 1, States: []State{Held}}} {
		where, args := s.where()
		err := db.View(context.Background(), func(tx *Tx) error {
			type line struct {
				id, parent, unused int
				detail             string
			}
			plan, err := all(tx, func(l *line) []any { return []any{&l.id, &l.parent, &l.unused, &l.detail} },
				`EXPLAIN QUERY PLAN SELECT r.id`+s.from()+` JOIN submission s ON s.id = r.submission_id WHERE `+where, args...)
			if text := fmt.Sprint(plan); !strings.Contains(text, "USING INDEX recipient_") && !strings.Contains(text, "USING COVERING INDEX recipient_") {
				t.Errorf("%+v: %s", s, text)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestReaderOnlyReads(t *testing.T) {
	db := open(t)
	all := crowd(t, db)
	dir := strings.TrimSuffix(db.Path(), "/"+File)
	if _, err := OpenReader(t.TempDir()); err == nil {
		t.Error("a reader of nothing was opened")
	}
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = r.View(context.Background(), func(tx *Tx) error {
		ids, err := tx.Select(Selection{})
		if len(ids) == 0 || len(ids) > len(all) {
			t.Errorf("%d submissions wait", len(ids))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := r.Update(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("a reader writes: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	must(t, db, func(tx *Tx) error { _, err := tx.exec(`PRAGMA user_version = 99`); return err })
	if _, err := OpenReader(dir); !errors.Is(err, ErrOtherSchema) {
		t.Errorf("another schema: %v", err)
	}
}
