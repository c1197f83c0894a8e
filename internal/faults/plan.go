package faults

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options are what a run of the plan is asked for.
type Options struct {
	Program string   // the binary under test
	Self    string   // this program, which traces too
	Dir     string   // where installations are made; "" for a temporary one
	Only    []string // names of faults; none: all
	Long    bool     // the full dose
	Keep    bool     // leave the installations
	Scale   float64  // of the doses; 0 is 1
	Cases   []string // hostile catalogues
}

// A fault is one line of the plan.
type fault struct {
	name, what string
	run        func(*T)
}

// faults is the plan, in the order of RELIABILITY's table.
func plannedFaults() []fault {
	return []fault{
		{"F1", "kill -9 at random moments under load", killUnderLoad},
		{"F1b", "kill at the n-th write or sync", killAtCalls},
		{"F2", "power cut of ext4 and XFS", powerCuts},
		{"F3", "EIO at the n-th sync", failSyncs},
		{"F4", "full disk", fillDisk},
		{"F5", "stopped and continued", stopAndContinue},
		{"F6", "smarthost partitioned", partition},
		{"F7", "slow smarthost", slowHost},
		{"F8", "random replies of the smarthost", randomReplies},
		{"F10", "database busy, damaged, cut, of another version", damage},
		{"F11", "no descriptors left", fewDescriptors},
		{"F12", "little memory and hostile input", littleMemory},
		{"F13", "idle and active connections", manyConnections},
		{"F18", "kill -9 with many held", manyHeld},
		{"F19", "kill -9 beside a provider", killBeside},
		{"F20", "connection to a provider cut", cutBeside},
		{"F21", "what happens to an account at a provider", breakAccount},
		{"F22", "two Tideposts on the same accounts", twoAtOnce},
	}
}

// A plan is what the faults of one run share.
type plan struct {
	Options
	out io.Writer
	dir string
}

// A result is one line of the table.
type result struct {
	name, verdict, what string
	took                time.Duration
}

// Run goes through the plan and prints the table; the last line is "N passed, N
// failed, N skipped". It reports whether nothing failed.
func Run(ctx context.Context, o Options, out io.Writer) (bool, error) {
	p := &plan{Options: o, out: out}
	var err error
	if p.dir, err = os.MkdirTemp(o.Dir, "tidepost-faults-"); err != nil {
		return false, fmt.Errorf("make directory: %w", err)
	}
	if !o.Keep {
		defer os.RemoveAll(p.dir)
	}
	if p.Program, err = filepath.Abs(o.Program); err != nil {
		return false, fmt.Errorf("find program: %w", err)
	}
	if _, err := os.Stat(p.Program); err != nil {
		return false, fmt.Errorf("find program: %w", err)
	}
	var results []result
	for _, f := range plannedFaults() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, f.name) || ctx.Err() != nil {
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", f.name, f.what)
		r := (&T{ctx: ctx, plan: p, name: f.name}).run(f.run)
		results = append(results, r)
	}
	return table(out, results), nil
}

// table prints the outcome.
func table(out io.Writer, results []result) bool {
	count := map[string]int{}
	fmt.Fprintln(out)
	for _, r := range results {
		count[r.verdict]++
		fmt.Fprintf(out, "%-4s %s %5.0fs  %s\n", r.name, r.verdict, r.took.Seconds(), strings.TrimSpace(r.what))
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", count["PASS"], count["FAIL"], count["SKIP"])
	return count["FAIL"] == 0
}

// dose is how often something is done.
func (t *T) dose(short, long int) int {
	n := short
	if t.plan.Long {
		n = long
	}
	if s := t.plan.Scale; s > 0 {
		n = max(1, int(float64(n)*s))
	}
	return n
}
