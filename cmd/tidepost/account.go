package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/secrets"
	"tidepost/store"
)

// accountCmd is about where people's mail is elsewhere.
type accountCmd struct {
	Set      accountSetCmd      `cmd:"" help:"Say where a person's mail is: IMAP account, SMTP account, or both."`
	Import   accountImportCmd   `cmd:"" help:"Set accounts of many people from a CSV file."`
	Show     accountShowCmd     `cmd:"" help:"Show a person's accounts, without secrets."`
	List     accountListCmd     `cmd:"" help:"List everybody's accounts."`
	Check    accountCheckCmd    `cmd:"" help:"Log in, say what the servers can do, and what will work how."`
	Try      accountTryCmd      `cmd:"" help:"Read a person's account for a week and change nothing; then tell what would have happened."`
	Live     accountLiveCmd     `cmd:"" help:"Turn Tidepost on for a person's account, after a dry run or at once."`
	Remove   accountRemoveCmd   `cmd:"" help:"Forget a person's accounts and their secrets."`
	Rollback accountRollbackCmd `cmd:"" help:"Leave a person's account at a provider as it was before Tidepost."`
}

// accountSetCmd sets one side or both.
type accountSetCmd struct {
	Address      string `arg:"" help:"Any address of the person."`
	IMAP         string `name:"imap" placeholder:"HOST[:PORT]" help:"Where mail is read (port 993)."`
	SMTP         string `name:"smtp" placeholder:"HOST[:PORT]" help:"Where mail is sent through (port 587)."`
	User         string `placeholder:"NAME" help:"Login there; the person's address if not given."`
	PasswordFile string `placeholder:"FILE" help:"The password is the first line of this file (- for standard input)."`
	OAuth        string `name:"oauth" placeholder:"FILE" help:"Log in with tokens: JSON with token_url, client_id, client_secret, refresh_token, scopes."`
	IMAPSecurity string `name:"imap-security" enum:"tls,starttls,none," default:"" help:"tls, starttls, or none (on this machine only); else as the port says."`
	SMTPSecurity string `name:"smtp-security" enum:"tls,starttls,none," default:"" help:"The same for --smtp."`
	Sieve        string `placeholder:"HOST[:PORT]" help:"ManageSieve server (port 4190) of the IMAP account; found by DNS or at the IMAP server if not given (auto); none: use no Sieve. Alone it changes nothing else."`
	Sent         string `enum:"provider,tidepost,client," default:"" help:"Who files a copy in Sent: provider (its SMTP server does), tidepost, or client."`
}

// Validate implements kong's check of the flags.
func (c *accountSetCmd) Validate() error {
	switch {
	case c.onlySieve():
		return nil
	case c.Sieve != "" && c.IMAP == "":
		return errors.New("--sieve belongs to an IMAP account: say --imap HOST, too, or --sieve alone")
	case c.IMAP == "" && c.SMTP == "":
		return errors.New("say --imap HOST, --smtp HOST, or both")
	case (c.PasswordFile == "") == (c.OAuth == ""):
		return errors.New("say --password-file FILE, or --oauth FILE")
	}
	return nil
}

// onlySieve: nothing but the ManageSieve server is to be changed.
func (c *accountSetCmd) onlySieve() bool {
	return c.Sieve != "" && c.IMAP+c.SMTP+c.User+c.PasswordFile+c.OAuth+c.IMAPSecurity+c.SMTPSecurity+c.Sent == ""
}

// setSieve changes it.
func (c *accountSetCmd) setSieve(a *app) error {
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		if err := k.SetSieve(context.Background(), p.ID, c.Sieve, a.now); errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s has no IMAP account: %w", p.Address, err)
		} else if err != nil {
			return err
		}
		return listAccounts(a, d, p)
	})
}

// Run implements the command.
func (c *accountSetCmd) Run(a *app) error {
	if c.onlySieve() {
		return c.setSieve(a)
	}
	base, err := c.login(a)
	if err != nil {
		return err
	}
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		if base.User == "" {
			base.User = p.Address.String()
		}
		var all []accounts.Settings
		for _, side := range []struct {
			side           store.Side
			addr, security string
		}{{accounts.IMAP, c.IMAP, c.IMAPSecurity}, {accounts.SMTP, c.SMTP, c.SMTPSecurity}} {
			if side.addr == "" {
				continue
			}
			s := base
			s.Side, s.Addr, s.Security = side.side, side.addr, accounts.Security(side.security)
			if side.side == accounts.IMAP {
				s.Sieve = c.Sieve
			}
			if s, err = s.WithDefaults(); err != nil { // Both are looked at before one is written.
				return err
			}
			all = append(all, s)
		}
		var set []accountJSON
		for _, s := range all {
			acct, err := k.Set(context.Background(), p.ID, s, a.now)
			if err != nil {
				return err
			}
			set = append(set, accountOf(p, acct))
		}
		return a.show(set, func(w io.Writer) {
			printAccounts(w, set)
			fmt.Fprintf(w, "Look whether it works: tidepost doctor account %s\n", p.Address)
		})
	})
}

// login is what is common to both sides.
func (c *accountSetCmd) login(a *app) (s accounts.Settings, err error) {
	s.User, s.Sent = c.User, accounts.Filer(c.Sent)
	if c.OAuth == "" {
		s.Password, err = (&personFields{PasswordFile: c.PasswordFile}).password(a)
		return s, err
	}
	data, err := config.ReadPrivate(c.OAuth)
	if err != nil {
		return s, err
	}
	s.OAuth, err = accounts.ParseOAuth(data)
	if err != nil {
		return s, fmt.Errorf("%s: %w", c.OAuth, err)
	}
	return s, nil
}

