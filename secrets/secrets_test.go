package secrets

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSealedOpensForItsPurposeOnly(t *testing.T) {
	b := Open(t.TempDir(), rand.Reader)
	sealed, err := b.Seal("account 1 smtp", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Fatal("the secret stands in clear")
	}
	got, err := b.Open("account 1 smtp", sealed)
	if err != nil || string(got) != "hunter2" {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := b.Open("account 2 smtp", sealed); !errors.Is(err, ErrDamaged) {
		t.Errorf("another purpose: %v, want ErrDamaged", err)
	}
	again, err := b.Seal("account 1 smtp", []byte("hunter2"))
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("the same secret looks the same twice (%v)", err)
	}
}

func TestEveryChangedOctetIsNoticed(t *testing.T) {
	b := Open(t.TempDir(), rand.Reader)
	sealed, err := b.Seal("p", []byte("s"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := b.Open("p", bad); err == nil {
			t.Errorf("octet %d was changed and it opens", i)
		}
		if _, err := b.Open("p", sealed[:i]); err == nil {
			t.Errorf("cut to %d octets it opens", i)
		}
	}
}

func TestKeyFileIsPrivate(t *testing.T) {
	dir := t.TempDir()
	b := Open(dir, rand.Reader)
	if _, err := b.Open("p", nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("before there is a key: %v, want ErrNoKey", err)
	}
	sealed, err := b.Seal("p", []byte("s"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, File)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open("p", sealed); err == nil || !strings.Contains(err.Error(), "chmod 0600") {
		t.Errorf("a readable key: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Seal("p", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open("p", sealed); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), path) {
		t.Errorf("with another key: %v, want ErrKey and the path", err)
	}
}

func TestNoErrorShowsTheKey(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "xchacha20-poly1305 00000001 c2VjcmV0", "c2VjcmV0", "aes 1 c2VjcmV0", "xchacha20-poly1305 zz c2VjcmV0"} {
		if err := os.WriteFile(filepath.Join(dir, File), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, rand.Reader).Seal("p", []byte("s"))
		if err == nil {
			t.Fatalf("%q passes for a key file", text)
		}
		if strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	k, err := newKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Count(s, "key ") != 4 || len(s) > 60 {
		t.Errorf("printed: %s", s)
	}
}

func TestRotateKeepsEverythingReadable(t *testing.T) {
	b := Open(t.TempDir(), rand.Reader)
	sealed, err := b.Seal("p", []byte("s"))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the database is locked")
	err = b.Rotate(func(current func([]byte) bool) error {
		if current(sealed) {
			t.Error("what the old key sealed counts as current")
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if _, err := b.Open("p", sealed); err != nil {
		t.Fatalf("after half a rotation: %v", err)
	}
	var fresh []byte
	err = b.Rotate(func(current func([]byte) bool) error {
		plain, err := b.Open("p", sealed)
		if err != nil {
			return err
		}
		if fresh, err = b.Seal("p", plain); err == nil && !current(fresh) {
			t.Error("what the new key sealed does not count as current")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open("p", fresh); err != nil || string(got) != "s" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := b.Open("p", sealed); !errors.Is(err, ErrKey) {
		t.Errorf("the old key still opens: %v", err)
	}
}

func TestTwoThatComeAtOnceShareOneKey(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	out := make([][]byte, 8)
	for i := range out {
		all.Go(func() { out[i], _ = Open(dir, rand.Reader).Seal("p", []byte{byte(i)}) })
	}
	all.Wait()
	for i, sealed := range out {
		if got, err := Open(dir, rand.Reader).Open("p", sealed); err != nil || got[0] != byte(i) {
			t.Errorf("%d: %v, %v", i, got, err)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("xchacha20-poly1305 0000002a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	f.Fuzz(func(t *testing.T, line string) {
		if k, err := parseKey(line); err == nil && len(strings.Fields(line)) != 3 {
			t.Errorf("%q is %v", line, k)
		}
	})
}
