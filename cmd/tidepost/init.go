package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/store"
)

// initCmd writes what a new installation needs.
type initCmd struct {
	Domain    []string `required:"" placeholder:"NAME" help:"Mail domain of the team; may be given again."`
	Hostname  string   `placeholder:"NAME" help:"Name of this machine (default: mail.DOMAIN)."`
	Data      string   `placeholder:"DIR" default:"/var/lib/tidepost" help:"Directory of the database (${default})."`
	Smarthost string   `placeholder:"HOST" help:"Server that takes mail to the outside."`
	MX        bool     `name:"mx" help:"Send straight to the MX of each domain instead."`
	IMAP      string   `name:"imap" placeholder:"HOST[:PORT]" help:"Mailboxes stay at this IMAP server: mail programs read there, and Tidepost opens no door for reading or for other servers."`
	ACME      bool     `help:"Fetch a certificate by ACME instead of making a self-signed one."`
	Admin     string   `placeholder:"ADDRESS" help:"Who is told when something needs a human."`
	DryRun    bool     `help:"Start with a week that changes nothing and reports: hold, batch and coach in dry run."`
}

// Run implements the command.
func (c *initCmd) Run(a *app) error {
	if _, err := os.Stat(a.config); err == nil {
		return fmt.Errorf("%s exists already; nothing was changed", a.config)
	}
	cfg, err := c.configuration(filepath.Dir(a.config))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Server.Data, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if err := os.Chmod(cfg.Server.Data, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if !c.ACME {
		err := gateway.SelfSigned(cfg.TLS.Cert, cfg.TLS.Key, []string{cfg.Server.Hostname}, a.now)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	text := config.Template(cfg)
	if _, err := config.Parse(a.config, text, filepath.Dir(a.config)); err != nil {
		return err
	}
	if err := os.WriteFile(a.config, text, 0o640); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	db, err := store.Open(cfg.Server.Data)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return a.show(map[string]string{"config": a.config, "data": cfg.Server.Data, "certificate": cfg.TLS.Cert}, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s\n", a.config)
		fmt.Fprintf(w, "Data in %s\n\nNext:\n", cfg.Server.Data)
		if cfg.Relay.Mode == "smarthost" && cfg.Relay.User == "" {
			fmt.Fprintf(w, "  edit [relay] in %s: host, user, password_file\n", a.config)
		}
		fmt.Fprintf(w, "  tidepost people add ana@%s --name Ana --zone Europe/London --ask-password\n", cfg.Server.Domains[0])
		fmt.Fprintln(w, "  tidepost serve")
		fmt.Fprintln(w, "  tidepost doctor")
	})
}

// configuration is the defaults and what the command line says.
func (c *initCmd) configuration(dir string) (*config.Config, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find configuration directory: %w", err)
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, fmt.Errorf("find data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make configuration directory: %w", err)
	}
	cfg := config.Default()
	cfg.Server.Domains, cfg.Server.Data, cfg.Server.Admin = c.Domain, data, c.Admin
	cfg.Server.Hostname = c.Hostname
	if c.Hostname == "" {
		cfg.Server.Hostname = "mail." + c.Domain[0]
	}
	switch {
	case c.MX:
		cfg.Relay.Mode = "mx"
	case c.Smarthost != "":
		cfg.Relay.Host = c.Smarthost
	default:
		cfg.Relay.Host = "smtp." + c.Domain[0]
	}
	if c.IMAP != "" {
		cfg.Listen.Inbound, cfg.Listen.IMAP, cfg.Listen.IMAPS = "", "", ""
		cfg.Web.IMAP = c.IMAP
		if _, _, err := net.SplitHostPort(c.IMAP); err != nil {
			cfg.Web.IMAP = net.JoinHostPort(strings.Trim(c.IMAP, "[]"), "993")
		}
	}
	if c.ACME {
		cfg.TLS.ACME, cfg.TLS.ACMEEmail = true, c.Admin
	} else {
		cfg.TLS.Cert, cfg.TLS.Key = filepath.Join(dir, "tidepost.crt"), filepath.Join(dir, "tidepost.key")
	}
	if c.DryRun {
		cfg.Hold.Mode, cfg.Batch.Mode, cfg.Coach.Mode = config.DryRun, config.DryRun, config.DryRun
	}
	return cfg, nil
}

// problemJSON is a config.Problem as printed.
type problemJSON struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // 0: something is missing
	Key  string `json:"key,omitempty"`
	Text string `json:"text"`
}

// checkConfigCmd reads the configuration and nothing else.
type checkConfigCmd struct{}

// Run implements the command.
func (c *checkConfigCmd) Run(a *app) error {
	cfg, err := a.load()
	var problems config.Problems
	if errors.As(err, &problems) && a.json {
		list := []problemJSON{}
		for _, p := range problems {
			list = append(list, problemJSON(p))
		}
		return errors.Join(a.show(list, nil), err)
	}
	if err != nil {
		return err
	}
	return a.show(map[string]any{"config": a.config, "ok": true}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is good: %s, domains %v, mail leaves by %s\n", a.config, cfg.Server.Hostname, cfg.Server.Domains, cfg.Relay.Mode)
	})
}
