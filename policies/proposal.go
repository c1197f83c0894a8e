package policies

import "time"

// ReasonNoProposal: a problem is put, and nothing is proposed.
const ReasonNoProposal Reason = "no-proposal"

// noProposal finds problems that are handed over without a word on what their author
// would do.
func noProposal(in Input, _ time.Time) []Finding {
	read := in.Read()
	if read.Helpless == nil || read.Plan != nil || smallTalk(in) {
		return nil
	}
	return []Finding{{Reason: ReasonNoProposal, Action: Advise, Recipient: Everybody, Quote: read.Helpless.Text, Missing: []string{MissingProposal}, Text: read.Helpless.Because}}
}
