package threading_test

import (
	"testing"

	"tidepost/threading"
)

// BenchmarkStep is a delivery, with all that is reckoned for it.
func BenchmarkStep(b *testing.B) {
	_, s := compile(b, "mei Europe/Berlin mon-fri 09:00-12:00 13:00-17:00, leave 2026-12-07..2026-12-11")
	clock := threading.NewClock("mei", threading.DefaultTargets().Standard, threading.Wanted{}, start)
	e := threading.Event{Kind: threading.OnDelivery, At: start, Schedule: s}
	for b.Loop() {
		if _, _, ok := clock.Step(e); !ok {
			b.Fatal("nothing happened")
		}
	}
}
