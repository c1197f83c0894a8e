package threading_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/mail"
	"tidepost/threading"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func msg(id string, refs ...string) threading.Message {
	return threading.Message{ID: id, References: refs, IsReply: len(refs) > 0, Subject: "budget", At: start,
		From: []string{"ana@x.test"}, To: []string{"mei@x.test"}}
}

func TestOfTakesAddressesInOneCase(t *testing.T) {
	box := func(local string) mail.Mailbox {
		return mail.Mailbox{Address: mail.Address{Local: local, Domain: "x.test"}}
	}
	got := threading.Of(mail.Facts{
		MessageID: "a@x", References: []string{"b@x"}, InReplyTo: []string{"c@x"}, BaseSubject: "s", IsReply: true,
		From: []mail.Mailbox{box("Ana")}, To: []mail.Mailbox{box("MEI")}, Cc: []mail.Mailbox{box("tom")}, IsBulk: true,
	}, start)
	want := threading.Message{ID: "a@x", References: []string{"b@x"}, InReplyTo: []string{"c@x"}, Subject: "s", IsReply: true,
		From: []string{"ana@x.test"}, To: []string{"mei@x.test", "tom@x.test"}, At: start, IsAutomatic: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWritten(t *testing.T) {
	for _, tt := range []struct {
		date time.Time
		ok   bool
		want time.Time
	}{
		{start.Add(-time.Hour), true, start.Add(-time.Hour)},
		{start.Add(-threading.SubjectWindow), true, start.Add(-threading.SubjectWindow)},
		{start.Add(-threading.SubjectWindow - time.Second), true, start},
		{start.Add(time.Hour), true, start.Add(time.Hour)},
		{start.Add(2 * time.Hour), true, start},
		{time.Time{}, false, start},
	} {
		if got := threading.Written(mail.Facts{Date: tt.date, DateOK: tt.ok}, start); !got.Equal(tt.want) {
			t.Errorf("Date %v: %v, want %v", tt.date, got, tt.want)
		}
	}
}
