package threading_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/threading"
)

// A written is what the model knows of the mail of a case: it reckons the threads
// from all of it at once, in the plainest way.
type written []threading.Message

// parents gives every id its parent, by the definition in the comment of Node.
func (all written) parents() map[string]string {
	parent, rank, here := map[string]string{}, map[string]int{}, map[string]bool{}
	for _, m := range all {
		here[m.ID] = true
	}
	for _, m := range all {
		refs := m.References
		for i := 1; i < len(refs); i++ {
			child, p := refs[i], refs[i-1]
			if !here[child] && (i > rank[child] || i == rank[child] && p < parent[child]) {
				parent[child], rank[child] = p, i
			}
		}
	}
	for _, m := range all {
		switch {
		case len(m.References) > 0:
			parent[m.ID] = m.References[len(m.References)-1]
		case m.IsReply:
			parent[m.ID] = all.answered(m)
		}
	}
	return parent
}

func (all written) answered(m threading.Message) string {
	var fit written
	for _, n := range all {
		people := append(slices.Clone(n.From), n.To...)
		if n.ID != m.ID && n.Subject == m.Subject && slices.Contains(people, m.From[0]) && slices.Contains(people, m.To[0]) &&
			(n.At.Before(m.At) || n.At.Equal(m.At) && n.ID < m.ID) && m.At.Sub(n.At) <= threading.SubjectWindow {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	return slices.MaxFunc(fit, func(a, b threading.Message) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }).ID
}

// threads names for every id one id that stands for its thread.
func (all written) threads() map[string]string {
	root := map[string]string{}
	find := func(id string) string {
		for root[id] != "" {
			id = root[id]
		}
		return id
	}
	for child, parent := range all.parents() {
		if a, b := find(child), find(parent); parent != "" && a != b {
			root[max(a, b)] = min(a, b)
		}
	}
	out := map[string]string{}
	for _, m := range all {
		out[m.ID] = find(m.ID)
	}
	return out
}

// drawMail draws mail that is honest, mistaken and lying.
func drawMail(t *rapid.T) written {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"})
	person := rapid.SampledFrom([]string{"ana@x", "mei@x", "tom@x"})
	ids := rapid.SliceOfNDistinct(id, 1, 8, rapid.ID).Draw(t, "ids")
	var all written
	for _, own := range ids {
		m := threading.Message{ID: own, Subject: rapid.SampledFrom([]string{"budget", "lunch"}).Draw(t, "subject"),
			From: []string{person.Draw(t, "from")}, To: []string{person.Draw(t, "to")},
			IsReply: rapid.Bool().Draw(t, "reply"), At: start.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "day")) * 24 * time.Hour)}
		for _, r := range rapid.SliceOfNDistinct(id, 0, 4, rapid.ID).Draw(t, "refs") {
			if r != own {
				m.References = append(m.References, r)
			}
		}
		all = append(all, m)
	}
	return all
}

func TestAnyOrderGivesTheSameThreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawMail(t)
		want := all.threads()
		a := threading.NewArchive()
		for _, m := range rapid.Permutation(all).Draw(t, "order") {
			add(t, a, m)
		}
		for x := range want {
			for y := range want {
				if (a.Thread(x) == a.Thread(y)) != (want[x] == want[y]) {
					t.Fatalf("%s in thread %d, %s in %d; want together: %v\n%+v", x, a.Thread(x), y, a.Thread(y), want[x] == want[y], all)
				}
			}
		}
	})
}

func TestIDsStayAndLostOnesResolve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := threading.NewArchive()
		given := map[int64]bool{}
		for _, m := range drawMail(t) {
			c := add(t, a, m)
			given[c.Thread] = true
			for _, s := range c.Shifts {
				if s.IDs == nil && s.Into >= s.From {
					t.Fatalf("thread %d became part of the younger %d", s.From, s.Into)
				}
			}
			if got := a.Thread(m.ID); got != c.Thread {
				t.Fatalf("%s is in thread %d, the change said %d", m.ID, got, c.Thread)
			}
			for id := range given {
				living, err := a.Resolve(id)
				if again, _ := a.Resolve(living); err != nil || again != living || living == 0 {
					t.Fatalf("thread %d resolves to %d and that to %d, %v", id, living, again, err)
				}
			}
		}
	})
}

func TestCopiesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := threading.NewArchive()
		seen := map[string]int64{}
		for _, m := range drawMail(t) {
			add(t, a, m)
			seen[m.ID] = 0
		}
		for id := range seen {
			seen[id] = a.Thread(id)
		}
		for _, m := range drawMail(t) { // copies, and forgeries of the same ids
			if _, copied := seen[m.ID]; !copied {
				continue
			}
			if c := add(t, a, m); len(c.Nodes)+len(c.Shifts) > 0 || c.Reason != threading.ByID || c.Thread != seen[m.ID] {
				t.Fatalf("a copy of %s changed %+v", m.ID, c)
			}
		}
		for id, thread := range seen {
			if got := a.Thread(id); got != thread {
				t.Fatalf("%s went from thread %d to %d", id, thread, got)
			}
		}
	})
}

