package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/store"
)

func text(s string) *string { return &s }

// three is a team of three, and a fourth who was removed.
func three(t *testing.T) *team {
	t.Helper()
	tm := newTeam(t, nil)
	for _, a := range []string{"ana", "mei", "tom", "old"} {
		tm.add(t, map[Field]string{"address": a + "@team.example", "name": strings.ToUpper(a[:1]) + a[1:] + " Silva", "zone": "Europe/Berlin",
			"aliases": a + ".alias@team.example"}, "")
	}
	if err := tm.editor.Remove(context.Background(), "old@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	return tm
}

func (tm *team) group(t *testing.T, role bool, address, members string, more func(*GroupRequest)) GroupEntry {
	t.Helper()
	r := GroupRequest{Address: &address, Members: &members}
	if more != nil {
		more(&r)
	}
	e, err := tm.editor.AddGroup(context.Background(), role, r, tm.now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestGroups(t *testing.T) {
	tm := three(t)
	ctx := context.Background()
	tm.group(t, false, "dev@team.example", "mei tom@team.example", nil)
	all := tm.group(t, false, "ALL@team.example", "dev@team.example, ana.alias@team.example mei Otto@Shop.example", func(r *GroupRequest) { r.Name = text("All  of us") })
	want := GroupEntry{ID: all.ID, Address: "all@team.example", Kind: "group", Name: "All of us", Senders: "team", Created: tm.now,
		Members: []string{"dev@team.example", "ana@team.example", "mei@team.example", "otto@shop.example"},
		Reaches: []string{"mei@team.example", "tom@team.example", "ana@team.example", "otto@shop.example"}}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	tm.reload(t)
	g, tag, ok := tm.dir.GroupByAddress(address("All+Now@team.example"))
	if !ok || tag != "Now" || len(g.People) != 3 || len(g.Outside) != 1 || g.Owner.Address.Local != "mei" {
		t.Errorf("got %+v, tag %q, %v", g, tag, ok)
	}
	if _, _, ok := tm.dir.ByAddress(address("all@team.example")); ok {
		t.Error("a group is no person")
	}
	if !tm.dir.Everybody(address("all@team.example")) || tm.dir.Everybody(address("dev@team.example")) {
		t.Error("who is everybody")
	}
	e, err := tm.editor.SetGroup(ctx, false, "dev@team.example", GroupRequest{Members: text("+ana -tom@team.example"), Senders: text("Members")}, tm.now)
	if err != nil || strings.Join(e.Members, " ") != "mei@team.example ana@team.example" || e.Senders != "members" {
		t.Errorf("got %+v, %v", e, err)
	}
	if list, err := tm.editor.ListGroups(ctx, false); err != nil || len(list) != 2 || list[0].Address != "all@team.example" {
		t.Errorf("got %v, %v", list, err)
	}
	// Somebody leaves, and another takes the place.
	err = tm.db.Update(ctx, func(tx *store.Tx) error {
		changed, err := LeaveGroups(tx, tm.person(t, "mei@team.example").ID, tm.person(t, "tom@team.example").ID)
		if d := cmp.Diff([]string{"dev@team.example", "all@team.example"}, changed); d != "" {
			t.Error(d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if e, err = tm.editor.Group(ctx, false, "all@team.example"); err != nil || strings.Join(e.Reaches, " ") != "tom@team.example ana@team.example otto@shop.example" {
		t.Errorf("got %v, %v", e, err)
	}
	if err := tm.editor.RemoveGroup(ctx, false, "dev@team.example", tm.now, nil); err != nil {
		t.Fatal(err)
	}
	if err := tm.editor.Remove(ctx, "tom@team.example", tm.now); err != nil {
		t.Fatal(err)
	}
	if e, err = tm.editor.Group(ctx, false, "all@team.example"); err != nil || strings.Join(e.Reaches, " ") != "ana@team.example otto@shop.example" {
		t.Errorf("got %v, %v", e, err)
	}
}

// An alias finds its group, nobody else can have it, and it is free again when it goes.
func TestGroupAliases(t *testing.T) {
	tm := three(t)
	ctx := t.Context()
	e := tm.group(t, true, "support@team.example", "mei tom", func(r *GroupRequest) { r.Aliases = text("Help@team.example, info@second.example") })
	if d := cmp.Diff([]string{"help@team.example", "info@second.example"}, e.Aliases); d != "" {
		t.Error(d)
	}
	tm.reload(t)
	for _, a := range []string{"support@team.example", "HELP@team.example", "help+now@team.example", "info@second.example"} {
		if g, _, ok := tm.dir.GroupByAddress(parseAddress(a)); !ok || g.ID != e.ID {
			t.Errorf("%s finds %v, %v", a, g, ok)
		}
	}
	if p := tm.person(t, "tom@team.example"); !tm.dir.MaySendAs(p, parseAddress("help@team.example")) {
		t.Error("a member may not write as an alias of the role")
	}
	if p := tm.person(t, "ana@team.example"); tm.dir.MaySendAs(p, parseAddress("help@team.example")) {
		t.Error("somebody else writes as the role")
	}
	var field *FieldError
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Fields: map[Field]string{FieldAliases: "+help@team.example"}}, tm.now); !errors.As(err, &field) ||
		!errors.Is(err, store.ErrExists) || !strings.Contains(err.Error(), "help@team.example is an alias of the role support@team.example") {
		t.Errorf("a person gets it: %v", err)
	}
	// As a member, the alias is the role.
	if all := tm.group(t, false, "all@team.example", "help@team.example ana", nil); all.Members[0] != "support@team.example" {
		t.Errorf("members %v", all.Members)
	}
	if _, err := tm.editor.SetGroup(ctx, true, "help@team.example", GroupRequest{Aliases: text("-help@team.example +hilfe@team.example")}, tm.now); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.editor.SetGroup(ctx, true, "support@team.example", GroupRequest{Address: text("hilfe@team.example")}, tm.now); err == nil || !strings.Contains(err.Error(), "alias of it") {
		t.Errorf("its own alias becomes the address: %v", err)
	}
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Fields: map[Field]string{FieldAliases: "+help@team.example"}}, tm.now); err != nil {
		t.Errorf("the alias is not free: %v", err)
	}
	if list, err := tm.editor.ListGroups(ctx, true); err != nil || len(list) != 1 || strings.Join(list[0].Aliases, " ") != "hilfe@team.example info@second.example" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := tm.editor.RemoveGroup(ctx, true, "support@team.example", tm.now, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.editor.Set(ctx, "ana@team.example", Request{Fields: map[Field]string{FieldAliases: "+hilfe@team.example"}}, tm.now); err != nil {
		t.Errorf("the alias of a removed role is not free: %v", err)
	}
}

func TestGroupIsRefused(t *testing.T) {
	tm := three(t)
	tm.group(t, false, "dev@team.example", "mei", nil)
	tm.group(t, true, "support@team.example", "mei tom", func(r *GroupRequest) { r.Aliases = text("help@team.example") })
	for _, tt := range []struct {
		role    bool
		request GroupRequest
		want    string
	}{
		{false, GroupRequest{Members: text("ana")}, "address: is required"},
		{false, GroupRequest{Address: text("x@else.example"), Members: text("ana")}, `address: "x@else.example" is not in a domain of the team (team.example, second.example)`},
		{false, GroupRequest{Address: text("a+b@team.example"), Members: text("ana")}, `a plus sign is kept for tags`},
		{false, GroupRequest{Address: text("tidepost@team.example"), Members: text("ana")}, "steer this gateway"},
		{false, GroupRequest{Address: text("blocked@team.example"), Members: text("ana")}, "blocked"},
		{false, GroupRequest{Address: text("ana@team.example"), Members: text("mei")}, "address: ana@team.example belongs to ana@team.example: exists already"},
		{false, GroupRequest{Address: text("tom.alias@team.example"), Members: text("mei")}, "belongs to tom@team.example: exists already"},
		{false, GroupRequest{Address: text("old@team.example"), Members: text("mei")}, "belongs to old@team.example, who was removed: exists already"},
		{true, GroupRequest{Address: text("dev@team.example"), Members: text("mei")}, "address: dev@team.example is a group already: exists already"},
		{false, GroupRequest{Address: text("support@team.example"), Members: text("mei")}, "is a role already: exists already"},
		{false, GroupRequest{Address: text("help@team.example"), Members: text("mei")}, "help@team.example is an alias of the role support@team.example already: exists already"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("help@team.example")}, "aliases: help@team.example is an alias of the role support@team.example already"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("dev@team.example")}, "aliases: dev@team.example is a group already"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("tom.alias@team.example")}, "aliases: tom.alias@team.example belongs to tom@team.example"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("new@team.example")}, "aliases: new@team.example is its address already"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("a@team.example A@team.example")}, "named twice"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("x@else.example")}, "not in a domain of the team"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("postmaster@team.example")}, "needed for reports"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Aliases: text("-x@team.example")}, "is no alias of it"},
		{false, GroupRequest{Address: text("new@team.example")}, "members: nobody would get its mail: name at least one"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana lee")}, `members: nobody has the address or is called "lee"`},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("lee@team.example")}, `members: nobody has the address "lee@team.example"`},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("old@team.example")}, "was removed from the team"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana ana.alias@team.example")}, "named twice"},
		{false, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Senders: text("anyone")}, `who_may_send: "anyone" is not team, members or everybody`},
		{true, GroupRequest{Address: text("new@team.example"), Members: text("ana mei"), Rota: text("mon ana; tue tom")}, "rota: tom@team.example is no member of new@team.example"},
		{true, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Rota: text("someday ana")}, "a rota is written as"},
		{true, GroupRequest{Address: text("new@team.example"), Members: text("ana"), Zone: text("Berlin")}, "IANA"},
		{true, GroupRequest{Address: text("new@team.example"), Members: text("ana"), FirstReply: text("soon")}, "working time"},
	} {
		_, err := tm.editor.AddGroup(context.Background(), tt.role, tt.request, tm.now)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
		var field *FieldError
		if err != nil && !errors.As(err, &field) {
			t.Errorf("%v names no field", err)
		}
	}
	// The other way round: what is a group's is no person's.
	if _, err := tm.editor.Set(context.Background(), "ana@team.example", Request{Fields: map[Field]string{"aliases": "+dev@team.example"}}, tm.now); !errors.Is(err, store.ErrExists) || !strings.Contains(err.Error(), "dev@team.example is a group") {
		t.Errorf("got %v", err)
	}
	err := tm.db.Update(context.Background(), func(tx *store.Tx) error {
		list, err := tx.People()
		if err != nil {
			return err
		}
		list[0].Aliases = append(list[0].Aliases, "support@team.example")
		return tx.UpdatePerson(list[0])
	})
	if !errors.Is(err, store.ErrExists) {
		t.Errorf("the store took an address twice: %v", err)
	}
}

