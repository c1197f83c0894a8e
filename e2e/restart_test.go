package e2e

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"tidepost/e2e/traffic"
)

// errTooFew asks for patience.
var errTooFew = errors.New("too few mails were acknowledged")

// kills is how often TestKill kills.
func kills(t *testing.T) int {
	t.Helper()
	n := 5
	if s := os.Getenv("TIDEPOST_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("TIDEPOST_KILLS=%s is no number of kills", s)
		}
	}
	return n
}

// TestKill kills the server again and again while ten sessions send mail of every
// kind. Nothing that was acknowledged may be lost, changed, doubled beyond what a kill
// can cause, or early; and in the end everything that may leave has left.
func TestKill(t *testing.T) {
	t.Run("undo", func(t *testing.T) { killed(t, time.Second) })
	t.Run("express", func(t *testing.T) { killed(t, 0) })
}

func killed(t *testing.T, undo time.Duration) {
	l := underLoad(t, undo)
	n := kills(t)
	var slowest time.Duration
	for i := range n {
		before := l.Acked.Load()
		l.Begin()
		// At least a few mails, and then a random moment: of accepting, releasing,
		// relaying, or of starting itself.
		until(t, patience, func() error {
			if l.Acked.Load() < before+int64(rand.IntN(40)) {
				return errTooFew
			}
			return nil
		})
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		l.kill()
		l.Halt()
		l.Judge(false, i+1)
		begin := time.Now()
		l.start()
		slowest = max(slowest, time.Since(begin))
		l.sound()
		if t.Failed() {
			t.Fatalf("kill %d of %d", i+1, n)
		}
	}
	l.settle()
	l.sound()
	l.stop()
	f := l.Judge(true, n)
	returned := 0
	for _, sent := range f.Sent {
		if !sent.Returned.IsZero() {
			returned++
		}
	}
	l.start()
	l.readers(f)
	t.Logf("%d kills, %d mails sent, %d acknowledged, %d taken back, %d recipients, %d copies, %d handovers, %d of them repeats; ready again within %s",
		n, len(f.Sent), l.Acked.Load(), returned, len(f.Rows), len(f.Copies), len(f.Handovers), traffic.Repeats(f), slowest.Round(time.Millisecond))
}

// TestTermUnderLoad stops the server as systemd does, in the middle of everything:
// nothing is lost and nothing is sent twice.
func TestTermUnderLoad(t *testing.T) {
	t.Run("undo", func(t *testing.T) { terminated(t, time.Second) })
	t.Run("express", func(t *testing.T) { terminated(t, 0) })
}

func terminated(t *testing.T, undo time.Duration) {
	l := underLoad(t, undo)
	for range 2 {
		before := l.Acked.Load()
		l.Begin()
		until(t, patience, func() error {
			if l.Acked.Load() < before+50 {
				return errTooFew
			}
			return nil
		})
		begin := time.Now()
		l.stop()
		if took := time.Since(begin); took > stopTime {
			t.Errorf("stopping took %s", took)
		}
		l.Halt()
		l.Judge(false, 0)
		l.start()
	}
	l.settle()
	l.sound()
	l.stop()
	f := l.Judge(true, 0)
	t.Logf("%d mails sent, %d acknowledged", len(f.Sent), l.Acked.Load())
}
