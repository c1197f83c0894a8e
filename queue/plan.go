package queue

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// A Rule says how a release time is computed.
type Rule string

// The rules there are.
const (
	RuleNow      Rule = "now"      // at once: pass list, urgent, devices, hold off, the reader's own wish
	RuleFree     Rule = "free"     // nothing holds it; it only waits for the undo time
	RuleHours    Rule = "hours"    // the reader's next working moment
	RuleAuthor   Rule = "author"   // the author's hours: a domain elsewhere that was opted in
	RuleBatch    Rule = "batch"    // the reader's next delivery: a reply to all in a storm
	RuleTogether Rule = "together" // the first moment common to the readers of With
	RuleTime     Rule = "time"     // Wall in Zone, as the author said
	RuleInstant  Rule = "instant"  // At, as the author said: FUTURERELEASE, "in 2h"
	RuleOpening  Rule = "opening"  // the reader's first opening from Wall in Zone on
	RuleFailed   Rule = "failed"   // the policies failed: waits for its author, Cap at most
)

// Reasons that are neither a policy's nor a calendar's.
const (
	whyOutside  = "outside"
	whySelf     = "self"
	whyOff      = "hold-off"
	whyPaused   = "paused"
	whyFuture   = "future-release"
	whyFolder   = "folder"
	whyFailed   = "policy-failed"
	whyDryRun   = "dry-run"
	whyCoach    = "advice"
	whyAway     = "away" // the reader is on leave: it is put into While away
	whyStorm    = "storm"
	whyVacation = "vacation"
)

// A Plan is why a recipient's release time is what it is, and all that is needed to
// compute it anew: the wish as wall time and zone, never only the instant.
type Plan struct {
	Rule    Rule            `json:"rule"`
	Why     string          `json:"why,omitempty"` // a policies.Reason, a scheduler.Reason or one of the queue's
	From    time.Time       `json:"from"`          // counted from: accepted, or moved
	Floor   time.Time       `json:"floor,omitzero"`
	Coach   time.Time       `json:"coach,omitzero"` // not before: its author has advice to read
	At      time.Time       `json:"at,omitzero"`
	Wall    *scheduler.Wall `json:"wall,omitempty"`
	Zone    string          `json:"zone,omitempty"`
	With    []int64         `json:"with,omitempty"`   // people, of RuleTogether
	Spread  int             `json:"spread,omitempty"` // seconds added, of mail to the outside
	Gap     bool            `json:"gap,omitempty"`    // Wall does not exist
	Overlap bool            `json:"overlap,omitempty"`
	Capped  bool            `json:"capped,omitempty"`
	DryRun  time.Time       `json:"dry_run,omitzero"` // when it would have left
}

// explicit reports whether the author asked for the time: the hours are not looked
// at again when it is late.
func (p Plan) explicit() bool {
	return p.Rule == RuleTime || p.Rule == RuleInstant || p.Rule == RuleNow || p.Rule == RuleFailed
}

// atOnce reports whether the plan lets the mail go at now, whatever the calendars say.
func (p Plan) atOnce(now time.Time) bool {
	return (p.Rule == RuleNow || p.Rule == RuleFree) && p.Spread == 0 && !p.Floor.After(now) && !p.Coach.After(now)
}

func (p Plan) encode() json.RawMessage {
	b, err := json.Marshal(p)
	if err != nil { // cannot be: every field is plain
		return json.RawMessage(`{}`)
	}
	return b
}

func decodePlan(raw json.RawMessage) (Plan, error) {
	var p Plan
	if len(raw) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("read plan: %w", err)
	}
	return p, nil
}

// A party is who a release time depends on.
type party struct {
	author *people.Person // nil: removed, or Tidepost itself
	reader *people.Person // nil: elsewhere
	domain string         // of the recipient
}

// plans decides every recipient's plan from the verdicts of the policies.
func (q *Queue) plans(in *intake) []Plan {
	out := make([]Plan, len(in.verdicts))
	for i, v := range in.verdicts {
		out[i] = q.planOne(in, v, in.party(i))
	}
	q.planTogether(in, out)
	return out
}

