package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tidepost/people"
)

// groupCmd is about groups.
type groupCmd struct {
	Add    groupAddCmd    `cmd:"" help:"Add a group: an address whose mail goes to all of its members."`
	Set    groupSetCmd    `cmd:"" help:"Change a group."`
	List   groupListCmd   `cmd:"" help:"List groups."`
	Show   groupShowCmd   `cmd:"" help:"Show one group, and who gets its mail in the end."`
	Remove groupRemoveCmd `cmd:"" help:"Remove a group; its address is free again."`
}

// groupFields are the options of a group; nil is "not given". Their syntax is that of
// package people.
type groupFields struct {
	Members    *string `placeholder:"LIST" help:"People, other groups and addresses outside, separated by spaces; +ONE adds one, -ONE takes one away."`
	Aliases    *string `placeholder:"LIST" help:"Further addresses; +ONE adds one, -ONE takes one away, \"none\" takes all away."`
	Name       *string `help:"Name for people."`
	WhoMaySend *string `placeholder:"WHO" help:"team, members or everybody."`
	Owner      *string `placeholder:"ADDRESS" help:"Who hears of mail from elsewhere that did not reach a member outside; the first member if nobody is named."`
}

func (f groupFields) request() people.GroupRequest {
	return people.GroupRequest{Members: f.Members, Aliases: f.Aliases, Name: f.Name, Senders: f.WhoMaySend, Owner: f.Owner}
}

// changing takes +ONE and -ONE from the command line into a request.
func changing(r *people.GroupRequest, change []string) error {
	if len(change) == 0 {
		return nil
	}
	if r.Members != nil {
		return errors.New("name members with --members, or as +ADDRESS and -ADDRESS, not both")
	}
	for _, c := range change {
		if !strings.HasPrefix(c, "+") && !strings.HasPrefix(c, "-") {
			return fmt.Errorf("%q: write +ADDRESS to add a member, or -ADDRESS to take one away", c)
		}
	}
	all := strings.Join(change, " ")
	r.Members = &all
	return nil
}

// groupAddCmd adds a group.
type groupAddCmd struct {
	Address string `arg:"" help:"Its address, in a domain of the team."`
	groupFields
}

// Run implements the command.
func (c *groupAddCmd) Run(a *app) error {
	r := c.request()
	r.Address = &c.Address
	return a.edit(func(e *people.Editor) error {
		entry, err := e.AddGroup(context.Background(), false, r, a.now)
		if err != nil {
			return err
		}
		return a.showGroup("Added", entry)
	})
}

// groupSetCmd changes a group.
type groupSetCmd struct {
	Address    string   `arg:"" help:"Its address."`
	Change     []string `arg:"" optional:"" help:"+ADDRESS adds a member; -ADDRESS, behind --, takes one away."`
	NewAddress string   `placeholder:"ADDRESS" help:"Give it another address."`
	groupFields
}

// Run implements the command.
func (c *groupSetCmd) Run(a *app) error {
	r := c.request()
	if c.NewAddress != "" {
		r.Address = &c.NewAddress
	}
	if err := changing(&r, c.Change); err != nil {
		return err
	}
	return a.edit(func(e *people.Editor) error {
		entry, err := e.SetGroup(context.Background(), false, c.Address, r, a.now)
		if err != nil {
			return err
		}
		return a.showGroup("Changed", entry)
	})
}

// showGroup prints one group or role.
func (a *app) showGroup(did string, e people.GroupEntry) error {
	return a.show(e, func(w io.Writer) { printGroup(w, did, e) })
}

func printGroup(w io.Writer, did string, e people.GroupEntry) {
	title := e.Address
	if e.Name != "" {
		title = fmt.Sprintf("%s <%s>", e.Name, e.Address)
	}
	fmt.Fprintln(w, strings.TrimSpace(did+" "+title))
	for _, l := range [][2]string{
		{"aliases", strings.Join(e.Aliases, " ")}, {"members", strings.Join(e.Members, " ")}, {"reaches", strings.Join(e.Reaches, " ")}, {"who_may_send", e.Senders}, {"owner", e.Owner},
		{"zone", e.Zone}, {"rota", e.Rota}, {"first_reply", e.FirstReply},
	} {
		if l[1] != "" && (l[0] != "reaches" || l[1] != strings.Join(e.Members, " ")) {
			fmt.Fprintf(w, "  %-13s %s\n", l[0], l[1])
		}
	}
	if len(e.Reaches) == 0 {
		fmt.Fprintln(w, "  Nobody gets its mail: it bounces.")
	}
}

// groupListCmd lists groups.
type groupListCmd struct{}

// Run implements the command.
func (c *groupListCmd) Run(a *app) error { return a.listGroups(false) }

func (a *app) listGroups(role bool) error {
	_, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := people.NewEditor(db, nil, nil).ListGroups(context.Background(), role)
	if err != nil {
		return err
	}
	return a.show(list, func(w io.Writer) {
		rows := [][]string{{"ADDRESS", "NAME", "WHO MAY SEND", "REACHES", "MEMBERS"}}
		if role {
			rows = [][]string{{"ADDRESS", "NAME", "FIRST REPLY", "MEMBERS", "ROTA"}}
		}
		for _, e := range list {
			if role {
				rows = append(rows, []string{e.Address, e.Name, e.FirstReply, strings.Join(e.Members, " "), e.Rota})
			} else {
				rows = append(rows, []string{e.Address, e.Name, e.Senders, fmt.Sprint(len(e.Reaches)), strings.Join(e.Members, " ")})
			}
		}
		table(w, rows)
	})
}

// groupShowCmd shows a group.
type groupShowCmd struct {
	Address string `arg:"" help:"Its address."`
}

// Run implements the command.
func (c *groupShowCmd) Run(a *app) error {
	e, err := a.group(false, c.Address)
	if err != nil {
		return err
	}
	return a.showGroup("", e)
}

// group finds a group, or a role.
func (a *app) group(role bool, address string) (people.GroupEntry, error) {
	_, db, err := a.open()
	if err != nil {
		return people.GroupEntry{}, err
	}
	defer db.Close()
	return people.NewEditor(db, nil, nil).Group(context.Background(), role, address)
}

// groupRemoveCmd removes a group.
type groupRemoveCmd struct {
	Address string `arg:"" help:"Its address."`
}

// Run implements the command.
func (c *groupRemoveCmd) Run(a *app) error {
	return a.edit(func(e *people.Editor) error {
		if err := e.RemoveGroup(context.Background(), false, c.Address, a.now, nil); err != nil {
			return err
		}
		return a.show(map[string]string{"removed": c.Address}, func(w io.Writer) {
			fmt.Fprintf(w, "Removed %s: mail to it bounces. Its address is free.\n", c.Address)
		})
	})
}
