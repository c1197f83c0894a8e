package faults

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A point is where a traced server is hit: at the n-th of these system calls of all
// its threads, counted from when the tracer is armed. strace counts for every thread
// and every call by itself, so it cannot name the n-th of a process.
type point struct {
	n     int
	calls string // names joined by commas
	eio   bool   // let the call fail instead of killing the process
}

// names of the system calls that change files or tell somebody something.
const (
	changing = "write,pwrite64,writev,fsync,fdatasync,rename,renameat,unlink,unlinkat,link,linkat,sendto,sendmsg,ftruncate"
	syncing  = "fsync,fdatasync"
)

// trace runs the server from now on under a tracer that waits to be armed.
func (s *site) trace(p point) {
	do := "kill"
	if p.eio {
		do = "eio"
	}
	s.unhit()
	s.wrap = []string{s.plan.Self, "trace", "-report", s.report(), "-at", fmt.Sprint(p.n), "-do", do, "-calls", p.calls, "--"}
}

func (s *site) report() string { return filepath.Join(s.dir, "hit") }

func (s *site) unhit() {
	if err := os.Remove(s.report()); err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
}

// hit returns what was hit, "" if nothing was yet.
func (s *site) hit() string {
	text, err := os.ReadFile(s.report())
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// traceOptions is what the command trace is asked for.
type traceOptions struct {
	report, do string
	at         int
	calls      map[string]bool
	argv       []string
}

// Trace is the command `faults trace`: it runs a program and hits it at a point. It
// arms itself at SIGUSR1. The program dies with it.
func Trace(args []string) int {
	fs := flag.NewFlagSet("trace", flag.ContinueOnError)
	o := traceOptions{calls: map[string]bool{}}
	fs.StringVar(&o.report, "report", "", "file that says what was hit")
	fs.IntVar(&o.at, "at", 1, "which call")
	fs.StringVar(&o.do, "do", "kill", "kill or eio")
	calls := fs.String("calls", changing, "names of system calls")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	for name := range strings.SplitSeq(*calls, ",") {
		o.calls[name] = true
	}
	o.argv = fs.Args()
	code, err := traceProgram(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		return 2
	}
	return code
}

// note writes what was hit, which mails were written and not synced by then, and whether
// it is the same call on the same file as the one before; it is there before the program
// goes on.
func (o traceOptions) note(call, file string, doubt []string, again bool) error {
	line := fmt.Sprintf("%s %s doubt=%s", call, filepath.Base(file), strings.Join(doubt, ","))
	if again {
		line += " again"
	}
	return os.WriteFile(o.report, []byte(line+"\n"), 0o600)
}
