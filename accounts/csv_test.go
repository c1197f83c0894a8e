package accounts

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

func TestReadTable(t *testing.T) {
	base := Default{IMAP: "imap.provider.example", SMTP: "smtp.provider.example", Sent: Tidepost}
	got, err := ReadTable("a.csv", []byte("\xef\xbb\xbfAddress;password;user;IMAP;smtp security\r\nana@team.example; with space ;;;\n\n;;;;\nben@team.example;\"a;b\";ben;other.example:143;tls\n"), base)
	if err != nil {
		t.Fatal(err)
	}
	row := func(line int, address, user, password, imap string, imapSecurity, smtpSecurity Security) Row {
		return Row{Line: line, Address: address, Settings: []Settings{
			{Side: IMAP, Addr: imap, Security: imapSecurity, User: user, Password: password, Sent: Tidepost},
			{Side: SMTP, Addr: "smtp.provider.example:587", Security: smtpSecurity, User: user, Password: password, Sent: Tidepost},
		}}
	}
	want := []Row{
		row(2, "ana@team.example", "ana@team.example", "with space ", "imap.provider.example:993", TLS, StartTLS),
		row(5, "ben@team.example", "ben", "a;b", "other.example:143", StartTLS, TLS),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadTableSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "a.csv: the file is empty",
		"address,pasword\n":                  "a.csv:1: pasword: unknown column",
		"address,user\n":                     "a.csv:1: password: the column is missing",
		"address,address,password\n":         "a.csv:1: address: stands twice",
		"address,password\nana@x.example,\n": "a.csv:2: password: is required",
		"address,password\n,x\n":             "a.csv:2: address: is required",
		"address,password\na@x.example,x\nA@x.example,y\n":            "a.csv:3: address: A@x.example stands in line 2",
		"address,password\na@x.example,x,y\n":                         "a.csv:2: has 3 cells",
		"address,password\na@x.example,\"x\n":                         "a.csv:",
		"address,password,imap\na@x.example,x,not a host\n":           "a.csv:2: ",
		"address,password,imap_security\na@x.example,x,none\n":        "in clear text",
		"address,password\na@x.example,\xff\n":                        "UTF-8",
		"address,password\n" + strings.Repeat("a@x.example\n", 1_000): "a.csv:51: ",
	} {
		rows, err := ReadTable("a.csv", []byte(text), Default{IMAP: "imap.provider.example"})
		if err == nil || !strings.Contains(err.Error(), want) || rows != nil {
			t.Errorf("%.60q: %v, %v", text, rows, err)
		}
		if err != nil && strings.Count(err.Error(), "\n") > maxProblems {
			t.Errorf("%.60q: %d lines of problems", text, strings.Count(err.Error(), "\n"))
		}
	}
	if _, err := ReadTable("a.csv", []byte("address,password\na@x.example,x\n"), Default{}); err == nil || !strings.Contains(err.Error(), "names no server") {
		t.Errorf("no server: %v", err)
	}
}

// TestSetAll: all accounts or none.
func TestSetAll(t *testing.T) {
	b := newBench(t)
	good := Settings{Side: IMAP, Addr: "imap.provider.example", User: "ana", Password: "x"}
	bad := good
	bad.Side, bad.Password = SMTP, ""
	if err := b.SetAll(context.Background(), map[int64][]Settings{b.person: {good, bad}}, t0); err == nil {
		t.Fatal("an account without password is set")
	}
	if all, err := b.All(context.Background()); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if err := b.SetAll(context.Background(), map[int64][]Settings{b.person: {good}}, t0); err != nil {
		t.Fatal(err)
	}
	a, err := b.Of(context.Background(), b.person, store.SideIMAP)
	if err != nil || a.Addr != "imap.provider.example:993" || a.State != store.AccountNew {
		t.Errorf("%+v, %v", a, err)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte("address,password\na@x.example,x\n"))
	f.Add([]byte("address;password;imap\n\"a;b\";\"\";x:1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := ReadTable("a.csv", data, Default{IMAP: "imap.provider.example"})
		if err != nil && rows != nil {
			t.Error("rows and an error")
		}
		for _, r := range rows {
			if r.Address == "" || len(r.Settings) == 0 || r.Settings[0].Password == "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
