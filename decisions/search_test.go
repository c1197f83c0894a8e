package decisions

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/people"
	"tidepost/store"
)

// t0 is a Monday morning in London.
var t0 = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// An archive is a database with Ana and Mei, and decisions of Ana's that only she sees,
// but for the public ones.
type archive struct {
	db       *store.DB
	k        *Keeper
	ana, mei int64
}

func newArchive(t testing.TB) *archive {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := &archive{db: db}
	profile, err := people.DefaultProfile("Europe/London").Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name, address string
		id            *int64
	}{{"Ana Silva", "ana@team.example", &a.ana}, {"Mei Chen", "mei@team.example", &a.mei}} {
		row := store.Person{Name: p.name, Address: p.address, Profile: profile, Active: true, Created: t0}
		a.update(t, func(tx *store.Tx) error { return tx.InsertPerson(&row) })
		*p.id = row.ID
	}
	dir := people.NewDirectory(db, []string{"team.example"})
	if err := dir.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	a.k = New(db, dir, Options{Domain: "team.example", Rand: rand.NewChaCha8([32]byte{1})})
	return a
}

func (a *archive) update(t testing.TB, fn func(*store.Tx) error) {
	t.Helper()
	if err := a.db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// file adds a decision of Ana's.
func (a *archive) file(t testing.TB, sentence string, public bool) (d store.Decision) {
	t.Helper()
	a.update(t, func(tx *store.Tx) error {
		staged := store.StageBytes([]byte("Subject: x\r\n\r\n"), nil)
		body, err := tx.AddBody(staged, t0)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginSubmitted, BodyID: body, Head: staged.Head, Size: staged.Size(), MID: "m@x", Created: t0}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		s := store.Submission{MessageID: m.ID, AuthorID: a.ana, MID: "m@x", Digest: []byte{1}, Accepted: t0}
		if err := tx.InsertSubmission(&s); err != nil {
			return err
		}
		d = store.Decision{State: store.DecisionPending, Made: store.MadeByLine, AuthorID: a.ana, SubmissionID: s.ID, MID: "m@x", Sentence: sentence,
			Public: public, Wake: t0, Created: t0}
		if err := tx.InsertDecision(&d, []store.DecisionPart{{Address: "ana@team.example", Name: "Ana Silva", PersonID: a.ana}}, store.Event{At: t0, Kind: EventFound}); err != nil {
			return err
		}
		return a.k.file(tx, &d, t0)
	})
	return d
}

func (a *archive) search(t testing.TB, person int64, query string) string {
	t.Helper()
	var out []string
	err := a.db.View(context.Background(), func(tx *store.Tx) error {
		found, err := a.k.Search(tx, store.DecisionView{Person: person}, query)
		for _, e := range found {
			out = append(out, e.Name())
		}
		return err
	})
	if err != nil {
		t.Errorf("%q: %v", query, err)
	}
	return strings.Join(out, " ")
}

