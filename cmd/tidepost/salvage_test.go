package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidepost/store"
)

func TestSalvageTellsByItsExitCode(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var out, errw bytes.Buffer
	if code := run([]string{"salvage", dir, filepath.Join(dir, "good.db")}, nil, &out, &errw); code != exitOK || !strings.Contains(out.String(), "Nothing is lost.") {
		t.Errorf("sound database: exit %d, %s%s", code, &out, &errw)
	}
	if code := run([]string{"salvage", dir, filepath.Join(dir, "good.db")}, nil, &out, &errw); code != exitFailure {
		t.Errorf("existing file: exit %d", code)
	}
	file := filepath.Join(dir, store.File)
	if err := os.Truncate(file, 3*4096); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := run([]string{"--json", "salvage", file, filepath.Join(dir, "left.db")}, nil, &out, &errw); code != exitFindings {
		t.Errorf("cut database: exit %d, %s%s", code, &out, &errw)
	}
	var rep store.SalvageReport
	if err := json.Unmarshal(out.Bytes(), &rep); err != nil || len(rep.Lost) == 0 || rep.Unreadable == 0 {
		t.Errorf("report %+v, %v", rep, err)
	}
}
