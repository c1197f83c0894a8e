// Package bubble puts processes into a bubble of virtual time, as testing/synctest does
// with goroutines: while any of them has something to do, their common clock goes as that of
// the machine; when none has, it jumps to the earliest timer of all. The programs are built
// as they are, with a Go runtime of which three places are changed (WriteOverlay); they
// share a page of memory, in which the clock stands and each says how it is. Tests only.
package bubble

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Variable names the file of the page to the programs in a bubble.
const Variable = "TIDEPOST_BUBBLE"

// Words of the page, as in clock.go.txt.
const (
	wordOffset, wordBase, wordRound = 0, 1, 2
	headWords                       = 8
	slotPID, slotBusy               = 0, 1
	slotSeen, slotNext              = 2, 3
	slotWords, slots                = 8, 60
	pageOctets                      = 4096
)

// A page is the memory that the processes of a bubble share.
type page struct{ words []uint64 }

// newPage makes the file of a page on which it is start now.
func newPage(path string, start time.Time) (*page, error) {
	if err := os.WriteFile(path, make([]byte, pageOctets), 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	mem, err := syscall.Mmap(int(f.Fd()), 0, pageOctets, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	p := &page{unsafe.Slice((*uint64)(unsafe.Pointer(&mem[0])), pageOctets/8)}
	p.store(wordBase, uint64(time.Until(start)))
	return p, nil
}

func (p *page) load(word int) uint64     { return atomic.LoadUint64(&p.words[word]) }
func (p *page) store(word int, v uint64) { atomic.StoreUint64(&p.words[word], v) }

// now is the monotonic clock of the bubble.
func (p *page) now() int64 { return monotonic() + int64(p.load(wordOffset)) }

// A slot is one process.
type slot struct {
	at   int // its first word
	pid  uint64
	busy uint64
}

// lives reports whether the process of a slot is there, be it as a zombie.
func (p *page) lives(s slot) bool { return syscall.Kill(int(s.pid), 0) != syscall.ESRCH }

// living lists the processes, after the slots of the dead were taken from them.
func (p *page) living() []slot {
	var out []slot
	for i := range slots {
		at := headWords + i*slotWords
		pid := p.load(at + slotPID)
		if pid == 0 {
			continue
		}
		s := slot{at, pid, p.load(at + slotBusy)}
		if !p.lives(s) {
			for _, w := range []int{slotBusy, slotSeen, slotNext} {
				p.store(at+w, 0)
			}
			p.store(at+slotPID, 0)
			continue
		}
		out = append(out, s)
	}
	return out
}
