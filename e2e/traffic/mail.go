package traffic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/internal/testkit"
)

// message makes the next mail: to the outside, held, batched, to all of them, or from
// the outside.
func (x *Traffic) message(inbound bool) (reconcile.Sent, string) {
	n := x.next.Load() + 1
	ways := []reconcile.Way{reconcile.Outside, reconcile.Held, reconcile.Here}
	switch {
	case inbound:
		ways = []reconcile.Way{reconcile.Inbound}
	case n%4 < 3:
		ways = ways[n%4 : n%4+1]
	}
	return x.Make(ways...)
}

// Make makes a mail that goes these ways.
func (x *Traffic) Make(ways ...reconcile.Way) (reconcile.Sent, string) {
	n := x.next.Add(1)
	now := time.Now().Truncate(time.Millisecond) // as the ledger writes times
	var goals []reconcile.Goal
	for _, way := range ways {
		g := reconcile.Goal{Way: way, NotBefore: now.Add(x.Wait)}
		switch way {
		case reconcile.Outside:
			g.Address = fmt.Sprintf("r%d@outside.example", n%5)
		case reconcile.Held:
			g.Address, g.NotBefore = Mei, x.After
		case reconcile.Here:
			g.Address = Tom
		case reconcile.Inbound:
			g.Address, g.NotBefore = []string{Ana, Tom}[n%2], now
		}
		goals = append(goals, g)
	}
	id := fmt.Sprintf("load%d@load.example", n)
	lines := 3 + rand.IntN(40)
	if x.Size > 0 {
		lines = x.Size
	} else if n%200 == 0 {
		lines = 20_000 // over the size that is stored in pieces while it arrives
	}
	content := strings.Repeat(fmt.Sprintf("This is line of message %d, which has many like it.\r\n", n), lines)
	from := Ana
	if ways[0] == reconcile.Inbound {
		from = Away
	}
	text := testkit.Letter(from, "list@outside.example", fmt.Sprintf("Load %d", n), id, content)
	return reconcile.Sent{ID: id, Hash: reconcile.Hash([]byte(content)), To: goals, At: now}, text
}
