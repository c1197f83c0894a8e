package badinput

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxOctets bounds what one step may expand to.
const maxOctets = 256 << 20

// A stepKind is what a step does.
type stepKind int

const (
	octets     stepKind = iota // text, rep, b64_of, nest_multipart, zeros_zip_mb
	paced                      // rep with every_ms
	pause                      // pause_ms
	untilEnd                   // pause_until_read_timeout
	closeWrite                 // close_write
	closeAll                   // close
	handshake                  // starttls_handshake
	fill                       // fill_to_message_size
	sessions                   // sessions/each, rep_session/n
	rate                       // sessions_per_s/seconds
	fakeHost                   // role: fake-smarthost
	page                       // message_html
	calendar                   // ics
	scenario                   // scenario
	dbSet                      // db_set
	neverRead                  // never_read
	dropNet                    // drop_network
	fileLimit                  // rlimit_nofile
	note                       // note
	unknown                    // a kind that this program does not know
)

// A Step is one step of a row.
type Step struct {
	kind   stepKind
	text   string // of a text step, before expansion; script, scenario, note, setting, TLS version
	data   []byte // octets
	n      int    // sessions, descriptors
	every  time.Duration
	chunks [][]byte // paced
	wait   time.Duration
	each   *Step  // of sessions
	name   string // of what kind the octets, or the sessions, are
}

// latin1 turns each code point U+0000..U+00FF into one octet.
func latin1(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, fmt.Errorf("U+%04X is not an octet", r)
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// parseStep reads a step. One of an unknown kind is a step of kind unknown, so that
// its row is reported.
func parseStep(raw json.RawMessage) (Step, error) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		for _, m := range placeholder.FindAllString(s, -1) {
			if m != "{TLS}" && m != "{AUTH}" {
				return Step{kind: unknown, text: "placeholder " + m}, nil
			}
		}
		b, err := latin1(s)
		return Step{kind: octets, text: s, data: b}, err
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		return Step{}, fmt.Errorf("neither text nor object: %w", err)
	}
	for _, p := range parsers() {
		for _, key := range strings.Fields(p.keys) {
			v, ok := o[key]
			if !ok {
				continue
			}
			for k := range o {
				if k != key && k != "note" && !slices.Contains(strings.Fields(p.with), k) {
					return Step{kind: unknown, text: fmt.Sprintf("key %q beside %q", k, key)}, nil
				}
			}
			return p.parse(v, o)
		}
	}
	return Step{kind: unknown, text: "step " + string(raw[:min(len(raw), 200)])}, nil
}

// placeholder is what stands for a dialogue in text: nothing that a client says looks so.
var placeholder = regexp.MustCompile(`\{[A-Z]{3,}\}`)

// A stepParser reads the steps that have one of its keys, and none but those beside.
type stepParser struct {
	keys, with string
	parse      func(v json.RawMessage, all map[string]json.RawMessage) (Step, error)
}

func parsers() []stepParser {
	plain := func(kind stepKind) func(json.RawMessage, map[string]json.RawMessage) (Step, error) {
		return func(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
			return Step{kind: kind, text: words(v)}, nil
		}
	}
	return []stepParser{
		{"sessions", "each source", parseSessions},
		{"rep_session", "n source", parseSessions},
		{"sessions_per_s", "seconds each source", parseRate},
		{"rep repeat", "n every_ms prefix suffix sep", parseRep},
		{"b64_of", "", parseBase64},
		{"b64 base64", "", parseDecode(base64.StdEncoding.DecodeString)},
		{"hex", "", parseDecode(func(s string) ([]byte, error) { return hex.DecodeString(strings.Join(strings.Fields(s), "")) })},
		{"utf8", "", parseDecode(func(s string) ([]byte, error) { return []byte(s), nil })},
		{"nest_multipart", "", parseNest},
		{"nest_rfc822", "", parseNestMessages},
		{"zeros_zip_mb", "", parseZip},
		{"pause_ms sleep_ms wait_ms", "", parsePause(time.Millisecond)},
		{"pause_s sleep_s wait_s", "", parsePause(time.Second)},
		{"pause_until_read_timeout pause_until_timeout wait_until_closed", "", plain(untilEnd)},
		{"close_write half_close shutdown_write", "", plain(closeWrite)},
		{"close reset rst", "", plain(closeAll)},
		{"starttls_handshake tls_handshake handshake", "max_version min_version", parseHandshake},
		{"fill_to_message_size", "", plain(fill)},
		{"role", "script", parseRole},
		{"message_html", "", parseOctets(page)},
		{"ics", "", parseOctets(calendar)},
		{"scenario", "", plain(scenario)},
		{"db_set", "", plain(dbSet)},
		{"never_read", "", plain(neverRead)},
		{"drop_network", "", plain(dropNet)},
		{"rlimit_nofile", "", parseCount(fileLimit)},
		{"note", "", plain(note)},
	}
}

