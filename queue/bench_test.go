package queue

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidepost/mail"
)

// BenchmarkPlainMail is the way of a mail of 4 KB that nothing holds: stage, submit,
// attempt, settle, ten at a time.
func BenchmarkPlainMail(b *testing.B) {
	w := newWorld(b, func(o *Options) { o.Undo, o.Workers = 0, 20 })
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now().UTC().Round(0)
	if err := w.q.RunDue(ctx, now); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.q.Run(ctx) }()
	body := strings.Repeat("w00000 w11111 w22222 w33333 w44444 w55555 w66666 w77777 w88888\r\n", 64)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(5)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mid := fmt.Sprintf("b%d@team.example", n.Add(1))
			text := letter(w.ana, mid, "bench", now, body, "To: joe@else.example")
			staged, err := w.db.Stage(ctx, strings.NewReader(text), now)
			if err == nil {
				_, err = w.q.Submit(ctx, Submission{Author: w.ana, Envelope: envelope(w.ana, "joe@else.example"), Staged: staged,
					Peer: Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}, Now: now})
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	for _, s := range w.out.list()[:1] {
		if f := mail.ParseHeader([]byte(s.octet)); f.Count("Received") != 1 {
			b.Errorf("it went out as %.200q", s.octet)
		}
	}
}
