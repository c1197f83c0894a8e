package people

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"tidepost/store"
)

const anasPassword = "correct horse battery"

func TestHashPassword(t *testing.T) {
	s, err := HashPassword(anasPassword, strings.NewReader(strings.Repeat("s", 16)))
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=19456,t=2,p=1$c3Nzc3Nzc3Nzc3Nzc3Nzcw$"; !strings.HasPrefix(s, want) {
		t.Errorf("got %s, want %s…", s, want)
	}
	p, err := parsePHC(s)
	if err != nil {
		t.Fatal(err)
	}
	if p.String() != s || !p.verify(anasPassword) || p.verify(anasPassword+" ") || p.verify("") {
		t.Error("the password is not the one that was hashed")
	}
	if _, err := HashPassword("x", iotest.ErrReader(errors.New("no randomness"))); err == nil {
		t.Error("hashed without salt")
	}
}

// The reference vector is that of the argon2 command line:
// echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32 -e
func TestForeignHash(t *testing.T) {
	p, err := parsePHC("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil || !p.verify("password") || p.verify("Password") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordForms(t *testing.T) {
	s, err := HashPassword("pâté-de-campagne", strings.NewReader(strings.Repeat("s", 16)))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := parsePHC(s)
	if !p.verify("pa\u0302te\u0301-de-campagne") {
		t.Error("decomposed letters are another password")
	}
	if p.verify("pate-de-campagne") || p.verify("\x00") {
		t.Error("another password passes")
	}
}

func TestParsePHCRefuses(t *testing.T) {
	salt, key := "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, s := range []string{
		"", "x", "$2b$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=8,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=18$m=8,t=1,p=1$" + salt + "$" + key, "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=8,t=99,p=1$" + salt + "$" + key, "$argon2id$v=19$m=8,t=1,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=8,t=1,p=1,x=2$" + salt + "$" + key, "$argon2id$v=19$m=08,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=8,t=1,p=1$c29t$" + key, "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$c29t",
		"$argon2id$v=19$m=8,t=1,p=1$" + salt + "$!", "$argon2id$v=19$m=8,t=1,p=1$!$" + key,
	} {
		if p, err := parsePHC(s); err == nil {
			t.Errorf("%q: got %v", s, p)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]string{
		"":                        "shorter than 10",
		"ninechars":               "shorter than 10",
		strings.Repeat("ab", 513): "longer than 1024",
		"aaaaaaaaaaaa":            "different characters",
		"with\x00nul and more":    "control",
		"bad \xff utf eight":      "UTF-8",
		"ana@team.example":        "name or address",
		"ANA@TEAM.EXAMPLE":        "name or address",
		"ten chars!":              "",
		anasPassword:              "",
		"日本語のパスワードです":             "",
	} {
		err := CheckPassword(password, "Ana", "ana@team.example")
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", password, err, want)
		}
		if err != nil && len(password) > 3 && strings.Contains(err.Error(), password) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestGeneratePassword(t *testing.T) {
	got, err := GeneratePassword(strings.NewReader("\x00\x01\x02\x03\x04\x1f\x20\xff\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12"))
	if err != nil || got != "abcde-9a9hi-jkmnp-qrstu" || CheckPassword(got) != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := GeneratePassword(strings.NewReader("short")); err == nil {
		t.Error("a password without enough randomness")
	}
}

// login is a team in which Ana can log in, and her directory.
func login(t *testing.T, o AuthOptions) (*team, *Authenticator) {
	t.Helper()
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "aliases": "a.perez@second.example", "zone": "Europe/London"}, anasPassword)
	tm.add(t, map[Field]string{"address": "tom@team.example", "zone": "Europe/London"}, "")
	tm.reload(t)
	return tm, NewAuthenticator(tm.dir, o)
}

var (
	home   = netip.MustParseAddr("192.0.2.1")
	cafe   = netip.MustParseAddr("198.51.100.7")
	office = netip.MustParseAddr("10.1.2.3")
)

