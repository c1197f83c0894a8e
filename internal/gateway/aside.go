package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/dsn"
	"tidepost/guard"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/relay"
	"tidepost/secrets"
	"tidepost/smtpd"
	"tidepost/store"
)

// asideTime is what the next servers get for one message. Clients wait for ten minutes
// (RFC 5321 §4.5.3.2.6).
const asideTime = 4 * time.Minute

// rollName is the file, in the data directory, by which people can log in while the
// database cannot be used.
const rollName = "people.roll"

// RollFile is where the roll of a configuration is.
func RollFile(cfg *config.Config) string {
	if cfg.Server.Roll != "" {
		return cfg.Server.Roll
	}
	return filepath.Join(cfg.Server.Data, rollName)
}

// An Aside is Tidepost standing aside: people send through it as through any mail
// server, and every message has been taken by the next server before they are told 250.
// Nothing is held, coached or clocked. It needs the configuration and the roll, and
// never opens the database, whose queue stays as it is. Incoming mail waits at the
// servers that send it, since nobody listens.
type Aside struct {
	cfg     *config.Config
	log     *slog.Logger
	scratch string    // directory of db
	db      *store.DB // for messages on their way and the people of the roll; forgotten at the end
	dir     *people.Directory
	logins  *people.Authenticator
	relay   *routes
	signer  queue.Signer
	tls     *tls.Config

	sessions  *people.Sessions
	reloadTLS func() error // nil: certificates renew themselves
	rollMu    sync.Mutex   // one reading of the roll at a time; guards seen
	seen      rollMark     // the roll that was read last

	mu    sync.Mutex
	doors map[string]net.Addr
	ready chan struct{}
}

// OpenAside reads the roll and builds everything. Nothing listens yet.
func OpenAside(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Aside, error) {
	conf, reloadTLS, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	signer, err := dkimSigner(cfg)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "tidepost-aside-")
	if err != nil {
		return nil, fmt.Errorf("stand aside: %w", err)
	}
	a := &Aside{cfg: cfg, log: log, scratch: scratch, relay: noRoutes(), signer: signer, tls: conf, reloadTLS: reloadTLS,
		doors: map[string]net.Addr{}, ready: make(chan struct{})}
	if err := a.call(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.logins = people.NewAuthenticator(a.dir, people.AuthOptions{
		Tries: cfg.Limits.LoginTries, Lockout: cfg.Limits.LoginLockout, Inside: cfg.Limits.InsideNetworks,
	})
	return a, nil
}

// call reads who belongs to the team.
func (a *Aside) call(ctx context.Context) (err error) {
	if a.db, err = store.Open(a.scratch); err != nil {
		return err
	}
	// Tokens are kept in scratch: what the provider exchanges meanwhile is lost with it.
	keeper := accounts.New(accounts.Options{DB: a.db, Box: secrets.Open(a.scratch, rand.Reader)})
	if a.relay, err = newRoutes(a.cfg, Site{}, keeper); err != nil {
		return err
	}
	a.dir = people.NewDirectory(a.db, a.cfg.Server.Domains)
	a.sessions = people.NewSessions(a.dir)
	written, count, err := a.readRoll(ctx, time.Now())
	if err != nil {
		return err
	}
	a.log.Warn("standing aside: nothing is held, every message is handed on at once", "people", count, "roll_written", written)
	return nil
}

func (a *Aside) close() error {
	errs := []error{a.relay.Close()}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(a.scratch))...)
}

// Run listens on the doors of submission and serves until ctx ends. Of every other
// door nobody answers, so that other servers keep what they have for us.
func (a *Aside) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.close()) }()
	group, ctx := errgroup.WithContext(ctx)
	var servers []*smtpd.Server
	for _, d := range []struct {
		name, addr string
		implicit   bool
	}{{"submission", a.cfg.Listen.Submission, false}, {"submissions", a.cfg.Listen.Submissions, true}} {
		if d.addr == "" {
			continue
		}
		l, err := listen(d.addr)
		if err != nil {
			return errors.Join(fmt.Errorf("listen.%s: %w (a server that runs must be stopped first)", d.name, err), stopAll(servers))
		}
		server := smtpd.New(smtpd.Doors{DB: a.db, Directory: a.dir, Logins: a.logins, Sessions: a.sessions, Queue: a}, a.options(d.addr, d.implicit))
		servers = append(servers, server)
		a.mu.Lock()
		a.doors[d.name] = l.Addr()
		a.mu.Unlock()
		a.log.Info("listening", "door", d.name, "addr", l.Addr().String())
		group.Go(func() error { return server.Serve(guard.Listen(l, a.limits())) })
	}
	close(a.ready)
	notify("READY=1")
	group.Go(func() error { a.follow(ctx); return nil })
	group.Go(func() error {
		<-ctx.Done()
		notify("STOPPING=1")
		return stopAll(servers)
	})
	return group.Wait()
}