func TestSearch(t *testing.T) {
	a := newArchive(t)
	a.file(t, "We host the shop with Nimbus.", false)
	a.file(t, "The budget of Köln is 40 000 € a year.", true)
	a.file(t, "No budget for NEAR, AND or \"quotes\".", false)
	for query, want := range map[string]string{
		"nimbus": "D-1", "NIMBUS shop": "D-1", "nimb": "D-1", "budget": "D-3 D-2", "budg year": "D-2", "koln": "D-2", "KÖLN": "D-2", "40": "D-2",
		"D-2": "D-2", " d2 ": "D-2", "D-9": "", "": "D-3 D-2 D-1", "  ": "D-3 D-2 D-1", "silva": "D-3 D-2 D-1", "kessler": "", "nimbus budget": "",
		`"`: "", `"budget`: "D-3 D-2", "budget*": "D-3 D-2", "*": "", "NEAR(budget quotes, 2)": "", "near AND or": "D-3", "sentence:budget": "", "-budget": "D-3 D-2",
		"(": "", "^budget": "D-3 D-2", "a OR": "D-3", "NOT budget": "", "{sentence}": "", "budget\x00nimbus": "", "\xff\xfe": "", "́": "", "💥": "",
	} {
		if got := a.search(t, a.ana, query); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if got := a.search(t, a.mei, "budget"); got != "D-2" {
		t.Errorf("Mei finds %q, want the public one", got)
	}
	if got := a.search(t, 0, ""); got != "D-2" {
		t.Errorf("nobody in particular sees %q, want the public one", got)
	}
}

func TestTheIndexCanBeRebuilt(t *testing.T) {
	a := newArchive(t)
	a.file(t, "We host the shop with Nimbus.", false)
	gone := a.file(t, "We host it with Kessler.", false)
	a.update(t, func(tx *store.Tx) error {
		p, _ := a.k.dir.ByID(a.ana)
		_, err := a.k.withdraw(tx, p, gone, t0)
		return err
	})
	for range 2 {
		a.update(t, (*store.Tx).RebuildDecisionIndex)
		for query, want := range map[string]string{"nimbus": "D-1", "silva": "D-1", "kessler": ""} {
			if got := a.search(t, a.ana, query); got != want {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"budget", `"a" NEAR/2 b*`, "a AND (b OR NOT c)", "x:y ^z", "\x00", "\u00e9\u0301", "D-1", "{a}:", "+-*/'\"", "٣"} {
		f.Add(s)
	}
	a := newArchive(f)
	a.file(f, "The budget of Köln is 40 000 € a year.", true)
	f.Fuzz(func(t *testing.T, query string) {
		err := a.db.View(context.Background(), func(tx *store.Tx) error {
			_, err := a.k.Search(tx, store.DecisionView{Person: a.ana}, query)
			return err
		})
		if err != nil {
			t.Errorf("%q as %q: %v", query, Match(query), err)
		}
	})
}

func TestEveryStepOfTheTable(t *testing.T) {
	a := newArchive(t)
	all := []store.DecisionState{store.DecisionCandidate, store.DecisionOpen, store.DecisionPending, store.DecisionFiled, store.DecisionWithdrawn, store.DecisionDropped}
	for from, next := range follows() {
		for _, to := range all {
			allowed := false
			for _, n := range next {
				allowed = allowed || n == to
			}
			if from == "" || allowed {
				continue
			}
			err := a.db.Update(context.Background(), func(tx *store.Tx) error {
				return a.k.move(tx, &store.Decision{ID: 1, State: from}, to, EventFound, t0)
			})
			if !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s -> %s: %v, want a refusal", from, to, err)
			}
		}
	}
}

func TestNumbersHaveNoGaps(t *testing.T) {
	a := newArchive(t)
	for i := range 5 {
		d := a.file(t, "One more decision of ours.", false)
		if d.Number != i+1 {
			t.Errorf("number %d, want %d", d.Number, i+1)
		}
		if i == 4 {
			a.update(t, func(tx *store.Tx) error {
				p, _ := a.k.dir.ByID(a.ana)
				said, err := a.k.withdraw(tx, p, d, t0)
				if !strings.HasPrefix(said, "D-5 is withdrawn") {
					t.Error(said)
				}
				return err
			})
		}
	}
	if d := a.file(t, "The next one.", false); d.Number != 6 {
		t.Errorf("a withdrawn number was given again: %d", d.Number)
	}
}

func TestMarkdown(t *testing.T) {
	e := Entry{Number: 12, Sentence: "We take *Nimbus* <b>now</b> [x](y).", Author: "Ana Silva", People: []string{"Ana Silva", "joe@out.example"}, MID: "a b@x", Made: "line",
		Filed: t0, Supersedes: []int{5, 6}, zone: time.UTC}
	want := "# D-12\n\nWe take \\*Nimbus\\* \\<b\\>now\\</b\\> \\[x\\](y).\n\n- Decided: Mon 2 Mar 2026 10:00 UTC, by Ana Silva\n- Took part: Ana Silva, joe@out.example\n" +
		"- Takes the place of: D-5, D-6\n- Seen by: those who took part\n- Mail: <mid:a%20b@x>\n"
	if diff := cmp.Diff(want, e.Markdown()); diff != "" {
		t.Error(diff)
	}
	if e.FileName() != "D-0012.md" {
		t.Error(e.FileName())
	}
	e = Entry{Number: 3, Author: "Ana Silva", Withdrawn: true, Settled: t0, zone: time.UTC}
	if text := e.Markdown() + e.Text(); !strings.Contains(text, "withdrawn by its author") || strings.Contains(text, "Mail") {
		t.Error(text)
	}
}
