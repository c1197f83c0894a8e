package people

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

func TestAddTakesEveryField(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "tom@team.example", "zone": "UTC"}, "")
	fields := map[Field]string{
		"name": "Ana Pérez", "address": "Ana@Team.example", "aliases": "a.perez@second.example, sales@team.example ana@team.example",
		"zone": "Europe/London", "hours": "mon-fri 9-12:30 13:30-17", "holidays": "gb 2026-12-24=9-12 2026-12-31", "leave": "2026-12-28..2026-12-30", "stays": "Europe/Berlin=2026-12-14..2026-12-18",
		"tides": "opening 13", "focus": "tue 9-12", "office_hours": "tue 14-15", "phone": "+44 20 7946 0000",
		"hold": "on", "batch": "Off", "coach": "dry-run", "coach_mode": "Stop", "coach_policies": "tone=on, attachment=OFF", "style": "quiet", "digests": "Day", "quota": "5 gb", "inbox": "IMAP", "urgent_budget": "3",
		"urgent_from": "Ops@provider.example", "pass": "@bank.example henrik@x.example", "cover": "Tom@team.example", "second_address": "ana@home.example", "vacation": "On holiday until {back}.",
	}
	e := tm.add(t, fields, anasPassword)
	want := map[Field]string{
		"name": "Ana Pérez", "address": "ana@team.example", "aliases": "a.perez@second.example sales@team.example",
		"zone": "Europe/London", "hours": "mon-fri 09:00-12:30 13:30-17:00", "holidays": "gb 2026-12-24=09:00-12:00 2026-12-31", "leave": "2026-12-28..2026-12-30", "stays": "Europe/Berlin=2026-12-14..2026-12-18",
		"tides": "opening 13:00", "focus": "tue 09:00-12:00", "office_hours": "tue 14:00-15:00", "phone": "+44 20 7946 0000",
		"hold": "on", "batch": "off", "coach": "dry-run", "coach_mode": "stop", "coach_policies": "attachment=off tone=on", "style": "quiet", "digests": "day", "quota": "5GB", "inbox": "imap", "urgent_budget": "3",
		"urgent_from": "ops@provider.example", "pass": "@bank.example henrik@x.example", "cover": "tom@team.example", "second_address": "ana@home.example", "vacation": "On holiday until {back}.",
	}
	if d := cmp.Diff(want, e.Fields); d != "" {
		t.Error(d)
	}
	if len(want) != len(Fields()) {
		t.Errorf("%d fields are tested, there are %d", len(want), len(Fields()))
	}
	if !e.Active || !e.CanLogIn || e.ID == 0 || !e.Created.Equal(tm.now) {
		t.Errorf("got %+v", e)
	}
	list, err := tm.editor.List(context.Background(), true)
	if err != nil || len(list) != 2 || list[0].Address != "ana@team.example" || list[1].Name != "tom" {
		t.Fatalf("got %+v, %v", list, err)
	}
	// What is shown is accepted again, and means the same.
	again, err := tm.editor.Set(context.Background(), "sales@team.example", Request{Fields: e.Fields}, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, again); d != "" {
		t.Error(d)
	}
	js, err := json.Marshal(list)
	if err != nil || strings.Contains(string(js), "argon2") || strings.Contains(string(js), anasPassword) {
		t.Errorf("a credential is listed: %s, %v", js, err)
	}
}

