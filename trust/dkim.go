package trust

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/mail"
)

// What a stranger can make long in a signature. The library goes through all fields for
// each signed name, joins folded lines one by one, and keeps blank lines in memory and
// copies them with each block: without an end a mail of 50 MB costs minutes.
const (
	maxSignatures = 6         // that are verified; those in line with the author first
	maxField      = 16 << 10  // octets of a signature field
	maxNames      = 200       // names in h=
	maxKey        = 2 << 10   // octets of a key record: RSA with 8192 bits and room
	maxBlank      = 64 << 10  // octets of line ends in a row
	maxHashed     = 100 << 20 // octets of body that are hashed for one message
	maxListed     = 20        // signatures that are spoken of at all
)

// A claim is one DKIM-Signature before it is verified.
type claim struct {
	field    mail.Field
	domain   string
	selector string
	names    int
	inLine   bool // with the author's domain
}

// checkDKIM verifies the signatures of a message. Those in line with the author come
// first: thousand others on top cannot push them out.
func (c *Checker) checkDKIM(ctx context.Context, d *dns, m Mail, from string) []Signature {
	h := mail.ParseHeader(m.Head)
	claims := claimsOf(h, from)
	if len(claims) == 0 {
		return nil
	}
	claims = claims[:min(len(claims), maxListed)]
	out := make([]Signature, len(claims))
	can := maxSignatures
	if m.Size > 0 {
		can = int(min(int64(can), max(1, maxHashed/m.Size)))
	}
	keys := make([]key, len(claims))
	var all sync.WaitGroup
	defer all.Wait()
	for i, cl := range claims {
		out[i] = Signature{Result: PermError, Domain: cl.domain, Selector: cl.selector}
		switch {
		case i >= can:
			out[i].Result, out[i].Reason = Neutral, "not verified: too many signatures"
		case h.TooBig:
			out[i].Reason = "the header has too many lines"
		case cl.domain == "":
			out[i].Reason = "bad signature field"
		case cl.names > maxNames || len(cl.field.Raw) > maxField:
			out[i].Reason = "the signature is too long"
		default:
			keys[i].here = make(chan struct{})
			all.Go(c.safely(func() {
				defer close(keys[i].here)
				keys[i].read(ctx, d, cl)
			}))
		}
	}
	for i, cl := range claims {
		if keys[i].here != nil {
			<-keys[i].here // The first do not wait for a stranger's further down.
			out[i].Result, out[i].Reason = c.verify(ctx, m, cl, &keys[i])
		}
	}
	return out
}

// claimsOf reads the signature fields, those in line with the author first, else top
// first.
func claimsOf(h mail.Header, from string) []claim {
	var out []claim
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, "DKIM-Signature") {
			continue
		}
		cl := claim{field: f}
		if len(f.Raw) <= maxField {
			for _, tag := range strings.Split(f.Value(), ";") {
				name, value, _ := strings.Cut(tag, "=")
				switch value = noSpace(value); strings.TrimSpace(name) {
				case "d":
					if cl.domain = ascii(value); !isDomain(cl.domain) {
						cl.domain = ""
					}
				case "s":
					cl.selector = strings.ToLower(value)
				case "h":
					cl.names = 1 + strings.Count(value, ":")
				}
			}
		}
		if cl.domain == "" || !isDomain(cl.selector+"._domainkey") {
			cl.domain, cl.selector = "", ""
		}
		cl.inLine = aligned(cl.domain, from, false)
		out = append(out, cl)
	}
	slices.SortStableFunc(out, func(a, b claim) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func rank(cl claim) int {
	if cl.inLine {
		return 0
	}
	return 1
}

func noSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, s)
}

// A key is the answer of the DNS for one signature. It is read before the body is: who
// waits for the DNS must not keep others from the processor.
type key struct {
	here    chan struct{} // closed when it has been read; nil: not wanted
	txt     []string
	err     error
	long    bool
	testing bool
}

