package inbox_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/inbox"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/trust"
)

var (
	listed  = netip.MustParseAddr("192.0.2.7")    // in the SPF of every domain
	unknown = netip.MustParseAddr("198.51.100.9") // in none
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// names is a DNS in which the team asks for policy.
func names(policy string) *testkit.DNS {
	pub, _ := key.Public().(ed25519.PublicKey)
	d := &testkit.DNS{TXT: map[string][]string{}, Fail: map[string]bool{}}
	for _, domain := range []string{"team.example", "bank.example", "shop.example", "lists.example", "evil.example"} {
		d.TXT[domain] = []string{"v=spf1 ip4:192.0.2.7 -all"}
		d.TXT["s1._domainkey."+domain] = []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}
	}
	d.TXT["_dmarc.bank.example"] = []string{"v=DMARC1; p=reject"}
	d.TXT["_dmarc.shop.example"] = []string{"v=DMARC1; p=quarantine"}
	if policy != "" {
		d.TXT["_dmarc.team.example"] = []string{"v=DMARC1; p=" + policy}
	}
	return d
}

// guarded is a house at the internet.
func guarded(t *testing.T, d *testkit.DNS, change func(*inbox.Options, *trust.Options)) *house {
	t.Helper()
	return newHouse(t, func(o *inbox.Options) {
		to := trust.Options{ID: o.Hostname, Resolver: d, Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
		if change != nil {
			change(o, &to)
		}
		o.Trust = trust.New(to)
	})
}

func (h *house) signed(domain, text string) string {
	h.t.Helper()
	var out strings.Builder
	err := dkim.Sign(&out, strings.NewReader(text), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: key, HeaderKeys: []string{"From", "Subject"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return out.String()
}

// from receives a message for Ana that a peer brings.
func (h *house) from(ip netip.Addr, path, text string) error {
	return h.box.Receive(context.Background(), envelope(path, "ana@team.example"), h.stage(text, monday), inbox.Peer{Helo: "mx.x.test", IP: ip, Protocol: "ESMTP"}, monday)
}

// last says where the last mail for Ana went, why, and what the ledger says of it.
func (h *house) last() (target store.Kind, reason, trust string) {
	h.t.Helper()
	h.view(func(tx *store.Tx) error {
		all, err := tx.EventsAfter(0, 1000)
		if err != nil {
			return err
		}
		var raw []byte
		for _, e := range all {
			if detail, ok := e.Detail.(*json.RawMessage); ok && e.Kind == inbox.EventFiled {
				raw = *detail
			}
		}
		var said struct {
			Target store.Kind `json:"target"`
			Reason string     `json:"reason"`
			Trust  string     `json:"trust"`
		}
		err = json.Unmarshal(raw, &said)
		target, reason, trust = said.Target, said.Reason, said.Trust
		return err
	})
	return target, reason, trust
}

func TestForgedMail(t *testing.T) {
	fail := func(p string) string { return "spf=fail dmarc=fail p=" + p }
	for _, c := range []struct {
		name   string
		policy string // of the team's domain
		ip     netip.Addr
		path   string
		text   func(h *house) string
		want   store.Kind
		reason inbox.Reason
		trust  string
	}{
		{"a colleague's name from anywhere", "none", unknown, "tom@team.example", func(h *house) string { return h.text("tom@team.example", "[urgent] Pay this") }, store.KindJunk, inbox.ReasonForged, fail("none")},
		{"without a record too", "", unknown, "tom@team.example", func(h *house) string { return h.text("tom@team.example", "Pay this") }, store.KindJunk, inbox.ReasonForged, "spf=fail"},
		{"with the sender's own house in order", "none", listed, "x@evil.example", func(h *house) string { return h.signed("evil.example", h.text("tom@team.example", "Pay this")) }, store.KindJunk, inbox.ReasonForged, "spf=pass dkim=pass dmarc=fail p=none"},
		{"among other authors", "none", listed, "x@evil.example", func(h *house) string { return h.text("x@evil.example, tom@team.example", "Pay this") }, store.KindJunk, inbox.ReasonForged, "spf=pass"},
		{"in a second field", "none", listed, "x@evil.example", func(h *house) string {
			return h.text("x@evil.example", "Pay this", "From: Tom <tom@team.example>")
		}, store.KindJunk, inbox.ReasonForged, "spf=pass"},
		{"our own service sends", "reject", listed, "crm@team.example", func(h *house) string { return h.text("crm@team.example", "Report") }, store.KindInbox, inbox.ReasonOutside, "spf=pass dmarc=pass p=reject"},
		{"our own service signs", "reject", unknown, "x@evil.example", func(h *house) string { return h.signed("team.example", h.text("crm@team.example", "Report")) }, store.KindInbox, inbox.ReasonOutside, "spf=fail dkim=pass dmarc=pass p=reject"},
		{"a list of the sending domain", "none", listed, "b@lists.example", func(h *house) string {
			return h.text("tom@team.example", "[friends] Hello", "List-Id: Friends <friends.lists.example>")
		}, store.KindLists, inbox.ReasonList, "spf=pass dmarc=fail p=none"},
		{"but we want such mail away", "quarantine", listed, "b@lists.example", func(h *house) string {
			return h.text("tom@team.example", "[friends] Hello", "List-Id: Friends <friends.lists.example>")
		}, store.KindJunk, inbox.ReasonForged, "spf=pass dmarc=fail p=quarantine"},
		{"a list that is not who sends", "none", listed, "x@evil.example", func(h *house) string {
			return h.text("tom@team.example", "[friends] Hello", "List-Id: Friends <friends.lists.example>")
		}, store.KindJunk, inbox.ReasonForged, "spf=pass dmarc=fail p=none"},
		{"a list that proves nothing", "none", unknown, "b@lists.example", func(h *house) string {
			return h.text("tom@team.example", "[friends] Hello", "List-Id: Friends <friends.lists.example>")
		}, store.KindJunk, inbox.ReasonForged, fail("none")},
		{"others, who ask for nothing", "none", unknown, "x@evil.example", func(h *house) string { return h.text("x@evil.example", "Hello") }, store.KindInbox, inbox.ReasonOutside, "spf=fail"},
		{"others, who want it away", "none", unknown, "x@shop.example", func(h *house) string { return h.text("x@shop.example", "Hello") }, store.KindJunk, inbox.ReasonDMARC, fail("quarantine")},
		{"others, who want it refused", "none", unknown, "x@bank.example", func(h *house) string { return h.text("x@bank.example", "Hello") }, store.KindJunk, inbox.ReasonDMARC, fail("reject")},
		{"from this machine", "reject", netip.MustParseAddr("127.0.0.1"), "cron@team.example", func(h *house) string { return h.text("cron@team.example", "Report") }, store.KindInbox, inbox.ReasonOutside, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := guarded(t, names(c.policy), nil)
			if err := h.from(c.ip, c.path, c.text(h)); err != nil {
				t.Fatal(err)
			}
			if target, reason, trust := h.last(); target != c.want || reason != string(c.reason) || trust != c.trust {
				t.Errorf("went to %s as %s (%s), want %s as %s (%s)", target, reason, trust, c.want, c.reason, c.trust)
			}
		})
	}
}

// Mail of our own people that comes back from where they sent it is not forged, whatever
// our domain asks for.
func TestOurMailComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		sentTo string
		author string
		path   string
		want   store.Kind
	}{
		"to that very domain":             {"friends@sub.lists.example", "tom@team.example", "b@lists.example", store.KindLists},
		"to somebody else":                {"olga@bank.example", "tom@team.example", "b@lists.example", store.KindJunk},
		"by somebody else":                {"friends@lists.example", "mei@team.example", "b@lists.example", store.KindJunk},
		"from a domain that is not there": {"friends@lists.example", "tom@team.example", "b@unknown.example", store.KindJunk},
	} {
		t.Run(name, func(t *testing.T) {
			h := guarded(t, names("reject"), nil)
			h.submit(h.tom, &people.Person{Address: address(c.sentTo)}, h.text("tom@team.example", "Hello", "Message-ID: <hello@team.example>"), monday)
			text := h.text(c.author, "[friends] Hello", "Message-ID: <hello@team.example>", "List-Post: <mailto:friends@lists.example>")
			if err := h.from(listed, c.path, text); err != nil {
				t.Fatal(err)
			}
			if target, reason, _ := h.last(); target != c.want {
				t.Errorf("went to %s as %s, want %s", target, reason, c.want)
			}
		})
	}
}

