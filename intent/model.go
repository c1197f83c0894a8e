package intent

import (
	_ "embed"
	"encoding/binary"
	"math"
	"slices"
)

// FeatureSpace is the number of features of the trained model.
const FeatureSpace = 1 << 18

// RequestThreshold is the score from which a sentence is taken for a request.
const RequestThreshold = 0.36

// The heads of the model: what it was trained to tell.
const (
	HeadRequest = iota // the sentence carries a request or a proposal
	HeadAsk            // the sentence of a mail asks something of its readers
	Heads
)

// modelData is written by intent/train: a magic, then bias and scale of each head
// as float32, then the weights of one head after the other, one signed octet for
// each feature.
//
//go:embed model.bin
var modelData []byte

const (
	modelMagic  = "TPM2"
	modelHeader = len(modelMagic) + 8*Heads
)

var trained = loadModel(modelData)

// A model is a logistic regression over hashed features.
type model struct {
	bias, scale float64
	weights     []byte // one signed octet for each feature
}

// loadModel reads the heads; data of another form has no opinion.
func loadModel(data []byte) (out [Heads]model) {
	if len(data) != modelHeader+Heads*FeatureSpace || string(data[:len(modelMagic)]) != modelMagic {
		return out
	}
	f := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(data[at:]))) }
	for h := range out {
		at := len(modelMagic) + 8*h
		out[h] = model{f(at), f(at + 4), data[modelHeader+h*FeatureSpace:][:FeatureSpace]}
	}
	return out
}

// A Head is what was trained for one question.
type Head struct {
	Bias    float64
	Weights []float64 // FeatureSpace of them
}

// EncodeModel gives the form in which weights are embedded: scaled to one octet
// each.
func EncodeModel(heads [Heads]Head) []byte {
	out := make([]byte, modelHeader+Heads*FeatureSpace)
	copy(out, modelMagic)
	for h, head := range heads {
		most := 1e-9
		for _, w := range head.Weights {
			most = max(most, math.Abs(w))
		}
		scale := most / 127
		at := len(modelMagic) + 8*h
		binary.LittleEndian.PutUint32(out[at:], math.Float32bits(float32(head.Bias)))
		binary.LittleEndian.PutUint32(out[at+4:], math.Float32bits(float32(scale)))
		for i, w := range head.Weights[:FeatureSpace] {
			out[modelHeader+h*FeatureSpace+i] = byte(int8(math.Round(w / scale)))
		}
	}
	return out
}

// score gives the probability that the model sees, 0.5 without one. Every feature
// counts as 1.
func (m *model) score(features []uint32) float64 { return m.scoreBy(features, 1) }

// evenScore is score with long sentences evened out by their number of features.
func (m *model) evenScore(features []uint32) float64 {
	return m.scoreBy(features, FeatureNorm(len(features)))
}

func (m *model) scoreBy(features []uint32, norm float64) float64 {
	if m.weights == nil {
		return 0.5
	}
	sum := 0
	for _, f := range features {
		sum += int(int8(m.weights[f]))
	}
	return 1 / (1 + math.Exp(-(m.bias + m.scale*float64(sum)/norm)))
}

// FeatureNorm is what the sum over n features is divided by.
func FeatureNorm(n int) float64 { return math.Sqrt(float64(n) + 1) }

// featureSet collects hashed features.
type featureSet []uint32

func (f *featureSet) add(h uint32) { *f = append(*f, (h^h>>15)*0x2c1b3c6d>>14) }

// The kinds of features, mixed into their hashes.
const (
	seedEdge = 0x9e3779b9 + iota
	seedEdge2
	seedOpening
	seedAct
	seedPlan
	seedMarks
	seedQuestion
	seedLength
	seedCueOpening
	seedCue
	seedPlanWords
	seedSkip
	seedClass
	seedClassPair
	seedClassTriple
	seedMarkWord
	seedMarkKind
	seedPlace
	seedMail
)

