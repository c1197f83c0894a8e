package intent

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestDbg(t *testing.T) {
	b, _ := os.ReadFile("/tmp/st/dbg.txt")
	r := newReader(string(b), time.Date(2026, 5, 28, 10, 0, 0, 0, time.UTC), English)
	r.hits = findCues(r.toks, r.mask)
	r.harsh = true
	for _, s := range r.sents {
		fmt.Printf("S %q q=%v item=%v opt=%v\n", r.fold(r.spanOf(s.from, s.to)), s.question, s.item, s.option)
		for _, h := range r.hitsIn(s.from, s.to) {
			fmt.Printf("   %d %q\n", h.act, cues[h.cue].text)
		}
		for _, d := range r.deadlines(s.from, s.to) {
			fmt.Printf("   due %q %v %v\n", d.Text, d.strong, d.At)
		}
		for _, m := range r.askMarks(s, false) {
			fmt.Printf("   mark %d %d %v\n", m.at-s.from, m.end-s.from, m.question)
		}
		at, bc, ok := r.promiseAt(s)
		fmt.Println("   promise", at, bc, ok)
	}
}