func TestGroupInItself(t *testing.T) {
	tm := three(t)
	tm.group(t, false, "a@team.example", "ana", nil)
	tm.group(t, false, "b@team.example", "a@team.example", nil)
	tm.group(t, false, "c@team.example", "b@team.example mei", nil)
	_, err := tm.editor.SetGroup(context.Background(), false, "a@team.example", GroupRequest{Members: text("+c@team.example")}, tm.now)
	want := "change a@team.example: members: it would be a member of itself: a@team.example → c@team.example → b@team.example → a@team.example"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if _, err := tm.editor.SetGroup(context.Background(), false, "a@team.example", GroupRequest{Members: text("a@team.example")}, tm.now); err == nil {
		t.Error("a group is its own member")
	}
}

// However groups are nested, in circles too, who is behind one is everybody who can be
// reached from it, once.
func TestNestedGroupsProperty(t *testing.T) {
	profile, err := DefaultProfile("UTC").Encode()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		const persons, most = 5, 6
		var rows []store.Person
		for i := int64(1); i <= persons; i++ {
			rows = append(rows, store.Person{ID: i, Address: fmt.Sprintf("p%d@team.example", i), Profile: profile, Active: rapid.Bool().Draw(t, "active")})
		}
		n := rapid.IntRange(1, most).Draw(t, "groups")
		var groups []store.Shared
		for i := 1; i <= n; i++ {
			g := store.Shared{ID: int64(i), Address: fmt.Sprintf("g%d@team.example", i)}
			for range rapid.IntRange(0, 5).Draw(t, "members") {
				switch rapid.IntRange(0, 2).Draw(t, "kind") {
				case 0:
					g.Members = append(g.Members, store.SharedMember{PersonID: rapid.Int64Range(1, persons).Draw(t, "person")})
				case 1:
					g.Members = append(g.Members, store.SharedMember{InnerID: rapid.Int64Range(1, int64(n)).Draw(t, "inner")})
				default:
					g.Members = append(g.Members, store.SharedMember{Address: fmt.Sprintf("o%d@else.example", rapid.IntRange(1, 3).Draw(t, "outside"))})
				}
			}
			groups = append(groups, g)
		}
		s, _, err := (&snapshot{version: -1}).with(1, rows)
		if err != nil {
			t.Fatal(err)
		}
		s.addGroups(groups)
		for i, g := range s.groups {
			reached, people, outside := map[int64]bool{}, map[int64]bool{}, map[string]bool{}
			for todo := []int64{groups[i].ID}; len(todo) > 0; todo = todo[1:] {
				if reached[todo[0]] {
					continue
				}
				reached[todo[0]] = true
				for _, m := range groups[todo[0]-1].Members {
					switch {
					case m.InnerID != 0:
						todo = append(todo, m.InnerID)
					case m.PersonID != 0 && rows[m.PersonID-1].Active:
						people[m.PersonID] = true
					case m.Address != "":
						outside[m.Address] = true
					}
				}
			}
			if len(g.People) != len(people) || slices.ContainsFunc(g.People, func(p *Person) bool { return !people[p.ID] }) {
				t.Fatalf("%s: people %v, want %v", g.Address, g.People, people)
			}
			if len(g.Outside) != len(outside) || slices.ContainsFunc(g.Outside, func(a mail.Address) bool { return !outside[a.Key()] }) {
				t.Fatalf("%s: outside %v, want %v", g.Address, g.Outside, outside)
			}
		}
	})
}

