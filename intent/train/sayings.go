package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// heads are the names of the heads, in their order in the file.
var heads = []string{"decision", "promise", "harsh", "sensitive", "social"}

// A saidExample is a sentence with its labels, one for each head; 0 where nothing
// is known of it.
type saidExample struct {
	fold      int
	own       bool // of the project's own sentences
	uncounted bool // trained on, but not judged: its labels are a guess
	features  []uint32
	ruled     [5]int  // what the rules find: see intent.Said
	label     [5]int8 // 1 yes, -1 no, 0 unknown
}

// folds is the number of parts for cross-validation. A mail is in one part.
const folds = 5

func foldOf(id string) int { return int(sha256.Sum256([]byte(id))[1]) % folds }

// trainSayings fits both heads to the mails of work-mail and the sentences of
// testdata, prints what cross-validation says, and writes them.
func trainSayings(data, own, out string, log io.Writer) error {
	all, err := loadMails(filepath.Join(data, "work-mail", "cases.jsonl"))
	if err != nil {
		return err
	}
	for n, file := range []string{"decisions.txt", "promises.txt"} {
		more, err := loadOwn(filepath.Join(own, file), n)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	more, err := loadOwnMails(filepath.Join(own, "mails.txt"))
	if err != nil {
		return err
	}
	all = append(all, more...)
	for _, kind := range []string{"tone", "medium"} {
		more, err := loadOwnMoods(filepath.Join(own, kind+".txt"), kind)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	guessed, err := loadPlain(filepath.Join(data, "parakweet-intent", "cases.jsonl"))
	if err != nil {
		return err
	}
	all = append(all, guessed...)
	var biases []float64
	var weights [][]float64
	for n, name := range heads {
		seen := ofHead(all, n, -1, false)
		crossValidate(all, n, name, log)
		bias, w := fitSaying(seen)
		biases, weights = append(biases, bias), append(weights, w)
	}
	model := intent.EncodeSayings(biases, weights)
	if err := os.WriteFile(out, model, 0o644); err != nil {
		return fmt.Errorf("write sayings: %w", err)
	}
	fmt.Fprintf(log, "%d octets, SHA-256 %x\n", len(model), sha256.Sum256(model))
	return nil
}

// loadMails reads labelled mails: a sentence is what overlaps a labelled one.
func loadMails(path string) ([]saidExample, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open mails: %w", err)
	}
	defer f.Close()
	var out []saidExample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c struct {
			ID, Eml, Zone string
			Labels        struct {
				Decisions    []string
				Promises     []struct{ Text string }
				Tone, Medium string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		head, body := mail.SplitHead([]byte(c.Eml))
		content := mail.Scan(head, body)
		facts := mail.FactsOf(mail.ParseHeader(head), content, mail.Address{Local: "a", Domain: "x.example"})
		in := intent.InputOf(facts, content, zone)
		if in.Bulk || in.Automatic || in.Invite {
			continue
		}
		for _, s := range intent.Sayings(in) {
			e := saidExample{fold: foldOf(c.ID), features: s.Features, ruled: sentenceRules(s), label: [5]int8{-1, -1}}
			for _, d := range c.Labels.Decisions {
				if within(s.Text, d) {
					e.label[0] = 1
				}
			}
			for _, p := range c.Labels.Promises {
				if within(s.Text, p.Text) {
					e.label[1] = 1
				}
			}
			out = append(out, e)
		}
		out = append(out, moodExample(in, c.ID, c.Labels.Tone, c.Labels.Medium))
	}
	return out, lines.Err()
}

// moodExample is a whole mail.
func moodExample(in intent.Input, id, tone, medium string) saidExample {
	features, ruled := intent.Mood(in)
	e := saidExample{fold: foldOf(id), features: features}
	copy(e.ruled[2:], ruled[:])
	if tone != "" {
		e.label[2] = yes(tone == intent.ToneHarsh)
	}
	if medium != "" {
		e.label[3], e.label[4] = yes(medium == intent.MediumSensitive), yes(medium == intent.MediumBonding)
	}
	return e
}

func yes(b bool) int8 {
	if b {
		return 1
	}
	return -1
}

func sentenceRules(s intent.Said) (out [5]int) {
	copy(out[:], s.Ruled[:])
	return out
}

// loadOwnMoods reads short mails of the project's own: label, language, text.
func loadOwnMoods(path, kind string) ([]saidExample, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open mails: %w", err)
	}
	var out []saidExample
	for _, line := range strings.Split(string(text), "\n") {
		part := strings.Split(line, "\t")
		if len(part) != 3 {
			continue
		}
		tone, medium := "", part[0]
		if kind == "tone" {
			medium = ""
			if tone = intent.TonePlain; part[0] == "+" {
				tone = intent.ToneHarsh
			}
		}
		e := moodExample(intent.Input{Text: part[2], Subject: "x"}, part[2], tone, medium)
		e.own = true
		out = append(out, e)
	}
	return out, nil
}

// loadPlain takes one in three sentences of real mail for plain and businesslike:
// nearly all are.
func loadPlain(path string) ([]saidExample, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open sentences: %w", err)
	}
	defer f.Close()
	var out []saidExample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		var c struct{ ID, Text string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if n%3 == 0 {
			e := moodExample(intent.Input{Text: c.Text, Subject: "x"}, c.ID, intent.TonePlain, intent.MediumAsync)
			e.label[4], e.uncounted = 0, true // lunches are asked for
			out = append(out, e)
		}
	}
	return out, lines.Err()
}