// accounts runs fn with the keeper of accounts, and tells a running server.
func (a *app) accounts(fn func(*gateway.Desk, *accounts.Keeper) error) error {
	return a.desk(func(d *gateway.Desk) error {
		if err := fn(d, accounts.New(accounts.Options{DB: d.DB, Box: secrets.Open(d.Config.Server.Data, rand.Reader)})); err != nil {
			return err
		}
		return tell(gateway.Reload(context.Background(), d.Config.Server.Data))
	})
}

// accountJSON is an account for programs: no secret, not even sealed.
type accountJSON struct {
	Person   string    `json:"person"`
	Side     string    `json:"side"`
	Addr     string    `json:"addr"`
	Security string    `json:"security"`
	User     string    `json:"user"`
	Auth     string    `json:"auth"`
	Sent     string    `json:"sent"`
	Sieve    string    `json:"sieve,omitempty"`
	State    string    `json:"state"`
	Trouble  string    `json:"trouble,omitempty"`
	Changed  time.Time `json:"changed"`
}

func accountOf(p *people.Person, a accounts.Account) accountJSON {
	auth := "password"
	if a.OAuth {
		auth = "oauth"
	}
	return accountJSON{Person: p.Address.String(), Side: string(a.Side), Addr: a.Addr, Security: string(a.Security), User: a.User,
		Auth: auth, Sent: string(a.Sent), Sieve: a.Sieve, State: string(a.State), Trouble: a.Trouble, Changed: a.Changed.UTC()}
}

func printAccounts(w io.Writer, all []accountJSON) {
	for _, v := range all {
		fmt.Fprintf(w, "%s  %-4s  %s (%s), %s as %s", v.Person, v.Side, v.Addr, v.Security, v.Auth, tameText(v.User))
		if v.Side == string(accounts.SMTP) {
			fmt.Fprintf(w, ", Sent filed by %s", v.Sent)
		}
		if v.Sieve != "" {
			fmt.Fprintf(w, ", Sieve %s", v.Sieve)
		}
		fmt.Fprintf(w, ": %s\n", v.State)
		if v.Trouble != "" {
			fmt.Fprintf(w, "    it said: %s\n", tameText(v.Trouble))
		}
	}
}

// accountCheckCmd is doctor account.
type accountCheckCmd struct {
	Address string `arg:"" help:"Any address of the person."`
}

// Run implements the command.
func (c *accountCheckCmd) Run(a *app) error { return checkAccount(a, c.Address) }

// accountShowCmd shows one person's.
type accountShowCmd struct {
	Address string `arg:"" help:"Any address of the person."`
}

// Run implements the command.
func (c *accountShowCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		return listAccounts(a, d, p)
	})
}

// accountListCmd shows everybody's.
type accountListCmd struct{}

// Run implements the command.
func (*accountListCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error { return listAccounts(a, d, nil) })
}

func listAccounts(a *app, d *gateway.Desk, of *people.Person) error {
	k := accounts.New(accounts.Options{DB: d.DB, Box: secrets.Open(d.Config.Server.Data, rand.Reader)})
	found, err := k.All(context.Background())
	if err != nil {
		return err
	}
	list := []accountJSON{}
	for _, acct := range found {
		if p, ok := d.People.ByID(acct.Person); ok && (of == nil || of.ID == p.ID) {
			list = append(list, accountOf(p, acct))
		}
	}
	if of != nil && len(list) == 0 {
		return fmt.Errorf("accounts of %s: %w", of.Address, store.ErrNotFound)
	}
	return a.show(list, func(w io.Writer) {
		printAccounts(w, list)
		if len(list) == 0 {
			fmt.Fprintln(w, "Nobody has an account elsewhere.")
		}
	})
}

// accountRemoveCmd forgets accounts.
type accountRemoveCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	Side    string `enum:"imap,smtp," default:"" help:"imap or smtp; both if not given."`
}

// Run implements the command.
func (c *accountRemoveCmd) Run(a *app) error {
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		if p.Profile.Inbox == people.MailboxIMAP && c.Side != string(accounts.SMTP) {
			return fmt.Errorf("the mailbox of %s is tended there, and could not be given back without it: tidepost account rollback %s comes first", p.Address, p.Address)
		}
		removed := []string{}
		for _, side := range []store.Side{accounts.IMAP, accounts.SMTP} {
			if c.Side != "" && c.Side != string(side) {
				continue
			}
			switch err := k.Remove(context.Background(), p.ID, side); {
			case errors.Is(err, store.ErrNotFound):
			case err != nil:
				return err
			default:
				removed = append(removed, string(side))
			}
		}
		if len(removed) == 0 {
			return fmt.Errorf("accounts of %s: %w", p.Address, store.ErrNotFound)
		}
		return a.show(map[string]any{"person": p.Address.String(), "removed": removed}, func(w io.Writer) {
			for _, side := range removed {
				fmt.Fprintf(w, "Forgot the %s account of %s.\n", side, p.Address)
			}
		})
	})
}

// secretsCmd is about the key that seals.
type secretsCmd struct {
	Rotate secretsRotateCmd `cmd:"" help:"Seal every password and token with a new key."`
}

// secretsRotateCmd makes a new key.
type secretsRotateCmd struct{}

// Run implements the command.
func (*secretsRotateCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	box := secrets.Open(cfg.Server.Data, rand.Reader)
	n, err := accounts.New(accounts.Options{DB: db, Box: box}).Rotate(context.Background(), a.now)
	if err != nil {
		return err
	}
	return a.show(map[string]any{"sealed": n, "key_file": box.Path()}, func(w io.Writer) {
		fmt.Fprintf(w, "%d secrets are sealed with a new key. Copy %s to where your other backups are not.\n", n, box.Path())
	})
}
