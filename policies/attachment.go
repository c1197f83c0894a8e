package policies

import (
	"time"

	"tidepost/intent"
)

// The reasons of the attachment policy.
const (
	ReasonAttachmentMissing Reason = "attachment-missing"
	ReasonLinkMissing       Reason = "link-missing"
)

// attachment finds files and links that are named and missing. It looks at short
// replies as well: nothing is guessed, and without the file the mail is worth nothing.
func attachment(in Input, _ time.Time) []Finding {
	read := in.Read()
	if st := read.Attachment; st.Value == intent.AttachmentMissing {
		return []Finding{{Reason: ReasonAttachmentMissing, Action: Advise, Recipient: Everybody, Quote: st.Text, Text: first(st.Because), Missing: []string{MissingAttachment}}}
	}
	if st := read.Link; st.Value == intent.AttachmentMissing {
		return []Finding{{Reason: ReasonLinkMissing, Action: Advise, Recipient: Everybody, Quote: st.Text, Text: first(st.Because), Missing: []string{MissingLink}}}
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
