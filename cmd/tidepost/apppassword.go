package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"tidepost/internal/gateway"
	"tidepost/people"
)

// appPasswordCmd is about the passwords of single devices and mail programs.
type appPasswordCmd struct {
	Create appPasswordCreateCmd `cmd:"" help:"Make one and print it once."`
	List   appPasswordListCmd   `cmd:"" help:"List those of a person."`
	Revoke appPasswordRevokeCmd `cmd:"" help:"End one, or all; what it sent and has not left is stopped."`
}

// appPasswordCreateCmd makes one.
type appPasswordCreateCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	Name    string `required:"" placeholder:"NAME" help:"What it is for, as in \"Scanner, 2nd floor\"."`
	Client  bool   `help:"For a mail program of the person, which may read too. Without it: for a device, which may only send, and whose mail never waits."`
}

// Run implements the command.
func (c *appPasswordCreateCmd) Run(a *app) error {
	var made people.AppPassword
	var password string
	err := a.edit(func(e *people.Editor) (err error) {
		made, password, err = e.CreateAppPassword(context.Background(), c.Address, c.Name, !c.Client, a.now)
		return err
	})
	if err != nil {
		return err
	}
	return a.show(struct {
		people.AppPassword
		Password string `json:"password"`
	}{made, password}, func(w io.Writer) {
		fmt.Fprintf(w, "%s   (shown once)\n", password)
		if made.Device {
			fmt.Fprintf(w, "For %q, with the user name %s. It may send; its mail never waits and gets no advice.\n", made.Name, c.Address)
		} else {
			fmt.Fprintf(w, "For %q, with the user name %s. It may read and send, like the password itself.\n", made.Name, c.Address)
		}
	})
}

// appPasswordListCmd lists them.
type appPasswordListCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	All     bool   `help:"Revoked ones too."`
}

// Run implements the command.
func (c *appPasswordListCmd) Run(a *app) error {
	_, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := people.NewEditor(db, nil, nil).AppPasswords(context.Background(), c.Address, c.All)
	if err != nil {
		return err
	}
	return a.show(list, func(w io.Writer) {
		if len(list) == 0 {
			fmt.Fprintf(w, "%s has no app passwords.\n", c.Address)
			return
		}
		rows := [][]string{{"ID", "NAME", "FOR", "CREATED", "LAST USED", ""}}
		for _, p := range list {
			use, note, used := "mail program", "", "never"
			if p.Device {
				use = "device"
			}
			if p.Revoked != nil {
				note = "revoked " + p.Revoked.UTC().Format("2006-01-02")
			}
			if p.Used != "" {
				used = p.Used
			}
			rows = append(rows, []string{strconv.FormatInt(p.ID, 10), p.Name, use, p.Created.UTC().Format("2006-01-02"), used, note})
		}
		table(w, rows)
	})
}

// appPasswordRevokeCmd ends them.
type appPasswordRevokeCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	Which   string `arg:"" optional:"" placeholder:"NAME|ID" help:"Its name, or its number in the list."`
	All     bool   `help:"All of the person's."`
}

// Validate implements kong's check of the flags.
func (c *appPasswordRevokeCmd) Validate() error {
	if c.All == (c.Which != "") {
		return errors.New("say which app password by its name or number, or --all")
	}
	return nil
}

// Run implements the command.
func (c *appPasswordRevokeCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		gone, mails, err := d.Revoke(context.Background(), c.Address, c.Which, a.now)
		if err != nil {
			return err
		}
		if gone == nil {
			gone = []people.AppPassword{}
		}
		return a.show(map[string]any{"revoked": gone, "mails_stopped": mails}, func(w io.Writer) {
			if len(gone) == 0 {
				fmt.Fprintf(w, "%s has no app passwords.\n", c.Address)
				return
			}
			for _, p := range gone {
				fmt.Fprintf(w, "Revoked %q. Its sessions have ended.\n", p.Name)
			}
			if mails > 0 {
				fmt.Fprintf(w, "%s stopped that came with it and had not left; %s was asked what is to become of it.\n", countMails(mails), c.Address)
			}
		})
	})
}

func countMails(n int) string {
	if n == 1 {
		return "1 mail is"
	}
	return fmt.Sprintf("%d mails are", n)
}
