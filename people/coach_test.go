package people

import (
	"strings"
	"testing"
)

func TestSettingsOfTheCoachAsPeopleWriteThem(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "tom@team.example", "zone": "UTC"}, "")
	set := func(field Field, value string) (Entry, error) {
		return tm.editor.Set(t.Context(), "tom@team.example", Request{Fields: map[Field]string{field: value}}, tm.now)
	}
	for _, c := range []struct {
		field       Field
		value, want string
	}{
		{FieldCoachMode, "stop", "stop"}, {FieldCoachMode, "OFF", "off"}, {FieldCoachMode, "", "advise"}, {FieldCoachMode, "advise", "advise"},
		{FieldCoachPolicy, "attachment=off", "attachment=off"},
		{FieldCoachPolicy, "tone=on; nobody-named=dry-run", "attachment=off nobody-named=dry-run tone=on"}, // the others stay
		{FieldCoachPolicy, "attachment=team", "nobody-named=dry-run tone=on"},
		{FieldCoachPolicy, "none", ""},
	} {
		e, err := set(c.field, c.value)
		if err != nil || e.Fields[c.field] != c.want {
			t.Errorf("%s %q: got %q, %v; want %q", c.field, c.value, e.Fields[c.field], err, c.want)
		}
	}
	for field, bad := range map[Field]string{FieldCoachMode: "sometimes", FieldCoachPolicy: "attachment"} {
		if _, err := set(field, bad); err == nil || !strings.Contains(err.Error(), string(field)) {
			t.Errorf("%s %q: %v", field, bad, err)
		}
	}
	for _, bad := range []string{"a b=on", "x=perhaps", "=on", "Tone/2=on"} {
		if _, err := set(FieldCoachPolicy, bad); err == nil {
			t.Errorf("coach policies %q were accepted", bad)
		}
	}
	if _, err := DecodeProfile([]byte(`{"version":1,"calendar":{"zone":"UTC"},"coach_mode":"loud"}`)); err == nil {
		t.Error("a profile with an unknown mode was read")
	}
}
