package reconcile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// sound is a run in which everything went well: 40 messages of each way, two of which
// were repeated because of a kill, and some that were never acknowledged.
func sound() Facts {
	f := Facts{Settled: true, Kills: 2, Workers: 5}
	for i := range 160 {
		way := []Way{Outside, Here, Held, Inbound}[i%4]
		id, hash := fmt.Sprintf("m%d@load.example", i), fmt.Sprintf("%064x", i)
		at := start.Add(time.Duration(i) * time.Second)
		g := Goal{Address: fmt.Sprintf("r%d@%s.example", i%7, way), Way: way, NotBefore: at.Add(time.Second)}
		s := Sent{ID: id, Hash: hash, At: at, Acked: at.Add(100 * time.Millisecond), To: []Goal{g}}
		if way == Outside { // and one more recipient, held
			s.To = append(s.To, Goal{Address: "mei@team.example", Way: Held, NotBefore: at.Add(time.Hour)})
			f.Rows = append(f.Rows, Row{id, "mei@team.example", "held"})
		}
		if i%20 == 3 { // nobody heard the 250, and the server did not keep it either
			s.Acked = time.Time{}
			f.Sent = append(f.Sent, s)
			continue
		}
		f.Sent = append(f.Sent, s)
		left := at.Add(2 * time.Second)
		switch way {
		case Outside:
			f.Rows = append(f.Rows, Row{id, g.Address, "delivered"})
			f.Handovers = append(f.Handovers, Handover{id, []string{g.Address}, hash, left, 250})
			if i%80 == 0 {
				f.Handovers = append(f.Handovers, Handover{id, []string{g.Address}, hash, left.Add(time.Second), 250})
			}
		case Here:
			f.Rows = append(f.Rows, Row{id, g.Address, "delivered"})
			f.Copies = append(f.Copies, Copy{id, g.Address, hash, left})
		case Held:
			last := &f.Sent[len(f.Sent)-1]
			switch i % 16 {
			case 2: // taken back
				last.Recalled, last.Returned = left, left.Add(time.Millisecond)
				f.Rows = append(f.Rows, Row{id, g.Address, "cancelled"})
			case 6: // taken back, but nobody heard the OK
				last.Recalled = left
				f.Rows = append(f.Rows, Row{id, g.Address, "cancelled"})
			case 10: // the wish to take it back got lost
				last.Recalled = left
				f.Rows = append(f.Rows, Row{id, g.Address, "held"})
			default:
				f.Rows = append(f.Rows, Row{id, g.Address, "held"})
			}
		case Inbound:
			f.Copies = append(f.Copies, Copy{id, g.Address, hash, left})
		}
	}
	return f
}

func TestSoundRunHasNoFindings(t *testing.T) {
	if found := Check(sound()); len(found) != 0 {
		t.Errorf("found %v in a sound run", found)
	}
}

// A fault is planted at one of several places and must be found there by its rule.
type fault struct {
	name  string
	rule  Rule
	plant func(f *Facts, r *rand.Rand) (id string)
}

// rowOf picks a row on the way.
func rowOf(f *Facts, r *rand.Rand, way Way) int {
	for {
		i := r.IntN(len(f.Rows))
		for _, s := range f.Sent {
			if s.ID == f.Rows[i].ID && s.To[0].Way == way && s.To[0].Address == f.Rows[i].To {
				return i
			}
		}
	}
}