func (k *key) read(ctx context.Context, d *dns, cl claim) {
	k.txt, k.err = d.LookupTXT(ctx, cl.selector+"._domainkey."+cl.domain)
	for _, txt := range k.txt {
		k.long = k.long || len(txt) > maxKey
		for _, tag := range strings.Split(txt, ";") {
			name, value, _ := strings.Cut(tag, "=")
			if strings.TrimSpace(name) == "t" {
				k.testing = slices.Contains(strings.Split(noSpace(value), ":"), "y")
			}
		}
	}
}

// verify verifies one signature. The library is given it as the topmost, and told to
// look at one only: with several it starts goroutines that never end if the body cannot
// be read. Those below it keep their places, so a signature over signatures holds.
func (c *Checker) verify(ctx context.Context, m Mail, cl claim, k *key) (Result, string) {
	if k.long {
		return PermError, "the key is too long"
	}
	select {
	case c.hashing <- struct{}{}:
		defer func() { <-c.hashing }()
	case <-ctx.Done():
		return TempError, "no time"
	}
	if ctx.Err() != nil {
		return TempError, "no time"
	}
	head := make([]byte, 0, len(m.Head)+2)
	head = append(head, cl.field.Raw...)
	head = append(head, m.Head[:cl.field.Start]...)
	head = append(head, m.Head[cl.field.End:]...)
	if !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		head = append(head, "\r\n"...)
	}
	r := m.Body()
	defer r.Close()
	body := &steady{ctx: ctx, r: r}
	found, err := dkim.VerifyWithOptions(io.MultiReader(bytes.NewReader(head), body), &dkim.VerifyOptions{
		MaxVerifications: 1,
		LookupTXT:        func(string) ([]string, error) { return k.txt, k.err },
	})
	if errors.Is(err, dkim.ErrTooManySignatures) {
		err = nil
	}
	switch {
	case body.err != nil:
		return body.result, body.err.Error()
	case err != nil || len(found) != 1:
		return PermError, "the header cannot be read"
	}
	return resultOf(found[0], cl, k)
}

func resultOf(v *dkim.Verification, cl claim, k *key) (Result, string) {
	switch err := v.Err; {
	case err == nil && ascii(v.Domain) != cl.domain:
		return PermError, "the signature names two domains" // Two readers, one field: believe none.
	case err == nil && k.testing:
		return Neutral, "the key is a test" // RFC 6376 §3.6.1: as if it were not signed.
	case err == nil:
		return Pass, ""
	case dkim.IsTempFail(err):
		return TempError, "the DNS does not answer"
	case dkim.IsPermFail(err):
		return PermError, reason(err)
	default:
		return Fail, reason(err)
	}
}

// reason is what the library says, without what came from the mail.
func reason(err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "dkim: "), ":")
	return text
}

// errBlank is a body that nobody writes.
var errBlank = errors.New("too many blank lines in a row")

// A steady reader ends when the time is over, and at more blank lines than the library
// can bear.
type steady struct {
	ctx    context.Context //nolint:containedctx // lives as long as one verification
	r      io.Reader
	run    int
	err    error
	result Result
}

// Read implements io.Reader.
func (s *steady) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, s.stop(TempError, errors.New("no time"))
	}
	n, err := s.r.Read(p)
	for _, c := range p[:n] {
		if c != '\r' && c != '\n' {
			s.run = 0
		} else if s.run++; s.run > maxBlank {
			return 0, s.stop(PermError, errBlank)
		}
	}
	if err != nil && err != io.EOF {
		return n, s.stop(TempError, errors.New("the message cannot be read"))
	}
	return n, err
}

func (s *steady) stop(r Result, err error) error {
	s.result, s.err = r, err
	return err
}

// Signatures verifies the DKIM signatures of a message and nothing else, whoever brought
// it: those in line with the author's domain first. Without a resolver there are none.
func (c *Checker) Signatures(ctx context.Context, m Mail, from string, now time.Time) (out []Signature) {
	if c.o.Resolver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	c.safely(func() { out = c.checkDKIM(ctx, c.ask(now), m, from) })()
	return out
}