func stopAll(servers []*smtpd.Server) error {
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Shutdown(stop))
	}
	return errors.Join(errs...)
}

func (a *Aside) options(addr string, implicit bool) smtpd.Options {
	lim := a.cfg.Limits
	return smtpd.Options{
		Guard: guard.SMTPOptions{
			Hostname: a.cfg.Server.Hostname, Role: guard.Submission, TLS: a.tls, Implicit: implicit,
			AllowClearAuth: a.cfg.Listen.ClearTextAllowed(addr), Logins: guard.NewLogins(),
			MaxSize: lim.MessageSize, MaxRecipients: lim.Recipients,
			GreetingTimeout: lim.IdleLogin, CommandTimeout: lim.IdleSMTP, DataTimeout: lim.IdleData,
		},
		Log: a.log.With("part", "smtp", "door", doorName(guard.Submission)),
	}
}

func (a *Aside) limits() guard.Limits {
	l := a.cfg.Limits
	return guard.Limits{Shared: guard.NewPlaces(placesFor(l.Connections, a.cfg.Relay.Connections, descriptors())),
		PerAddress: l.PerAddress, PerPerson: l.PerPerson, Rate: l.ConnectionRate, Inside: l.InsideNetworks}
}

// Ready is closed when everything listens.
func (a *Aside) Ready() <-chan struct{} { return a.ready }

// Addr returns where a door listens: "submission" or "submissions".
func (a *Aside) Addr(door string) net.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.doors[door]
}

// Submit implements smtpd.Submitter: it returns nil when the next server has taken the
// message for every recipient, or for some and the report about the others.
func (a *Aside) Submit(ctx context.Context, s queue.Submission) (int64, error) {
	defer func() {
		if err := a.db.Discard(s.Staged); err != nil {
			a.log.Error("discard staged body", "err", err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, asideTime)
	defer cancel()
	job, err := a.job(ctx, s)
	if err != nil {
		return 0, err
	}
	results := a.relay.Send(ctx, job)
	var failed []relay.Result
	for _, r := range results {
		a.log.Info("handed on", "to", r.Recipient.String(), "delivered", r.Delivered, "reply", r.Reply.Text, "remote", r.Remote)
		if !r.Delivered {
			failed = append(failed, r)
		}
	}
	switch {
	case len(failed) == 0:
		return 0, nil
	case len(failed) == len(results):
		return 0, refusal(failed)
	}
	if err := a.report(ctx, s, failed); err != nil {
		a.log.Error("report to author", "err", err)
		return 0, &mail.Reply{Code: 554, Enhanced: [3]int{5, 0, 0},
			Text: fmt.Sprintf("Sent, but not to %s: %s. Do not send it again to the others", failed[0].Recipient, failed[0].Reply.Text)}
	}
	return 0, nil
}

// refusal is the answer when nobody got the message: for now, if one of them may get it
// later.
func refusal(failed []relay.Result) *mail.Reply {
	worst := failed[0].Reply
	for _, r := range failed {
		if r.Reply.Temporary() {
			worst = r.Reply
			break
		}
	}
	return &mail.Reply{Code: worst.Code, Enhanced: worst.Enhanced, Text: fmt.Sprintf("%s: %s", failed[0].Recipient, worst.Text)}
}

// job makes the message as it leaves: without Bcc and tag, with our trace and signature.
func (a *Aside) job(ctx context.Context, s queue.Submission) (relay.Job, error) {
	for _, r := range s.Envelope.Recipients {
		if base, _ := r.Address.Tag(); strings.EqualFold(base.Local, "tidepost") && a.dir.IsLocalDomain(base.Domain) {
			return relay.Job{}, &mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 2}, Text: "Tidepost stands aside and cannot listen; say it again when it is back"}
		}
	}
	var err error
	if s.Envelope.Recipients, err = a.behind(s); err != nil {
		return relay.Job{}, err
	}
	facts := mail.FactsOf(mail.ParseHeader(s.Staged.Head), s.Staged.Content, s.Envelope.From)
	head, err := a.head(s, facts)
	if err != nil {
		return relay.Job{}, err
	}
	open := func() (io.ReadCloser, error) {
		body := a.db.OpenStaged(ctx, s.Staged)
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), body), body}, nil
	}
	field, eight, err := a.look(open, facts)
	if err != nil {
		return relay.Job{}, err
	}
	head = mail.Prepend(head, field)
	return relay.Job{
		From: s.Envelope.From, Recipients: s.Envelope.Recipients, EnvID: s.Envelope.EnvID, Ret: s.Envelope.Ret,
		UTF8: s.Envelope.UTF8, EightBit: eight, Size: int64(len(head)) + s.Staged.BodySize, Open: open,
	}, nil
}

