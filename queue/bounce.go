package queue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"tidepost/dsn"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A failure is what the author may have to be told of one recipient.
type failure struct {
	r   store.Recipient
	dsn dsn.Recipient
}

func reportOf(r store.Recipient, res Result, action dsn.Action) *failure {
	return &failure{r: r, dsn: dsn.Recipient{
		Recipient: mail.Recipient{Address: addressOf(r.Address), Notify: r.Notify, ORcpt: r.ORcpt},
		Action:    action, Reply: res.Reply, Said: res.Said, Remote: res.Remote,
	}}
}

// relayedReport is the success report that is ours to write, because the next server
// makes none (RFC 3461 §5.2.2).
func relayedReport(r store.Recipient, res Result) *failure {
	if res.DSN || !dsn.Wanted(dsn.Relayed, r.Notify) {
		return nil
	}
	return reportOf(r, res, dsn.Relayed)
}

func failedReport(r store.Recipient, res Result) *failure  { return reportOf(r, res, dsn.Failed) }
func expiredReport(r store.Recipient, res Result) *failure { return reportOf(r, res, dsn.Expired) }

// delayedReport tells of a delay once, after DelayedNotice.
func (q *Queue) delayedReport(r *store.Recipient, res Result, now time.Time) *failure {
	if r.ToldDelayed || now.Sub(r.Released) < q.o.DelayedNotice || !dsn.Wanted(dsn.Delayed, r.Notify) {
		return nil
	}
	r.ToldDelayed = true
	f := reportOf(*r, res, dsn.Delayed)
	f.dsn.RetryTo = r.Released.Add(q.o.GiveUp)
	return f
}

// bounce files one report about everything that an attempt settled in the author's
// INBOX, or sends it back if the mail was only passed on. Mail with the null reverse-path gets none (RFC 5321 §4.5.5), only a line in
// the ledger.
func (q *Queue) bounce(tx *store.Tx, s store.Submission, m store.Message, list []failure, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	to, why := q.reportTo(s)
	back := to == nil && s.ReversePath != "" && decodeLetter(s.Plan).Passed // To somebody who is nobody here.
	if to == nil && !back {
		return tx.AddEvent(store.Event{At: now, Kind: evUnreported, SubmissionID: s.ID, Detail: detail{"recipients": len(list), "why": why}})
	}
	mid, err := mail.NewMessageID(q.random(), q.o.mainDomain())
	if err != nil {
		return fmt.Errorf("report on submission %d: %w", s.ID, err)
	}
	zone := time.UTC
	if to != nil {
		zone = to.Zone()
	}
	report := dsn.Report{
		From: mail.Mailbox{Name: "Mail system", Address: mail.Address{Local: "postmaster", Domain: q.o.mainDomain()}},
		To:   addressOfPath(s.ReversePath), MessageID: mid, Now: now.In(zone), Reporting: q.o.Hostname,
		EnvID: s.EnvID, Ret: s.Ret, Arrival: s.Accepted, UTF8: to != nil || s.UTF8, Head: m.Head, Body: q.smallBody(s, m),
	}
	for _, f := range list {
		f.dsn.Last = now
		report.Recipients = append(report.Recipients, f.dsn)
	}
	head, body, err := dsn.Build(report, q.random())
	if err != nil || head == nil {
		return err
	}
	reader := int64(0)
	if back {
		err = q.reportBack(tx, s, head, body, now)
	} else {
		reader = to.ID
		_, err = q.inbox.PutRaw(tx, to, store.KindInbox, head, body, now)
	}
	if err != nil {
		return fmt.Errorf("report on submission %d: %w", s.ID, err)
	}
	return tx.AddEvent(store.Event{At: now, Kind: evReport, SubmissionID: s.ID, PersonID: reader, Detail: detail{"mid": mid, "action": list[0].dsn.Action, "recipients": len(list)}})
}

// reportTo says who gets reports on a submission; nil and why if nobody does.
func (q *Queue) reportTo(s store.Submission) (to *people.Person, why string) {
	if s.ReversePath == "" {
		return nil, "null sender"
	}
	if to := q.authorOf(s); to != nil {
		return to, ""
	}
	if to := q.ownerOf(s); to != nil {
		return to, ""
	}
	return nil, "the author has left"
}

// maxReported bounds the body that goes back with RET=FULL; dsn cuts it anyway.
const maxReported = 50 << 10

// smallBody reads the body for a report that wants it. A report without it is better
// than none.
func (q *Queue) smallBody(s store.Submission, m store.Message) []byte {
	if s.Ret != "FULL" || m.Size > maxReported {
		return nil
	}
	body := q.db.OpenBody(context.Background(), m)
	defer body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, body); err != nil {
		return nil
	}
	return b.Bytes()
}

// reportLocal is the success report for a colleague: mail that reached a mailbox
// here is delivered.
func (q *Queue) reportLocal(tx *store.Tx, f *flight, l *leaving, now time.Time) error {
	if !dsn.Wanted(dsn.Delivered, l.r.Notify) {
		return nil
	}
	ok := Result{Reply: mail.Reply{Code: 250, Enhanced: [3]int{2, 1, 5}, Text: "Delivered"}}
	return q.bounce(tx, f.sub, f.rendition, []failure{*reportOf(l.r, ok, dsn.Delivered)}, now)
}

// reportGone is the report for a colleague who has left.
func (q *Queue) reportGone(tx *store.Tx, f *flight, l *leaving, now time.Time) error {
	res := Result{Reply: mail.Reply{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "This person has left the team"}}
	return q.bounce(tx, f.sub, f.rendition, []failure{*reportOf(l.r, res, dsn.Failed)}, now)
}
