package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A data directory is its owner's; the group may enter if the file says so, the world
// never.
func TestSharedDataDirectory(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "t.toml")
	for _, c := range []struct {
		mode   os.FileMode
		shared bool
		good   bool
	}{
		{0o700, false, true}, {0o700, true, true}, {0o750, false, false}, {0o770, true, true}, {0o750, true, true}, {0o771, true, false}, {0o755, true, false}, {0o704, true, false},
	} {
		text := fmt.Sprintf("[server]\nhostname = \"mail.team.example\"\ndomains = [\"team.example\"]\ndata = \"data\"\nshared_data_dir = %v\n[listen]\nsubmission = \"\"\nsubmissions = \"\"\nimap = \"\"\nimaps = \"\"\n[relay]\nmode = \"mx\"\n", c.shared)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(data, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); c.good != (err == nil) {
			t.Errorf("mode %04o, shared %v: loaded with %v", c.mode, c.shared, err)
		}
	}
}

func TestDebugListensHereOnly(t *testing.T) {
	for s, good := range map[string]bool{"127.0.0.1:6060": true, "[::1]:6060": true, "localhost:6060": true, "/run/tidepost/debug.sock": true,
		":6060": false, "0.0.0.0:6060": false, "192.0.2.1:6060": false, "debug": false, "mail.team.example:6060": false} {
		if err := checkLoopbackOrPath(s); (err == nil) != good {
			t.Errorf("%q: %v", s, err)
		}
	}
}
