package badinput

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a run of a catalogue is told.
type Options struct {
	Only     string // regular expression of ids; "": all
	Part     string // "known" or "held": see held; "": all
	Parallel int
	Sweep    time.Duration
	Bar      float64 // the share of rows that must pass
	Verbose  bool
	Keep     bool
}

// held reports whether a row is of the third that is kept back while the gateway and
// this program are worked on: what passes there passes by rule, not by row.
func held(id string) bool { return crc32.ChecksumIEEE([]byte(id))%3 == 0 }

// choose returns the rows that are to be run.
func (o Options) choose(cases []Case) ([]*Case, error) {
	only, err := regexp.Compile(o.Only)
	if err != nil {
		return nil, fmt.Errorf("read -only: %w", err)
	}
	var out []*Case
	for i := range cases {
		c := &cases[i]
		if !only.MatchString(c.ID) || o.Part == "known" && held(c.ID) || o.Part == "held" && !held(c.ID) {
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// alone reports whether a row measures time so finely that nothing else may run.
func (c *Case) alone() bool {
	_, ok := c.invariant("median_ms_difference")
	return ok || c.has(rate) || c.has(sessions) && c.Steps[0].n > 100
}

// Report runs the catalogue at path and writes what came of it. ok: the bar is
// reached.
func Report(ctx context.Context, path string, o Options, out io.Writer) (ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	all, err := Load(f)
	if err != nil {
		return false, err
	}
	cases, err := o.choose(all)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "badinput")
	if err != nil {
		return false, err
	}
	if o.Keep {
		fmt.Fprintln(out, "rows are kept in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	k, err := NewCatalogue(ctx, dir)
	if err != nil {
		return false, err
	}
	k.Sweep, k.Keep = o.Sweep, o.Keep
	return summary(k.all(ctx, cases, o.Parallel), o, out), nil
}

// all runs rows side by side, and then those that want the machine for themselves.
func (k *Catalogue) all(ctx context.Context, cases []*Case, parallel int) []Result {
	results := make([]Result, len(cases))
	var group sync.WaitGroup
	slots := make(chan struct{}, max(parallel, 1))
	for i, c := range cases {
		if c.alone() || ctx.Err() != nil {
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			results[i] = k.Run(ctx, c)
		})
	}
	group.Wait()
	for i, c := range cases {
		if c.alone() {
			results[i] = k.Run(ctx, c)
		}
	}
	return results
}

// A line is the count of one protocol.
type line struct{ passed, failed, skipped, unchecked int }

// summary writes table, misses and what was not checked. The last line is the count.
func summary(results []Result, o Options, out io.Writer) (ok bool) {
	table := map[string]*line{}
	total := line{}
	cuts, singles := 0, 0
	for _, r := range results {
		if r.Case == nil {
			continue // Interrupted.
		}
		l := table[r.Case.Protocol]
		if l == nil {
			l = &line{}
			table[r.Case.Protocol] = l
		}
		cuts += r.Cuts
		if r.SingleDone {
			singles++
		}
		for _, l := range []*line{l, &total} {
			switch {
			case r.Skipped != "":
				l.skipped++
			case r.Passed():
				l.passed++
			default:
				l.failed++
			}
			if len(r.Unchecked) > 0 {
				l.unchecked++
			}
		}
		tell(r, o, out)
	}
	fmt.Fprintf(out, "\n%-12s %7s %7s %8s %22s\n", "protocol", "passed", "failed", "skipped", "with unseen invariants")
	for _, name := range slices.Sorted(maps.Keys(table)) {
		l := table[name]
		fmt.Fprintf(out, "%-12s %7d %7d %8d %22d\n", name, l.passed, l.failed, l.skipped, l.unchecked)
	}
	fmt.Fprintf(out, "\n%d rows also octet by octet, %d sessions cut short\n", singles, cuts)
	if total.skipped > 0 {
		fmt.Fprintf(out, "%d skipped: %s\n", total.skipped, skips(results))
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", total.passed, total.failed)
	n := total.passed + total.failed
	return n == 0 || float64(total.passed) >= o.Bar*float64(n)
}

// skips are the reasons for which rows were not run.
func skips(results []Result) string {
	why := map[string]bool{}
	for _, r := range results {
		if r.Skipped != "" {
			why[r.Skipped] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(why)), "; ")
}

// tell writes one row.
func tell(r Result, o Options, out io.Writer) {
	what := fmt.Sprintf("%s (%s %s)", r.Case.ID, r.Case.Protocol, r.Case.Phase)
	switch {
	case r.Skipped != "":
		if o.Verbose {
			fmt.Fprintf(out, "skip  %s: %s\n", what, r.Skipped)
		}
		return
	case !r.Passed():
		fmt.Fprintf(out, "FAIL  %s\n", what)
		for _, m := range r.Misses {
			fmt.Fprintf(out, "      %s\n", m)
		}
	case o.Verbose:
		fmt.Fprintf(out, "pass  %s  +%d MiB, %v CPU, %v, %d cuts\n", what, r.Growth>>20, r.CPU, r.Took.Round(time.Millisecond), r.Cuts)
	}
	for _, u := range r.Unchecked {
		fmt.Fprintf(out, "      not checked: %s: %s\n", r.Case.ID, u)
	}
}
