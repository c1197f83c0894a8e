package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// probeName is the local part of the account that the probe makes and removes again.
// No person can be surprised by it, and the ledger shows whose mail it was.
const probeName = "tidepost-probe"

// probe sends a mail that waits two hours, looks whether it is listed in Scheduled and
// takes it back: through the doors of the running server as a mail client would, or in
// this process if none runs.
func (v *visit) probe(ctx context.Context) {
	const check = "probe"
	ctx, cancel := context.WithTimeout(ctx, 2*checkTime)
	defer cancel()
	how := "over SMTP and IMAP"
	switch {
	case v.status == nil:
		how = "inside this process"
	case v.mailboxesElsewhere():
		how = "over SMTP; nothing is read here"
	}
	err := v.withAccount(ctx, func(address, password string) error {
		letter, mid, err := v.letter(address)
		if err != nil {
			return err
		}
		if v.status == nil {
			return v.probeInside(ctx, address, mid, letter)
		}
		if err := v.submit(ctx, address, password, letter); err != nil {
			return fmt.Errorf("submit: %w", err)
		}
		if v.mailboxesElsewhere() {
			return v.takeBackInside(ctx, address, mid)
		}
		if err := v.takeBack(ctx, address, password, mid); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		return v.cancelled(ctx, mid)
	})
	if err != nil {
		v.fail(check, "Look into the log of the server; the probe mail cannot leave.", "%s: %v", how, err)
		return
	}
	v.ok(check, "a mail was held, listed in Scheduled and cancelled, %s", how)
}

// mailboxesElsewhere: no door for reading is open, because everybody reads at a provider.
func (v *visit) mailboxesElsewhere() bool {
	return v.Config.Listen.IMAP == "" && v.Config.Listen.IMAPS == "" && v.Config.Web.IMAP != ""
}

// withAccount runs fn with an account that exists only meanwhile.
func (v *visit) withAccount(ctx context.Context, fn func(address, password string) error) (err error) {
	address := probeName + "@" + v.Config.Server.Domains[0]
	password, err := people.GeneratePassword(rand.Reader)
	if err != nil {
		return err
	}
	edit := people.NewEditor(v.desk.DB, v.Config.Server.Domains, rand.Reader)
	r := people.Request{Password: password, Fields: map[people.Field]string{
		people.FieldAddress: address, people.FieldName: "Tidepost probe", people.FieldZone: "UTC", people.FieldTides: "none",
	}}
	if err := v.forget(ctx, edit, address); err != nil {
		return err
	}
	if _, err := edit.Add(ctx, r, v.Now()); err != nil {
		return fmt.Errorf("make account: %w", err)
	}
	defer func() {
		// Also when ctx has ended: an account with a password must not stay.
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
		defer cancel()
		err = errors.Join(err, v.forget(stop, edit, address))
	}()
	if err := errors.Join(v.desk.People.Reload(ctx), v.desk.Announce(ctx)); err != nil {
		return err
	}
	return fn(address, password)
}

// forget removes the account, and takes back what a probe that was interrupted left
// waiting.
func (v *visit) forget(ctx context.Context, edit *people.Editor, address string) error {
	if err := v.desk.People.Reload(ctx); err != nil {
		return err
	}
	a, err := mail.ParsePath(address, false)
	if err != nil {
		return err
	}
	p, _, ok := v.desk.People.ByAddress(a)
	if !ok {
		return nil
	}
	err = v.desk.Update(ctx, func(tx *store.Tx) error {
		waiting, err := tx.Unsettled(p.ID, 100)
		for _, s := range waiting {
			if _, _, err := v.desk.Queue.Cancel(tx, p, s.ID, v.Now()); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := edit.Remove(ctx, address, v.Now()); err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	return errors.Join(v.desk.People.Reload(ctx), v.desk.Announce(ctx))
}

// letter is a mail of the probe to itself that asks to wait.
func (v *visit) letter(address string) (octets []byte, mid string, err error) {
	if mid, err = mail.NewMessageID(rand.Reader, v.Config.Server.Domains[0]); err != nil {
		return nil, "", err
	}
	return fmt.Appendf(nil, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: [send in 2h] Tidepost probe\r\n\r\n"+
		"This mail was made by tidepost doctor. It is taken back before it leaves.\r\n",
		v.Now().UTC().Format(time.RFC1123Z), address, address, mid), mid, nil
}

// submit sends the letter as a mail client would.
func (v *visit) submit(ctx context.Context, address, password string, letter []byte) error {
	addr, implicit, err := v.entrance("submission", "submissions")
	if err != nil {
		return err
	}
	conn, err := v.connect(ctx, addr, implicit)
	if err != nil {
		return err
	}
	host := v.Config.Server.Hostname
	if !v.secure() {
		host = "localhost" // Where the client lets a password go in clear.
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return err
	}
	defer c.Close()
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	if !implicit && v.secure() {
		if err := c.StartTLS(v.clientTLS()); err != nil {
			return err
		}
	}
	if err := c.Auth(smtp.PlainAuth("", address, password, host)); err != nil {
		return err
	}
	if err := errors.Join(c.Mail(address), c.Rcpt(address)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// takeBack finds the mail in Scheduled and moves it to Trash.
func (v *visit) takeBack(ctx context.Context, address, password, mid string) error {
	addr, implicit, err := v.entrance("imap", "imaps")
	if err != nil {
		return err
	}
	conn, err := v.connect(ctx, addr, implicit)
	if err != nil {
		return err
	}
	var c *imapclient.Client
	if !implicit && v.secure() {
		c, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: v.clientTLS()})
		if err != nil {
			conn.Close()
			return err
		}
	} else {
		c = imapclient.New(conn, nil)
	}
	defer c.Close()
	if err := c.Login(address, password).Wait(); err != nil {
		return err
	}
	if _, err := c.Select("Scheduled", nil).Wait(); err != nil {
		return err
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: mid}}}, nil).Wait()
	if err != nil {
		return err
	}
	if n := len(found.AllUIDs()); n != 1 {
		return fmt.Errorf("the mail is listed %d times in Scheduled, expected once", n)
	}
	if _, err := c.Move(imap.UIDSetNum(found.AllUIDs()...), "Trash").Wait(); err != nil {
		return err
	}
	return c.Logout().Wait()
}

