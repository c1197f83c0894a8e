package clocks

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

// Asks of roles. Whoever writes to support@ asks nobody in particular and everybody behind
// it: such an ask has the role's address for an owner, a clock by the hours of its people
// together, and shows in Needs reply of each. It becomes somebody's
//
//   - who is on duty by the rota, when it comes;
//   - who answered the last one in the conversation, when another one comes in it;
//   - who answers it, promises something, or takes it over: the first one.
//
// The others see what becomes of it and are asked no more. The mail of any of its people
// answers it as long as it is open.

// role is the role an ask was put to; nil: none, or it is gone.
func (k *Keeper) role(id int64) *people.Group {
	if id == 0 {
		return nil
	}
	g, _ := k.dir.GroupByID(id)
	return g
}

// soleRole is the role in To, if nobody else is there.
func (k *Keeper) soleRole(f mail.Facts) *people.Group {
	if len(f.To) != 1 {
		return nil
	}
	g, _, ok := k.dir.GroupByAddress(f.To[0].Address)
	if !ok || !g.Role {
		return nil
	}
	return g
}

// toRole makes an ask that is put to nobody in particular of a role that of the role.
func (k *Keeper) toRole(m *Mail, f threading.Ask) threading.Ask {
	g := k.soleRole(m.Facts)
	if g == nil || !f.Owner.IsNull() && !k.sends(f.Owner, g) {
		return f
	}
	if p := greeted(m.Words, g); p != nil {
		f.Owner = p.Address
		return f
	}
	if !f.Owner.IsNull() || len(m.Facts.From) == 1 && k.sends(m.Facts.From[0].Address, g) {
		return f
	}
	f.Owner = g.Address
	if m.Author == nil && f.Class == threading.Standard {
		f.Class = threading.FirstReply
	}
	return f
}

// maxGreeting is how many words a line has that greets: "Good morning Mei Lin,".
const maxGreeting = 4

