// The command bubble makes the overlay with which programs for a bubble of virtual time
// are built, or runs one in it:
//
//	bubble overlay DIR                   writes DIR/overlay.json, for go build -overlay
//	bubble run 2026-03-20T12:00:00Z PROGRAM ARGUMENT...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"tidepost/internal/bubble"
)

func main() {
	err := run(os.Args[1:])
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bubble:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "overlay":
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("where is Go: %w", err)
		}
		_, err = bubble.WriteOverlay(strings.TrimSpace(string(root)), args[1])
		return err
	case len(args) >= 3 && args[0] == "run":
		start, err := time.Parse(time.RFC3339, args[1])
		if err != nil {
			return err
		}
		cmd := exec.Command(args[2], args[3:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		begun := time.Now()
		jumps, err := bubble.Run(cmd, start)
		fmt.Fprintf(os.Stderr, "the clock jumped %d times in %s\n", jumps, time.Since(begun).Round(time.Second))
		return err
	}
	return errors.New("usage: bubble overlay DIR, or bubble run TIME PROGRAM [ARGUMENT]")
}
