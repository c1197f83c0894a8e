package people

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/store"
)

// instant reads an instant; tests name times in full.
func instant(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func address(s string) mail.Address { return parseAddress(s) }

// A team is a real database with an editor and a directory on it.
type team struct {
	db     *store.DB
	editor *Editor
	dir    *Directory
	now    time.Time
}

func newTeam(t testing.TB, random io.Reader) *team {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	domains := []string{"team.example", "second.example"}
	if random == nil {
		random = rand.Reader
	}
	return &team{db: db, editor: NewEditor(db, domains, random), dir: NewDirectory(db, domains), now: instant(t, "2026-11-23T10:00:00Z")}
}

func (tm *team) add(t testing.TB, fields map[Field]string, password string) Entry {
	t.Helper()
	e, err := tm.editor.Add(context.Background(), Request{fields, password}, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (tm *team) reload(t testing.TB) {
	t.Helper()
	if err := tm.dir.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (tm *team) person(t testing.TB, who string) *Person {
	t.Helper()
	p, _, ok := tm.dir.ByAddress(address(who))
	if !ok {
		t.Fatalf("nobody is %s", who)
	}
	return p
}

// raw changes the stored row behind the editor's back.
func (tm *team) raw(t testing.TB, who string, change func(*store.Person)) {
	t.Helper()
	err := tm.db.Update(context.Background(), func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		row, err := b.active(who)
		if err != nil {
			return err
		}
		change(&row)
		return tx.UpdatePerson(row)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestScheduleKnowsHolidaysOfLaterYears(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London", "holidays": "gb 2030-12-27 2026-12-25=10:00-11:00"}, "")
	tm.reload(t)
	ana := tm.person(t, "ana@team.example")
	for _, tt := range []struct{ name, now, want string }{
		{"Christmas 2030 is known in 2030", "2030-12-24T18:00:00Z", "2030-12-30T09:00:00Z"},
		{"and once it was asked for 2030, 2026 is still right", "2026-12-24T18:00:00Z", "2026-12-25T10:00:00Z"},
		{"New Year's Day is known in December", "2026-12-31T18:00:00Z", "2027-01-04T09:00:00Z"},
		{"Good Friday to Easter Monday two years on", "2028-04-13T18:00:00Z", "2028-04-18T08:00:00Z"},
	} {
		got, ok := ana.Schedule(instant(t, tt.now)).NextOpening(instant(t, tt.now))
		if want := instant(t, tt.want); !ok || !got.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, ok, want)
		}
	}
	first := ana.Schedule(instant(t, "2026-12-31T18:00:00Z"))
	if again := ana.Schedule(instant(t, "2026-01-31T18:00:00Z")); first != again {
		t.Error("the calendar was compiled again within a year")
	}
	if ana.Zone().String() != "Europe/London" {
		t.Errorf("zone %s", ana.Zone())
	}
}

func TestScheduleWithoutCountriesIsCompiledOnce(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London"}, "")
	tm.reload(t)
	ana := tm.person(t, "ana@team.example")
	if ana.Schedule(instant(t, "2026-01-01T00:00:00Z")) != ana.Schedule(instant(t, "2031-01-01T00:00:00Z")) {
		t.Error("the calendar was compiled again")
	}
}

func TestUnreadableProfileLetsEverythingThrough(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "Europe/London"}, "")
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "Australia/Sydney"}, "")
	tm.raw(t, "ana@team.example", func(p *store.Person) { p.Profile = []byte(`{"version":9}`) })

	err := tm.dir.Reload(context.Background())
	var pe *ProfileError
	if !errors.As(err, &pe) || pe.Address != "ana@team.example" {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "profile of ana@team.example: read profile: version 9") || pe.Unwrap() == nil {
		t.Errorf("got %v", err)
	}
	night := instant(t, "2026-11-24T03:00:00Z")
	if !tm.person(t, "ana@team.example").Schedule(night).Deliverable(night) {
		t.Error("mail to Ana waits for a calendar that nobody can read")
	}
	if tm.person(t, "mei@team.example").Zone().String() != "Australia/Sydney" {
		t.Error("Mei lost her profile")
	}
	if _, err := tm.editor.Set(context.Background(), "ana@team.example", Request{Fields: map[Field]string{"phone": "1"}}, tm.now); err == nil {
		t.Error("a profile of a newer version was edited")
	}
	list, err := tm.editor.List(context.Background(), false)
	if err != nil || list[0].Problem == "" || list[1].Problem != "" {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestNames(t *testing.T) {
	p := &Person{Name: "Ana María Pérez", Address: address("ana@team.example"), Aliases: []mail.Address{address("a.perez@second.example")}}
	if p.FirstName() != "Ana" || (&Person{Address: p.Address}).FirstName() != "ana" {
		t.Error("first name")
	}
	for a, want := range map[string]bool{
		"ana@team.example": true, "ANA@Team.Example": true, "ana+lists@team.example": true, "a.perez@second.example": true,
		"ana@second.example": false, "mei@team.example": false, "": false,
	} {
		if got := p.HasAddress(address(a)); got != want {
			t.Errorf("%q: got %v", a, got)
		}
	}
	if (&Person{Profile: Profile{Calendar: scheduler.Calendar{Zone: "Nowhere/Nothing"}}}).Zone() != time.UTC {
		t.Error("a zone that went away is not UTC")
	}
	night := instant(t, "2026-11-24T03:00:00Z")
	if !(&Person{Profile: Profile{Calendar: scheduler.Calendar{Zone: "Nowhere/Nothing"}}}).Schedule(night).Deliverable(night) {
		t.Error("mail waits for a zone that went away")
	}
}
