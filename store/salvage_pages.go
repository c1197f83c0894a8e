package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// defaultPage is the page size of every database Tidepost made; it counts when the
// header of the file cannot be read.
const defaultPage = 4096

// A pager reads the pages of a database file without SQLite: what SQLite refuses as a
// whole may still have good pages. Committed frames of the WAL count before the file.
// (https://www.sqlite.org/fileformat2.html)
type pager struct {
	file   *os.File
	wal    *os.File // nil: there is none
	size   int      // of a page
	usable int      // octets of a page that hold content
	pages  uint32   // in file and WAL
	frames map[uint32]int64
	// version is PRAGMA user_version, -1 if the header cannot be read.
	version  int
	freelist uint32 // first trunk page
	buf      []byte
}

// openPager opens a database file for reading only; nothing is locked or changed.
func openPager(path string) (*pager, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p := &pager{file: f, size: defaultPage, version: -1, frames: map[uint32]int64{}}
	if err := p.begin(path); err != nil {
		p.close()
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}

func (p *pager) begin(path string) error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	head := make([]byte, 100)
	n, err := p.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		head, n = nil, 0 // A disk error in the first block: the rest may be good.
	}
	if n == 100 && string(head[:16]) == "SQLite format 3\x00" {
		if size := int(binary.BigEndian.Uint16(head[16:])); size >= 512 && size&(size-1) == 0 {
			p.size = size
		}
	}
	p.usable = p.size
	p.pages = uint32(min((info.Size()+int64(p.size)-1)/int64(p.size), 1<<32-2))
	p.buf = make([]byte, p.size)
	if err := p.openWAL(path + "-wal"); err != nil {
		return err
	}
	if first := p.page(1); first != nil && string(first[:16]) == "SQLite format 3\x00" {
		p.version = int(int32(binary.BigEndian.Uint32(first[60:])))
		p.freelist = binary.BigEndian.Uint32(first[32:])
	}
	return nil
}

// openWAL finds the committed frames: those whose salts and running checksum are
// right, up to the last that ends a transaction.
func (p *pager) openWAL(path string) error {
	w, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p.wal = w
	head := make([]byte, 32)
	if _, err := w.ReadAt(head, 0); err != nil {
		return nil //nolint:nilerr // an empty or unreadable WAL is none
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(head) {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return nil
	}
	var a, b uint32
	a, b = walSum(order, head[:24], a, b)
	size := int(binary.BigEndian.Uint32(head[8:]))
	if size != p.size || a != binary.BigEndian.Uint32(head[24:]) || b != binary.BigEndian.Uint32(head[28:]) {
		return nil
	}
	frame := make([]byte, 24+size)
	pending, file := map[uint32]int64{}, p.pages
	for at := int64(32); ; at += int64(len(frame)) {
		if _, err := w.ReadAt(frame, at); err != nil {
			return nil //nolint:nilerr // the end, or what cannot be read: later frames cannot be trusted
		}
		if string(frame[8:16]) != string(head[16:24]) {
			return nil
		}
		a, b = walSum(order, frame[:8], a, b)
		a, b = walSum(order, frame[24:], a, b)
		if a != binary.BigEndian.Uint32(frame[16:]) || b != binary.BigEndian.Uint32(frame[20:]) {
			return nil
		}
		pending[binary.BigEndian.Uint32(frame)] = at + 24
		if size := binary.BigEndian.Uint32(frame[4:]); size != 0 {
			for n, at := range pending {
				p.frames[n] = at
			}
			clear(pending)
			p.pages = min(size, file+uint32(len(p.frames))) // Pages are in the file or in frames.
		}
	}
}

// walSum is the checksum of the WAL format.
func walSum(order binary.ByteOrder, data []byte, a, b uint32) (uint32, uint32) {
	for ; len(data) >= 8; data = data[8:] {
		a += order.Uint32(data) + b
		b += order.Uint32(data[4:]) + a
	}
	return a, b
}

// page returns the octets of a page, valid until the next call; nil if it is not
// there or cannot be read.
func (p *pager) page(n uint32) []byte {
	if n == 0 || n > p.pages {
		return nil
	}
	f, at := p.file, int64(n-1)*int64(p.size)
	if frame, ok := p.frames[n]; ok {
		f, at = p.wal, frame
	}
	if _, err := f.ReadAt(p.buf, at); err != nil {
		return nil // Cut, or a bad block.
	}
	return p.buf
}

func (p *pager) close() {
	p.file.Close()
	if p.wal != nil {
		p.wal.Close()
	}
}

// free marks the pages of the freelist: what they hold was deleted. A damaged list
// ends early.
func (p *pager) free(mark func(page uint32)) {
	seen := uint32(0)
	for n := p.freelist; n != 0 && n <= p.pages && seen <= p.pages; seen++ {
		b := p.page(n)
		if b == nil {
			return
		}
		next, count := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		if next > p.pages || int64(count) > int64(p.size/4-2) {
			return
		}
		mark(n)
		for i := range count {
			if leaf := binary.BigEndian.Uint32(b[8+4*i:]); leaf > 1 && leaf <= p.pages {
				mark(leaf)
			}
		}
		n = next
	}
}
