package story

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// credentialForms are about what people and their devices log in with, as the command
// line and the page on the web change it beside the running server.
func credentialForms() []*form {
	return []*form{
		{example: `Ana gets an app password for her scanner`, pattern: `WHO gets an app password for (?:her|his|their|the) (mail program )?(\pL[\pL\d_-]*)`, act: true, make: makeAppPassword},
		{example: `Ana's scanner sends "Scan" to Mei`, pattern: `WHOSE (\pL[\pL\d_-]*) (tries to )?sends? REST`, details: mailDetails, body: true, act: true, make: makeDeviceSend},
		{example: `Ana's scanner cannot log in`, pattern: `WHOSE (\pL[\pL\d_-]*) (can|cannot) (log in|read mail)`, act: true, make: makeDeviceLogin},
		{example: `the app password for Ana's scanner is revoked`, pattern: `the app password (?:for|of) WHOSE (\pL[\pL\d_-]*) is revoked`, act: true, make: makeRevoke},
		{example: `Ana's account is frozen`, pattern: `WHOSE account is frozen`, act: true, make: makeFreeze},
		{example: `Ana's account is unfrozen with a new password`, pattern: `WHOSE account is unfrozen(?: (with a new|keeping the) password)?`, act: true, make: makeUnfreeze},
		{example: `Ana cannot log in`, pattern: `WHO (can|cannot) log in`, act: true, make: makeLogin},
		{example: `Ana is logged in`, pattern: `WHO (?:is logged|stays logged) in`, act: true, make: makeStayIn},
		{example: `Ana is logged out within 1s`, pattern: `WHO is logged out within (\S+)`, act: true, make: makeLoggedOut},
		{example: `Ana's second address becomes ana@home.example`, pattern: `WHOSE second address (?:becomes|is) (\S+@\S+)`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			p, err := b.colleague(m[1])
			return func(w *world) error { return w.edit(p, map[people.Field]string{people.FieldSecond: m[2]}) }, err
		}},
		{example: `Ana's password becomes "a new one of hers"`, pattern: `WHOSE password becomes TEXT`, act: true, make: makePassword},
		{example: `Ana gets a code for her password`, pattern: `WHO gets a code for (?:her|his|their) password`, act: true, make: makeCode},
		{example: `Ana sets her password to "a new one of hers" with the code`, pattern: `WHO (sets|cannot set) (?:her|his|their) password to TEXT with the code`, act: true, make: makeRedeem},
		{example: `ana@home.example is told "is frozen"`, pattern: `(\S+@\S+) is (told|not told) TEXT`, make: makeTold},
	}
}

// A keyring is what the people of a story log in with, where that is not everybody's
// password, and the sessions that they keep open.
type keyring struct {
	own  map[string]string // by address
	app  map[string]string // by address and name
	code map[string]string // by address
	open map[string][]net.Conn
}

func (w *world) keys() *keyring {
	if w.keyring == nil {
		w.keyring = &keyring{own: map[string]string{}, app: map[string]string{}, code: map[string]string{}, open: map[string][]net.Conn{}}
	}
	return w.keyring
}

// passwordOf is what a person logs in with.
func (w *world) passwordOf(p *member) string {
	if s, ok := w.keys().own[p.address]; ok {
		return s
	}
	return password
}

// editor runs an edit of people beside the server, which then hears of it.
func (w *world) editor(fn func(e *people.Editor) error) error {
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	err = fn(people.NewEditor(db, []string{teamDomain}, rand.Reader))
	if err = errors.Join(err, db.Close()); err != nil || w.server == nil {
		return err
	}
	return w.server.reload()
}

func makeAppPassword(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		return w.editor(func(e *people.Editor) error {
			_, made, err := e.CreateAppPassword(context.Background(), p.address, m[3], m[2] == "", time.Now())
			w.keys().app[p.address+" "+m[3]] = made
			return err
		})
	}, err
}

func (w *world) appPassword(p *member, name string) (string, error) {
	s, ok := w.keys().app[p.address+" "+name]
	if !ok {
		return "", fmt.Errorf("%s has no app password for the %s yet", p.name, name)
	}
	return s, nil
}

func makeDeviceSend(b *builder, m []string) (func(*world) error, error) {
	l, err := b.newLetter(m[1], m[3])
	if err != nil {
		return nil, err
	}
	if err := b.fill(l, m[4]); err != nil {
		return nil, err
	}
	b.define(l)
	return func(w *world) error {
		key, err := w.appPassword(l.author, m[2])
		if err != nil {
			return err
		}
		return w.as(l.author, key, func() error { return w.send(l) })
	}, nil
}

// as does something with another password of a person.
func (w *world) as(p *member, key string, do func() error) error {
	keys := w.keys()
	was, had := keys.own[p.address]
	keys.own[p.address] = key
	defer func() {
		if delete(keys.own, p.address); had {
			keys.own[p.address] = was
		}
	}()
	return do()
}

func makeDeviceLogin(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		key, err := w.appPassword(p, m[2])
		if err != nil {
			return err
		}
		return w.as(p, key, func() error {
			if m[4] == "read mail" {
				return w.mayLogIn(p, m[3] == "can", w.tryIMAP)
			}
			return w.mayLogIn(p, m[3] == "can", w.trySMTP)
		})
	}, err
}

