package imapd

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// headsPage is how many heads are looked through in one snapshot.
const headsPage = 4096

// skim looks through the heads of the rows in doubt for the words that the program
// needs, without parsing any: in a folder of 100,000 messages most searches are about a
// handful, and to parse every head takes seconds.
func (q *query) skim(doubtful []int) error {
	needles := map[string]bool{}
	headNeedles(q.crit, needles)
	if len(needles) == 0 || len(doubtful) == 0 {
		return nil
	}
	words := map[string][]byte{}
	held := make(map[string]map[int64]bool, len(needles))
	for n := range needles {
		words[n] = []byte(longestWord(fold(n)))
		held[n] = map[int64]bool{}
	}
	var low []byte
	look := func(message int64, head []byte) {
		var plain bool
		if low, plain = lowered(low, head); !plain {
			for n := range words {
				held[n][message] = true
			}
			return
		}
		for n, word := range words {
			if bytes.Contains(low, word) {
				held[n][message] = true
			}
		}
	}
	for len(doubtful) > 0 {
		n := min(headsPage, len(doubtful))
		from, to := q.v.rows[doubtful[0]].uid, q.v.rows[doubtful[n-1]].uid
		if err := q.s.db.View(q.ctx, func(tx *store.Tx) error { return tx.EachHead(q.v.box.ID, from, to, look) }); err != nil {
			return err
		}
		doubtful = doubtful[n:]
	}
	q.held = held
	return nil
}

// headNeedles collects what a program looks for in heads.
func headNeedles(c *imap.SearchCriteria, into map[string]bool) {
	for _, h := range c.Header {
		if h.Value != "" {
			into[h.Value] = true
		}
	}
	for _, n := range c.Text {
		if n != "" {
			into[n] = true
		}
	}
	for i := range c.Not {
		headNeedles(&c.Not[i], into)
	}
	for i := range c.Or {
		headNeedles(&c.Or[i][0], into)
		headNeedles(&c.Or[i][1], into)
	}
}

// longestWord is the longest part of a needle without white space: where a line of a
// header may be folded, a word is not.
func longestWord(needle string) string {
	longest := ""
	for w := range strings.FieldsSeq(needle) {
		if len(w) > len(longest) {
			longest = w
		}
	}
	return longest
}

// lowered writes a head in lower case over out. plain is false if it must be decoded to
// know what it says: it has encoded words, octets beyond ASCII, or controls.
func lowered(out, head []byte) (low []byte, plain bool) {
	if bytes.Contains(head, encodedWord) {
		return out, false
	}
	low = slices.Grow(out[:0], len(head))[:len(head)]
	odd := byte(0)
	for i, c := range head {
		f := folding[c]
		low[i] = f.low
		odd |= f.odd
	}
	return low, odd == 0
}

// encodedWord begins an encoded word (RFC 2047 §2).
var encodedWord = []byte("=?")

// folding says of each octet what it is in lower case, and whether it is odd in a head:
// no plain text.
var folding = func() (t [256]struct{ low, odd byte }) {
	for i := range t {
		c := byte(i)
		t[i].low = c
		if c >= 'A' && c <= 'Z' {
			t[i].low = c + 'a' - 'A'
		}
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			t[i].odd = 1
		}
	}
	return t
}()

// mayHold reports whether the head of a row may hold a needle.
func (q *query) mayHold(needle string, row int) bool {
	held, known := q.held[needle]
	return !known || held[q.v.rows[row].message]
}
