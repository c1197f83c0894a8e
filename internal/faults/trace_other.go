//go:build !(linux && amd64)

package faults

import "errors"

var errNoTrace = errors.New("system calls are counted on Linux on amd64 only")

// canTrace says why a program cannot be traced here.
func canTrace() error { return errNoTrace }

func traceProgram(traceOptions) (int, error) { return 0, errNoTrace }
