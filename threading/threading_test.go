package threading_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/threading"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// A box is a Memory that keeps what Place tells it, as the store does.
type box struct {
	refs    map[string]int64
	here    map[string]bool
	threads map[int64]*threading.Candidate
	subject map[int64]string
	next    int64
	fail    error
}

func newBox() *box {
	return &box{refs: map[string]int64{}, here: map[string]bool{}, threads: map[int64]*threading.Candidate{}, subject: map[int64]string{}}
}

func (b *box) Known(mid string) (threading.Known, error) {
	return threading.Known{Thread: b.refs[mid], Here: b.here[mid]}, b.fail
}

func (b *box) Candidates(subject string, since time.Time) ([]threading.Candidate, error) {
	var out []threading.Candidate
	for id := int64(1); id <= b.next; id++ {
		if c := b.threads[id]; c != nil && b.subject[id] == subject && !c.Last.Before(since) {
			out = append(out, *c)
		}
	}
	return out, b.fail
}

// add places m and remembers it; it returns the thread.
func (b *box) add(t interface{ Fatal(...any) }, m threading.Message) (int64, threading.Placement) {
	p, err := threading.Place(m, b)
	if err != nil {
		t.Fatal(err)
	}
	id := p.Thread
	if id == 0 {
		b.next++
		id = b.next
		b.threads[id] = &threading.Candidate{Thread: id}
		b.subject[id] = m.Subject
	}
	if p.Merge != 0 {
		for mid, of := range b.refs {
			if of == p.Merge {
				b.refs[mid] = id
			}
		}
		b.threads[id].Members = append(b.threads[id].Members, b.threads[p.Merge].Members...)
		delete(b.threads, p.Merge)
	}
	for _, mid := range p.Remember {
		if b.refs[mid] == 0 {
			b.refs[mid] = id
		}
	}
	if m.ID != "" {
		b.here[m.ID] = true
	}
	b.threads[id].Members = append(b.threads[id].Members, append(m.From, m.To...)...)
	b.threads[id].Last = m.At
	return id, p
}

func msg(id string, refs ...string) threading.Message {
	return threading.Message{ID: id, References: refs, IsReply: len(refs) > 0, Subject: "budget", At: start,
		From: []string{"ana@x.test"}, To: []string{"mei@x.test"}}
}

func TestPlaceByIDs(t *testing.T) {
	reply := func(id string, inReplyTo ...string) threading.Message {
		m := msg(id)
		m.InReplyTo, m.IsReply = inReplyTo, true
		return m
	}
	tests := []struct {
		name   string
		before []threading.Message
		m      threading.Message
		same   string // is in the thread of this id; "" a new one
		reason threading.Reason
	}{
		{"a first message begins a thread", nil, msg("a@x"), "", threading.New},
		{"an answer joins its parent", []threading.Message{msg("a@x")}, msg("b@x", "a@x"), "a@x", threading.ByAncestor},
		{"In-Reply-To is enough", []threading.Message{msg("a@x")}, reply("b@x", "a@x"), "a@x", threading.ByAncestor},
		{"the parent is missing, the grandparent is known", []threading.Message{msg("a@x")}, msg("c@x", "a@x", "b@x"), "a@x", threading.ByAncestor},
		{"the parent comes after its answer", []threading.Message{msg("b@x", "a@x")}, msg("a@x"), "b@x", threading.ByID},
		{"two answers meet before their parent", []threading.Message{msg("b@x", "a@x")}, msg("c@x", "a@x"), "b@x", threading.ByAncestor},
		{"the nearest of several known ancestors decides", []threading.Message{msg("a@x"), msg("z@x")}, msg("b@x", "a@x", "z@x"), "z@x", threading.ByAncestor},
		{"a message that names itself is no answer", nil, msg("a@x", "a@x"), "", threading.New},
		{"a cycle is one thread", []threading.Message{msg("a@x", "b@x")}, msg("b@x", "a@x"), "a@x", threading.ByID},
		{"a copy joins the thread of the first", []threading.Message{msg("a@x")}, msg("a@x"), "a@x", threading.ByID},
		{"a copy with other references stays where the first is", []threading.Message{msg("z@x"), msg("a@x")}, msg("a@x", "z@x"), "a@x", threading.ByID},
		{"unknown ancestors and a known subject make a new thread", []threading.Message{msg("a@x")}, msg("b@x", "unknown@x"), "", threading.New},
		{"without any id it stands alone", []threading.Message{msg("a@x")}, msg(""), "", threading.New},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox()
			for _, m := range tt.before {
				b.add(t, m)
			}
			want := int64(0)
			if tt.same != "" {
				want = b.refs[tt.same]
			}
			threads := b.next
			got, p := b.add(t, tt.m)
			if p.Reason != tt.reason {
				t.Errorf("reason %q, want %q", p.Reason, tt.reason)
			}
			if tt.same == "" && got != threads+1 {
				t.Errorf("joined thread %d, want a new one", got)
			}
			if tt.same != "" && got != want {
				t.Errorf("joined thread %d, want %d", got, want)
			}
			if p.Merge != 0 {
				t.Errorf("merged %d", p.Merge)
			}
		})
	}
}

