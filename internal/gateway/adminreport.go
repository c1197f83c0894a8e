package gateway

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/reports"
	"tidepost/store"
)

// An AdminReport says how an installation does: counts, and no figure of anybody. Those
// it names send mail but have never found their folders.
type AdminReport struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	People      int             `json:"people"`
	Mail        store.Week      `json:"mail"`
	Held        int             `json:"held"`     // recipients
	Deferred    int             `json:"deferred"` // recipients
	Waiting     int             `json:"next_delivery"`
	Questions   []QuestionCount `json:"questions,omitempty"` // only figures of five people and more
	Policies    []PolicyCount   `json:"policies,omitempty"`
	Bypassed    int             `json:"bypassed"` // mails of our people that went past this server
	Backup      *time.Time      `json:"backup,omitempty"`
	Size        int64           `json:"size"`     // octets of the database, with what is in the log only
	Log         int64           `json:"log_size"` // octets of the write-ahead log, a file beside it
	Paused      string          `json:"paused,omitempty"`
	NeverOpened []string        `json:"never_opened,omitempty"` // addresses
}

// A QuestionCount is how many questions of the whole team stand so.
type QuestionCount struct {
	State string `json:"state"` // open (all of them), at-risk, overdue
	Count int    `json:"count"`
}

// A PolicyCount is how a policy of the coach does.
type PolicyCount struct {
	Policy      string `json:"policy"`
	Given       int    `json:"given"`
	FalseAlarms int    `json:"false_alarms"`
}

// SettingUp is how long somebody may send mail before it counts that they have not opened
// their folders.
const SettingUp = 24 * time.Hour

// AdminReport counts.
func (d *Desk) AdminReport(ctx context.Context, since, until time.Time) (AdminReport, error) {
	return d.gateway.adminReport(ctx, since, until)
}

func (g *Gateway) adminReport(ctx context.Context, since, until time.Time) (AdminReport, error) {
	r := AdminReport{Since: since.UTC(), Until: until.UTC(), People: len(g.dir.All())}
	var passed []store.Passages
	var census store.Census
	var never []int64
	err := g.db.View(ctx, func(tx *store.Tx) (err error) {
		if r.Mail, err = tx.WeekOf(since, until); err != nil {
			return err
		}
		if never, err = tx.NeverOpened(until.Add(-SettingUp)); err != nil {
			return err
		}
		if passed, err = tx.PassagesSince(since); err != nil {
			return err
		}
		if r.Size, err = tx.Octets(); err != nil {
			return err
		}
		census, err = tx.Census()
		return err
	})
	if err != nil {
		return r, err
	}
	r.Held, r.Deferred, r.Waiting = census.Recipients[store.Held].Count, census.Recipients[store.Deferred].Count, census.Deliveries.Count
	for _, state := range questionStates() {
		if q := census.Questions[state]; q.People >= reports.Least {
			r.Questions = append(r.Questions, QuestionCount{state, q.Count})
		}
	}
	for _, p := range passed {
		if p.Kind == store.PassageBypass {
			r.Bypassed += p.N
		}
	}
	for policy, v := range census.Advice {
		r.Policies = append(r.Policies, PolicyCount{policy, v.Given, v.FalseAlarms})
	}
	slices.SortFunc(r.Policies, func(a, b PolicyCount) int { return strings.Compare(a.Policy, b.Policy) })
	for _, id := range never {
		if p, ok := g.dir.ByID(id); ok {
			r.NeverOpened = append(r.NeverOpened, p.Address.String())
		}
	}
	if at, ok, err := LastBackup(g.cfg.Server.Data); err == nil && ok {
		r.Backup = &at
	}
	if info, err := os.Stat(g.db.Path() + "-wal"); err == nil {
		r.Log = info.Size()
	}
	if _, back := g.dir.RolledBack(); back {
		r.Paused = "for good: rolled back"
	} else if end, paused := g.dir.TeamPaused(until); paused {
		r.Paused = people.Until(end, time.UTC, until)
	}
	return r, nil
}

// questionStates are the figures of questions there are.
func questionStates() []string { return []string{"open", "at-risk", "overdue"} }