// cancelled proves from the database that the mail was taken back.
func (v *visit) cancelled(ctx context.Context, mid string) error {
	return v.desk.DB.View(ctx, func(tx *store.Tx) error {
		subs, err := tx.SubmissionsByMID(mid)
		if err != nil {
			return err
		}
		for _, s := range subs {
			rcpts, err := tx.Recipients(s.ID)
			if err != nil {
				return err
			}
			for _, r := range rcpts {
				if r.State != store.Cancelled {
					return fmt.Errorf("q%d is %s, expected cancelled", s.ID, r.State)
				}
			}
		}
		if len(subs) != 1 {
			return fmt.Errorf("the database has the mail %d times, expected once", len(subs))
		}
		return nil
	})
}

// probeInside is the probe without a server: the same queue, no doors.
func (v *visit) probeInside(ctx context.Context, address, mid string, letter []byte) error {
	a, err := mail.ParsePath(address, false)
	if err != nil {
		return err
	}
	if err := v.probeSubmit(ctx, a, letter); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	return v.takeBackInside(ctx, address, mid)
}

// takeBackInside is takeBack without a door.
func (v *visit) takeBackInside(ctx context.Context, address, mid string) error {
	a, err := mail.ParsePath(address, false)
	if err != nil {
		return err
	}
	p, _, ok := v.desk.People.ByAddress(a)
	if !ok {
		return fmt.Errorf("person %s: %w", address, store.ErrNotFound)
	}
	err = v.desk.Update(ctx, func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(p.ID, store.KindScheduled)
		if err != nil {
			return err
		}
		trash, err := tx.MailboxByKind(p.ID, store.KindTrash)
		if err != nil {
			return err
		}
		entries, err := tx.EntriesByMID(box.ID, mid)
		if err != nil {
			return err
		}
		if len(entries) != 1 {
			return fmt.Errorf("the mail is listed %d times in Scheduled, expected once", len(entries))
		}
		_, err = v.desk.Queue.MoveOut(tx, p, entries[0], trash, v.Now())
		return err
	})
	if err != nil {
		return err
	}
	return v.cancelled(ctx, mid)
}

// probeSubmit gives the letter to the queue of this process.
func (v *visit) probeSubmit(ctx context.Context, a mail.Address, letter []byte) error {
	p, _, ok := v.desk.People.ByAddress(a)
	if !ok {
		return fmt.Errorf("person %s: %w", a, store.ErrNotFound)
	}
	end := bytes.Index(letter, []byte("\r\n\r\n")) + 4
	_, err := v.desk.Queue.Submit(ctx, queue.Submission{
		Author: p, Envelope: mail.Envelope{From: a, Recipients: []mail.Recipient{{Address: a}}},
		Staged: store.StageBytes(letter[:end], letter[end:]), Now: v.Now(),
	})
	return err
}

// entrance picks the door for the probe: the first of the two that is open. The
// second has TLS from the first octet.
func (v *visit) entrance(plain, implicit string) (addr string, tls bool, err error) {
	if a, ok := v.status.Listen[plain]; ok {
		return a, false, nil
	}
	if a, ok := v.status.Listen[implicit]; ok {
		return a, true, nil
	}
	return "", false, fmt.Errorf("neither listen.%s nor listen.%s is open", plain, implicit)
}

func (v *visit) secure() bool { return v.Config.TLS.Cert != "" || v.Config.TLS.ACME }

// clientTLS trusts this machine's own server: it was reached on an address of its
// own, and its certificate is a check of its own.
func (v *visit) clientTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: v.Config.Server.Hostname, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
}

// connect dials a door; the connection ends with ctx.
func (v *visit) connect(ctx context.Context, addr string, implicit bool) (net.Conn, error) {
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if !implicit {
		return conn, nil
	}
	t := tls.Client(conn, v.clientTLS())
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}