// words is a JSON value as text.
func words(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

func number(v json.RawMessage) (int, error) {
	n, err := strconv.Atoi(strings.Trim(string(v), `"`))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a count", v)
	}
	return n, nil
}

func parseCount(kind stepKind) func(json.RawMessage, map[string]json.RawMessage) (Step, error) {
	return func(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
		n, err := number(v)
		return Step{kind: kind, n: n}, err
	}
}

func parsePause(unit time.Duration) func(json.RawMessage, map[string]json.RawMessage) (Step, error) {
	return func(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
		n, err := number(v)
		return Step{kind: pause, wait: time.Duration(n) * unit}, err
	}
}

// parseDecode reads octets that are written in another way.
func parseDecode(decode func(string) ([]byte, error)) func(json.RawMessage, map[string]json.RawMessage) (Step, error) {
	return func(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
		b, err := decode(words(v))
		return Step{kind: octets, data: b}, err
	}
}

// parseOctets reads a step whose value is text or a step that makes octets.
func parseOctets(kind stepKind) func(json.RawMessage, map[string]json.RawMessage) (Step, error) {
	return func(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
		s, err := inner(v)
		return Step{kind: kind, text: s.text, data: s.data}, err
	}
}

// inner reads a step inside another; it must make octets.
func inner(v json.RawMessage) (Step, error) {
	s, err := parseStep(v)
	if err == nil && s.kind != octets {
		err = errors.New("the inner step makes no octets")
	}
	return s, err
}

func parseRep(v json.RawMessage, o map[string]json.RawMessage) (Step, error) {
	unit, err := inner(v)
	if err != nil {
		return Step{}, err
	}
	n, err := number(o["n"])
	if err != nil {
		return Step{}, err
	}
	if n*max(len(unit.data), 1) > maxOctets {
		return Step{}, fmt.Errorf("%d times %d octets are too many", n, len(unit.data))
	}
	var every int
	if o["every_ms"] != nil {
		if every, err = number(o["every_ms"]); err != nil {
			return Step{}, err
		}
	}
	var around [3][]byte
	for i, key := range []string{"prefix", "sep", "suffix"} {
		if around[i], err = latin1(words(o[key])); err != nil {
			return Step{}, err
		}
	}
	s := Step{kind: octets, data: around[0], text: string(unit.data)}
	counts := bytes.Contains(unit.data, []byte("%i"))
	for i := range n {
		one := unit.data
		if counts {
			one = bytes.ReplaceAll(one, []byte("%i"), []byte(strconv.Itoa(i)))
		}
		if i > 0 && len(around[1]) > 0 {
			one = append(slices.Clone(around[1]), one...)
		}
		if every > 0 {
			s.chunks = append(s.chunks, one)
		}
		s.data = append(s.data, one...)
	}
	s.data = append(s.data, around[2]...)
	if every > 0 {
		s.kind, s.every = paced, time.Duration(every)*time.Millisecond
	}
	return s, nil
}

func parseBase64(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
	s, err := inner(v)
	return Step{kind: octets, data: []byte(base64.StdEncoding.EncodeToString(s.data)), name: "base64"}, err
}

// parseNest makes a whole message of n multiparts, one in the other.
func parseNest(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
	n, err := number(v)
	if err != nil || n > 1_000_000 {
		return Step{}, fmt.Errorf("nest %s multiparts: out of range", v)
	}
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\ninmost\r\n")
	for i := n - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\r\n", i)
	}
	return Step{kind: octets, data: b.Bytes()}, nil
}

