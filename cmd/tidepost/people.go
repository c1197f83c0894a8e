package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/policies"
)

// peopleCmd is about people.
type peopleCmd struct {
	Add    peopleAddCmd    `cmd:"" help:"Add a person."`
	Set    peopleSetCmd    `cmd:"" help:"Change a person."`
	List   peopleListCmd   `cmd:"" help:"List people."`
	Leave  peopleLeaveCmd  `cmd:"" help:"Plan the day on which a person leaves the team, and who takes over."`
	Export peopleExportCmd `cmd:"" help:"Write everything of a person: mail as mbox, the rest as JSON; restartable."`
	Erase  peopleEraseCmd  `cmd:"" help:"Erase everything of a person who has left, for good."`
	Remove peopleRemoveCmd `cmd:"" help:"Take a person out of the team at once."`
	Import peopleImportCmd `cmd:"" help:"Add people from a CSV file: all of them or none."`

	Freeze   peopleFreezeCmd   `cmd:"" help:"Stop everything of a person whose account may be in a stranger's hands."`
	Unfreeze peopleUnfreezeCmd `cmd:"" help:"Let a frozen person log in again, with a new password, and their mail go."`
}

// personFields are the options of add and set; nil is "not given". Their syntax is
// that of package people, which explains it in its errors.
type personFields struct {
	Name         *string  `help:"Full name."`
	Aliases      *string  `help:"More addresses, separated by spaces."`
	Zone         *string  `help:"IANA time zone, such as Europe/London."`
	Hours        *string  `help:"Working hours: \"mon-fri 09:00-12:30 13:30-17:00; sat 10-12\"."`
	Holidays     *string  `help:"Country or region codes and dates: \"gb 2026-12-24=09:00-12:00\"."`
	HolidaysICS  string   `placeholder:"FILE" help:"Read days off from an .ics file."`
	Leave        *string  `help:"Absences: \"2026-12-24..2027-01-02\"."`
	Stays        *string  `help:"Days in another time zone: \"Europe/Berlin=2026-03-02..2026-03-06\"."`
	LeaveICS     string   `placeholder:"FILE" help:"Read absences from an .ics file."`
	Tides        *string  `help:"Delivery times: \"opening 13:00 16:00\", \"default\" or \"none\"."`
	Focus        *string  `help:"Hours without deliveries, written like hours."`
	OfficeHours  *string  `help:"Hours to be talked to, written like hours."`
	Phone        *string  `help:"Number for emergencies."`
	Hold         *string  `help:"on, off, dry-run, or team."`
	Batch        *string  `help:"on, off, dry-run, or team."`
	Coach        *string  `help:"on, off, dry-run, or team."`
	CoachMode    *string  `help:"How advice comes: advise, stop (the mail is refused once), or off."`
	CoachPolicy  []string `placeholder:"NAME=MODE" sep:"none" help:"One policy of the coach: off, dry-run, on, or team; may be repeated."`
	Style        *string  `help:"How a batch arrives: normal, quiet, or team."`
	Digests      *string  `help:"How often a digest may come: tide, day, off, or team."`
	Inbox        *string  `help:"Where they read their mail: store, or imap (an account at a provider)."`
	Quota        *string  `help:"How much mail may be kept, as in 5GB; none, or team."`
	UrgentBudget *string  `help:"Urgent mails a month, or team."`
	UrgentFrom   *string  `help:"Outside senders whose urgent mail counts."`
	Pass         *string  `help:"Senders delivered at once: addresses or @domain."`
	Cover        *string  `help:"Who answers during leave."`
	Vacation     *string  `help:"What people outside are told during leave: a text with {back} and {cover}, default, or off."`
	Second       *string  `name:"second-address" help:"Address outside the team: told when the account is frozen, and sent the link to set a password."`

	PasswordFile     string `placeholder:"FILE" help:"Read the password from the first line of a file (- for standard input)."`
	GeneratePassword bool   `help:"Make a password and print it once."`
	AskPassword      bool   `help:"Ask for the password on the terminal."`
}

