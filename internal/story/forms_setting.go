package story

import (
	"regexp"
	"strings"
	"time"
)

// settingForms say who there is, and when the story begins.
func settingForms() []*form {
	fields := "name address addresses aliases zone hours works holidays leave tides deliveries focus office_hours phone hold batch coach " +
		"coach_mode coach_policies style urgent_budget urgent_from pass cover stays vacation new inbox"
	return []*form{
		{example: `start: Mon 2026-03-02 08:00 in Berlin`, pattern: `starts?:? REST`, make: makeStart},
		{example: `person Mei in Asia/Singapore works mon-fri 09:00-18:00`, pattern: `person WHOREST`, details: fields, make: makePerson},
		{example: `outside Otto <otto@shop.example> in New York`, pattern: `outside(?:r)? WHOREST`, make: makeOutside},
		{example: `setting hold.undo = 60s`, pattern: `setting ([a-z0-9_.-]+) ?[=:] ?REST`, make: func(b *builder, m []string) (func(*world) error, error) {
			b.settings[strings.ToLower(m[1])] = m[2]
			return nil, nil
		}},
	}
}

func makeStart(b *builder, m []string) (func(*world) error, error) {
	at, zone, err := b.momentOf(m[1], nil)
	if err != nil {
		return nil, err
	}
	if !at.hasDate || !at.hasYear || !at.hasClock {
		return nil, b.st.wrong("the start needs a date with its year and a time of day, such as: start: Mon 2026-03-02 08:00 in Berlin")
	}
	if at.date.Year < 2001 || at.date.Year > 2100 {
		return nil, b.st.wrong("stories begin between 2001 and 2100")
	}
	if _, err := at.next(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), zone); err != nil {
		return nil, err
	}
	b.start, b.zone, b.started = at, zone, true
	return nil, nil
}

var (
	angled    = regexp.MustCompile(`<([^<> ]+@[^<> ]+)>`)
	worksPart = regexp.MustCompile(`(?i)\bworks? (.*)$`)
	inPart    = regexp.MustCompile(`(?i)\bin ([A-Z][A-Za-z_/+-]*(?: [A-Z][a-z]+)?)`)
)

func makePerson(b *builder, m []string) (func(*world) error, error) {
	p := &member{name: m[1], address: strings.ToLower(m[1]) + "@" + teamDomain, fields: map[string]string{}, line: b.st.line}
	rest := m[2]
	if x := angled.FindStringSubmatch(rest); x != nil {
		p.address, rest = strings.ToLower(x[1]), strings.Replace(rest, x[0], "", 1)
	}
	if x := worksPart.FindStringSubmatch(rest); x != nil {
		p.fields["hours"] = x[1]
		rest = rest[:len(rest)-len(x[0])]
	}
	if x := inPart.FindStringSubmatch(rest); x != nil {
		p.fields["zone"] = x[1]
		rest = strings.Replace(rest, x[0], "", 1)
	}
	for w := range strings.FieldsSeq(strings.NewReplacer(",", " ", ":", " ").Replace(rest)) {
		if !strings.EqualFold(w, "new") {
			return nil, b.st.wrong("%q: a person has a name, perhaps <address>, in ZONE, new, works HOURS, and details below", w)
		}
		p.fresh = true
	}
	if err := p.readDetails(b); err != nil {
		return nil, err
	}
	return nil, b.join(p)
}

// readDetails reads what stands below a person.
func (p *member) readDetails(b *builder) error {
	for _, d := range b.st.details {
		switch d.key {
		case "new":
			p.fresh = true
		case "works":
			p.fields["hours"] = d.value
		case "deliveries":
			p.fields["tides"] = d.value
		case "addresses":
			p.fields["aliases"] = d.value
		case "address":
			p.address = strings.ToLower(d.value)
		case "cover":
			p.fields["cover"] = d.value
		case "inbox":
			if err := p.readHosting(d.value); err != nil {
				return b.st.wrongAt(d, "%v", err)
			}
		default:
			p.fields[strings.ReplaceAll(d.key, " ", "_")] = d.value
		}
	}
	name, ok := p.fields["zone"]
	if !ok {
		name = "UTC"
	}
	zone, ok := zoneNamed(name)
	if !ok {
		return b.st.wrong("%q is not a zone such as Asia/Singapore, Berlin or New York", name)
	}
	p.zone, p.fields["zone"] = zone, zone.String()
	return nil
}

func (b *builder) join(p *member) error {
	key := strings.ToLower(p.name)
	if _, ok := b.people[key]; ok {
		return b.st.wrong("%s is there already", p.name)
	}
	b.people[key] = p
	b.order = append(b.order, p)
	return nil
}

func makeOutside(b *builder, m []string) (func(*world) error, error) {
	p := &member{name: m[1], address: strings.ToLower(m[1]) + "@elsewhere.example", outside: true, line: b.st.line}
	rest := m[2]
	if x := angled.FindStringSubmatch(rest); x != nil {
		p.address, rest = strings.ToLower(x[1]), strings.Replace(rest, x[0], "", 1)
	}
	if x := inPart.FindStringSubmatch(rest); x != nil {
		zone, ok := zoneNamed(x[1])
		if !ok {
			return nil, b.st.wrong("%q is not a zone", x[1])
		}
		p.zone, rest = zone, strings.Replace(rest, x[0], "", 1)
	}
	if strings.Trim(rest, " ,:") != "" {
		return nil, b.st.wrong("%q: somebody outside has a name, perhaps <address> and in ZONE", strings.TrimSpace(rest))
	}
	return nil, b.join(p)
}
