package story

import (
	"fmt"
	"strings"
	"testing"
)

const told = `start: Mon 2026-03-02 10:00 in Berlin
person Ana in Berlin works mon-fri 09:00-17:00
person Mei in Berlin works mon-fri 09:00-17:00
outside Otto
Ana sends "Figures" to Mei saying "Could you send me the sales figures of February?"
Ana sends "Offer" to Otto
Otto sends "Order" to Mei
Mei gets a digest at Mon 13:00
Mei reads "Figures"
`

// Every kind of expectation must be able to fail: each of these is wrong.
func TestWrongExpectationsAreSeen(t *testing.T) {
	for i, wrong := range []string{
		`Mei's INBOX has exactly "Figures"`,
		`Mei's INBOX has "Offer"`,
		`Mei's INBOX has no "Order"`,
		`Mei's INBOX is empty`,
		`Mei's INBOX has 3 mails`,
		`"Order" is not in Mei's INBOX`,
		`"Figures" in Mei's INBOX is unread`,
		`"Figures" in Mei's INBOX is not read`,
		`"Figures" in Mei's INBOX has header Subject: Order`,
		`"Figures" in Mei's INBOX has no header Subject`,
		`"Figures" in Mei's INBOX says "March"`,
		`"Figures" in Mei's INBOX does not say "February"`,
		`"Figures" in Mei's INBOX came Mon 12:59`,
		`Mei receives "Figures" at Mon 13:01`,
		`Mei receives "Figures" twice`,
		`Mei has not received "Figures"`,
		`Mei receives "Figures" before Mon 12:00`,
		`Otto's mailbox is empty`,
		`Mei has the folder "Lists"`,
		`"Figures" to Mei is held`,
		`"Offer" to Otto is not delivered`,
		`"Offer" leaves for Otto at Mon 10:05`,
		`"Figures" waits for Mei until Tue 09:00`,
		`the server answers 550`,
		`Ana gets a note saying "Waits until"`,
		`Mei gets no digests`,
		`Mei gets 2 digests`,
		`Mei's digest says "Offer"`,
		`Mei's digest does not say "Figures"`,
		`Mei's digest came Mon 16:00`,
		`Mei's digest has 2 asks`,
		`Mei's digest asks 2 "sales figures"`,
		`Mei's digest asks 1 "sales figures" from Otto`,
		`Mei's digest asks 1 "sales figures" from Ana, due Wed 13:00`,
		`"Figures" has no asks`,
		`the ask in "Figures" is answered`,
		`the ask in "Figures" is not running`,
		`the ask in "Figures" is due Tue 13:01`,
		`the ask in "Figures" is not due`,
		`the ask in "Figures" belongs to Ana`,
		`Ana receives a reply to "Figures"`,
		`"Figures" and "Order" are in one thread`,
		`"Figures" and "Figures" are in different threads`,
		`the ledger of "Figures" has bounced`,
		`the ledger of "Figures" has no published`,
		`the ledger of the ask in "Figures" has clock-answered`,
		`there is one decision`,
		`D-1 says "blue"`,
		`Mei sees D-1`,
		"at Mon 13:30 Otto sends \"Again\" to Mei\nnothing reaches Mei before Mon 13:29",
		"at Tue 08:00 Ana sends \"Late\" to Mei\nnothing reaches Mei before Tue 09:01",
	} {
		text := told + wrong
		list, err := Parse("wrong.txt", text)
		if err != nil {
			t.Errorf("%s: %v", wrong, err)
			continue
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			last := strings.Count(text, "\n") + 1
			if err := list[0].tell(t); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("wrong.txt:%d: ", last)) {
				t.Errorf("%s\n got %v", wrong, err)
			}
		})
	}
}
