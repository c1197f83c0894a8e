package people

import "sync"

// Sessions knows who is logged in, so that a login that is not good any more ends at
// once: its person was removed or frozen, the password was changed, the app password
// revoked. It is safe for concurrent use.
type Sessions struct {
	directory *Directory

	mu   sync.Mutex
	open map[*openSession]struct{}
}

// An openSession is one connection that has logged in.
type openSession struct {
	login Login
	end   func()
}

// NewSessions returns the sessions of the people of d, and follows what changes there.
func NewSessions(d *Directory) *Sessions {
	s := &Sessions{directory: d, open: map[*openSession]struct{}{}}
	d.OnChange(s.changed)
	return s
}

// Enter registers a session. end is called at most once, from another goroutine or from
// the one of the session while it reloads people: it must not wait for the session.
// leave is called when the session is over. ok is false if the login is not good any
// more: it was checked against people who have changed since.
func (s *Sessions) Enter(l Login, end func()) (leave func(), ok bool) {
	if s == nil {
		return func() {}, true
	}
	o := &openSession{l, sync.OnceFunc(end)}
	s.mu.Lock()
	s.open[o] = struct{}{}
	s.mu.Unlock()
	leave = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, o)
	}
	// Whoever changes people now sees this session; whoever did before is seen here.
	if !s.directory.Good(l) {
		leave()
		return leave, false
	}
	return leave, true
}

// changed ends the sessions whose login is not good any more.
func (s *Sessions) changed([]Change) {
	s.mu.Lock()
	var over []*openSession
	for o := range s.open {
		if !s.directory.Good(o.login) {
			over = append(over, o)
		}
	}
	s.mu.Unlock()
	for _, o := range over {
		o.end()
	}
}

// Good reports whether what was a good login still is one.
func (d *Directory) Good(l Login) bool {
	if l.Person == nil {
		return false
	}
	p, ok := d.ByID(l.Person.ID)
	if !ok || !p.Active || p.Frozen {
		return false
	}
	if l.Credential == 0 {
		return p.row.PasswordTurn == l.Person.row.PasswordTurn
	}
	for _, a := range p.row.AppPasswords {
		if a.ID == l.Credential {
			return a.Hash != ""
		}
	}
	return false
}
