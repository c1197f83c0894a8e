// Command tidepost-eval measures Tidepost against sets of examples: for every
// set that it knows and finds as DIR/<set>/cases.jsonl, or as a folder of files, it
// asks each question and compares the answers.
//
//	tidepost-eval -data DIR [-json]
//
// By default it lists what was answered wrongly. With -json it prints one line a
// set, {"set":"calendar","items":265,"metrics":{"accuracy":1}}. Exit codes: 0 if
// all sets were run, whatever the answers; 1 if a set cannot be read, a line is
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
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tidepost-eval", flag.ContinueOnError)
	flags.SetOutput(stderr)
	data := flags.String("data", "", "`folder` that holds <set>/cases.jsonl")
	asJSON := flags.Bool("json", false, "print one line of JSON a set")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *data == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "usage: tidepost-eval -data DIR [-json]")
		return 2
	}
	if err := evaluate(*data, *asJSON, stdout); err != nil {
		fmt.Fprintf(stderr, "tidepost-eval: %v\n", err)
		return 1
	}
	return 0
}

// evaluate runs every known set that lies in the folder.
func evaluate(folder string, asJSON bool, out io.Writer) error {
	if _, err := os.ReadDir(folder); err != nil {
		return fmt.Errorf("read data folder: %w", err)
	}
	found := false
	for _, set := range sets {
		path := filepath.Join(folder, set.name, "cases.jsonl")
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("open set: %w", err)
		}
		result, err := set.run(file, path)
		file.Close()
		if err != nil {
			return err
		}
		found = true
		result.Set = set.name
		if err := result.print(out, asJSON); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
	}
	for _, set := range folderSets {
		path := filepath.Join(folder, set.name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		result, err := set.run(path)
		if err != nil {
			return err
		}
		found = true
		result.Set = set.name
		if err := result.print(out, asJSON); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
	}
	if !found {
		return fmt.Errorf("no known set in %s", folder)
	}
	return nil
}

// A Result is what a set measured.
type Result struct {
	Set      string             `json:"set"`
	Items    int                `json:"items"`
	Metrics  map[string]float64 `json:"metrics"`
	Failures []Failure          `json:"-"`
}

// A Failure is an example that was answered wrongly.
type Failure struct {
	ID, Got, Want, Note string
}

func (r Result) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	for _, f := range r.Failures {
		if _, err := fmt.Fprintf(out, "%s: %s\n  got  %s\n  want %s\n", r.Set, f.ID, f.Got, f.Want); err != nil {
			return err
		}
		if f.Note != "" {
			fmt.Fprintf(out, "  note %s\n", f.Note)
		}
	}
	_, err := fmt.Fprintf(out, "%s: %d items, %d wrong", r.Set, r.Items, len(r.Failures))
	for _, name := range sortedNames(r.Metrics) {
		fmt.Fprintf(out, ", %s %.4f", name, r.Metrics[name])
	}
	fmt.Fprintln(out)
	return err
}