// planOne is an ordered list: the first line that fits decides.
func (q *Queue) planOne(in *intake, v policies.Verdict, who party) Plan {
	p := Plan{From: in.now}
	undo := in.now.Add(q.o.Undo)
	mode := q.holdMode(in.author)
	_, paused := q.people.Paused(in.author, in.now)
	switch {
	case in.failed && !in.device:
		p.Rule, p.Why = RuleFailed, whyFailed
	case v.Urgent != "":
		p.Rule, p.Why = RuleNow, "urgent-"+string(v.Urgent)
	case v.When != nil:
		p = planWhen(p, *v.When, in.author)
		p.Floor = undo
	case !in.env.HoldUntil.IsZero():
		p.Rule, p.Why, p.At = RuleInstant, whyFuture, in.env.HoldUntil.UTC()
	case in.device:
		p.Rule, p.Why = RuleNow, string(policies.ReasonDevice)
	case v.Now:
		p.Rule, p.Why, p.Floor = RuleFree, string(policies.ReasonTagNow), undo
	case v.Pass != "":
		p.Rule, p.Why = RuleNow, string(v.Pass)
	case mode == people.Off:
		p.Rule, p.Why = RuleNow, whyOff
	case paused && mode == people.On:
		p.Rule, p.Why, p.Floor = RuleFree, whyPaused, undo
	case who.reader == nil && !slices.Contains(q.o.OutsideDomains, who.domain):
		p.Rule, p.Why, p.Floor = RuleFree, whyOutside, undo
	case who.reader != nil && who.reader.ID == in.author.ID:
		p.Rule, p.Why, p.Floor = RuleFree, whySelf, undo
	case who.reader == nil:
		p.Rule, p.Floor, p.Spread = RuleAuthor, undo, q.spread()
	case q.inStorm(in):
		p.Rule, p.Why, p.Floor = RuleBatch, whyStorm, undo
	default:
		p.Rule, p.Floor = RuleHours, undo
	}
	if mode == people.DryRun && (p.Rule == RuleHours || p.Rule == RuleBatch || p.Rule == RuleAuthor || p.Rule == RuleFree) {
		m := q.moment(p, who, in.now)
		p = Plan{Rule: RuleNow, Why: whyDryRun, From: in.now, DryRun: m.At}
	}
	return p
}

// zoneOfWall names the zone on whose clock the author means a wall time: at home, or
// where they stay then.
func zoneOfWall(author *people.Person, w scheduler.Wall) string {
	if len(author.Profile.Calendar.Stays) == 0 {
		return author.Profile.Calendar.Zone
	}
	return author.ZoneName(w.Instant(author.Zone()).At)
}

// planWhen keeps an explicit time as it was meant.
func planWhen(p Plan, w scheduler.When, author *people.Person) Plan {
	p.Why, p.Zone = string(policies.ReasonTagTime), author.Profile.Calendar.Zone
	if w.Kind != scheduler.WhenElapsed {
		wall := w.Wall
		if w.Kind == scheduler.WhenOpening {
			wall = scheduler.Wall{Date: w.Day}
		}
		p.Zone = zoneOfWall(author, wall)
	}
	switch w.Kind {
	case scheduler.WhenElapsed:
		p.Rule, p.At = RuleInstant, w.At
	case scheduler.WhenOpening:
		p.Rule, p.Wall = RuleOpening, &scheduler.Wall{Date: w.Day}
	default:
		wall := w.Wall
		p.Rule, p.Wall, p.Gap, p.Overlap = RuleTime, &wall, w.Gap, w.Overlap
	}
	return p
}

// planTogether lets the readers who are to read together wait for each other, if
// they have a common moment within a working day (of 24 hours); else nobody waits.
func (q *Queue) planTogether(in *intake, plans []Plan) {
	var with []int64
	for i, p := range plans {
		if in.verdicts[i].Together && p.Rule == RuleHours && in.inTo(i) {
			with = append(with, in.readers[i].ID)
		}
	}
	if len(with) < 2 {
		return
	}
	slices.Sort(with)
	with = slices.Compact(with)
	if _, ok := q.common(with, in.now); !ok {
		return
	}
	for i := range plans {
		if in.verdicts[i].Together && plans[i].Rule == RuleHours && in.inTo(i) {
			plans[i].Rule, plans[i].With = RuleTogether, with
		}
	}
}

