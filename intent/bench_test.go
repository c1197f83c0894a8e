package intent

import (
	"strings"
	"testing"
	"time"

	"tidepost/mail"
)

// benchMail is an ordinary long mail of about 4 KB.
func benchMail() Input {
	const text = `Hi Mei, hi Tom,

the night job of the northern stations has failed three times this week, each time
after 58 minutes, because the merge step grows with every station that we add. I looked
at the log of Tuesday and found nothing else. The disk is fine, the network is fine.

There are two ways out. We can raise the limit to two hours, which takes ten minutes and
holds until about October, or we can split the job by region, which takes Priya four days
and holds for good. I propose to raise the limit now and to split in the next sprint.

Tom, could you raise the limit by Thursday noon, please? Mei, do you agree that the split
goes into the next sprint? I will write the ticket today, and if you need numbers, they
are in the wiki under "night jobs".

`
	return Input{
		Text: strings.Repeat(text, 6)[:4096], Subject: "Night job fails", Date: time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC),
		From: mail.Mailbox{Name: "Ana Sousa", Address: mail.Address{Local: "ana", Domain: "x.test"}},
		To: []mail.Mailbox{
			{Name: "Mei Lindqvist", Address: mail.Address{Local: "mei", Domain: "x.test"}},
			{Name: "Tom Okafor", Address: mail.Address{Local: "tom", Domain: "x.test"}},
		},
	}
}

func BenchmarkRead4KB(b *testing.B) {
	in := benchMail()
	b.ReportAllocs()
	for b.Loop() {
		Read(in)
	}
}

func BenchmarkTokens4KB(b *testing.B) {
	in := benchMail()
	for b.Loop() {
		toks := tokenize(in.Text)
		look(toks)
	}
}

// BenchmarkReadCPU reports processor time, which other work on the machine changes
// less than the clock.
func BenchmarkReadCPU(b *testing.B) {
	for name, copies := range map[string]int{"4KB": 1, "1MB": 256} {
		in := benchMail()
		in.Text = strings.Repeat(in.Text, copies)
		b.Run(name, func(b *testing.B) {
			start, n := cpuTime(b), 0
			for b.Loop() {
				Read(in)
				n++
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(n), "cpu-ns/op")
		})
	}
}