// features adds to out, hashed, what is seen of the sentences, which follow each other: words,
// pairs and triples of them, also as classes of words, the words at both ends,
// the cues found, and the form of the sentence. marks are the signs of asks that
// the rules found in them.
func (r *reader) features(sents []sentence, marks []askMark, out featureSet) featureSet {
	if len(sents) == 0 {
		return out
	}
	from, to := sents[0].from, sents[len(sents)-1].to
	out = slices.Grow(out, 9*(to-from)+32)
	r.wordFeatures(&out, from, to)
	r.classFeatures(&out, from, to)
	var acts uint32
	for _, h := range r.hitsIn(from, to) {
		if h.act <= actSomeone {
			acts |= 1 << h.act
			out.add(mix(seedCueOpening, tokenHash(&r.toks[h.from])) ^ uint32(len(cues()[h.cue].parts)))
			out.add(mix(seedCue, cues()[h.cue].hash))
		}
	}
	for a := range uint32(actSomeone + 1) {
		if acts&(1<<a) != 0 {
			out.add(mix(seedAct, a))
		}
	}
	question := false
	for _, s := range sents {
		if at, end, ok := r.plan(s); ok {
			out.add(seedPlan)
			out.add(mix(seedPlanWords, tokenHash(&r.toks[at])+tokenHash(&r.toks[end-1])))
		}
		question = question || s.question
	}
	out.add(mix(seedMarks, uint32(min(len(marks), 3))))
	for _, m := range marks[:min(len(marks), 3)] {
		out.add(mix(seedMarkWord, tokenHash(&r.toks[m.at])))
		out.add(mix(seedMarkKind, m.class(from)))
	}
	if question {
		out.add(seedQuestion)
	}
	out.add(mix(seedLength, uint32(min((to-from)/6, 6))))
	return out
}

// wordFeatures are words, pairs and triples, pairs with one or two words between
// them, and the first words.
func (r *reader) wordFeatures(out *featureSet, from, to int) {
	prev, prev2, prev3 := uint32(seedEdge), uint32(seedEdge2), uint32(seedEdge2)
	for i := from; i < to; i++ {
		h := tokenHash(&r.toks[i])
		out.add(h)
		out.add(mix(prev, h))
		out.add(mix(mix(prev2, prev), h))
		if i >= from+2 {
			out.add(mix(mix(prev2, seedSkip), h))
		}
		if i >= from+3 {
			out.add(mix(mix(prev3, seedSkip), h))
		}
		if i-from < 3 {
			out.add(mix(seedOpening, h))
		}
		prev3, prev2, prev = prev2, prev, h
	}
	out.add(mix(prev, seedEdge))
	out.add(mix(mix(prev2, prev), seedEdge))
}

// classFeatures are pairs and triples of small words as they are and of all
// others by their class.
func (r *reader) classFeatures(out *featureSet, from, to int) {
	prev, prev2 := uint32(seedEdge), uint32(seedEdge2)
	for i := from; i < to; i++ {
		c := r.toks[i].class()
		out.add(mix(mix(c, seedClassPair), prev))
		out.add(mix(mix(mix(c, seedClassTriple), prev), prev2))
		prev2, prev = prev, c
	}
}

// class is a small word or a mark as it is, or else what kind of word it is.
func (t *token) class() uint32 {
	switch w := t.word; {
	case t.kind == kindMark:
		return t.hash
	case t.kind != kindWord:
		return seedClass + uint32(t.kind)
	case w.langs&1 != 0 || w.flags != 0:
		return t.hash
	case w.verb != verbNone:
		return seedClass + 10 + uint32(w.verb)
	case len(w.time) > 0:
		return seedClass + 20
	case t.upper:
		return seedClass + 21
	case len(t.low) > 3 && t.low[len(t.low)-3:] == "ing":
		return seedClass + 22
	case len(t.low) > 2 && t.low[len(t.low)-2:] == "ed":
		return seedClass + 23
	}
	return seedClass + 24
}

// class tells what kind of sign a mark is.
func (m askMark) class(from int) uint32 {
	c := uint32(0)
	if m.question {
		c = 1
	}
	if m.item {
		c += 2
	}
	if m.at == from {
		c += 4
	}
	return c
}

// mailFeatures add to those of a sentence where in the mail it stands.
func (r *reader) mailFeatures(out *featureSet, s sentence, n int) {
	place := uint32(min(n, 3))
	if n == len(r.sents)-1 {
		place += 4
	}
	out.add(mix(seedPlace, place))
	out.add(mix(seedMail, uint32(min(len(r.in.To), 3))))
	if r.in.Reply {
		out.add(mix(seedMail, 5))
	}
	if s.item {
		out.add(mix(seedMail, 6))
	}
	if r.harsh {
		out.add(mix(seedMail, 7))
	}
	if r.lang != English {
		out.add(mix(seedMail, 8))
	}
	if r.strongDue(s) != nil {
		out.add(mix(seedMail, 9))
	}
}

// tokenHash hashes a word; all numbers are one word, all links another.
func tokenHash(t *token) uint32 {
	switch t.kind {
	case kindNumber:
		return 0x51ed270b + uint32(min(t.digits, 5))
	case kindLink:
		return 0x68e31da4
	}
	return t.hash
}

// textHash is FNV-1a.
func textHash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func mix(a, b uint32) uint32 { return (a*31 + b) * 0x85ebca6b }
