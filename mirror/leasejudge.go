package mirror

import (
	"slices"
	"time"

	"tidepost/remote"
)

// Who tends an account. An installation is a database; a copy of the database is the same
// installation, so each process has an instance of its own besides, which is stored nowhere
// but in its letter and in a file that a copy does not share (instance.go).
//
//   - Another installation's letter counts for a day. Then it is gone for good.
//   - A letter of another instance of ours is that of a process that has ended, or of a
//     copy that runs. Who does not know which puts a claim beside it and waits. Who tends
//     looks every few seconds, and answers a claim with a new letter. Without an answer
//     the account is the claimant's.
//   - Of letters that came at the same time the one with the lower UID counts.
const (
	// leaseRenew is how old our letter gets, leaseOver when that of another counts no more,
	// and leaseLook how often we look where the server does not say whether anything is new.
	leaseRenew = 6 * time.Hour
	leaseOver  = 24 * time.Hour
	leaseLook  = 5 * time.Minute
	// leaseAsk is how long long work goes on without asking whether there are letters.
	leaseAsk = 15 * time.Second
	// claimTime is how long a claim waits for its answer, claimOver when one that nobody
	// followed counts no more.
	claimTime = time.Minute
	claimOver = 5 * time.Minute
)

// The states of a letter.
const (
	stateHolds = "holds"
	stateClaim = "claims"
)

// A lease is such a letter.
type lease struct {
	uid      remote.UID
	who      string // the installation
	when     time.Time
	instance string // "": of an earlier version
	state    string
	machine  string
}

// A claimant is who asks.
type claimant struct {
	who, instance string
	dead          map[string]bool // instances that ran before us, and have ended
}

// A leaseStep is what is to be done about the letters.
type leaseStep string

// The steps.
const (
	holdLease  leaseStep = "hold"       // it is ours
	renewLease leaseStep = "renew"      // it is, and is to be said again
	takeLease  leaseStep = "take"       // it is from now on
	claimLease leaseStep = "claim"      // somebody may be there: ask
	waitLease  leaseStep = "wait"       // for the answer
	standBack  leaseStep = "stand back" // it is another's
)

// A verdict is what follows from the letters.
type verdict struct {
	do     leaseStep
	since  time.Time    // holdLease: when our letter was written
	other  lease        // standBack: whose it is
	remove []remote.UID // letters that count no more
}

// judgeLease says what follows from the letters, which are in the order of their UIDs.
func judgeLease(all []lease, self claimant, now time.Time) verdict {
	fresh := func(l lease) bool {
		if l.state == stateClaim {
			return now.Sub(l.when) < claimOver
		}
		return now.Sub(l.when) < leaseOver
	}
	var mine, claim *lease
	var holders, claims, ours []lease // of other instances; of ours and of the dead
	for i, l := range all {
		switch {
		case l.who != self.who && l.state != stateClaim && fresh(l):
			return verdict{do: standBack, other: l, remove: uidsBy(all, self.instance)}
		case l.who != self.who:
		case l.instance == self.instance && l.state == stateClaim:
			claim, ours = &all[i], append(ours, l)
		case l.instance == self.instance:
			mine, ours = &all[i], append(ours, l)
		case l.instance == "" || self.dead[l.instance] || !fresh(l):
			ours = append(ours, l)
		case l.state == stateClaim:
			claims = append(claims, l)
		default:
			holders = append(holders, l)
		}
	}
	if mine != nil {
		return keepLease(*mine, holders, claims, ours, now)
	}
	if len(holders) == 0 && !slices.ContainsFunc(claims, func(l lease) bool { return claim == nil || l.uid < claim.uid }) {
		return verdict{do: takeLease, remove: uidsOfLeases(ours)}
	}
	if claim == nil {
		return verdict{do: claimLease}
	}
	for _, l := range claims {
		if l.uid < claim.uid {
			return verdict{do: standBack, other: l, remove: []remote.UID{claim.uid}}
		}
	}
	for _, l := range holders {
		if l.uid > claim.uid { // It has answered.
			return verdict{do: standBack, other: l, remove: []remote.UID{claim.uid}}
		}
	}
	if now.Sub(claim.when) < claimTime {
		return verdict{do: waitLease}
	}
	return verdict{do: takeLease, remove: append(uidsOfLeases(ours), uidsOfLeases(holders)...)}
}

// keepLease is the verdict of who has a letter there.
func keepLease(mine lease, holders, claims, ours []lease, now time.Time) verdict {
	for _, l := range holders {
		if l.uid < mine.uid {
			return verdict{do: standBack, other: l, remove: uidsBy(ours, mine.instance)}
		}
	}
	claimed := slices.ContainsFunc(claims, func(l lease) bool { return l.uid > mine.uid })
	if claimed || now.Sub(mine.when) >= leaseRenew {
		return verdict{do: renewLease, remove: uidsOfLeases(ours)}
	}
	return verdict{do: holdLease, since: mine.when}
}

func uidsOfLeases(all []lease) (out []remote.UID) {
	for _, l := range all {
		out = append(out, l.uid)
	}
	return out
}

// uidsBy are the letters of one instance.
func uidsBy(all []lease, instance string) (out []remote.UID) {
	for _, l := range all {
		if l.instance == instance {
			out = append(out, l.uid)
		}
	}
	return out
}