func TestTrustedLists(t *testing.T) {
	h := guarded(t, names("reject"), func(_ *inbox.Options, o *trust.Options) { o.Lists = []string{"lists.example"} })
	for _, author := range []string{"tom@team.example", "olga@bank.example"} {
		if err := h.from(listed, "b@lists.example", h.text(author, "[friends] Hello", "List-Post: <mailto:friends@lists.example>")); err != nil {
			t.Fatal(err)
		}
		if target, reason, _ := h.last(); target != store.KindLists {
			t.Errorf("%s: %s as %s", author, target, reason)
		}
	}
}

func TestRefuseAndLetBe(t *testing.T) {
	refuse := func(o *inbox.Options, _ *trust.Options) { o.DMARC = inbox.DMARCRefuse }
	h := guarded(t, names("reject"), refuse)
	for path, want := range map[string]int{"x@bank.example": 550, "tom@team.example": 550, "x@shop.example": 0} {
		err := h.from(unknown, path, h.text(path, "Hello"))
		var reply *mail.Reply
		if got := 0; errors.As(err, &reply) && reply.Code != want || reply == nil && want != got {
			t.Errorf("%s: %v, want %d", path, err, want)
		}
	}
	if target, reason, _ := h.last(); target != store.KindJunk || reason != string(inbox.ReasonDMARC) {
		t.Errorf("quarantine: %s as %s", target, reason)
	}
	// What the MTA in front has taken is ours to file.
	h = guarded(t, names("reject"), func(o *inbox.Options, to *trust.Options) {
		refuse(o, to)
		to.Upstreams = []string{"filter.test"}
	})
	text := h.text("x@bank.example", "Hello", "Authentication-Results: filter.test; dmarc=fail (p=reject) header.from=bank.example")
	if err := h.from(netip.MustParseAddr("127.0.0.1"), "x@bank.example", text); err != nil {
		t.Fatal(err)
	}
	if target, reason, _ := h.last(); target != store.KindJunk || reason != string(inbox.ReasonDMARC) {
		t.Errorf("by the upstream: %s as %s", target, reason)
	}
	h = guarded(t, names("reject"), func(o *inbox.Options, _ *trust.Options) { o.DMARC = inbox.DMARCOff })
	if err := h.from(unknown, "x@bank.example", h.text("x@bank.example", "Hello")); err != nil {
		t.Fatal(err)
	}
	if target, _, _ := h.last(); target != store.KindInbox {
		t.Errorf("with dmarc off: %s", target)
	}
	if err := h.from(unknown, "tom@team.example", h.text("tom@team.example", "Hello")); err != nil {
		t.Fatal(err)
	}
	if target, _, _ := h.last(); target != store.KindJunk {
		t.Errorf("with dmarc off, in our own name: %s", target)
	}
}

