package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// keyWeekly is the meta key of the Monday whose letter the admin has got.
const keyWeekly = "weekly_letter"

// weeklyLook is how often somebody looks whether it is time, and tries again.
const weeklyLook = 5 * time.Minute

// tellWeekly writes to the admin at the beginning of each week, until ctx ends.
func (g *Gateway) tellWeekly(ctx context.Context) error {
	if !g.cfg.Server.WeeklyLetter || g.cfg.Server.Admin == "" {
		return nil
	}
	tick := time.NewTicker(weeklyLook)
	defer tick.Stop()
	for {
		if err := g.weekly(ctx, time.Now()); err != nil && ctx.Err() == nil {
			g.log.Warn("weekly letter to the admin; tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// weekly writes the letter of the week if now is the time and it was not written yet.
func (g *Gateway) weekly(ctx context.Context, now time.Time) error {
	calendar, err := g.adminCalendar(now)
	if err != nil {
		return err
	}
	monday, ok := weekBegins(calendar, now)
	if !ok {
		return nil
	}
	var told string
	if err := g.db.View(ctx, func(tx *store.Tx) (err error) { told, err = tx.Meta(keyWeekly); return err }); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if told == monday.String() {
		return nil
	}
	zone := calendar.Zone()
	since, until := scheduler.Wall{Date: monday.AddDays(-7)}.Instant(zone).At, scheduler.Wall{Date: monday}.Instant(zone).At
	r, err := g.adminReport(ctx, since, until)
	if err != nil {
		return err
	}
	to, err := mail.ParsePath(g.cfg.Server.Admin, true)
	if err != nil {
		return err
	}
	if err := g.tellOutside(ctx, mail.Mailbox{Address: to}, "Tidepost: the week of "+since.In(zone).Format("2 January"), weeklyText(r, zone), now); err != nil {
		return err
	}
	// A crash here has the letter written twice, which is better than never.
	return g.db.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(keyWeekly, monday.String()) })
}

// weekBegins returns the Monday of the week of now, if now is working time on the first
// day of that week on which there is any: a letter that could not be written on that day
// is none of a later one.
func weekBegins(s *scheduler.Schedule, now time.Time) (monday scheduler.Date, ok bool) {
	today := scheduler.DateOf(now.In(s.Zone()))
	monday = today.AddDays(-(int(today.Weekday()) + 6) % 7)
	for day := monday; day != today; day = day.AddDays(1) {
		if len(s.WorkingTime(day)) > 0 {
			return monday, false
		}
	}
	return monday, s.Working(now)
}

// adminCalendar is by whose hours the admin is written to: their own, if the address is
// the second one of somebody in the team; else the usual ones where most of the team is.
func (g *Gateway) adminCalendar(now time.Time) (*scheduler.Schedule, error) {
	all := g.dir.All()
	count, most := map[string]int{}, "UTC"
	for _, p := range all {
		if strings.EqualFold(p.Profile.SecondAddress, g.cfg.Server.Admin) {
			return p.Schedule(now), nil
		}
		count[p.Zone().String()]++
	}
	for _, p := range all { // In the order in which they came: the answer is always the same.
		if zone := p.Zone().String(); count[zone] > count[most] {
			most = zone
		}
	}
	return scheduler.Compile(people.DefaultProfile(most).Calendar)
}

// weeklyText is the letter: what there is to know, nothing about anybody but who needs help.
func weeklyText(r AdminReport, zone *time.Location) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "- "+format+"\n", args...) }
	fmt.Fprintf(&b, "%s to %s:\n\n", r.Since.In(zone).Format("Monday 2 January"), r.Until.In(zone).AddDate(0, 0, -1).Format("Monday 2 January"))
	line("%s sent, %d received; %s", several(r.Mail.Accepted, "mail"), r.Mail.Incoming, failedText(r.Mail))
	line("waiting now: %d to leave, %d to be tried again, %d for a delivery", r.Held, r.Deferred, r.Waiting)
	for _, q := range r.Questions {
		line("questions %s: %d", strings.ReplaceAll(q.State, "-", " "), q.Count)
	}
	if r.Bypassed > 0 {
		line("%s went past Tidepost; \"tidepost report bypass\" says with which programs", several(r.Bypassed, "mail"))
	}
	if r.Backup == nil {
		line("no backup is known: \"tidepost backup\"")
	} else {
		line("the newest backup is of %s", r.Backup.In(zone).Format("Monday 2 January, 15:04 MST"))
	}
	if r.Paused != "" {
		line("paused: %s", r.Paused)
	}
	if len(r.NeverOpened) > 0 {
		fmt.Fprintf(&b, "\nThey send mail but have never opened their folders, so they do not see what waits. Maybe they need a hand with setting up:\n\n%s\n",
			"  "+strings.Join(r.NeverOpened, "\n  "))
	}
	b.WriteString("\n\"tidepost report admin\" says more at any time; server.weekly_letter = false ends these letters.\n")
	return b.String()
}

func failedText(w store.Week) string {
	if w.Bounced+w.Expired == 0 {
		return "none came back"
	}
	return fmt.Sprintf("%s could not be delivered, and their authors know", several(w.Bounced+w.Expired, "copy", "copies"))
}

// several is "1 mail", "2 mails"; forms are the word for one, and for more if that is not
// the same with an s.
func several(n int, forms ...string) string {
	switch {
	case n == 1:
		return "1 " + forms[0]
	case len(forms) > 1:
		return fmt.Sprintf("%d %s", n, forms[1])
	}
	return fmt.Sprintf("%d %ss", n, forms[0])
}
