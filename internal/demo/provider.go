package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"tidepost/accounts"
	"tidepost/internal/gateway"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/secrets"
)

// A Provider is an IMAP server at which the two have their mailboxes: accounts that were
// made for trying. What the demo puts into them stays there, in the ordinary folders.
type Provider struct {
	IMAP     string            // host, or host:port; port 993 without one
	Security accounts.Security // "": as the port says
	CAFile   string            // authorities to trust, PEM; "": those of the system
	Sieve    string            // its ManageSieve server, as accounts.Settings has it
	Ana, Mei Login
	// Inbound is where another server hands mail for the two over: "host:port" speaks SMTP,
	// "lmtp:host:port" LMTP, both in clear text. "": such mail is put into INBOX by IMAP, and
	// no script at the provider sees it.
	Inbound string
}

// A Login is an account.
type Login struct{ User, Password string }

// handTime bounds the handing over of one mail to the provider.
const handTime = 30 * time.Second

// settings are those of one account, as `tidepost account set` has them.
func (p *Provider) settings(l Login) (accounts.Settings, error) {
	return accounts.Settings{Side: accounts.IMAP, Addr: p.IMAP, Security: p.Security, Sieve: p.Sieve, User: l.User, Password: l.Password}.WithDefaults()
}

// login is the account of a resident.
func (p *Provider) login(who *resident, w *world) Login {
	if who == &w.ana {
		return p.Ana
	}
	return p.Mei
}

// postbox is where a mail client finds an account.
func (p *Provider) postbox(l Login) (postbox, error) {
	s, err := p.settings(l)
	if err != nil {
		return postbox{}, err
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return postbox{}, fmt.Errorf("read address of the provider: %w", err)
	}
	trust := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if p.CAFile != "" {
		pem, err := os.ReadFile(p.CAFile)
		if err != nil {
			return postbox{}, fmt.Errorf("read certificate: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return postbox{}, fmt.Errorf("read certificate: there is none in %s", p.CAFile)
		}
	}
	return postbox{addr: s.Addr, security: s.Security, trust: trust, user: l.User, password: l.Password}, nil
}

// lookThere tries the two accounts at a provider, and notes what is in them already. An
// account with folders of Tidepost's is somebody's: the demo would act on what lies there.
func (w *world) lookThere() error {
	if w.elsewhere == nil {
		return nil
	}
	p := w.elsewhere
	if p.Ana.User == p.Mei.User {
		return errors.New("the demo needs two accounts at the provider, one each for Ana and Mei")
	}
	w.shelves = map[string]shelf{}
	for _, l := range []Login{p.Ana, p.Mei} {
		box, err := p.postbox(l)
		if err != nil {
			return err
		}
		r, err := dial(box)
		if err != nil {
			return err
		}
		at, err := shelve(r.client)
		r.close()
		if err != nil {
			return fmt.Errorf("account %s: %w", l.User, err)
		}
		if has := at.ours(); len(has) > 0 {
			return fmt.Errorf("account %s has a folder %s: another Tidepost tends it, or did; the demo wants accounts made for trying", l.User, has[0])
		}
		w.shelves[l.User] = at
	}
	return nil
}

// register tells Tidepost of a resident's account.
func (w *world) register(ctx context.Context, id int64, who *resident, now time.Time) error {
	s, err := w.elsewhere.settings(w.elsewhere.login(who, w))
	if err != nil {
		return err
	}
	keep := accounts.New(accounts.Options{DB: w.db, Box: secrets.Open(w.data, rand.Reader)})
	_, err = keep.Set(ctx, id, s, now)
	return err
}

// client opens a mail client of a resident: at the provider, or at Tidepost by STARTTLS or
// inside TLS.
func (w *world) client(who *resident, implicit bool) (*reader, error) {
	if w.elsewhere == nil {
		p := postbox{addr: loopback(w.doors.IMAP), security: accounts.StartTLS, trust: w.trust, user: who.address, password: who.password}
		if implicit {
			p.addr, p.security = loopback(w.doors.IMAPS), accounts.TLS
		}
		return dial(p)
	}
	l := w.elsewhere.login(who, w)
	p, err := w.elsewhere.postbox(l)
	if err != nil {
		return nil, err
	}
	r, err := dial(p)
	if err != nil {
		return nil, err
	}
	r.at = w.shelves[l.User]
	return r, nil
}

// tended reports whether Tidepost has made itself at home in both accounts, and knows
// whether the provider files new mail for it.
func (w *world) tended(ctx context.Context) (bool, error) {
	list, err := w.team.List(ctx, false)
	if err != nil {
		return false, err
	}
	w.filed = w.elsewhere.Inbound != ""
	for _, e := range list {
		open, asked := w.gateway.Mailboxes().Filed(e.ID)
		if !asked {
			return false, nil
		}
		w.filed = w.filed && open
	}
	return true, nil
}

// arrives hands over a mail from outside: to Tidepost, or to the provider.
func (w *world) arrives(from string, d draft, who *resident) error {
	if w.elsewhere == nil {
		return w.inbound().send(from, d.bytes(), who.address)
	}
	l := w.elsewhere.login(who, w)
	if w.elsewhere.Inbound != "" {
		return hand(w.elsewhere.Inbound, from, l.User, d.bytes())
	}
	r, err := w.client(who, true)
	if err != nil {
		return err
	}
	defer r.close()
	return r.save("INBOX", append([]byte("Return-Path: <"+from+">\r\n"), d.bytes()...)) // RFC 5321 §4.4
}

// hand gives a mail to a server of the provider's.
func hand(addr, from, to string, raw []byte) error {
	addr, lmtp := strings.CutPrefix(addr, "lmtp:")
	conn, err := net.DialTimeout("tcp", addr, handTime)
	if err != nil {
		return fmt.Errorf("connect to the provider: %w", err)
	}
	if err := conn.SetDeadline(time.Now().Add(handTime)); err != nil {
		return fmt.Errorf("connect to the provider: %w", err)
	}
	c := smtp.NewClient(conn)
	if lmtp {
		c = smtp.NewClientLMTP(conn)
	}
	defer c.Close()
	if err := c.SendMail(from, []string{to}, bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("hand a mail for %s to the provider: %w", to, err)
	}
	return c.Quit()
}

// giveBack leaves the accounts as they were, but for the mail in their ordinary folders. It
// works beside the running gateway and without one, and does nothing the second time.
func (w *world) giveBack(ctx context.Context) error {
	if w.elsewhere == nil || w.back || w.cfg == nil {
		return nil
	}
	w.back = true
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	dir := people.NewDirectory(w.db, []string{domain})
	if err := dir.Reload(ctx); err != nil {
		return err
	}
	var errs []error
	for _, p := range dir.All() {
		if _, err := gateway.GiveBack(ctx, w.cfg, slog.New(slog.NewTextHandler(w.log, nil)), p, mirror.KeepWaiting); err != nil {
			errs = append(errs, fmt.Errorf("give the account of %s back: %w", p.Address, err))
		}
	}
	return errors.Join(errs...)
}
