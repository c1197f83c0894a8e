package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tidepost/internal/gateway"
)

// peopleFreezeCmd freezes a person.
type peopleFreezeCmd struct {
	Address string `arg:"" help:"Any address of the person."`
}

// Run implements the command.
func (c *peopleFreezeCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		f, err := d.Freeze(context.Background(), c.Address, operator(), a.now)
		if err != nil {
			return err
		}
		said := map[string]any{"frozen": f.Person.Address.String(), "mails_stopped": f.Mails, "told": f.Told, "admin_told": f.Admin}
		if f.Untold != nil {
			said["not_told"] = f.Untold.Error()
		}
		return a.show(said, func(w io.Writer) {
			fmt.Fprintf(w, "%s is frozen: no login, nothing leaves, sessions have ended. Mail to them is filed as always.\n", f.Person.Address)
			fmt.Fprintf(w, "Waiting mail stopped: %d. To see it: tidepost queue list --author %s\n", f.Mails, f.Person.Address)
			switch {
			case f.Told != "":
				fmt.Fprintf(w, "Told at %s.\n", f.Told)
			case f.Untold != nil:
				fmt.Fprintf(w, "NOT told: %v. Tell them by another way.\n", f.Untold)
			default:
				fmt.Fprintln(w, "They have no second address: tell them by another way.")
			}
			fmt.Fprintf(w, "To end it: tidepost people unfreeze %s\n", f.Person.Address)
		})
	})
}

// peopleUnfreezeCmd ends a freeze.
type peopleUnfreezeCmd struct {
	Address      string `arg:"" help:"Any address of the person."`
	PasswordFile string `xor:"how" placeholder:"FILE" help:"Read the new password from the first line of a file (- for standard input)."`
	Generate     bool   `xor:"how" help:"Make a new password and print it once."`
	KeepPassword bool   `xor:"how" help:"Keep the password: it was a false alarm. Without any of these the new one is asked for."`

	RevokeAppPasswords bool `help:"End all app passwords of the person too."`
}

// Run implements the command.
func (c *peopleUnfreezeCmd) Run(a *app) error {
	password := ""
	if !c.KeepPassword {
		source := personFields{PasswordFile: c.PasswordFile, GeneratePassword: c.Generate, AskPassword: c.PasswordFile == "" && !c.Generate}
		var err error
		if password, err = source.password(a); err != nil {
			return err
		}
		if password == "" {
			return errors.New("the new password is empty")
		}
	}
	return a.desk(func(d *gateway.Desk) error {
		f, err := d.Unfreeze(context.Background(), c.Address, password, c.RevokeAppPasswords, operator(), a.now)
		if err != nil {
			return err
		}
		said := map[string]any{"unfrozen": f.Person.Address.String(), "mails": f.Mails, "app_passwords": f.AppLeft}
		if c.Generate {
			said["password"] = password
		}
		return a.show(said, func(w io.Writer) {
			fmt.Fprintf(w, "%s can log in again.\n", f.Person.Address)
			if c.Generate {
				fmt.Fprintf(w, "  password      %s   (shown once)\n", password)
			}
			fmt.Fprintf(w, "Mail that goes its way again: %d. What is long past leaves in its reader's hours, the rest one after the other.\n", f.Mails)
			if f.AppLeft > 0 {
				fmt.Fprintf(w, "App passwords that stand: %d. If one of them may be known: tidepost app-password revoke %s --all\n", f.AppLeft, f.Person.Address)
			}
		})
	})
}
