package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidepost/accounts"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/store"
)

// Account walks through a person's accounts elsewhere: what the servers can do, and what
// will work how. It logs in and changes nothing there. store.ErrNotFound: there are none.
func Account(ctx context.Context, o Options, d *gateway.Desk, p *people.Person) ([]Finding, error) {
	v := &visit{Options: o, desk: d, about: p.Address.String()}
	k := accounts.New(accounts.Options{DB: d.DB, Box: secrets.Open(d.Config.Server.Data, rand.Reader)})
	found, imap := 0, false
	for _, side := range []store.Side{accounts.IMAP, accounts.SMTP} {
		a, err := k.Of(ctx, p.ID, side)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found++
		if side == accounts.IMAP {
			imap = true
			v.mailbox(ctx, k, a)
		} else {
			v.sending(ctx, k, a)
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("accounts of %s: %w", p.Address, store.ErrNotFound)
	}
	if imap {
		v.next(ctx, p)
	}
	return v.found, nil
}

// login is what logs in, and whether there is something.
func (v *visit) login(ctx context.Context, check string, k *accounts.Keeper, a accounts.Account) (c accounts.Credential, ok bool) {
	c, err := k.Login(ctx, a, "", v.Now())
	switch {
	case err == nil:
		return c, true
	case errors.Is(err, accounts.ErrRefused):
		v.fail(check, "Have the person log in again, and enter the new refresh token with \"tidepost account set --oauth\".", "%v", err)
	default:
		v.fail(check, "Look at the token endpoint, or at secrets.key in the data directory.", "%v", err)
	}
	return c, false
}

// mailbox looks at the account that mail is read from.
func (v *visit) mailbox(ctx context.Context, k *accounts.Keeper, a accounts.Account) {
	const check = "imap login"
	ctx, cancel := context.WithTimeout(ctx, 2*checkTime)
	defer cancel()
	cred, ok := v.login(ctx, check, k, a)
	if !ok {
		return
	}
	target, err := v.target(a, cred)
	if err != nil {
		v.fail(check, "Correct accounts.ca_file.", "%v", err)
		return
	}
	s, err := remote.Dial(ctx, target)
	if err != nil {
		do := "Look at the address and the network."
		if errors.Is(err, remote.ErrAuth) {
			do = "Enter the password with \"tidepost account set\"; many providers want one for applications, or a token (--oauth)."
		}
		v.fail(check, do, "%v", err)
		return
	}
	defer s.Close()
	v.ok(check, "%s as %s (%s)", a.Addr, a.User, a.Security)
	v.capabilities(s.Caps())
	v.accountFolders(ctx, s)
	v.sieve(ctx, target, a, s)
}

// target is how an account is entered.
func (v *visit) target(a accounts.Account, cred accounts.Credential) (remote.Account, error) {
	conf, err := v.accountTLS(a)
	out := remote.Account{Addr: a.Addr, Security: securityOf(a.Security), User: cred.User, Password: remote.Secret(cred.Password), TLS: conf}
	if cred.Token != "" {
		out.Token = func(context.Context) (string, error) { return cred.Token, nil }
	}
	return out, err
}

func securityOf(s accounts.Security) remote.Security {
	if s == accounts.None {
		return remote.Clear
	}
	return remote.Security(s)
}

// accountTLS is nil where the system's authorities count.
func (v *visit) accountTLS(a accounts.Account) (*tls.Config, error) {
	pool, err := gateway.AccountAuthorities(v.Config)
	if err != nil || pool == nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool, ServerName: a.Host(), MinVersion: tls.VersionTLS12}, nil
}

// capabilities says what follows from what the server can do.
func (v *visit) capabilities(c remote.Caps) {
	v.ok("capabilities", "%s", strings.Join(c.All, " "))
	switch {
	case c.Move && c.UIDPlus:
		v.ok("deliveries", "the batch comes in one command (MOVE, UIDPLUS)")
	case c.Move:
		v.warn("deliveries", "", "the batch comes in one command (MOVE), but the server has no UIDPLUS: moved mail is found again by Message-ID and size")
	case c.UIDPlus:
		v.warn("deliveries", "", "the server has no MOVE: the batch is copied and then removed, and may be seen twice for a moment")
	default:
		v.warn("deliveries", "", "the server has neither MOVE nor UIDPLUS: the batch is copied, and what it leaves behind is removed only while nothing else there is marked as deleted")
	}
	if c.Idle {
		v.ok("news", "one connection waits for news of INBOX (IDLE), so urgent mail is back there at once; the other folders are looked at every 15 seconds")
	} else {
		v.warn("news", "", "the server has no IDLE: it is asked every few seconds")
	}
	if c.CondStore || c.QResync {
		v.ok("changes", "what other programs did is asked for by number (%s)", strings.Join(slices.DeleteFunc([]string{word(c.CondStore, "CONDSTORE"), word(c.QResync, "QRESYNC")}, func(s string) bool { return s == "" }), ", "))
	} else {
		v.warn("changes", "", "the server has no CONDSTORE: flags of whole folders are read again now and then")
	}
}

