package people

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/store"
)

func TestByAddress(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "aliases": "sales@team.example postmaster@team.example", "zone": "Europe/London"}, "")
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "Australia/Sydney"}, "")
	// Taken over from another server, so the editor would not have allowed it.
	tm.raw(t, "mei@team.example", func(p *store.Person) { p.Aliases = []string{"ana+lists@team.example"} })
	tm.reload(t)
	tests := []struct{ address, want, tag string }{
		{"ana@team.example", "ana", ""},
		{"ANA@TEAM.EXAMPLE", "ana", ""},
		{"ana+now@team.example", "ana", "now"},
		{"Ana+Fri9am@team.example", "ana", "Fri9am"},
		{"ana+a+b@team.example", "ana", "a+b"},
		{"ana+@team.example", "ana", ""},
		{"ana+lists@team.example", "mei", ""},
		{"sales+x@team.example", "ana", "x"},
		{"postmaster", "ana", ""},
		{"PostMaster", "ana", ""},
		{"ana@second.example", "", ""},
		{"ana", "", ""},
		{"+ana@team.example", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		p, tag, ok := tm.dir.ByAddress(address(tt.address))
		got := ""
		if ok {
			got = p.Address.Local
		}
		if got != tt.want || tag != tt.tag {
			t.Errorf("%q: got %q with tag %q, want %q, %q", tt.address, got, tag, tt.want, tt.tag)
		}
	}
	if d := cmp.Diff([]string{"team.example", "second.example"}, tm.dir.Domains()); d != "" {
		t.Error(d)
	}
	if !tm.dir.IsLocalDomain("Second.Example") || tm.dir.IsLocalDomain("x.example") || tm.dir.IsLocalDomain("") {
		t.Error("local domains")
	}
}

// Whatever an address looks like, it resolves to the person whose address it is
// once case and tag are taken away, and to nobody else.
func TestResolutionProperty(t *testing.T) {
	rows := []store.Person{}
	profile, err := DefaultProfile("UTC").Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range []string{"ana@team.example", "mei@team.example", "a.b@second.example"} {
		rows = append(rows, store.Person{ID: int64(i + 1), Address: a, Aliases: []string{"alias." + a}, Profile: profile, Active: i < 2})
	}
	next, changes, err := (&snapshot{version: -1}).with(1, rows)
	if err != nil || len(changes) != 3 {
		t.Fatal(changes, err)
	}
	d := NewDirectory(nil, []string{"team.example"})
	d.current.Store(next)
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, 2).Draw(t, "person")
		base := parseAddress(rapid.SampledFrom(append([]string{rows[i].Address}, rows[i].Aliases...)).Draw(t, "address"))
		tag := rapid.StringMatching(`[a-zA-Z0-9+.]{0,8}`).Draw(t, "tag")
		given := base
		if rapid.Bool().Draw(t, "tagged") {
			given.Local += "+" + tag
		} else {
			tag = ""
		}
		if rapid.Bool().Draw(t, "upper") {
			given = mail.Address{Local: strings.ToUpper(given.Local), Domain: strings.ToUpper(given.Domain)}
			tag = strings.ToUpper(tag)
		}
		p, got, ok := d.ByAddress(given)
		if ok != rows[i].Active {
			t.Fatalf("%s: found %v, want %v", given, ok, rows[i].Active)
		}
		if ok && (p.ID != rows[i].ID || got != tag) {
			t.Fatalf("%s: got person %d, tag %q, want %d, %q", given, p.ID, got, rows[i].ID, tag)
		}
		stranger := mail.Address{Local: "x" + given.Local, Domain: given.Domain}
		if _, _, ok := d.ByAddress(stranger); ok {
			t.Fatalf("%s was found", stranger)
		}
	})
}

func TestReloadTellsWhoChanged(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London"}, "")
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "Australia/Sydney"}, "")
	var told []string
	tm.dir.OnChange(func(changes []Change) {
		for _, c := range changes {
			from := "nobody"
			if c.Old != nil {
				from = c.Old.Profile.Calendar.Zone
			}
			told = append(told, fmt.Sprintf("%s: %s to %s, active %v", c.New.Address, from, c.New.Profile.Calendar.Zone, c.New.Active))
			if p, ok := tm.dir.ByID(c.New.ID); !ok || p != c.New {
				t.Error("told before the new snapshot was in place")
			}
		}
	})
	tm.reload(t)
	if len(told) > 0 {
		t.Errorf("the first load told %v", told)
	}
	mei := tm.person(t, "mei@team.example")
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Fields: map[Field]string{"zone": "Europe/Berlin"}}, tm.now); err != nil {
		t.Fatal(err)
	}
	tm.add(t, map[Field]string{"address": "tom@team.example", "zone": "UTC"}, "")
	tm.reload(t)
	if err := tm.editor.Remove(ctx, "tom@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	tm.reload(t)
	want := []string{
		"ana@team.example: Europe/London to Europe/Berlin, active true",
		"tom@team.example: nobody to UTC, active true",
		"tom@team.example: UTC to UTC, active false",
	}
	if d := cmp.Diff(want, told); d != "" {
		t.Error(d)
	}
	if tm.person(t, "mei@team.example") != mei {
		t.Error("Mei, who did not change, is another Person")
	}
	if len(tm.dir.All()) != 2 {
		t.Errorf("%d active people", len(tm.dir.All()))
	}
	if p, ok := tm.dir.ByID(3); !ok || p.Active {
		t.Errorf("the removed person: %v, %v", p, ok)
	}
}

func TestMaybeReloadLooksOnceASecond(t *testing.T) {
	tm := newTeam(t, nil)
	ctx := context.Background()
	look := func(now time.Time, want int) {
		t.Helper()
		if err := tm.dir.MaybeReload(ctx, now); err != nil {
			t.Fatal(err)
		}
		if got := len(tm.dir.All()); got != want {
			t.Errorf("at %v: %d people, want %d", now.Sub(tm.now), got, want)
		}
	}
	look(tm.now, 0)
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC"}, "")
	look(tm.now.Add(999*time.Millisecond), 0)
	look(tm.now.Add(time.Second), 1)
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "UTC"}, "")
	look(tm.now.Add(1500*time.Millisecond), 1)
	look(tm.now.Add(-time.Hour), 2) // The clock was put back.
}

func TestReloadFails(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC"}, "")
	tm.reload(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tm.dir.Reload(ctx); err == nil || !strings.HasPrefix(err.Error(), "reload people: ") {
		t.Errorf("got %v", err)
	}
	if err := tm.dir.MaybeReload(ctx, tm.now); err == nil {
		t.Error("no error")
	}
	if _, _, ok := tm.dir.ByAddress(address("ana@team.example")); !ok {
		t.Error("a failed reload emptied the directory")
	}
	if err := tm.dir.MaybeReload(context.Background(), tm.now); err != nil {
		t.Errorf("the next look: %v", err)
	}
}
