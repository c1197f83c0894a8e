package people

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"tidepost/store"
)

func TestParseStored(t *testing.T) {
	weak, err := bcrypt.GenerateFromPassword([]byte("quartz-river-9"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	strong := strings.Replace(string(weak), "$04$", "$14$", 1)
	for s, good := range map[string]bool{
		string(weak): true, "$2y" + string(weak)[3:]: true, "$2x" + string(weak)[3:]: false, strong: false, string(weak)[:59]: false,
		"$2b$": false, "": false, "plain": false, "$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA": false,
		decoy().String(): true,
	} {
		if _, err := parseStored(s); (err == nil) != good {
			t.Errorf("%q: %v", s, err)
		}
	}
	f, err := parseStored("$2y" + string(weak)[3:])
	if err != nil || !f.verify("quartz-river-9") || f.verify("quartz-river-8") || f.verify(strings.Repeat("x", 73)) {
		t.Errorf("a $2y$ string does not check what it should: %v", err)
	}
}

// A hash of another server lets its owner in, and is ours after that.
func TestImportedHashBecomesOurs(t *testing.T) {
	f := newTeam(t, nil)
	hash, err := bcrypt.GenerateFromPassword([]byte("quartz-river-9"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	table := fmt.Sprintf("address,zone,password_hash\nnew@team.example,Europe/Oslo,%s\n", hash)
	if _, err := f.editor.Import(t.Context(), strings.NewReader(table), ImportOptions{Name: "t.csv"}, f.now); err != nil {
		t.Fatal(err)
	}
	bad := "address,zone,password_hash\nother@team.example,Europe/Oslo,quartz-river-9\n"
	var problems CSVProblems
	if _, err := f.editor.Import(t.Context(), strings.NewReader(bad), ImportOptions{Name: "t.csv"}, f.now); !errors.As(err, &problems) || strings.Contains(err.Error(), "quartz") {
		t.Errorf("a password in clear: %v", err)
	}
	if err := f.dir.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	auth := NewAuthenticator(f.dir, AuthOptions{Tries: 10, Cores: 1})
	from := netip.MustParseAddr("192.0.2.1")
	if _, err := auth.Authenticate(t.Context(), "new@team.example", "quartz-river-8", from, f.now); !errors.Is(err, ErrLogin) {
		t.Errorf("a wrong password: %v", err)
	}
	for range 2 {
		if _, err := auth.Authenticate(t.Context(), "new@team.example", "quartz-river-9", from, f.now); err != nil {
			t.Fatalf("the right password: %v", err)
		}
		auth.behind.Wait()
		row := ""
		err := f.db.View(context.Background(), func(tx *store.Tx) error {
			all, err := tx.People()
			for _, p := range all {
				if p.Address == "new@team.example" {
					row = p.Password
				}
			}
			return err
		})
		if err != nil || !strings.HasPrefix(row, "$argon2id$") {
			t.Errorf("after the login it is stored as %.10q, %v", row, err)
		}
	}
}
