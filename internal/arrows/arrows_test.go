// Package arrows checks the import table of docs/architecture.md against the code.
package arrows

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A listed is what `go list` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
}

// table reads the rows | `package` | … | imports | of the document.
func table(t *testing.T, file string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	_, section, _ := strings.Cut(string(text), "## Packages and arrows")
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		name := strings.Trim(strings.TrimSpace(cells[1]), "`")
		var may []string
		for _, s := range strings.Split(cells[3], ",") {
			if s = strings.TrimSpace(s); s != "" {
				may = append(may, s)
			}
		}
		rows[name] = may
	}
	return rows
}

func TestArrowsPointDown(t *testing.T) {
	const module = "tidepost/"
	rows := table(t, "../../docs/architecture.md")
	if len(rows) < 15 {
		t.Fatalf("only %d rows found in the table", len(rows))
	}
	out, err := exec.Command("go", "list", "-tags", "sqlite_fts5", "-json=ImportPath,Imports", "tidepost/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		may, known := rows[name]
		seen[name] = true
		if !known {
			t.Errorf("package %s is not in the table", name)
			continue
		}
		for _, imp := range p.Imports {
			what, ours := strings.CutPrefix(imp, module)
			if ours && !slices.Contains(may, what) && !slices.Contains(may, "*") {
				t.Errorf("%s imports %s, which its row does not allow", name, what)
			}
		}
	}
	for name := range rows {
		if !seen[name] {
			t.Errorf("the table names %s, which does not exist", name)
		}
	}
}

// Only mail may know go-message, only digest bluemonday, only store SQLite.
func TestLibrariesHaveOneUser(t *testing.T) {
	owners := map[string][]string{
		"github.com/emersion/go-message":            {"mail", "internal/badinput"}, // badinput reads as a client does
		"github.com/microcosm-cc/bluemonday":        {"digest"},
		"github.com/mattn/go-sqlite3":               {"store", "internal/faults", "e2e/traffic"}, // which read the file as a stranger would
		"github.com/emersion/go-smtp":               {"smtpd", "guard", "internal/demo", "internal/testkit"},
		"github.com/emersion/go-imap/v2/imapserver": {"imapd", "guard"},
		"github.com/emersion/go-imap/v2/imapclient": {"internal/badinput", "internal/demo", "internal/doctor", "internal/faults"}, // which speak to our own server, or judge; others are for remote
	}
	out, err := exec.Command("go", "list", "-tags", "sqlite_fts5", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "tidepost/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], "tidepost/")
		for _, imp := range fields[1:] {
			for lib, may := range owners {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(may, name) && !strings.HasPrefix(name, "e2e") {
					t.Errorf("%s imports %s, which only %v may", name, imp, may)
				}
			}
		}
	}
}