// request turns options into what package people understands.
func (f *personFields) request(a *app) (people.Request, error) {
	r := people.Request{Fields: map[people.Field]string{}}
	for field, value := range map[people.Field]*string{
		people.FieldName: f.Name, people.FieldAliases: f.Aliases, people.FieldZone: f.Zone, people.FieldHours: f.Hours,
		people.FieldHolidays: f.Holidays, people.FieldLeave: f.Leave, people.FieldStays: f.Stays, people.FieldTides: f.Tides, people.FieldFocus: f.Focus,
		people.FieldOfficeHours: f.OfficeHours, people.FieldPhone: f.Phone, people.FieldHold: f.Hold,
		people.FieldBatch: f.Batch, people.FieldCoach: f.Coach, people.FieldCoachMode: f.CoachMode, people.FieldStyle: f.Style, people.FieldDigests: f.Digests,
		people.FieldInbox: f.Inbox, people.FieldQuota: f.Quota, people.FieldUrgentBudget: f.UrgentBudget, people.FieldUrgentFrom: f.UrgentFrom, people.FieldPass: f.Pass,
		people.FieldCover: f.Cover, people.FieldVacation: f.Vacation, people.FieldSecond: f.Second,
	} {
		if value != nil {
			r.Fields[field] = *value
		}
	}
	if err := f.coachPolicies(r.Fields); err != nil {
		return r, err
	}
	var err error
	r.Password, err = f.password(a)
	return r, err
}

// coachPolicies adds the settings of single policies, of those that there are.
func (f *personFields) coachPolicies(fields map[people.Field]string) error {
	if len(f.CoachPolicy) == 0 {
		return nil
	}
	known := slices.Sorted(maps.Keys(policies.Defaults()))
	for _, s := range f.CoachPolicy {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
			name, _, _ := strings.Cut(w, "=")
			if !slices.Contains(known, strings.ToLower(name)) && w != "none" {
				return fmt.Errorf("%q is no policy of the coach; there are %s", name, strings.Join(known, ", "))
			}
		}
	}
	fields[people.FieldCoachPolicy] = strings.Join(f.CoachPolicy, " ")
	return nil
}

// password comes from a file, a pipe, the terminal or chance; never from an argument,
// which every user of the machine could read.
func (f *personFields) password(a *app) (string, error) {
	switch {
	case f.PasswordFile == "-":
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return "", fmt.Errorf("read password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	case f.PasswordFile != "":
		s, err := config.ReadSecret(f.PasswordFile)
		return s.Reveal(), err
	case f.GeneratePassword:
		return people.GeneratePassword(rand.Reader)
	case f.AskPassword:
		return askPassword(a)
	}
	return "", nil
}

// askPassword asks twice, without echo.
func askPassword(a *app) (string, error) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", errors.New("read password: standard input is no terminal; use --password-file -")
	}
	var answers [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(a.err, prompt)
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		answers[i] = string(b)
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two passwords differ")
	}
	return answers[0], nil
}

// ics reads the files named into the person's calendar and says what was left out.
func (f *personFields) ics(a *app, e *people.Editor, who string) error {
	for _, c := range []struct {
		file string
		as   people.Field
	}{{f.HolidaysICS, people.FieldHolidays}, {f.LeaveICS, people.FieldLeave}} {
		if c.file == "" {
			continue
		}
		r, err := os.Open(c.file)
		if err != nil {
			return fmt.Errorf("read calendar: %w", err)
		}
		_, found, err := e.ImportICS(context.Background(), who, r, c.as, a.now)
		r.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		for _, s := range found.Skipped {
			fmt.Fprintf(a.err, "%s: left out: %s\n", c.file, s)
		}
	}
	return nil
}

// edit opens the database for a change of people and tells a running server.
func (a *app) edit(fn func(*people.Editor) error) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fn(people.NewEditor(db, cfg.Server.Domains, rand.Reader)); err != nil {
		return err
	}
	return gateway.Announce(context.Background(), cfg, db, a.now)
}

// tell forgives that no server is running: then nobody has to be told.
func tell(err error) error {
	if errors.Is(err, gateway.ErrNotRunning) {
		return nil
	}
	return err
}

// peopleAddCmd adds a person.
type peopleAddCmd struct {
	Address string       `arg:"" help:"Primary address."`
	Welcome bool         `default:"true" negatable:"" help:"Write them a letter that says what waits, and where."`
	Person  personFields `embed:""`
}

// Run implements the command.
func (c *peopleAddCmd) Run(a *app) error {
	r, err := c.Person.request(a)
	if err != nil {
		return err
	}
	r.Fields[people.FieldAddress] = c.Address
	err = a.edit(func(e *people.Editor) error {
		entry, err := e.Add(context.Background(), r, a.now)
		if err != nil {
			return err
		}
		if err := c.Person.ics(a, e, c.Address); err != nil {
			return err
		}
		return a.showPerson("Added", entry, c.Person.GeneratePassword, r.Password)
	})
	if err == nil && c.Welcome {
		a.welcome([]string{c.Address})
	}
	return err
}