// greeted is the one of a role whom the first line of a mail greets by name; nil for
// nobody.
func greeted(words string, g *people.Group) *people.Person {
	first, _, _ := strings.Cut(strings.TrimSpace(words), "\n")
	said := strings.FieldsFunc(strings.ToLower(first), func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' })
	if len(said) == 0 || len(said) > maxGreeting || !strings.HasSuffix(strings.TrimSpace(first), ",") && !strings.HasSuffix(strings.TrimSpace(first), "!") {
		return nil
	}
	var found *people.Person
	for _, p := range g.People {
		if slices.Contains(said, strings.ToLower(p.FirstName())) {
			if found != nil {
				return nil
			}
			found = p
		}
	}
	return found
}

// sends reports whether an address is that of the role itself.
func (k *Keeper) sends(a mail.Address, g *people.Group) bool {
	base, _ := a.Tag()
	return base.Key() == g.Address.Key()
}

// ownRole gives an ask to a role: to who is on duty, if one of those who get the mail is,
// else to nobody yet. false: nobody of the role gets it.
func (k *Keeper) ownRole(m *Mail, i *Item, g *people.Group, f threading.Ask, now time.Time) bool {
	i.Ask.RoleID, i.Ask.Owner, i.Ask.OwnerName = g.ID, g.Address.Key(), g.Name
	i.members = nil
	for _, r := range m.Readers {
		if r.Person != nil && !r.Passed && r.Role != nil && r.Role.ID == g.ID && r.Person.ID != i.Ask.AskerID {
			i.members = append(i.members, store.AskMember{PersonID: r.Person.ID, RecipientID: r.Recipient, DeliveryID: r.Delivery.ID})
		}
	}
	if len(i.members) == 0 {
		return false
	}
	if duty, _ := g.OnDuty(now); duty != nil {
		i.give(duty)
	}
	i.Clock = threading.NewClock(i.Ask.Owner, k.target(g, f.Class), f.Wanted, now)
	return true
}

// target is how long an answer of a role may take.
func (k *Keeper) target(g *people.Group, c threading.Class) scheduler.Target {
	if c == threading.FirstReply && g.FirstReply > 0 {
		return scheduler.Target{Working: g.FirstReply}
	}
	return k.o.Targets.Of(c)
}

// give makes one of the people of a role whom an ask is brought to its owner.
func (i *Item) give(p *people.Person) {
	at := slices.IndexFunc(i.members, func(w store.AskMember) bool { return w.PersonID == p.ID })
	if at < 0 {
		return
	}
	w := i.members[at]
	i.Ask.OwnerID, i.Ask.Owner, i.Ask.OwnerName = p.ID, p.Address.Key(), p.Name
	i.Ask.RecipientID, i.Ask.DeliveryID = w.RecipientID, w.DeliveryID
}

// goesOn gives an ask of a role to who answered the one before it in the conversation, if
// they are there: a reply is not a first one any more.
func (k *Keeper) goesOn(tx *store.Tx, i *Item, now time.Time) error {
	if i.Ask.RoleID == 0 || i.Ask.ThreadID == 0 || len(i.members) == 0 {
		return nil
	}
	list, err := tx.RoleAsksOfThread(i.Ask.ThreadID, i.Ask.RoleID, maxLive)
	if err != nil {
		return err
	}
	for _, before := range list {
		if before.MID == i.Ask.MID || before.OwnerID == 0 || before.AnswerID == 0 && !before.Open {
			continue
		}
		p := k.person(before.OwnerID)
		if p == nil || !p.Active || away(p.Schedule(now), now) {
			return nil
		}
		i.give(p)
		if i.Ask.OwnerID != p.ID {
			return nil // No member any more.
		}
		if before.AnswerID != 0 && i.Ask.Class == string(threading.FirstReply) {
			i.Ask.Class, i.Clock.Target = string(threading.Standard), k.o.Targets.Standard
		}
		i.Clock.Owner = i.Ask.Owner
		return nil
	}
	return nil
}

// putMembers writes down whom an ask of a role is brought to.
func putMembers(tx *store.Tx, i *Item) error {
	for _, w := range i.members {
		w.AskID = i.Ask.ID
		if err := tx.PutAskMember(w); err != nil {
			return err
		}
	}
	return nil
}

// rolePlaces are where an ask of a role may show to its people.
func rolePlaces(tx *store.Tx, i *Item) ([]place, error) {
	if i.Ask.RoleID == 0 || i.Ask.ID == 0 {
		return nil, nil
	}
	list, err := tx.AskMembers(i.Ask.ID)
	var out []place
	for _, w := range list {
		if w.ShownID != 0 {
			out = append(out, place{w.PersonID, store.KindNeedsReply, w.ShownID})
		}
	}
	return out, err
}

// deliveredToRole notes that a mail to a role is in the window of one of its people: then
// its clock begins, if it has not, and it shows there.
func (k *Keeper) deliveredToRole(tx *store.Tx, d store.Delivery, now time.Time) error {
	list, err := tx.AskMembersBy(d.RecipientID, d.ID)
	if err != nil {
		return err
	}
	for _, w := range list {
		if w.PersonID != d.PersonID {
			continue
		}
		w.ShownID = d.MessageID
		if err := tx.PutAskMember(w); err != nil {
			return err
		}
		i, err := item(tx, w.AskID)
		if err != nil {
			return err
		}
		if !i.Ask.Open || i.Ask.OwnerID != 0 {
			continue
		}
		done, err := k.step(tx, &i, threading.Event{Kind: threading.OnDelivery, At: now.UTC()}, nil, nil)
		if err == nil && !done {
			err = k.put(tx, place{w.PersonID, store.KindNeedsReply, w.ShownID}, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// failedForRole notes that a mail to a role will not reach one of its people: the last one
// takes the ask with them.
func (k *Keeper) failedForRole(tx *store.Tx, r store.Recipient, now time.Time) error {
	list, err := tx.AskMembersBy(r.ID, 0)
	if err != nil {
		return err
	}
	for _, w := range list {
		if err := tx.DropAskMember(w.AskID, w.PersonID); err != nil {
			return err
		}
		left, err := tx.AskMembers(w.AskID)
		if err != nil || len(left) > 0 {
			if err != nil {
				return err
			}
			continue
		}
		i, err := item(tx, w.AskID)
		if err != nil {
			return err
		}
		if _, err := k.step(tx, &i, threading.Event{Kind: threading.OnFailure, At: now}, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// mayAnswer reports whether somebody is behind the role that an ask was put to.
func (k *Keeper) mayAnswer(a store.Ask, p *people.Person) bool {
	g := k.role(a.RoleID)
	return g != nil && p != nil && g.Has(p.ID)
}

// MayAnswer reports whether an ask is somebody's to answer, to hand on or to give back:
// its owner's, or that of everybody behind the role it was put to.
func (k *Keeper) MayAnswer(i Item, p *people.Person) bool {
	return k != nil && (i.Ask.OwnerID == p.ID || i.Ask.OwnerID == 0 && k.mayAnswer(i.Ask, p))
}

// takes has an answer or a promise to a role make its author the owner of what it is about.
func (k *Keeper) takes(tx *store.Tx, m *Mail, x meaning) (meaning, error) {
	if x.item.Ask.RoleID == 0 || m.Author == nil || x.item.Ask.OwnerID == m.Author.ID || !k.mayAnswer(x.item.Ask, m.Author) {
		return x, nil
	}
	list, err := tx.AskMembers(x.item.Ask.ID)
	if err != nil {
		return x, err
	}
	p, then := m.Author, x.change
	var mine store.AskMember
	if at := slices.IndexFunc(list, func(w store.AskMember) bool { return w.PersonID == p.ID }); at >= 0 {
		mine = list[at]
	}
	x.change = func(a *store.Ask) {
		a.OwnerID, a.Owner, a.OwnerName = p.ID, p.Address.Key(), p.Name
		a.RecipientID, a.DeliveryID, a.ShownID = mine.RecipientID, mine.DeliveryID, mine.ShownID
		if then != nil {
			then(a)
		}
	}
	return x, nil
}

// putAside takes a question of a role that nobody has taken out of one's own Needs reply.
// When all of its people have done so, it is closed without a mail.
func (k *Keeper) putAside(tx *store.Tx, i *Item, p *people.Person, now time.Time) error {
	list, err := tx.AskMembers(i.Ask.ID)
	if err != nil {
		return err
	}
	left := false
	for _, w := range list {
		if w.PersonID == p.ID {
			w.Aside = true
			if err := tx.PutAskMember(w); err != nil {
				return err
			}
			continue
		}
		other := k.person(w.PersonID)
		left = left || !w.Aside && other != nil && other.Active
	}
	if left {
		return k.show(tx, i, *i, now)
	}
	_, err = k.step(tx, i, threading.Event{Kind: threading.OnWaiver, At: now}, nil, nil)
	return err
}

// backToRole takes a question off its owner and leaves it to the others of the role, with
// the clock it has.
func (k *Keeper) backToRole(tx *store.Tx, i Item, p *people.Person, g *people.Group, now time.Time) error {
	list, err := tx.AskMembers(i.Ask.ID)
	if err != nil {
		return err
	}
	for _, w := range list {
		if w.PersonID == p.ID {
			w.Aside = true
			if err := tx.PutAskMember(w); err != nil {
				return err
			}
		}
	}
	before := i
	i.Ask.OwnerID, i.Ask.Owner, i.Ask.OwnerName = 0, g.Address.Key(), g.Name
	i.Ask.RecipientID, i.Ask.DeliveryID, i.Ask.ShownID, i.Ask.Changed = 0, 0, 0, now
	if err := k.write(tx, &i, before, now); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventAsk + BecauseGivenBack, MessageID: i.Ask.MessageID, PersonID: p.ID, AskID: i.Ask.ID,
		State: string(i.Clock.State), Detail: lineDetail{From: before.Clock.State, Owner: before.Ask.Owner}})
}

// LeaveRoles takes somebody who leaves the team out of the open questions of roles, and
// returns those that nobody else has.
func (k *Keeper) LeaveRoles(tx *store.Tx, p *people.Person, now time.Time) (alone []Item, err error) {
	if k == nil {
		return nil, nil
	}
	list, err := itemsOf(tx.RoleAsksOn(p.ID, maxList))
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		members, err := tx.AskMembers(i.Ask.ID)
		if err != nil {
			return nil, err
		}
		others := slices.ContainsFunc(members, func(w store.AskMember) bool {
			o := k.person(w.PersonID)
			return w.PersonID != p.ID && o != nil && o.Active && !w.Aside
		})
		if !others {
			if i, err = item(tx, i.Ask.ID); err != nil {
				return nil, err
			}
			alone = append(alone, i)
			continue
		}
		if err := tx.DropAskMember(i.Ask.ID, p.ID); err != nil {
			return nil, err
		}
		if err := k.put(tx, place{p.ID, store.KindNeedsReply, i.Ask.ShownID}, now); err != nil {
			return nil, err
		}
	}
	return alone, nil
}

// Taken returns the questions of roles that a person has got, that others of the role have
// taken or answered, and of which something became since an instant, in that order.
func Taken(tx *store.Tx, person int64, since time.Time) ([]Item, error) {
	return itemsOf(tx.RoleAsksTaken(person, since, maxList))
}

// RoleOf is the address of the role that an ask was put to, "" for none.
func (k *Keeper) RoleOf(i Item) string {
	if k == nil {
		return ""
	}
	if g := k.role(i.Ask.RoleID); g != nil {
		return g.Address.String()
	}
	return ""
}
