package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tidepost/mail"
)

// runOddMail reads every message of a folder of strange mail. It is accepted if
// reading it ends without a panic and changes no octet; its text is recovered if
// there is any where the reference parse beside it has some.
func runOddMail(folder string, r *Result) error {
	accepted := r.measure("accepted unchanged", formShare, "accepted")
	text := r.measure("text recovered", formShare, "text")
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isMessageFile(path) {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		r.Items++
		var got, problem string
		r.ask(func() { got, problem = readOdd(raw) })
		if accepted.right(problem == ""); problem != "" {
			r.fail(Failure{ID: name, Got: problem, Want: "accepted", Weight: 1})
		}
		if !referenceHasText(path) {
			return nil
		}
		if text.right(strings.TrimSpace(got) != ""); strings.TrimSpace(got) == "" {
			r.fail(Failure{ID: name, Got: "no text", Want: "text"})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	return nil
}

func isMessageFile(path string) bool {
	switch filepath.Ext(path) {
	case ".msg", ".eml":
		return true
	case ".txt":
		return !strings.Contains(filepath.Base(path), "_decoded_")
	}
	return false
}

// readOdd reads a message as the gateway does.
func readOdd(raw []byte) (text, problem string) {
	defer func() {
		if r := recover(); r != nil {
			problem = fmt.Sprint("panic: ", r)
		}
	}()
	head, body := mail.SplitHead(raw)
	if !bytes.Equal(append(bytes.Clone(head), body...), raw) {
		return "", "octets were changed"
	}
	content := mail.Scan(head, body)
	mail.FactsOf(mail.ParseHeader(head), content, mail.Address{})
	return mail.Text(content), ""
}

// referenceHasText reports whether the parse beside a message, Stalwart's or
// mime4j's, has a text body that is not blank.
func referenceHasText(path string) bool {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	if b, err := os.ReadFile(base + ".json"); err == nil {
		return stalwartHasText(b)
	}
	b, err := os.ReadFile(base + ".xml")
	if err != nil {
		return false
	}
	var m mime4jEntity
	return xml.Unmarshal(b, &m) == nil && m.hasText(false)
}

func stalwartHasText(b []byte) bool {
	var m struct {
		Parts []struct {
			Body map[string]json.RawMessage `json:"body"`
		} `json:"parts"`
		TextBody []int `json:"text_body"`
	}
	if json.Unmarshal(b, &m) != nil {
		return false
	}
	for _, n := range m.TextBody {
		if n < 0 || n >= len(m.Parts) {
			continue
		}
		for kind, v := range m.Parts[n].Body {
			var s string
			if (kind == "Text" || kind == "Html") && json.Unmarshal(v, &s) == nil && strings.TrimSpace(mail.HTMLText(s)) != "" {
				return true
			}
		}
	}
	return false
}

// A mime4jEntity is a message or a part of one as mime4j's own tests write it.
type mime4jEntity struct {
	Fields []string       `xml:"header>field"`
	Parts  []mime4jEntity `xml:"multipart>body-part"`
	Body   string         `xml:"body"`
}

// hasText reports whether a part of the message that is text, and no attachment,
// is not blank. Messages within the message are not looked into.
func (e mime4jEntity) hasText(digest bool) bool {
	kind := "text/plain"
	if digest {
		kind = "message/rfc822"
	}
	for _, f := range e.Fields {
		name, value, _ := strings.Cut(strings.ToLower(f), ":")
		switch value = strings.TrimSpace(value); strings.TrimSpace(name) {
		case "content-type":
			kind = value
		case "content-disposition":
			if strings.HasPrefix(value, "attachment") {
				return false
			}
		}
	}
	for _, p := range e.Parts {
		if p.hasText(strings.HasPrefix(kind, "multipart/digest")) {
			return true
		}
	}
	return len(e.Parts) == 0 && (strings.HasPrefix(kind, "text/plain") || strings.HasPrefix(kind, "text/html")) && strings.TrimSpace(mail.HTMLText(e.Body)) != ""
}
