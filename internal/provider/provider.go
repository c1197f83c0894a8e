// Package provider starts real mail servers as somebody's mail provider: Dovecot with
// Pigeonhole, and Cyrus, both from Debian, on loopback, below a temporary folder, for the
// time of a test. `make deps` installs them. Nothing here is part of the program.
//
//	TIDEPOST_E2E=require   a server that is not installed is a failure, not a skip
package provider

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tidepost/internal/ports"
	"tidepost/internal/testkit"
)

// A User has an account of the provider.
type User struct {
	Name, Password string
}

// Options change the provider from what is usual.
type Options struct {
	Users  []User // default: ana@example.org and ben@example.org, passwords "ana" and "ben"
	Prefix string // of the personal namespace: "INBOX." or ""; its last octet is the delimiter
	Quota  string // of an account, as Dovecot writes it: "100k"; "" for none
	Hide   string // words that CAPABILITY does not say, as "MOVE UIDPLUS"; Dovecot only
	// Host is the loopback address it listens on, default 127.0.0.1. With another one
	// ManageSieve is on its usual port, 4190, where programs look for it.
	Host  string
	Extra string // settings added to the server's configuration
	// Introspect is the URL of an OAuth 2.0 introspection endpoint: with it XOAUTH2 and
	// OAUTHBEARER work. Dovecot only.
	Introspect string
}

// A Server runs until the test ends.
type Server struct {
	Kind  string // dovecot, cyrus
	Dir   string
	CA    *testkit.CA
	Users []User

	IMAP  string // host:port, clear text with STARTTLS
	IMAPS string // host:port, TLS
	LMTP  string // host:port
	Sieve string // host:port of ManageSieve, clear text with STARTTLS

	tb    testing.TB
	host  string
	argv  []string
	log   string
	child *exec.Cmd
	leash io.WriteCloser
}

// need skips the test, or fails it where everything must be installed.
func need(tb testing.TB, files ...string) {
	tb.Helper()
	for _, f := range files {
		if _, err := os.Stat(f); err == nil {
			continue
		}
		if os.Getenv("TIDEPOST_E2E") == "require" {
			tb.Fatalf("%s is not installed (make deps)", f)
		}
		tb.Skipf("%s is not installed (make deps)", f)
	}
}

func newServer(tb testing.TB, kind string, o Options) *Server {
	tb.Helper()
	// Unix sockets have short names, and servers that drop root must be able to go there.
	dir, err := os.MkdirTemp("", kind)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // The server's own users go there.
		tb.Fatal(err)
	}
	s := &Server{Kind: kind, Dir: dir, CA: testkit.NewCA(tb), Users: o.Users, tb: tb}
	if s.Users == nil {
		s.Users = []User{{"ana@example.org", "ana"}, {"ben@example.org", "ben"}}
	}
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Logf("%s says:\n%s", kind, s.Log())
		}
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove %s: %v", dir, err)
		}
	})
	s.host = o.Host
	if s.host == "" {
		s.host = "127.0.0.1"
	}
	s.IMAP, s.IMAPS, s.LMTP, s.Sieve = freePort(tb, s.host), freePort(tb, s.host), freePort(tb, s.host), freePort(tb, s.host)
	if o.Host != "" {
		s.Sieve = net.JoinHostPort(s.host, "4190")
	}
	return s
}

// Password returns the password of a user.
func (s *Server) Password(user string) string {
	for _, u := range s.Users {
		if u.Name == user {
			return u.Password
		}
	}
	return ""
}

// leashed ends its child when standard input ends: a server does not outlive a test that
// is killed.
const leashed = `"$@" & p=$!; cat >/dev/null; kill $p 2>/dev/null; wait $p`

