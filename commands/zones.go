package commands

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed zones.txt
var zoneList string

// places maps what people call a place, in lower case, to its zone.
var places = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(zoneList, "\n") {
		if name, zone, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			out[name] = zone
		}
	}
	return out
})
