package imapd

import (
	"math"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/mail"
)

// envelope converts the stored ENVELOPE to the library's. The library formats the
// date anew, puts ids into brackets itself, and passes encoded words on as they are.
func envelope(e *mail.ImapEnvelope) *imap.Envelope {
	if e == nil {
		return &imap.Envelope{}
	}
	date, _ := e.Time()
	out := &imap.Envelope{
		Date:      date,
		Subject:   e.Subject,
		From:      addresses(e.From),
		Sender:    addresses(e.Sender),
		ReplyTo:   addresses(e.ReplyTo),
		To:        addresses(e.To),
		Cc:        addresses(e.Cc),
		Bcc:       addresses(e.Bcc),
		InReplyTo: mail.ScanIDs(e.InReplyTo),
	}
	if ids := mail.ScanIDs(e.MessageID); len(ids) > 0 {
		out.MessageID = ids[0]
	}
	return out
}

func addresses(list []mail.ImapAddress) []imap.Address {
	if list == nil {
		return nil
	}
	out := make([]imap.Address, len(list))
	for i, a := range list {
		out[i] = imap.Address{Name: a.Name, Mailbox: a.Mailbox, Host: a.Host}
	}
	return out
}

// structure converts a stored MIME tree to the library's BODYSTRUCTURE. What it
// cannot write, a multipart without parts, never leaves package mail; should one
// come from an older row it is shown as text.
func structure(p *mail.Part) imap.BodyStructure {
	if p == nil {
		p = &mail.Part{Type: "text", Subtype: "plain"}
	}
	if p.Type == "multipart" && len(p.Children) > 0 {
		out := &imap.BodyStructureMultiPart{
			Subtype: p.Subtype,
			Extended: &imap.BodyStructureMultiPartExt{
				Params: p.Params, Disposition: disposition(p), Language: p.Language, Location: p.Location,
			},
		}
		for _, c := range p.Children {
			out.Children = append(out.Children, structure(c))
		}
		return out
	}
	return singlePart(p)
}

func singlePart(p *mail.Part) *imap.BodyStructureSinglePart {
	out := &imap.BodyStructureSinglePart{
		Type: p.Type, Subtype: p.Subtype, Params: p.Params,
		ID: p.ID, Description: p.Description, Encoding: p.Encoding,
		Size: uint32(min(max(p.Size(), 0), math.MaxUint32)),
		Extended: &imap.BodyStructureSinglePartExt{
			Disposition: disposition(p), Language: p.Language, Location: p.Location,
		},
	}
	switch {
	case p.Message != nil:
		out.MessageRFC822 = &imap.BodyStructureMessageRFC822{
			Envelope: envelope(p.Message.Envelope), BodyStructure: structure(p.Message.Root), NumLines: p.Lines,
		}
	case p.Type == "multipart", isEmbedding(p):
		// The grammar wants more of these than there is (RFC 9051 §9, body-type-1part).
		out.Type, out.Subtype = "application", "octet-stream"
	case p.Type == "text":
		out.Text = &imap.BodyStructureText{NumLines: p.Lines}
	}
	if out.Type == "" || out.Subtype == "" {
		out.Type, out.Subtype, out.Text = "application", "octet-stream", nil
	}
	return out
}

// isEmbedding: message/rfc822 and message/global show an embedded message.
func isEmbedding(p *mail.Part) bool {
	return p.Type == "message" && (strings.EqualFold(p.Subtype, "rfc822") || strings.EqualFold(p.Subtype, "global"))
}

func disposition(p *mail.Part) *imap.BodyStructureDisposition {
	if p.Disposition == "" {
		return nil
	}
	return &imap.BodyStructureDisposition{Value: p.Disposition, Params: p.DispParams}
}
