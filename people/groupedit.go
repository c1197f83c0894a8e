package people

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidepost/scheduler"
	"tidepost/store"
)

// Kinds of the events that editing groups and roles writes into the ledger.
const (
	EventGroupAdded   = "group-added"
	EventGroupChanged = "group-changed"
	EventGroupRemoved = "group-removed"
)

// maxMembers bounds who stands directly behind one address, maxDepth how deep groups are
// nested.
const (
	maxMembers = 1000
	maxDepth   = 10
)

// blockedLocal is the local part that says of a conversation that it is blocked.
const blockedLocal = "blocked"

// A GroupRequest says how a group or a role is to be. nil stays as it is, or takes its
// default.
type GroupRequest struct {
	Address    *string
	Name       *string
	Aliases    *string // further addresses; +ONE adds one, -ONE takes one away; "none"
	Members    *string // addresses, or first names of people; +ONE adds one, -ONE takes one away
	Senders    *string // team, members or everybody
	Owner      *string // who hears of mail that did not reach a member outside; "none"
	Zone       *string // of a role, "none" for that of the first member
	Rota       *string // of a role, see ParseRota
	FirstReply *string // of a role: "4h" of working time; "none" for what is configured
}

// fields names what a request changes, for the ledger.
func (r GroupRequest) fields() []string {
	var out []string
	for name, v := range map[string]*string{"address": r.Address, "aliases": r.Aliases, "name": r.Name, "members": r.Members, "who_may_send": r.Senders,
		"owner": r.Owner, "zone": r.Zone, "rota": r.Rota, "first_reply": r.FirstReply} {
		if v != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// A GroupEntry is a group or a role as listed.
type GroupEntry struct {
	ID         int64     `json:"id"`
	Address    string    `json:"address"`
	Aliases    []string  `json:"aliases,omitempty"`
	Kind       string    `json:"kind"`
	Name       string    `json:"name,omitempty"`
	Senders    string    `json:"who_may_send"`
	Members    []string  `json:"members"` // as they were named
	Reaches    []string  `json:"reaches"` // who gets the mail in the end, each once
	Owner      string    `json:"owner,omitempty"`
	Zone       string    `json:"zone,omitempty"`
	Rota       string    `json:"rota,omitempty"`
	FirstReply string    `json:"first_reply,omitempty"`
	Created    time.Time `json:"created"`
}

// A groupBook is everything that has an address, inside one transaction.
type groupBook struct {
	*book
	byID   map[int64]store.Shared
	people map[int64]store.Person
}

func openGroups(tx *store.Tx) (*groupBook, error) {
	b, err := openBook(tx)
	if err != nil {
		return nil, err
	}
	out := &groupBook{book: b, byID: map[int64]store.Shared{}, people: map[int64]store.Person{}}
	for _, g := range b.shared {
		out.byID[g.ID] = g
	}
	for _, p := range b.owner {
		out.people[p.ID] = p
	}
	return out, nil
}

// AddGroup adds a group, or a role. Its address must not be anybody's; a *FieldError that
// wraps store.ErrExists says whose it is.
func (e *Editor) AddGroup(ctx context.Context, role bool, r GroupRequest, now time.Time) (GroupEntry, error) {
	row := store.Shared{Role: role, Senders: string(FromTeam), Created: now}
	if role {
		row.Senders = string(FromEverybody)
	}
	return e.saveGroup(ctx, "add "+kindOf(row), now, EventGroupAdded, r, func(*groupBook) (store.Shared, error) {
		if r.Address == nil || strings.TrimSpace(*r.Address) == "" {
			return row, &FieldError{FieldAddress, errors.New("is required")}
		}
		return row, nil
	})
}

// SetGroup changes a group, or a role. store.ErrNotFound: there is none with the address.
func (e *Editor) SetGroup(ctx context.Context, role bool, address string, r GroupRequest, now time.Time) (GroupEntry, error) {
	return e.saveGroup(ctx, "change "+address, now, EventGroupChanged, r, func(b *groupBook) (store.Shared, error) {
		return b.find(role, address)
	})
}

// find returns a group, or a role.
func (b *groupBook) find(role bool, address string) (store.Shared, error) {
	g, ok := b.shared[strings.ToLower(strings.TrimSpace(address))]
	switch {
	case !ok:
		return g, fmt.Errorf("there is no %s %q: %w", kindOf(store.Shared{Role: role}), address, store.ErrNotFound)
	case g.Role != role:
		return g, fmt.Errorf("%s is a %s: %w", address, kindOf(g), store.ErrNotFound)
	}
	return g, nil
}

func (e *Editor) saveGroup(ctx context.Context, what string, now time.Time, kind string, r GroupRequest, begin func(*groupBook) (store.Shared, error)) (GroupEntry, error) {
	var out GroupEntry
	err := e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openGroups(tx)
		if err != nil {
			return err
		}
		row, err := begin(b)
		if err != nil {
			return err
		}
		if err := b.apply(&row, r, e.domains); err != nil {
			return err
		}
		if row.ID == 0 {
			err = tx.InsertShared(&row)
		} else {
			err = tx.UpdateShared(row)
		}
		if err != nil {
			return err
		}
		b.byID[row.ID] = row
		out = b.entry(row)
		return tx.AddEvent(store.Event{At: now, Kind: kind, Detail: map[string]any{"address": row.Address, "kind": kindOf(row), "fields": r.fields()}})
	})
	if err != nil {
		return GroupEntry{}, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// apply takes a request into a row.
func (b *groupBook) apply(row *store.Shared, r GroupRequest, domains []string) error {
	for _, f := range []struct {
		name  Field
		value *string
		set   func(string) error
	}{
		{FieldAddress, r.Address, func(s string) error { return b.setAddress(row, s, domains) }},
		{FieldAliases, r.Aliases, func(s string) error { return b.setAliases(row, s, domains) }},
		{FieldName, r.Name, func(s string) error { row.Name = strings.Join(strings.Fields(s), " "); return noControls(s) }},
		{"members", r.Members, func(s string) error { return b.setMembers(row, s, domains) }},
		{"who_may_send", r.Senders, func(s string) error { return setWhoMaySend(row, s) }},
		{"owner", r.Owner, func(s string) error { return b.setOwner(row, s) }},
		{FieldZone, r.Zone, func(s string) error { return setGroupZone(row, s) }},
		{"rota", r.Rota, func(s string) error { return b.setRota(row, s) }},
		{"first_reply", r.FirstReply, func(s string) error { return setFirstReply(row, s) }},
	} {
		if f.value == nil {
			continue
		}
		if len(*f.value) > maxHuman {
			return &FieldError{f.name, fmt.Errorf("is longer than %d octets", maxHuman)}
		}
		if err := f.set(strings.TrimSpace(*f.value)); err != nil {
			return &FieldError{f.name, err}
		}
	}
	if len(row.Members) == 0 {
		return &FieldError{"members", errors.New("nobody would get its mail: name at least one")}
	}
	return b.rotaInside(row)
}

func (b *groupBook) setAddress(row *store.Shared, s string, domains []string) error {
	a, err := b.free(row, s, domains)
	if err != nil {
		return err
	}
	if slices.Contains(row.Aliases, a) {
		return fmt.Errorf("%s is an alias of it: take that away first", a)
	}
	row.Address = a
	return nil
}

// maxSharedAliases bounds the further addresses of one group.
const maxSharedAliases = 100

// setAliases reads further addresses; with + and - in front they change what is there.
func (b *groupBook) setAliases(row *store.Shared, s string, domains []string) error {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	if len(words) == 1 && strings.EqualFold(words[0], "none") {
		words = nil
	}
	var out []string
	relative := len(words) > 0 && strings.ContainsAny(words[0][:1], "+-")
	if relative {
		out = slices.Clone(row.Aliases)
	}
	for _, w := range words {
		if strings.ContainsAny(w[:1], "+-") != relative {
			return errors.New("either all of them with + or - in front, or none")
		}
		name := strings.ToLower(strings.TrimLeft(w, "+-"))
		at := slices.Index(out, name)
		switch {
		case relative && w[0] == '-' && at < 0:
			return fmt.Errorf("%s is no alias of it", w[1:])
		case relative && w[0] == '-':
			out = slices.Delete(out, at, at+1)
			continue
		case at >= 0:
			return fmt.Errorf("%s is named twice, or an alias already", name)
		}
		a, err := b.free(row, name, domains)
		if err != nil {
			return err
		}
		if a == row.Address {
			return fmt.Errorf("%s is its address already", a)
		}
		out = append(out, a)
	}
	if len(out) > maxSharedAliases {
		return fmt.Errorf("%d are more than %d", len(out), maxSharedAliases)
	}
	slices.Sort(out)
	row.Aliases = out
	return nil
}

// free returns an address that a group may have, or says whose it is.
func (b *groupBook) free(row *store.Shared, s string, domains []string) (string, error) {
	a, err := checkLocalAddress(s, domains)
	if err != nil {
		return "", err
	}
	local, _, _ := strings.Cut(a, "@")
	switch local {
	case blockedLocal:
		return "", fmt.Errorf("%q is the address that says of a conversation that it is blocked", a)
	case "postmaster", "mailer-daemon":
		return "", fmt.Errorf("%q is needed for reports about mail; give it to a person", a)
	}
	if p, ok := b.owner[a]; ok {
		return "", fmt.Errorf("%s belongs to %s: %w", a, describe(p), store.ErrExists)
	}
	if g, ok := b.shared[a]; ok && g.ID != row.ID {
		return "", fmt.Errorf("%s already: %w", sharer(g, a), store.ErrExists)
	}
	return a, nil
}

func setWhoMaySend(row *store.Shared, s string) error {
	switch w := Senders(strings.ToLower(s)); w {
	case FromTeam, FromMembers, FromEverybody:
		row.Senders = string(w)
		return nil
	}
	return fmt.Errorf("%q is not team, members or everybody", s)
}

// setMembers reads addresses and names; with + and - in front they change what is there.
func (b *groupBook) setMembers(row *store.Shared, s string, domains []string) error {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\t' || r == '\n' })
	var fresh []store.SharedMember
	relative := len(words) > 0 && strings.ContainsAny(words[0][:1], "+-")
	if relative {
		fresh = slices.Clone(row.Members)
	}
	for _, w := range words {
		sign := strings.ContainsAny(w[:1], "+-")
		if sign != relative {
			return errors.New("either all of them with + or - in front, or none")
		}
		m, err := b.member(strings.TrimLeft(w, "+-"), domains)
		if err != nil {
			return err
		}
		at := slices.Index(fresh, m)
		switch {
		case relative && w[0] == '-' && at < 0:
			return fmt.Errorf("%s is no member", w[1:])
		case relative && w[0] == '-':
			fresh = slices.Delete(fresh, at, at+1)
		case at >= 0:
			return fmt.Errorf("%s is named twice, or a member already", strings.TrimLeft(w, "+"))
		default:
			fresh = append(fresh, m)
		}
	}
	if len(fresh) > maxMembers {
		return fmt.Errorf("%d are more than %d", len(fresh), maxMembers)
	}
	row.Members = fresh
	return b.noCircle(*row)
}

// member finds whom a word means.
func (b *groupBook) member(w string, domains []string) (store.SharedMember, error) {
	if !strings.Contains(w, "@") {
		id, err := b.person(w)
		if err == nil {
			return store.SharedMember{PersonID: id}, nil
		}
		if g, ok := b.shared[strings.ToLower(w)+"@"+domains[0]]; ok {
			return store.SharedMember{InnerID: g.ID}, nil
		}
		return store.SharedMember{}, err
	}
	a := strings.ToLower(w)
	if g, ok := b.shared[a]; ok {
		return store.SharedMember{InnerID: g.ID}, nil
	}
	if p, ok := b.owner[a]; ok {
		if !p.Active {
			return store.SharedMember{}, fmt.Errorf("%s was removed from the team", a)
		}
		return store.SharedMember{PersonID: p.ID}, nil
	}
	if err := checkAddress(a); err != nil {
		return store.SharedMember{}, err
	}
	if _, domain, _ := strings.Cut(a, "@"); slices.Contains(domains, domain) {
		return store.SharedMember{}, fmt.Errorf("nobody has the address %q", a)
	}
	return store.SharedMember{Address: a}, nil
}

// person finds the active person whom an address, a first name or a local part means.
func (b *groupBook) person(w string) (int64, error) {
	low := strings.ToLower(w)
	if p, ok := b.owner[low]; ok && p.Active {
		return p.ID, nil
	}
	var found []store.Person
	for _, id := range slices.Sorted(maps.Keys(b.people)) {
		p := b.people[id]
		local, _, _ := strings.Cut(p.Address, "@")
		first, _, _ := strings.Cut(strings.ToLower(p.Name), " ")
		if p.Active && (local == low || first == low) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("nobody has the address or is called %q", w)
	case 1:
		return found[0].ID, nil
	}
	return 0, fmt.Errorf("%q may be %s or %s: write the address", w, found[0].Address, found[1].Address)
}

// noCircle refuses a group that would be a member of itself, by whatever way, and shows
// the way.
func (b *groupBook) noCircle(row store.Shared) error {
	var walk func(g store.Shared, way []string) error
	walk = func(g store.Shared, way []string) error {
		if len(way) > maxDepth {
			return fmt.Errorf("groups are nested more than %d deep: %s", maxDepth, strings.Join(way, " → "))
		}
		for _, m := range g.Members {
			if m.InnerID == 0 {
				continue
			}
			inner := b.byID[m.InnerID]
			next := append(slices.Clip(way), inner.Address)
			if row.ID != 0 && inner.ID == row.ID {
				return fmt.Errorf("it would be a member of itself: %s", strings.Join(next, " → "))
			}
			if err := walk(inner, next); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(row, []string{row.Address}); err != nil {
		return err
	}
	// Whoever holds it must not become too deep either.
	return b.depthAbove(row)
}

// depthAbove refuses what would nest the groups around row too deep.
func (b *groupBook) depthAbove(row store.Shared) error {
	if row.ID == 0 {
		return nil
	}
	groups := maps.Clone(b.byID)
	groups[row.ID] = row
	var depth func(id int64, left int) bool
	depth = func(id int64, left int) bool {
		return left > 0 && !slices.ContainsFunc(groups[id].Members, func(m store.SharedMember) bool {
			return m.InnerID != 0 && !depth(m.InnerID, left-1)
		})
	}
	for id := range groups {
		if !depth(id, maxDepth+1) {
			return fmt.Errorf("groups would be nested more than %d deep, in %s", maxDepth, groups[id].Address)
		}
	}
	return nil
}

func (b *groupBook) setOwner(row *store.Shared, s string) error {
	if s == "" || strings.EqualFold(s, "none") {
		row.OwnerID = 0
		return nil
	}
	id, err := b.person(s)
	row.OwnerID = id
	return err
}

func setGroupZone(row *store.Shared, s string) error {
	if s == "" || strings.EqualFold(s, "none") {
		row.Zone = ""
		return nil
	}
	if _, err := scheduler.LoadZone(s); err != nil {
		return fmt.Errorf("%q is not an IANA time zone such as Europe/London", s)
	}
	row.Zone = s
	return nil
}

func (b *groupBook) setRota(row *store.Shared, s string) error {
	r, err := ParseRota(s, b.person)
	if err != nil {
		return err
	}
	row.Rota, err = r.encode()
	return err
}

// rotaInside refuses a rota with people who are not behind the role.
func (b *groupBook) rotaInside(row *store.Shared) error {
	r, err := decodeRota(row.Rota)
	if err != nil || r.IsZero() {
		return err
	}
	behind := b.reach(*row)
	for _, id := range r.People() {
		if p, ok := b.people[id]; ok && p.Active && !slices.Contains(behind, p.Address) {
			return &FieldError{"rota", fmt.Errorf("%s is no member of %s", p.Address, row.Address)}
		}
	}
	return nil
}

// maxFirstReply bounds how long a first reply may take.
const maxFirstReply = 1000 * time.Hour

func setFirstReply(row *store.Shared, s string) error {
	if s == "" || strings.EqualFold(s, "none") || strings.EqualFold(s, "team") {
		row.FirstReply = 0
		return nil
	}
	d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
	if err != nil || d < time.Minute || d > maxFirstReply || d%time.Minute != 0 {
		return fmt.Errorf("%q is not a working time such as 4h or 90m", s)
	}
	row.FirstReply = d
	return nil
}