func TestTheMissingMessageJoinsTwoHalves(t *testing.T) {
	b := newBox()
	c := msg("c@x")
	c.InReplyTo, c.IsReply = []string{"b@x"}, true
	late, _ := b.add(t, c) // knows only its parent b
	root, _ := b.add(t, msg("a@x"))
	if late == root {
		t.Fatal("two halves without a link are one thread")
	}
	got, p := b.add(t, msg("b@x", "a@x"))
	if p.Merge != max(late, root) || got != min(late, root) {
		t.Errorf("placed in %d merging %d, want %d merging %d", got, p.Merge, min(late, root), max(late, root))
	}
	for _, id := range []string{"a@x", "b@x", "c@x"} {
		if b.refs[id] != got {
			t.Errorf("%s is in thread %d, want %d", id, b.refs[id], got)
		}
	}
}

func TestACiterOfTwoThreadsMergesNothing(t *testing.T) {
	b := newBox()
	secret, _ := b.add(t, msg("secret@x"))
	other, _ := b.add(t, msg("other@x"))
	got, p := b.add(t, msg("liar@evil", "secret@x", "other@x"))
	if got != other || p.Merge != 0 {
		t.Errorf("placed in %d merging %d, want %d merging nothing (secret is %d)", got, p.Merge, other, secret)
	}
	// Nor by taking the id of a message that is here.
	if _, p := b.add(t, msg("secret@x", "other@x")); p.Merge != 0 {
		t.Errorf("a forged copy merged %d", p.Merge)
	}
}

func TestPlaceBySubject(t *testing.T) {
	bare := func(change func(*threading.Message)) threading.Message {
		m := threading.Message{ID: "r@x", Subject: "budget", IsReply: true, At: start.Add(24 * time.Hour),
			From: []string{"mei@x.test"}, To: []string{"ana@x.test"}}
		change(&m)
		return m
	}
	tests := []struct {
		name string
		m    threading.Message
		join bool
	}{
		{"an answer without references joins", bare(func(*threading.Message) {}), true},
		{"in fourteen days", bare(func(m *threading.Message) { m.At = start.Add(threading.SubjectWindow) }), true},
		{"not later", bare(func(m *threading.Message) { m.At = start.Add(threading.SubjectWindow + time.Second) }), false},
		{"not without Re:", bare(func(m *threading.Message) { m.IsReply = false }), false},
		{"not from a stranger", bare(func(m *threading.Message) { m.From = []string{"eve@evil.test"} }), false},
		{"not to strangers alone", bare(func(m *threading.Message) { m.To = []string{"eve@evil.test"} }), false},
		{"not with references", bare(func(m *threading.Message) { m.References = []string{"gone@x"} }), false},
		{"not another subject", bare(func(m *threading.Message) { m.Subject = "budget 2" }), false},
		{"not an empty subject", bare(func(m *threading.Message) { m.Subject = "" }), false},
		{"not a machine", bare(func(m *threading.Message) { m.IsAutomatic = true }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox()
			first, _ := b.add(t, msg("a@x"))
			empty := msg("e@x")
			empty.Subject = ""
			b.add(t, empty)
			got, p := b.add(t, tt.m)
			if joined := got == first; joined != tt.join {
				t.Errorf("joined %v (reason %s), want %v", joined, p.Reason, tt.join)
			}
			if tt.join && p.Reason != threading.BySubject {
				t.Errorf("reason %s", p.Reason)
			}
		})
	}
}

func TestTheYoungestThreadOfASubjectWins(t *testing.T) {
	b := newBox()
	b.add(t, msg("old@x"))
	young := msg("young@x")
	young.At = start.Add(time.Hour)
	want, _ := b.add(t, young)
	older := msg("older@x")
	older.At = start.Add(time.Minute)
	b.add(t, older)
	m := msg("r@x")
	m.IsReply, m.At = true, start.Add(2*time.Hour)
	if got, _ := b.add(t, m); got != want {
		t.Errorf("joined %d, want %d", got, want)
	}
}

