package people

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"tidepost/store"
)

func (tm *team) appPassword(t *testing.T, who, name string, device bool) (AppPassword, string) {
	t.Helper()
	made, password, err := tm.editor.CreateAppPassword(t.Context(), who, name, device, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	return made, password
}

func (tm *team) revoke(t *testing.T, who, which string) []AppPassword {
	t.Helper()
	var gone []AppPassword
	err := tm.db.Update(t.Context(), func(tx *store.Tx) (err error) {
		gone, err = RevokeAppPasswords(tx, tm.person(t, who).ID, which, tm.now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	return gone
}

func TestAppPasswordLogsIn(t *testing.T) {
	tm, a := login(t, defaultAuth())
	scanner, p1 := tm.appPassword(t, "ana@team.example", "  Scanner,  2nd floor ", true)
	laptop, p2 := tm.appPassword(t, "a.perez@second.example", "Laptop", false)
	if scanner.Name != "Scanner, 2nd floor" || !scanner.Device || laptop.Device || scanner.ID == laptop.ID {
		t.Errorf("made %+v, %+v", scanner, laptop)
	}
	if p1 == p2 || strings.Count(p1, "-") != appGroups-1 || len(p1) != appGroups*(groupSize+1)-1 {
		t.Errorf("passwords %s, %s", p1, p2)
	}
	for _, tt := range []struct {
		name, password string
		want           Login
	}{
		{"as printed", p1, Login{Credential: scanner.ID, Device: true}},
		{"in capitals, with spaces", strings.ToUpper(strings.ReplaceAll(p1, "-", " ")), Login{Credential: scanner.ID, Device: true}},
		{"in one word", strings.ReplaceAll(p1, "-", ""), Login{Credential: scanner.ID, Device: true}},
		{"with other dashes", " " + strings.ReplaceAll(p1, "-", "\u2013") + "\n", Login{Credential: scanner.ID, Device: true}},
		{"a mail program's", p2, Login{Credential: laptop.ID}},
		{"the main one", anasPassword, Login{}},
	} {
		got, err := a.Authenticate(t.Context(), "ana@team.example", tt.password, home, tm.now)
		if err != nil || got.Person == nil || got.Credential != tt.want.Credential || got.Device != tt.want.Device {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
	}
	for name, password := range map[string]string{
		"another end": p1[:len(p1)-1] + string(groupLetters[(strings.IndexByte(groupLetters, p1[len(p1)-1])+1)%32]),
		"the tag":     p1[:groupSize], "without its tag": p1[groupSize+1:], "twice": p1 + p1,
	} {
		if _, err := a.Authenticate(t.Context(), "ana@team.example", password, home, tm.now); !errors.Is(err, ErrLogin) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := a.Authenticate(t.Context(), "tom@team.example", p1, home, tm.now); !errors.Is(err, ErrLogin) {
		t.Errorf("somebody else's: got %v", err)
	}
}

// The day of the last login is noted, nothing finer, and nobody reads people again for it.
func TestAppPasswordUseIsADay(t *testing.T) {
	tm, a := login(t, defaultAuth())
	_, password := tm.appPassword(t, "ana@team.example", "Scanner", true)
	version := tm.dir.Version()
	for range 3 {
		if _, err := a.Authenticate(t.Context(), "ana@team.example", password, home, tm.now); err != nil {
			t.Fatal(err)
		}
	}
	a.behind.Wait()
	list, err := tm.editor.AppPasswords(t.Context(), "ana@team.example", false)
	if err != nil || len(list) != 1 || list[0].Used != "2026-11-23" {
		t.Errorf("got %+v, %v", list, err)
	}
	tm.reload(t)
	if tm.dir.Version() != version {
		t.Error("a login made everybody read people again")
	}
}

func TestRevokedAppPassword(t *testing.T) {
	tm, a := login(t, defaultAuth())
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	_, laptop := tm.appPassword(t, "ana@team.example", "Laptop", false)
	if _, err := a.Authenticate(t.Context(), "ana@team.example", scanner, home, tm.now); err != nil {
		t.Fatal(err)
	}
	a.behind.Wait()
	if gone := tm.revoke(t, "ana@team.example", "SCANNER"); len(gone) != 1 || gone[0].Name != "Scanner" {
		t.Fatalf("revoked %+v", gone)
	}
	// A scanner that has not been told knocks for ever. It locks out nobody: not Ana from
	// the same place, not itself.
	synctest.Test(t, func(t *testing.T) {
		for range 40 {
			began := time.Now()
			if _, err := a.Authenticate(t.Context(), "ana@team.example", scanner, home, tm.now); !errors.Is(err, ErrLogin) || !errors.Is(err, ErrStale) {
				t.Fatalf("got %v", err)
			}
			if took := time.Since(began); took != staleDelay {
				t.Fatalf("answered after %v", took)
			}
		}
	})
	if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, tm.now); err != nil {
		t.Errorf("Ana: %v", err)
	}
	if _, err := a.Authenticate(t.Context(), "ana@team.example", laptop, home, tm.now); err != nil {
		t.Errorf("the laptop: %v", err)
	}
	a.behind.Wait()
	if a.CountedAs("ana", scanner) == a.CountedAs("ana", anasPassword) || a.CountedAs("ana", scanner) == a.CountedAs("ana", laptop) {
		t.Error("they count together")
	}
	// The name is free again, and the old one stays revoked.
	if _, again := tm.appPassword(t, "ana@team.example", "scanner", true); again == scanner {
		t.Error("the same password again")
	}
	if list, err := tm.editor.AppPasswords(t.Context(), "ana@team.example", true); err != nil || len(list) != 3 || list[0].Revoked == nil {
		t.Errorf("got %+v, %v", list, err)
	}
	if gone := tm.revoke(t, "ana@team.example", ""); len(gone) != 2 {
		t.Errorf("all: %+v", gone)
	}
	err := tm.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := RevokeAppPasswords(tx, tm.person(t, "ana@team.example").ID, "nothing", tm.now)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// A wrong app password is counted like any other, by itself, and Ana's own is not harmed.
func TestWrongAppPasswordsLockThemselvesOut(t *testing.T) {
	tm, a := login(t, AuthOptions{Cores: 2, Tries: 3, Lockout: time.Minute})
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	wrong := scanner[:6] + "aaaaa-aaaaa-aaaaa-aaaaa"
	synctest.Test(t, func(t *testing.T) {
		for range 3 {
			if _, err := a.Authenticate(t.Context(), "ana@team.example", wrong, office, tm.now); !errors.Is(err, ErrLogin) {
				t.Fatalf("got %v", err)
			}
		}
	})
	var locked *LockedError
	if _, err := a.Authenticate(t.Context(), "ana@team.example", scanner, cafe, tm.now); !errors.As(err, &locked) {
		t.Errorf("the right one during the lock-out: %v", err)
	}
	if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, cafe, tm.now); err != nil {
		t.Errorf("Ana: %v", err)
	}
}

// A phone that goes on to send the password before the change does not lock out its owner.
func TestFormerPasswordIsNotCounted(t *testing.T) {
	tm, a := login(t, defaultAuth())
	if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, tm.now); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.editor.SetPassword(t.Context(), "ana@team.example", "another good password", tm.now); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	knock := func() {
		synctest.Test(t, func(t *testing.T) {
			for range 20 {
				if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, tm.now); !errors.Is(err, ErrStale) {
					t.Fatalf("got %v", err)
				}
			}
		})
	}
	knock()
	if _, err := a.Authenticate(t.Context(), "ana@team.example", "another good password", home, tm.now); err != nil {
		t.Fatal(err)
	}
	knock() // Also once the new one was seen.
	if _, err := a.Authenticate(t.Context(), "ana@team.example", "another good password", cafe, tm.now); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(t.Context(), "ana@team.example", "never was a password", home, tm.now); errors.Is(err, ErrStale) || !errors.Is(err, ErrLogin) {
		t.Errorf("a guess: %v", err)
	}
}

func TestFrozenPersonIsNobody(t *testing.T) {
	tm, a := login(t, defaultAuth())
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	for _, password := range []string{anasPassword, scanner} { // Remembered from before.
		if _, err := a.Authenticate(t.Context(), "ana", password, home, tm.now); err != nil {
			t.Fatal(err)
		}
	}
	a.behind.Wait()
	tm.freeze(t, "ana@team.example", true)
	for _, password := range []string{anasPassword, scanner} {
		if _, err := a.Authenticate(t.Context(), "ana", password, home, tm.now); !errors.Is(err, ErrLogin) || errors.Is(err, ErrStale) {
			t.Errorf("got %v", err)
		}
	}
	if p := tm.person(t, "ana@team.example"); !p.Frozen || !p.Active {
		t.Error("mail to her has nowhere to go")
	}
	tm.freeze(t, "ana@team.example", false)
	if _, err := a.Authenticate(t.Context(), "ana", scanner, home, tm.now); err != nil {
		t.Errorf("thawed: %v", err)
	}
	a.behind.Wait()
}

func (tm *team) freeze(t *testing.T, who string, frozen bool) {
	t.Helper()
	err := tm.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.SetFrozen(tm.person(t, who).ID, frozen)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
}

func TestCreateAppPasswordRefuses(t *testing.T) {
	tm, _ := login(t, defaultAuth())
	tm.appPassword(t, "ana@team.example", "Scanner", true)
	for name, tt := range map[string]struct{ who, name, want string }{
		"nobody":    {"nobody@team.example", "Scanner", "not found"},
		"no name":   {"ana@team.example", " \t", "say what it is for"},
		"a number":  {"ana@team.example", " 12 ", "number"},
		"a control": {"ana@team.example", "Scan\x1bner", "cannot be shown"},
		"bidi":      {"ana@team.example", "Scan\u202ener", "cannot be shown"},
		"no UTF-8":  {"ana@team.example", "\xff", "cannot be shown"},
		"too long":  {"ana@team.example", strings.Repeat("x", 65), "longer"},
		"twice":     {"ana@team.example", "SCANNER", "is one called"},
	} {
		if _, _, err := tm.editor.CreateAppPassword(t.Context(), tt.who, tt.name, true, tm.now); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	broken := NewEditor(tm.db, []string{"team.example"}, iotest.ErrReader(errors.New("no randomness")))
	if _, _, err := broken.CreateAppPassword(t.Context(), "ana@team.example", "Phone", true, tm.now); err == nil {
		t.Error("made without randomness")
	}
}

// Neither the database nor the ledger holds what was printed.
func TestAppPasswordIsKeptAsAHash(t *testing.T) {
	tm, _ := login(t, defaultAuth())
	_, password := tm.appPassword(t, "ana@team.example", "Scanner", true)
	code, _, err := tm.editor.CreateCode(t.Context(), "ana@team.example", time.Hour, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	err = tm.db.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.AppPasswords(0)
		if err != nil {
			return err
		}
		for _, a := range list {
			if !strings.HasPrefix(a.Hash, "$argon2id$") || strings.Contains(password, a.Hash) {
				t.Errorf("kept as %q", a.Hash)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{password, strings.ReplaceAll(password, "-", ""), code, strings.ReplaceAll(code, "-", "")} {
		tm.neverWritten(t, secret)
	}
}

// neverWritten looks for a secret in the ledger.
func (tm *team) neverWritten(t *testing.T, secret string) {
	t.Helper()
	for _, e := range tm.events(t) {
		if strings.Contains(e, secret) {
			t.Errorf("the ledger holds a secret: %s", e)
		}
	}
}

func TestRollKnowsAppPasswords(t *testing.T) {
	tm, _ := login(t, defaultAuth())
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "UTC"}, anasPassword)
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	_, gone := tm.appPassword(t, "ana@team.example", "Gone", true)
	_, toms := tm.appPassword(t, "tom@team.example", "Laptop", false) // Tom has no password of his own.
	tm.revoke(t, "ana@team.example", "gone")
	tm.freeze(t, "mei@team.example", true)
	path := filepath.Join(t.TempDir(), "people.roll")
	if err := tm.dir.WriteRoll(path, tm.now); err != nil {
		t.Fatal(err)
	}
	other := newTeam(t, nil)
	if _, n, err := ReadRoll(t.Context(), path, other.db, tm.now); err != nil || n != 2 {
		t.Fatalf("read %d people, %v", n, err)
	}
	other.reload(t)
	a := NewAuthenticator(other.dir, defaultAuth())
	if l, err := a.Authenticate(t.Context(), "ana@team.example", scanner, home, tm.now); err != nil || !l.Device {
		t.Errorf("the scanner: %+v, %v", l, err)
	}
	if l, err := a.Authenticate(t.Context(), "tom@team.example", toms, home, tm.now); err != nil || l.Device {
		t.Errorf("Tom's laptop: %+v, %v", l, err)
	}
	a.behind.Wait()
	for who, password := range map[string]string{"ana@team.example": gone, "mei@team.example": anasPassword, "tom@team.example": ""} {
		if _, err := a.Authenticate(t.Context(), who, password, home, tm.now); !errors.Is(err, ErrLogin) {
			t.Errorf("%s: got %v", who, err)
		}
	}
}

// A session ends when its login is not good any more, and no other does.
func TestSessionsEnd(t *testing.T) {
	tm, a := login(t, defaultAuth())
	tm.add(t, map[Field]string{"address": "mei@team.example", "zone": "UTC"}, anasPassword)
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	_, laptop := tm.appPassword(t, "ana@team.example", "Laptop", false)
	sessions := NewSessions(tm.dir)
	ended := map[string]int{}
	var mu sync.Mutex
	leave := map[string]func(){}
	enter := func(name, who, password string) {
		t.Helper()
		l, err := a.Authenticate(t.Context(), who, password, home, tm.now)
		if err != nil {
			t.Fatal(err)
		}
		a.behind.Wait()
		out, ok := sessions.Enter(l, func() { mu.Lock(); defer mu.Unlock(); ended[name]++ })
		if !ok {
			t.Fatalf("%s was not let in", name)
		}
		leave[name] = out
	}
	enter("own", "ana@team.example", anasPassword)
	enter("scanner", "ana@team.example", scanner)
	enter("laptop", "ana@team.example", laptop)
	enter("mei", "mei@team.example", anasPassword)
	enter("left", "ana@team.example", anasPassword)
	leave["left"]()
	old, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"another zone", func() {
			if _, err := tm.editor.Set(t.Context(), "ana@team.example", Request{Fields: map[Field]string{FieldZone: "Asia/Tokyo"}}, tm.now); err != nil {
				t.Fatal(err)
			}
			tm.reload(t)
		}, nil},
		{"a revoked scanner", func() { tm.revoke(t, "ana@team.example", "Scanner") }, []string{"scanner"}},
		{"another password", func() {
			if _, err := tm.editor.SetPassword(t.Context(), "ana@team.example", "another good password", tm.now); err != nil {
				t.Fatal(err)
			}
			tm.reload(t)
		}, []string{"own", "scanner"}},
		{"a freeze", func() { tm.freeze(t, "ana@team.example", true) }, []string{"laptop", "own", "scanner"}},
		{"a removal", func() {
			if err := tm.editor.Remove(t.Context(), "mei@team.example", tm.now); err != nil {
				t.Fatal(err)
			}
			tm.reload(t)
		}, []string{"laptop", "mei", "own", "scanner"}},
	}
	for _, s := range steps {
		s.do()
		if len(ended) != len(s.want) {
			t.Errorf("%s: ended %v, want %v", s.name, ended, s.want)
		}
		for _, name := range s.want {
			if ended[name] != 1 {
				t.Errorf("%s: %s ended %d times", s.name, name, ended[name])
			}
		}
	}
	// A login that was checked against people who have changed since is not let in.
	if _, ok := sessions.Enter(old, func() { t.Error("ended twice") }); ok {
		t.Error("let in with a password of the past")
	}
	var none *Sessions
	if out, ok := none.Enter(old, nil); !ok || out == nil {
		t.Error("without sessions nobody is let in")
	}
}

// Whoever logs in while people change either is ended or not let in.
func TestSessionsRace(t *testing.T) {
	tm, a := login(t, AuthOptions{Cores: 2, Tries: 1000, Lockout: time.Minute})
	sessions := NewSessions(tm.dir)
	l, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			over := make(chan struct{})
			leave, ok := sessions.Enter(l, func() { close(over) })
			if ok {
				<-over
				leave()
			}
		})
	}
	wg.Go(func() { tm.freeze(t, "ana@team.example", true) })
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a session was forgotten")
	}
}