// common returns the first moment common to people.
func (q *Queue) common(ids []int64, now time.Time) (time.Time, bool) {
	var all []*scheduler.Schedule
	for _, id := range ids {
		if p, ok := q.people.ByID(id); ok && p.Active {
			all = append(all, p.Schedule(now))
		}
	}
	return scheduler.Together(now, all, 1, q.o.Cap)
}

// moment computes when a plan releases, as of now: the zone data, calendars and
// people of this moment. The answer may lie in the past. Its reason is p.Why unless
// a calendar has a better one.
func (q *Queue) moment(p Plan, who party, now time.Time) scheduler.Moment {
	m := scheduler.Moment{At: p.From, Reason: scheduler.Reason(p.Why)}
	hold := max(p.From.Add(q.o.Cap).Sub(now), 0)
	switch p.Rule {
	case RuleHours:
		if who.reader != nil {
			m = q.opens(who.reader, hold, now)
		}
	case RuleBatch:
		if who.reader != nil {
			m = q.batch(p, who.reader, hold, now)
		}
	case RuleAuthor:
		if who.author != nil {
			m = who.author.Schedule(now).Release(now, q.o.Grace, hold)
		}
	case RuleTogether:
		if at, ok := q.common(p.With, now); ok && at.Before(now.Add(hold)) {
			m.At, m.Reason = at, scheduler.Reason(policies.ReasonTogether)
		} else if who.reader != nil {
			m = q.opens(who.reader, hold, now)
		}
	case RuleTime:
		m.At = p.Wall.Instant(zoneOf(p.Zone)).At
	case RuleInstant:
		m.At = p.At
	case RuleOpening:
		m.At = opening(p, who, now)
	case RuleFailed:
		m.At = p.From.Add(q.o.Cap)
	}
	if m.At.Before(p.Floor) {
		m.At = p.Floor
	}
	if m.At.Before(p.Coach) {
		m.At, m.Reason = p.Coach, whyCoach
	}
	m.At = m.At.Add(time.Duration(p.Spread) * time.Second).UTC()
	return m
}

// opening is the reader's first opening from the wished day on; somebody elsewhere
// has the author's hours. Who never opens is not waited for.
func opening(p Plan, who party, now time.Time) time.Time {
	from := p.Wall.Instant(zoneOf(p.Zone)).At
	if from.Before(p.From) {
		from = p.From
	}
	reader := who.reader
	if reader == nil {
		reader = who.author
	}
	if reader == nil {
		return from
	}
	s := reader.Schedule(now)
	if at, ok := s.NextOpening(from); ok {
		return at
	}
	if at, ok := s.OpeningWithoutLeave(from); ok {
		return at
	}
	return from
}

// zoneOf loads the zone of a plan. It was valid when it was stored; zone data that
// went away since must not stop the mail.
func zoneOf(name string) *time.Location {
	z, err := scheduler.LoadZone(name)
	if err != nil {
		return time.UTC
	}
	return z
}

// spread draws how many seconds later than planned a release to the outside is.
func (q *Queue) spread() int {
	if q.o.Jitter == nil || q.o.Spread < time.Second {
		return 0
	}
	q.rngMu.Lock()
	defer q.rngMu.Unlock()
	return q.o.Jitter.IntN(int(q.o.Spread / time.Second))
}

// holdMode is the author's switch, or the team's.
func (q *Queue) holdMode(author *people.Person) people.Switch {
	if _, back := q.people.RolledBack(); back {
		return people.Off
	}
	if author == nil {
		return q.o.Mode
	}
	return author.Profile.Hold.Or(q.o.Mode)
}

// partyOf finds who a stored recipient's time depends on.
func (q *Queue) partyOf(s store.Submission, r store.Recipient) party {
	who := party{domain: addressOf(r.Address).Domain}
	if p, ok := q.people.ByID(s.AuthorID); ok {
		who.author = p
	}
	if p, ok := q.people.ByID(r.PersonID); ok && p.Active {
		who.reader = p
	} else if p, _, ok := q.people.ByAddress(addressOf(r.Address)); ok && r.PersonID == 0 {
		who.reader = p // Whose mailbox is at the provider.
	}
	return who
}

// addressOf splits a stored address, which was checked when it came.
func addressOf(s string) mail.Address {
	a, err := mail.ParsePath(s, true)
	if err != nil {
		return mail.Address{Local: s}
	}
	return a
}
