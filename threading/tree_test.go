package threading_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/threading"
)

// row is a message of a mailbox, sent in the minute of its number.
func row(num uint32, id, subject string, refs ...string) threading.Row {
	f := mail.Facts{MessageID: id, Subject: subject, BaseSubject: mail.BaseSubject(subject), References: refs}
	return threading.RowOf(num, f, start.Add(time.Duration(num)*time.Minute))
}

func TestTreesByReferences(t *testing.T) {
	earlier := row(2, "b", "")
	earlier.Sent = start
	tests := []struct {
		name string
		rows []threading.Row
		want string
	}{
		{"nothing", nil, ""},
		{"a chain and its branches", []threading.Row{row(1, "a", ""), row(2, "b", "", "a"), row(3, "c", "", "a", "b"), row(4, "d", "", "a", "b"), row(5, "e", "", "a")}, "(1 (2 (3)(4))(5))"},
		{"the parent comes last", []threading.Row{row(1, "b", "", "a"), row(2, "a", "")}, "(2 1)"},
		{"the missing message of one child is left out", []threading.Row{row(1, "a", ""), row(2, "c", "", "a", "b")}, "(1 2)"},
		{"the missing root of two children is an empty place", []threading.Row{row(1, "b", "", "a"), row(2, "c", "", "a")}, "((1)(2))"},
		{"a missing root of one child is left out", []threading.Row{row(1, "c", "", "a", "b"), row(2, "d", "", "a", "b")}, "((1)(2))"},
		{"a ring keeps every message", []threading.Row{row(1, "a", "", "c"), row(2, "b", "", "a"), row(3, "c", "", "b")}, "(3 1 2)"},
		{"a message below itself stands alone", []threading.Row{row(1, "a", "", "a")}, "(1)"},
		{"its own word beats that of others", []threading.Row{row(1, "a", ""), row(2, "z", ""), row(3, "c", "", "a", "b"), row(4, "b", "", "z")}, "(1)(2 4 3)"},
		{"a copy stands alone", []threading.Row{row(1, "a", ""), row(2, "a", "")}, "(1)(2)"},
		{"two without id are two", []threading.Row{row(1, "", ""), row(2, "", "")}, "(1)(2)"},
		{"sent dates order the threads", []threading.Row{row(1, "a", ""), earlier}, "(2)(1)"},
		{"an answer goes below its subject", []threading.Row{row(1, "a", "x"), row(2, "b", "Re: x")}, "(1 2)"},
		{"an answer that came first too", []threading.Row{row(1, "b", "Re: x"), row(2, "a", "x")}, "(2 1)"},
		{"equals stand side by side", []threading.Row{row(1, "a", "x"), row(2, "b", "x")}, "((1)(2))"},
		{"three equals too", []threading.Row{row(1, "a", "x"), row(2, "b", "x"), row(3, "c", "x")}, "((1)(2)(3))"},
		{"empty places of one subject are one", []threading.Row{row(1, "b", "x", "a"), row(2, "c", "x", "a"), row(3, "e", "x", "d"), row(4, "f", "x", "d")}, "((1)(2)(3)(4))"},
		{"a thread joins the empty place of its subject", []threading.Row{row(1, "z", "x"), row(2, "b", "x", "a"), row(3, "c", "x", "a")}, "((1)(2)(3))"},
		{"no subject joins nothing", []threading.Row{row(1, "a", ""), row(2, "b", "Re:")}, "(1)(2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := threading.FormatTrees(threading.References(tt.rows)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTreesBySubject(t *testing.T) {
	rows := []threading.Row{row(1, "a", "x"), row(2, "b", "y"), row(3, "c", "Re: x"), row(4, "d", "[list] Fwd: x (fwd)"), row(5, "e", "")}
	rows[1].Sent = start
	if got, want := threading.FormatTrees(threading.OrderedSubject(rows)), "(2)(1 (3)(4))(5)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRowOf(t *testing.T) {
	sent, received := start.Add(time.Hour), start.Add(2*time.Hour)
	for _, tt := range []struct {
		f    mail.Facts
		want threading.Row
	}{
		{mail.Facts{MessageID: "a", InReplyTo: []string{"b", "c"}, Subject: "[l] x", BaseSubject: "x"}, threading.Row{Num: 7, ID: "a", Refs: []string{"b"}, Subject: "x", Sent: received}},
		{mail.Facts{References: []string{"b"}, InReplyTo: []string{"c"}, Subject: "Re:  X", BaseSubject: "x", Date: sent, DateOK: true}, threading.Row{Num: 7, Refs: []string{"b"}, Subject: "x", IsReply: true, Sent: sent}},
		{mail.Facts{Subject: "[fwd: x]", BaseSubject: "x"}, threading.Row{Num: 7, Subject: "x", IsReply: true, Sent: received}},
		{mail.Facts{Subject: "[x", BaseSubject: "[x"}, threading.Row{Num: 7, Subject: "[x", Sent: received}},
	} {
		if diff := cmp.Diff(tt.want, threading.RowOf(7, tt.f, received)); diff != "" {
			t.Errorf("%q: %s", tt.f.Subject, diff)
		}
	}
}

// Whatever mail claims, every message is in the trees once.
func TestTreesHoldEveryMessageOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"})
		subject := rapid.SampledFrom([]string{"", "x", "Re: x", "y", "Re: y"})
		var rows []threading.Row
		for i := range rapid.IntRange(0, 12).Draw(t, "messages") {
			rows = append(rows, row(uint32(i+1), id.Draw(t, "id"), subject.Draw(t, "subject"), rapid.SliceOfN(id, 0, 5).Draw(t, "refs")...))
		}
		for name, list := range map[string][]*threading.Tree{"references": threading.References(rows), "subject": threading.OrderedSubject(rows)} {
			seen := map[uint32]int{}
			var count func(list []*threading.Tree)
			count = func(list []*threading.Tree) {
				for _, tree := range list {
					if seen[tree.Num]++; tree.Num == 0 && len(tree.Children) < 2 {
						t.Fatalf("%s: an empty place with %d children", name, len(tree.Children))
					}
					count(tree.Children)
				}
			}
			count(list)
			for _, r := range rows {
				if seen[r.Num] != 1 {
					t.Fatalf("%s: message %d is there %d times: %s", name, r.Num, seen[r.Num], threading.FormatTrees(list))
				}
			}
		}
	})
}

