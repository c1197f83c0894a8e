package people

import (
	"slices"

	"tidepost/store"
)

// LeaveGroups takes somebody who leaves the team out of all groups, roles and rotas, or
// puts another in their place; 0: nobody. It returns the addresses that changed.
func LeaveGroups(tx *store.Tx, person, by int64) ([]string, error) {
	list, err := tx.SharedAddresses()
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, g := range list {
		done, err := giveUp(&g, person, by)
		if err != nil {
			return nil, err
		}
		if !done {
			continue
		}
		if err := tx.UpdateShared(g); err != nil {
			return nil, err
		}
		changed = append(changed, g.Address)
	}
	return changed, nil
}

// giveUp takes somebody out of one group. It reports whether anything changed.
func giveUp(g *store.Shared, person, by int64) (changed bool, err error) {
	there := slices.ContainsFunc(g.Members, func(m store.SharedMember) bool { return m.PersonID == by && by != 0 })
	var members []store.SharedMember
	for _, m := range g.Members {
		if m.PersonID == person {
			changed = true
			if by == 0 || there {
				continue
			}
			m.PersonID = by
		}
		members = append(members, m)
	}
	g.Members = members
	if g.OwnerID == person {
		g.OwnerID, changed = by, true
	}
	r, err := decodeRota(g.Rota)
	if err != nil {
		return changed, nil // Nobody is on duty by a rota that cannot be read.
	}
	to := by
	if slices.Contains(r.People(), by) { // Who takes over has turns of their own already.
		to = 0
	}
	if r.replace(person, to) {
		changed = true
		g.Rota, err = r.encode()
	}
	return changed, err
}
