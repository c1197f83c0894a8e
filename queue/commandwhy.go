package queue

import (
	"strings"

	"tidepost/commands"
)

// why says of a mail why it waits: of one's own that is held, of one to oneself that
// comes with a delivery. The mail is named, or the one that is replied to.
func (d *doing) why(c commands.Command) error {
	mids := parents(d.in.facts)
	if c.Value != "" {
		mids = []string{strings.Trim(c.Value, "<>")}
	}
	for _, mid := range mids {
		found, err := d.whyMail(mid)
		if err != nil || found {
			return err
		}
	}
	if len(mids) == 0 {
		d.back = append(d.back, "Which mail? Reply to it, to me alone, with the word *why*; or write *why* and its Message-ID. The timetable on top of `Scheduled` gives the reason for each mail that waits.")
		return nil
	}
	d.back = append(d.back, "I know no mail of yours with that Message-ID that waits or waited here.")
	return nil
}

// whyMail answers for one Message-ID. Only mail of the person is known: what they sent,
// and what was sent to them.
func (d *doing) whyMail(mid string) (bool, error) {
	lines, err := d.q.WhyMail(d.tx, d.in.author, mid, d.in.now)
	if err != nil || len(lines) == 0 {
		return false, err
	}
	d.say(strings.Join(lines, "\n"))
	return true, nil
}
