package demo

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Ports are the loopback ports of a demo. 0 is the usual one, or on a tour any that
// is free.
type Ports struct {
	Submission  int // SMTP with STARTTLS, login
	Submissions int // SMTP inside TLS, login
	Inbound     int // SMTP from the world
	IMAP        int // with STARTTLS
	IMAPS       int // inside TLS
	Smarthost   int // the outside world
}

// DefaultPorts are those that a demo uses unless told otherwise.
func DefaultPorts() Ports {
	return Ports{Submission: 2587, Submissions: 2465, Inbound: 2525, IMAP: 2143, IMAPS: 2993, Smarthost: 2626}
}

// A door is one port with the option that chooses it.
type door struct {
	flag string
	port *int
}

func (p *Ports) doors() []door {
	return []door{
		{"submission-port", &p.Submission}, {"submissions-port", &p.Submissions}, {"inbound-port", &p.Inbound},
		{"imap-port", &p.IMAP}, {"imaps-port", &p.IMAPS}, {"smarthost-port", &p.Smarthost},
	}
}

// orDefault fills in what is 0.
func (p Ports) orDefault() Ports {
	usual := DefaultPorts()
	for i, d := range p.doors() {
		if *d.port == 0 {
			*d.port = *usual.doors()[i].port
		}
	}
	return p
}

// free reports the first port that cannot be had, and the option that names another.
func (p Ports) free() error {
	for _, d := range p.doors() {
		l, err := net.Listen("tcp", loopback(*d.port))
		if err == nil {
			defer l.Close() // Until all are looked at: two of them may be the same.
			continue
		}
		what := err.Error()
		if errors.Is(err, syscall.EADDRINUSE) {
			what = "is taken"
		}
		return fmt.Errorf("port %d: %s; choose another with --%s", *d.port, what, d.flag)
	}
	return nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func portText(port int) string { return strconv.Itoa(port) }

// portOf returns the number of a TCP address.
func portOf(a net.Addr) int {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return 0
	}
	return tcp.Port
}
