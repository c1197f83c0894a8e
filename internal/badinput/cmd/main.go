// Command badinput puts a catalogue of hostile input through a real gateway: see
// package badinput. The last line is "N passed, N failed".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"tidepost/internal/badinput"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "gateway" {
		if err := badinput.Child(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "gateway:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	var o badinput.Options
	cases := flag.String("cases", "testdata/badinput/cases.jsonl", "the catalogue")
	flag.StringVar(&o.Only, "only", "", "only rows whose id matches this regular expression")
	flag.StringVar(&o.Part, "part", "", "known: the two thirds of the rows that were worked with; held: the other third")
	flag.IntVar(&o.Parallel, "parallel", 4, "rows at the same time")
	flag.DurationVar(&o.Sweep, "sweep", 3*time.Second, "how long each short row is chopped and cut; 0s: not")
	flag.Float64Var(&o.Bar, "bar", 0.98, "the share that must pass")
	flag.BoolVar(&o.Verbose, "v", false, "list what passed too")
	flag.BoolVar(&o.Keep, "keep", false, "leave the directories of the rows")
	flag.Parse()
	ok, err := badinput.Report(ctx, *cases, o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "badinput:", err)
		return 2
	}
	if !ok {
		return 1
	}
	return 0
}
