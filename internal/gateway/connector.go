package gateway

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tidepost/config"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
	"tidepost/trust"
)

// A connector takes over what our people send by their provider: webmail and phones too.
//
// Invariants:
//   - only the provider may hand over: by its address, or by its certificate;
//   - mail is held only if it is proved whose it is; whatever else comes goes on at once
//     and unchanged, and is counted;
//   - mail that passed here is known by a mark that nobody else can make, and never held
//     twice; one that comes a third time is refused, because it would go on for ever.
type connector struct {
	g      *Gateway
	c      config.Connector
	cas    *x509.CertPool
	upward *trust.Checker // reads what the provider says of the author
	signed *trust.Checker // verifies its signatures
	log    *slog.Logger
}

func (g *Gateway) newConnector() (*connector, error) {
	o := g.trustOptions()
	if o.Resolver == nil && !g.site.noDNS { // Whatever is done with mail from others: without DKIM nobody is proved.
		o.Resolver = trust.NewResolver(g.cfg.Inbound.Resolver)
	}
	o.Inside, o.Upstreams, o.Lists, o.Private = nil, nil, nil, true
	upward := o
	upward.Resolver, upward.Upstreams = nil, g.cfg.Connector.TrustedAuthserv
	c := &connector{g: g, c: g.cfg.Connector, upward: trust.New(upward), signed: trust.New(o), log: g.log.With("part", "connector")}
	var err error
	c.cas, err = authorities(c.c.CAFile, "connector.ca_file")
	return c, err
}

// connectorTLS is the door's TLS: it asks for a certificate, and takes any; Allows judges.
func connectorTLS(conf *tls.Config) *tls.Config {
	if conf == nil {
		return nil
	}
	conf = conf.Clone()
	conf.ClientAuth = tls.RequestClientCert
	return conf
}

// Allows implements smtpd.Connector.
func (c *connector) Allows(ip netip.Addr, state *tls.ConnectionState) bool {
	if slices.ContainsFunc(c.c.Networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) }) {
		return true
	}
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	leaf := state.PeerCertificates[0]
	sum := sha256.Sum256(leaf.Raw)
	if slices.Contains(c.c.Fingerprints, hex.EncodeToString(sum[:])) {
		return true
	}
	if c.cas == nil {
		return false
	}
	between := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: c.cas, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}})
	return err == nil
}

// Take implements smtpd.Connector.
func (c *connector) Take(ctx context.Context, env mail.Envelope, staged *store.Staged, peer inbox.Peer, at time.Time) error {
	times, again, fresh := c.passed(ctx, staged.Head, env)
	from := queue.Peer{Helo: peer.Helo, IP: peer.IP.String(), Protocol: peer.Protocol}
	if times >= maxPassages {
		c.g.alarm("connector", "mail comes back here that has passed already: the provider's rule must leave out mail with "+queue.MarkField)
		return &mail.Reply{Code: 554, Enhanced: [3]int{5, 4, 6}, Text: "This mail goes in a circle: it has passed here before"}
	}
	kind := store.PassageAgain
	if len(again) == 0 || len(fresh) > 0 {
		author, why := c.author(ctx, env, staged, peer, at)
		if author != nil {
			return c.hold(ctx, author, env, staged, from, again, fresh, at)
		}
		kind = store.PassageUnproved
		if c.c.Unproved == "refuse" && !c.ours(ctx, env, staged, peer, at) {
			c.log.Warn("refused", "from", env.From.String(), "why", why)
			c.count(ctx, kind, at)
			return &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Nothing proves that this mail is ours: " + why}
		}
		c.log.Info("passed on", "from", env.From.String(), "why", why)
	}
	return c.passOn(ctx, kind, env, staged, from, at)
}

