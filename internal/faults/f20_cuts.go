package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tidepost/internal/provider"
)

// errUncut asks for patience.
var errUncut = errors.New("so many octets have not passed")

// cutBeside cuts the connection to the account again and again, at any octet in either
// direction, in every manner, with the traffic of killBeside.
func cutBeside(t *T) {
	var says []string
	for i, k := range kinds() {
		o := provider.Options{}
		if i%2 == 1 {
			o.Host = fmt.Sprintf("127.0.20.%d", 1+rand.IntN(200))
		}
		cuts := t.dose(10, 100)
		var w *line
		a := besideProvider(t, k, o, func(addr string) string {
			w = newLine(t, addr)
			return w.addr
		})
		a.start()
		a.tended()
		a.work()
		done := map[manner]int{}
		for i := range cuts {
			c := randomCut(i)
			w.cut(c)
			a.until(3*time.Minute, func() error {
				if w.happened() {
					return nil
				}
				if w.unused() {
					a.nudge() // It would wait longer and longer.
				}
				return errUncut
			})
			done[c.manner]++
			if c.manner == silence {
				a.until(3*time.Minute, w.left) // It has to find that out by itself.
			}
			if t.Failed() {
				return
			}
		}
		a.rest()
		a.nudge()
		a.verdict(false)
		says = append(says, fmt.Sprintf("%s: %d cuts %v, %d mails, %d moves by hand, 0 lost, 0 doubled", k.name, cuts, done, a.taken(), a.moves))
	}
	t.say("%s", strings.Join(says, "; "))
}

// randomCut makes the next cut. Few are silent: to find that out takes a minute.
func randomCut(i int) cut {
	c := cut{up: rand.IntN(2) == 0, manner: []manner{ends, resets, trickles}[rand.IntN(3)]}
	if i%20 == 9 {
		c.manner = silence
	}
	most := 15_000
	if c.up {
		most = 4_000
	}
	c.after = 1 + rand.IntN(most)
	if rand.IntN(3) == 0 {
		c.after = 1 + rand.IntN(400) // Between dialling and login.
	}
	return c
}
