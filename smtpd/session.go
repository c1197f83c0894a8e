package smtpd

import (
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/metrics"
	"tidepost/people"
)

// A session is the dialogue of one connection, in the order a message meets it: Auth
// (auth.go), Mail, Rcpt, Data (data.go). go-smtp calls it from one goroutine.
type session struct {
	server *Server
	conn   *guard.SMTP
	helo   func() string
	ip     netip.Addr
	closed func()         // counts the end
	person *people.Person // whose login; nil before, and on inbound

	with  people.Login // what person logged in with
	leave func()       // ends its entry in Sessions; nil before the login

	env   mail.Envelope
	begun bool     // MAIL was accepted
	size  int64    // as MAIL announced it (RFC 1870), 0: not
	paths []string // forward-paths as they were given
}

func (s *session) log() *slog.Logger {
	l := s.server.opts.Log.With("ip", s.ip.String())
	if s.person != nil {
		l = l.With("login", s.person.Address.String())
	}
	return l
}

// Mail implements smtp.Session: who sends.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if s.server.opts.Guard.Role == guard.Submission && s.person == nil {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	if s.server.opts.Guard.Role == guard.Connector && !s.fromProvider() {
		s.log().Warn("refuse a stranger at the connector")
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "This door is for the mail provider of this team only"}
	}
	if s.begun {
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "MAIL was given already"}
	}
	if s.server.opts.Room != nil && !s.server.opts.Room() {
		return insufficientStorage()
	}
	if err := s.server.doors.Directory.MaybeReload(s.server.ctx, now()); err != nil {
		s.log().Warn("reload people", "err", err)
	}
	env := mail.Envelope{EnvID: opts.EnvelopeID, Ret: string(opts.Return), UTF8: opts.UTF8, HoldUntil: s.conn.MailParams().HoldUntil}
	if from != "" {
		a, err := mail.ParsePath(from, opts.UTF8)
		if err != nil {
			return s.reply("refuse reverse-path", err)
		}
		env.From = a
	}
	if s.person != nil {
		// A login may have gone since (people remove), so it is looked up anew.
		p, ok := s.server.doors.Directory.ByID(s.person.ID)
		if !ok || !s.server.doors.Directory.Good(s.with) {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "This account is closed"}
		}
		s.person = p
		if !env.From.IsNull() && !s.owns(env.From) {
			return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "The sender address belongs to somebody else"}
		}
	}
	s.env, s.begun, s.size = env, true, opts.Size
	return nil
}

// owns reports whether an address is one of the login's, or of a role of theirs,
// plus-addresses included.
func (s *session) owns(a mail.Address) bool {
	p, _, ok := s.server.doors.Directory.ByAddress(a)
	if ok {
		return p.ID == s.person.ID
	}
	return s.server.doors.Directory.MaySendAs(s.person, a)
}

// Rcpt implements smtp.Session: who receives.
func (s *session) Rcpt(to string, opts *smtp.RcptOptions) error {
	a, err := mail.ParsePath(to, s.env.UTF8)
	if err != nil {
		return s.reply("refuse forward-path", err)
	}
	if s.server.opts.Guard.Role != guard.Connector { // The provider has judged; it would bounce what is refused here.
		if a, err = s.place(a); err != nil {
			return s.reply("refuse recipient", err)
		}
	}
	if s.server.opts.Guard.Role == guard.Inbound {
		if err := s.fits(a, max(1, s.size)); err != nil { // On LMTP each recipient is answered behind the message.
			return s.reply("refuse recipient", err)
		}
	}
	notify := make([]string, len(opts.Notify))
	for i, n := range opts.Notify {
		notify[i] = string(n)
	}
	r := mail.Recipient{Address: a, Notify: strings.Join(notify, ",")}
	if opts.OriginalRecipient != "" {
		r.ORcpt = string(opts.OriginalRecipientType) + ";" + opts.OriginalRecipient
	}
	s.env.Recipients = append(s.env.Recipients, r)
	s.paths = append(s.paths, to)
	return nil
}

// place says whether mail to a is taken here. The domain alone decides: a local part
// with % or ! is never looked into (RFC 5321 §3.6.1, appendix C).
func (s *session) place(a mail.Address) (mail.Address, error) {
	dir := s.server.doors.Directory
	if strings.EqualFold(a.Domain, s.server.opts.Guard.Hostname) && strings.EqualFold(a.Local, "postmaster") {
		a.Domain = dir.Domains()[0] // <postmaster>, for which the guard put our name in.
	}
	if a.Domain != "" && !dir.IsLocalDomain(a.Domain) {
		if s.person == nil {
			return a, &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Relaying denied"}
		}
		return a, nil
	}
	if _, _, ok := dir.ByAddress(a); ok {
		return a, nil
	}
	if g, tag, ok := dir.GroupByAddress(a); ok {
		return a, s.mayWrite(g, tag)
	}
	if s.person != nil && (strings.EqualFold(a.Local, "tidepost") || strings.EqualFold(a.Local, "blocked") || strings.EqualFold(a.Local, "why")) {
		return a, nil // Words to Tidepost itself.
	}
	if base, _ := a.Tag(); strings.EqualFold(base.Local, "postmaster") && !s.server.opts.Postmaster.IsNull() {
		return s.server.opts.Postmaster, nil
	}
	return a, &mail.Reply{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "No such person here"}
}

// mayWrite says whether mail of this session to a group or a role is taken. Reports about
// mail that was passed on in its name always are.
func (s *session) mayWrite(g *people.Group, tag string) error {
	switch {
	case s.person == nil && s.env.From.IsNull() && strings.EqualFold(tag, inbox.TagReports):
		return nil
	case !g.MayWrite(s.person):
		return &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: g.Refusal()}
	case g.Empty():
		return &mail.Reply{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "Nobody is behind this address at the moment"}
	}
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	s.env, s.begun, s.paths = mail.Envelope{}, false, nil
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	if s.leave != nil {
		s.leave()
	}
	s.closed()
	s.server.sessions.Done()
	return nil
}

// Data implements smtp.Session. On LMTP the outcome is that of every recipient: they
// share one transaction (RFC 2033 §4.2). The message comes from the guard, not from
// go-smtp.
func (s *session) Data(io.Reader) error {
	take, what := s.receive, "receive"
	switch {
	case s.person != nil:
		take, what = s.submit, "submit"
	case s.server.opts.Guard.Role == guard.Connector:
		take, what = s.handOver, "hand over"
	}
	var whole time.Time // when the last octet was here
	err := s.reply(what, take(s.conn.Body(), &whole))
	s.count(err, whole)
	return err
}

// count takes what the message was answered into the figures.
func (s *session) count(err error, whole time.Time) {
	result := metrics.Accepted
	var reply *smtp.SMTPError
	switch {
	case errors.As(err, &reply) && reply.Code >= 500:
		result = metrics.Refused
	case err != nil:
		result = metrics.Trouble
	}
	s.server.opts.Metrics.Message(s.server.opts.Door, result, now().Sub(whole))
}