func defaultAuth() AuthOptions {
	return AuthOptions{Cores: 2, Tries: 10, Lockout: 15 * time.Minute, Inside: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
}

func TestAuthenticate(t *testing.T) {
	tm, a := login(t, defaultAuth())
	ctx := context.Background()
	for _, user := range []string{"ana@team.example", "Ana@TEAM.example", "a.perez@second.example", "ana", "ANA"} {
		p, err := a.Authenticate(ctx, user, anasPassword, home, tm.now)
		if err != nil || p.Person.Address.String() != "ana@team.example" || p.Device || p.Credential != 0 {
			t.Errorf("%s: got %v, %v", user, p, err)
		}
	}
	for user, password := range map[string]string{
		"ana@team.example": anasPassword + "x", "tom@team.example": "", "nobody@team.example": anasPassword,
		"a.perez": anasPassword, "@": anasPassword, "ana+x": anasPassword, "ana+x@team.example": anasPassword, "": "", "\x00": strings.Repeat("p", 9000),
	} {
		if p, err := a.Authenticate(ctx, user, password, netip.Addr{}, tm.now); !errors.Is(err, ErrLogin) || p.Person != nil {
			t.Errorf("%q: got %v, %v", user, p, err)
		}
	}
}

func TestChangedPasswordWorksAtOnce(t *testing.T) {
	tm, a := login(t, defaultAuth())
	ctx := context.Background()
	if _, err := a.Authenticate(ctx, "ana@team.example", anasPassword, home, tm.now); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Password: "another good one"}, tm.now); err != nil {
		t.Fatal(err)
	}
	if err := tm.dir.MaybeReload(ctx, tm.now); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(ctx, "ana@team.example", anasPassword, home, tm.now); !errors.Is(err, ErrLogin) {
		t.Errorf("the old password: got %v", err)
	}
	if _, err := a.Authenticate(ctx, "ana@team.example", "another good one", home, tm.now); err != nil {
		t.Errorf("the new password: got %v", err)
	}
	if err := tm.editor.Remove(ctx, "ana@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	if _, err := a.Authenticate(ctx, "ana@team.example", "another good one", home, tm.now); !errors.Is(err, ErrLogin) {
		t.Errorf("after she was removed: got %v", err)
	}
}

// A remembered password costs no argon2: with every core taken, only it passes.
func TestRememberedPasswordNeedsNoCore(t *testing.T) {
	tm, a := login(t, AuthOptions{Cores: 1, Tries: 10, Lockout: time.Minute})
	ctx := context.Background()
	if _, err := a.Authenticate(ctx, "ana@team.example", anasPassword, home, tm.now); err != nil {
		t.Fatal(err)
	}
	a.cores <- struct{}{}
	if _, err := a.Authenticate(ctx, "ana@team.example", anasPassword, cafe, tm.now); err != nil {
		t.Errorf("remembered: %v", err)
	}
	cut, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := a.Authenticate(cut, "ana@team.example", "something else", home, tm.now); !errors.Is(err, context.Canceled) {
		t.Errorf("another password: got %v", err)
	}
	<-a.cores
	if len(fmt.Sprint(a.verified)) == 0 || strings.Contains(fmt.Sprintf("%+v", a.verified), anasPassword) {
		t.Error("the password stands in memory in clear")
	}
}

func TestUnknownUserCostsTheSame(t *testing.T) {
	_, a := login(t, AuthOptions{Cores: 1, Tries: 10, Lockout: time.Minute})
	a.cores <- struct{}{} // Whoever does the work waits here.
	for _, user := range []string{"ana@team.example", "tom@team.example", "nobody@team.example", "nonsense"} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if _, err := a.check(ctx, a.claim(user, "wrong password")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, the work was not done", user, err)
		}
		cancel()
	}
	if s, err := HashPassword("x", strings.NewReader(strings.Repeat("s", 16))); err != nil || len(s) != len(a.decoy.String()) {
		t.Errorf("the decoy is of another kind: %s", a.decoy)
	}
}

func TestWrongPasswordsAreAnsweredLater(t *testing.T) {
	tm, a := login(t, defaultAuth())
	synctest.Test(t, func(t *testing.T) {
		want := []time.Duration{0, 0, 1, 2, 4, 8, 16, 16, 16, 16}
		now := tm.now
		for i, w := range want {
			start := time.Now()
			_, err := a.Authenticate(t.Context(), "ana@team.example", "wrong password", cafe, now)
			took := time.Since(start)
			if !errors.Is(err, ErrLogin) || took != w*time.Second {
				t.Errorf("try %d: %v after %v, want %v", i+1, err, took, w*time.Second)
			}
			now = now.Add(took)
		}
		var locked *LockedError
		if _, err := a.Authenticate(t.Context(), "a.perez@second.example", anasPassword, cafe, now); !errors.As(err, &locked) || locked.For <= 0 || locked.For > 15*time.Minute {
			t.Errorf("after ten: got %v", err)
		}
		if !strings.Contains(locked.Error(), "too many wrong passwords") {
			t.Errorf("got %v", locked)
		}
		if _, err := a.Authenticate(t.Context(), "tom@team.example", "x", cafe, now); !errors.As(err, &locked) {
			t.Errorf("another user from there: got %v", err)
		}
		if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, now); !errors.As(err, &locked) {
			t.Errorf("Ana from a new place: got %v", err)
		}
		if _, err := a.Authenticate(t.Context(), "ana@team.example", anasPassword, home, now.Add(15*time.Minute)); err != nil {
			t.Errorf("after the lock-out: got %v", err)
		}
	})
}

