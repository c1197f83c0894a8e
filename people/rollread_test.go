package people

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// A second roll takes the place of the first: passwords, people, groups and addresses are
// as it says, and whose login is not good any more is logged out.
func TestReadRollAgain(t *testing.T) {
	tm, _ := login(t, defaultAuth())
	for _, name := range []string{"mei", "lee", "kim"} {
		tm.add(t, map[Field]string{"address": name + "@team.example", "zone": "UTC", "aliases": name + ".c@team.example"}, anasPassword)
	}
	_, kept := tm.appPassword(t, "ana@team.example", "Kept", true)
	_, gone := tm.appPassword(t, "ana@team.example", "Gone", true)
	tm.group(t, false, "all@team.example", "ana mei", nil)
	path := filepath.Join(t.TempDir(), "people.roll")
	other := newTeam(t, nil)
	read := func() {
		t.Helper()
		tm.reload(t)
		if err := tm.dir.WriteRoll(path, tm.now); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadRoll(t.Context(), path, other.db, tm.now); err != nil {
			t.Fatal(err)
		}
		other.reload(t)
	}
	read()
	a := NewAuthenticator(other.dir, defaultAuth())
	sessions := NewSessions(other.dir)
	ended := map[string]bool{}
	bad := func(who, password string) bool {
		t.Helper()
		var err error
		synctest.Test(t, func(t *testing.T) { // The answer comes late.
			_, err = a.Authenticate(t.Context(), who, password, home, tm.now)
		})
		return errors.Is(err, ErrLogin)
	}
	good := func(who, password string) bool {
		t.Helper()
		l, err := a.Authenticate(t.Context(), who, password, home, tm.now)
		if err != nil && !errors.Is(err, ErrLogin) {
			t.Fatal(err)
		}
		if err == nil {
			if _, ok := sessions.Enter(l, func() { ended[who] = true }); !ok {
				t.Errorf("%s is logged out at once", who)
			}
		}
		return err == nil
	}
	for _, who := range []string{"ana@team.example", "mei@team.example", "lee@team.example", "kim@team.example"} {
		if !good(who, anasPassword) {
			t.Fatalf("%s cannot log in", who)
		}
	}

	tm.revoke(t, "ana@team.example", "gone")
	tm.freeze(t, "mei@team.example", true)
	const another = "another good password"
	if _, err := tm.editor.SetPassword(t.Context(), "lee@team.example", another, tm.now); err != nil {
		t.Fatal(err)
	}
	// Mei's alias is Kim's now, and the group has Kim in Mei's place.
	for _, c := range [][2]string{{"mei@team.example", ""}, {"kim@team.example", "mei.c@team.example"}} {
		if _, err := tm.editor.Set(t.Context(), c[0], Request{Fields: map[Field]string{"aliases": c[1]}}, tm.now); err != nil {
			t.Fatal(err)
		}
	}
	tm.add(t, map[Field]string{"address": "new@team.example", "zone": "UTC"}, anasPassword)
	change := "-mei +kim"
	if _, err := tm.editor.SetGroup(t.Context(), false, "all@team.example", GroupRequest{Members: &change}, tm.now); err != nil {
		t.Fatal(err)
	}
	read()
	if ended["ana@team.example"] || ended["kim@team.example"] || !ended["mei@team.example"] || !ended["lee@team.example"] {
		t.Errorf("logged out: %v", ended)
	}
	for _, c := range []struct {
		who, password string
		want          bool
	}{
		{"ana@team.example", anasPassword, true}, {"ana@team.example", kept, true}, {"ana@team.example", gone, false},
		{"mei@team.example", anasPassword, false}, {"lee@team.example", anasPassword, false}, {"lee@team.example", another, true},
		{"new@team.example", anasPassword, true}, {"mei.c@team.example", anasPassword, true}, {"kim.c@team.example", anasPassword, false},
	} {
		is := bad
		if c.want {
			is = good
		}
		if !is(c.who, c.password) {
			t.Errorf("%s with %s: good is not %v", c.who, c.password, c.want)
		}
	}
	if g := other.dir.Groups(); len(g) != 1 || len(g[0].People) != 2 || g[0].People[1].Address.String() != "kim@team.example" {
		t.Errorf("groups %+v", g)
	}

	// Back again, under the address that was freed.
	tm.freeze(t, "mei@team.example", false)
	read()
	if !good("mei@team.example", anasPassword) {
		t.Error("Mei is unfrozen and cannot log in")
	}
	// What is no roll changes nothing.
	if err := os.WriteFile(path, []byte(`{"people": [{`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadRoll(t.Context(), path, other.db, tm.now); err == nil {
		t.Error("half a roll is read")
	}
	other.reload(t)
	if !good("mei@team.example", anasPassword) {
		t.Error("half a roll locks people out")
	}
}