// mayLogIn compares whether a login is taken. The words of a refusal are those for any
// wrong password, but for a device that wants to read.
func (w *world) mayLogIn(p *member, want bool, try func(*member) (string, error)) error {
	said, err := try(p)
	if err != nil {
		return err
	}
	switch ok := strings.HasPrefix(said, "235") || isOK(said); {
	case ok && !want:
		return fmt.Errorf("%s can log in", p.name)
	case !ok && want:
		return fmt.Errorf("%s cannot log in: %s", p.name, said)
	case !ok && !strings.HasPrefix(said, "535 5.7.8 Authentication failed") && !strings.HasPrefix(said, "NO [AUTHENTICATIONFAILED] Authentication failed") &&
		!strings.HasPrefix(said, "NO [AUTHORIZATIONFAILED] This app password is a device's"):
		return fmt.Errorf("the refusal tells too much: %s", said)
	}
	return nil
}

func (w *world) trySMTP(p *member) (string, error) {
	c, err := w.smtp(submissionDoor)
	if err != nil {
		return "", err
	}
	defer c.conn.Close()
	_, err = c.command("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+p.address+"\x00"+w.passwordOf(p))))
	return c.said, err
}

func (w *world) tryIMAP(p *member) (string, error) {
	c, err := w.connectIMAP()
	if err != nil {
		return "", err
	}
	defer c.close()
	_, said, err := c.command(fmt.Sprintf(`LOGIN %s "%s"`, p.address, w.passwordOf(p)), nil)
	return said, err
}

func makeLogin(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		if err := w.mayLogIn(p, m[2] == "can", w.trySMTP); err != nil {
			return err
		}
		return w.mayLogIn(p, m[2] == "can", w.tryIMAP)
	}, err
}

func makeRevoke(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		if w.server == nil {
			return errors.New("the server is down")
		}
		return w.server.revoke(p.address, m[2])
	}, err
}

func makeFreeze(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		if w.server == nil {
			return errors.New("the server is down")
		}
		return w.server.freeze(p.address)
	}, err
}

// unfrozen is the password that a story gives somebody after a freeze.
const unfrozen = "another horse another battery"

func makeUnfreeze(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		if w.server == nil {
			return errors.New("the server is down")
		}
		secret := ""
		if m[2] == "with a new" {
			secret = unfrozen
			w.keys().own[p.address] = unfrozen
		}
		return w.server.unfreeze(p.address, secret)
	}, err
}

func makePassword(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		w.keys().own[p.address] = m[2]
		return w.editor(func(e *people.Editor) error {
			_, err := e.SetPassword(context.Background(), p.address, m[2], time.Now())
			return err
		})
	}, err
}

func makeCode(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		return w.editor(func(e *people.Editor) error {
			code, _, err := e.CreateCode(context.Background(), p.address, 24*time.Hour, time.Now())
			w.keys().code[p.address] = code
			return err
		})
	}, err
}

func makeRedeem(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		err := w.editor(func(e *people.Editor) error {
			_, err := e.RedeemCode(context.Background(), w.keys().code[p.address], m[3], time.Now())
			return err
		})
		switch {
		case m[2] == "sets" && err == nil:
			w.keys().own[p.address] = m[3]
		case m[2] != "sets" && err == nil:
			return errors.New("the code is good")
		case m[2] != "sets" && errors.Is(err, people.ErrCode):
			return nil
		}
		return err
	}, err
}

func makeStayIn(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	return func(w *world) error {
		s, err := w.submission(p)
		if err != nil {
			return err
		}
		c, err := w.login(p)
		if err != nil {
			return err
		}
		if _, said, err := c.command("SELECT INBOX", nil); err != nil || !isOK(said) {
			return fmt.Errorf("select INBOX: %s: %w", said, err)
		}
		if err := c.write("i IDLE\r\n"); err != nil {
			return err
		}
		w.settle()
		w.keys().open[p.address] = append(w.keys().open[p.address], s.conn, c.conn)
		return nil
	}, err
}

func makeLoggedOut(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	within, err := time.ParseDuration(m[2])
	return func(w *world) error {
		open := w.keys().open[p.address]
		delete(w.keys().open, p.address)
		if len(open) == 0 {
			return fmt.Errorf("%s was not logged in", p.name)
		}
		end := time.Now().Add(within)
		for _, c := range open {
			if err := c.SetReadDeadline(end); err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, c); err != nil {
				return fmt.Errorf("%s is still logged in: %w", p.name, err)
			}
			c.Close()
		}
		return nil
	}, err
}

// makeTold looks for a letter of Tidepost's own that went to an address outside.
func makeTold(b *builder, m []string) (func(*world) error, error) {
	return func(w *world) error {
		w.settle()
		for _, t := range w.host.Delivered() {
			for _, r := range t.Recipients {
				if strings.Contains(r.Address, m[1]) && bytes.Contains(t.Data, []byte(m[3])) {
					if m[2] != "told" {
						return fmt.Errorf("%s was told", m[1])
					}
					return nil
				}
			}
		}
		if m[2] != "told" {
			return nil
		}
		return fmt.Errorf("%s was not told", m[1])
	}, nil
}