func TestAddRefuses(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "aliases": "sales@team.example", "zone": "UTC"}, "")
	base := map[Field]string{"address": "mei@team.example", "zone": "UTC"}
	for _, tt := range []struct {
		field       Field
		value, want string
	}{
		{"address", "", "address: is required"},
		{"zone", " ", "zone: is required"},
		{"quota", "5", "is no size"}, {"quota", "0MB", "is no size"}, {"quota", "-1GB", "is no size"}, {"quota", "5.5GB", "is no size"},
		{"address", "ana@team.example", "address: ana@team.example belongs to ana@team.example: exists already"},
		{"address", "Sales@team.example", "address: sales@team.example belongs to ana@team.example"},
		{"aliases", "sales@team.example", "aliases: sales@team.example belongs to"},
		{"address", "mei@other.example", "is not in a domain of the team (team.example, second.example)"},
		{"address", "mei+x@team.example", "a plus sign is kept for tags"},
		{"address", "tidepost@team.example", "steer this gateway"},
		{"address", "mei", "is not a mail address"},
		{"address", "m..i@team.example", "is not a mail address"},
		{"address", "\"m i\"@team.example", "is not a mail address"},
		{"address", "mei@-x.example", "is not a mail address"},
		{"aliases", "x y@team.example", "aliases: \"x\" is not"},
		{"name", "Mei\r\nBcc: x", "name: holds a control character"},
		{"name", "Mei \u202e", "name: holds a control character"},
		{"name", strings.Repeat("x", 201), "name: must have"},
		{"zone", "Local", "zone: "},
		{"zone", "CEST", "zone: "},
		{"hours", "9-17", "hours: "},
		{"holidays", "in", "holidays: holidays of \"in\" are not known"},
		{"holidays", "2026-13-01", "holidays: "},
		{"leave", "tomorrow", "leave: "},
		{"tides", "noon", "tides: "},
		{"focus", "mon", "focus: "},
		{"office_hours", "mon", "office_hours: "},
		{"phone", "call me\x00", "phone: "},
		{"hold", "yes", "hold: \"yes\" is not"},
		{"style", "loud", "style: \"loud\" is not"},
		{"digests", "hourly", "digests: \"hourly\" is not"},
		{"urgent_budget", "many", "urgent_budget: "},
		{"urgent_from", "ops", "urgent_from: "},
		{"pass", "@", "pass: "},
		{"pass", "+@x.example @y.example", "pass: write either a whole list"},
		{"pass", "-@x.example", "pass: \"@x.example\" is not in the list"},
		{"pass", "+", "pass: nothing follows"},
		{"vacation", strings.Repeat("x", 2001), "vacation: is longer"},
		{"cover", "tom", "cover: "},
		{"cover", "tom@team.example", "cover: nobody in the team"},
		{"cover", "mei@team.example", "cover: \"mei@team.example\" is the person's own"},
		{"leave", strings.Repeat("x", maxHuman+1), "leave: is too long"},
		{"colour", "red", "colour: there is no such field"},
	} {
		fields := map[Field]string{tt.field: tt.value}
		for k, v := range base {
			if k != tt.field {
				fields[k] = v
			}
		}
		e, err := tm.editor.Add(context.Background(), Request{Fields: fields}, tm.now)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "add person: ") {
			t.Errorf("%s %.40q: got %+v, %v, want %s", tt.field, tt.value, e, err, tt.want)
		}
		if f := (*FieldError)(nil); !errors.As(err, &f) || f.Field != tt.field {
			t.Errorf("%s %.40q: the error names %v", tt.field, tt.value, f)
		}
	}
	if _, err := tm.editor.Add(context.Background(), Request{Fields: base, Password: "short"}, tm.now); err == nil || !strings.Contains(err.Error(), "shorter than 10") {
		t.Errorf("a short password: %v", err)
	}
	if list, err := tm.editor.List(context.Background(), true); err != nil || len(list) != 1 {
		t.Errorf("refused people were added: %v, %v", list, err)
	}
	_, err := tm.editor.Add(context.Background(), Request{Fields: map[Field]string{"address": "sales@team.example", "zone": "UTC"}}, tm.now)
	if !errors.Is(err, store.ErrExists) {
		t.Errorf("a taken address: %v", err)
	}
}

func TestSetChangesOnlyWhatIsNamed(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	before := tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London", "aliases": "a@team.example",
		"holidays": "gb 2026-12-24", "leave": "2026-12-28", "urgent_budget": "3", "style": "quiet", "cover": "none"}, anasPassword)
	after, err := tm.editor.Set(ctx, "ANA@team.example", Request{Fields: map[Field]string{
		"aliases": "+b@team.example -A@team.example", "holidays": "+de-by, -gb +2026-12-24=9-10", "leave": "+2027-01-04",
		"urgent_budget": "team", "style": "team", "hold": "team", "hours": "none"}}, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	want := map[Field]string{}
	for k, v := range before.Fields {
		want[k] = v
	}
	want["aliases"], want["holidays"], want["leave"] = "b@team.example", "de-by 2026-12-24=09:00-10:00", "2026-12-28 2027-01-04"
	want["urgent_budget"], want["style"], want["hours"] = "team", "team", "none"
	if d := cmp.Diff(want, after.Fields); d != "" {
		t.Error(d)
	}
	if !after.CanLogIn {
		t.Error("the password is gone")
	}
	if _, err := tm.editor.Set(ctx, "nobody@team.example", Request{}, tm.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Password: "ana@team.example"}, tm.now); err == nil {
		t.Error("her address is her password")
	}
	broken := NewEditor(tm.db, []string{"team.example"}, iotest.ErrReader(errors.New("no randomness")))
	if _, err := broken.Set(ctx, "ana@team.example", Request{Password: "a long enough one"}, tm.now); err == nil {
		t.Error("a password without salt")
	}
}