func faults() []fault {
	return []fault{
		{"drop a row", Lost, func(f *Facts, r *rand.Rand) string {
			i := r.IntN(len(f.Rows))
			id := f.Rows[i].ID
			f.Rows = slices.Delete(f.Rows, i, i+1)
			return id
		}},
		{"drop a copy", Lost, func(f *Facts, r *rand.Rand) string {
			i := r.IntN(len(f.Copies))
			id := f.Copies[i].ID
			f.Copies = slices.Delete(f.Copies, i, i+1)
			return id
		}},
		{"repeat a row", Doubled, func(f *Facts, r *rand.Rand) string {
			i := r.IntN(len(f.Rows))
			f.Rows = append(f.Rows, f.Rows[i])
			return f.Rows[i].ID
		}},
		{"repeat a copy", Doubled, func(f *Facts, r *rand.Rand) string {
			i := r.IntN(len(f.Copies))
			f.Copies = append(f.Copies, f.Copies[i])
			return f.Copies[i].ID
		}},
		{"repeat one too often", Doubled, func(f *Facts, r *rand.Rand) string {
			h := f.Handovers[r.IntN(len(f.Handovers))]
			for range f.Kills + 1 {
				f.Handovers = append(f.Handovers, h)
			}
			return h.ID
		}},
		{"repeat many once", Doubled, func(f *Facts, r *rand.Rand) string {
			f.Handovers = append(f.Handovers, slices.Clone(f.Handovers)[:f.Kills*f.Workers+1]...)
			return ""
		}},
		{"swap two handovers", Changed, func(f *Facts, r *rand.Rand) string {
			a := r.IntN(len(f.Handovers) - 3)
			f.Handovers[a].Hash, f.Handovers[a+3].Hash = f.Handovers[a+3].Hash, f.Handovers[a].Hash
			return f.Handovers[a].ID
		}},
		{"swap two copies", Changed, func(f *Facts, r *rand.Rand) string {
			a := r.IntN(len(f.Copies) - 1)
			f.Copies[a].Hash, f.Copies[a+1].Hash = f.Copies[a+1].Hash, f.Copies[a].Hash
			return f.Copies[a+1].ID
		}},
		{"one leaves early", Early, func(f *Facts, r *rand.Rand) string {
			h := &f.Handovers[r.IntN(len(f.Handovers))]
			h.Seen = h.Seen.Add(-1500 * time.Millisecond)
			return h.ID
		}},
		{"one is filed early", Early, func(f *Facts, r *rand.Rand) string {
			c := &f.Copies[r.IntN(len(f.Copies))]
			c.Filed = c.Filed.Add(-1500 * time.Millisecond)
			return c.ID
		}},
		{"held mail is released", Early, func(f *Facts, r *rand.Rand) string {
			i := rowOf(f, r, Held)
			f.Rows[i].State = "delivered"
			return f.Rows[i].ID
		}},
		{"held mail is cancelled", Lost, func(f *Facts, r *rand.Rand) string {
			for {
				i := rowOf(f, r, Held)
				for _, s := range f.Sent {
					if s.ID == f.Rows[i].ID && s.Recalled.IsZero() {
						f.Rows[i].State = "cancelled"
						return s.ID
					}
				}
			}
		}},
		{"a cancel is forgotten", Mistaken, func(f *Facts, r *rand.Rand) string {
			for {
				i := rowOf(f, r, Held)
				for _, s := range f.Sent {
					if s.ID == f.Rows[i].ID && !s.Returned.IsZero() {
						f.Rows[i].State = "held"
						return s.ID
					}
				}
			}
		}},
		{"delivered to nobody", Mistaken, func(f *Facts, r *rand.Rand) string {
			i := r.IntN(len(f.Handovers))
			id := f.Handovers[i].ID
			f.Handovers = slices.DeleteFunc(f.Handovers, func(h Handover) bool { return h.ID == id })
			return id
		}},
		{"refused, not delivered", Mistaken, func(f *Facts, r *rand.Rand) string {
			id := f.Handovers[r.IntN(len(f.Handovers))].ID
			for i := range f.Handovers {
				if f.Handovers[i].ID == id {
					f.Handovers[i].Code = 451
				}
			}
			return id
		}},
		{"taken, but bounced", Mistaken, func(f *Facts, r *rand.Rand) string {
			i := rowOf(f, r, Outside)
			f.Rows[i].State = "bounced"
			return f.Rows[i].ID
		}},
		{"no such state", Mistaken, func(f *Facts, r *rand.Rand) string {
			i := rowOf(f, r, Here)
			f.Rows[i].State = "flying"
			return f.Rows[i].ID
		}},
		{"stuck here", Stuck, func(f *Facts, r *rand.Rand) string {
			i := rowOf(f, r, Here)
			f.Rows[i].State = "held"
			id := f.Rows[i].ID
			f.Copies = slices.DeleteFunc(f.Copies, func(c Copy) bool { return c.ID == id })
			return id
		}},
		{"stuck on its way", Stuck, func(f *Facts, r *rand.Rand) string {
			i := rowOf(f, r, Outside)
			f.Rows[i].State = "deferred"
			id := f.Rows[i].ID
			f.Handovers = slices.DeleteFunc(f.Handovers, func(h Handover) bool { return h.ID == id })
			return id
		}},
		{"a row that nobody sent", Unknown, func(f *Facts, r *rand.Rand) string {
			f.Rows = append(f.Rows, Row{"ghost@load.example", "x@outside.example", "held"})
			return "ghost@load.example"
		}},
		{"a copy for another reader", Unknown, func(f *Facts, r *rand.Rand) string {
			c := f.Copies[r.IntN(len(f.Copies))]
			c.To = "eve@team.example"
			f.Copies = append(f.Copies, c)
			return c.ID
		}},
		{"a handover to another address", Unknown, func(f *Facts, r *rand.Rand) string {
			h := f.Handovers[r.IntN(len(f.Handovers))]
			h.To = []string{"eve@outside.example"}
			f.Handovers = append(f.Handovers, h)
			return h.ID
		}},
		{"one id for two messages", Doubled, func(f *Facts, r *rand.Rand) string {
			s := f.Sent[r.IntN(len(f.Sent))]
			f.Sent = append(f.Sent, s)
			return s.ID
		}},
	}
}

