package testkit

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// A PipeListener is a net.Listener whose connections are net.Pipe pairs, so that
// waiting for them is waiting inside a bubble of testing/synctest. Each end
// shows TCP addresses.
type PipeListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	port   atomic.Int32
}

// NewPipeListener returns a listener that pretends to be bound to addr, for
// example "192.0.2.1:25".
func NewPipeListener(addr string) *PipeListener {
	return &PipeListener{
		addr:   net.TCPAddrFromAddrPort(addrPort(addr)),
		conns:  make(chan net.Conn),
		closed: make(chan struct{}),
	}
}

// Accept waits for the next Dial.
func (l *PipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial; connections live on.
func (l *PipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the address given to NewPipeListener.
func (l *PipeListener) Addr() net.Addr { return l.addr }

// Dial connects from 192.0.2.200 and a port of its own.
func (l *PipeListener) Dial(ctx context.Context) (net.Conn, error) {
	return l.DialFrom(ctx, "192.0.2.200")
}

// DialFrom connects from the address ip.
func (l *PipeListener) DialFrom(ctx context.Context, ip string) (net.Conn, error) {
	near := &net.TCPAddr{IP: net.ParseIP(ip), Port: 40000 + int(l.port.Add(1))%20000}
	client, server := net.Pipe()
	select {
	case l.conns <- &pipeConn{Conn: server, local: l.addr, remote: near}:
		return &pipeConn{Conn: client, local: near, remote: l.addr}, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// DialContext has the shape of net.Dialer.DialContext; the address is ignored.
func (l *PipeListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

type pipeConn struct {
	net.Conn
	local, remote net.Addr
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }
