package intent

import "testing"

func TestSayingsOfAnotherFormHaveNoOpinion(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("x"), append([]byte("TPS0"), sayingData[4:]...), sayingData[:len(sayingData)-1]} {
		for _, m := range loadSayings(data) {
			if got := m.score([]uint32{1, 2}); got != 0.5 {
				t.Errorf("%d octets: score %v", len(data), got)
			}
		}
	}
}

func TestSayingsKeepTheirWeights(t *testing.T) {
	bias := make([]float64, sayings)
	weights := make([][]float64, sayings)
	for n := range weights {
		weights[n] = make([]float64, SayingSpace)
		bias[n], weights[n][n] = -1, 4
	}
	for n, m := range loadSayings(EncodeSayings(bias, weights)) {
		if got := m.score([]uint32{uint32(n)}); got < 0.94 || got > 0.96 {
			t.Errorf("head %d: score %v, want 0.953", n, got)
		}
		if got := m.score(nil); got < 0.26 || got > 0.28 {
			t.Errorf("head %d: score of nothing %v, want 0.269", n, got)
		}
	}
}

func TestSayingsStayInTheirSpace(t *testing.T) {
	in := ownInput("We take the second offer.\n\n* Green wins.\n* Was it you?\n\nI'll call them tomorrow.")
	said := Sayings(in)
	if len(said) != 3 {
		t.Fatalf("%d sentences: %+v", len(said), said)
	}
	features, _ := Mood(in)
	for _, list := range [][]uint32{said[0].Features, said[1].Features, said[2].Features, features} {
		if len(list) == 0 {
			t.Error("nothing is seen")
		}
		for _, f := range list {
			if f >= SayingSpace {
				t.Errorf("feature %d", f)
			}
		}
	}
	if said[2].Ruled[1] != 2 || said[0].Ruled[1] == 2 {
		t.Errorf("promises by the rules: %+v %+v", said[0].Ruled, said[2].Ruled)
	}
	if got := Sayings(ownInput("Båten är i hamnen och vi är inte ombord, det är kallt.")); got != nil {
		t.Errorf("of an unknown language: %v", got)
	}
}
