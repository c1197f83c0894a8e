package guard

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Numbers of the login throttle.
const (
	loginMemory     = 15 * time.Minute // a failure is forgotten after so long without another
	loginEntries    = 20000            // keys remembered at most
	freePerName     = 3                // failures of one name from one address without delay
	freePerAddress  = 10               // failures of one address without delay
	maxPerName      = 30               // then not even tried until forgotten
	maxPerAddress   = 100
	maxLoginDelay   = 10 * time.Second
	firstLoginDelay = time.Second
)

// Logins remembers failed logins, by address and by address and name, for all
// listeners that share it, so that guessing passwords becomes slow without
// letting strangers lock a person out. The zero value is not usable; see
// NewLogins. It is safe for concurrent use.
type Logins struct {
	mu   sync.Mutex
	seen map[loginKey]loginFailures
}

type loginKey struct {
	address netip.Addr
	name    string // "" counts the whole address
}

type loginFailures struct {
	count int
	last  time.Time
}

// NewLogins returns an empty memory.
func NewLogins() *Logins { return &Logins{seen: map[loginKey]loginFailures{}} }

// allowed reports whether a login may be tried at all.
func (l *Logins) allowed(now time.Time, address netip.Addr, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.countLocked(now, loginKey{address, strings.ToLower(name)}) < maxPerName &&
		l.countLocked(now, loginKey{address, ""}) < maxPerAddress
}

// failed records a failure and returns how long its answer is to be delayed.
func (l *Logins) failed(now time.Time, address netip.Addr, name string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	byName := l.addLocked(now, loginKey{address, strings.ToLower(name)})
	byAddress := l.addLocked(now, loginKey{address, ""})
	return max(loginDelay(byName-freePerName), loginDelay(byAddress-freePerAddress))
}

// ok forgets the failures of name at address; those of the address stay, or one
// good account would let its owner guess others for ever.
func (l *Logins) ok(address netip.Addr, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, loginKey{address, strings.ToLower(name)})
}

func (l *Logins) countLocked(now time.Time, key loginKey) int {
	f, ok := l.seen[key]
	if !ok || now.Sub(f.last) > loginMemory {
		return 0
	}
	return f.count
}

func (l *Logins) addLocked(now time.Time, key loginKey) int {
	n := l.countLocked(now, key) + 1
	if len(l.seen) >= loginEntries {
		l.forgetLocked(now)
	}
	l.seen[key] = loginFailures{count: n, last: now}
	return n
}

// forgetLocked makes room: the outdated go, and if that is not enough an
// arbitrary half, which costs an attacker with many addresses more than us.
func (l *Logins) forgetLocked(now time.Time) {
	for key, f := range l.seen {
		if now.Sub(f.last) > loginMemory {
			delete(l.seen, key)
		}
	}
	for key := range l.seen {
		if len(l.seen) < loginEntries/2 {
			return
		}
		delete(l.seen, key)
	}
}

// loginDelay doubles with each failure over the free ones.
func loginDelay(over int) time.Duration {
	if over <= 0 {
		return 0
	}
	if over > 4 {
		return maxLoginDelay
	}
	return min(firstLoginDelay<<(over-1), maxLoginDelay)
}
