package faults

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"tidepost/e2e/traffic"
)

// powerCuts cuts the power of file systems under load.
func powerCuts(t *T) {
	cuts := t.dose(10, 50)
	var says []string
	for _, fs := range []string{"ext4", "xfs"} {
		says = append(says, fs+": "+cutPower(t, fs, cuts))
	}
	t.say("%s", strings.Join(says, "; "))
}

func cutPower(t *T, fs string, cuts int) string {
	d := t.loopDisk(fs)
	l := underLoad(install(t, setup{data: filepath.Join(d.dir, "data")}))
	l.start()
	for i := range cuts {
		l.Begin()
		l.more(rand.IntN(100))
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		dark := traffic.Span{From: time.Now()}
		if err := d.cut(); err != nil {
			l.Halt()
			if i == 0 {
				t.Skipf("%v", err)
			}
			t.Fatal(err)
		}
		// The server notices by itself, and has to end: what it holds in memory is worth
		// nothing any more.
		if err, ok := l.ended(stopTime); !ok {
			t.Errorf("%s: the server runs on without a disk", fs)
		} else if err == nil {
			t.Errorf("%s: the server lost its disk and ended with exit code 0", fs)
		}
		l.kill()
		l.Halt()
		l.forgetHeld()
		d.unmount()
		if err := d.mount(); err != nil {
			t.Fatalf("%s after cut %d: %v", fs, i+1, err)
		}
		dark.To = time.Now()
		l.Dark = append(l.Dark, dark)
		l.Judge(false, i+1)
		if t.Failed() {
			t.Fatalf("%s: cut %d of %d", fs, i+1, cuts)
		}
		if i == cuts/2 {
			l.express()
		}
		l.start()
	}
	f := l.verdict(cuts)
	t.Logf("%s: %d cuts, %d mails acknowledged, %d repeats", fs, cuts, countAcked(f), traffic.Repeats(f))
	return plural(cuts, "cut") + ", " + plural(countAcked(f), "mail") + " acknowledged, 0 lost, " + plural(traffic.Repeats(f), "repeat")
}

// forgetHeld takes back nothing more of what was sent so far: some of it was acknowledged
// while the power went, see traffic.Span, and may not be there.
func (l *load) forgetHeld() {
	for {
		select {
		case <-l.Held:
		default:
			return
		}
	}
}
