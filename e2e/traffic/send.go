package traffic

import (
	"crypto/tls"
	"errors"
	"io"
	"net/smtp"
	"net/textproto"
	"time"

	"tidepost/e2e/reconcile"
)

// Send writes down, sends, and writes down.
func (x *Traffic) Send(c *smtp.Client, s reconcile.Sent, text, door string) error {
	if err := x.journal.Sent(s); err != nil {
		x.tb.Fatal(err)
	}
	begin := time.Now()
	data, err := x.transact(c, s, text, door)
	var refused *textproto.Error
	if errors.As(err, &refused) && refused.Code == 452 {
		x.Full.Add(1)
		if data {
			x.Late.Add(1)
		}
	}
	if err != nil {
		return err
	}
	x.Slowest.Store(max(x.Slowest.Load(), int64(time.Since(begin))))
	if err := x.journal.Acked(s.ID, time.Now()); err != nil {
		x.tb.Fatal(err)
	}
	x.Acked.Add(1)
	if len(s.To) == 1 && s.To[0].Way == reconcile.Held {
		x.Held <- s.ID
	}
	return nil
}

// Connect opens a session, with Ana's login where one is asked for.
func (x *Traffic) Connect(door string) (*smtp.Client, error) {
	conf := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // loopback
	if door == "submissions" {
		conn, err := tls.Dial("tcp", x.o.Addr(door), conf)
		if err != nil {
			return nil, err
		}
		if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			return nil, err
		}
		c, err := smtp.NewClient(conn, "127.0.0.1")
		if err != nil {
			conn.Close()
			return nil, err
		}
		return c, c.Auth(smtp.PlainAuth("", Ana, x.o.Password, "127.0.0.1"))
	}
	c, err := smtp.Dial(x.o.Addr(door))
	if err != nil {
		return nil, err
	}
	if door == "inbound" {
		return c, c.Hello("load.example")
	}
	_, err = Command(c, 250, "LHLO load.example")
	return c, err
}

// Command sends a line and wants a code.
func Command(c *smtp.Client, code int, format string, args ...any) (string, error) {
	id, err := c.Text.Cmd(format, args...)
	if err != nil {
		return "", err
	}
	c.Text.StartResponse(id)
	defer c.Text.EndResponse(id)
	_, msg, err := c.Text.ReadResponse(code)
	return msg, err
}

// transact sends one message; nil means that it was acknowledged. It reports whether
// the body had been asked for.
func (x *Traffic) transact(c *smtp.Client, s reconcile.Sent, text, door string) (data bool, err error) {
	from := Ana
	if s.To[0].Way == reconcile.Inbound {
		from = Away
	}
	if _, err := Command(c, 250, "MAIL FROM:<%s>", from); err != nil {
		return false, err
	}
	for _, g := range s.To {
		if _, err := Command(c, 250, "RCPT TO:<%s>", g.Address); err != nil {
			return false, err
		}
	}
	if _, err := Command(c, 354, "DATA"); err != nil {
		return false, err
	}
	w := c.Text.DotWriter()
	if _, err := io.WriteString(w, text); err != nil {
		return true, err
	}
	if err := w.Close(); err != nil {
		return true, err
	}
	replies := 1
	if door == "lmtp" {
		replies = len(s.To)
	}
	for range replies {
		if _, _, err := c.Text.ReadResponse(250); err != nil {
			return true, err
		}
	}
	return true, nil
}
