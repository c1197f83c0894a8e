package scheduler

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Only run.go reads a clock, and only std and mail are imported: what the package
// answers depends on its arguments alone.
func TestOnlyRunReadsTheClock(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen, reads := 0, map[string]int{}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		for _, imp := range file.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if path != "tidepost/mail" && (first == "tidepost" || strings.Contains(first, ".")) {
				t.Errorf("%s imports %s", name, path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && readsClock(sel.Sel.Name) {
					reads[name]++
				}
			}
			return true
		})
	}
	if seen < 10 || reads["run.go"] == 0 {
		t.Fatalf("looked at %d files, %d reads in run.go: the check is blind", seen, reads["run.go"])
	}
	delete(reads, "run.go")
	if len(reads) > 0 {
		t.Errorf("files that read a clock: %v", reads)
	}
}

func readsClock(name string) bool {
	switch name {
	case "Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep":
		return true
	}
	return false
}
