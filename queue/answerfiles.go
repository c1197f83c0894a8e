package queue

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"tidepost/mail"
)

// maxCarried bounds the files of a reply to a digest that are passed on, in octets.
const maxCarried = 20 << 20

// carryFiles gives the files of a reply to the one mail that it makes. If it makes
// several nobody can tell whose they are, and the author hears so.
func (q *Queue) carryFiles(ctx context.Context, in *intake, r *digestReply) error {
	files := filesIn(in.content.Root, nil)
	if len(files) == 0 || in.staged == nil {
		return nil
	}
	var names []string
	size := int64(0)
	for _, f := range files {
		size += f.Size()
		if name := f.FileName(); name != "" {
			names = append(names, name)
		} else {
			names = append(names, f.MediaType())
		}
	}
	what := strings.Join(names[:min(len(names), maxNamed)], ", ")
	switch {
	case len(r.mails) == 0:
		r.back = append(r.back, backLine{what, "there is no answer that it could go along with"})
		return nil
	case len(r.mails) > 1:
		r.back = append(r.back, backLine{what, "this reply answers several people, so it is not clear who is to get that; answer one of them in a reply of its own"})
		return nil
	case size > maxCarried:
		r.back = append(r.back, backLine{what, "that is too large to be passed on; send it in a mail of its own"})
		return nil
	}
	for _, f := range files {
		a, err := q.fileOf(ctx, in, f)
		if err != nil {
			return err
		}
		r.mails[0].files = append(r.mails[0].files, a)
	}
	return nil
}

// filesIn are the parts of a message that are files; a forwarded mail is one as a whole.
func filesIn(p *mail.Part, out []*mail.Part) []*mail.Part {
	if p == nil {
		return out
	}
	if p.IsAttachment() || p.Message != nil {
		return append(out, p)
	}
	for _, c := range p.Children {
		out = filesIn(c, out)
	}
	return out
}

// fileOf reads a file of a submission.
func (q *Queue) fileOf(ctx context.Context, in *intake, p *mail.Part) (mail.Attachment, error) {
	body := q.db.OpenStaged(ctx, in.staged)
	defer body.Close()
	if _, err := io.CopyN(io.Discard, body, p.BodyStart); err != nil {
		return mail.Attachment{}, fmt.Errorf("read file of reply: %w", err)
	}
	data, err := io.ReadAll(mail.DecodeTransfer(p.Encoding, io.LimitReader(body, p.Size())))
	if err != nil {
		return mail.Attachment{}, fmt.Errorf("read file of reply: %w", err)
	}
	a := mail.Attachment{Type: p.MediaType(), Name: p.FileName(), Data: data}
	if p.Type == "text" {
		// Text is written anew, with other line ends: only what is known to be text is.
		if set := strings.ToLower(p.Params["charset"]); slices.Contains([]string{"utf-8", "us-ascii"}, set) {
			a.Type += "; charset=" + set
		} else {
			a.Type = "application/octet-stream"
		}
	}
	return a, nil
}
