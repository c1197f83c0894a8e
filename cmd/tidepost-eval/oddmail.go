package main

import (
	"bytes"
	"encoding/json"
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
func runOddMail(folder string) (Result, error) {
	result := Result{Metrics: map[string]float64{}}
	var accepted, text share
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isMessageFile(path) {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		result.Items++
		got, problem := readOdd(raw)
		if accepted.add(problem == ""); problem != "" {
			result.Failures = append(result.Failures, Failure{ID: name, Got: problem, Want: "accepted"})
		}
		if !referenceHasText(path) {
			return nil
		}
		if text.add(strings.TrimSpace(got) != ""); strings.TrimSpace(got) == "" {
			result.Failures = append(result.Failures, Failure{ID: name, Got: "no text", Want: "text"})
		}
		return nil
	})
	if err != nil {
		return result, fmt.Errorf("read %s: %w", folder, err)
	}
	accepted.put(result.Metrics, "accepted")
	text.put(result.Metrics, "text")
	return result, nil
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
	b, err := os.ReadFile(base + ".xml")
	return err == nil && bytes.Contains(b, []byte("<text-body"))
}
