package inbox

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
	"tidepost/trust"
)

// What is done with mail that fails DMARC where its author's domain asks for something;
// see Options.DMARC.
const (
	DMARCJunk   = "junk"   // quarantine and reject: to Junk
	DMARCRefuse = "refuse" // reject: 550, if we have checked it ourselves; quarantine: to Junk
	DMARCOff    = "off"    // nothing
)

// authenticate finds out whether a message comes from whom it says it does.
func (b *Inbox) authenticate(ctx context.Context, env mail.Envelope, staged *store.Staged, peer Peer, now time.Time) (v trust.Verdict, clean []byte) {
	in := trust.Mail{
		IP: peer.IP, Helo: peer.Helo, From: env.From, LMTP: peer.LMTP, Head: staged.Head, Size: staged.BodySize,
		Body: func() io.ReadCloser { return b.db.OpenStaged(ctx, staged) },
	}
	return b.o.Trust.Check(ctx, in, now), b.o.Trust.Clean(staged.Head, in)
}

// judge says why a message goes to Junk, "" if it does not, or that it is refused.
func (b *Inbox) judge(ctx context.Context, v trust.Verdict, f mail.Facts) (junk Reason, refused error) {
	switch {
	case v.Spam != "":
		return ReasonJunk, nil
	case b.ours(v) && !b.proved(v):
		// A lie only if somebody looked: what the DNS did not answer, or nobody asked,
		// proves nothing, and such mail is never urgent anyway (question.go).
		if v.Aligned != trust.Fail || b.resent(ctx, v, f) {
			return "", nil
		}
		return ReasonForged, b.refusal(v)
	case b.o.DMARC != DMARCOff && !v.Listed && v.DMARC.Result == trust.Fail && (v.DMARC.Policy == trust.Quarantine || v.DMARC.Policy == trust.Reject):
		return ReasonDMARC, b.refusal(v)
	}
	return "", nil
}

// refusal is what the peer is told if mail that its author's domain wants refused is
// refused. What an MTA in front of us has taken stays: it would have to bounce it to
// somebody who never wrote it.
func (b *Inbox) refusal(v trust.Verdict) error {
	if b.o.DMARC != DMARCRefuse || !v.Here || v.DMARC.Result != trust.Fail || v.DMARC.Policy != trust.Reject {
		return nil
	}
	return &mail.Reply{Code: 550, Enhanced: [3]int{5, 7, 26}, Text: "Refused as " + v.From + " asks for mail that fails DMARC"}
}

// ours reports whether some reader of mail might show one of our domains as the
// author's.
func (b *Inbox) ours(v trust.Verdict) bool { return slices.ContainsFunc(v.Claims, b.dir.IsLocalDomain) }

// proved reports whether SPF or DKIM says that it comes from a domain of ours.
func (b *Inbox) proved(v trust.Verdict) bool {
	return b.dir.IsLocalDomain(v.From) && v.Proved(v.From)
}

// unproved reports whether mail from elsewhere names one of our domains as its author's,
// and nothing says that it is true: it is never urgent, asks nothing and answers nothing.
func (b *Inbox) unproved(v trust.Verdict, f mail.Facts) bool {
	return (b.claimsTeam(f) || b.ours(v)) && !b.proved(v)
}

// resent reports whether mail of one of our people comes back from a mailing list or a
// forwarder, who broke its signature and sends from a place of his own. The domain that
// resends must have proved itself, for anybody can write a List-Id. And either our
// domain asks for nothing to be done (p=none, or no record), and the list is of the
// domain that sends; or the author has written this very mail to that domain; or the
// admin trusts it.
func (b *Inbox) resent(ctx context.Context, v trust.Verdict, f mail.Facts) bool {
	lax := v.DMARC.Policy == trust.NoPolicy || v.DMARC.Policy == trust.Accept
	if v.From == "" {
		return false // Two authors: no list makes that of one.
	}
	if v.Listed || lax && f.ListID != "" && v.Authenticated(f.ListID) {
		return true
	}
	back := false
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		back, err = b.comesBack(tx, v, f)
		return err
	})
	if err != nil {
		b.o.Log.Error("look for the mail that comes back", "mid", f.MessageID, "err", err)
		return true // Our own trouble is no reason to doubt it.
	}
	return back
}

// comesBack reports whether the author has sent a message of this id to somebody at the
// domain that now sends it.
func (b *Inbox) comesBack(tx *store.Tx, v trust.Verdict, f mail.Facts) (bool, error) {
	sent, err := tx.SubmissionsByMID(f.MessageID)
	if err != nil {
		return false, err
	}
	for _, s := range sent {
		author, ok := b.dir.ByID(s.AuthorID)
		if !ok || len(f.From) != 1 || !author.HasAddress(f.From[0].Address) {
			continue
		}
		to, err := tx.Recipients(s.ID)
		if err != nil {
			return false, err
		}
		for _, r := range to {
			_, domain, _ := strings.Cut(r.Address, "@")
			if r.PersonID == 0 && !r.Released.IsZero() && v.Authenticated(domain) {
				return true, nil
			}
		}
	}
	return false, nil
}
