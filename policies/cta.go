package policies

import "time"

// ReasonNoAction: something is wanted, and it is not said what.
const ReasonNoAction Reason = "no-action"

// callToAction finds mail that wants something done and does not say what: its
// readers would have to ask back before they could begin. Mail that is clear and
// only names no day is left alone.
func callToAction(in Input, _ time.Time) []Finding {
	read := in.Read()
	if read.Hollow == nil || smallTalk(in) {
		return nil
	}
	f := Finding{Reason: ReasonNoAction, Action: Advise, Recipient: Everybody, Quote: read.Hollow.Text, Missing: []string{MissingWhat}, Text: read.Hollow.Because}
	if len(in.Facts.To) > 1 && read.Nobody == nil {
		f.Missing = append(f.Missing, MissingWho)
	}
	if read.CTA.Value != "full" {
		f.Missing = append(f.Missing, MissingWhen)
	}
	return []Finding{f}
}