// Trouble of the DNS neither loses nor refuses nor condemns; but a colleague's name
// stays worth nothing.
func TestDNSTrouble(t *testing.T) {
	d := names("reject")
	for name := range d.TXT {
		d.Fail[name] = true
	}
	h := guarded(t, d, func(o *inbox.Options, _ *trust.Options) {
		o.DMARC = inbox.DMARCRefuse
		o.Pass.UrgentFrom = []string{"tom@team.example", "olga@bank.example"}
	})
	for path, want := range map[string]inbox.Reason{"tom@team.example": inbox.ReasonOutside, "olga@bank.example": inbox.ReasonUrgent} {
		if err := h.from(unknown, path, h.text(path, "[urgent] Call me", "Importance: high")); err != nil {
			t.Fatal(err)
		}
		if target, reason, said := h.last(); target != store.KindInbox || reason != string(want) || !strings.Contains(said, "dmarc=temperror") {
			t.Errorf("%s: %s as %s (%s), want %s", path, target, reason, said, want)
		}
	}
}

// Somebody the team named as urgent, with an address of the team, is urgent if DMARC says
// that it is true.
func TestProvedColleagueIsUrgent(t *testing.T) {
	h := guarded(t, names("reject"), func(o *inbox.Options, _ *trust.Options) { o.Pass.UrgentFrom = []string{"alarm@team.example"} })
	if err := h.from(listed, "alarm@team.example", h.text("alarm@team.example", "[urgent] Fire", "Importance: high")); err != nil {
		t.Fatal(err)
	}
	if target, reason, _ := h.last(); target != store.KindInbox || reason != string(inbox.ReasonUrgent) {
		t.Errorf("%s as %s", target, reason)
	}
}

