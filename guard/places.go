package guard

import "sync"

// Places are the connections that several listeners may have open at once: what one
// door takes, the others have not. A nil *Places has no bound.
type Places struct {
	mu    sync.Mutex
	total int
	taken int
}

// NewPlaces makes n of them.
func NewPlaces(n int) *Places { return &Places{total: n} }

// take reports whether there was one left.
func (p *Places) take() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.total {
		return false
	}
	p.taken++
	return true
}

func (p *Places) give() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
}

// crowded reports that over 80 % are taken.
func (p *Places) crowded() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken*5 > p.total*4
}