func add(t interface{ Fatal(...any) }, a *threading.Archive, m threading.Message) threading.Change {
	c, err := a.Add(m)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// parts are the threads of an archive as lists of ids.
func parts(a *threading.Archive, ids ...string) [][]string {
	by := map[int64][]string{}
	for _, id := range ids {
		by[a.Thread(id)] = append(by[a.Thread(id)], id)
	}
	return slices.SortedFunc(maps.Values(by), slices.Compare)
}

func TestAThreadThatFallsApartGetsItsOldIDsBack(t *testing.T) {
	a := threading.NewArchive()
	first := add(t, a, msg("a@x")).Thread
	second := add(t, a, msg("c@x", "b@x")).Thread
	add(t, a, msg("d@x", "a@x", "b@x")) // says that b, which is missing, answers a
	if living, _ := a.Resolve(second); living != first || a.Thread("c@x") != first {
		t.Fatalf("thread %d resolves to %d, want %d", second, living, first)
	}
	c := add(t, a, msg("b@x")) // b itself says that it answers nobody
	if got := fmt.Sprint(parts(a, "a@x", "b@x", "c@x", "d@x")); got != "[[a@x] [b@x c@x d@x]]" {
		t.Errorf("threads %s", got)
	}
	if c.Thread != second || a.Thread("c@x") != second || a.Thread("a@x") != first {
		t.Errorf("the parts are threads %d and %d, want %d and %d", a.Thread("a@x"), c.Thread, first, second)
	}
	if living, _ := a.Resolve(second); living != second {
		t.Errorf("thread %d resolves to %d", second, living)
	}
}

func TestLies(t *testing.T) {
	doubtful := func(m threading.Message) threading.Message {
		m.Doubtful = true
		return m
	}
	addressed := msg("b@x")
	addressed.InReplyTo, addressed.IsReply = []string{"mei@x.test"}, true
	addressed.Subject = ""
	tests := []struct {
		name string
		mail []threading.Message
		want string
	}{
		{"a liar joins the nearest and leaves the others alone", []threading.Message{msg("a"), msg("b"), msg("liar", "a", "b")}, "[[a] [b liar]]"},
		{"whoever is here speaks for itself", []threading.Message{msg("a"), msg("b"), msg("c", "b"), msg("liar", "a", "b", "c")}, "[[a] [b c liar]]"},
		{"a ring of three is one thread", []threading.Message{msg("a", "c"), msg("b", "a"), msg("c", "b")}, "[[a b c]]"},
		{"a message that answers itself is alone", []threading.Message{msg("a", "a"), msg("b")}, "[[a] [b]]"},
		{"doubtful mail joins what it answers", []threading.Message{msg("a"), doubtful(msg("b", "a"))}, "[[a b]]"},
		{"doubtful mail joins nothing else together", []threading.Message{msg("a"), msg("c", "b"), doubtful(msg("d", "a", "b"))}, "[[a] [c d]]"},
		{"a forgery of a mail on its way keeps nobody from it", []threading.Message{msg("z"), msg("a"), msg("c", "b"), doubtful(msg("b", "z")), msg("b", "a")}, "[[a b c] [z]]"},
		{"an address in In-Reply-To is no parent", []threading.Message{msg("mei@x.test"), addressed}, "[[b@x] [mei@x.test]]"},
		{"the longer list is believed", []threading.Message{msg("a"), msg("z"), msg("d", "z", "m"), msg("c", "a", "b", "m")}, "[[a c d] [z]]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := threading.NewArchive()
			ids := map[string]bool{}
			for _, m := range tt.mail {
				add(t, a, m)
				ids[m.ID] = true
			}
			if got := fmt.Sprint(parts(a, slices.Sorted(maps.Keys(ids))...)); got != tt.want {
				t.Errorf("threads %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWithoutAnIDMailIsPlacedAndForgotten(t *testing.T) {
	a := threading.NewArchive()
	first := add(t, a, msg("a")).Thread
	if got := add(t, a, msg("", "a")).Thread; got != first {
		t.Errorf("an answer without id went to thread %d, want %d", got, first)
	}
	one, two := add(t, a, msg("")).Thread, add(t, a, msg("")).Thread
	if one == two || one == first || two == first {
		t.Errorf("mail without ids went to threads %d and %d of %d", one, two, first)
	}
}

func TestReasonsOfJoining(t *testing.T) {
	a := threading.NewArchive()
	bare := msg("r")
	bare.IsReply, bare.At = true, start.Add(time.Hour)
	for _, step := range []struct {
		m    threading.Message
		want threading.Reason
	}{
		{msg("a"), threading.New}, {msg("b", "a"), threading.ByAncestor}, {msg("d", "a", "c"), threading.ByAncestor},
		{msg("c", "b"), threading.ByID}, {msg("c", "b"), threading.ByID}, {bare, threading.BySubject}, {msg("y", "x"), threading.New},
	} {
		if c := add(t, a, step.m); c.Reason != step.want {
			t.Errorf("%s was placed by %s, want %s", step.m.ID, c.Reason, step.want)
		}
	}
}

// counting counts the questions to a graph and can fail.
type counting struct {
	threading.Graph
	asked, seen int
	failAt      int // the question that fails; 0 for none
}

var errDisk = errors.New("disk")

func (c *counting) count(n int) error {
	if c.asked, c.seen = c.asked+1, c.seen+n; c.asked == c.failAt {
		return errDisk
	}
	return nil
}

func (c *counting) Nodes(ids []string) ([]threading.Node, error) {
	out, _ := c.Graph.Nodes(ids)
	return out, c.count(len(out))
}

func (c *counting) Children(ids []string, limit int) ([]threading.Node, error) {
	out, _ := c.Graph.Children(ids, limit)
	return out, c.count(len(out))
}

func (c *counting) Resolve(thread int64) (int64, error) {
	out, _ := c.Graph.Resolve(thread)
	return out, c.count(1)
}

func (c *counting) Alike(s string, from, to time.Time) ([]threading.Message, error) {
	out, _ := c.Graph.Alike(s, from, to)
	return out, c.count(len(out))
}

// However many ids hostile mail names, and however often it changes its word about
// them, one message costs a bounded number of questions.
func TestHostileReferencesAreBounded(t *testing.T) {
	a := threading.NewArchive()
	for i := range 12_000 { // a tree below an id that never comes
		add(t, a, msg(fmt.Sprint("m", i), "gone", fmt.Sprint("x", i%50)))
	}
	var refs []string
	for i := range 5000 {
		refs = append(refs, fmt.Sprint("liar", i), fmt.Sprint("x", i%50))
	}
	g := &counting{Graph: a}
	c, err := threading.Join(msg("liar", refs...), g)
	if err != nil {
		t.Fatal(err)
	}
	if g.asked > 300 || g.seen > threading.MaxMoved+500 {
		t.Errorf("asked %d questions and got %d nodes", g.asked, g.seen)
	}
	if len(c.Nodes) > 2*threading.MaxRefs {
		t.Errorf("writes %d nodes", len(c.Nodes))
	}
	if _, err := a.Add(msg("liar", refs...)); err != nil {
		t.Fatal(err)
	}
}

// Whichever question fails, its error comes back.
func TestErrorsOfTheGraphEndTheJoining(t *testing.T) {
	bare := func(id, from, to string, hour int) threading.Message {
		m := msg(id)
		m.IsReply, m.From, m.To, m.At = true, []string{from}, []string{to}, start.Add(time.Duration(hour)*time.Hour)
		return m
	}
	tests := []struct {
		name   string
		before []threading.Message
		m      threading.Message
		asked  int // at least
	}{
		{"an answer", nil, msg("b", "a"), 2},
		{"what was cited, and parts a thread", []threading.Message{msg("a"), msg("c", "b"), msg("d", "a", "b")}, msg("b"), 5},
		{"a better word about what is missing", []threading.Message{msg("a"), msg("z"), msg("c", "z", "b")}, msg("d", "z", "a", "b"), 4},
		{"an answer by subject, and one that came before it", []threading.Message{msg("a"), bare("r", "ana@x.test", "mei@x.test", 3)}, bare("q", "mei@x.test", "ana@x.test", 2), 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := threading.NewArchive()
			for _, m := range tt.before {
				add(t, a, m)
			}
			g := &counting{Graph: a}
			for g.failAt = 1; ; g.failAt++ {
				g.asked = 0
				_, err := threading.Join(tt.m, g)
				if g.asked < g.failAt && err == nil {
					break // All questions were asked.
				}
				if !errors.Is(err, errDisk) {
					t.Errorf("question %d failed, and Join said %v", g.failAt, err)
				}
			}
			if g.asked < tt.asked {
				t.Errorf("asked %d questions, want %d", g.asked, tt.asked)
			}
		})
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("a@x", "b@x c@x", "d@x", "Re: hello")
	f.Add("", "<a@x> <a@x>", "", "")
	f.Fuzz(func(t *testing.T, id, refs, inReplyTo, subject string) {
		a := threading.NewArchive()
		add(t, a, msg("b@x", "a@x"))
		m := threading.Message{ID: id, References: mail.ScanIDs(refs), InReplyTo: mail.ScanIDs(inReplyTo), Subject: subject, IsReply: true, At: start}
		first := add(t, a, m)
		if again := add(t, a, m); id != "" && (again.Thread != first.Thread || len(again.Nodes) > 0) {
			t.Errorf("a copy of %q changed %+v", id, again)
		}
	})
}
