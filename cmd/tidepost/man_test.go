package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"tidepost/config"
)

// The page tidepost.toml(5) is what the template says, so that the table of options
// in package config stays the only place where they are described.
func TestConfigurationPage(t *testing.T) {
	const file = "../../docs/man/tidepost.toml.5"
	want := configurationPage(string(config.Template(config.Default())))
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the page is not what the options are; go test -update\n%s", diff)
	}
}

const pageHead = `.\" Made from the table of options by the test of cmd/tidepost (-update).
.Dd November 23, 2026
.Dt TIDEPOST.TOML 5
.Os
.Sh NAME
.Nm tidepost.toml
.Nd configuration of tidepost
.Sh DESCRIPTION
The file is TOML.
Every option has a default, given here; only
.Cm hostname
and
.Cm domains
in
.Cm [server] ,
a smarthost and a certificate must be named.
Nothing is taken from the environment.
Unknown keys and bad values are refused with file, line and key, all of them at
once;
.Ql tidepost check-config
looks without starting anything.
.Pp
Durations are whole days, hours, minutes and seconds
.Pq Ql 5d , 1h30m , 0s ;
sizes have a unit
.Pq Ql 50MB , 64KiB .
Paths are relative to the file.
Secrets never stand in the file: it names files that only the user of the
service may read.
`

const pageTail = `.Sh FILES
.Bl -tag -width Ds -compact
.It Pa /etc/tidepost/tidepost.toml
.El
.Sh SEE ALSO
.Xr tidepost 8
`

// configurationPage turns the commented template into mdoc.
func configurationPage(template string) string {
	var b strings.Builder
	b.WriteString(pageHead)
	_, template, _ = strings.Cut(template, "\n\n")
	var comment []string
	open := false
	for line := range strings.Lines(template) {
		line = strings.TrimSuffix(line, "\n")
		switch name, value, option := strings.Cut(strings.TrimPrefix(line, "#"), " = "); {
		case strings.HasPrefix(line, "["):
			if open {
				b.WriteString(".El\n")
			}
			fmt.Fprintf(&b, ".Sh SECTION %s\n%s.Bl -tag -width Ds\n", strings.ToUpper(line), sentences(comment))
			comment, open = nil, true
		case option && !strings.HasPrefix(line, "# "):
			fmt.Fprintf(&b, ".It Cm %s No = Ar %s\n%s", name, roff(value), sentences(comment))
			comment = nil
		case strings.HasPrefix(line, "# "):
			comment = append(comment, line[2:])
		}
	}
	b.WriteString(".El\n" + pageTail)
	return b.String()
}

// sentences is text for roff. Words in a line of their own would be requests if they
// began with a dot.
func sentences(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return roff(strings.Join(lines, " ")) + "\n"
}

func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `"`, `\(dq`, "…", `\&...`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// The page tidepost(8) names every command and every option.
func TestCommandPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/man/tidepost.8")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commandLine{}, kong.Vars{"version": "x", "config_file": "x"})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Node:
			if n.Type == kong.CommandNode && n.Leaf() {
				seen++
				if name := strings.TrimPrefix(n.Path(), "tidepost "); !bytes.Contains(page, []byte(".It Cm "+name)) {
					t.Errorf("command %q is not on the page", name)
				}
			}
		case *kong.Flag:
			if !bytes.Contains(page, []byte("-"+n.Name)) {
				t.Errorf("option --%s is not on the page", n.Name)
			}
		}
		return next(nil)
	})
	if err != nil || seen < 15 {
		t.Errorf("%d commands looked at, %v", seen, err)
	}
	for code := exitOK; code <= exitNotFound; code++ {
		if !bytes.Contains(page, fmt.Appendf(nil, ".It %d\n", code)) {
			t.Errorf("exit code %d is not on the page", code)
		}
	}
}
