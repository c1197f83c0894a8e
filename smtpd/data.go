package smtpd

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/queue"
	"tidepost/store"
)

// submit takes a message from a login: read to its end, look at who it says it is
// from, and hand it to the queue. nil means that it is on the disk.
func (s *session) submit(r io.Reader, whole *time.Time) error {
	staged, err := s.stage(r)
	*whole = now()
	if err != nil {
		return err
	}
	defer s.discard(staged)
	if err := s.checkFrom(mail.ParseHeader(staged.Head)); err != nil {
		return err
	}
	if !s.server.doors.Directory.Good(s.with) { // It ended while the message came.
		return &mail.Reply{Code: 535, Enhanced: [3]int{5, 7, 8}, Text: "This login has ended"}
	}
	id, err := s.server.doors.Queue.Submit(s.server.ctx, queue.Submission{
		Author:     s.person,
		Credential: s.with.Credential,
		Device:     s.with.Device,
		Envelope:   s.env,
		Staged:     staged,
		Priority:   s.priority(),
		Peer:       s.queuePeer(),
		Now:        *whole,
	})
	if err != nil {
		return err
	}
	s.log().Info("submitted", "qid", id, "rcpts", len(s.env.Recipients), "size", staged.Size())
	return nil
}

// receive takes a message from another server for our people.
func (s *session) receive(r io.Reader, whole *time.Time) error {
	staged, err := s.stage(r)
	*whole = now()
	if err != nil {
		return err
	}
	return s.file(s.env, staged, *whole)
}

// stage reads the message. What the guard finds wrong in it comes as an error of r.
func (s *session) stage(r io.Reader) (*store.Staged, error) {
	staged, err := s.server.doors.DB.Stage(s.server.ctx, r, now())
	if err != nil {
		return nil, err
	}
	if d := s.conn.DataDefect(); d != nil {
		// Only LMTP comes here: the octets were put right, and the log says so.
		s.log().Info("line ends put right", "was", d.Text)
	}
	return staged, nil
}

// discard removes what no transaction has taken.
func (s *session) discard(staged *store.Staged) {
	if err := s.server.doors.DB.Discard(staged); err != nil {
		s.log().Error("discard message", "err", err)
	}
}

// checkFrom demands exactly one From with exactly one address, which belongs to the
// login (RFC 6409 §6.1). Readers of mail disagree about anything else, and somebody
// would see a borrowed name.
func (s *session) checkFrom(h mail.Header) error {
	refuse := func(format string, args ...any) error {
		return &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: fmt.Sprintf(format, args...)}
	}
	if n := h.Count("From"); n != 1 {
		return refuse("The message must have exactly one From field, it has %d", n)
	}
	// RFC 6532 §3.2: octets over 127 are UTF-8, and only with SMTPUTF8. Each reader
	// makes something else of others.
	if raw := h.Get("From"); !utf8.ValidString(raw) || !s.env.UTF8 && strings.IndexFunc(raw, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return refuse("The From field has raw 8-bit characters; they must be encoded")
	}
	from := h.Addresses("From")
	if len(from) != 1 {
		return refuse("The From field must name exactly one address")
	}
	if hidesAddress(h.Get("From"), from[0]) {
		return refuse("The From field must not hold another address in a comment or an encoded word")
	}
	a, err := mail.ParsePath(from[0].Address.String(), true)
	if err != nil || !s.owns(a) {
		return refuse("The From address is not one of yours")
	}
	return nil
}

// peer is what Received fields and the ledger say of the other end.
func (s *session) peer() inbox.Peer {
	p := inbox.Peer{Helo: s.helo(), IP: s.ip, Protocol: s.protocol(), LMTP: s.server.opts.Guard.Role == guard.LMTP}
	if state, ok := s.conn.ConnectionState(); ok {
		p.TLS = &state
	}
	return p
}

// queuePeer is the same in the words of the queue.
func (s *session) queuePeer() queue.Peer {
	p := queue.Peer{Helo: s.helo(), IP: s.ip.String(), Protocol: s.protocol()}
	if state, ok := s.conn.ConnectionState(); ok {
		p.TLS = tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
	}
	return p
}

// priority is MT-PRIORITY, 0 if it was not given.
func (s *session) priority() int {
	if p := s.conn.MailParams().Priority; p != nil {
		return *p
	}
	return 0
}

// protocol is the "with" of a Received field (RFC 3848, RFC 6531 §4.3).
func (s *session) protocol() string {
	lmtp := s.server.opts.Guard.Role == guard.LMTP
	var base string
	switch {
	case lmtp && s.env.UTF8:
		base = "UTF8LMTP"
	case lmtp:
		base = "LMTP"
	case s.env.UTF8:
		base = "UTF8SMTP"
	default:
		base = "ESMTP"
	}
	if s.conn.Secure() {
		base += "S"
	}
	if s.person != nil {
		base += "A"
	}
	return base
}
