package faults

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
)

// errTooFew asks for patience.
var errTooFew = errors.New("too few mails were acknowledged")

// more waits until so many more mails are acknowledged.
func (l *load) more(n int) {
	before := l.Acked.Load()
	l.until(patience, func() error {
		if l.Acked.Load() < before+int64(n) {
			return errTooFew
		}
		return nil
	})
}

// killUnderLoad kills the server at random moments: of accepting, releasing, relaying,
// or of starting.
func killUnderLoad(t *T) {
	kills := t.dose(100, 500)
	l := underLoad(install(t, setup{}))
	var slowest time.Duration
	var killed []time.Time
	l.start()
	for i := range kills {
		l.smarthost.Reset()
		if i%5 == 4 {
			l.smarthost.Script(slowEnd()) // so that some kills do fall into the window
		}
		l.Begin()
		l.more(rand.IntN(40))
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
		killed = append(killed, time.Now())
		l.kill()
		l.Halt()
		if i%10 == 9 {
			l.Judge(false, i+1)
		}
		if t.Failed() {
			t.Fatalf("kill %d of %d", i+1, kills)
		}
		if i == kills/2 {
			l.express()
		}
		slowest = max(slowest, l.start())
	}
	f := l.verdict(kills)
	each := repeatsOf(f, killed)
	if median, most := each[len(each)/2], each[len(each)-1]; median > 0 || most > workers {
		t.Errorf("a kill repeats %d in the median and %d at most", median, most)
	}
	t.say("%d kills, half of them while mail leaves as it is taken, %d mails sent, %d acknowledged, 0 lost; repeats %d, at most %d a kill, median %d; ready again within %s",
		kills, len(f.Sent), l.Acked.Load(), traffic.Repeats(f), each[len(each)-1], each[len(each)/2], slowest.Round(time.Millisecond))
}

// repeatsOf counts what each kill caused to be taken again, least first.
func repeatsOf(f reconcile.Facts, killed []time.Time) []int {
	each := make([]int, len(killed))
	seen := map[string]bool{}
	for _, h := range f.Handovers {
		for _, to := range h.To {
			k := h.ID + " " + to
			if h.Code == 250 && seen[k] {
				cause := 0
				for i, at := range killed {
					if at.Before(h.Seen) {
						cause = i
					}
				}
				each[cause]++
			}
			seen[k] = seen[k] || h.Code == 250
		}
	}
	slices.Sort(each)
	return each
}