func TestDeepAndWideMailboxesHaveTreesSoon(t *testing.T) {
	var rows []threading.Row
	for i := range 50_000 {
		rows = append(rows, row(uint32(i+1), fmt.Sprint(i), "", fmt.Sprint(i-1)), row(uint32(i+100_001), fmt.Sprint("w", i), "x", "gone"))
	}
	if list := threading.References(rows); len(list) != 2 {
		t.Errorf("%d threads", len(list))
	}
}

// Where nobody lies, a thread is a tree of THREAD=REFERENCES: also where mail is
// missing and References are shortened.
func TestThreadsAreTreesWhereNobodyLies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []threading.Message
		chains := map[string][]string{}
		for i := range rapid.IntRange(1, 15).Draw(t, "messages") {
			m := threading.Message{ID: fmt.Sprint(i), At: start}
			if i > 0 && rapid.IntRange(0, 3).Draw(t, "answers") > 0 {
				parent := fmt.Sprint(rapid.IntRange(0, i-1).Draw(t, "parent"))
				refs := append(append([]string(nil), chains[parent]...), parent)
				if n := len(refs); n > 3 && rapid.Bool().Draw(t, "shortened") {
					refs = append(refs[:1:1], refs[n-2:]...)
				}
				m.References = refs
			}
			chains[m.ID] = m.References
			if rapid.IntRange(0, 4).Draw(t, "missing") > 0 {
				all = append(all, m)
			}
		}
		a := threading.NewArchive()
		var rows []threading.Row
		for i, m := range rapid.Permutation(all).Draw(t, "order") {
			add(t, a, m)
			rows = append(rows, threading.Row{Num: uint32(i + 1), ID: m.ID, Refs: m.References})
		}
		var tops []int64
		for _, top := range threading.References(rows) {
			ids := map[int64]bool{}
			var walk func(*threading.Tree)
			walk = func(tree *threading.Tree) {
				if tree.Num != 0 {
					ids[a.Thread(rows[tree.Num-1].ID)] = true
				}
				for _, c := range tree.Children {
					walk(c)
				}
			}
			if walk(top); len(ids) != 1 {
				t.Fatalf("a tree holds messages of the threads %v: %+v", ids, rows)
			}
			for id := range ids {
				if slices.Contains(tops, id) {
					t.Fatalf("thread %d is two trees: %+v", id, rows)
				}
				tops = append(tops, id)
			}
		}
	})
}

// Zawinski's mail lies and runs in rings. In any order it makes the threads that
// References makes in the order in which he wrote it, subjects left out.
func TestZawinskisMailInAnyOrder(t *testing.T) {
	dir := os.Getenv("TIDEPOST_DATA")
	if dir == "" {
		t.Skip("TIDEPOST_DATA is not set: the data sets are not part of the repository")
	}
	data, err := os.ReadFile(filepath.Join(dir, "threading", "jwz-mailkit.json"))
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Cases []struct {
			ID       string
			Messages []struct {
				N          uint32
				ID         string `json:"message_id"`
				References []string
			}
		}
	}
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	for _, c := range set.Cases {
		var all []threading.Message
		var rows []threading.Row
		for _, m := range c.Messages {
			all = append(all, threading.Message{ID: m.ID, References: m.References, At: start})
			rows = append(rows, threading.Row{Num: m.N, ID: m.ID, Refs: m.References})
		}
		want := map[string]int{}
		for i, top := range threading.References(rows) {
			var walk func(*threading.Tree)
			walk = func(tree *threading.Tree) {
				if tree.Num != 0 {
					want[all[tree.Num-1].ID] = i
				}
				for _, k := range tree.Children {
					walk(k)
				}
			}
			walk(top)
		}
		r := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			a := threading.NewArchive()
			for _, m := range all {
				add(t, a, m)
			}
			for x := range want {
				for y := range want {
					if (a.Thread(x) == a.Thread(y)) != (want[x] == want[y]) {
						t.Fatalf("%s: %s in thread %d, %s in thread %d, want together: %v", c.ID, x, a.Thread(x), y, a.Thread(y), want[x] == want[y])
					}
				}
			}
		}
	}
}
