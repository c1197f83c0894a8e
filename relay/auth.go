package relay

import (
	"context"
	"encoding/base64"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// login authenticates with the smarthost (RFC 4954). Without it nothing is
// sent: a smarthost that gets mail from nobody answers 5yz, and that would bounce
// a whole team's mail for one wrong line of configuration.
func (s *session) login(ctx context.Context) *fault {
	if s.opts.User == "" {
		return nil
	}
	if s.tls == "" && !s.clearAuthAllowed() {
		return authFault(s, nil, "the login would go out in clear text")
	}
	params, ok := s.ext["AUTH"]
	if !ok {
		return authFault(s, nil, "%s offers no login", s.host.name)
	}
	offered := strings.Fields(strings.ToUpper(params))
	var client sasl.Client
	switch {
	case slices.Contains(offered, sasl.Plain):
		client = sasl.NewPlainClient("", s.opts.User, string(s.opts.Password))
	case slices.Contains(offered, sasl.Login):
		client = &loginClient{user: s.opts.User, password: s.opts.Password}
	default:
		return authFault(s, nil, "%s offers no way to log in that is known here", s.host.name)
	}
	return s.authenticate(ctx, client)
}

// maxAuthSteps bounds the challenges of a server.
const maxAuthSteps = 4

func (s *session) authenticate(ctx context.Context, client sasl.Client) *fault {
	mech, response, err := client.Start()
	if err != nil {
		return authFault(s, err, "the login cannot be made")
	}
	line := "AUTH " + mech
	if response != nil {
		// RFC 4954 §4: the initial response goes along if it fits the line.
		if with := line + " " + base64.StdEncoding.EncodeToString(response); len(with) <= 510 {
			line, response = with, nil
		}
	}
	for range maxAuthSteps {
		rep, f := s.command(ctx, s.opts.Timeouts.Command, line)
		if f != nil {
			return f
		}
		switch {
		case rep.Code == 235:
			return nil
		case rep.Code == 421:
			return s.refused("ends the login", rep)
		case rep.Code != 334:
			f := authFault(s, &rep.Reply, "%s refuses our login", s.host.name)
			f.reply.Text = clean(f.reply.Text + ": " + rep.Text)
			return f
		}
		if response == nil {
			challenge, err := base64.StdEncoding.DecodeString(rep.text())
			if err != nil {
				return authFault(s, err, "%s sent an unreadable challenge", s.host.name)
			}
			if response, err = client.Next(challenge); err != nil {
				return authFault(s, err, "%s sent an unexpected challenge", s.host.name)
			}
		}
		line, response = base64.StdEncoding.EncodeToString(response), nil
	}
	return authFault(s, nil, "%s never ends the login", s.host.name)
}

// text is the reply's only line as it came.
func (r reply) text() string { return strings.TrimSpace(r.lines[0]) }

func (s *session) clearAuthAllowed() bool {
	if !s.opts.ClearAuth {
		return false
	}
	addr, ok := s.raw.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func authFault(s *session, cause error, format string, args ...any) *fault {
	return newFault(TroubleAuth, 454, [3]int{4, 7, 0}, cause, format, args...).at(s.host.name)
}

// A loginClient is the LOGIN mechanism. go-sasl's wants the exact prompt
// "Password:" and its user name in the initial response; servers in the field
// prompt as they like, some refuse the initial response.
type loginClient struct {
	user     string
	password Secret
	step     int
}

// Start asks for the mechanism alone.
func (*loginClient) Start() (mech string, ir []byte, err error) { return sasl.Login, nil, nil }

// Next answers the first prompt with the user name, the second with the
// password.
func (c *loginClient) Next([]byte) ([]byte, error) {
	c.step++
	switch c.step {
	case 1:
		return []byte(c.user), nil
	case 2:
		return []byte(c.password), nil
	}
	return nil, sasl.ErrUnexpectedServerChallenge
}
