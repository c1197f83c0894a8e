package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidepost/internal/testkit"
)

// A vault hands out tokens as a refreshed account does.
type vault struct {
	token   string
	next    string // what comes after a refusal
	err     error  // instead of the next
	refused []Secret
}

func (v *vault) login(_ context.Context, refused Secret) (Credential, error) {
	if refused != "" {
		v.refused = append(v.refused, refused)
		if v.err != nil {
			return Credential{}, v.err
		}
		v.token = v.next
	}
	return Credential{User: "ana=x@team.example", Token: Secret(v.token)}, nil
}

func TestTokenLogsIn(t *testing.T) {
	for _, mech := range []string{"XOAUTH2", "OAUTHBEARER", "PLAIN OAUTHBEARER XOAUTH2"} {
		t.Run(mech, func(t *testing.T) {
			users := map[string]string{"ana=x@team.example": "", "ana=3Dx@team.example": ""}
			s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: users, Mechanisms: mech, Token: func() string { return "good" }})
			v := &vault{token: "old", next: "good"}
			c := newClient(t, s, func(o *Options) { o.Login, o.ClearAuth = v.login, true })
			want(t, c.Send(context.Background(), job("Subject: a\r\n\r\nb\r\n", "mei@out.example"))[0], "250 2.0.0 delivered said")
			if len(v.refused) != 1 || v.refused[0] != "old" {
				t.Errorf("%d tokens were refused", len(v.refused))
			}
		})
	}
}

func TestRefusedTokenIsTriedOnceMoreAndThenDefers(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana=x@team.example": ""}, Mechanisms: "XOAUTH2", Token: func() string { return "good" }})
	v := &vault{token: "old", next: "newer"}
	c := newClient(t, s, func(o *Options) { o.Login, o.ClearAuth = v.login, true })
	r := c.Send(context.Background(), job("Subject: a\r\n\r\nb\r\n", "mei@out.example"))[0]
	want(t, r, "454 4.7.0 auth")
	if !r.Refused || len(v.refused) != 1 {
		t.Errorf("refused %v after %d new tokens, want true after 1", r.Refused, len(v.refused))
	}
	if strings.Contains(r.Reply.Error()+fmt.Sprintf("%+v", r), "newer") {
		t.Errorf("the result shows the token: %+v", r)
	}
}

func TestNoTokenDefers(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana=x@team.example": ""}, Mechanisms: "XOAUTH2", Token: func() string { return "good" }})
	for name, c := range map[string]struct {
		err     error
		line    string
		refused bool
	}{
		"revoked":            {fmt.Errorf("the token is %w", ErrRefused), "454 4.7.0 auth", true},
		"endpoint is down":   {errors.New("answers 503"), "451 4.4.3 connect", false},
		"no mechanism to do": {nil, "454 4.7.0 auth", false},
	} {
		t.Run(name, func(t *testing.T) {
			up := s
			if c.err == nil {
				up = testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"a": "b"}})
			}
			v := &vault{token: "old", err: c.err}
			client := newClient(t, up, func(o *Options) { o.Login, o.ClearAuth = v.login, true })
			r := client.Send(context.Background(), job("Subject: a\r\n\r\nb\r\n", "mei@out.example"))[0]
			want(t, r, c.line)
			if r.Refused != c.refused {
				t.Errorf("refused %v, want %v", r.Refused, c.refused)
			}
		})
	}
}