// showPerson prints one person after a change; a generated password this once.
func (a *app) showPerson(did string, e people.Entry, show bool, password string) error {
	type shown struct {
		people.Entry
		Password string `json:"password,omitempty"`
	}
	s := shown{Entry: e}
	if show {
		s.Password = password
	}
	return a.show(s, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s <%s>\n", did, e.Name, e.Address)
		for _, d := range people.Fields() {
			if v := e.Fields[d.Field]; v != "" && d.Field != people.FieldName && d.Field != people.FieldAddress {
				fmt.Fprintf(w, "  %-13s %s\n", d.Field, v)
			}
		}
		switch {
		case show:
			fmt.Fprintf(w, "  password      %s   (shown once)\n", password)
		case !e.CanLogIn:
			fmt.Fprintf(w, "  cannot log in yet: tidepost people set %s --ask-password\n", e.Address)
		}
	})
}

// peopleSetCmd changes a person.
type peopleSetCmd struct {
	Address    string       `arg:"" help:"Any address of the person."`
	NewAddress string       `placeholder:"ADDRESS" help:"New primary address; the old one stays as an alias if it is named in --aliases."`
	Person     personFields `embed:""`
}

// Run implements the command.
func (c *peopleSetCmd) Run(a *app) error {
	r, err := c.Person.request(a)
	if err != nil {
		return err
	}
	if c.NewAddress != "" {
		r.Fields[people.FieldAddress] = c.NewAddress
	}
	return a.edit(func(e *people.Editor) error {
		entry, err := e.Set(context.Background(), c.Address, r, a.now)
		if err != nil {
			return err
		}
		if err := c.Person.ics(a, e, entry.Address); err != nil {
			return err
		}
		return a.showPerson("Changed", entry, c.Person.GeneratePassword, r.Password)
	})
}

// peopleListCmd lists people.
type peopleListCmd struct {
	All bool `help:"Removed people too."`
}

// Run implements the command.
func (c *peopleListCmd) Run(a *app) error {
	_, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	entries, err := people.NewEditor(db, nil, rand.Reader).List(context.Background(), c.All)
	if err != nil {
		return err
	}
	return a.show(entries, func(w io.Writer) {
		rows := [][]string{{"ADDRESS", "NAME", "ZONE", "HOURS", "DELIVERIES", ""}}
		for _, e := range entries {
			note := e.Problem
			switch {
			case !e.Active:
				note = "removed"
			case e.Frozen:
				note = "frozen"
			case note == "" && !e.CanLogIn:
				note = "no password"
			}
			rows = append(rows, []string{e.Address, e.Name, e.Fields[people.FieldZone], e.Fields[people.FieldHours], e.Fields[people.FieldTides], note})
		}
		table(w, rows)
	})
}

// peopleRemoveCmd removes a person.
type peopleRemoveCmd struct {
	Address string `arg:"" help:"Any address of the person."`
}

// Run implements the command.
func (c *peopleRemoveCmd) Run(a *app) error {
	return a.edit(func(e *people.Editor) error {
		if err := e.Remove(context.Background(), c.Address, a.now); err != nil {
			return err
		}
		return a.show(map[string]string{"removed": c.Address}, func(w io.Writer) {
			fmt.Fprintf(w, "Removed %s: no mail, no login. The addresses stay reserved.\n", c.Address)
		})
	})
}

// peopleImportCmd imports a CSV file.
type peopleImportCmd struct {
	File      string `arg:"" help:"CSV file; its first row names the columns."`
	DryRun    bool   `help:"Check everything, change nothing."`
	Update    bool   `help:"Change people who exist."`
	Passwords bool   `help:"Make a password for everybody who is new and print it once."`
	Welcome   bool   `default:"true" negatable:"" help:"Write everybody who is new a letter that says what waits, and where."`
}

// Run implements the command.
func (c *peopleImportCmd) Run(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("import people: %w", err)
	}
	defer f.Close()
	var added []string
	err = a.edit(func(e *people.Editor) error {
		step, end := a.progress("import")
		done, err := e.Import(context.Background(), f, people.ImportOptions{
			Name: c.File, DryRun: c.DryRun, Update: c.Update, Passwords: c.Passwords, Progress: step,
		}, a.now)
		end()
		if err != nil {
			return err
		}
		for _, p := range done {
			if p.New && !c.DryRun {
				added = append(added, p.Address)
			}
		}
		return a.show(done, func(w io.Writer) {
			rows := [][]string{}
			for _, p := range done {
				did := "changed"
				if p.New {
					did = "added"
				}
				rows = append(rows, []string{did, p.Address, p.Name, p.Password})
			}
			table(w, rows)
			if c.DryRun {
				fmt.Fprintln(w, "Dry run: nothing was changed.")
			}
		})
	})
	if err == nil && c.Welcome {
		a.welcome(added)
	}
	return err
}
