package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// login proves who we are: with a token OAUTHBEARER (RFC 7628), else XOAUTH2; with a
// password AUTHENTICATE PLAIN, else LOGIN.
func (s *Session) login(ctx context.Context) error {
	if !s.capsRead {
		if err := s.run(ctx, "CAPABILITY", nil); err != nil {
			return err
		}
	}
	// RFC 9051 §6.2.2: what was said before the login need not hold behind it.
	offered := s.caps
	s.capsRead = false
	if s.account.Token != nil {
		return s.bearer(ctx, offered)
	}
	user, password := s.account.User, string(s.account.Password)
	if slices.Contains(offered.Auth, "PLAIN") {
		return s.authenticate(ctx, offered, "PLAIN", "\x00"+user+"\x00"+password)
	}
	if offered.NoLogin {
		return &refusal{kind: ErrAuth, text: "the server takes no password on this connection"}
	}
	return s.plainLogin(ctx, user, password)
}

// plainLogin is LOGIN (RFC 9051 §6.2.3), for servers without SASL.
func (s *Session) plainLogin(ctx context.Context, user, password string) error {
	u, err := quote(user)
	if err != nil {
		return err
	}
	p, err := quote(password)
	if err != nil {
		return err
	}
	return asAuth(s.run(ctx, "LOGIN "+u+" "+p, nil))
}

// bearer logs in with an access token.
func (s *Session) bearer(ctx context.Context, offered Caps) error {
	token, err := s.account.Token(ctx)
	if err != nil {
		return fmt.Errorf("access token: %w", err)
	}
	mech, response, err := bearerResponse(s.account, offered.Auth, token)
	if err != nil {
		return err
	}
	return s.authenticate(ctx, offered, mech, response)
}

// bearerResponse chooses a mechanism for an access token and writes its only message.
func bearerResponse(a Account, offered []string, token string) (mech, response string, err error) {
	if strings.ContainsAny(token+a.User, "\x00\x01\r\n") {
		return "", "", &refusal{kind: ErrAuth, text: "the access token holds control characters"}
	}
	if slices.Contains(offered, "OAUTHBEARER") {
		host, port, err := net.SplitHostPort(a.Addr)
		if err != nil {
			return "", "", lost(err)
		}
		// RFC 7628 §3.1, RFC 5801 §4: "," and "=" of the name are written in hexadecimal.
		user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.User)
		return "OAUTHBEARER", "n,a=" + user + ",\x01host=" + host + "\x01port=" + port + "\x01auth=Bearer " + token + "\x01\x01", nil
	}
	if slices.Contains(offered, "XOAUTH2") {
		return "XOAUTH2", "user=" + a.User + "\x01auth=Bearer " + token + "\x01\x01", nil
	}
	return "", "", &refusal{kind: ErrAuth, text: "the server offers no login with an access token"}
}

// errChallenges: one challenge is due, for the response; one more carries the reasons of a
// refusal.
var errChallenges = errors.New("the server never ends the login")

// authenticate runs a mechanism whose client speaks once.
func (s *Session) authenticate(ctx context.Context, offered Caps, mech, response string) error {
	line, answers := "AUTHENTICATE "+mech, []string{base64.StdEncoding.EncodeToString([]byte(response))}
	if offered.SaslIR {
		line, answers = line+" "+answers[0], nil
	}
	if mech == "OAUTHBEARER" || mech == "XOAUTH2" {
		// RFC 7628 §3.2.3: the reasons of a refusal come as a challenge; what it is answered
		// with has no meaning.
		answers = append(answers, "AQ==")
	}
	return asAuth(s.exchange(ctx, exchange{line: line, more: func(string) (string, error) {
		if len(answers) == 0 {
			return "", errChallenges
		}
		next := answers[0]
		answers = answers[1:]
		return next, nil
	}}))
}

// asAuth: what a server says against a login is about the login, unless it says that it
// cannot now.
func asAuth(err error) error {
	var r *refusal
	if errors.As(err, &r) && r.kind != ErrTry {
		r.kind = ErrAuth
	}
	return err
}
