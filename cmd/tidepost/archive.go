package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"tidepost/archive"
	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// importCmd brings old mail in.
type importCmd struct {
	Person string `arg:"" help:"Any address of the person."`
	Source string `arg:"" optional:"" type:"path" help:"An mbox file, a directory of mbox files (Thunderbird's local folders), or a Maildir."`
	IMAP   string `name:"imap" placeholder:"HOST[:PORT]" help:"Take the folders of an account on this IMAP server (TLS, port 993) instead."`
	elsewhere
	Into  string `placeholder:"FOLDER" help:"Put everything below this folder."`
	Again bool   `help:"Import also what was imported before."`
}

// elsewhere says who logs in to an account on another server, and how.
type elsewhere struct {
	User         string `help:"User of that account."`
	PasswordFile string `placeholder:"FILE" help:"Its password is the first line of this file."`
	StartTLS     bool   `name:"starttls" help:"The server speaks STARTTLS (port 143)."`
	Insecure     bool   `help:"Log in without TLS; on this machine only."`
}

// account reads what logs in at addr.
func (e elsewhere) account(addr string, limit int) (o archive.AccountOptions, err error) {
	if e.User == "" || e.PasswordFile == "" {
		return o, errors.New("--imap needs --user and --password-file")
	}
	secret, err := config.ReadSecret(e.PasswordFile)
	if err != nil {
		return o, err
	}
	o = archive.AccountOptions{Addr: addr, Security: archive.TLS, User: e.User, Password: secret.Reveal(), Limit: limit}
	port := "993"
	switch {
	case e.Insecure:
		o.Security, port = archive.Clear, "143"
	case e.StartTLS:
		o.Security, port = archive.StartTLS, "143"
	}
	if _, _, err := net.SplitHostPort(o.Addr); err != nil {
		o.Addr = net.JoinHostPort(o.Addr, port)
	}
	return o, nil
}

// Run implements the command.
func (c *importCmd) Run(a *app) error {
	if (c.Source == "") == (c.IMAP == "") {
		return errors.New("name either a file or directory, or --imap HOST")
	}
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		p, err := whose(d, c.Person)
		if err != nil {
			return err
		}
		src, err := c.open(ctx, d.Config)
		if err != nil {
			return err
		}
		defer src.Close()
		bar := a.folders()
		t := archive.Target{DB: d.DB, Person: p.ID, Into: c.Into, Again: c.Again, Now: a.now, Derive: d.Inbox.Derive, Told: bar.told}
		results, err := archive.Import(ctx, src, t)
		bar.end()
		// What was filed is there, whatever ended it.
		err = errors.Join(err, d.Announce(context.WithoutCancel(ctx)))
		return errors.Join(a.showFolders("Imported", results), err)
	})
}

func (c *importCmd) open(ctx context.Context, cfg *config.Config) (archive.Source, error) {
	limit := int(cfg.Limits.MessageSize)
	if c.IMAP == "" {
		return archive.Open(c.Source, limit)
	}
	o, err := c.account(c.IMAP, limit)
	if err != nil {
		return nil, err
	}
	return archive.Account(ctx, o)
}

