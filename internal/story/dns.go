package story

import (
	"context"
	"net"
	"strings"
	"sync"
)

// A dnsBook is the DNS of a story: nothing but what it says.
type dnsBook struct {
	mu  sync.Mutex
	txt map[string][]string // by lower-case name without the dot at the end
}

func (d *dnsBook) say(name, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.txt == nil {
		d.txt = map[string][]string{}
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	d.txt[name] = append(d.txt[name], text)
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// LookupTXT implements trust.Resolver.
func (d *dnsBook) LookupTXT(_ context.Context, name string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.txt[strings.ToLower(strings.TrimSuffix(name, "."))]
	if len(list) == 0 {
		return nil, notFound(name)
	}
	return list, nil
}

// LookupMX implements trust.Resolver.
func (*dnsBook) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, notFound(name)
}

// LookupIPAddr implements trust.Resolver.
func (*dnsBook) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	return nil, notFound(host)
}

// LookupAddr implements trust.Resolver.
func (*dnsBook) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return nil, notFound(addr)
}
