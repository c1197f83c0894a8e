package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/demo"
)

// demoCmd shows everything on one machine.
type demoCmd struct {
	Tour bool   `help:"Tell the story by itself in under 90 seconds, check each step, and end."`
	Dir  string `placeholder:"DIR" help:"Where its files go; must be empty or not exist (default: a temporary one)."`

	SubmissionPort  int `placeholder:"PORT" help:"Port for sending with STARTTLS."`
	SubmissionsPort int `placeholder:"PORT" help:"Port for sending inside TLS."`
	InboundPort     int `placeholder:"PORT" help:"Port for mail from outside."`
	ImapPort        int `placeholder:"PORT" help:"Port for reading with STARTTLS."`
	ImapsPort       int `placeholder:"PORT" help:"Port for reading inside TLS."`
	SmarthostPort   int `placeholder:"PORT" help:"Port of the outside world."`

	Provider         string `placeholder:"HOST[:PORT]" help:"Keep the two mailboxes at this IMAP server (port 993), in accounts made for trying."`
	ProviderSecurity string `enum:"tls,starttls,none," default:"" help:"tls, starttls, or none (on this machine only); else as the port says."`
	ProviderSieve    string `placeholder:"HOST[:PORT]" help:"Its ManageSieve server (port 4190); found by DNS or at the IMAP server if not given; none: use no Sieve."`
	ProviderInbound  string `placeholder:"HOST:PORT" help:"Its server that takes mail from outside, by SMTP, or by LMTP (lmtp:HOST:PORT); without it the demo puts such mail into INBOX."`
	ProviderCA       string `name:"provider-ca" placeholder:"FILE" help:"PEM file of the authorities to trust there, if not the system's."`
	Ana              string `placeholder:"USER" help:"Ana's login at the provider."`
	AnaPasswordFile  string `placeholder:"FILE" help:"Her password is the first line of this file."`
	Mei              string `placeholder:"USER" help:"Mei's login at the provider."`
	MeiPasswordFile  string `placeholder:"FILE" help:"Her password is the first line of this file."`
}

// Validate implements kong's check of the flags.
func (c *demoCmd) Validate() error {
	there := []string{c.Ana, c.AnaPasswordFile, c.Mei, c.MeiPasswordFile}
	switch {
	case c.Provider != "" && slices.Contains(there, ""):
		return errors.New("with --provider say --ana, --ana-password-file, --mei and --mei-password-file")
	case c.Provider == "" && strings.Join(there, "")+c.ProviderSecurity+c.ProviderSieve+c.ProviderInbound+c.ProviderCA != "":
		return errors.New("accounts elsewhere need --provider HOST")
	}
	return nil
}

// elsewhere reads where the mailboxes are; nil: in the demo.
func (c *demoCmd) elsewhere() (*demo.Provider, error) {
	if c.Provider == "" {
		return nil, nil
	}
	p := &demo.Provider{IMAP: c.Provider, Security: accounts.Security(c.ProviderSecurity), CAFile: c.ProviderCA, Sieve: c.ProviderSieve, Inbound: c.ProviderInbound}
	for _, l := range []struct {
		to         *demo.Login
		user, file string
	}{{&p.Ana, c.Ana, c.AnaPasswordFile}, {&p.Mei, c.Mei, c.MeiPasswordFile}} {
		s, err := config.ReadSecret(l.file)
		if err != nil {
			return nil, err
		}
		*l.to = demo.Login{User: l.user, Password: s.Reveal()}
	}
	return p, nil
}

// Run implements the command.
func (c *demoCmd) Run(a *app) error {
	if a.json {
		return errors.New("the demo is for people: it has no --json")
	}
	there, err := c.elsewhere()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return demo.Run(ctx, demo.Options{Out: a.out, Dir: c.Dir, Tour: c.Tour, Provider: there, Ports: demo.Ports{
		Submission: c.SubmissionPort, Submissions: c.SubmissionsPort, Inbound: c.InboundPort,
		IMAP: c.ImapPort, IMAPS: c.ImapsPort, Smarthost: c.SmarthostPort,
	}})
}
