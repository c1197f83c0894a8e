package people

import (
	"fmt"
	"strings"

	"tidepost/scheduler"
)

// ParseStay reads some days in another zone: "Europe/Berlin=2026-03-02..2026-03-06", both
// dates included.
func ParseStay(s string) (scheduler.Stay, error) {
	zone, days, ok := strings.Cut(s, "=")
	l, err := ParseLeave(days)
	if !ok || err != nil || l.First.IsZero() {
		return scheduler.Stay{}, fmt.Errorf("%q is no stay: write a zone and dates, as in Europe/Berlin=2026-03-02..2026-03-06", s)
	}
	if _, err := scheduler.LoadZone(zone); err != nil {
		return scheduler.Stay{}, err
	}
	return scheduler.Stay{Zone: zone, First: l.First, Last: l.Last}, nil
}

// FormatStay is the inverse of ParseStay.
func FormatStay(s scheduler.Stay) string {
	return s.Zone + "=" + FormatLeave(scheduler.Leave{First: s.First, Last: s.Last})
}

func (d *draft) stays() string {
	var words []string
	for _, s := range d.profile.Calendar.Stays {
		words = append(words, FormatStay(s))
	}
	return strings.Join(words, " ")
}

func (d *draft) setStays(s string) error {
	list, err := merge(strings.Fields(d.stays()), s)
	if err != nil {
		return err
	}
	d.profile.Calendar.Stays = nil
	for _, word := range list {
		stay, err := ParseStay(word)
		if err != nil {
			return err
		}
		d.profile.Calendar.Stays = scheduler.WithStay(d.profile.Calendar.Stays, stay)
	}
	return nil
}