// hold takes over mail of one of our people. Recipients to whom it went before get it at
// once, behind the others: if the provider has to hand it over again, these are known
// already, and nobody gets two.
func (c *connector) hold(ctx context.Context, author *people.Person, env mail.Envelope, staged *store.Staged, from queue.Peer, again, fresh []mail.Recipient, at time.Time) error {
	held, mine := env, staged
	if len(again) > 0 {
		body := c.g.db.OpenStaged(ctx, staged)
		copied, err := c.g.db.Stage(ctx, io.MultiReader(bytes.NewReader(staged.Head), body), at)
		body.Close()
		if err != nil {
			return err
		}
		held.Recipients, mine = fresh, copied
	}
	_, err := c.g.queue.Submit(ctx, queue.Submission{Author: author, Connector: true, Back: c.c.Deliver == "provider", Envelope: held, Staged: mine, Peer: from, Now: at})
	if err != nil {
		return err
	}
	c.count(ctx, store.PassageHeld, at)
	if len(again) == 0 {
		return nil
	}
	env.Recipients = again
	return c.passOn(ctx, store.PassageAgain, env, staged, from, at)
}

func (c *connector) passOn(ctx context.Context, kind store.PassageKind, env mail.Envelope, staged *store.Staged, from queue.Peer, at time.Time) error {
	if _, err := c.g.queue.PassOn(ctx, queue.Passage{Envelope: env, Staged: staged, Peer: from, Now: at}); err != nil {
		return err
	}
	c.count(ctx, kind, at)
	return nil
}

// maxPassages is how often mail may come. The second time is a rule that is too wide; the
// third is a circle.
const maxPassages = 2

func (c *connector) count(ctx context.Context, kind store.PassageKind, at time.Time) {
	err := c.g.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.CountPassage(kind, "", at) })
	if err != nil {
		c.log.Error("count", "err", err)
	}
}

// author is the person who is proved to have written the mail; nil, and why, if nobody is.
func (c *connector) author(ctx context.Context, env mail.Envelope, staged *store.Staged, peer inbox.Peer, now time.Time) (*people.Person, string) {
	h := mail.ParseHeader(staged.Head)
	from := h.Addresses("From")
	if h.Count("From") != 1 || len(from) != 1 {
		return nil, "it has no single author"
	}
	a, err := mail.ParsePath(from[0].Address.String(), true)
	if err != nil {
		return nil, "the author's address cannot be read"
	}
	p, _, ok := c.g.dir.ByAddress(a)
	switch {
	case !ok || !p.Active:
		return nil, "the author is nobody here"
	case env.From.IsNull():
		return nil, "it is automatic"
	case !c.g.dir.MaySendAs(p, env.From):
		return nil, "the reverse-path is another's"
	case len(env.Recipients) == 0:
		return nil, "there is no recipient"
	}
	if !c.proves(ctx, a.Domain, env, staged, peer, now) {
		return nil, "neither a signature nor a result of the provider proves the author"
	}
	return p, ""
}

// ours reports whether a mail is proved to be from a domain of ours, whoever in it wrote
// it: a role, a machine, an automatic reply.
func (c *connector) ours(ctx context.Context, env mail.Envelope, staged *store.Staged, peer inbox.Peer, now time.Time) bool {
	from := mail.ParseHeader(staged.Head).Addresses("From")
	if len(from) != 1 || !c.g.dir.IsLocalDomain(from[0].Address.Domain) {
		return false
	}
	return c.proves(ctx, from[0].Address.Domain, env, staged, peer, now)
}

// proves reports whether the provider's result or a signature of ours says that a mail is
// from a domain.
func (c *connector) proves(ctx context.Context, domain string, env mail.Envelope, staged *store.Staged, peer inbox.Peer, now time.Time) bool {
	m := trust.Mail{IP: peer.IP, Helo: peer.Helo, From: env.From, LMTP: true, Head: staged.Head, Size: staged.BodySize,
		Body: func() io.ReadCloser { return c.g.db.OpenStaged(ctx, staged) }}
	if len(c.c.TrustedAuthserv) > 0 {
		if v := c.upward.Check(ctx, m, now); v.Proved(domain) {
			return true
		}
	}
	m.LMTP = false
	return slices.ContainsFunc(c.signed.Signatures(ctx, m, domain, now), func(s trust.Signature) bool {
		return s.Result == trust.Pass && (s.Domain == domain || strings.HasSuffix(domain, "."+s.Domain)) && c.g.dir.IsLocalDomain(s.Domain)
	})
}

// mark is the field value by which mail is known again: which submission it was, and that
// it was here that it passed. The recipients stand in the database.
func mark(key []byte, submission int64, mid string) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "pass\x00%d\x00%s", submission, mid)
	return fmt.Sprintf("tp%d.%s", submission, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18]))
}

