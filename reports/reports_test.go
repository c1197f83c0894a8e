package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/people"
	"tidepost/store"
)

// monday is Monday 2 March 2026 in London.
func monday(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }

// mail is one that would have come at one time and came at another.
func mail(would, came time.Time) store.Came { return store.Came{Would: would, Came: came} }

func TestInterruptions(t *testing.T) {
	for _, c := range []struct {
		name string
		came []store.Came
		want Mail
	}{
		{"nothing", nil, Mail{}},
		{"three with one tide", []store.Came{mail(monday(9, 30), monday(13, 0)), mail(monday(10, 30), monday(13, 0)), mail(monday(11, 30), monday(13, 0))}, Mail{3, 3, 1, 2}},
		{"two at once are one", []store.Came{mail(monday(9, 30), monday(13, 0)), mail(monday(9, 34), monday(13, 0))}, Mail{2, 1, 1, 0}},
		{"a slow stream is not one", []store.Came{mail(monday(9, 30), monday(13, 0)), mail(monday(9, 34), monday(13, 0)), mail(monday(9, 38), monday(13, 0))}, Mail{3, 2, 1, 1}},
		{"never less than none", []store.Came{mail(monday(9, 30), monday(13, 0)), mail(monday(9, 31), monday(16, 0))}, Mail{2, 1, 2, 0}},
	} {
		if diff := cmp.Diff(c.want, *interruptions(c.came)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestNights(t *testing.T) {
	h := newHouse(t, 1)
	s := h.people()[0].Schedule(monday(0, 0))
	friday, sunday := monday(20, 0).AddDate(0, 0, 4), monday(11, 0).AddDate(0, 0, 6)
	for _, c := range []struct {
		name string
		came []store.Came
		want Nights
	}{
		{"by day", []store.Came{mail(monday(10, 0), monday(13, 0))}, Nights{}},
		{"written at night", []store.Came{mail(monday(22, 0), monday(33, 0)), mail(monday(23, 0), monday(33, 0))}, Nights{1, 1}},
		{"came at night", []store.Came{mail(monday(22, 0), monday(22, 0))}, Nights{1, 0}},
		{"one disturbs the night of the others", []store.Came{mail(monday(22, 0), monday(33, 0)), mail(monday(23, 0), monday(23, 0))}, Nights{1, 0}},
		{"a weekend is one", []store.Came{mail(friday, monday(33, 0).AddDate(0, 0, 6)), mail(sunday, monday(33, 0).AddDate(0, 0, 6))}, Nights{1, 1}},
		{"two nights", []store.Came{mail(monday(22, 0), monday(33, 0)), mail(monday(46, 0), monday(46, 0))}, Nights{2, 1}},
	} {
		if diff := cmp.Diff(c.want, *nights(s, c.came)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// A house is a team of n people in London, with a store.
type house struct {
	t   *testing.T
	db  *store.DB
	dir *people.Directory
}

func newHouse(t *testing.T, n int) *house {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t, db, people.NewDirectory(db, []string{"team.example"})}
	profile, err := people.DefaultProfile("Europe/London").Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		h.update(func(tx *store.Tx) error {
			return tx.InsertPerson(&store.Person{Name: fmt.Sprintf("Worker %c", 'A'+i), Address: fmt.Sprintf("w%d@team.example", i), Profile: profile, Active: true, Created: monday(0, 0)})
		})
	}
	if err := h.dir.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) people() []*people.Person { return h.dir.All() }

func (h *house) update(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// life gives a person a night mail that came in the morning, an answered question, a late
// one, one that is overdue, and two pieces of advice.
func (h *house) life(p *people.Person) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		staged := store.StageBytes([]byte("Subject: x\r\n\r\n"), nil)
		body, err := tx.AddBody(staged, monday(22, 0))
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginReceived, BodyID: body, Head: staged.Head, Size: staged.Size(), Created: monday(22, 0)}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		d := store.Delivery{PersonID: p.ID, MessageID: m.ID, ReversePath: "joe@out.example", Target: store.KindInbox, Reason: "outside", Outside: true,
			State: store.Published, Arrived: monday(22, 0), Published: monday(33, 0)}
		if err := tx.InsertDelivery(&d, store.Event{At: monday(22, 0), Kind: "filed"}); err != nil {
			return err
		}
		for i, c := range []store.Clock{
			{State: "answered", Since: monday(34, 0), Started: monday(33, 0)},
			{State: "answered", Since: monday(35, 0), Started: monday(33, 0), Late: true},
			{State: "overdue", Since: monday(36, 0), Started: monday(33, 0), Due: monday(36, 0)},
			{State: "waived", Since: monday(36, 0), Started: monday(33, 0)},
		} {
			c.Target, c.Stated, c.Promises = []byte("{}"), []byte("{}"), []byte("[]")
			a := store.ClockedAsk{Ask: store.Ask{MessageID: m.ID, MID: "m@x", Number: i + 1, Asker: "joe@out.example", OwnerID: p.ID, Owner: p.Address.Key(), Kind: "question",
				Class: "standard", Text: "?", Open: c.State == "overdue", Created: monday(22, 0), Changed: monday(22, 0)}, Clock: c}
			if err := tx.InsertAsk(&a); err != nil {
				return err
			}
		}
		for _, v := range []store.Verdict{store.VerdictFalseAlarm, store.VerdictHeeded} {
			c := store.Coaching{PersonID: p.ID, Mode: store.CoachStop, State: store.CoachOpen, Draft: []byte{1}, Created: monday(10, 0)}
			if err := tx.InsertCoaching(&c, []store.Advice{{Policy: "attachment", Reason: "attachment-missing"}}); err != nil {
				return err
			}
			if err := tx.SettleCoaching(c.ID, store.CoachOverridden, v, monday(10, 5)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *house) team() (f Figures) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		f, err = Team(tx, h.people(), monday(0, 0), monday(0, 0).AddDate(0, 0, 7))
		return err
	})
	return f
}

func TestOnePerson(t *testing.T) {
	h := newHouse(t, 2)
	h.life(h.people()[0])
	var f Figures
	h.update(func(tx *store.Tx) (err error) {
		f, err = Of(tx, h.people()[0], monday(0, 0), monday(0, 0).AddDate(0, 0, 7))
		return err
	})
	want := Figures{Since: monday(0, 0), Until: monday(0, 0).AddDate(0, 0, 7), Mail: &Mail{1, 1, 1, 0}, Nights: &Nights{1, 1}, Asks: &Asks{1, 1, 1}, Coach: &Coach{2, 1}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	const text = "Mon 2 Mar 2026 to Mon 9 Mar 2026\n\nInterruptions spared   0: 1 mails would have come at 1 moments, and came at 1\n" +
		"Nights kept quiet      1 of 1 in which mail was written\nAnswered in time       1 of 3 questions; 1 late, 1 not answered yet\nFalse alarms           1 of 2 pieces of advice\n"
	if diff := cmp.Diff(text, f.Text(time.UTC)); diff != "" {
		t.Error(diff)
	}
	h.update(func(tx *store.Tx) (err error) {
		f, err = Of(tx, h.people()[0], monday(0, 0).AddDate(0, 0, 7), monday(0, 0).AddDate(0, 0, 14))
		return err
	})
	if f.Mail.Mails != 0 || f.Asks.InTime != 0 || f.Asks.Unanswered != 1 || f.Coach.Judged != 0 {
		t.Errorf("the week after has %+v %+v %+v; only what is overdue goes on", f.Mail, f.Asks, f.Coach)
	}
}

func TestATeamIsFivePeopleWhoHaveSomethingToAdd(t *testing.T) {
	h := newHouse(t, 7)
	for i, p := range h.people() {
		if i < Least-1 {
			h.life(p)
		}
	}
	if f := h.team(); f.Mail != nil || f.Nights != nil || f.Asks != nil || f.Coach != nil {
		t.Errorf("four of seven are a team: %+v", f)
	}
	if text := h.team().Text(time.UTC); strings.Count(text, "fewer than 5 people") != 4 {
		t.Error(text)
	}
	h.life(h.people()[Least-1])
	f := h.team()
	want := Figures{Since: f.Since, Until: f.Until, Mail: &Mail{5, 5, 5, 0}, Nights: &Nights{5, 5}, Asks: &Asks{5, 5, 5}, Coach: &Coach{10, 5}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	raw, err := json.Marshal(f)
	if err != nil || strings.Contains(string(raw)+f.Text(time.UTC), "orker") || strings.Contains(string(raw)+f.Text(time.UTC), "@") {
		t.Errorf("names somebody: %s %v", raw, err)
	}
}

// There is nothing in a report that could be put in an order: no list, no map.
func TestReportsHaveNoLists(t *testing.T) {
	var look func(reflect.Type, string)
	look = func(typ reflect.Type, path string) {
		switch typ.Kind() {
		case reflect.Pointer:
			look(typ.Elem(), path)
		case reflect.Struct:
			if typ == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range typ.NumField() {
				look(typ.Field(i).Type, path+"."+typ.Field(i).Name)
			}
		case reflect.Int:
		default:
			t.Errorf("%s is a %s", path, typ.Kind())
		}
	}
	look(reflect.TypeFor[Figures](), "Figures")
}

// No table keeps figures of people, so that nobody can sort them.
func TestSchemaHasNoFiguresOfPeople(t *testing.T) {
	schema, err := os.ReadFile("../store/schema.golden.sql")
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, table := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\) STRICT`).FindAllStringSubmatch(string(schema), -1) {
		tables++
		if !regexp.MustCompile(`\b(?:person|owner|author|asker)_id\b`).MatchString(table[2]) {
			continue
		}
		for _, column := range regexp.MustCompile(`(?m)^\s+(\w+)\s+(?:INTEGER|REAL|TEXT)`).FindAllStringSubmatch(table[2], -1) {
			if regexp.MustCompile(`(?i)score|rank|(?:^|[^c])count|total|sum|average|mean|median|rate|points|figure|percent|streak|best|worst`).MatchString(column[1]) {
				t.Errorf("table %s has a column %s", table[1], column[1])
			}
		}
	}
	if tables < 20 {
		t.Errorf("only %d tables were looked at", tables)
	}
	if rank := regexp.MustCompile(`(?i)\b(?:ranking|leaderboard|scoreboard)\b`).FindString(string(schema)); rank != "" {
		t.Errorf("the schema speaks of a %s", rank)
	}
}
