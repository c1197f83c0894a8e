package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tidepost/internal/provider"
)

// killBeside kills Tidepost again and again while mail comes to a person whose mailbox is
// at a provider, colleagues write to her, and she moves mail about there.
func killBeside(t *T) {
	var says []string
	for i, k := range kinds() {
		o := provider.Options{}
		if i%2 == 0 {
			o.Host = fmt.Sprintf("127.0.19.%d", 1+rand.IntN(200)) // With ManageSieve where it belongs.
		}
		kills := t.dose(10, 100)
		a := besideProvider(t, k, o, nil)
		slowest := a.start()
		a.tended()
		a.work()
		for i := range kills {
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
			a.kill()
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
			if i%4 == 3 { // In the midst of starting, too.
				a.launch()
				time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
				a.kill()
			}
			slowest = max(slowest, a.start())
			if t.Failed() {
				return
			}
		}
		time.Sleep(time.Second)
		a.rest()
		a.verdict(true)
		says = append(says, fmt.Sprintf("%s: %d kills, %d mails, %d moves by hand, 0 lost, 0 doubled; ready again within %s",
			k.name, kills, a.taken(), a.moves, slowest.Round(time.Millisecond)))
	}
	t.say("%s", strings.Join(says, "; "))
}
