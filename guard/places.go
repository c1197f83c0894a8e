package guard

import (
	"net/netip"
	"sync"
)

// Places are the connections that several listeners may have open at once: what one
// door takes, the others have not. They also count who has them: an address or a person
// has no more by knocking at every door.
type Places struct {
	mu      sync.Mutex // guards all below
	total   int
	taken   int
	address map[netip.Addr]int // without a login
	person  map[string]int     // after login
}

// NewPlaces makes n of them.
func NewPlaces(n int) *Places {
	return &Places{total: n, address: map[netip.Addr]int{}, person: map[string]int{}}
}

// enter takes a place, which counts for an address if that is valid; it reports false
// when none is left, or limit (0: none) are the address's already.
func (p *Places) enter(address netip.Addr, limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.total || limit > 0 && p.address[address] >= limit {
		return false
	}
	p.taken++
	if address.IsValid() {
		p.address[address]++
	}
	return true
}

// login lets a place count for a person instead of an address or another person; it
// reports false, changing nothing, when limit (0: none) are the person's already.
func (p *Places) login(address netip.Addr, before, person string, limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit > 0 && p.person[person] >= limit {
		return false
	}
	p.forgetLocked(address, before)
	p.person[person]++
	return true
}

// leave gives back a place that counts for an address, a person, or neither.
func (p *Places) leave(address netip.Addr, person string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	p.forgetLocked(address, person)
}

func (p *Places) forgetLocked(address netip.Addr, person string) {
	if address.IsValid() {
		decrement(p.address, address)
	}
	if person != "" {
		decrement(p.person, person)
	}
}

func decrement[K comparable](m map[K]int, key K) {
	if m[key]--; m[key] <= 0 {
		delete(m, key)
	}
}

// crowded reports that over 80 % are taken.
func (p *Places) crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.taken) > 0.8*float64(p.total)
}
