package scheduler

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A plan of due times as a source: RunDue notes when it was called and removes
// what is due.
type fakeSource struct {
	due     []time.Time
	runs    []time.Time
	runErr  func(n int) error
	nextErr func(n int) error
	stuck   bool // never removes anything
}

func (f *fakeSource) RunDue(_ context.Context, now time.Time) error {
	f.runs = append(f.runs, now)
	if f.runErr != nil {
		if err := f.runErr(len(f.runs)); err != nil {
			return err
		}
	}
	for !f.stuck && len(f.due) > 0 && !f.due[0].After(now) {
		f.due = f.due[1:]
	}
	return nil
}

func (f *fakeSource) NextDue(context.Context) (time.Time, bool, error) {
	if f.nextErr != nil {
		if err := f.nextErr(len(f.runs)); err != nil {
			return time.Time{}, false, err
		}
	}
	if len(f.due) == 0 {
		return time.Time{}, false, nil
	}
	return f.due[0], true, nil
}

// since gives the runs as time since start.
func (f *fakeSource) since(start time.Time) []time.Duration {
	var out []time.Duration
	for _, r := range f.runs {
		out = append(out, r.Sub(start))
	}
	return out
}

func startRun(ctx context.Context, kick <-chan struct{}, sources ...Source) (logged *bytes.Buffer, stopped <-chan struct{}) {
	var out bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, slog.New(slog.NewTextHandler(&out, nil)), kick, sources...)
	}()
	return &out, done
}

func expectRuns(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("ran at %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("ran at %v, want %v", got, want)
		}
	}
}

func TestRunWakesWhenDueAndEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		s := &fakeSource{due: []time.Time{start.Add(20 * time.Second), start.Add(150 * time.Second)}}
		_, stopped := startRun(ctx, nil, s)
		time.Sleep(3 * time.Minute)
		cancel()
		<-stopped
		expectRuns(t, s.since(start), 0, 20*time.Second, 80*time.Second, 140*time.Second, 150*time.Second)
	})
}

func TestKickWakesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		s := &fakeSource{}
		kick := make(chan struct{}, 1)
		_, stopped := startRun(ctx, kick, s)
		time.Sleep(10 * time.Second)
		kick <- struct{}{}
		time.Sleep(10 * time.Second)
		close(kick) // One more wake-up, then no spinning.
		time.Sleep(30 * time.Second)
		cancel()
		<-stopped
		expectRuns(t, s.since(start), 0, 10*time.Second, 20*time.Second)
	})
}

func TestErrorsAreRetriedLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		bad := &fakeSource{runErr: func(n int) error {
			if n <= 3 {
				return errors.New("disk on fire")
			}
			return nil
		}}
		good := &fakeSource{}
		logged, stopped := startRun(ctx, nil, bad, good)
		time.Sleep(70 * time.Second)
		cancel()
		<-stopped
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 67 * time.Second}
		expectRuns(t, bad.since(start), want...)
		expectRuns(t, good.since(start), want...) // The other source goes on meanwhile.
		if n := strings.Count(logged.String(), "disk on fire"); n != 3 {
			t.Errorf("logged %d times, want 3:\n%s", n, logged)
		}
	})
}

func TestRetriesAfterErrorsEndAtAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		s := &fakeSource{nextErr: func(int) error { return errors.New("no next") }}
		_, stopped := startRun(ctx, nil, s)
		time.Sleep(200 * time.Second)
		cancel()
		<-stopped
		expectRuns(t, s.since(start), 0, 1e9, 3e9, 7e9, 15e9, 31e9, 63e9, 123e9, 183e9)
	})
}

func TestNoProgressDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		s := &fakeSource{due: []time.Time{start}, stuck: true}
		_, stopped := startRun(ctx, nil, s)
		time.Sleep(time.Second + minSleep/2)
		cancel()
		<-stopped
		if n := len(s.runs); n != 1001 {
			t.Errorf("ran %d times in a second, want 1001", n)
		}
	})
}

func TestAnErrorAtTheEndIsNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &fakeSource{runErr: func(int) error { cancel(); return context.Canceled }}
		logged, stopped := startRun(ctx, nil, s)
		<-stopped
		if logged.Len() > 0 || len(s.runs) != 1 {
			t.Errorf("ran %d times, logged %s", len(s.runs), logged)
		}
	})
}

func TestNothingRunsAfterTheEnd(t *testing.T) {
	for range 50 { // select is free to choose the timer or the kick.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := &fakeSource{}
		kick := make(chan struct{}, 1)
		kick <- struct{}{}
		_, stopped := startRun(ctx, kick, s)
		<-stopped
		if len(s.runs) > 0 {
			t.Fatal("ran after the end")
		}
	}
}

func TestStepGuard(t *testing.T) {
	wall := at(t, "2026-06-10T09:00:00Z")
	boot := time.Hour
	g := NewStepGuard(func() time.Duration { return boot })
	pass := func(w, b time.Duration) { wall, boot = wall.Add(w), boot+b }
	look := func(what string, wantStep time.Duration, wantPause bool) {
		t.Helper()
		if step, paused := g.Look(wall); step != wantStep || paused != wantPause {
			t.Errorf("%s: stepped %v, paused %v, want %v, %v", what, step, paused, wantStep, wantPause)
		}
	}
	look("first look", 0, false)
	pass(time.Minute, time.Minute)
	look("a minute", 0, false)
	pass(8*time.Hour, 8*time.Hour)
	look("suspended over night", 0, false)
	pass(6*time.Minute, time.Minute)
	look("five minutes ahead, exactly", 0, false)
	pass(-time.Hour, time.Minute)
	look("set back", 0, false)
	pass(24*time.Hour+time.Minute, time.Minute)
	look("set forward by a day", 24*time.Hour, true)
	pass(9*time.Minute+59*time.Second, 9*time.Minute+59*time.Second)
	look("almost ten minutes later", 0, true)
	pass(time.Second, time.Second)
	look("ten minutes later", 0, false)
	pass(time.Hour, time.Second)
	look("forward again", time.Hour-time.Second, true)
	g.Resume()
	pass(time.Second, time.Second)
	look("resumed by hand", 0, false)
}

func TestStepGuardIgnoresTheMonotonicReading(t *testing.T) {
	boot := time.Duration(0)
	g := NewStepGuard(func() time.Duration { return boot })
	now := time.Now()
	g.Look(now)
	boot = time.Second
	if step, paused := g.Look(now.Round(0).Add(time.Second)); step != 0 || paused {
		t.Errorf("stepped %v, paused %v", step, paused)
	}
}

func TestBootTimeGoesOn(t *testing.T) {
	a := BootTime()
	b := BootTime()
	if a <= 0 || b < a {
		t.Errorf("boot time %v, then %v", a, b)
	}
	if w := wallAsBootTime(); w < a {
		t.Errorf("wall clock since 1970 is %v", w)
	}
}
