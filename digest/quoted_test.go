package digest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidepost/answers"
	"tidepost/digest"
	"tidepost/mail"
)

// What a mail program makes of a digest that is answered: the text or the HTML, quoted,
// with words under each question.
func quotedReplies(c digest.Content, l mail.Letter) map[string]string {
	const wrote = "On Tue, 24 Nov 2026 at 13:00, Tidepost <tidepost@team.example> wrote:"
	var text strings.Builder
	text.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + wrote + "\r\n")
	number := 0
	for _, row := range strings.Split(l.Text, "\n") {
		if _, err := fmt.Sscanf(row, "[%d] ", &number); row == "" && number > 0 && err != nil {
			fmt.Fprintf(&text, "\r\nanswer to number %d\r\n\r\n", number)
			number = 0
		}
		text.WriteString("> " + row + "\r\n")
	}
	page := l.HTML[strings.Index(l.HTML, "<body>")+6 : strings.Index(l.HTML, "</body>")]
	const cite = `<blockquote type="cite">`
	for n := range c.Asks { // Programs close the quotation, and open it again below the words.
		const end = "<div><br></div>"
		at := strings.Index(page, fmt.Sprintf("<b>[%d]</b>", n+1))
		at += strings.Index(page[at:], end) + len(end)
		page = page[:at-len(end)] + fmt.Sprintf("</blockquote><p>answer to number %d</p>", n+1) + cite + page[at:]
	}
	html := "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>" + strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(wrote) + "</p>" +
		cite + page + "</blockquote></body></html>"
	return map[string]string{"text": text.String(), "HTML": html}
}

// The digest is made so that answers below its quoted questions are told apart.
func TestAnswersBelowQuotedQuestions(t *testing.T) {
	for name, c := range cases() {
		c.Settle()
		l := writer.Digest(mei(t), c)
		var items []answers.Item
		want := map[int]string{}
		for _, a := range c.Asks {
			items = append(items, answers.Item{Number: a.Number, Text: a.Text, Asker: a.Asker.Name})
			want[a.Number] = fmt.Sprintf("answer to number %d", a.Number)
		}
		if len(items) == 0 {
			continue
		}
		for program, reply := range quotedReplies(c, *l) {
			head, body, _ := strings.Cut(reply, "\r\n\r\n")
			scan := mail.NewScanner([]byte(head + "\r\n\r\n"))
			if _, err := scan.Write([]byte(body)); err != nil {
				t.Fatal(err)
			}
			r := answers.Parse(answers.Input{Lines: mail.LinesOf(scan.Finish()), Items: items, Digest: l.Text, Author: "Mei Chen", Date: tide, Zone: zone(t, "Australia/Sydney")})
			got := map[int]string{}
			for _, a := range r.Answers {
				got[a.Number] += a.Text
			}
			if diff := cmp.Diff(want, got); diff != "" || len(r.Back) > 0 {
				t.Errorf("%s, %s: %s; back %+v", name, program, diff, r.Back)
			}
		}
	}
}
