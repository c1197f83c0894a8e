package bubble

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The runtime of the Go that builds this is as the overlay expects it.
func TestOverlay(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command")
	}
	file, err := WriteOverlay(strings.TrimSpace(string(root)), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil || len(o.Replace) != 5 {
		t.Fatalf("%s\n%v", text, err)
	}
	for from, to := range o.Replace {
		written, err := os.ReadFile(to)
		if err != nil || !strings.Contains(string(written), "bubble") {
			t.Errorf("in place of %s: %v", from, err)
		}
	}
	other := filepath.Join(t.TempDir(), "src", "runtime")
	if err := os.MkdirAll(other, 0o755); err != nil {
		t.Fatal(err)
	}
	for from := range o.Replace {
		if err := os.WriteFile(filepath.Join(other, filepath.Base(from)), []byte("package runtime\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := WriteOverlay(filepath.Dir(filepath.Dir(other)), t.TempDir()); err == nil {
		t.Error("another runtime is taken")
	}
}

// A fake is a process that says what it is told to.
type fake struct {
	at   int
	idle atomic.Bool
	next atomic.Int64
}

// live answers until ctx ends, as clock.go.txt does.
func (f *fake) live(ctx context.Context, p *page) {
	for ctx.Err() == nil {
		round := p.load(wordRound)
		if f.idle.Load() {
			p.store(f.at+slotNext, uint64(f.next.Load()))
			p.store(f.at+slotSeen, round)
		} else {
			p.store(f.at+slotBusy, p.load(f.at+slotBusy)+1)
		}
		time.Sleep(glance)
	}
}

// The clock stands while anybody does anything, and jumps to the earliest timer, no
// further, when nobody does.
func TestTheClockJumpsWhenNobodyIsBusy(t *testing.T) {
	start := time.Date(2026, 3, 23, 8, 0, 0, 0, time.UTC)
	p, err := newPage(filepath.Join(t.TempDir(), "page"), start)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all [2]*fake
	for i := range all {
		all[i] = &fake{at: headWords + i*slotWords}
		all[i].next.Store(p.now() + int64(time.Duration(i+1)*time.Hour))
		p.store(all[i].at+slotPID, uint64(os.Getpid()))
		go all[i].live(ctx, p)
	}
	all[0].idle.Store(true)
	jumped := make(chan int)
	go func() { jumped <- p.conduct(ctx) }()
	time.Sleep(50 * time.Millisecond)
	if off := p.load(wordOffset); off != 0 {
		t.Fatalf("it jumped by %s although one is busy", time.Duration(off))
	}
	all[1].idle.Store(true)
	for deadline := time.Now().Add(30 * time.Second); p.load(wordOffset) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not jump although nobody is busy")
		}
	}
	cancel()
	if n, off := <-jumped, time.Duration(p.load(wordOffset)); n != 1 || off > time.Hour || off < 59*time.Minute {
		t.Errorf("%d jumps, by %s", n, off)
	}
}
