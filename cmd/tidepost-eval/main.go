// Command tidepost-eval measures Tidepost against sets of examples: for every
// set that it knows and finds below DIR it asks each question and compares the
// answers. Most sets are DIR/<set>/cases.jsonl; odd-mail and threading are folders
// of files.
//
//	tidepost-eval -data DIR [-errors N] [-json] [SET...]
//
// It prints a table of what was measured, with 95 % intervals; -errors N lists the
// worst N wrong answers of each set above it. With -json it prints one line a set,
// {"set":"calendar","items":265,"metrics":{"accuracy":1}}. Exit codes: 0 if all
// sets were run, whatever the answers; 1 if a set cannot be read, a line is
// malformed or no set is found; 2 for wrong usage.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = "usage: tidepost-eval -data DIR [-errors N] [-json] [SET...]"

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tidepost-eval", flag.ContinueOnError)
	flags.SetOutput(stderr)
	data := flags.String("data", "", "`folder` that holds the sets, each in a folder of its name")
	worst := flags.Int("errors", 0, "list the worst `N` wrong answers of each set")
	asJSON := flags.Bool("json", false, "print one line of JSON a set")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *data == "" || *worst < 0 {
		fmt.Fprintln(stderr, usage)
		return 2
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		fmt.Fprintf(stderr, "tidepost-eval: %v\n%s\n", err, usage)
		return 2
	}
	results, err := evaluate(*data, chosen, flags.NArg() > 0)
	if err == nil {
		err = report(stdout, results, *worst, *asJSON)
	}
	if err != nil {
		fmt.Fprintf(stderr, "tidepost-eval: %v\n", err)
		return 1
	}
	return 0
}

// choose finds the sets of the names; no name means all.
func choose(names []string) ([]set, error) {
	if len(names) == 0 {
		return sets, nil
	}
	var out []set
	for _, name := range names {
		i := slices.IndexFunc(sets, func(s set) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown set %q", name)
		}
		out = append(out, sets[i])
	}
	return out, nil
}

// evaluate runs the sets that lie in the folder. One that was named has to.
func evaluate(folder string, chosen []set, named bool) ([]Result, error) {
	if _, err := os.ReadDir(folder); err != nil {
		return nil, fmt.Errorf("read data folder: %w", err)
	}
	var out []Result
	for _, s := range chosen {
		path := filepath.Join(folder, s.name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !named {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("find set: %w", err)
		}
		r := Result{Set: s.name}
		if err := s.run(path, &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no known set in %s", folder)
	}
	return out, nil
}

// report writes the results as JSON, or their wrong answers and a table.
func report(out io.Writer, results []Result, worst int, asJSON bool) error {
	if asJSON {
		for _, r := range results {
			if err := json.NewEncoder(out).Encode(r); err != nil {
				return fmt.Errorf("print result: %w", err)
			}
		}
		return nil
	}
	for _, r := range results {
		if err := r.printWorst(out, worst); err != nil {
			return fmt.Errorf("print wrong answers: %w", err)
		}
	}
	if err := printTable(out, results); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	return nil
}
