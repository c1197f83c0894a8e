package people

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

func (tm *team) imported(t testing.TB, file string, o ImportOptions) ([]Imported, error) {
	t.Helper()
	o.Name = "people.csv"
	return tm.editor.Import(context.Background(), strings.NewReader(file), o, tm.now)
}

func TestImport(t *testing.T) {
	tm := newTeam(t, nil)
	file := "\xef\xbb\xbfName;Address;Zone;Office Hours;cover\r\n" +
		"\"Pérez; Ana\";Ana@team.example;Europe/London;tue 14-15;mei@team.example\r\n" +
		";;;\r\n" +
		"Mei;mei@team.example;Australia/Sydney\r\n"
	var progress []int
	got, err := tm.imported(t, file, ImportOptions{Passwords: true, Progress: func(done, total int) { progress = append(progress, done, total) }})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{1, 2, 2, 2}, progress); d != "" {
		t.Error(d)
	}
	if len(got) != 2 || got[0].Name != "Pérez; Ana" || !got[0].New || got[0].Password == got[1].Password {
		t.Fatalf("got %+v", got)
	}
	tm.reload(t)
	a := NewAuthenticator(tm.dir, defaultAuth())
	for _, p := range got {
		if _, err := a.Authenticate(context.Background(), p.Address, p.Password, home, tm.now); err != nil {
			t.Errorf("%s cannot log in: %v", p.Address, err)
		}
	}
	if tm.person(t, "ana@team.example").Profile.Cover != "mei@team.example" {
		t.Error("a cover from a later row is lost")
	}

	// The same file again changes nothing without update.
	if _, err := tm.imported(t, file, ImportOptions{}); err == nil || !strings.Contains(err.Error(), "people.csv:2: address: ana@team.example is in the team already") {
		t.Errorf("got %v", err)
	}
	update := "address,phone\nana@team.example,'+44 1\n"
	got, err = tm.imported(t, update, ImportOptions{Update: true, Passwords: true})
	if err != nil || len(got) != 1 || got[0].New || got[0].Password != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	tm.reload(t)
	if p := tm.person(t, "ana@team.example"); p.Profile.Phone != "+44 1" || p.Name != "Pérez; Ana" || p.row.Password == "" {
		t.Errorf("got %+v", p.row)
	}
}

