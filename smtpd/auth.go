package smtpd

import (
	"errors"
	"strconv"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tidepost/guard"
	"tidepost/people"
)

// AuthMechanisms implements smtp.AuthSession. PLAIN for everybody; LOGIN because
// Outlook and many devices know nothing else.
func (s *session) AuthMechanisms() []string {
	if s.server.opts.Guard.Role != guard.Submission {
		return nil
	}
	return []string{sasl.Plain, "LOGIN"}
}

// Auth implements smtp.AuthSession. That the connection is secure is the guard's
// care.
func (s *session) Auth(mech string) (sasl.Server, error) {
	if s.server.opts.Guard.Role != guard.Submission {
		return nil, smtp.ErrAuthUnsupported
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(authzid, user, password string) error {
			// RFC 4616 §2: acting for another must be allowed, and it is not.
			if authzid != "" && authzid != user {
				s.conn.LoginFailed(user)
				return smtp.ErrAuthFailed
			}
			return s.login(user, password)
		}), nil
	case "LOGIN":
		return &loginServer{login: s.login}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// login checks a password; the answer to every failure is the same.
func (s *session) login(user, password string) error {
	ctx := s.server.ctx
	if err := s.server.doors.Directory.MaybeReload(ctx, now()); err != nil {
		s.log().Warn("reload people", "err", err)
	}
	counted := s.server.doors.Logins.CountedAs(user, password)
	if !s.conn.LoginAllowed(counted) {
		s.conn.LoginFailed(counted)
		return smtp.ErrAuthFailed
	}
	login, err := s.server.doors.Logins.Authenticate(ctx, user, password, s.ip, now())
	if err != nil {
		var locked *people.LockedError
		if !errors.Is(err, people.ErrLogin) && !errors.As(err, &locked) {
			return temporary(err)
		}
		s.server.opts.Metrics.Login(s.server.opts.Door, false)
		s.log().Warn("login failed", "user", user, "err", err)
		if errors.Is(err, people.ErrStale) {
			s.conn.LoginStale()
		} else {
			s.conn.LoginFailed(counted)
		}
		return smtp.ErrAuthFailed
	}
	if !s.conn.LoginOK(counted, strconv.FormatInt(login.Person.ID, 10)) {
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many connections for this account"}
	}
	leave, ok := s.server.doors.Sessions.Enter(login, s.conn.LoginOver)
	if !ok { // It was good a moment ago.
		return smtp.ErrAuthFailed
	}
	s.leave = leave
	s.server.opts.Metrics.Login(s.server.opts.Door, true)
	s.person, s.with = login.Person, login
	return nil
}

// A loginServer is the server's side of SASL LOGIN, which was never standardised: it
// asks for the name, then for the password (draft-murchison-sasl-login).
type loginServer struct {
	login func(user, password string) error
	step  int
	user  string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch {
	case l.step == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.user == "" && l.step <= 2: // The name, also as an initial response.
		l.user = string(response)
		l.step = 2
		if l.user == "" {
			return nil, false, smtp.ErrAuthFailed
		}
		return []byte("Password:"), false, nil
	case l.step == 3:
		return nil, true, l.login(l.user, string(response))
	}
	return nil, false, sasl.ErrUnexpectedClientResponse
}
