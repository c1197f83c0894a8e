package intent

import (
	_ "embed"
	"encoding/binary"
	"math"
)

// sayingData is written by intent/train: a magic, and for each head bias and scale
// as float32 and one signed octet for each feature.
//
//go:embed sayings.bin
var sayingData []byte

const (
	sayingMagic = "TPS1"
	sayingHead  = 8 + SayingSpace
)

var sayingModels = loadSayings(sayingData)

// loadSayings reads the heads; data of another form has no opinion.
func loadSayings(data []byte) (out [sayings]model) {
	if len(data) != len(sayingMagic)+int(sayings)*sayingHead || string(data[:len(sayingMagic)]) != sayingMagic {
		return out
	}
	for n := range out {
		head := data[len(sayingMagic)+n*sayingHead:][:sayingHead]
		f := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(head[at:]))) }
		out[n] = model{bias: f(0), scale: f(4), weights: head[8:]}
	}
	return out
}

// EncodeSayings gives the form in which the heads are embedded: decisions, promises,
// harsh, sensitive and social mail. len(weights[n]) is SayingSpace.
func EncodeSayings(bias []float64, weights [][]float64) []byte {
	out := []byte(sayingMagic)
	for n := range weights {
		most := 1e-9
		for _, w := range weights[n] {
			most = max(most, math.Abs(w))
		}
		scale := most / 127
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(bias[n])))
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(scale)))
		for _, w := range weights[n][:SayingSpace] {
			out = append(out, byte(int8(math.Round(w/scale))))
		}
	}
	return out
}

// sayingLimits are the scores from which a sentence or mail says something: where the rules
// find nothing, a sign, or the thing itself.
var sayingLimits = [sayings][3]float64{sayDecision: {0.55, 0.45, 0.03}, sayPromise: {0.60, 0.60, 0.05},
	sayHarsh: {0.55, 0.50, 0.10}, saySensitive: {0.70, 0.45, 0.02}, saySocial: {0.80, 0.65, 0.10}}

// SayingLimits are the limits in use for a head, in the order of EncodeSayings.
func SayingLimits(head int) [3]float64 { return sayingLimits[head] }
