package guard

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// begin does the handshake of an implicit TLS connection before its first read.
func (w *wire) begin() error {
	if !w.secrecy.implicit || w.Secure() {
		return nil
	}
	return w.upgrade()
}

// upgrade does a TLS handshake within its own deadline. A failed one ends the
// connection: going on in clear would be what an attacker wants.
func (w *wire) upgrade() error {
	ctx, cancel := context.WithTimeout(context.Background(), w.secrecy.handshake)
	defer cancel()
	at := time.Now().Add(w.secrecy.handshake)
	_ = w.raw.SetDeadline(at)
	conn := tls.Server(w.raw, w.secrecy.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		// No last words: they would go out in clear into a TLS record stream.
		_, first := w.setError(fmt.Errorf("TLS handshake: %w", err))
		_ = w.Close()
		return first
	}
	_ = w.raw.SetDeadline(time.Time{})
	w.mu.Lock()
	w.conn, w.secure = conn, true
	w.mu.Unlock()
	return nil
}

// startTLS is the STARTTLS upgrade after the go-ahead was put into the output.
// The caller has made sure that no clear text is left in the read buffer.
func (w *wire) startTLS() error {
	w.wmu.Lock()
	err := w.flushLocked()
	w.wmu.Unlock()
	if err != nil {
		return err
	}
	if err := w.upgrade(); err != nil {
		return err
	}
	w.br = bufio.NewReaderSize(source{w}, readBuffer)
	return nil
}
