package relay

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

// ErrRefused is wrapped by an Options.Login that cannot have a credential until somebody
// does something; after any other error it may have one later.
var ErrRefused = errors.New("refused")

// A Credential is what logs in: a password, or an OAuth access token.
type Credential struct {
	User     string
	Password Secret
	Token    Secret // used instead of Password if not ""
}

// login authenticates with the smarthost (RFC 4954). Without it nothing is
// sent: a smarthost that gets mail from nobody answers 5yz, and that would bounce
// a whole team's mail for one wrong line of configuration.
func (s *session) login(ctx context.Context) *fault {
	if s.opts.User == "" && s.opts.Login == nil {
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
	cred, f := s.credential(ctx, "")
	if f != nil {
		return f
	}
	f = s.loginAs(ctx, cred, offered)
	if f == nil || cred.Token == "" || !f.refused || s.broken {
		return f
	}
	// A token may end before its time: one more try with a new one.
	if cred, again := s.credential(ctx, cred.Token); again != nil {
		return again
	} else if cred.Token != "" {
		return s.loginAs(ctx, cred, offered)
	}
	return f
}

// credential asks for what logs in; refused is a token that was not taken.
func (s *session) credential(ctx context.Context, refused Secret) (Credential, *fault) {
	if s.opts.Login == nil {
		return Credential{User: s.opts.User, Password: s.opts.Password}, nil
	}
	cred, err := s.opts.Login(ctx, refused)
	switch {
	case err == nil:
		return cred, nil
	case ctx.Err() != nil:
		return cred, stopped(ctx).at(s.host.name)
	}
	if errors.Is(err, ErrRefused) {
		f := authFault(s, err, "nothing can log in to %s: %v", s.host.name, err)
		f.refused = true
		return cred, f
	}
	return cred, newFault(TroubleConnect, 451, [3]int{4, 4, 3}, err, "nothing can log in to %s now: %v", s.host.name, err).at(s.host.name)
}

func (s *session) loginAs(ctx context.Context, cred Credential, offered []string) *fault {
	var client sasl.Client
	switch {
	case cred.Token != "" && slices.Contains(offered, sasl.OAuthBearer):
		client = &tokenClient{mech: sasl.OAuthBearer, first: bearerResponse(s.opts, cred), cancel: []byte{1}}
	case cred.Token != "" && slices.Contains(offered, "XOAUTH2"):
		client = &tokenClient{mech: "XOAUTH2", first: "user=" + cred.User + "\x01auth=Bearer " + string(cred.Token) + "\x01\x01", cancel: []byte{}}
	case cred.Token != "":
		return authFault(s, nil, "%s offers no login by OAuth token", s.host.name)
	case slices.Contains(offered, sasl.Plain):
		client = sasl.NewPlainClient("", cred.User, string(cred.Password))
	case slices.Contains(offered, sasl.Login):
		client = &loginClient{user: cred.User, password: cred.Password}
	default:
		return authFault(s, nil, "%s offers no way to log in that is known here", s.host.name)
	}
	return s.authenticate(ctx, client)
}

// bearerResponse is the whole of OAUTHBEARER (RFC 7628 §3.1). The name goes into a GS2
// header, in which "," and "=" have a meaning (RFC 5801 §4).
func bearerResponse(o *Options, cred Credential) string {
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(cred.User)
	return "n,a=" + name + ",\x01host=" + o.Host + "\x01port=" + strconv.Itoa(o.Port) + "\x01auth=Bearer " + string(cred.Token) + "\x01\x01"
}

// A tokenClient sends a token. What a server says to a refused one is a challenge, which
// must be answered before the refusal comes (RFC 7628 §3.2.3).
type tokenClient struct {
	mech, first string
	cancel      []byte
	answered    bool
}

// Start gives mechanism and token.
func (c *tokenClient) Start() (mech string, ir []byte, err error) {
	return c.mech, []byte(c.first), nil
}

// Next answers the server's account of why the token is refused.
func (c *tokenClient) Next([]byte) ([]byte, error) {
	if c.answered {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	c.answered = true
	return c.cancel, nil
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
		// RFC 4954 §4: the initial response goes along if it fits the line. Tokens are
		// longer; servers that take them take long lines, and some take nothing else.
		with := line + " " + base64.StdEncoding.EncodeToString(response)
		if _, token := client.(*tokenClient); token || len(with) <= 510 {
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
			f.refused = rep.class() == 5
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
