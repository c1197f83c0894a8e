package scheduler

import (
	"archive/zip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestZoneNames(t *testing.T) {
	for _, good := range []string{"UTC", "Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Europe/Kyiv", "Europe/Kiev", "America/Port-au-Prince"} {
		if zone, err := LoadZone(good); err != nil || zone.String() != good {
			t.Errorf("%q: %v, %v", good, zone, err)
		}
	}
	for _, bad := range []string{
		"", "Local", "EST", "CET", "EST5EDT", "GMT", "GMT+1", "GB", "utc", "Japan", "Europe", "Europe/", "/Europe/London",
		"Europe//London", "../etc/passwd", "Europe/../Europe/London", "Europe/./London", "Europe\\London", "Europe/Lon don",
		"Europe/London\x00", "posix/Europe/London", "right/Europe/London", "Europe/Atlantis", "Europe/Lönd", "+01:00",
		"C:/zoneinfo/UTC", strings.Repeat("A/", 500) + "B",
	} {
		zone, err := LoadZone(bad)
		if err == nil {
			t.Errorf("%q is taken as %v", bad, zone)
		} else if len(err.Error()) > 200 {
			t.Errorf("error of %d characters", len(err.Error()))
		}
	}
}

func TestZoneDataVersions(t *testing.T) {
	dir := t.TempDir()
	write := func(tree, file, text string) string {
		t.Helper()
		path := filepath.Join(dir, tree, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, tree)
	}
	write("debian", "Europe/London", "TZif2")
	debian := write("debian", "tzdata.zi", "# version 2026f\n# This zic input file is in the public domain.\n")
	write("bsd", "Europe/London", "TZif2")
	bsd := write("bsd", "+VERSION", "2026a\n")
	silent := write("silent", "Europe/London", "TZif2")
	odd := write("odd", "Europe/London", "TZif2")
	write("odd", "tzdata.zi", "# some other first line\n")
	empty := filepath.Join(dir, "none")
	for _, tc := range []struct {
		dirs            []string
		version, source string
	}{
		{[]string{empty, debian, bsd}, "2026f", debian},
		{[]string{bsd, debian}, "2026a", bsd},
		{[]string{silent, debian}, "", silent},
		{[]string{odd}, "", odd},
		{[]string{empty}, runtime.Version(), "embedded"},
	} {
		if v, s := zoneDataIn(tc.dirs); v != tc.version || s != tc.source {
			t.Errorf("got %q, %q, want %q, %q", v, s, tc.version, tc.source)
		}
	}
	t.Setenv("ZONEINFO", bsd)
	if v, s := ZoneDataVersion(); v != "2026a" || s != bsd {
		t.Errorf("with ZONEINFO: %q, %q", v, s)
	}
}

// The data of the system wins. In a process of its own, as package time reads
// ZONEINFO once: there Casablanca is a copy of Kathmandu, and the zone that only
// the copy in the binary has is still found.
func TestSystemZoneDataWins(t *testing.T) {
	if os.Getenv("TIDEPOST_ZONE_PROBE") != "" {
		casablanca, err := LoadZone("Africa/Casablanca")
		if err != nil {
			t.Fatal(err)
		}
		_, offset := time.Unix(1.8e9, 0).In(casablanca).Zone()
		if offset != 5*3600+45*60 {
			t.Fatalf("offset %d is not that of the directory", offset)
		}
		if _, err := LoadZone("Pacific/Apia"); err != nil {
			t.Fatal(err)
		}
		if v, _ := ZoneDataVersion(); v != "2099z" {
			t.Fatalf("version %q", v)
		}
		return
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"Africa/Casablanca": bundledZone(t, "Asia/Kathmandu"),
		"Europe/London":     bundledZone(t, "Europe/London"),
		"tzdata.zi":         []byte("# version 2099z\n"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	probe := exec.Command(os.Args[0], "-test.run=^TestSystemZoneDataWins$")
	probe.Env = append(os.Environ(), "ZONEINFO="+dir, "TIDEPOST_ZONE_PROBE=1")
	if out, err := probe.CombinedOutput(); err != nil {
		t.Errorf("probe: %v\n%s", err, out)
	}
}

// Morocco's rules changed after the release that Go 1.26 embeds. Where the
// system is newer, LoadZone must answer with the system's Casablanca.
func TestCasablancaIsTheSystems(t *testing.T) {
	version, source := ZoneDataVersion()
	if source == "embedded" {
		t.Skip("no zone data on this system")
	}
	data, err := os.ReadFile(filepath.Join(source, "Africa", "Casablanca"))
	if err != nil {
		t.Skipf("system zone data: %v", err)
	}
	system, err := time.LoadLocationFromTZData("Africa/Casablanca", data)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := time.LoadLocationFromTZData("Africa/Casablanca", bundledZone(t, "Africa/Casablanca"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadZone("Africa/Casablanca")
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for u := at(t, "2026-01-01T00:00:00Z"); u.Year() < 2028; u = u.Add(6 * time.Hour) {
		want, _ := u.In(system).Zone()
		if got, _ := u.In(loaded).Zone(); got != want {
			t.Fatalf("at %s: %s, the system says %s", form(u), got, want)
		}
		if other, _ := u.In(embedded).Zone(); other != want {
			differ++
		}
	}
	t.Logf("system %s and embedded data differ at %d of 2920 instants", version, differ)
}

// bundledZone returns a zone of the data that comes with Go.
func bundledZone(t *testing.T, name string) []byte {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no Go tool: %v", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skipf("no bundled zone data: %v", err)
	}
	defer archive.Close()
	f, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