// passed says how many marks of ours a mail carries, to whom of its recipients it went
// before, and to whom it did not.
func (c *connector) passed(ctx context.Context, head []byte, env mail.Envelope) (times int, again, fresh []mail.Recipient) {
	h := mail.ParseHeader(head)
	mid := mail.FactsOf(h, nil, env.From).MessageID
	before := map[string]bool{}
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, queue.MarkField) {
			continue
		}
		id, ok := readMark(c.g.passKey, strings.TrimSpace(f.Value()), mid)
		if !ok {
			continue // Another's, or copied from other mail.
		}
		times++
		err := c.g.db.View(ctx, func(tx *store.Tx) error {
			rcpts, err := tx.Recipients(id)
			for _, r := range rcpts {
				before[strings.ToLower(r.Address)] = true // As Address.Key: servers change letters.
			}
			return err
		})
		if err != nil {
			c.log.Error("look for the recipients of marked mail", "err", err)
		}
	}
	for _, r := range env.Recipients {
		if before[r.Address.Key()] {
			again = append(again, r)
		} else {
			fresh = append(fresh, r)
		}
	}
	return times, again, fresh
}

// readMark reads a mark and verifies it.
func readMark(key []byte, value, mid string) (submission int64, ok bool) {
	if len(key) == 0 {
		return 0, false // There is no connector, and so no mark.
	}
	id, _, cut := strings.Cut(value, ".")
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "tp"), 10, 64)
	if !cut || err != nil || n <= 0 {
		return 0, false
	}
	return n, hmac.Equal([]byte(value), []byte(mark(key, n, mid)))
}

const keyPass = "pass_key"

// loadPassKey reads the key of the marks, and makes it at the first start.
func loadPassKey(ctx context.Context, db *store.DB) (key []byte, err error) {
	read := func(tx *store.Tx) error {
		text, err := tx.Meta(keyPass)
		if err != nil || text == "" {
			return err
		}
		key, err = hex.DecodeString(text)
		return err
	}
	if err := db.View(ctx, read); err != nil || key != nil {
		return key, err
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil || key != nil {
			return err
		}
		fresh := make([]byte, 32)
		if _, err := io.ReadFull(rand.Reader, fresh); err != nil {
			return err
		}
		key = fresh
		return tx.SetMeta(keyPass, hex.EncodeToString(fresh))
	})
	if err == nil && len(key) < 16 {
		err = errors.New("the key of marks is damaged")
	}
	return key, err
}

// bypassed counts mail of our people that came without having passed here.
func (g *Gateway) bypassed(ctx context.Context, head []byte, now time.Time) {
	err := g.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		_, err := g.wentPast(tx, head, now)
		return err
	})
	if err != nil {
		g.log.Error("count mail that by-passes", "err", err)
	}
}

// wentPast reports whether mail of our people has not passed here, and counts it then, the
// first time that it is seen, wherever that is.
func (g *Gateway) wentPast(tx *store.Tx, head []byte, now time.Time) (bool, error) {
	h := mail.ParseHeader(head)
	mid := mail.FactsOf(h, nil, mail.Address{}).MessageID
	subs, err := tx.SubmissionsByMID(mid)
	if err != nil || len(subs) > 0 {
		return false, err
	}
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, queue.MarkField) {
			continue
		}
		if _, ok := readMark(g.passKey, strings.TrimSpace(f.Value()), mid); ok {
			return false, nil // Its submission is forgotten.
		}
	}
	_, err = tx.CountPast(mid, clientOf(h), now)
	return err == nil, err
}

// clientOf is the mail program, as it names itself: without its version, which would make
// of each program many, and bounded.
func clientOf(h mail.Header) string {
	name := h.Get("User-Agent")
	if name == "" {
		name = h.Get("X-Mailer")
	}
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if i := strings.IndexAny(name, "/(0123456789"); i > 0 {
		name = strings.TrimSpace(name[:i])
	}
	return strings.ToValidUTF8(name[:min(len(name), 60)], "")
}

// marker makes the marks; nil if there is no connector to which mail could come back.
func (g *Gateway) marker() func(int64, string) string {
	if g.passKey == nil {
		return nil
	}
	return func(submission int64, mid string) string { return mark(g.passKey, submission, mid) }
}
