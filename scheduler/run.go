package scheduler

import (
	"context"
	"log/slog"
	"time"
)

// A Source owns rows that become due: the queue (releases, retries) and the
// inbox (tides, clocks of answers).
type Source interface {
	// NextDue returns when RunDue has work, from memory: an idle wake-up costs no
	// SQL. ok is false if nothing is pending.
	NextDue(ctx context.Context) (due time.Time, ok bool, err error)
	// RunDue handles at most 100 of what is due at now, and says NextDue = now if
	// more waits. It must not block on the network.
	RunDue(ctx context.Context, now time.Time) error
}

const (
	// maxSleep bounds how late a stepped wall clock or a resumed laptop is
	// noticed: Go timers are monotonic, schedules are wall time.
	maxSleep = time.Minute
	// minSleep keeps a source that makes no progress from spinning, which would
	// also freeze virtual time in tests.
	minSleep = time.Millisecond
	// firstRetry is how soon a source is asked again after an error. It doubles
	// with each error in a row up to maxSleep: a full disk must not fill the log.
	firstRetry = time.Second
)

// Run wakes sources when they are due until ctx ends. A send on kick means that
// an earlier due time may exist; give it a buffer of one and drop what does not
// fit. It returns when no source is running any more.
func Run(ctx context.Context, log *slog.Logger, kick <-chan struct{}, sources ...Source) {
	retries := make([]time.Duration, len(sources))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-kick:
			if !open {
				kick = nil // Else it would be ready for ever.
			}
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return // Both were ready, and select chose the other.
		}
		// The only clock read of this wake-up, without its monotonic part:
		// schedules are wall time.
		now := time.Now().Round(0)
		wake := now.Add(maxSleep)
		for i, s := range sources {
			due, err := wakeSource(ctx, s, now)
			if err != nil {
				if ctx.Err() != nil {
					return // The error is the end.
				}
				retries[i] = min(max(2*retries[i], firstRetry), maxSleep)
				log.Error("run due", "err", err, "retry", retries[i])
				due = now.Add(retries[i])
			} else {
				retries[i] = 0
			}
			if due.Before(wake) {
				wake = due
			}
		}
		timer.Reset(min(max(time.Until(wake), minSleep), maxSleep))
	}
}

// wakeSource runs what is due and returns when the source is due next, at most
// maxSleep after now.
func wakeSource(ctx context.Context, s Source, now time.Time) (time.Time, error) {
	if err := s.RunDue(ctx, now); err != nil {
		return time.Time{}, err
	}
	due, ok, err := s.NextDue(ctx)
	if err != nil || !ok {
		return now.Add(maxSleep), err
	}
	return due, nil
}

// wallAsBootTime stands in for BootTime: compared with the wall clock it never
// shows a step.
func wallAsBootTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
