package main

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"tidepost/mail"
)

// quoteCase is a line of quote-stripping/cases.jsonl.
type quoteCase struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"` // plain, html or signature
	Text      string `json:"text"`
	Reply     string `json:"reply"`
	Signature string `json:"signature"`
}

// runQuotes strips every text of the set. An answer is right if it is the
// wanted one but for white space. The items of talon ask for the reply with its
// signature, or for the signature; those of crisp for the reply without one.
func runQuotes(r *Result) func(line []byte) error {
	talon := r.measure("talon", formShare, "talon")
	crisp := r.measure("crisp", formShare, "crisp")
	return func(line []byte) error {
		var c quoteCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Kind == "" {
			return errors.New("id or kind is missing")
		}
		r.Items++
		var got, want string
		r.ask(func() { got, want = c.answer() })
		right := squeeze(got) == squeeze(want)
		if strings.HasPrefix(c.ID, "crisp/") {
			crisp.right(right)
		} else {
			talon.right(right)
		}
		if !right {
			r.fail(Failure{ID: c.ID, Got: canonical(got), Want: canonical(want)})
		}
		return nil
	}
}

func (c quoteCase) answer() (got, want string) {
	content := mail.ContentOf(c.Text, "")
	switch {
	case c.Kind == "html":
		content = mail.ContentOf("", c.Text)
	case c.Kind == "signature":
		_, signature := mail.SplitSignature(mail.WithoutQuotes(content))
		return signature, c.Signature
	case strings.HasPrefix(c.ID, "crisp/"):
		own, _ := mail.SplitMark(mail.WithoutQuotes(content))
		return own, c.Reply
	}
	return mail.WithoutQuotes(content), c.Reply
}

// squeeze removes all white space.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
