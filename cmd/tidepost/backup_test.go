package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPruneKeepsTheNewestAndWhatIsNotIts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tidepost-20261123T090000Z.db", "tidepost-20261123T100000Z.db", "tidepost-20261122T235959Z.db",
		"mine.db", "tidepost-20261122T235959Z.db.part"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := prune(dir, 2)
	if diff := cmp.Diff([]string{"tidepost-20261122T235959Z.db"}, removed); err != nil || diff != "" {
		t.Error(err, diff)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Errorf("%d files left, %v", len(left), err)
	}
	if removed, err = prune(dir, 2); err != nil || len(removed) != 0 {
		t.Errorf("removed again: %v, %v", removed, err)
	}
}