// The field says what was found, above our Received; what others wrote in our name goes.
func TestAuthenticationResults(t *testing.T) {
	h := guarded(t, names("none"), nil)
	text := "Authentication-Results: (a) MAIL.team.example; dmarc=pass\r\nAuthentication-Results: mx.x.test; dmarc=pass\r\n" + h.text("olga@bank.example", "Hello")
	if err := h.from(listed, "olga@bank.example", text); err != nil {
		t.Fatal(err)
	}
	head, _ := h.message(h.entries(h.ana, store.KindInbox)[0].MessageID)
	want := "Return-Path: <olga@bank.example>\r\nDelivered-To: ana@team.example\r\n" +
		"Authentication-Results: mail.team.example; spf=pass\r\n smtp.mailfrom=bank.example; dmarc=pass header.from=bank.example\r\n policy.dmarc=reject\r\nReceived: from mx.x.test"
	if !strings.HasPrefix(head, want) {
		t.Errorf("head begins\n%s\nwant\n%s", head, want)
	}
	if n := strings.Count(head, "Authentication-Results"); n != 2 || !strings.Contains(head, "\r\nAuthentication-Results: mx.x.test;") {
		t.Errorf("%d fields in\n%s", n, head)
	}
	// Without checks ours is not written, and foreign ones in our name go all the same.
	h = newHouse(t, nil)
	if err := h.from(listed, "olga@bank.example", text); err != nil {
		t.Fatal(err)
	}
	head, _ = h.message(h.entries(h.ana, store.KindInbox)[0].MessageID)
	if n := strings.Count(head, "Authentication-Results"); n != 1 || strings.Contains(head, "MAIL.team") {
		t.Errorf("%d fields in\n%s", n, head)
	}
}

// A large body is read from where it was staged.
func TestLargeSignedMail(t *testing.T) {
	h := guarded(t, names("none"), nil)
	text := h.signed("bank.example", h.text("olga@bank.example", "Plan")+strings.Repeat("A line of a large body, again and again.\r\n", 50_000))
	if err := h.from(unknown, "x@evil.example", text); err != nil {
		t.Fatal(err)
	}
	if target, _, said := h.last(); target != store.KindInbox || said != "spf=fail dkim=pass dmarc=pass p=reject" {
		t.Errorf("%s (%s)", target, said)
	}
}

// A forged answer lets nobody's waiting mail go.
func TestForgedAnswerReleasesNothing(t *testing.T) {
	h := guarded(t, names("none"), nil)
	if err := h.from(unknown, "tom@team.example", h.text("tom@team.example", "Re: Plan", "In-Reply-To: <plan@team.example>")); err != nil {
		t.Fatal(err)
	}
	if len(h.answered) > 0 {
		t.Errorf("told of %q", h.answered)
	}
	if err := h.from(listed, "olga@bank.example", h.text("olga@bank.example", "Re: Plan", "In-Reply-To: <plan@team.example>")); err != nil {
		t.Fatal(err)
	}
	if len(h.answered) != 1 {
		t.Errorf("told of %q", h.answered)
	}
}

// Nobody asks in the name of a colleague, and nobody whose mail goes to Junk.
func TestWhoAsks(t *testing.T) {
	for name, c := range map[string]struct {
		author string
		ip     netip.Addr
		fail   bool
		want   int
	}{
		"somebody outside":             {"olga@bank.example", listed, false, 1},
		"the DNS is silent":            {"olga@bank.example", listed, true, 1},
		"a forged customer":            {"olga@bank.example", unknown, false, 0},
		"a colleague, without a login": {"tom@team.example", listed, false, 0},
		"a colleague, not proved":      {"tom@team.example", listed, true, 0},
		"a forged colleague":           {"tom@team.example", unknown, false, 0},
		"a colleague from inside":      {"tom@team.example", netip.MustParseAddr("127.0.0.1"), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := names("reject")
			for name := range d.TXT {
				d.Fail[name] = c.fail
			}
			h := newAskingHouse(t, func(o *inbox.Options) {
				o.Trust = trust.New(trust.Options{ID: o.Hostname, Resolver: d, Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			})
			head, _ := cut(h.text(c.author, "Plan", "Content-Type: text/plain; charset=utf-8"))
			if err := h.from(c.ip, c.author, string(head)+"Hello Ana,\r\n\r\n"+budget+"\r\n"); err != nil {
				t.Fatal(err)
			}
			h.view(func(tx *store.Tx) error {
				asks, err := tx.OpenAsks(0, 10)
				if len(asks) != c.want {
					t.Errorf("%d asks, want %d", len(asks), c.want)
				}
				return err
			})
		})
	}
}
