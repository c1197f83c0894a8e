package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// A T is one fault while it runs. It does for this program what testing.T does for a
// test, so that the fake servers made for tests work here too.
type T struct {
	testing.TB // has a method that only package testing can write; nil
	ctx        context.Context
	plan       *plan
	name       string

	mu       sync.Mutex
	errs     []string
	skipped  string
	says     string
	cleanups []func()
	dirs     int
}

// manyErrs is how many errors of one fault are kept: the first ones tell.
const manyErrs = 25

func (t *T) Helper()      {}
func (t *T) Name() string { return t.name }

// Errorf notes what is wrong and goes on.
func (t *T) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.errs) < manyErrs {
		t.errs = append(t.errs, fmt.Sprintf(format, args...))
		fmt.Fprintf(t.plan.out, "  %s: %s\n", t.name, t.errs[len(t.errs)-1])
	}
}

func (t *T) Error(args ...any) { t.Errorf("%s", fmt.Sprint(args...)) }

// Fatalf ends the goroutine, too.
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

func (t *T) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

// Skipf ends the fault: this machine does not allow it.
func (t *T) Skipf(format string, args ...any) {
	t.mu.Lock()
	t.skipped = fmt.Sprintf(format, args...)
	t.mu.Unlock()
	runtime.Goexit()
}

func (t *T) Skip(args ...any) { t.Skipf("%s", fmt.Sprint(args...)) }

// Logf prints a line of progress.
func (t *T) Logf(format string, args ...any) {
	fmt.Fprintf(t.plan.out, "  %s: %s\n", t.name, fmt.Sprintf(format, args...))
}

func (t *T) Log(args ...any) { t.Logf("%s", fmt.Sprint(args...)) }

// say sets what the table at the end says of a fault.
func (t *T) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.says = fmt.Sprintf(format, args...)
}

func (t *T) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.errs) > 0
}

func (t *T) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

// TempDir makes a directory of this fault.
func (t *T) TempDir() string {
	t.mu.Lock()
	t.dirs++
	dir := filepath.Join(t.plan.dir, t.name, fmt.Sprint(t.dirs))
	t.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatalf("make directory: %v", err)
	}
	return dir
}

// run runs f and what it has left to clean up, last first.
func (t *T) run(f func(t *T)) result {
	begin := time.Now()
	guarded(t, func() { f(t) })
	for {
		t.mu.Lock()
		n := len(t.cleanups)
		var c func()
		if n > 0 {
			c, t.cleanups = t.cleanups[n-1], t.cleanups[:n-1]
		}
		t.mu.Unlock()
		if c == nil {
			break
		}
		guarded(t, c)
	}
	r := result{name: t.name, verdict: "PASS", took: time.Since(begin), what: t.says}
	switch {
	case len(t.errs) > 0:
		r.verdict, r.what = "FAIL", strings.ReplaceAll(t.errs[0], "\n", " ")
	case t.skipped != "":
		r.verdict, r.what = "SKIP", t.skipped
	}
	return r
}

// guarded waits for f, however it ends.
func guarded(t *T, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("panic: %v", p)
			}
		}()
		f()
	}()
	<-done
}