func TestCodeSetsThePasswordOnce(t *testing.T) {
	tm, a := login(t, defaultAuth())
	ctx := context.Background()
	first, _, err := tm.editor.CreateCode(ctx, "ana@team.example", 24*time.Hour, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	code, expires, err := tm.editor.CreateCode(ctx, "ana@team.example", 24*time.Hour, tm.now)
	if err != nil || !expires.Equal(tm.now.Add(24*time.Hour)) {
		t.Fatalf("expires %v, %v", expires, err)
	}
	const wanted = "a good new password"
	for name, tt := range map[string]struct {
		code, password string
		at             time.Time
		bad            bool // it is the password that is refused
	}{
		"one made before":  {first, wanted, tm.now, false},
		"nothing":          {"", wanted, tm.now, false},
		"another":          {"aaaaa-aaaaa-aaaaa-aaaaa", wanted, tm.now, false},
		"too late":         {code, wanted, expires, false},
		"a short password": {code, "short", tm.now, true},
		"no password":      {code, "", tm.now, true},
	} {
		_, err := tm.editor.RedeemCode(ctx, tt.code, tt.password, tt.at)
		var bad *PasswordError
		if tt.bad != errors.As(err, &bad) || !tt.bad && !errors.Is(err, ErrCode) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Many at once: one wins.
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 4 {
		wg.Go(func() {
			address, err := tm.editor.RedeemCode(ctx, strings.ToUpper(strings.ReplaceAll(code, "-", "")), wanted, expires.Add(-time.Second))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && address == "ana@team.example":
				won++
			case !errors.Is(err, ErrCode):
				t.Errorf("got %s, %v", address, err)
			}
		})
	}
	wg.Wait()
	tm.reload(t)
	if won != 1 {
		t.Errorf("the code was good %d times", won)
	}
	if _, err := a.Authenticate(ctx, "ana", wanted, home, tm.now); err != nil {
		t.Errorf("got %v", err)
	}
	tm.neverWritten(t, wanted)
	for name, tt := range map[string]struct {
		who   string
		valid time.Duration
	}{"nobody": {"nobody@team.example", time.Hour}, "too short": {"ana@team.example", time.Second}, "too long": {"ana@team.example", 32 * 24 * time.Hour}} {
		if _, _, err := tm.editor.CreateCode(ctx, tt.who, tt.valid, tm.now); err == nil {
			t.Errorf("%s: a code was made", name)
		}
	}
}

// Removed people leave no credential behind for when they come back.
func TestRemovedPersonKeepsNoCredential(t *testing.T) {
	tm, a := login(t, defaultAuth())
	_, scanner := tm.appPassword(t, "ana@team.example", "Scanner", true)
	code, _, err := tm.editor.CreateCode(t.Context(), "ana@team.example", time.Hour, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := tm.editor.Remove(t.Context(), "ana@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	tm.add(t, map[Field]string{"address": "ana@team.example", "zone": "UTC"}, "another good password")
	tm.reload(t)
	if _, err := a.Authenticate(t.Context(), "ana", scanner, home, tm.now); !errors.Is(err, ErrLogin) {
		t.Errorf("the scanner of before: %v", err)
	}
	if _, err := tm.editor.RedeemCode(t.Context(), code, "a good new password", tm.now); !errors.Is(err, ErrCode) {
		t.Errorf("the code of before: %v", err)
	}
}

// FuzzReadGroups: whatever people type is read without harm, and what was printed is read
// as it was meant.
func FuzzReadGroups(f *testing.F) {
	for _, s := range []string{"", "k7fqd-a9m2x-bbbbb-ccccc-ddddd", "K7FQD A9M2X BBBBB CCCCC DDDDD", "k7fqd\u2013a9m2x", "\xff\xfe", strings.Repeat("-", 200), "l0o1l-aaaaa-aaaaa-aaaaa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range []int{codeGroups, appGroups} {
			letters, ok := readGroups(s, n)
			if !ok {
				continue
			}
			if len(letters) != n*groupSize || strings.Trim(letters, groupLetters) != "" {
				t.Fatalf("%q is read as %q", s, letters)
			}
			if again, ok := readGroups(letters, n); !ok || again != letters {
				t.Fatalf("%q is read as %q, and that as %q", s, letters, again)
			}
		}
	})
}