func TestDelayEndsWithTheConnection(t *testing.T) {
	tm, a := login(t, defaultAuth())
	synctest.Test(t, func(t *testing.T) {
		for range 5 {
			a.limits.failed("ana@team.example", cafe, tm.now)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := a.Authenticate(ctx, "ana@team.example", "wrong password", cafe, tm.now); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestLimiter(t *testing.T) {
	now := instant(t, "2026-11-23T10:00:00Z")
	limits := func() *limiter { return newLimiter(3, 10*time.Minute, defaultAuth().Inside) }
	fail := func(l *limiter, n int, user string, ip netip.Addr) {
		for range n {
			l.failed(user, ip, now)
		}
	}

	l := limits()
	l.succeeded("ana", home, now)
	fail(l, 3, "ana", cafe)
	if l.blocked("ana", home, now) != 0 {
		t.Error("a stranger locked Ana out of her own place")
	}
	if l.blocked("ana", office, now) == 0 {
		t.Error("Ana's account is open from a new place")
	}
	fail(l, 3, "ana", home)
	if l.blocked("ana", home, now) == 0 {
		t.Error("her own place may try without end")
	}
	if l.blocked("tom", home, now) != 0 {
		t.Error("a forgotten phone locked the house out")
	}

	l = limits()
	for i := range 3 {
		l.failed(fmt.Sprint("user", i), office, now)
	}
	if l.blocked("tom", office, now) != 0 {
		t.Error("an inside network is locked out as a whole")
	}

	l = limits()
	for i := range 3 {
		l.failed(fmt.Sprint("user", i), netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%d", i)), now)
	}
	if l.blocked("tom", netip.MustParseAddr("2001:db8:1:2:ffff::1"), now) == 0 {
		t.Error("an IPv6 host has as many tries as addresses")
	}
	if l.blocked("tom", netip.MustParseAddr("2001:db8:1:3::1"), now) != 0 {
		t.Error("the neighbour is locked out")
	}
	if network(netip.MustParseAddr("::ffff:192.0.2.1")) != network(home) {
		t.Error("a mapped address is another one")
	}

	l = limits()
	fail(l, 2, "ana", cafe)
	if l.failed("ana", cafe, now.Add(10*time.Minute)) != 0 {
		t.Error("wrong passwords are never forgotten")
	}
	l.succeeded("ana", home, now)
	if l.blocked("ana", home, now.Add(31*24*time.Hour)) != 0 || len(l.keys("ana", home, now.Add(31*24*time.Hour))) == 1 {
		t.Error("a place stays trusted for ever")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	now := instant(t, "2026-11-23T10:00:00Z")
	l := newLimiter(3, 10*time.Minute, nil)
	long := strings.Repeat("x", 1000)
	for i := range maxKeys + 100 {
		ip := netip.AddrFrom4([4]byte{1, byte(i >> 16), byte(i >> 8), byte(i)})
		l.failed(fmt.Sprint(i, long), ip, now.Add(time.Duration(i)*time.Millisecond))
		l.succeeded(fmt.Sprint("good", i), ip, now)
	}
	if len(l.counts) > maxKeys || len(l.trusted) > maxKeys {
		t.Errorf("%d counts, %d trusted places", len(l.counts), len(l.trusted))
	}
	for k := range l.counts {
		if len(k.user) > maxUserKey {
			t.Fatalf("a key of %d octets", len(k.user))
		}
	}
	// What has expired goes first.
	l.failed("late", home, now.Add(time.Hour))
	if len(l.counts) > maxKeys-10 {
		t.Errorf("%d counts after an hour", len(l.counts))
	}
}

func TestAuthenticateConcurrently(t *testing.T) {
	tm, a := login(t, AuthOptions{Cores: 2, Tries: 1000, Lockout: time.Minute})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := a.Authenticate(context.Background(), "ana@team.example", anasPassword, home, tm.now); err != nil {
				t.Errorf("login %d: %v", i, err)
			}
			tm.raw(t, "tom@team.example", func(p *store.Person) { p.Name = fmt.Sprint("Tom ", i) })
			if err := tm.dir.Reload(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
