package people

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// isPolicyName reports whether a name may be that of a policy; which there are knows
// package policies.
func isPolicyName(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

func (d *draft) setCoachMode(s string) error {
	switch m := CoachMode(strings.ToLower(s)); m {
	case Stop, CoachOff:
		d.profile.CoachMode = m
	case Advise, "":
		d.profile.CoachMode = ""
	default:
		return fmt.Errorf("%q is not advise, stop or off", s)
	}
	return nil
}

// setCoachPolicies reads settings of single policies; those that are not named stay.
func (d *draft) setCoachPolicies(s string) error {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	if len(words) == 0 || len(words) == 1 && words[0] == "none" {
		d.profile.CoachPolicies = nil
		return nil
	}
	own := maps.Clone(d.profile.CoachPolicies)
	if own == nil {
		own = map[string]Switch{}
	}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || !isPolicyName(name) {
			return fmt.Errorf("%q is not NAME=off, NAME=dry-run, NAME=on or NAME=team", w)
		}
		var to Switch
		if err := setSwitch(&to, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		own[name] = to
		if to == Team {
			delete(own, name)
		}
	}
	d.profile.CoachPolicies = own
	return nil
}

func (d *draft) coachPolicies() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(d.profile.CoachPolicies)) {
		words = append(words, name+"="+string(d.profile.CoachPolicies[name]))
	}
	return strings.Join(words, " ")
}
