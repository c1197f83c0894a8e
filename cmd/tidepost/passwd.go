package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
)

// passwdCmd sets a password, or lets the person set it.
type passwdCmd struct {
	Address string `arg:"" help:"Any address of the person."`

	PasswordFile string `xor:"how" placeholder:"FILE" help:"Read the password from the first line of a file (- for standard input)."`
	Generate     bool   `xor:"how" help:"Make a password and print it once."`
	Code         bool   `xor:"how" help:"Print a code with which the person sets a password, once."`
	Link         bool   `xor:"how" help:"Print a link with such a code in it. It needs [web]."`
	Mail         bool   `xor:"how" help:"Send such a link to the person's second address."`
	Valid        string `default:"24h" placeholder:"TIME" help:"How long a code is good (${default})."`

	RevokeAppPasswords bool `help:"End all app passwords of the person too."`
}

// Validate implements kong's check of the flags.
func (c *passwdCmd) Validate() error {
	if c.RevokeAppPasswords && c.coded() {
		return errors.New("--revoke-app-passwords goes with a password that is set now: use it with app-password revoke --all")
	}
	return nil
}

func (c *passwdCmd) coded() bool { return c.Code || c.Link || c.Mail }

// Run implements the command.
func (c *passwdCmd) Run(a *app) error {
	if c.coded() {
		return c.letThem(a)
	}
	source := personFields{PasswordFile: c.PasswordFile, GeneratePassword: c.Generate, AskPassword: c.PasswordFile == "" && !c.Generate}
	password, err := source.password(a)
	if err != nil {
		return err
	}
	var entry people.Entry
	err = a.edit(func(e *people.Editor) (err error) {
		entry, err = e.SetPassword(context.Background(), c.Address, password, a.now)
		return err
	})
	if err != nil {
		return err
	}
	revoked := 0
	if c.RevokeAppPasswords {
		err = a.desk(func(d *gateway.Desk) error {
			gone, _, err := d.Revoke(context.Background(), c.Address, "", a.now)
			revoked = len(gone)
			return err
		})
		if err != nil {
			return err
		}
	}
	said := map[string]any{"address": entry.Address, "app_passwords_revoked": revoked}
	if c.Generate {
		said["password"] = password
	}
	return a.show(said, func(w io.Writer) {
		fmt.Fprintf(w, "The password of %s is changed. Sessions with the one before have ended.\n", entry.Address)
		if c.Generate {
			fmt.Fprintf(w, "  password      %s   (shown once)\n", password)
		}
		if revoked > 0 {
			fmt.Fprintf(w, "App passwords revoked: %d.\n", revoked)
		} else {
			fmt.Fprintln(w, "App passwords stay as they are.")
		}
		if entry.Frozen {
			fmt.Fprintf(w, "The account is frozen: tidepost people unfreeze %s --keep-password\n", entry.Address)
		}
	})
}

// letThem makes a code.
func (c *passwdCmd) letThem(a *app) error {
	valid, err := config.ParseDuration(c.Valid)
	if err != nil {
		return fmt.Errorf("--valid: %w", err)
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	page, err := passwordPage(cfg)
	if err != nil && !c.Code {
		return err
	}
	if c.Mail { // Before there is a code that nobody gets.
		err := a.reading(func(d *gateway.Desk) error {
			p, err := personOf(d, c.Address)
			if err == nil && p.Profile.SecondAddress == "" {
				err = fmt.Errorf("%s has no second address: tidepost people set %s --second-address ADDRESS", p.Address, p.Address)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var code string
	var expires time.Time
	err = a.edit(func(e *people.Editor) (err error) {
		code, expires, err = e.CreateCode(context.Background(), c.Address, valid, a.now)
		return err
	})
	if err != nil {
		return err
	}
	if c.Mail {
		return c.mail(a, page, code, expires)
	}
	said := map[string]any{"address": c.Address, "expires": expires}
	if c.Link {
		said["link"] = page + "?" + url.Values{"code": {code}}.Encode()
	} else {
		said["code"] = code
		if page != "" {
			said["page"] = page
		}
	}
	until := expires.Format("2006-01-02 15:04 UTC")
	return a.show(said, func(w io.Writer) {
		switch {
		case c.Link:
			fmt.Fprintf(w, "%s\nGood once, until %s. Whoever opens it can set the password of %s.\n", said["link"], until, c.Address)
		case page == "":
			fmt.Fprintf(w, "%s   (shown once)\nGood once, until %s. It needs the page that [web] serves: set web.listen.\n", code, until)
		default:
			fmt.Fprintf(w, "%s   (shown once)\nGood once, until %s, at %s\n", code, until, page)
		}
	})
}

// mail sends the link to the second address.
func (c *passwdCmd) mail(a *app, page, code string, expires time.Time) error {
	return a.desk(func(d *gateway.Desk) error {
		p, err := personOf(d, c.Address)
		if err != nil {
			return err
		}
		until := expires.In(p.Zone()).Format("Monday, 2 January 2006, 15:04 MST")
		link := page + "?" + url.Values{"code": {code}}.Encode()
		text := fmt.Sprintf("Set the password of your mail account %s here:\n\n%s\n\nThe link is good once, until %s. Looking at it uses nothing up.\n"+
			"If you did not ask for this, do nothing: without the link nothing changes.\n", p.Address, link, until)
		if err := d.TellSecond(context.Background(), p, "Set the password of "+p.Address.String(), text, a.now); err != nil {
			return fmt.Errorf("%w; the code is good all the same, and a new one ends it", err)
		}
		return a.show(map[string]any{"address": p.Address.String(), "sent_to": p.Profile.SecondAddress, "expires": expires}, func(w io.Writer) {
			fmt.Fprintf(w, "Sent to %s: a link to set the password of %s, good once, until %s.\n", p.Profile.SecondAddress, p.Address, until)
		})
	})
}

// passwordPage is where people set their own password.
func passwordPage(cfg *config.Config) (string, error) {
	if cfg.Web.Listen == "" {
		return "", errors.New("there is no page to set a password on: set web.listen, or use --code later, --generate or --password-file now")
	}
	host := cfg.Server.Hostname
	if _, port, err := net.SplitHostPort(cfg.Web.Listen); err == nil && port != "443" && !cfg.Web.Clear {
		host += ":" + port
	}
	return "https://" + strings.TrimSuffix(host, ".") + "/password", nil
}
