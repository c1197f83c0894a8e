package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// smallHeap is what Go's part of the memory may grow to before it is collected
	// more often than every garbagePercent: most servers never need more.
	smallHeap      = 48 << 20
	garbagePercent = 300
	heapLook       = time.Second
)

// tuneGC has garbage collected a third as often while the heap is small, where memory
// is cheaper than time, and as usual once thousands of connections have made it
// large; it never takes more than most. It runs until ctx ends. Who sets GOGC or
// GOMEMLIMIT decides instead.
func tuneGC(ctx context.Context, most int64) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(garbagePercent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	ticker := time.NewTicker(heapLook)
	defer ticker.Stop()
	for limit := int64(0); ; {
		metrics.Read(live)
		if l := min(most, max(smallHeap, 2*int64(live[0].Value.Uint64()))); l != limit { //nolint:gosec // a heap fits
			limit = l
			debug.SetMemoryLimit(l)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
