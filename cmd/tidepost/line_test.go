package main

import (
	"bytes"
	"strings"
	"testing"
)

// What is wrong with a queue command, and help on it, reads as if there were one grammar.
func TestQueueLineSaysWhatTheWholeLineSays(t *testing.T) {
	for _, c := range []struct {
		args, out, err string
		code           int
	}{
		{"queue", "", "expected one of \"list\", \"show\", \"release\", \"cancel\", \"why\"", exitUsage},
		{"queue foo", "", "unexpected argument foo", exitUsage},
		{"queue list --all --to a@x.example", "", "--all goes with --author and --limit only", exitUsage},
		{"queue release", "", "name the mail", exitUsage},
		{"queue release -h", "Usage: tidepost queue release", "", exitOK},
		{"queue release 5 -yh", "Usage: tidepost queue release", "", exitOK},
		{"--help queue", "Usage: tidepost queue", "", exitOK},
		{"-c missing.toml queue list", "", "missing.toml", exitConfig},
		{"-c queue queue list", "", "read configuration: open queue", exitConfig},
		{"-c queue people list", "", "read configuration: open queue", exitConfig},
		{"queue list people", "", "unexpected argument people", exitUsage},
	} {
		var out, errw bytes.Buffer
		code := run(strings.Fields(c.args), nil, &out, &errw)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errw.String(), c.err) || (c.err == "") != (errw.Len() == 0) ||
			strings.Count(out.String(), "Usage:") > 1 {
			t.Errorf("%s: exit %d\n%s%s", c.args, code, &out, &errw)
		}
	}
}
