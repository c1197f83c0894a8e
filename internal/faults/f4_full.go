package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tidepost/e2e/reconcile"
)

const (
	reserve  = 32 << 20        // the WAL alone grows to half of it
	recovery = 5 * time.Second // from room to the next 250
)

// fillDisk fills the disk under load: new mail is refused before its body, what waits
// can still be taken back, released and bounced, and with new room all goes on.
func fillDisk(t *T) {
	fills := t.dose(5, 20)
	d := t.memoryDisk(fmt.Sprintf("%dm", 64+6*max(0, fills-5))) // every fill leaves mail behind
	l := underLoad(install(t, setup{data: filepath.Join(d.dir, "data"), config: map[string]string{"store.reserve": `"32MiB"`}}))
	l.Size = 400 // about 20 KB
	var slowest time.Duration
	brim := 0
	l.start()
	for i := range fills {
		mine := l.setAside(3)
		d.fill("ballast", reserve+1<<20) // the rest is for the load
		l.Begin()
		l.until(patience, func() error {
			if l.Full.Load() == 0 {
				return fmt.Errorf("no mail was refused; %d octets are free", d.free())
			}
			return nil
		})
		l.Halt()
		l.inReserve(mine)
		if i%2 == 1 {
			d.fill("rest", 0)
			l.noRoom()
			brim++
		}
		slowest = max(slowest, l.roomAgain(d))
		l.settle(time.Minute)
		if t.Failed() {
			t.Fatalf("fill %d of %d", i+1, fills)
		}
	}
	f := l.verdict(0)
	if n := l.Late.Load(); n > int64(brim*3+fills*10) {
		t.Errorf("%d refusals came behind DATA", n)
	}
	t.say("%d fills, %d of them to the brim, %d mails acknowledged, 0 lost; %d refused with 452, %d of them behind DATA; took mail %s after there was room",
		fills, brim, countAcked(f), l.Full.Load(), l.Late.Load(), slowest.Round(time.Millisecond))
}

// setAside sends small held mail and returns the ids of some, to be taken back when the
// disk is full.
func (l *load) setAside(n int) []string {
	size := l.Size
	l.Size = 5
	defer func() { l.Size = size }()
	l.Full.Store(0)
	for len(l.Held) > 0 {
		<-l.Held
	}
	if err := l.holdMore(); err != nil {
		l.Fatalf("send while there is room: %v", err)
	}
	var ids []string
	for range n {
		ids = append(ids, <-l.Held)
	}
	return ids
}

// inReserve does what has to work without room for new mail.
func (l *load) inReserve(ids []string) {
	c, err := l.Author()
	if err != nil {
		l.Fatalf("log in while the disk is full: %v", err)
	}
	defer c.Close()
	for _, id := range ids {
		if err := l.Recall(c, id); err != nil {
			l.Errorf("take back while the disk is full: %v", err)
		}
	}
	l.until(30*time.Second, func() error {
		if n := l.waiting(); n > 0 {
			return fmt.Errorf("%d recipients do not leave while the disk is full", n)
		}
		return nil
	})
}

// noRoom looks that a disk without any room is an error that passes.
func (l *load) noRoom() {
	for range 3 {
		c, err := l.Connect("submissions")
		if err != nil {
			continue // A login writes to the ledger; that may be refused, too.
		}
		s, text := l.Make(reconcile.Held)
		if l.Send(c, s, text, "submissions") == nil {
			l.Errorf("<%s> was acknowledged on a full disk", s.ID)
		}
		c.Close()
	}
	if !l.running() {
		l.Fatalf("the server has ended because the disk is full")
	}
}

// roomAgain makes room and returns how long it took until mail was taken.
func (l *load) roomAgain(d *disk) time.Duration {
	d.remove("rest")
	d.remove("ballast")
	begin := time.Now()
	l.until(patience, func() error {
		c, err := l.Connect("submissions")
		if err != nil {
			return err
		}
		defer c.Close()
		s, text := l.small()
		return l.Send(c, s, text, "submissions")
	})
	took := time.Since(begin)
	if took > recovery {
		l.Errorf("mail is taken only %s after there is room", took)
	}
	return took
}

func (l *load) small() (reconcile.Sent, string) {
	size := l.Size
	l.Size = 5
	defer func() { l.Size = size }()
	return l.Make(reconcile.Outside)
}

// free returns the octets that are left.
func (d *disk) free() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(d.dir, &st); err != nil {
		d.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

// fill writes a file until only so much is left.
func (d *disk) fill(name string, left int64) {
	f, err := os.Create(filepath.Join(d.dir, name))
	if err != nil {
		d.Fatal(err)
	}
	defer f.Close()
	for d.free() > left {
		n := min(1<<20, d.free()-left)
		if _, err := f.Write(make([]byte, n)); err != nil {
			return // full, which was asked for
		}
	}
}

func (d *disk) remove(name string) {
	if err := os.Remove(filepath.Join(d.dir, name)); err != nil && !os.IsNotExist(err) {
		d.Fatal(err)
	}
}
