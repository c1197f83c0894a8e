package imapd

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tidepost/guard"
	"tidepost/store"
)

func plainResponse(identity, user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(identity + "\x00" + user + "\x00" + password))
}

// TestLogin covers who may log in, as whom, and what the others hear.
func TestLogin(t *testing.T) {
	passwordHash()
	for _, tt := range []struct {
		name, command, want string
	}{
		{"a good password", fmt.Sprintf("LOGIN alice@here.test %q", password), "OK [CAPABILITY "},
		{"the user in capitals", fmt.Sprintf("LOGIN ALICE@Here.Test %q", password), "OK "},
		{"a wrong password", "LOGIN alice@here.test nope", "NO [AUTHENTICATIONFAILED] Authentication failed"},
		{"an unknown user", "LOGIN nobody@here.test nope", "NO [AUTHENTICATIONFAILED] Authentication failed"},
		{"a statement of SQL", "LOGIN \"' OR 1=1 --\" nope", "NO [AUTHENTICATIONFAILED] Authentication failed"},
		{"PLAIN", "AUTHENTICATE PLAIN " + plainResponse("", "alice@here.test", password), "OK "},
		{"PLAIN as oneself", "AUTHENTICATE PLAIN " + plainResponse("alice@here.test", "alice@here.test", password), "OK "},
		{"PLAIN as another", "AUTHENTICATE PLAIN " + plainResponse("bob@here.test", "alice@here.test", password), "NO [AUTHORIZATIONFAILED] "},
		{"PLAIN of two fields", "AUTHENTICATE PLAIN " + base64.StdEncoding.EncodeToString([]byte("a\x00b")), "BAD "},
		{"another mechanism", "AUTHENTICATE CRAM-MD5", "NO "},
		{"before login", "SELECT INBOX", "BAD "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c := &client{t: t, conn: w.dial()}
				defer c.conn.Close()
				c.r = newReader(c.conn)
				c.line()
				if _, status := c.do(tt.command); !strings.HasPrefix(status, tt.want) {
					t.Errorf("got %q, want %q", status, tt.want)
				}
				if strings.Contains(w.logs.String(), password) {
					t.Error("the password is in the log")
				}
			})
		})
	}
}

// TestClosedAccount: a person who is removed loses the connection that stands.
func TestClosedAccount(t *testing.T) {
	passwordHash()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.client()
		defer c.conn.Close()
		c.ok("SELECT INBOX")
		w.update(func(tx *store.Tx) error { return tx.RemovePerson(w.alice.ID) })
		if err := w.dir.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, status := c.do("FETCH 1:* FLAGS"); !strings.HasPrefix(status, "NO [AUTHORIZATIONFAILED]") {
			t.Errorf("got %q", status)
		}
	})
}

// TestConnectionsOfOnePerson are limited.
func TestConnectionsOfOnePerson(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Limits = guard.Limits{PerPerson: 2} })
	w.client()
	w.client()
	c := &client{t: t, conn: w.dial()}
	c.r = newReader(c.conn)
	c.line()
	if _, status := c.do(fmt.Sprintf("LOGIN alice@here.test %q", password)); !strings.HasPrefix(status, "NO [LIMIT]") {
		t.Errorf("got %q", status)
	}
}