// Start starts the server again after Stop.
func (s *Server) Start() {
	s.tb.Helper()
	s.child = exec.Command("/bin/sh", append([]string{"-c", leashed, "provider"}, s.argv...)...)
	s.child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.OpenFile(s.log+".out", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer out.Close()
	s.child.Stdout, s.child.Stderr = out, out
	if s.leash, err = s.child.StdinPipe(); err != nil {
		s.tb.Fatal(err)
	}
	if err := s.child.Start(); err != nil {
		s.tb.Fatalf("start %s: %v", s.Kind, err)
	}
	for _, addr := range []string{s.IMAP, s.LMTP, s.Sieve} {
		if err := greets(addr, 20*time.Second); err != nil {
			s.Stop()
			s.tb.Fatalf("%s does not answer: %v\n%s", s.Kind, err, s.Log())
		}
	}
}

// greets waits for a server's first octet.
func greets(addr string, patience time.Duration) error {
	end := time.Now().Add(patience)
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // The read tells.
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
		}
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop ends the server as an outage does: at once, with all its connections.
func (s *Server) Stop() {
	if s.child == nil {
		return
	}
	s.leash.Close()
	done := make(chan struct{})
	go func() {
		_ = s.child.Wait() // It ends by a signal.
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
	}
	_ = syscall.Kill(-s.child.Process.Pid, syscall.SIGKILL) // What is left of the group, if anything.
	<-done
	s.child = nil
}

// Log returns what the server wrote down.
func (s *Server) Log() string {
	var out bytes.Buffer
	for _, f := range []string{s.log, s.log + ".out"} {
		text, err := os.ReadFile(f)
		if err == nil {
			out.Write(text)
		}
	}
	return out.String()
}

// write writes a file of the configuration.
func (s *Server) write(name, text string) string {
	s.tb.Helper()
	file := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { // The server's own users read there.
		s.tb.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { // As above.
		s.tb.Fatal(err)
	}
	return file
}

// freePort takes a port for as long as the test lasts and returns its address.
func freePort(tb testing.TB, host string) string {
	tb.Helper()
	p, release, err := ports.Take(host)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return net.JoinHostPort(host, strconv.Itoa(p))
}

func port(addr string) string {
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	return p
}

// Deliver hands a message over as another server would: by LMTP, through the person's
// Sieve script. Line ends may be bare.
func (s *Server) Deliver(to, message string) {
	s.tb.Helper()
	if err := s.TryDeliver(to, message); err != nil {
		s.tb.Fatalf("deliver to %s: %v", to, err)
	}
}

// TryDeliver is Deliver by any goroutine, and where the server may refuse.
func (s *Server) TryDeliver(to, message string) error { return deliver(s.LMTP, to, message) }

func deliver(addr, to, message string) error {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	c := textproto.NewConn(conn)
	if _, _, err := c.ReadResponse(220); err != nil {
		return err
	}
	for _, step := range []struct {
		line string
		code int
	}{{"LHLO test", 250}, {"MAIL FROM:<sender@example.net>", 250}, {"RCPT TO:<" + to + ">", 250}, {"DATA", 354}} {
		if err := c.PrintfLine("%s", step.line); err != nil {
			return err
		}
		if _, _, err := c.ReadResponse(step.code); err != nil {
			return fmt.Errorf("%s: %w", step.line, err)
		}
	}
	w := c.DotWriter()
	if _, err := io.WriteString(w, strings.ReplaceAll(message, "\r\n", "\n")); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, _, err = c.ReadResponse(250)
	return err
}

// A Wire stands between a client and a server, and can cut.
type Wire struct {
	Addr string

	mu     sync.Mutex
	to     string
	after  int64 // octets towards the server after which it cuts; -1: never
	back   int64 // octets towards the client
	conns  []net.Conn
	refuse bool
}

// NewWire leads to a server until the test ends.
func NewWire(tb testing.TB, to string) *Wire {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	w := &Wire{Addr: ln.Addr().String(), to: to, after: -1, back: -1}
	tb.Cleanup(func() {
		ln.Close()
		w.Cut()
	})
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go w.carry(conn)
		}
	}()
	return w
}

// CutAfter cuts the next connections once so many octets went towards the server, or
// towards the client; -1: never.
func (w *Wire) CutAfter(up, down int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after, w.back = up, down
}

// Refuse makes the wire dead for new connections, or lets them through again.
func (w *Wire) Refuse(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = yes
}

// Cut cuts all connections.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *Wire) carry(client net.Conn) {
	defer client.Close()
	w.mu.Lock()
	up, down, refuse := w.after, w.back, w.refuse
	w.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	done := make(chan struct{}, 2)
	pass := func(dst, src net.Conn, limit int64) {
		if limit < 0 {
			_, _ = io.Copy(dst, src) // The other side learns it by the end of the connection.
		} else {
			_, _ = io.CopyN(dst, src, limit)
		}
		done <- struct{}{}
	}
	go pass(server, client, up)
	go pass(client, server, down)
	<-done
}