// behind puts who is behind groups and roles in their place: the next server knows none of
// ours. What the queue would refuse is refused here, too: a mail for nobody would have been
// taken by everybody.
func (a *Aside) behind(s queue.Submission) ([]mail.Recipient, error) {
	var out []mail.Recipient
	seen := map[string]bool{}
	put := func(r mail.Recipient) {
		if key := r.Address.Key(); !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	for _, r := range s.Envelope.Recipients {
		g, _, ok := a.dir.GroupByAddress(r.Address)
		if !ok {
			put(r)
			continue
		}
		switch {
		case !g.MayWrite(s.Author):
			return nil, &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: g.Refusal()}
		case g.Empty():
			return nil, &mail.Reply{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: fmt.Sprintf("Nobody is behind %s at the moment", g.Address)}
		}
		for _, to := range g.Reached(s.Author) {
			one := r
			if one.Address = to; one.ORcpt == "" {
				one.ORcpt = "rfc822;" + g.Address.String()
			}
			put(one)
		}
	}
	return out, nil
}

func (a *Aside) head(s queue.Submission, facts mail.Facts) ([]byte, error) {
	head := mail.RemoveFields(s.Staged.Head, "Bcc", "Resent-Bcc")
	if tag, _, ok := mail.SubjectTag(facts.Subject); ok {
		if strings.HasPrefix(tag, "send ") {
			return nil, &mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 2},
				Text: "Tidepost stands aside and cannot hold mail: send it without [" + tag + "], or again when it is back"}
		}
		head, _ = mail.CutSubjectTag(head, tag)
	}
	if !facts.DateOK {
		head = mail.ReplaceDate(head, s.Now)
	}
	if facts.MessageID == "" {
		mid, err := mail.NewMessageID(rand.Reader, a.cfg.Server.Domains[0])
		if err != nil {
			return nil, fmt.Errorf("message id: %w", err)
		}
		field, err := mail.FormatRawField("Message-ID", "<"+mid+">")
		if err != nil {
			return nil, err
		}
		head = mail.Prepend(head, field)
	}
	trace := mail.Trace{By: a.cfg.Server.Hostname, With: s.Peer.Protocol, ID: "aside", Time: s.Now}
	return mail.Prepend(head, trace.Field()), nil
}

// look reads the message once: for octets over 127, and to sign it.
func (a *Aside) look(open func() (io.ReadCloser, error), facts mail.Facts) (field []byte, eight bool, err error) {
	r, err := open()
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	var w io.Writer = (*eighth)(&eight)
	if !a.signer.Signs(facts) {
		_, err = io.Copy(w, r)
		return nil, eight, err
	}
	signer, err := a.signer.Begin()
	if err != nil {
		return nil, false, fmt.Errorf("sign: %w", err)
	}
	_, err = io.Copy(io.MultiWriter(w, signer), r)
	if cerr := signer.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, false, fmt.Errorf("sign: %w", err)
	}
	return []byte(signer.Signature()), eight, nil
}

// An eighth becomes true at an octet over 127.
type eighth bool

// Write implements io.Writer.
func (e *eighth) Write(p []byte) (int, error) {
	for _, c := range p {
		*e = *e || c >= 0x80
	}
	return len(p), nil
}

// report tells the author who did not get the message, by the way of all mail.
func (a *Aside) report(ctx context.Context, s queue.Submission, failed []relay.Result) error {
	mid, err := mail.NewMessageID(rand.Reader, a.cfg.Server.Domains[0])
	if err != nil {
		return err
	}
	to := s.Envelope.From
	if to.IsNull() {
		return errors.New("the message has the null reverse-path")
	}
	report := dsn.Report{
		From: mail.Mailbox{Name: "Mail system", Address: mail.Address{Local: "postmaster", Domain: a.cfg.Server.Domains[0]}},
		To:   to, MessageID: mid, Now: s.Now, Reporting: a.cfg.Server.Hostname, EnvID: s.Envelope.EnvID, Ret: "HDRS",
		Arrival: s.Now, UTF8: true, Head: s.Staged.Head,
	}
	for _, f := range failed {
		i := indexOf(s.Envelope.Recipients, f.Recipient)
		report.Recipients = append(report.Recipients, dsn.Recipient{Recipient: s.Envelope.Recipients[i], Action: dsn.Failed,
			Reply: f.Reply, Said: f.Said, Remote: f.Remote, Last: s.Now})
	}
	head, body, err := dsn.Build(report, rand.Reader)
	if err != nil || head == nil {
		return err
	}
	octets := append(head, body...)
	for _, r := range a.relay.Send(ctx, relay.Job{Recipients: []mail.Recipient{{Address: to}}, EightBit: true, Size: int64(len(octets)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(octets)), nil }}) {
		if !r.Delivered {
			return fmt.Errorf("report: %s", r.Reply.Text)
		}
	}
	return nil
}

func indexOf(list []mail.Recipient, a mail.Address) int {
	for i, r := range list {
		if r.Address == a {
			return i
		}
	}
	return 0
}