func TestRemovedPersonComesBack(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	ana := tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London"}, anasPassword)
	if err := tm.editor.Remove(ctx, "ana@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	if err := tm.editor.Remove(ctx, "ana@team.example", tm.now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if list, _ := tm.editor.List(ctx, false); len(list) != 0 {
		t.Errorf("still listed: %v", list)
	}
	if list, _ := tm.editor.List(ctx, true); len(list) != 1 || list[0].Active || list[0].CanLogIn {
		t.Errorf("not listed as removed: %v", list)
	}
	if _, err := tm.editor.Add(ctx, Request{Fields: map[Field]string{"address": "tom@team.example", "aliases": "ana@team.example", "zone": "UTC"}}, tm.now); err == nil || !strings.Contains(err.Error(), "who was removed") {
		t.Errorf("her address for Tom: %v", err)
	}
	again := tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/Paris"}, "")
	if again.ID != ana.ID || again.CanLogIn || again.Fields["zone"] != "Europe/Paris" {
		t.Errorf("got %+v", again)
	}
}

func TestEveryEditIsInTheLedger(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC"}, anasPassword)
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Fields: map[Field]string{"phone": "1", "hold": "off"}, Password: "another good one"}, tm.now); err != nil {
		t.Fatal(err)
	}
	if err := tm.editor.Remove(ctx, "ana@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	got := tm.events(t)
	want := []string{
		`person-added {"address":"ana@team.example","fields":["address","password","zone"]}`,
		`person-changed {"address":"ana@team.example","fields":["hold","password","phone"]}`,
		`person-removed {"address":"ana@team.example"}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestImportICSIntoAPerson(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC", "holidays": "2026-12-25=9-10"}, "")
	file := calendar(event("DTSTART:20261224", "DTEND:20261227", "SUMMARY:Christmas"))
	e, got, err := tm.editor.ImportICS(ctx, "ana@team.example", strings.NewReader(file), FieldHolidays, tm.now)
	if err != nil || e.Fields["holidays"] != "2026-12-25=09:00-10:00 2026-12-24 2026-12-26" || len(got.Days) != 1 {
		t.Errorf("got %v, %v, %v", e.Fields["holidays"], got, err)
	}
	for range 2 {
		e, _, err = tm.editor.ImportICS(ctx, "ana@team.example", strings.NewReader(file), FieldLeave, tm.now)
		if err != nil || e.Fields["leave"] != "2026-12-24..2026-12-26" {
			t.Errorf("got %v, %v", e.Fields["leave"], err)
		}
	}
	if _, _, err := tm.editor.ImportICS(ctx, "ana@team.example", strings.NewReader(file), FieldHours, tm.now); err == nil {
		t.Error("hours from an .ics file")
	}
	if _, _, err := tm.editor.ImportICS(ctx, "ana@team.example", strings.NewReader("x"), FieldLeave, tm.now); err == nil {
		t.Error("leave from nothing")
	}
}

func TestEditProfile(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	ana := tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC"}, "")
	edit := func(id int64, fields []Field, f func(*Profile) error) error {
		return tm.db.Update(ctx, func(tx *store.Tx) error { return EditProfile(tx, id, fields, tm.now, f) })
	}
	if err := edit(ana.ID, nil, func(p *Profile) error { p.FirstDigestAt = tm.now; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := edit(ana.ID, []Field{FieldBatch}, func(p *Profile) error { p.Batch = Off; return nil }); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	if p := tm.person(t, "ana@team.example").Profile; !p.FirstDigestAt.Equal(tm.now) || p.Batch != Off {
		t.Errorf("got %+v", p)
	}
	if got := tm.events(t); len(got) != 2 || got[1] != `person-changed {"address":"ana@team.example","fields":["batch"]}` {
		t.Errorf("got %v", got)
	}
	refusal := errors.New("no")
	for name, err := range map[string]error{
		"nobody":             edit(99, nil, func(*Profile) error { return nil }),
		"an invalid profile": edit(ana.ID, nil, func(p *Profile) error { p.Calendar.Zone = "Nowhere"; return nil }),
		"an unknown country": edit(ana.ID, nil, func(p *Profile) error { p.HolidayCountries = []string{"xx"}; return nil }),
		"the edit itself":    edit(ana.ID, nil, func(*Profile) error { return refusal }),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	tm.raw(t, "ana@team.example", func(p *store.Person) { p.Profile = []byte("{}") })
	if err := edit(ana.ID, nil, func(*Profile) error { return nil }); err == nil {
		t.Error("an unreadable profile was edited")
	}
}
