package intent

import (
	_ "embed"
	"encoding/binary"
	"math"
)

// FeatureSpace is the number of features of the trained model.
const FeatureSpace = 1 << 16

// RequestThreshold is the score from which a sentence is taken for a request.
const RequestThreshold = 0.43

// modelData is written by intent/train: a magic, bias and scale as float32, and
// one signed octet for each feature.
//
//go:embed model.bin
var modelData []byte

const (
	modelMagic  = "TPM1"
	modelHeader = len(modelMagic) + 8
)

var requestModel = loadModel(modelData)

// A model is a logistic regression over hashed features.
type model struct {
	bias, scale float64
	weights     []byte
}

// loadModel reads a model; one of another form has no opinion.
func loadModel(data []byte) model {
	if len(data) != modelHeader+FeatureSpace || string(data[:len(modelMagic)]) != modelMagic {
		return model{}
	}
	f := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(data[at:]))) }
	return model{bias: f(len(modelMagic)), scale: f(len(modelMagic) + 4), weights: data[modelHeader:]}
}

// EncodeModel gives the form in which weights are embedded: scaled to one octet
// each. len(weights) is FeatureSpace.
func EncodeModel(bias float64, weights []float64) []byte {
	most := 1e-9
	for _, w := range weights {
		most = max(most, math.Abs(w))
	}
	scale := most / 127
	out := make([]byte, modelHeader+FeatureSpace)
	copy(out, modelMagic)
	binary.LittleEndian.PutUint32(out[len(modelMagic):], math.Float32bits(float32(bias)))
	binary.LittleEndian.PutUint32(out[len(modelMagic)+4:], math.Float32bits(float32(scale)))
	for i, w := range weights[:FeatureSpace] {
		out[modelHeader+i] = byte(int8(math.Round(w / scale)))
	}
	return out
}

// score gives the probability of a request, 0.5 without a model. Every feature
// counts as 1.
func (m model) score(features []uint32) float64 {
	if m.weights == nil {
		return 0.5
	}
	sum := 0
	for _, f := range features {
		sum += int(int8(m.weights[f]))
	}
	return 1 / (1 + math.Exp(-(m.bias + m.scale*float64(sum))))
}

// features hashes what is seen of the sentences, which follow each other: words, pairs and triples of
// them, the words at both ends, the cues found, and the form of the sentence.
// ruled tells that the rules are known to have found nothing.
func (r *reader) features(sents []sentence, ruled bool) []uint32 {
	if len(sents) == 0 {
		return nil
	}
	from, to := sents[0].from, sents[len(sents)-1].to
	const edge = 0x9e3779b9
	out := make([]uint32, 0, 4*(to-from)+16)
	add := func(h uint32) { out = append(out, (h^h>>15)*0x2c1b3c6d>>16) }
	prev, prev2 := uint32(edge), uint32(edge+1)
	for i := from; i < to; i++ {
		h := tokenHash(&r.toks[i])
		add(h)
		add(mix(prev, h))
		add(mix(mix(prev2, prev), h))
		if i-from < 3 {
			add(mix(edge+2, h))
		}
		prev2, prev = prev, h
	}
	add(mix(prev, edge))
	add(mix(mix(prev2, prev), edge))
	var acts uint32
	for _, h := range r.hitsIn(from, to) {
		acts |= 1 << h.act
		if h.act <= actSomeone {
			add(mix(edge+8, tokenHash(&r.toks[h.from])) ^ uint32(len(cues[h.cue].parts)))
			add(mix(edge+9, cues[h.cue].hash))
		}
	}
	for a := range uint32(32) {
		if acts&(1<<a) != 0 {
			add(mix(edge+3, a))
		}
	}
	marks, question := 0, false
	for _, s := range sents {
		if at, end, ok := r.plan(s); ok {
			add(edge + 4)
			add(mix(edge+10, tokenHash(&r.toks[at])+tokenHash(&r.toks[end-1])))
		}
		if !ruled {
			marks += len(r.ruleMarks(s))
		}
		question = question || s.question
	}
	add(mix(edge+5, uint32(min(marks, 3))))
	if question {
		add(edge + 6)
	}
	add(mix(edge+7, uint32(min((to-from)/6, 6))))
	return out
}

// tokenHash hashes a word; all numbers are one word, all links another.
func tokenHash(t *token) uint32 {
	switch t.kind {
	case kindNumber:
		return 0x51ed270b + uint32(min(t.digits, 5))
	case kindLink:
		return 0x68e31da4
	}
	return textHash(t.low)
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
