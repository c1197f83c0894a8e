package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"tidepost/mail"
)

const (
	chunkSize = 256 << 10
	// minRead is the least a body is read by.
	minRead = 4 << 10
	// inlineMax is how much of a body is kept in memory and written by the accept
	// transaction itself; more is written while it arrives, so that one large mail
	// does not hold up everybody's commit.
	inlineMax = 1 << 20
)

// A Staged is a message on its way in: read to its end, not yet anybody's. It must
// be handed to AddBody in a transaction or to Discard.
type Staged struct {
	Head     []byte // header octets, blank line included
	BodySize int64
	Sum      [sha256.Size]byte // of the body
	Content  *mail.Content     // MIME tree and text

	inline []byte
	id     int64 // staged body in the database; 0: inline
}

// Size returns the octets of head and body.
func (s *Staged) Size() int64 { return int64(len(s.Head)) + s.BodySize }

// InMemory reports whether the body is small enough to be held whole.
func (s *Staged) InMemory() bool { return s.id == 0 }

// Body returns the octets of a body that is in memory, never nil. They must not be
// changed.
func (s *Staged) Body() []byte {
	if s.inline == nil {
		return []byte{}
	}
	return s.inline
}

// ErrHeadTooBig is returned by Stage for a header of more than maxHead octets.
var ErrHeadTooBig = errors.New("message header too large")

// maxHead bounds the header block, which is held in memory and stored with every
// rendition.
const maxHead = 256 << 10

// Stage reads a whole message from r. What r returns as an error is returned as it
// is (wrapped), and nothing stays behind.
func (db *DB) Stage(ctx context.Context, r io.Reader, now time.Time) (*Staged, error) {
	room := db.borrow()
	defer db.giveBack(room)
	head, rest, err := readHead(r, room)
	if err != nil {
		return nil, err
	}
	st := &stager{db: db, ctx: ctx, now: now, sum: sha256.New(), scan: mail.NewScanner(head), room: room, buf: room.body[:0]}
	if err = st.readAll(rest, r); err == nil {
		err = st.finish()
	}
	if err != nil {
		if derr := db.dropBody(st.id); derr != nil {
			err = errors.Join(err, derr)
		}
		return nil, fmt.Errorf("stage message: %w", err)
	}
	out := &Staged{Head: head, BodySize: st.size, Content: st.scan.Finish(), inline: st.buf, id: st.id}
	st.sum.Sum(out.Sum[:0])
	return out, nil
}

// StageBytes is Stage for a message that Tidepost composed itself.
func StageBytes(head, body []byte) *Staged {
	scan := mail.NewScanner(head)
	scan.Write(body)
	return &Staged{Head: head, BodySize: int64(len(body)), Sum: sha256.Sum256(body), Content: scan.Finish(), inline: body}
}

// A workroom is memory in which a message arrives. It is used again and again: what
// grows in it would be garbage of several times the size of the mail.
type workroom struct{ head, body []byte }

// maxRoom bounds what a workroom keeps.
const maxRoom = 256 << 10

func (db *DB) borrow() *workroom {
	if room, ok := db.rooms.Get().(*workroom); ok {
		return room
	}
	return &workroom{head: make([]byte, 0, 8<<10)}
}

func (db *DB) giveBack(room *workroom) {
	if cap(room.head) > maxRoom || cap(room.body) > maxRoom {
		return
	}
	db.rooms.Put(room)
}

// readHead reads up to the blank line that ends the header. rest is what was read
// beyond it, in room.
func readHead(r io.Reader, room *workroom) (head, rest []byte, err error) {
	buf := room.head[:0]
	for {
		from := max(0, len(buf)-3)
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
			room.head = buf
		}
		n, rerr := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if end := headEnd(buf, from); end >= 0 {
			if end > maxHead {
				return nil, nil, ErrHeadTooBig
			}
			if rerr != nil && rerr != io.EOF {
				return nil, nil, fmt.Errorf("read header: %w", rerr)
			}
			return bytes.Clone(buf[:end]), buf[end:], nil
		}
		if len(buf) > maxHead {
			return nil, nil, ErrHeadTooBig
		}
		if rerr == io.EOF {
			return bytes.Clone(buf), nil, nil
		}
		if rerr != nil {
			return nil, nil, fmt.Errorf("read header: %w", rerr)
		}
	}
}

// headEnd returns the offset behind the blank line, looking from the given offset
// on, or -1.
func headEnd(buf []byte, from int) int {
	if bytes.HasPrefix(buf, []byte("\r\n")) {
		return 2 // No header at all.
	}
	if i := bytes.Index(buf[from:], []byte("\r\n\r\n")); i >= 0 {
		return from + i + 4
	}
	return -1
}

// A stager takes a body in pieces: hashes, scans, and keeps or writes it.
type stager struct {
	db   *DB
	ctx  context.Context //nolint:containedctx // lives as long as one Stage call
	now  time.Time
	room *workroom
	sum  hash.Hash
	scan *mail.Scanner
	buf  []byte
	size int64
	id   int64
	seq  int64
}

// Write implements io.Writer.
func (st *stager) Write(p []byte) (int, error) {
	st.sum.Write(p)
	st.scan.Write(p)
	st.size += int64(len(p))
	if room := cap(st.buf); len(p) > room-len(st.buf) {
		st.buf = slices.Grow(st.buf, max(room, len(p))) // Doubled: append alone copies three times as much.
		st.room.body = st.buf
	}
	st.buf = append(st.buf, p...)
	if len(st.buf) < inlineMax {
		return len(p), nil
	}
	return len(p), st.flush(len(st.buf) / chunkSize * chunkSize)
}

