// Command tidepost is an e-mail gateway that makes mail asynchronous: the server a
// team sends through and reads from. "tidepost help" lists what it can do.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"tidepost/store"
)

// version is set by the build.
var version = "devel"

// Exit codes, as the manual names them.
const (
	exitOK       = 0
	exitFailure  = 1 // it did not work
	exitUsage    = 2 // unknown command, option or argument
	exitConfig   = 3 // the configuration was refused
	exitFindings = 4 // a check ran and found something wrong
	exitNotFound = 5 // nobody and nothing of that name
)

// errFindings is returned by checks that ran and found something: what it was has
// been printed.
var errFindings = errors.New("problems were found")

// options go with every command.
type options struct {
	Config  string           `short:"c" placeholder:"FILE" default:"${config_file}" help:"Configuration file (${default})."`
	JSON    bool             `help:"Print JSON instead of text."`
	Version kong.VersionFlag `help:"Print the version and exit."`
}

// A commandLine is everything that can be said on it.
type commandLine struct {
	options

	Init        initCmd        `cmd:"" help:"Write a commented tidepost.toml, a data directory and a certificate."`
	CheckConfig checkConfigCmd `cmd:"" help:"Read the configuration and say what is wrong with it."`
	Serve       serveCmd       `cmd:"" help:"Run the gateway."`
	StandAside  asideCmd       `cmd:"" help:"Send mail on at once, without the database, while the gateway cannot run."`
	Pause       pauseCmd       `cmd:"" help:"Let new mail leave and come at once for a while; what waits keeps its times."`
	Resume      resumeCmd      `cmd:"" help:"End a pause; nothing that waits is moved."`
	Rollback    rollbackCmd    `cmd:"" help:"Go back to a plain server: say what waits, send or export it, and what to put back."`
	People      peopleCmd      `cmd:"" help:"Add, change, list, remove and import people."`
	Account     accountCmd     `cmd:"" help:"Say where people's mail is elsewhere, and what logs in there."`
	Secrets     secretsCmd     `cmd:"" help:"Change the key that seals passwords and tokens."`
	Group       groupCmd       `cmd:"" help:"Add, change, list and remove groups: addresses whose mail goes to several."`
	Role        roleCmd        `cmd:"" help:"Add, change, list and remove roles such as support@, with a rota; say who is on duty."`
	AppPassword appPasswordCmd `cmd:"" help:"Passwords of single devices and mail programs: create, list, revoke."`
	Passwd      passwdCmd      `cmd:"" help:"Set a person's password, or make a code with which they do it themselves."`
	DNS         dnsCmd         `cmd:"" name:"dns" help:"Print the DNS records that the team's domains need."`
	Import      importCmd      `cmd:"" help:"Bring old mail in: mbox, Maildir, or another IMAP server; restartable."`
	Export      exportCmd      `cmd:"" help:"Write all mail of a person as mbox or Maildir."`
	Queue       queueCmd       `cmd:"" help:"Look at outgoing mail; release or cancel it."`
	Thread      threadCmd      `cmd:"" help:"Say how conversations stand: what is open, and for whom they wait."`
	When        whenCmd        `cmd:"" help:"Say when mail sent now would reach somebody, and why."`
	Check       checkCmd       `cmd:"" help:"Look at mail in files: what it asks, promises, decides, and what advice there is."`
	Report      reportCmd      `cmd:"" help:"Show what Tidepost does: for you, for the team, in a dry run."`
	Decisions   decisionsCmd   `cmd:"" help:"Find, show and export what was decided."`
	Policy      policyCmd      `cmd:"" help:"List the policies of the coach; wake one."`
	Trace       traceCmd       `cmd:"" help:"Print the journey of one message from the ledger."`
	Why         whyCmd         `cmd:"" help:"Say where one message is, on its way out or in, and why; noted in the ledger."`
	Ledger      ledgerCmd      `cmd:"" help:"Prove that every accepted message is accounted for."`
	Backup      backupCmd      `cmd:"" help:"Copy the database while it is in use."`
	Salvage     salvageCmd     `cmd:"" help:"Copy everything readable of a damaged database into a new one."`
	Schema      schemaCmd      `cmd:"" help:"Show the version of the database; bring it to another one."`
	Rebuild     rebuildCmd     `cmd:"" help:"Compute derived data and the full-text index again."`
	Doctor      doctorCmd      `cmd:"" help:"Look whether everything works: ports, TLS, smarthost, DNS, clock, a probe."`
	Demo        demoCmd        `cmd:"" help:"Run everything on loopback with two people in two time zones."`
}