// whose finds a person. store.ErrNotFound.
func whose(d *gateway.Desk, address string) (*people.Person, error) {
	parsed, err := mail.ParsePath(address, true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	p, _, ok := d.People.ByAddress(parsed)
	if !ok {
		return nil, fmt.Errorf("person %s: %w", address, store.ErrNotFound)
	}
	return p, nil
}

// folderBars draw a bar for each folder.
type folderBars struct {
	a    *app
	name string
	step func(done, total int)
	stop func()
}

func (a *app) folders() *folderBars { return &folderBars{a: a, stop: func() {}} }

func (b *folderBars) told(f archive.Folder, done int64) {
	if b.name != f.Name || b.step == nil {
		b.stop()
		b.name = f.Name
		b.step, b.stop = b.a.progress(f.Name)
	}
	b.step(int(done), int(f.Total))
}

func (b *folderBars) end() { b.stop() }

// showFolders prints what became of each folder.
func (a *app) showFolders(did string, results []archive.Result) error {
	return a.show(results, func(w io.Writer) {
		rows := [][]string{{"FOLDER", "INTO", "MESSAGES", "THERE BEFORE", "LEFT OUT"}}
		total := 0
		for _, r := range results {
			rows = append(rows, []string{r.From, r.To, fmt.Sprint(r.Messages), fmt.Sprint(r.Before), fmt.Sprint(r.Left)})
			total += r.Messages
		}
		table(w, rows)
		for _, r := range results {
			for _, p := range r.Problems {
				fmt.Fprintf(w, "%s, message %d was left out: %s\n", r.From, p.Message, p.Why)
			}
		}
		fmt.Fprintf(w, "%s %d messages.\n", did, total)
	})
}

// exportCmd takes mail out.
type exportCmd struct {
	Person string `arg:"" help:"Any address of the person."`
	To     string `arg:"" optional:"" type:"path" help:"Directory to write: new, empty, or of an export that was broken off."`
	Format string `enum:"mbox,maildir" default:"mbox" help:"mbox or maildir."`
	IMAP   string `name:"imap" placeholder:"HOST[:PORT]" help:"Write into an account on this IMAP server (TLS, port 993) instead."`
	elsewhere
	Into string `placeholder:"FOLDER" help:"Put everything below this folder of the account."`
}

// Run implements the command.
func (c *exportCmd) Run(a *app) error {
	if (c.To == "") == (c.IMAP == "") {
		return errors.New("name either a directory, or --imap HOST")
	}
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		p, err := whose(d, c.Person)
		if err != nil {
			return err
		}
		bar := a.folders()
		var results []archive.Result
		if c.IMAP == "" {
			if err := c.note(ctx, d, a.now, p, map[string]any{"format": c.Format}); err != nil {
				return err
			}
			results, err = archive.Export(ctx, d.DB, p.ID, c.To, archive.Format(c.Format), bar.told)
		} else {
			results, err = c.toAccount(ctx, d, a.now, p, bar)
		}
		bar.end()
		if len(results) == 0 {
			return err
		}
		return errors.Join(a.showFolders("Exported", results), err)
	})
}

// note writes into the ledger that the admin takes a copy of somebody's mail.
func (c *exportCmd) note(ctx context.Context, d *gateway.Desk, now time.Time, p *people.Person, detail map[string]any) error {
	return d.Update(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(store.Event{At: now, Kind: eventExported, PersonID: p.ID, Detail: detail})
	})
}

func (c *exportCmd) toAccount(ctx context.Context, d *gateway.Desk, now time.Time, p *people.Person, bar *folderBars) ([]archive.Result, error) {
	o, err := c.account(c.IMAP, int(d.Config.Limits.MessageSize))
	if err != nil {
		return nil, err
	}
	if err := notTheirOwn(ctx, d, p, o); err != nil {
		return nil, err
	}
	if err := c.note(ctx, d, now, p, map[string]any{"server": o.Addr, "user": o.User}); err != nil {
		return nil, err
	}
	return archive.ExportTo(ctx, d.DB, p.ID, o, c.Into, bar.told)
}

// notTheirOwn refuses the account that Tidepost tends for the person: their mail is there.
func notTheirOwn(ctx context.Context, d *gateway.Desk, p *people.Person, o archive.AccountOptions) error {
	var own store.Account
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		own, err = tx.Account(p.ID, store.SideIMAP)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && strings.EqualFold(own.Addr, o.Addr) && own.User == o.User {
		err = fmt.Errorf("%s at %s is the account that Tidepost tends for %s: their mail is there", o.User, o.Addr, p.Address)
	}
	return err
}

// eventExported is the line of the ledger about mail that was taken out.
const eventExported = "exported"
