package smtpd

import (
	netmail "net/mail"
	"strings"
	"testing"

	"tidepost/mail"
)

func TestHidesAddress(t *testing.T) {
	for raw, want := range map[string]bool{
		`ana@team.example`:                                       false,
		`Ana Silva <ana@team.example>`:                           false,
		`"mei@team.example" <ana@team.example>`:                  false,
		`"Ana (at home)" <ana@team.example>`:                     false,
		`ana@team.example (Ana Silva)`:                           false,
		`ana@team.example (Ana \) (nested))`:                     false,
		`=?utf-8?q?Jos=C3=A9?= <ana@team.example>`:               false,
		`(mei@team.example) ana@team.example`:                    true,
		`ana@team.example (a (mei@team.example) b)`:              true,
		`ana@team.example (<mei>)`:                               true,
		`=?utf-8?q?mei=40team=2Eexample?= <ana@team.example>`:    true,
		`=?utf-8?q?mei=40team=2Eexample=3E?= <ana@team.example>`: true,
		`=?utf-8?b?PG1laT4=?= <ana@team.example>`:                true,
		`ana@team.example (open`:                                 true,
		`mei@!, ana@team.example`:                                true,
		`<mei@!>; <ana@team.example>`:                            true,
		`Silva, Ana <ana@team.example>`:                          false,
	} {
		list := mail.ParseMailboxes(raw)
		if len(list) != 1 {
			t.Errorf("%q: %d mailboxes", raw, len(list))
			continue
		}
		if got := hidesAddress(raw, list[0]); got != want {
			t.Errorf("%q: got %v, want %v", raw, got, want)
		}
	}
}

// FuzzFrom compares what the submission door takes a From field for with what another
// reader does: mail in which the two see different authors must be refused.
func FuzzFrom(f *testing.F) {
	for _, seed := range []string{
		"ana@team.example", "Ana Silva <ana@team.example>", "(boss@here.test) alice@here.test", "<@here.test:boss@here.test>", "<boss@here.test> <alice@here.test>",
		"=?utf-8?q?boss=40here=2Etest=3E?= <alice@here.test>", "<>", "staff: boss@here.test;", "\"boss@here.test\"@here.test", "alice@here.test; boss@here.test",
		"a@b (c", "\"a\\\"b\" <a@b.test>", "a b c@d", "<a@b>c@d", "a@b,", ",a@b", "a@[127.0.0.1]", "a@b\r\n c@d",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		h := mail.ParseHeader([]byte("From: " + value + "\r\n\r\n"))
		list := h.Addresses("From")
		if h.Count("From") != 1 || len(list) != 1 || hidesAddress(h.Get("From"), list[0]) {
			return
		}
		ours, err := mail.ParsePath(list[0].Address.String(), true)
		if err != nil {
			return
		}
		other, err := netmail.ParseAddressList(h.Get("From"))
		if err != nil {
			return // It sees nobody.
		}
		if len(other) != 1 || !strings.EqualFold(other[0].Address, ours.String()) {
			t.Errorf("%q is from %s for us, from %v for another reader", value, ours, other)
		}
	})
}
