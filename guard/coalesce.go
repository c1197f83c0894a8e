package guard

import "time"

// Output is held while the library works on a command and leaves when it waits for
// the next, so that ten thousand small responses cost a few writes. What is written
// while it waits, an update in IDLE, leaves at once.

// setReading notes whether the library waits; before it does, output leaves.
func (w *wire) setReading(on bool) {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	if on {
		_ = w.flushLocked() // an error is sticky and seen by the read
	}
	w.reading = on
}

// emit hands p to the peer, now or with what follows. The error is sticky.
func (w *wire) emit(p []byte) error {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	return w.emitLocked(p)
}

func (w *wire) emitLocked(p []byte) error {
	if len(w.out) == 0 {
		w.since = time.Now()
	}
	w.out = append(w.out, p...)
	if w.reading || len(w.out) >= holdOutput || time.Since(w.since) > holdTime {
		return w.flushLocked()
	}
	return nil
}

func (w *wire) flushLocked() error {
	w.mu.Lock()
	conn, early := w.conn, w.secrecy.implicit && !w.secure
	w.mu.Unlock()
	if len(w.out) == 0 || early { // never in clear before an implicit handshake
		return nil
	}
	out := w.out
	w.out = w.out[:0]
	if cap(w.out) > keepOutput {
		w.out = nil
	}
	_ = conn.SetWriteDeadline(time.Now().Add(w.writeTimeout))
	if _, err := conn.Write(out); err != nil {
		w.setError(err)
		_ = w.raw.Close()
		return err
	}
	return nil
}