func TestImportByAliasKeepsThePrimaryAddress(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "ana@team.example", "aliases": "sales@team.example", "zone": "UTC"}, "")
	if _, err := tm.imported(t, "address\tphone\nsales@team.example\t1\n", ImportOptions{Update: true}); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	if p := tm.person(t, "sales@team.example"); p.Address.String() != "ana@team.example" || p.Profile.Phone != "1" {
		t.Errorf("got %+v", p.row)
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"address": "tom@team.example", "zone": "UTC"}, "")
	tests := []struct{ name, file, want string }{
		{"problems of all rows", "address,zone,hours\nana@team.example,Europe/London,9-17\nmei@team.example,,\ntom@team.example,UTC,\n",
			"people.csv:2: hours: \"9\" is not a weekday"},
		{"rows without a zone", "address,zone\nana@team.example,UTC\nmei@team.example,\n", "people.csv:3: zone: is required"},
		{"a row twice", "address,zone\nana@team.example,UTC\nANA@team.example,UTC\n", "people.csv:3: address: ana@team.example stands in line 2 already"},
		{"an alias that another row has", "address,zone,aliases\nana@team.example,UTC,x@team.example\nmei@team.example,UTC,x@team.example\n",
			"people.csv:3: aliases: x@team.example belongs to ana@team.example"},
		{"a cover that nobody is", "address,zone,cover\nana@team.example,UTC,nobody@team.example\n", "people.csv:2: cover: nobody in the team"},
		{"no address", "address,zone\n,UTC\n", "people.csv:2: address: is required"},
		{"too many cells", "address,zone\nana@team.example,UTC,x,y\n", "people.csv:2: has 4 cells, there are 2 columns"},
		{"an unknown column", "address,zone,colour\n", "people.csv:1: colour: unknown column; the columns are name, address, aliases"},
		{"a password column", "address,zone,Password\n", "people.csv:1: Password: passwords do not belong into a table"},
		{"a column twice", "address,address\n", "people.csv:1: address: stands twice"},
		{"no address column", "name,zone\n", "people.csv:1: address: the column is missing"},
		{"nothing", "", "people.csv:1: the file is empty"},
		{"quotation marks", "address,zone\n\"ana,UTC\n", "people.csv:"},
		{"quotation marks in the header", "addr\"ess,zone\n", "people.csv:1: "},
		{"another encoding", "address,name,zone\nana@team.example,P\xe9rez,UTC\n", "people.csv:2: the file is not UTF-8"},
		{"two octets a character", "\xff\xfea\x00", "people.csv:1: the file is UTF-16"},
		{"too many people", "address\n" + strings.Repeat("a@team.example\n", maxCSVRows+1), "more than 10000 people"},
		{"too large", strings.Repeat("x", maxCSV+1), "larger than 8 MiB"},
	}
	for _, tt := range tests {
		got, err := tm.imported(t, tt.file, ImportOptions{})
		var ps CSVProblems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), tt.want) || len(ps) > maxProblems {
			t.Errorf("%s: got %v, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	_, err := tm.imported(t, tests[0].file, ImportOptions{})
	for _, want := range []string{"people.csv:3: zone: is required", "people.csv:4: address: tom@team.example is in the team already"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if list, err := tm.editor.List(context.Background(), true); err != nil || len(list) != 1 {
		t.Errorf("a refused file added people: %v, %v", list, err)
	}
	if _, err := tm.editor.Import(context.Background(), iotest.ErrReader(errors.New("torn")), ImportOptions{Name: "x"}, tm.now); err == nil {
		t.Error("a torn file was imported")
	}
}

func TestImportDryRun(t *testing.T) {
	tm := newTeam(t, nil)
	got, err := tm.imported(t, "address,zone\nana@team.example,UTC\n", ImportOptions{DryRun: true, Passwords: true})
	if err != nil || len(got) != 1 || !got[0].New || got[0].Password != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if list, _ := tm.editor.List(context.Background(), true); len(list) != 0 {
		t.Errorf("a dry run added %v", list)
	}
	if events := tm.events(t); len(events) != 0 {
		t.Errorf("a dry run wrote %v", events)
	}
}

func TestImportWithoutRandomness(t *testing.T) {
	tm := newTeam(t, iotest.ErrReader(errors.New("no randomness")))
	if _, err := tm.imported(t, "address,zone\nana@team.example,UTC\n", ImportOptions{Passwords: true}); err == nil {
		t.Error("a password out of nothing")
	}
	tm = newTeam(t, strings.NewReader(strings.Repeat("r", 20)))
	if _, err := tm.imported(t, "address,zone\nana@team.example,UTC\n", ImportOptions{Passwords: true}); err == nil {
		t.Error("a salt out of nothing")
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	tm = newTeam(t, nil)
	_, err := tm.editor.Import(ctx, strings.NewReader("address,zone\na@team.example,UTC\nb@team.example,UTC\n"), ImportOptions{Passwords: true,
		Progress: func(int, int) { calls++; cancel() }}, tm.now)
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled after the first: got %v, %d calls", err, calls)
	}
}

func TestExportRoundTrip(t *testing.T) {
	tm := newTeam(t, nil)
	tm.add(t, map[Field]string{"name": "=HYPERLINK(\"http://x\")", "address": "ana@team.example", "zone": "Europe/London", "phone": "+44 1", "pass": "@bank.example", "leave": "2026-12-24..2027-01-02"}, "")
	tm.add(t, map[Field]string{"name": "'quoted, \"Mei\"", "address": "mei@team.example", "zone": "Australia/Sydney", "hours": "mon 9-12 13-17; fri 22-6"}, "")
	list, err := tm.editor.List(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, list); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		for cell := range strings.SplitSeq(line, ",") {
			if cell = strings.Trim(cell, "\"\n"); cell != "" && strings.ContainsRune("=+-@\t|", rune(cell[0])) {
				t.Errorf("a formula: %s", cell)
			}
		}
	}
	other := newTeam(t, nil)
	if _, err := other.imported(t, out.String(), ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	again, err := other.editor.List(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(list, again); d != "" {
		t.Error(d)
	}
	if err := WriteCSV(failingWriter{}, list); err == nil {
		t.Error("a full disk is not told")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// events returns the ledger of the people, in order.
func (tm *team) events(t testing.TB) []string {
	t.Helper()
	var out []string
	err := tm.db.View(context.Background(), func(tx *store.Tx) error {
		events, err := tx.EventsAfter(0, 100)
		for _, e := range events {
			detail, err := json.Marshal(e.Detail)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%s %s", e.Kind, detail))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzCSV(f *testing.F) {
	f.Add("name,address,zone,hours\nAna,ana@team.example,Europe/London,mon-fri 9-17\n")
	f.Add("\xef\xbb\xbfaddress;holidays\n\"a@b\";gb 2026-12-24\n")
	f.Add("address\t'=x\n'=1\t\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		rows, err := readCSV("x.csv", strings.NewReader(file))
		var ps CSVProblems
		if err != nil && (!errors.As(err, &ps) || len(ps) == 0 || rows != nil) {
			t.Fatalf("got %v, %v", rows, err)
		}
		for _, row := range rows {
			d := &draft{profile: DefaultProfile("UTC"), domains: []string{"team.example"}}
			if err := d.apply(row.fields); err != nil {
				continue
			}
			data, err := d.profile.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeProfile(data); err != nil {
				t.Fatalf("what was accepted cannot be read back: %s: %v", data, err)
			}
		}
	})
}
