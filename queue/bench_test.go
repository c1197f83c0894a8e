package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bench is a world whose queue runs. stop ends it.
func bench(b testing.TB) (w *world, now time.Time, stop func()) {
	w = newWorld(b, func(o *Options) { o.Undo, o.Workers = 0, 20 })
	ctx, cancel := context.WithCancel(context.Background())
	now = time.Now().UTC().Round(0)
	if err := w.q.RunDue(ctx, now); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.q.Run(ctx) }()
	return w, now, func() {
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// put hands in a mail of 4 KB of Ana's; hold is when it may leave, zero: at once.
func (w *world) put(n int64, now, hold time.Time) error {
	body := strings.Repeat("w00000 w11111 w22222 w33333 w44444 w55555 w66666 w77777 w88888\r\n", 64)
	text := letter(w.ana, fmt.Sprintf("b%d@team.example", n), "bench", now, body, "To: joe@else.example")
	staged, err := w.db.Stage(context.Background(), strings.NewReader(text), now)
	if err != nil {
		return err
	}
	env := envelope(w.ana, "joe@else.example")
	env.HoldUntil = hold
	_, err = w.q.Submit(context.Background(), Submission{Author: w.ana, Envelope: env, Staged: staged,
		Peer: Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}, Now: now})
	return err
}

// BenchmarkPlainMail is the way of a mail that nothing holds: stage, submit, attempt,
// settle, ten at a time.
func BenchmarkPlainMail(b *testing.B) {
	w, now, stop := bench(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(5)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := w.put(n.Add(1), now, time.Time{}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	stop()
}

// BenchmarkHold holds mail of one author, all until one instant, and then releases it:
// the cost of the last quarter over that of the first says whether it grows with the
// queue, the rates what a mail costs.
func BenchmarkHold(b *testing.B) {
	w, now, stop := bench(b)
	due := now.Add(time.Hour)
	var n atomic.Int64
	quarter := func() time.Duration {
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range max(b.N/40, 1) {
					if err := w.put(n.Add(1), now, due); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		return time.Since(start)
	}
	first := quarter()
	held := first + quarter() + quarter()
	last := quarter()
	b.ReportMetric(float64(last)/float64(first), "last/first")
	b.ReportMetric(float64(n.Load())/(held+last).Seconds(), "held/s")

	start, half := time.Now(), time.Duration(0)
	for got := 0; got < int(n.Load()); got = len(w.out.list()) {
		if err := w.q.RunDue(context.Background(), due); err != nil {
			b.Fatal(err)
		}
		if half == 0 && got > int(n.Load()/2) {
			half = time.Since(start)
		}
	}
	whole := time.Since(start)
	b.ReportMetric(float64(n.Load())/whole.Seconds(), "released/s")
	b.ReportMetric(float64(whole-half)/float64(half), "2nd/1st-half")
	stop()
}
