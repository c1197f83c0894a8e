package store

import "sync"

// A hub tells who is looking at a mailbox that it has changed. It carries no data:
// the looker reads the modseq log, so nothing is lost however many changes one
// signal stands for.
type hub struct {
	mu   sync.Mutex
	subs map[int64]map[*Subscription]struct{}
}

// A Subscription is signalled after each COMMIT that changed one of its mailboxes.
type Subscription struct {
	hub       *hub
	mailboxes []int64
	c         chan struct{} // holds one signal
}

// Subscribe begins to watch mailboxes. A change committed after Subscribe returned
// is signalled; subscribe first, then read.
func (db *DB) Subscribe(mailboxes ...int64) *Subscription {
	s := &Subscription{hub: &db.hub, mailboxes: mailboxes, c: make(chan struct{}, 1)}
	db.hub.mu.Lock()
	defer db.hub.mu.Unlock()
	if db.hub.subs == nil {
		db.hub.subs = map[int64]map[*Subscription]struct{}{}
	}
	for _, mailbox := range mailboxes {
		if db.hub.subs[mailbox] == nil {
			db.hub.subs[mailbox] = map[*Subscription]struct{}{}
		}
		db.hub.subs[mailbox][s] = struct{}{}
	}
	return s
}

// C is signalled when the mailbox has changed since the last receive.
func (s *Subscription) C() <-chan struct{} { return s.c }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for _, mailbox := range s.mailboxes {
		delete(s.hub.subs[mailbox], s)
		if len(s.hub.subs[mailbox]) == 0 {
			delete(s.hub.subs, mailbox)
		}
	}
}

func (s *Subscription) signal() {
	select {
	case s.c <- struct{}{}:
	default: // A signal is waiting already.
	}
}

func (h *hub) announce(mailboxes map[int64]struct{}) {
	if len(mailboxes) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range mailboxes {
		for s := range h.subs[id] {
			s.signal()
		}
	}
}

// AnnounceAll signals every subscription: another process has changed the database.
func (db *DB) AnnounceAll() {
	db.hub.mu.Lock()
	defer db.hub.mu.Unlock()
	for _, subs := range db.hub.subs {
		for s := range subs {
			s.signal()
		}
	}
}