// within reports whether a sentence holds a labelled one, or is a good part of it.
func within(sentence, label string) bool {
	return strings.Contains(sentence, label) || strings.Contains(label, sentence) && 2*len(sentence) > len(label) ||
		len(label) > 20 && strings.Contains(sentence, label[:len(label)*3/4])
}

// loadOwn reads sentences of the project's own: "+" or "-", language, sentence.
func loadOwn(path string, head int) ([]saidExample, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open sentences: %w", err)
	}
	var out []saidExample
	for _, line := range strings.Split(string(text), "\n") {
		part := strings.Split(line, "\t")
		if len(part) != 3 {
			continue
		}
		sentence, reply := strings.CutPrefix(part[2], "(re) ")
		said := intent.Sayings(intent.Input{Text: sentence, Subject: "x", Reply: reply})
		if len(said) != 1 && part[0] == "+" {
			continue
		}
		for _, s := range said {
			e := saidExample{fold: foldOf(sentence), own: true, features: s.Features, ruled: sentenceRules(s)}
			if e.label[head] = -1; part[0] == "+" {
				e.label[head] = 1
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// loadOwnMails reads mails of the project's own, sentence by sentence.
func loadOwnMails(path string) ([]saidExample, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open mails: %w", err)
	}
	var out []saidExample
	for _, block := range strings.Split(string(text), "\n= ")[1:] {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		in := intent.Input{Subject: lines[0], Reply: strings.HasPrefix(lines[0], "Re:")}
		label := make(map[string]string)
		for _, line := range lines[1:] {
			kind, sentence, _ := strings.Cut(line, " ")
			label[bare(strings.Join(strings.Fields(sentence), " "))] = kind
			in.Text += sentence + "\n"
		}
		for _, s := range intent.Sayings(in) {
			e := saidExample{fold: foldOf(lines[0]), own: true, features: s.Features, ruled: sentenceRules(s), label: [5]int8{-1, -1}}
			switch label[bare(s.Text)] {
			case "D":
				e.label[0] = 1
			case "P":
				e.label[1] = 1
			case "B":
				e.label = [5]int8{1, 1}
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// ofHead are the examples that say anything of a head, without (or only) a fold.
func ofHead(all []saidExample, head, fold int, only bool) []example {
	var out []example
	for _, e := range all {
		if e.label[head] != 0 && (fold < 0 || (e.fold == fold) == only) {
			out = append(out, example{features: e.features, request: e.label[head] > 0})
		}
	}
	return out
}

// A tally counts right and wrong answers.
type tally struct{ tp, fp, fn float64 }

func (t *tally) add(got, want bool) {
	switch {
	case got && want:
		t.tp++
	case got:
		t.fp++
	case want:
		t.fn++
	}
}

func (t tally) String() string {
	return fmt.Sprintf("P %.2f R %.2f F1 %.3f", t.tp/max(t.tp+t.fp, 1), t.tp/max(t.tp+t.fn, 1), t.f1())
}

func (t tally) f1() float64 { return 2 * t.tp / max(2*t.tp+t.fp+t.fn, 1) }

// crossValidate prints the figures on mails that were not trained on: of the
// thresholds in use, and of the best there would be. What the rules find needs less
// of the model.
func crossValidate(all []saidExample, head int, name string, log io.Writer) {
	score := make([]float64, len(all))
	for fold := range folds {
		bias, w := fitSaying(ofHead(all, head, fold, false))
		for i, e := range all {
			if e.fold == fold {
				score[i] = predict(&example{features: e.features}, bias, w)
			}
		}
	}
	count := func(limit [3]float64) (mails, own tally) {
		for i, e := range all {
			if e.label[head] == 0 || e.uncounted {
				continue
			}
			c := &mails
			if e.own {
				c = &own
			}
			c.add(score[i] >= limit[e.ruled[head]], e.label[head] > 0)
		}
		return mails, own
	}
	used := intent.SayingLimits(head)
	mails, own := count(used)
	fmt.Fprintf(log, "%s with %v: mails %v; own %v\n", name, used, mails, own)
	for _, alone := range []float64{0.5, 0.7, 0.9} {
		mails, own = count([3]float64{alone, alone, alone})
		fmt.Fprintf(log, "  by the model alone at %.1f: mails %v; own %v\n", alone, mails, own)
	}
	best, limit := 0.0, used
	for a := 0.05; a < 1; a += 0.05 {
		for b := 0.05; b <= a; b += 0.05 {
			for c := 0.0; c <= b; c += 0.05 {
				try := [3]float64{a, b, c}
				m, o := count(try)
				if f := m.f1() + o.f1(); f > best {
					best, limit = f, try
				}
			}
		}
	}
	mails, own = count(limit)
	fmt.Fprintf(log, "%s at best %.2f: mails %v; own %v\n", name, limit, mails, own)
}

// How the heads are fitted; chosen by cross-validation.
const (
	sayingPasses  = 20
	sayingStep    = 0.05
	sayingDecay   = 2e-2
	sayingAtLeast = 2
	sayingWeight  = 3.0 // of a positive example: they are rare
)

func fitSaying(examples []example) (bias float64, weights []float64) {
	seen := make([]int, intent.SayingSpace)
	for _, e := range examples {
		for _, f := range e.features {
			seen[f]++
		}
	}
	weights = make([]float64, intent.SayingSpace)
	past := make([]float64, intent.SayingSpace)
	pastBias := 1.0
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	seed := uint64(1)
	for range sayingPasses {
		for i := len(order) - 1; i > 0; i-- {
			seed = seed*6364136223846793005 + 1442695040888963407
			k := int((seed >> 33) % uint64(i+1))
			order[i], order[k] = order[k], order[i]
		}
		for _, n := range order {
			e := &examples[n]
			g := predict(e, bias, weights)
			if e.request {
				g = (g - 1) * sayingWeight
			}
			pastBias += g * g
			bias -= sayingStep * g / math.Sqrt(pastBias)
			for _, f := range e.features {
				if seen[f] < sayingAtLeast {
					continue
				}
				d := g + sayingDecay*weights[f]
				past[f] += d * d
				weights[f] -= sayingStep * d / math.Sqrt(past[f]+1e-6)
			}
		}
	}
	return bias, weights
}

// bare is a sentence without the bullet of its list.
func bare(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, "* "), "- ") }
