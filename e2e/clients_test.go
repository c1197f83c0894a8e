package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A result is what a client printed and how it ended.
type result struct {
	out  string // both streams
	code int
}

// need skips the test if a client is not installed, or fails it where that is an error.
func need(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("TIDEPOST_E2E") == "require" {
				t.Fatalf("%s is required here: %v", name, err)
			}
			t.Skipf("%s is not installed", name)
		}
	}
}

// command runs a client in the installation's directory, with it as home.
func (s *server) command(stdin io.Reader, name string, args ...string) result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = s.dir, stdin, 5*time.Second
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "LC_ALL=C.UTF-8", "TERM=xterm", "XDG_CONFIG_HOME="+s.dir, "XDG_CACHE_HOME="+s.dir, "XDG_DATA_HOME="+s.dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s: %v\n%s", name, err, out.String())
	}
	if ctx.Err() != nil {
		s.t.Fatalf("%s did not end in time:\n%s", name, out.String())
	}
	return result{out.String(), cmd.ProcessState.ExitCode()}
}

// client runs a client that must end well.
func (s *server) client(name string, args ...string) string {
	s.t.Helper()
	r := s.command(nil, name, args...)
	if r.code != 0 {
		s.t.Fatalf("%s %s: exit code %d\n%s", name, strings.Join(args, " "), r.code, r.out)
	}
	return r.out
}
