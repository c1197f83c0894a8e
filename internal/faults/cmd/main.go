// Command faults goes through the fault plan: see package faults. The last line is
// "N passed, N failed, N skipped".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"tidepost/internal/faults"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "trace" {
		os.Exit(faults.Trace(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	var o faults.Options
	only := flag.String("only", "", "names of faults, joined by commas; empty: all")
	flag.StringVar(&o.Program, "program", "bin/tidepost", "the binary under test")
	flag.StringVar(&o.Dir, "dir", "", "where installations are made")
	flag.BoolVar(&o.Long, "long", false, "the full dose")
	flag.BoolVar(&o.Keep, "keep", false, "leave the installations")
	flag.Float64Var(&o.Scale, "scale", 1, "multiplies the dose")
	cases := flag.String("cases", "testdata/badinput/cases.jsonl,testdata/badinput/more.jsonl", "hostile catalogues, joined by commas")
	flag.Parse()
	o.Cases = strings.Split(*cases, ",")
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	var err error
	if o.Self, err = os.Executable(); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 2
	}
	ok, err := faults.Run(ctx, o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 2
	}
	if !ok {
		return 1
	}
	return 0
}
