package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// An example is a sentence with its label.
type example struct {
	id       string // the mail or sentence it is of: never on both sides of a trial
	features []uint32
	request  bool    // or an ask
	rules    bool    // the rules say yes
	weight   float64 // of its error
}

// eachLine calls f with every line of a file.
func eachLine(path string, f func(line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open examples: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		if err := f(lines.Text()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return lines.Err()
}

func readRequests(path string) ([]example, error) {
	var out []example
	err := eachLine(path, func(line string) error {
		var c struct {
			ID     string `json:"id"`
			Text   string `json:"text"`
			Intent int    `json:"intent"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			return err
		}
		out = append(out, example{c.ID, intent.Features(c.Text), c.Intent == 1, intent.RequestOf(c.Text).Rules, 1})
		return nil
	})
	return out, err
}

// lent is the weight of a request of parakweet-intent as an example of an ask: its
// labels also count plans and proposals.
const lent = 0.3

// lend takes the requests for examples of asks where label and rules agree, and
// what is no request for an example of no ask.
func lend(requests []example) []example {
	var out []example
	for _, e := range requests {
		if e.request == e.rules || !e.request {
			e.weight = lent
			out = append(out, e)
		}
	}
	return out
}

// readMails reads the sentences of labelled mails.
func readMails(path string) ([]example, error) {
	var out []example
	err := eachLine(path, func(line string) error {
		var c struct {
			ID     string `json:"id"`
			Eml    string `json:"eml"`
			Zone   string `json:"zone"`
			Labels struct {
				Asks []struct {
					Text string `json:"text"`
				} `json:"asks"`
			} `json:"labels"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			return err
		}
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return err
		}
		head, body := mail.SplitHead([]byte(c.Eml))
		content := mail.Scan(head, body)
		facts := mail.FactsOf(mail.ParseHeader(head), content, mail.Address{Local: "a", Domain: "x.example"})
		for _, s := range intent.MailFeatures(intent.InputOf(facts, content, zone)) {
			e := example{id: c.ID, features: s.Features, rules: s.Rules, weight: 1}
			for _, a := range c.Labels.Asks {
				e.request = e.request || overlap(s.Text, a.Text) >= 0.5
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// readOwn reads our own sentences, each as a mail to one reader, and our own
// mails that ask nothing.
func readOwn(folder string) ([]example, error) {
	var out []example
	to := mail.Mailbox{Name: "Mei Lindqvist", Address: mail.Address{Local: "mei", Domain: "x.test"}}
	for _, name := range []string{"ask-lines.txt", "ask-mails.txt", "ask-sentences.txt"} {
		err := eachLine(filepath.Join(folder, name), func(line string) error {
			mark, text, found := strings.Cut(line, " ")
			if !found || mark != "+" && mark != "-" {
				return nil
			}
			in := intent.Input{Text: strings.ReplaceAll(text, "|", "\n"), To: []mail.Mailbox{to}, Date: time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)}
			for _, s := range intent.MailFeatures(in) {
				out = append(out, example{line, s.Features, mark == "+", s.Rules, 0.7})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// overlap is the share of the words of the shorter text that stand in the other,
// in a row.
func overlap(a, b string) float64 {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) == 0 {
		return 0
	}
	longest := 0
	for i := range x {
		for j := range y {
			n := 0
			for i+n < len(x) && j+n < len(y) && x[i+n] == y[j+n] {
				n++
			}
			longest = max(longest, n)
		}
	}
	return float64(longest) / float64(len(x))
}