// An app is what a command works with.
type app struct {
	in       io.Reader
	out, err io.Writer
	config   string
	json     bool
	now      time.Time // the one clock read of a command that does not wait
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// A queueLine is a commandLine with the one command that has to be quick: what scripts
// say a thousand times. To read a description of all the others takes longer than to
// release a mail.
type queueLine struct {
	options

	Queue queueCmd `cmd:""`
}

// shortGarbage has garbage collected late: such a command ends before that pays.
const shortGarbage = 400

// run is main with its surroundings as arguments.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	exited, code := false, exitOK
	newParser := func(grammar any) (*kong.Kong, error) {
		return kong.New(grammar,
			kong.Name("tidepost"),
			kong.Description("Mail leaves in its reader's working hours and arrives with the tide."),
			kong.Writers(out, errw),
			kong.Exit(func(c int) { exited, code = true, c }),
			kong.Vars{"version": version, "config_file": defaultConfig()},
			kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
			kong.Help(help),
		)
	}
	if slices.Contains(args, "queue") && !asksHelp(args) {
		var cl queueLine
		if parser, err := newParser(&cl); err == nil {
			ctx, err := parser.Parse(args)
			if exited {
				return code
			}
			if err == nil {
				debug.SetGCPercent(shortGarbage)
				a := &app{in: in, out: out, err: errw, config: cl.Config, json: cl.JSON, now: time.Now()}
				return a.code(ctx.Run(a))
			}
		}
		// Whatever is wrong with it, the whole command line says it better.
	}
	var cl commandLine
	parser, err := newParser(&cl)
	if err != nil {
		fmt.Fprintln(errw, "tidepost:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintf(errw, "tidepost: %v\nTry \"tidepost --help\".\n", err)
		return exitUsage
	}
	a := &app{in: in, out: out, err: errw, config: cl.Config, json: cl.JSON, now: time.Now()}
	return a.code(ctx.Run(a))
}

// asksHelp reports whether a flag asks for something to read instead of a command.
func asksHelp(args []string) bool {
	return slices.ContainsFunc(args, func(s string) bool { return s == "--help" || s == "-h" || s == "--version" })
}

// help prints what kong knows and, for the program as a whole, the exit codes.
func help(o kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, ctx); err != nil || ctx.Selected() != nil {
		return err
	}
	_, err := fmt.Fprint(ctx.Stdout, exitCodes)
	return err
}

const exitCodes = `
Exit codes: 0 done; 1 it did not work; 2 wrong usage; 3 the configuration was refused;
4 a check found something wrong; 5 nobody and nothing of that name. See tidepost(8).
`

// defaultConfig is the file in the current directory if there is one, else the
// system's.
func defaultConfig() string {
	if _, err := os.Stat("tidepost.toml"); err == nil {
		return "tidepost.toml"
	}
	return "/etc/tidepost/tidepost.toml"
}

// code prints what went wrong and says it as an exit code.
func (a *app) code(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	var plain plainCode
	if errors.As(err, &plain) {
		return int(plain)
	}
	fmt.Fprintln(a.err, "tidepost:", err)
	if text := hint(err); text != "" {
		fmt.Fprintln(a.err, text)
	}
	var badConfig configError
	switch {
	case errors.As(err, &badConfig):
		return exitConfig
	case errors.Is(err, store.ErrNotFound):
		return exitNotFound
	}
	return exitFailure
}
