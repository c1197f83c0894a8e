package story

import (
	"strings"
	"time"

	"tidepost/scheduler"
)

// areas are where cities are looked for that are named without one.
func areas() []string {
	return []string{"Europe", "America", "Asia", "Australia", "Africa", "Pacific", "Atlantic", "Indian"}
}

// zoneNamed finds the zone of "Europe/Berlin", "Berlin", "New York", "UTC".
func zoneNamed(name string) (*time.Location, bool) {
	name = strings.ReplaceAll(strings.TrimSpace(name), " ", "_")
	switch strings.ToUpper(name) {
	case "":
		return nil, false
	case "UTC", "GMT":
		return time.UTC, true
	}
	if strings.Contains(name, "/") {
		z, err := scheduler.LoadZone(name)
		return z, err == nil
	}
	parts := strings.Split(strings.ToLower(name), "_")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	for _, area := range areas() {
		if z, err := scheduler.LoadZone(area + "/" + strings.Join(parts, "_")); err == nil {
			return z, true
		}
	}
	return nil, false
}
