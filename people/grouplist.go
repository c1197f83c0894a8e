package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/store"
)

// RemoveGroup forgets a group, or a role. What is open in a role and was taken by nobody
// must be nobody's business any more: check is asked first, in the same transaction.
func (e *Editor) RemoveGroup(ctx context.Context, role bool, address string, now time.Time, check func(*store.Tx, int64) error) error {
	err := e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openGroups(tx)
		if err != nil {
			return err
		}
		row, err := b.find(role, address)
		if err != nil {
			return err
		}
		for _, g := range b.byID {
			if len(g.Members) == 1 && g.Members[0].InnerID == row.ID {
				return fmt.Errorf("it is the only member of %s: change or remove that first", g.Address)
			}
		}
		if check != nil {
			if err := check(tx, row.ID); err != nil {
				return err
			}
		}
		if err := tx.RemoveShared(row.ID); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventGroupRemoved, Detail: map[string]any{"address": row.Address, "kind": kindOf(row)}})
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", address, err)
	}
	return nil
}

// ListGroups returns all groups, or all roles, in the order of their addresses.
func (e *Editor) ListGroups(ctx context.Context, role bool) ([]GroupEntry, error) {
	out := []GroupEntry{}
	err := e.db.View(ctx, func(tx *store.Tx) error {
		b, err := openGroups(tx)
		if err != nil {
			return err
		}
		for _, g := range b.byID {
			if g.Role == role {
				out = append(out, b.entry(g))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	slices.SortFunc(out, func(a, b GroupEntry) int { return strings.Compare(a.Address, b.Address) })
	return out, nil
}

// Group returns one group, or one role. store.ErrNotFound.
func (e *Editor) Group(ctx context.Context, role bool, address string) (GroupEntry, error) {
	var out GroupEntry
	err := e.db.View(ctx, func(tx *store.Tx) error {
		b, err := openGroups(tx)
		if err != nil {
			return err
		}
		row, err := b.find(role, address)
		if err == nil {
			out = b.entry(row)
		}
		return err
	})
	return out, err
}

func (b *groupBook) entry(row store.Shared) GroupEntry {
	e := GroupEntry{ID: row.ID, Address: row.Address, Aliases: row.Aliases, Kind: kindOf(row), Name: row.Name, Senders: row.Senders, Members: []string{},
		Reaches: b.reach(row), Owner: b.people[row.OwnerID].Address, Zone: row.Zone, Created: row.Created}
	for _, m := range row.Members {
		switch {
		case m.PersonID != 0:
			e.Members = append(e.Members, b.people[m.PersonID].Address)
		case m.InnerID != 0:
			e.Members = append(e.Members, b.byID[m.InnerID].Address)
		default:
			e.Members = append(e.Members, m.Address)
		}
	}
	if r, err := decodeRota(row.Rota); err == nil && !r.IsZero() {
		e.Rota = r.format(func(id int64) string { return b.people[id].Address })
	}
	if row.FirstReply > 0 {
		e.FirstReply = strings.TrimSuffix(row.FirstReply.String(), "0s")
		e.FirstReply = strings.TrimSuffix(e.FirstReply, "0m")
	}
	return e
}

// reach lists who gets the mail of a group in the end: addresses, each once.
func (b *groupBook) reach(row store.Shared) []string {
	out, seen := []string{}, map[int64]bool{}
	var walk func(g store.Shared)
	walk = func(g store.Shared) {
		if seen[g.ID] && g.ID != 0 {
			return
		}
		seen[g.ID] = true
		for _, m := range g.Members {
			a := m.Address
			if m.InnerID != 0 {
				walk(b.byID[m.InnerID])
				continue
			}
			if m.PersonID != 0 {
				p := b.people[m.PersonID]
				if !p.Active {
					continue
				}
				a = p.Address
			}
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	walk(row)
	return out
}
