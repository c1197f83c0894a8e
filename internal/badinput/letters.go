package badinput

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
)

// letter delivers what a row holds as the middle one of three letters to bob: HTML as
// the only part, a calendar as an attachment.
func (r *run) letter() {
	parcel := r.parcel()
	r.honest = 2
	for i, m := range []string{plainLetter("before"), parcel, plainLetter("behind")} {
		code, err := r.deliver(m)
		if err != nil {
			r.miss("letter %d of 3: %v", i+1, err)
			return
		}
		if i != 1 && code != 250 {
			r.miss("an honest letter was answered by %d", code)
		}
		if i == 1 && !anyCode(r.c.Codes, reply{code: code}) && (len(r.c.Codes) > 0 || !r.ofClass(code)) {
			r.miss("the letter was answered by %d, not %v", code, r.c.Codes)
		}
	}
	r.growth, r.cpu = r.w.used()
	if got := len(r.w.received()); got != 3 {
		r.miss("%d of 3 letters are stored", got)
	}
	_, tail, _ := strings.Cut(parcel, "\r\n\r\n")
	if ids := r.w.received(); len(ids) == 3 && !bytes.HasSuffix(r.w.raw(ids[1]), []byte(tail)) {
		r.miss("the stored octets are not those that were sent")
	}
}

func plainLetter(name string) string {
	return "From: a@remote.test\r\nTo: bob@" + domain + "\r\nSubject: honest " + name + "\r\nMessage-ID: <" + name + "@remote.test>\r\n\r\nan honest letter\r\n"
}

// lines makes CRLF of every line end, as a mail client does.
func lines(b []byte) string {
	s := strings.ReplaceAll(string(b), "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func (r *run) parcel() string {
	head := "From: a@remote.test\r\nTo: bob@" + domain + "\r\nSubject: row\r\nMessage-ID: <row@remote.test>\r\nMIME-Version: 1.0\r\n"
	if s, ok := r.c.step(page); ok {
		if bytes.ContainsAny(s.data, "\x00\r") { // No line of text: a mail program encodes it.
			return head + "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
				columns(base64.StdEncoding.EncodeToString(s.data)) + "\r\n"
		}
		return head + "Content-Type: text/html; charset=utf-8\r\n\r\n" + wrap(lines(s.data)) + "\r\n"
	}
	s, _ := r.c.step(calendar)
	return head + "Content-Type: multipart/mixed; boundary=row\r\n\r\n--row\r\nContent-Type: text/plain\r\n\r\nsee you there\r\n" +
		"--row\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + wrap(string(calendarOf(s.data))) + "\r\n--row--\r\n"
}

// wrap keeps lines under what doors take; HTML does not care where they end.
func wrap(s string) string {
	const max = 900
	var b strings.Builder
	for line := range strings.SplitAfterSeq(s, "\r\n") {
		for len(line) > max {
			i := strings.LastIndexAny(line[:max], " >")
			if i <= 0 {
				i = max - 1
			}
			b.WriteString(line[:i+1] + "\r\n")
			line = line[i+1:]
		}
		b.WriteString(line)
	}
	return b.String()
}

// deliver gives a letter for bob to the inbound door and returns the last code.
func (r *run) deliver(m string) (int, error) {
	c, err := dial(r.w.doors["inbound"], "127.0.0.1", r.w.trust)
	if err != nil {
		return 0, err
	}
	defer c.close()
	c.listen()
	c.write([]byte("EHLO client.test\r\nMAIL FROM:<a@remote.test>\r\nRCPT TO:<bob@" + domain + ">\r\nDATA\r\n"))
	c.settle(patience, patience, func() bool { _, ok := readSMTP(c, false).first("BODY"); return ok })
	if len(m) > 0 && m[0] == '.' {
		m = "." + m
	}
	c.write([]byte(strings.ReplaceAll(m, "\r\n.", "\r\n..")))
	if !strings.HasSuffix(m, "\r\n") {
		c.write([]byte("\r\n"))
	}
	c.write([]byte(".\r\nQUIT\r\n"))
	c.waitClosed(patience)
	e, ok := readSMTP(c, false).phase("data")
	if !ok || len(e.replies) == 0 {
		return 0, fmt.Errorf("no reply to %s", e.verb)
	}
	return e.last().code, nil
}

var (
	property  = regexp.MustCompile(`^[A-Z][A-Z-]*[:;]`)
	manyTimes = regexp.MustCompile(`^([A-Z-]+)\*([0-9]+)$`)
	bulk      = regexp.MustCompile(`(?i)([0-9]+) ?([KM])i?B`)
)

// calendarOf makes an iCalendar file of what a row says: lines of a property, or words
// ("RDATE*100000", "1 MB folded line", "VTIMEZONE with …"). A whole file stays as it is.
func calendarOf(b []byte) []byte {
	s := strings.TrimSpace(lines(b))
	if strings.HasPrefix(s, "BEGIN:VCALENDAR") {
		return []byte(s + "\r\n")
	}
	zone, event := "", s+"\r\n"
	if m := manyTimes.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[2])
		event = strings.Repeat(m[1]+";VALUE=DATE:20270101\r\n", min(n, 1_000_000))
	} else if !property.MatchString(s) {
		event = ""
		lower := strings.ToLower(s)
		if strings.Contains(lower, "vtimezone") {
			zone = "BEGIN:VTIMEZONE\r\nTZID:Endless/Zone\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		}
		if m := bulk.FindStringSubmatch(s); m != nil && strings.Contains(lower, "fold") {
			n, _ := strconv.Atoi(m[1])
			n <<= map[string]int{"K": 10, "M": 20}[strings.ToUpper(m[2])]
			event = "DESCRIPTION:" + strings.Repeat("x\r\n ", min(n, 16<<20)) + "x\r\n"
		}
		if strings.Contains(lower, "nest") {
			event = strings.Repeat("BEGIN:VEVENT\r\n", 10_000) + strings.Repeat("END:VEVENT\r\n", 10_000)
		}
	}
	start := "DTSTART;VALUE=DATE:20270101\r\n"
	if zone != "" {
		start = "DTSTART;TZID=Endless/Zone:20270101T090000\r\n"
	}
	if strings.Contains(event, "DTSTART") {
		start = ""
	}
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//row//EN\r\n" + zone + "BEGIN:VEVENT\r\nUID:row@remote.test\r\nDTSTAMP:20260101T000000Z\r\n" +
		start + "SUMMARY:row\r\n" + event + "END:VEVENT\r\nEND:VCALENDAR\r\n")
}

// readCalendar reads the row's calendar as the import of days off does, and returns how
// many days came out, and the time it took.
func (r *run) readCalendar() (days int, took time.Duration, err error) {
	s, _ := r.c.step(calendar)
	t := time.Now()
	out, err := people.ReadICS(bytes.NewReader(calendarOf(s.data)), scheduler.DateOf(t))
	return len(out.Days), time.Since(t), err
}
