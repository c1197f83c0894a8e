package decisions

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tidepost/store"
)

// Whatever is filed, published, withdrawn and superseded: numbers ascend without gaps;
// the words of what is withdrawn are nowhere; a folder has each decision that its owner
// may see once, and no other, and it is the message that stands for the decision now.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(4) {
		a := newArchive(t)
		rng := rand.New(rand.NewPCG(seed, 7))
		now, filed := t0, []store.Decision{}
		ana, _ := a.k.dir.ByID(a.ana)
		for step := range 60 {
			now = now.Add(time.Duration(rng.IntN(12)) * time.Hour)
			var err error
			pick := func() store.Decision {
				var d store.Decision
				err = a.db.View(context.Background(), func(tx *store.Tx) (err error) {
					d, err = tx.Decision(filed[rng.IntN(len(filed))].ID)
					return err
				})
				return d
			}
			switch op := rng.IntN(4); {
			case op == 0 || len(filed) == 0:
				filed = append(filed, a.file(t, fmt.Sprintf("word%d is what we do from now on.", len(filed)+1), rng.IntN(4) == 0))
			case op == 1:
				d := pick()
				a.update(t, func(tx *store.Tx) error { _, err := a.k.publish(tx, ana, d, now); return err })
			case op == 2:
				d := pick()
				a.update(t, func(tx *store.Tx) error { _, err := a.k.withdraw(tx, ana, d, now); return err })
			default:
				older, newer := pick(), pick()
				if older.ID >= newer.ID || newer.State != store.DecisionFiled {
					continue
				}
				a.update(t, func(tx *store.Tx) error {
					if err := tx.LinkDecisions(newer.ID, older.ID); err != nil {
						return err
					}
					return a.k.renderLinked(tx, newer, now)
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.check(t, filed); t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
	}
}

// check looks at everything that must hold of decisions of Ana's.
func (a *archive) check(t *testing.T, filed []store.Decision) {
	t.Helper()
	messages := map[int64][]int64{} // by person
	err := a.db.View(context.Background(), func(tx *store.Tx) error {
		for i, f := range filed {
			d, err := tx.Decision(f.ID)
			if err != nil {
				return err
			}
			if d.Number != i+1 {
				t.Errorf("decision %d has the number %d", i+1, d.Number)
			}
			gone := d.State == store.DecisionWithdrawn
			if gone != (d.Sentence == "") {
				t.Errorf("D-%d is %s and says %q", d.Number, d.State, d.Sentence)
			}
			if found := a.search(t, a.ana, fmt.Sprintf("word%d", d.Number)); slices.Contains(Names(found), d.Number) == gone {
				t.Errorf("D-%d is %s, and the search finds %q", d.Number, d.State, found)
			}
			messages[a.ana] = append(messages[a.ana], d.MessageID)
			if d.Public {
				messages[a.mei] = append(messages[a.mei], d.MessageID)
			}
		}
		for _, p := range []int64{a.ana, a.mei} {
			box, err := tx.MailboxByKind(p, store.KindDecisions)
			if err != nil {
				return err
			}
			entries, err := tx.Entries(box.ID)
			if err != nil {
				return err
			}
			var have []int64
			for _, e := range entries {
				have = append(have, e.MessageID)
			}
			slices.Sort(have)
			slices.Sort(messages[p])
			if !slices.Equal(have, messages[p]) {
				t.Errorf("the folder of person %d has the messages %v, want %v", p, have, messages[p])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
