package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// One step back for the release before, and forward again by whoever opens the database
// next: what is in it stays.
func TestSchemaOneStepBackAndForward(t *testing.T) {
	t.Chdir(t.TempDir())
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("river-quartz-lantern-42\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli := func(want int, args ...string) string {
		t.Helper()
		var out, errw bytes.Buffer
		if code := run(append([]string{"-c", "tidepost.toml"}, args...), nil, &out, &errw); code != want {
			t.Fatalf("tidepost %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, &out, &errw)
		}
		return out.String() + errw.String()
	}
	cli(exitOK, "init", "--domain", "team.example", "--data", "data", "--mx")
	cli(exitOK, "people", "add", "ana@team.example", "--name", "Ana", "--zone", "Europe/London", "--password-file", password)
	var v struct{ Schema, Newest int }
	if err := json.Unmarshal([]byte(cli(exitOK, "--json", "schema")), &v); err != nil || v.Schema != v.Newest || v.Newest < 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	back := strconv.Itoa(v.Newest - 1)
	if text := cli(exitOK, "schema", "--to", back); !strings.Contains(text, "has schema "+back+",") {
		t.Errorf("one step back: %s", text)
	}
	if text := cli(exitOK, "schema"); !strings.Contains(text, "has schema "+back+",") {
		t.Errorf("after it: %s", text)
	}
	if v.Newest > 2 {
		cli(exitFailure, "schema", "--to", strconv.Itoa(v.Newest-2))
	}
	cli(exitFailure, "schema", "--to", strconv.Itoa(v.Newest+1))
	// A list wants today's schema, and nobody serves: it brings the database there.
	if text := cli(exitOK, "queue", "list"); !strings.Contains(text, "Nothing waits") {
		t.Errorf("list: %s", text)
	}
	if text := cli(exitOK, "people", "list"); !strings.Contains(text, "ana@team.example") {
		t.Errorf("people: %s", text)
	}
	if text := cli(exitOK, "schema"); !strings.Contains(text, "has schema "+strconv.Itoa(v.Newest)+",") {
		t.Errorf("forward again: %s", text)
	}
}
