package smtpd

import (
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
