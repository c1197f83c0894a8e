package arrows

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tidepost/policies"
)

// cited returns the numbers of all RFCs named in Go and SQL files that are no tests.
func cited(t *testing.T) map[string]string {
	t.Helper()
	re := regexp.MustCompile(`RFC (\d{3,4})`)
	out := map[string]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "arrows") {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); ext != ".go" && ext != ".sql" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range re.FindAllStringSubmatch(string(text), -1) {
			out[m[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// docs/rfcs.md and the code name the same standards.
func TestStandardsAreListed(t *testing.T) {
	text, err := os.ReadFile("../../docs/rfcs.md")
	if err != nil {
		t.Fatal(err)
	}
	state := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		for _, n := range strings.Split(cells[1], ",") {
			if n = strings.TrimSpace(n); n != "" && n[0] >= '0' && n[0] <= '9' {
				state[n] = strings.TrimSpace(cells[3])
			}
		}
	}
	code := cited(t)
	for n, file := range code {
		if state[n] == "" {
			t.Errorf("RFC %s is cited in %s but not listed in docs/rfcs.md", n, file)
		}
	}
	for n, s := range state {
		if s != "yes" && s != "part" && s != "read" {
			t.Errorf("RFC %s has the unknown state %q", n, s)
		}
		if s == "yes" && code[n] == "" {
			t.Errorf("RFC %s is said to be done but cited nowhere", n)
		}
	}
}

// Every policy is explained.
func TestPoliciesAreExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies.Table() {
		if !strings.Contains(string(text), "\n## "+p.Name+"\n") {
			t.Errorf("docs/policies.md has no section %q", p.Name)
		}
		if p.Doc == "" {
			t.Errorf("policy %s has no sentence", p.Name)
		}
	}
}