func TestRota(t *testing.T) {
	who := func(s string) (int64, error) {
		if i := slices.Index([]string{"ana", "mei", "tom"}, strings.ToLower(s)); i >= 0 {
			return int64(i + 1), nil
		}
		return 0, fmt.Errorf("nobody is called %q", s)
	}
	name := func(id int64) string { return []string{"", "ana", "mei", "tom"}[id] }
	for _, tt := range []struct{ in, want, wrong string }{
		{"mon,tue ana; wed-fri mei", "mon-tue ana; wed-fri mei", ""},
		{"Monday Ana, Mei; sat-sun tom", "mon ana, mei; sat-sun tom", ""},
		{"fri-mon: tom", "mon tom; fri-sun tom", ""},
		{"weekly:ana,mei,tom from 2026-03-02", "weekly: ana, mei, tom from 2026-03-02", ""},
		{"weekly: mei from 2026-03-02", "weekly: mei from 2026-03-02", ""},
		{"none", "", ""},
		{"", "", ""},
		{"mon ana; mon mei", "", "names mon twice"},
		{"mon lee", "", `nobody is called "lee"`},
		{"mon ana ana", "", "named twice"},
		{"mon", "", "a rota is written as"},
		{"ana mon", "", "a rota is written as"},
		{"weekly: ana, mei", "", "a rota is written as"},
		{"weekly: from 2026-03-02", "", "a rota is written as"},
		{"weekly: ana from 2026-13-02", "", "2026-13-02"},
	} {
		r, err := ParseRota(tt.in, who)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%q: got %v, want %q", tt.in, err, tt.wrong)
			}
			continue
		}
		if got := r.format(name); err != nil || got != tt.want {
			t.Errorf("%q: got %q, %v, want %q", tt.in, got, err, tt.want)
		}
		raw, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeRota(raw)
		if d := cmp.Diff(r, back); d != "" || err != nil {
			t.Errorf("%q: %v %s", tt.in, err, d)
		}
	}
}

