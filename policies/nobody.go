package policies

import "time"

// ReasonNobodyNamed: several people are asked, and nobody is named.
const ReasonNobodyNamed Reason = "nobody-named"

// nobodyNamed finds what somebody should do, where nobody knows that it is him.
func nobodyNamed(in Input, _ time.Time) []Finding {
	read := in.Read()
	if read.Nobody == nil || smallTalk(in) {
		return nil
	}
	f := Finding{Reason: ReasonNobodyNamed, Action: Advise, Recipient: Everybody, Quote: read.Nobody.Text, Missing: []string{MissingWho}, Text: read.Nobody.Because}
	if read.CTA.Value != "full" {
		f.Missing = append(f.Missing, MissingWhen)
	}
	return []Finding{f}
}