func word(on bool, s string) string {
	if on {
		return s
	}
	return ""
}

// accountFolders looks at what is there, and how much room.
func (v *visit) accountFolders(ctx context.Context, s *remote.Session) {
	const check = "folders"
	list, err := s.List(ctx)
	if err != nil {
		v.fail(check, "", "%v", err)
		return
	}
	ours := 0
	for _, f := range list {
		if f.Name == "Tidepost" || strings.HasPrefix(f.Name, "Tidepost/") {
			ours++
		}
	}
	v.ok(check, "%d, %d of them Tidepost's", len(list), ours)
	v.roles(s.Caps(), list)
	switch q, ok, err := s.Quota(ctx); {
	case err != nil:
		v.warn("room", "", "the server does not say how full the account is: %v", err)
	case !ok || q.Limit <= 0:
		v.ok("room", "the server names no limit (QUOTA)")
	case q.Used > q.Limit/20*19:
		v.warn("room", "Have the person make room: a full account takes neither batch nor digest.", "%d of %d MB are used", q.Used>>20, q.Limit>>20)
	default:
		v.ok("room", "%d of %d MB are used", q.Used>>20, q.Limit>>20)
	}
}

// roles says which folders stand for what, and who said so.
func (v *visit) roles(c remote.Caps, list []remote.Folder) {
	const check = "special folders"
	var is, lacks []string
	for _, r := range []remote.Role{remote.Sent, remote.Drafts, remote.Trash, remote.Junk, remote.Archive} {
		at := slices.IndexFunc(list, func(f remote.Folder) bool { return f.Role == r && !f.NoSelect })
		if at < 0 {
			lacks = append(lacks, string(r))
			continue
		}
		is = append(is, fmt.Sprintf("%s is %q", r, list[at].Name))
	}
	how := "as the server says (SPECIAL-USE)"
	if !c.SpecialUse {
		how = "by their names: the server has no SPECIAL-USE"
	}
	text := strings.Join(is, ", ") + " " + how
	if len(is) == 0 {
		text = "none"
	}
	if len(lacks) > 0 {
		text += "; " + strings.Join(lacks, ", ") + " made when needed"
	}
	v.ok(check, "%s", text)
}

// sending looks at the account that mail is sent through.
func (v *visit) sending(ctx context.Context, k *accounts.Keeper, a accounts.Account) {
	const check = "smtp login"
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if _, ok := v.login(ctx, check, k, a); !ok {
		return
	}
	res, err := gateway.CheckAccount(ctx, v.Config, k, a)
	switch {
	case err != nil:
		v.fail(check, "Correct the account with \"tidepost account set\".", "%v", err)
	case res.Refused:
		v.fail(check, "Enter the password with \"tidepost account set\"; many providers want one for applications, or a token (--oauth).", "%s", res.Reply.Text)
	case !res.Delivered:
		v.fail(check, "Look at the address and the network; this person's mail waits until then.", "%s", res.Reply.Text)
	default:
		v.ok(check, "%s as %s (%s)", a.Addr, a.User, orClear(res.TLS))
		v.ok("sent", "%s", map[accounts.Filer]string{
			accounts.Provider: "the provider files a copy of what is sent; mail programs should not",
			accounts.Tidepost: "Tidepost files a copy of what is sent; mail programs should not",
			accounts.Client:   "mail programs file a copy of what they send, Tidepost of what it composes",
		}[a.Sent])
	}
}

// next says where the person stands, and what the next command is.
func (v *visit) next(ctx context.Context, p *people.Person) {
	const check = "next"
	live, err := v.desk.Accounts.Live(ctx, p.ID)
	if err != nil {
		v.fail(check, "Look into the log of the server.", "%v", err)
		return
	}
	trial, trying, err := v.desk.TrialOf(ctx, p)
	switch {
	case err != nil:
		v.fail(check, "Look into the log of the server.", "%v", err)
	case p.Profile.Inbox == people.MailboxIMAP && live:
		v.ok(check, "the account is tended; \"tidepost account rollback %s\" leaves it as it was", p.Address)
	case p.Profile.Inbox == people.MailboxIMAP && trying:
		v.ok(check, "dry run until %s: the account is read, nothing is changed there, and \"tidepost report dry-run\" says what would have happened. To go live: tidepost account live %s",
			trial.Until.UTC().Format("Mon 2 Jan 15:04 UTC"), p.Address)
	case p.Profile.Inbox == people.MailboxIMAP:
		v.ok(check, "the account is tended as soon as the server runs")
	default:
		v.ok(check, "a week of dry run that changes nothing there: tidepost account try %[1]s; live at once: tidepost account live %[1]s", p.Address)
	}
}
