package guard_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A pipeListener hands out the server ends of net.Pipe.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr("pipe") }

// dial connects a client; the server sees it as coming from addr.
func (l *pipeListener) dial(addr string) net.Conn {
	client, server := net.Pipe()
	l.conns <- addressed{server, pipeAddr(addr)}
	return client
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

// A peer is the client of a scripted dialogue: it collects all that the server
// says.
type peer struct {
	conn net.Conn
	mu   sync.Mutex
	got  bytes.Buffer
	eof  bool
}

func newPeer(conn net.Conn) *peer {
	p := &peer{conn: conn}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			p.mu.Lock()
			p.got.Write(buf[:n])
			p.eof = p.eof || err != nil
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// send writes text and waits until the server has done all it can with it.
func (p *peer) send(text string) {
	go func() { _, _ = io.WriteString(p.conn, text) }()
	synctest.Wait()
}

func (p *peer) said() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got.String()
}

func (p *peer) closed() bool {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.eof
}

// cuts returns the ways in which a dialogue is sent: whole, octet by octet, and cut
// in two at each position.
func cuts(text string) [][]string {
	ways := [][]string{{text}}
	var single []string
	for i := range len(text) {
		single = append(single, text[i:i+1])
		if i > 0 {
			ways = append(ways, []string{text[:i], text[i:]})
		}
	}
	return append(ways, single)
}

// inBubble runs f in a synctest bubble of its own.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

var certOnce = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.here.test"},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"mx.here.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certOnce()}, MinVersion: tls.VersionTLS12}
}

func clientTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true}
}

var quiet = log.New(io.Discard, "", 0)

// A clear client asks and reads one SMTP reply at a time.
type clearClient struct {
	conn net.Conn
	br   *bufio.Reader
}

func newClear(conn net.Conn) *clearClient { return &clearClient{conn, bufio.NewReader(conn)} }

func (c *clearClient) ask(t *testing.T, send, code string) string {
	t.Helper()
	if send != "" {
		if _, err := io.WriteString(c.conn, send); err != nil {
			t.Fatalf("%q: %v", send, err)
		}
	}
	var reply strings.Builder
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			t.Fatalf("%q: %v", send, err)
		}
		reply.WriteString(line)
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	if !strings.HasPrefix(reply.String(), code) {
		t.Errorf("%q: got %q, want %s", send, reply.String(), code)
	}
	return reply.String()
}

// A countingListener counts the writes to the sockets it hands out.
type countingListener struct {
	net.Listener
	n atomic.Int64
}

func (l *countingListener) writes() int { return int(l.n.Load()) }

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c, l}, nil
}

type countingConn struct {
	net.Conn
	l *countingListener
}

func (c countingConn) Write(p []byte) (int, error) {
	c.l.n.Add(1)
	return c.Conn.Write(p)
}