// Weeks of a rota have seven days also when the clocks change in them.
func TestRotaOverSummerTime(t *testing.T) {
	tm := three(t)
	tm.group(t, true, "support@team.example", "ana mei tom", func(r *GroupRequest) {
		r.Rota, r.Zone = text("weekly: ana, mei, tom from 2026-03-23"), text("Europe/Berlin")
	})
	if _, err := tm.editor.Set(context.Background(), "mei@team.example", Request{Fields: map[Field]string{"leave": "2026-04-01..2026-04-02", "hours": "mon-sun 09:00-17:00"}}, tm.now); err != nil {
		t.Fatal(err)
	}
	tm.reload(t)
	g, _, _ := tm.dir.GroupByAddress(address("support@team.example"))
	berlin := g.Zone()
	for _, tt := range []struct{ at, want, until string }{
		{"2026-03-20 10:00", "", ""},                    // It has not begun; others work.
		{"2026-03-23 00:00", "ana", "Mon 23 Mar 17:00"}, //
		{"2026-03-27 16:59", "ana", "Fri 27 Mar 17:00"}, //
		{"2026-03-27 17:00", "mei", "Sat 28 Mar 17:00"}, // Ana has gone home, nobody whose week it is works at the weekend but Mei.
		{"2026-03-29 01:59", "mei", "Sun 29 Mar 17:00"}, // The clocks change at 02:00.
		{"2026-03-29 03:00", "mei", "Sun 29 Mar 17:00"}, //
		{"2026-03-29 23:59", "mei", "Mon 30 Mar 17:00"}, // Of the day that begins.
		{"2026-03-30 00:00", "mei", "Mon 30 Mar 17:00"}, // 23 hours less than seven days after the change.
		{"2026-04-01 10:00", "tom", "Wed 1 Apr 17:00"},  // Mei is away: the next one.
		{"2026-04-03 10:00", "mei", "Fri 3 Apr 17:00"},  //
		{"2026-04-06 00:00", "tom", "Mon 6 Apr 17:00"},  //
		{"2026-04-13 12:00", "ana", "Mon 13 Apr 17:00"}, // Round again.
		{"2026-10-26 09:00", "mei", "Mon 26 Oct 17:00"}, // After the change in autumn: 31 weeks later.
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		p, until := g.OnDuty(at)
		got, last := "", ""
		if p != nil {
			got, last = p.Address.Local, until.In(berlin).Format("Mon 2 Jan 15:04")
		}
		if got != tt.want || strings.Replace(tt.until, " 2026", "", 1) != last {
			t.Errorf("%s: %q until %q, want %q until %q", tt.at, got, last, tt.want, tt.until)
		}
	}
}

