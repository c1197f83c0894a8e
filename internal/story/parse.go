package story

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A member is somebody in a story: of the team, or outside.
type member struct {
	name    string
	address string
	outside bool
	fresh   bool // has just joined: first week, first holds
	zone    *time.Location
	fields  map[string]string // of the team: as people write them
	host    *hosting          // nil: their mailbox is here
	line    int
}

// A cast is everybody and everything a story names.
type cast struct {
	people   map[string]*member // by lower-case name
	order    []*member
	mails    map[string]int // by name: the line that sends it
	settings map[string]string
	start    moment
	started  bool
	zone     *time.Location // of times without a place
	mention  []mentioned
}

// A mentioned mail must be sent somewhere in the story.
type mentioned struct {
	st   *statement
	name string
}

// teamDomain is the domain of everybody in the team.
const teamDomain = "team.example"

// A step is one statement, understood.
type step struct {
	st    *statement
	when  *moment
	zone  *time.Location // of when
	actor *member
	form  *form
	run   func(*world) error
}

func (c *cast) who(name string) (*member, bool) {
	m, ok := c.people[strings.ToLower(strings.Trim(name, `"`))]
	return m, ok
}

// somebody finds a person of the story, or says who there is.
func (b *builder) somebody(name string) (*member, error) {
	if m, ok := b.who(name); ok {
		return m, nil
	}
	var names []string
	for _, m := range b.order {
		names = append(names, m.name)
	}
	return nil, b.st.wrong("nobody in this story is called %q; there are: %s", name, strings.Join(names, ", "))
}

// colleague is somebody of the team.
func (b *builder) colleague(name string) (*member, error) {
	m, err := b.somebody(name)
	if err == nil && m.outside {
		err = b.st.wrong("%s is outside the team and has no folders or settings here", m.name)
	}
	return m, err
}

// mail notes that a mail is named here.
func (b *builder) mail(name string) string {
	b.mention = append(b.mention, mentioned{b.st, name})
	return name
}

var heading = regexp.MustCompile(`(?i)^(?:story|scenario)(?::| ) ?(.*)$`)

// Parse reads the stories of a file. The error joins everything that is wrong.
func Parse(file, text string) ([]Story, error) {
	statements, err := split(file, text)
	if err != nil {
		return nil, err
	}
	var out []Story
	var errs []error
	for i := 0; i < len(statements); {
		s := Story{File: file, Line: statements[i].line, Title: file}
		if m := heading.FindStringSubmatch(statements[i].text); m != nil {
			s.Title = strings.Trim(m[1], `"`)
			i++
		}
		j := i
		for j < len(statements) && !heading.MatchString(statements[j].text) {
			j++
		}
		errs = append(errs, s.read(statements[i:j]))
		out = append(out, s)
		i = j
	}
	if len(out) == 0 {
		return nil, &mistake{file, 1, "there is no story in this file"}
	}
	return out, errors.Join(errs...)
}