func TestManyReferencesAreCapped(t *testing.T) {
	m := msg("m@x")
	for i := range 5000 {
		m.References = append(m.References, fmt.Sprintf("%d@x", i))
	}
	p, err := threading.Place(m, newBox())
	if err != nil {
		t.Fatal(err)
	}
	if got := len(p.Remember); got != threading.MaxRefs+1 {
		t.Errorf("remembers %d ids, want %d", got, threading.MaxRefs+1)
	}
	for _, id := range []string{"m@x", "4999@x", "0@x"} {
		if !slices.Contains(p.Remember, id) {
			t.Errorf("forgot %s", id)
		}
	}
}

func TestErrorsOfTheMemoryAreReturned(t *testing.T) {
	for _, m := range []threading.Message{msg("a@x"), msg("", "b@x"), {IsReply: true, Subject: "s"}} {
		b := newBox()
		b.fail = errors.New("disk")
		if _, err := threading.Place(m, b); !errors.Is(err, b.fail) {
			t.Errorf("Place(%+v) = %v, want the memory's error", m, err)
		}
	}
}

func TestOfTakesAddressesInOneCase(t *testing.T) {
	box := func(local string) mail.Mailbox {
		return mail.Mailbox{Address: mail.Address{Local: local, Domain: "x.test"}}
	}
	got := threading.Of(mail.Facts{
		MessageID: "a@x", References: []string{"b@x"}, InReplyTo: []string{"c@x"}, BaseSubject: "s", IsReply: true,
		From: []mail.Mailbox{box("Ana")}, To: []mail.Mailbox{box("MEI")}, Cc: []mail.Mailbox{box("tom")}, IsBulk: true,
	}, start)
	want := threading.Message{ID: "a@x", References: []string{"b@x"}, InReplyTo: []string{"c@x"}, Subject: "s", IsReply: true,
		From: []string{"ana@x.test"}, To: []string{"mei@x.test", "tom@x.test"}, At: start, IsAutomatic: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWritten(t *testing.T) {
	for _, tt := range []struct {
		date time.Time
		ok   bool
		want time.Time
	}{
		{start.Add(-time.Hour), true, start.Add(-time.Hour)},
		{start.Add(-threading.SubjectWindow), true, start.Add(-threading.SubjectWindow)},
		{start.Add(-threading.SubjectWindow - time.Second), true, start},
		{start.Add(time.Hour), true, start.Add(time.Hour)},
		{start.Add(2 * time.Hour), true, start},
		{time.Time{}, false, start},
	} {
		if got := threading.Written(mail.Facts{Date: tt.date, DateOK: tt.ok}, start); !got.Equal(tt.want) {
			t.Errorf("Date %v: %v, want %v", tt.date, got, tt.want)
		}
	}
}

// In whatever order the messages of conversations come, those with full references
// end in one thread for each conversation.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []threading.Message
		root := map[string]string{}
		for c := range rapid.IntRange(1, 4).Draw(t, "conversations") {
			var chain []string
			for i := range rapid.IntRange(1, 6).Draw(t, "length") {
				id := fmt.Sprintf("%d-%d@x", c, i)
				all = append(all, msg(id, slices.Clone(chain)...))
				chain = append(chain, id)
				root[id] = chain[0]
			}
		}
		b := newBox()
		for _, m := range rapid.Permutation(all).Draw(t, "order") {
			b.add(t, m)
		}
		for x, rx := range root {
			for y, ry := range root {
				if (b.refs[x] == b.refs[y]) != (rx == ry) {
					t.Fatalf("%s in thread %d, %s in thread %d", x, b.refs[x], y, b.refs[y])
				}
			}
		}
	})
}

func FuzzPlace(f *testing.F) {
	f.Add("a@x", "b@x c@x", "d@x", "Re: hello")
	f.Add("", "<a@x>", "", "")
	f.Fuzz(func(t *testing.T, id, refs, inReplyTo, subject string) {
		b := newBox()
		m := threading.Message{ID: id, References: mail.ScanIDs(refs), InReplyTo: mail.ScanIDs(inReplyTo), Subject: subject, IsReply: true, At: start}
		b.add(t, m)
		if _, p := b.add(t, m); id != "" && p.Reason != threading.ByID {
			t.Errorf("a second copy of %q is placed by %s", id, p.Reason)
		}
	})
}
