package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// A DNS is a small world of names in memory. It answers as *net.Resolver does, and over
// UDP when served. It is safe for concurrent use once filled.
type DNS struct {
	TXT  map[string][]string // by lower-case name without final dot
	MX   map[string][]string
	A    map[string][]string // IPv4 and IPv6
	PTR  map[string][]string // by address
	Fail map[string]bool     // names that no server answers for
	Slow map[string]bool     // names whose answer comes when the asker has gone

	mu    sync.Mutex
	asked []string
}

// Asked returns the questions so far: "TXT _dmarc.team.example".
func (d *DNS) Asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

func (d *DNS) look(ctx context.Context, kind, name string, all map[string][]string) ([]string, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	d.mu.Lock()
	d.asked = append(d.asked, kind+" "+name)
	d.mu.Unlock()
	if d.Slow[name] {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if d.Fail[name] {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if len(all[name]) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return all[name], nil
}

// LookupTXT answers as *net.Resolver does.
func (d *DNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return d.look(ctx, "TXT", name, d.TXT)
}

// LookupMX answers as *net.Resolver does.
func (d *DNS) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	names, err := d.look(ctx, "MX", name, d.MX)
	var out []*net.MX
	for i, n := range names {
		out = append(out, &net.MX{Host: n, Pref: uint16(i)})
	}
	return out, err
}

// LookupIPAddr answers as *net.Resolver does.
func (d *DNS) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	addrs, err := d.look(ctx, "IP", host, d.A)
	var out []net.IPAddr
	for _, a := range addrs {
		out = append(out, net.IPAddr{IP: net.ParseIP(a)})
	}
	return out, err
}

// LookupHost answers as *net.Resolver does.
func (d *DNS) LookupHost(ctx context.Context, host string) ([]string, error) {
	return d.look(ctx, "IP", host, d.A)
}

// LookupAddr answers as *net.Resolver does.
func (d *DNS) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return d.look(ctx, "PTR", addr, d.PTR)
}

// Serve answers on a UDP socket of loopback until stop is called, and says where.
func (d *DNS) Serve() (addr string, stop func(), err error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := d.answer(buf[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return conn.LocalAddr().String(), func() { conn.Close(); <-ended }, nil
}

// answer answers one packet.
func (d *DNS) answer(packet []byte) ([]byte, error) {
	var p dnsmessage.Parser
	h, err := p.Start(packet)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: h.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: []dnsmessage.Question{q}}
	bodies, err := d.bodies(q)
	var none *net.DNSError
	switch {
	case errors.As(err, &none) && none.IsNotFound:
		out.RCode = dnsmessage.RCodeNameError
	case err != nil:
		out.RCode = dnsmessage.RCodeServerFailure
	}
	for _, b := range bodies {
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}, Body: b})
	}
	return out.Pack()
}

func (d *DNS) bodies(q dnsmessage.Question) (out []dnsmessage.ResourceBody, err error) {
	ctx, name := context.Background(), q.Name.String()
	switch q.Type {
	case dnsmessage.TypeTXT:
		all, err := d.LookupTXT(ctx, name)
		for _, s := range all {
			var parts []string
			for ; len(s) > 255; s = s[255:] {
				parts = append(parts, s[:255])
			}
			out = append(out, &dnsmessage.TXTResource{TXT: append(parts, s)})
		}
		return out, err
	case dnsmessage.TypeMX:
		all, err := d.LookupMX(ctx, name)
		for _, mx := range all {
			host, err := dnsmessage.NewName(strings.TrimSuffix(mx.Host, ".") + ".")
			if err != nil {
				return nil, err
			}
			out = append(out, &dnsmessage.MXResource{Pref: mx.Pref, MX: host})
		}
		return out, err
	case dnsmessage.TypeA, dnsmessage.TypeAAAA:
		all, err := d.LookupHost(ctx, name)
		for _, s := range all {
			ip, perr := netip.ParseAddr(s)
			switch {
			case perr != nil:
				return nil, perr
			case ip.Is4() && q.Type == dnsmessage.TypeA:
				out = append(out, &dnsmessage.AResource{A: ip.As4()})
			case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
				out = append(out, &dnsmessage.AAAAResource{AAAA: ip.As16()})
			}
		}
		return out, err
	}
	return nil, fmt.Errorf("type %v: not served", q.Type)
}
