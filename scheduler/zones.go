package scheduler

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	_ "time/tzdata" // The fallback for machines without zone data.
)

// zoneDirs are the directories of zone data, in the order in which package time
// looks into them.
var zoneDirs = []string{
	"/usr/share/zoneinfo",
	"/usr/share/lib/zoneinfo",
	"/usr/lib/locale/TZ",
	"/etc/zoneinfo",
}

// LoadZone loads an IANA zone: "UTC" or Area/Location. The data of the system
// wins over the copy in the binary, which is as old as the Go release. Refused
// are names that package time takes but that mean something else on every
// machine ("", "Local") or are offsets in disguise (EST, CET, EST5EDT, GMT+1),
// the posix and right trees, and everything that looks like a path.
func LoadZone(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	if err := checkZoneName(name); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a zone of the tz database", name)
	}
	return zone, nil
}

const maxZoneName = 64

func checkZoneName(name string) error {
	bad := func(why string) error {
		return fmt.Errorf("%q is not a time zone name: %s (want one like Europe/London)", shortened(name), why)
	}
	if name == "" {
		return bad("it is empty")
	}
	if len(name) > maxZoneName {
		return bad("it is too long")
	}
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if part == "" || !isLetter(part[0]) {
			return bad("a part of it does not begin with a letter")
		}
		for i := range len(part) {
			if c := part[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.ContainsRune("_+-", rune(c)) {
				return bad("it has a character that no zone has")
			}
		}
	}
	switch {
	case len(parts) == 1:
		return bad("it has no area; abbreviations and fixed offsets know no daylight saving")
	case parts[0] == "posix" || parts[0] == "right":
		// The right tree counts leap seconds, which package time does not.
		return bad("the posix and right trees are not used")
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// shortened keeps foreign text in an error short.
func shortened(text string) string {
	if len(text) > maxZoneName {
		return text[:maxZoneName] + "…"
	}
	return text
}

// ZoneDataVersion returns the release of the zone data in use, such as "2026a",
// and where it lies. version is "" if the data does not say. Source "embedded"
// means the copy in the binary, whose version is then the Go release.
func ZoneDataVersion() (version, source string) {
	dirs := zoneDirs
	if own := os.Getenv("ZONEINFO"); own != "" {
		// Package time obeys it first, so an operator must see it here.
		dirs = append([]string{own}, dirs...)
	}
	return zoneDataIn(dirs)
}

// zoneDataIn looks for the first directory that has zones at all.
func zoneDataIn(dirs []string) (version, source string) {
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "Europe", "London")); err != nil {
			continue
		}
		// Debian ships tzdata.zi, BSD and macOS +VERSION, some a plain VERSION.
		for _, file := range []string{"tzdata.zi", "+VERSION", "VERSION"} {
			if v := versionLine(filepath.Join(dir, file)); v != "" {
				return v, dir
			}
		}
		return "", dir
	}
	return runtime.Version(), "embedded"
}

// versionLine returns the release named by the first line of a file, which is
// "# version 2026a" or "2026a".
func versionLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	fields := strings.Fields(strings.TrimPrefix(string(line), "# version"))
	if len(fields) != 1 || len(fields[0]) > 32 {
		return ""
	}
	return fields[0]
}