// read understands the statements of one story.
func (s *Story) read(list []*statement) error {
	s.cast = &cast{people: map[string]*member{}, mails: map[string]int{}, settings: map[string]string{}, zone: time.UTC}
	all := forms()
	// People first: "at 09:00 Mei sends …" must know that Mei is no place.
	var errs []error
	for _, pass := range []bool{true, false} {
		for _, st := range list {
			if isSetting(st.text) != pass {
				continue
			}
			if err := s.add(all, st); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if !s.cast.started && len(errs) == 0 {
		errs = append(errs, &mistake{s.File, s.Line, `the story lacks its start, such as: start: Mon 2026-03-02 08:00 in Berlin`})
	}
	for _, m := range s.cast.mention {
		if _, ok := s.cast.mails[m.name]; !ok {
			names := slices.Sorted(maps.Keys(s.cast.mails))
			errs = append(errs, m.st.wrong("no mail of this story is called %q; there are: %s", m.name, strings.Join(names, ", ")))
		}
	}
	return errors.Join(errs...)
}

var setting = regexp.MustCompile(`(?i)^(person|outside|outsider|start|starts|setting|alias|role|group)\b`)

func isSetting(text string) bool { return setting.MatchString(text) }

// add understands one statement.
func (s *Story) add(all []*form, st *statement) error {
	c, text := s.cast, st.text
	out := step{st: st, zone: c.zone}
	if len(text) > 3 && strings.EqualFold(text[:3], "at ") || strings.HasPrefix(text, "+") || strings.HasPrefix(strings.ToLower(text), "on ") {
		m, rest, err := c.readMoment(text)
		if err != nil {
			return st.wrong("%v", err)
		}
		if !m.relative && !m.hasClock {
			return st.wrong("%q lacks a time of day", m.said)
		}
		out.when, text = &m, tidy(rest)
	}
	b := &builder{cast: c, st: st}
	if text != "" {
		f, m := find(all, text)
		if f == nil {
			return st.wrong("%q is no statement of this language; nearest: %s", shorten(text), nearest(all, text))
		}
		run, err := f.make(b, m)
		if err != nil {
			return b.asMistake(err)
		}
		if err := f.takes(st); err != nil {
			return err
		}
		out.form, out.run = f, run
	} else if len(st.details)+len(st.body)+len(st.talk) > 0 {
		return st.wrong("nothing here takes the indented lines below")
	}
	if out.actor = b.actor; out.when != nil {
		var err error
		if out.zone, err = b.zoneOf(*out.when); err != nil {
			return b.asMistake(err)
		}
	}
	if out.run != nil || out.when != nil {
		s.steps = append(s.steps, out)
	}
	return nil
}

func (b *builder) asMistake(err error) error {
	var m *mistake
	if errors.As(err, &m) {
		return err
	}
	return b.st.wrong("%v", err)
}

// zoneOf is the zone of a moment: its place, else that of who acts, else the story's.
func (b *builder) zoneOf(m moment) (*time.Location, error) {
	switch {
	case m.place != nil:
		return m.place, nil
	case m.person != "":
		p, ok := b.who(m.person)
		if !ok {
			return nil, fmt.Errorf("nobody in this story is called %q", m.person)
		}
		if p.zone == nil {
			return nil, fmt.Errorf("%s has no zone in this story", p.name)
		}
		return p.zone, nil
	case b.actor != nil && b.actor.zone != nil:
		return b.actor.zone, nil
	}
	return b.zone, nil
}

// momentOf reads the whole of s as a moment and finds its zone.
func (b *builder) momentOf(s string, about *member) (moment, *time.Location, error) {
	m, rest, err := b.readMoment(strings.TrimSpace(s))
	if err != nil {
		return m, nil, err
	}
	if rest != "" {
		return m, nil, fmt.Errorf("%q cannot stand behind the time %q", rest, m.said)
	}
	before := b.actor
	if about != nil {
		b.actor = about
	}
	zone, err := b.zoneOf(m)
	b.actor = before
	return m, zone, err
}

// takes checks that what is indented below a statement belongs there.
func (f *form) takes(st *statement) error {
	if len(st.body) > 0 && !f.body {
		return st.wrong("| lines (the text of a mail) do not belong to this statement: %s", f.example)
	}
	if len(st.talk) > 0 && !f.talk {
		return st.wrong("> and < lines do not belong to this statement: %s", f.example)
	}
	keys := strings.Fields(f.details)
	for _, d := range st.details {
		if strings.HasPrefix(d.key, "under") && slices.Contains(keys, "under") || f.details == "*" || slices.ContainsFunc(keys, func(k string) bool { return k == strings.ReplaceAll(d.key, " ", "_") }) {
			continue
		}
		if f.body && len(keys) > 0 {
			return st.wrongAt(d, "%q is not one of %s (the text of a mail begins with |)", d.key, strings.Join(keys, ", "))
		}
		if len(keys) == 0 {
			return st.wrongAt(d, "nothing can be indented below: %s", f.example)
		}
		return st.wrongAt(d, "%q is not one of %s", d.key, strings.Join(keys, ", "))
	}
	return nil
}
