package inbox

import (
	"slices"

	"tidepost/mail"
	"tidepost/policies"
)

// stormLook is how many mails of a thread are looked at.
const stormLook = 30

// isStorm reports whether mail from outside is a reply to all on top of too many others in
// its thread.
func (q *question) isStorm() bool {
	many := policies.StormPeople(q.team)
	if q.Author != nil || !q.Facts.IsReply || len(q.Facts.To)+len(q.Facts.Cc) < many || q.Message.ThreadID == 0 {
		return false
	}
	list, _, err := q.tx.ThreadMail(q.Message.ThreadID, stormLook)
	q.note(err)
	seen := []string{q.Message.MID}
	replies := 1
	for _, m := range list {
		if q.At.Sub(m.Created) > policies.StormWindow || slices.Contains(seen, m.MID) {
			continue
		}
		seen = append(seen, m.MID)
		f := mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{})
		if f.IsReply && len(f.To)+len(f.Cc) >= many {
			replies++
		}
	}
	return replies >= policies.StormReplies
}