// parseNestMessages makes a whole message of n messages, one in the other.
func parseNestMessages(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
	n, err := number(v)
	if err != nil || n > 1_000_000 {
		return Step{}, fmt.Errorf("nest %s messages: out of range", v)
	}
	return Step{kind: octets, data: []byte(strings.Repeat("Content-Type: message/rfc822\r\n\r\n", n) + "Subject: inmost\r\n\r\ninmost\r\n")}, nil
}

// parseZip makes an archive of n MiB of zeros: the same compressed MiB n times.
func parseZip(v json.RawMessage, _ map[string]json.RawMessage) (Step, error) {
	n, err := number(v)
	if err != nil {
		return Step{}, err
	}
	one := make([]byte, 1<<20)
	var part, end bytes.Buffer
	if err := deflate(&part, one); err != nil {
		return Step{}, err
	}
	if err := deflate(&end, nil); err != nil {
		return Step{}, err
	}
	mib := part.Bytes()[:part.Len()-end.Len()] // without the mark of the end
	sum := uint32(0)
	for range n {
		sum = crc32.Update(sum, crc32.IEEETable, one)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "zeros", Method: zip.Deflate, CRC32: sum,
		CompressedSize64: uint64(n*len(mib) + end.Len()), UncompressedSize64: uint64(n) << 20})
	if err == nil {
		_, err = w.Write(append(bytes.Repeat(mib, n), end.Bytes()...))
	}
	if err == nil {
		err = z.Close()
	}
	return Step{kind: octets, data: b.Bytes()}, err
}

// deflate compresses b into blocks that end at an octet, and marks the end.
func deflate(out *bytes.Buffer, b []byte) error {
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		return err
	}
	if len(b) > 0 {
		if _, err := w.Write(b); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return w.Close()
}

func parseHandshake(_ json.RawMessage, o map[string]json.RawMessage) (Step, error) {
	return Step{kind: handshake, text: words(o["max_version"])}, nil
}

func parseSessions(_ json.RawMessage, o map[string]json.RawMessage) (Step, error) {
	each, count, kind := o["each"], o["sessions"], "at once"
	if o["rep_session"] != nil {
		each, count, kind = o["rep_session"], o["n"], "in turn"
	}
	n, err := number(count)
	if err != nil {
		return Step{}, err
	}
	s := Step{kind: sessions, n: n, name: kind, text: words(o["source"])}
	if each != nil {
		in, err := inner(each)
		if err != nil {
			return Step{}, err
		}
		s.each = &in
	}
	return s, nil
}

func parseRate(v json.RawMessage, o map[string]json.RawMessage) (Step, error) {
	n, err := number(v)
	if err != nil {
		return Step{}, err
	}
	seconds, err := number(o["seconds"])
	return Step{kind: rate, n: n, wait: time.Duration(seconds) * time.Second}, err
}

func parseRole(v json.RawMessage, o map[string]json.RawMessage) (Step, error) {
	if words(v) != "fake-smarthost" {
		return Step{kind: unknown, text: words(v)}, nil
	}
	return Step{kind: fakeHost, text: words(o["script"])}, nil
}

// fillTo returns lines that end in CRLF and make a message, of which have octets are
// there, want octets long. It counts what is behind the last DATA of sent.
func fillTo(sent []byte, want int) []byte {
	have := len(sent)
	if i := bytes.LastIndex(sent, []byte("DATA\r\n")); i >= 0 {
		have -= i + len("DATA\r\n")
	}
	const line = 76
	var b bytes.Buffer
	for left := want - have; left > 0; {
		n := min(left, line+2)
		if rest := left - n; rest == 1 {
			n-- // One octet alone cannot be a line.
		}
		b.WriteString(strings.Repeat("f", max(n-2, 0)))
		b.WriteString("\r\n")
		left -= n
	}
	return b.Bytes()
}

// columns breaks base64 into lines as a body has them (RFC 2045 §6.8).
func columns(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}