// readAll takes rest, what was read with the head, and then r to its end, in the
// memory of rest.
func (st *stager) readAll(rest []byte, r io.Reader) error {
	if _, err := st.Write(rest); err != nil {
		return err
	}
	buf := rest[:cap(rest)]
	if len(buf) < minRead {
		buf = make([]byte, minRead)
	}
	_, err := io.CopyBuffer(struct{ io.Writer }{st}, struct{ io.Reader }{r}, buf)
	return err
}

// finish writes what is left if the body has been begun in the database. Else it takes
// the body out of the workroom.
func (st *stager) finish() error {
	if st.id == 0 {
		st.buf = bytes.Clone(st.buf)
		return nil
	}
	if err := st.flush(len(st.buf)); err != nil {
		return err
	}
	st.buf = nil
	return nil
}

// flush writes the first n buffered octets as chunks, in one transaction.
func (st *stager) flush(n int) error {
	err := st.db.Update(st.ctx, func(tx *Tx) error {
		if st.id == 0 {
			id, err := tx.insert(`INSERT INTO body (size, sha256, state, created) VALUES (0, x'', 'staged', ?)`, stamp(st.now))
			if err != nil {
				return err
			}
			st.id = id
		}
		return tx.putChunks(st.id, st.seq, st.buf[:n])
	})
	if err != nil {
		return fmt.Errorf("write body: %w", err)
	}
	st.seq += int64((n + chunkSize - 1) / chunkSize)
	st.buf = append(st.buf[:0], st.buf[n:]...)
	return nil
}

// putChunks writes data as the chunks seq, seq+1, … of a body.
func (tx *Tx) putChunks(body, seq int64, data []byte) error {
	for ; len(data) > 0; seq++ {
		n := min(len(data), chunkSize)
		if _, err := tx.exec(`INSERT INTO chunk (id, data) VALUES (?, ?)`, body<<16|seq, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// AddBody makes a staged body a whole one and returns its id.
func (tx *Tx) AddBody(s *Staged, now time.Time) (int64, error) {
	if s.id != 0 {
		n, err := tx.exec(`UPDATE body SET size = ?, sha256 = ?, state = 'whole' WHERE id = ? AND state = 'staged'`,
			s.BodySize, s.Sum[:], s.id)
		if err == nil && n != 1 {
			err = ErrConflict
		}
		if err != nil {
			return 0, fmt.Errorf("add body %d: %w", s.id, err)
		}
		return s.id, nil
	}
	id, err := tx.insert(`INSERT INTO body (size, sha256, state, created) VALUES (?, ?, 'whole', ?)`,
		s.BodySize, s.Sum[:], stamp(now))
	if err == nil {
		err = tx.putChunks(id, 0, s.inline)
	}
	if err != nil {
		return 0, fmt.Errorf("add body: %w", err)
	}
	return id, nil
}

// Discard removes a staged body that no transaction has taken. It is safe to call
// for one that was taken.
func (db *DB) Discard(s *Staged) error { return db.dropBody(s.id) }

func (db *DB) dropBody(id int64) error {
	if id == 0 {
		return nil
	}
	return db.Update(context.Background(), func(tx *Tx) error {
		n, err := tx.exec(`DELETE FROM body WHERE id = ? AND state = 'staged'`, id)
		if err != nil || n == 0 {
			return err
		}
		return tx.deleteChunks(id)
	})
}

func (tx *Tx) deleteChunks(body int64) error {
	_, err := tx.exec(`DELETE FROM chunk WHERE id >= ? AND id < ?`, body<<16, (body+1)<<16)
	return err
}

// A Body reads the octets of a stored body. It holds one chunk and no transaction.
// It is not safe for concurrent use.
type Body struct {
	db   *DB
	ctx  context.Context //nolint:containedctx // lives as long as one command
	id   int64
	size int64
	off  int64
	seq  int64 // number of the chunk held
	data []byte
	held bool
}

// OpenBody returns a reader of the body of m.
func (db *DB) OpenBody(ctx context.Context, m Message) *Body {
	return &Body{db: db, ctx: ctx, id: m.BodyID, size: m.Size - int64(len(m.Head))}
}

// OpenStaged reads the body of what is staged and not yet taken over.
func (db *DB) OpenStaged(ctx context.Context, s *Staged) io.ReadCloser {
	if s.InMemory() {
		return io.NopCloser(bytes.NewReader(s.inline))
	}
	return &Body{db: db, ctx: ctx, id: s.id, size: s.BodySize}
}

// Size returns the octets of the body.
func (b *Body) Size() int64 { return b.size }

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.ReadAt(p, b.off)
	b.off += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		if off >= b.size {
			return n, io.EOF
		}
		if err := b.load(off / chunkSize); err != nil {
			return n, err
		}
		at := off - b.seq*chunkSize
		if at >= int64(len(b.data)) {
			return n, fmt.Errorf("read body %d: %w: short chunk %d", b.id, ErrDamaged, b.seq)
		}
		c := copy(p[n:], b.data[at:])
		n += c
		off += int64(c)
	}
	return n, nil
}

// load fetches a chunk in a statement of its own.
func (b *Body) load(seq int64) error {
	if b.held && b.seq == seq {
		return nil
	}
	var data []byte
	err := b.db.read.QueryRowContext(b.ctx, `SELECT data FROM chunk WHERE id = ?`, b.id<<16|seq).Scan(&data)
	if err != nil {
		return fmt.Errorf("read body %d: %w", b.id, mapError(err))
	}
	b.data, b.seq, b.held = data, seq, true
	return nil
}

// Close implements io.Closer.
func (b *Body) Close() error {
	b.data, b.held = nil, false
	return nil
}
