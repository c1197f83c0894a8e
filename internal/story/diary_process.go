package story

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// compare looks whether the diary of processes tells the same as the one that stands
// beside the story. What may differ:
//
//   - the order of what happened within one minute: processes are not as punctual;
//   - `trust=none`: mail from outside comes over loopback here, like that of a server in
//     front, and is not checked;
//   - `possible-duplicate`: the server was killed before it had written down that another
//     one had the mail.
func (o *outside) compare(file string, is []byte) error {
	should, err := os.ReadFile(file)
	if err != nil {
		return &absence{err}
	}
	want, got := entries(strings.ReplaceAll(string(should), ", trust=none", "")), entries(string(is))
	got = slices.DeleteFunc(got, func(e string) bool { return strings.Contains(e, " possible-duplicate") })
	missing, more := without(want, got), without(got, want)
	if len(missing)+len(more) == 0 {
		return nil
	}
	kept := filepath.Join(os.TempDir(), filepath.Base(file)+".processes")
	if err := os.WriteFile(kept, is, 0o600); err != nil {
		return err
	}
	return &absence{fmt.Errorf("%s tells something else than %s; not told:\n%s\ntold besides:\n%s", kept, file,
		strings.Join(missing, "\n"), strings.Join(more, "\n"))}
}

// entries parts a diary: each line of the ledger with its day, and below a letter what it
// says.
func entries(diary string) []string {
	var out []string
	day := ""
	for line := range strings.Lines(diary) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
		case strings.HasPrefix(line, "      |") && len(out) > 0:
			out[len(out)-1] += "\n" + line
		case len(line) > 2 && line[2] == ':':
			out = append(out, day+" "+line)
		default:
			day = line
		}
	}
	return out
}

// without lists what stands in a more often than in b.
func without(a, b []string) []string {
	left := map[string]int{}
	for _, e := range b {
		left[e]++
	}
	var out []string
	for _, e := range a {
		if left[e]--; left[e] < 0 {
			out = append(out, e)
		}
	}
	return out
}