// Somebody of a group works exactly when one of its people does.
func TestHoursTogetherProperty(t *testing.T) {
	zones := []string{"Europe/Berlin", "Asia/Singapore", "America/New_York", "Australia/Sydney", "Asia/Kolkata"}
	hours := []string{"mon-fri 09:00-17:00", "mon-fri 09:00-12:30 13:30-17:00; sat 10:00-12:00", "sun-thu 22:00-06:00", "tue 00:00-24:00", "none"}
	start := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		g := &Group{Role: true}
		for i := range rapid.IntRange(1, 4).Draw(t, "people") {
			p := &Person{ID: int64(i + 1), Active: true, Profile: DefaultProfile(rapid.SampledFrom(zones).Draw(t, "zone"))}
			week, err := ParseHours(rapid.SampledFrom(hours).Draw(t, "hours"))
			if err != nil {
				t.Fatal(err)
			}
			p.Profile.Calendar.Hours = week
			if rapid.Bool().Draw(t, "leave") {
				d := scheduler.DateOf(start.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "from")))
				p.Profile.Calendar.Leave = []scheduler.Leave{{First: d, Last: d.AddDays(3)}}
			}
			g.People = append(g.People, p)
		}
		// A zone without summer time shows every instant once.
		g.zone = time.UTC
		s := g.Schedule(start)
		for range 20 {
			at := start.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "minute")) * time.Minute)
			want := slices.ContainsFunc(g.People, func(p *Person) bool { return p.Schedule(start).Working(at) })
			if got := s.Working(at); got != want {
				t.Fatalf("%s: somebody works: %v, want %v", at, got, want)
			}
		}
	})
}
