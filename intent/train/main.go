// Command train fits the model of package intent and writes it. The same data
// give the same octets.
//
//	train -data DIR [-own DIR] -out FILE
//
// The head for requests is fitted to the labelled sentences of parakweet-intent,
// the head for asks to the sentences of work-mail, to our own sentences in
// testdata/ask-lines.txt and testdata/ask-mails.txt of the package, and, with less weight,
// to those of parakweet-intent. Both are first fitted to four fifths and tried on
// the rest, five times, so that what is printed was measured on sentences of mails
// that were not trained on; then to all.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tidepost/intent"
)

func main() {
	data := flag.String("data", "", "`folder` with parakweet-intent and work-mail")
	own := flag.String("own", filepath.Join("intent", "testdata"), "`folder` with our own sentences")
	out := flag.String("out", "", "`file` to write")
	sayings := flag.String("sayings", "", "`file` to write decisions and promises to")
	flag.Parse()
	if *sayings != "" {
		if err := trainSayings(*data, *own, *sayings, os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "train: %v\n", err)
			os.Exit(1)
		}
	}
	if *out == "" && *sayings != "" {
		return
	}
	if err := run(*data, *own, *out, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "train: %v\n", err)
		os.Exit(1)
	}
}

func run(data, own, out string, log io.Writer) error {
	if data == "" || out == "" {
		return fmt.Errorf("usage: train -data DIR [-own DIR] -out FILE")
	}
	requests, err := readRequests(filepath.Join(data, "parakweet-intent", "cases.jsonl"))
	if err != nil {
		return err
	}
	asks, err := readMails(filepath.Join(data, "work-mail", "cases.jsonl"))
	if err != nil {
		return err
	}
	mine, err := readOwn(own)
	if err != nil {
		return err
	}
	lent := lend(requests)
	var heads [intent.Heads]intent.Head
	for n, set := range [...]struct {
		name        string
		tried, with []example
	}{
		intent.HeadRequest: {"requests", requests, nil},
		intent.HeadAsk:     {"asks", asks, append(mine, lent...)},
	} {
		report(log, set.name, tryOut(set.tried, set.with))
		heads[n] = fit(append(append([]example(nil), set.tried...), set.with...))
	}
	model := intent.EncodeModel(heads)
	if err := os.WriteFile(out, model, 0o644); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	fmt.Fprintf(log, "%d octets, SHA-256 %x\n", len(model), sha256.Sum256(model))
	return nil
}
