package people

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// freeTries wrong passwords cost no delay: people mistype.
	freeTries = 2
	// maxDelay bounds the growing delay of the answer to a wrong password.
	maxDelay = 16 * time.Second
	// maxKeys bounds the memory of the limiter, about 20 MB.
	maxKeys = 50_000
	// trustFor is how long a place from which a person logged in stays theirs.
	trustFor = 30 * 24 * time.Hour
	// maxUserKey bounds a user name used as a key.
	maxUserKey = 320
)

// A limiter counts wrong passwords by user and by network, and refuses both for a
// while after too many. A person who has logged in from a network before is counted
// by the pair of the two instead: a stranger who guesses at Ana's password cannot
// lock Ana out of her own desk, and a forgotten phone behind the office's address
// cannot lock out the office. mu guards all of it.
type limiter struct {
	tries   int
	lockout time.Duration
	inside  []netip.Prefix // networks that are not counted as a whole

	mu      sync.Mutex
	counts  map[limitKey]*count
	trusted map[limitKey]time.Time // pairs, with their last login
}

// A limitKey is a user, a network, or both: a zero part is not looked at.
type limitKey struct {
	user string
	from netip.Prefix
}

type count struct {
	failed int
	last   time.Time
	locked time.Time // end of the lock-out
}

func newLimiter(tries int, lockout time.Duration, inside []netip.Prefix) *limiter {
	return &limiter{tries: tries, lockout: lockout, inside: inside,
		counts: map[limitKey]*count{}, trusted: map[limitKey]time.Time{}}
}

// network is the unit that is counted: one IPv4 address, one IPv6 /64, because a
// single host has that many addresses for nothing.
func network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// userKey bounds a user name. It copies: a part of a long string would keep all of
// it in memory.
func userKey(user string) string { return strings.Clone(user[:min(len(user), maxUserKey)]) }

// keys returns what an attempt counts for. It runs with mu held.
func (l *limiter) keys(user string, ip netip.Addr, now time.Time) []limitKey {
	user = userKey(user)
	from := network(ip)
	pair := limitKey{user, from}
	if seen, ok := l.trusted[pair]; ok && now.Sub(seen) < trustFor {
		return []limitKey{pair}
	}
	keys := []limitKey{{user: user}}
	for _, p := range l.inside {
		if p.Contains(ip.Unmap().WithZone("")) {
			return keys
		}
	}
	if from.IsValid() {
		keys = append(keys, limitKey{from: from})
	}
	return keys
}

// blocked returns how long an attempt is still refused, 0 if it is not.
func (l *limiter) blocked(user string, ip netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	for _, k := range l.keys(user, ip, now) {
		if c := l.counts[k]; c != nil {
			wait = max(wait, c.locked.Sub(now))
		}
	}
	return wait
}

// failed counts a wrong password and returns how long its answer is to wait.
func (l *limiter) failed(user string, ip netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 0
	for _, k := range l.keys(user, ip, now) {
		c := l.counts[k]
		if c == nil {
			makeRoom(l.counts, func(c *count) bool { return now.Sub(c.last) >= l.lockout && !c.locked.After(now) },
				func(a, b *count) bool { return a.last.Before(b.last) })
			c = &count{}
			l.counts[k] = c
		}
		if now.Sub(c.last) >= l.lockout {
			c.failed = 0 // Forgotten.
		}
		c.failed++
		c.last = now
		if c.failed >= l.tries {
			c.locked = now.Add(l.lockout)
			c.failed = 0
			most = max(most, l.tries)
		}
		most = max(most, c.failed)
	}
	if most <= freeTries {
		return 0
	}
	return min(time.Second<<min(most-freeTries-1, 10), maxDelay)
}

// succeeded forgets what was counted for the user, and trusts the place. The count
// of the network stays: one good account must not pay for guesses at others.
func (l *limiter) succeeded(user string, ip netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	user = userKey(user)
	pair := limitKey{user, network(ip)}
	delete(l.counts, limitKey{user: user})
	delete(l.counts, pair)
	if _, ok := l.trusted[pair]; !ok {
		makeRoom(l.trusted, func(seen time.Time) bool { return now.Sub(seen) >= trustFor }, time.Time.Before)
	}
	l.trusted[pair] = now
}

// makeRoom keeps m at maxKeys: of a handful of entries, what has expired goes, and
// if that is nothing, the oldest. Looking at all of them would let a stranger who
// fills the limiter make every further login slow.
func makeRoom[V any](m map[limitKey]V, expired func(V) bool, older func(a, b V) bool) {
	if len(m) < maxKeys {
		return
	}
	var victim limitKey
	var worst V
	looked := 0
	for k, v := range m { // In random order.
		if expired(v) {
			delete(m, k)
		}
		if looked == 0 || older(v, worst) {
			victim, worst = k, v
		}
		if looked++; looked == 16 {
			break
		}
	}
	delete(m, victim)
}
