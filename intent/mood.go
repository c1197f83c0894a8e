package intent

// The mood of a mail, harsh or personal, is told by rules and, where they are not
// sure, by heads of the model that see the whole mail: which cues are in it and how
// often, which words, how it speaks to its reader.

// moodWords bounds the tokens that are looked at.
const moodWords = 220

// Mood returns what the model sees of a mail as a whole, and the rules' points for
// a harsh, a sensitive and a social one, each 0, 1 (some) or 2 (enough). The trainer
// uses it.
func Mood(in Input) ([]uint32, [3]int) {
	r, f := prepare(in)
	if r.lang == Unknown {
		return nil, [3]int{}
	}
	f.Tone = r.tone()
	r.harsh = f.Tone.Value == ToneHarsh
	return r.moodFeatures(), [3]int{r.ruledHarsh(), r.ruledSensitive(f), r.ruledSocial()}
}

// mood is the score of the mail as a whole in one head.
func (r *reader) mood(head saying) float64 {
	if r.moods == nil {
		r.moods = r.moodFeatures()
	}
	return sayingModels[head].score(r.moods)
}

// moodActs are the cues that tell of mood.
var moodActs = []act{actHarsh, actSharp, actPeace, actSensitive, actGrave, actBonding, actWork, actEmergency, actRhetoric, actDispute, actAsk, actProposal, actCommit}

// moodFeatures lists what is seen of a mail, hashed.
func (r *reader) moodFeatures() []uint32 {
	n := min(len(r.toks), moodWords)
	out := make([]uint32, 0, n+64)
	var seen [SayingSpace / 64]uint64
	add := func(kind int, v uint32) {
		h := mix(uint32(kind+64)*0x9e3779b9, v)
		if h = (h ^ h>>15) * 0x2c1b3c6d >> (32 - sayingBits); seen[h/64]&(1<<(h%64)) == 0 {
			seen[h/64] |= 1 << (h % 64)
			out = append(out, h)
		}
	}
	for _, a := range moodActs {
		for k := range min(r.distinct(a), 5) {
			add(formAct, uint32(a)<<4+uint32(k))
		}
	}
	for _, h := range r.hits {
		switch h.act {
		case actHarsh, actSharp, actGrave, actSensitive, actBonding:
			add(formCue, cues()[h.cue].hash)
		}
	}
	you, questions, marks := 0, 0, 0
	for i := range n {
		t := &r.toks[i]
		switch {
		case t.kind == kindWord && !r.isName(i):
			add(formWord, t.hash)
		case t.mark('?'):
			questions++
		case t.mark('!'):
			marks++
		}
		if t.word.forms&formYouWords != 0 || t.in(inYour) {
			you++
		}
	}
	add(formMail, 20+uint32(min(20*you/max(n, 1), 4)))
	add(formMail, 30+uint32(min(questions, 3)))
	add(formMail, 40+uint32(min(marks, 3)))
	add(formMail, 50+uint32(min(n/40, 5)))
	return out
}

// ruledHarsh, ruledSensitive and ruledSocial tell what the rules find: 0 nothing,
// 1 a sign, 2 enough.
func (r *reader) ruledHarsh() int {
	switch {
	case r.harsh:
		return 2
	case r.count(actHarsh)+r.count(actSharp) > 0:
		return 1
	}
	return 0
}

func (r *reader) ruledSensitive(f Findings) int {
	switch points := r.sensitivity(f); {
	case points >= sensitiveEnough:
		return 2
	case points > 0:
		return 1
	}
	return 0
}

func (r *reader) ruledSocial() int {
	switch points := r.sociable(); {
	case points >= socialEnough:
		return 2
	case points > 0:
		return 1
	}
	return 0
}