func TestEveryPlantedFaultIsFound(t *testing.T) {
	for _, fa := range faults() {
		t.Run(fa.name, func(t *testing.T) {
			for seed := range uint64(50) {
				f := sound()
				id := fa.plant(&f, rand.New(rand.NewPCG(seed, 7)))
				hit := func(x Finding) bool { return x.Rule == fa.rule && x.ID == id }
				if found := Check(f); !slices.ContainsFunc(found, hit) {
					t.Fatalf("seed %d: planted in <%s>, found only %v", seed, id, found)
				}
			}
		})
	}
}

func TestUnsettledRunMayHaveMailOnItsWay(t *testing.T) {
	f := sound()
	f.Settled = false
	i := rowOf(&f, rand.New(rand.NewPCG(1, 1)), Outside)
	f.Rows[i].State = "sending" // taken, and the server has not written it down yet
	if found := Check(f); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	want := []Sent{
		{ID: "a@x", Hash: Hash([]byte("one")), At: start, Acked: start.Add(time.Second), Recalled: start.Add(2 * time.Second), Returned: start.Add(3 * time.Second), To: []Goal{
			{"tom@outside.example", Outside, start.Add(time.Second)}, {"mei@team.example", Held, start.Add(time.Hour)},
		}},
		{ID: "b@x", Hash: Hash([]byte("two")), At: start.Add(time.Minute), To: []Goal{{"ana@team.example", Inbound, start}}},
	}
	for i, s := range want { // continued after a restart
		j, err := OpenJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Sent(s); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			for _, err := range []error{j.Acked(s.ID, s.Acked), j.Recalled(s.ID, s.Recalled), j.Returned(s.ID, s.Returned)} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := ReadJournal(f)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("journal differs (-want +got), %v:\n%s", err, diff)
	}
}

func TestReadHandovers(t *testing.T) {
	log := `2026-11-23T09:00:01Z	seen	0	<a@x>	tom@o.example,eve@o.example	h1
2026-11-23T09:00:02Z	seen	0	<b@x>	tom@o.example	h2
2026-11-23T09:00:03Z	replied	250	<a@x>	tom@o.example,eve@o.example	h1
2026-11-23T09:00:04Z	seen	0	<a@x>	tom@o.example,eve@o.example	h1
`
	to := []string{"tom@o.example", "eve@o.example"}
	want := []Handover{
		{"a@x", to, "h1", start.Add(time.Second), 250},
		{"b@x", to[:1], "h2", start.Add(2 * time.Second), 0},
		{"a@x", to, "h1", start.Add(4 * time.Second), 0},
	}
	got, err := ReadHandovers(strings.NewReader(log))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("handovers differ (-want +got), %v:\n%s", err, diff)
	}
}

func TestBadLinesAreRefused(t *testing.T) {
	const at = "2026-11-23T09:00:01Z\t"
	for _, line := range []string{"x\tsent", at + "sent\ta", at + "acked\tnobody", at + "sent\ta\th\tx|here|2026-11-23T09:00:01Z\n" + at + "lost\ta", at + "sent\ta\th\tno-bars", at + "sent\ta\th\tx|here|noon"} {
		if _, err := ReadJournal(strings.NewReader(line)); err == nil {
			t.Errorf("journal line %q was taken", line)
		}
	}
	for _, line := range []string{at + "seen", at + "replied\t250\t<a>\tx\th", at + "seen\tmany\t<a>\tx\th", at + "gone\t0\t<a>\tx\th"} {
		if _, err := ReadHandovers(strings.NewReader(line)); err == nil {
			t.Errorf("upstream line %q was taken", line)
		}
	}
}
