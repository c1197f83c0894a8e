package bubble

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Run runs a program in a bubble in which it is start, and says how it ended, and how often
// the clock had jumped. The program and those that it starts must have been built with the
// overlay; others live outside.
func Run(cmd *exec.Cmd, start time.Time) (jumps int, err error) {
	dir, err := os.MkdirTemp("", "bubble-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "page")
	p, err := newPage(path, start)
	if err != nil {
		return 0, err
	}
	cmd.Env = append(cmd.Environ(), Variable+"="+path)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int)
	go func() { done <- p.conduct(ctx) }()
	err = cmd.Wait()
	cancel()
	return <-done, err
}
