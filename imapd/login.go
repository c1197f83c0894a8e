package imapd

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"

	"tidepost/people"
)

// Login implements LOGIN (RFC 9051 §6.2.3).
func (s *Session) Login(username, password string) error { return s.login("", username, password) }

// AuthenticateMechanisms returns the one mechanism: passwords are kept as hashes.
func (s *Session) AuthenticateMechanisms() []string { return []string{sasl.Plain} }

// Authenticate implements AUTHENTICATE (RFC 9051 §6.2.2).
func (s *Session) Authenticate(mech string) (sasl.Server, error) {
	if !strings.EqualFold(mech, sasl.Plain) {
		return nil, no(imap.ResponseCodeCannot, "Only PLAIN is offered")
	}
	return sasl.NewPlainServer(s.login), nil
}

// login checks a password. Wrong name, wrong password and lock-out have one answer
// (RFC 9051 §11); the delay is the guard's and the authenticator's.
func (s *Session) login(identity, username, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err := s.server.opts.People.MaybeReload(s.ctx, now); err != nil {
		s.log.Warn("reload people", "reason", err)
	}
	counted := s.server.opts.Auth.CountedAs(username, password)
	if !s.conn.LoginAllowed(counted) {
		s.conn.LoginFailed(counted)
		return imapserver.ErrAuthFailed
	}
	login, err := s.server.opts.Auth.Authenticate(s.ctx, username, password, peerIP(s.conn.RemoteAddr().String()), now)
	if err != nil {
		s.server.opts.Metrics.Login(door, false)
		return s.refuseLogin(username, counted, err)
	}
	p := login.Person
	if !s.actsAs(p, identity) {
		return no(imap.ResponseCodeAuthorizationFailed, "You can act for yourself only")
	}
	if login.Device { // Whoever finds a scanner's password must not read its owner's mail with it.
		s.server.opts.Metrics.Login(door, false)
		s.log.Info("a device may send only", "protocol", "imap", "name", username)
		return no(imap.ResponseCodeAuthorizationFailed, "This app password is a device's: it may send mail, not read it")
	}
	if !s.conn.LoginOK(counted, p.Address.Key()) {
		return no(imap.ResponseCodeLimit, "Too many connections of this account")
	}
	err = s.ensureMailboxes(p)
	if err != nil {
		return s.answer("LOGIN", err)
	}
	if s.left, err = s.enter(login); err != nil {
		return err
	}
	s.server.opts.Metrics.Login(door, true)
	s.noteOpened(p, now)
	s.person, s.with = p, login
	s.log = s.log.With("person", p.Address.String())
	return nil
}

// enter registers the session, which ends when the login is not good any more.
func (s *Session) enter(login people.Login) (leave func(), err error) {
	leave, ok := s.server.opts.Sessions.Enter(login, s.conn.LoginOver)
	if !ok { // It was good a moment ago.
		return nil, imapserver.ErrAuthFailed
	}
	return leave, nil
}

func (s *Session) refuseLogin(username, counted string, err error) error {
	var locked *people.LockedError
	switch {
	case errors.Is(err, context.Canceled):
		return s.answer("LOGIN", err)
	case errors.Is(err, people.ErrLogin), errors.As(err, &locked):
		s.log.Info("login failed", "protocol", "imap", "name", username)
		if errors.Is(err, people.ErrStale) {
			s.conn.LoginStale()
		} else {
			s.conn.LoginFailed(counted)
		}
		return imapserver.ErrAuthFailed
	}
	return s.answer("LOGIN", err)
}

// actsAs reports whether the authorization identity is p: none, or another address
// of the same person (RFC 4616 §2).
func (s *Session) actsAs(p *people.Person, identity string) bool {
	if identity == "" {
		return true
	}
	for _, a := range append(p.Aliases[:len(p.Aliases):len(p.Aliases)], p.Address) {
		if strings.EqualFold(a.String(), identity) {
			return true
		}
	}
	return false
}

// peerIP is the address of a peer; not valid on a unix socket.
func peerIP(addr string) netip.Addr {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
