// Command fill holds mail in the database of a stopped server, as accepting it would:
// through queue.Submit, one mail at a time, many at once, every commit synced.
//
//	fill -config tidepost.toml -author u@bench.test -n 1000000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fill:", err)
		os.Exit(1)
	}
}

func run() error {
	file := flag.String("config", "tidepost.toml", "configuration of the server")
	author := flag.String("author", "", "address of the team that sends")
	count := flag.Int64("n", 100_000, "how many mails")
	size := flag.Int("l", 512, "octets of a body")
	wait := flag.Duration("hold", 24*time.Hour, "how long they wait")
	at := flag.Int("s", 64, "mails at a time")
	flag.Parse()
	cfg, err := config.Load(*file)
	if err != nil {
		return err
	}
	d, err := gateway.OpenDesk(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer d.Close()
	from, err := mail.ParsePath(*author, false)
	if err != nil {
		return fmt.Errorf("-author: %w", err)
	}
	p, _, ok := d.People.ByAddress(from)
	if !ok {
		return errors.New("-author: nobody has that address")
	}
	began := time.Now()
	var done atomic.Int64
	group, ctx := errgroup.WithContext(context.Background())
	for range *at {
		group.Go(func() error {
			for i := done.Add(1); i <= *count; i = done.Add(1) {
				if err := submit(ctx, d, p, i, *size, *wait); err != nil {
					return err
				}
				if i%50_000 == 0 {
					fmt.Printf("%d after %s\n", i, time.Since(began).Round(time.Second))
				}
			}
			return nil
		})
	}
	err = group.Wait()
	fmt.Printf("held %d mails in %s\n", *count, time.Since(began).Round(time.Millisecond))
	return err
}

// submit holds one mail to somebody elsewhere.
func submit(ctx context.Context, d *gateway.Desk, p *people.Person, i int64, size int, wait time.Duration) error {
	now := time.Now().UTC().Round(0)
	head := fmt.Sprintf("Date: %s\r\nFrom: %s <%s>\r\nTo: <r%d@dest%d.test>\r\nMessage-ID: <fill%d.%d@bench.test>\r\nSubject: Report %d\r\n\r\n",
		mail.FormatDate(now), p.Name, p.Address, i, i%20, i, now.UnixNano(), i)
	body := strings.Repeat("The figures of this week, as every week, with all that belongs to them\r\n", max(size/72, 1))
	env := mail.Envelope{From: p.Address, HoldUntil: now.Add(wait), Recipients: []mail.Recipient{{Address: mail.Address{
		Local: fmt.Sprintf("r%d", i), Domain: fmt.Sprintf("dest%d.test", i%20)}}}}
	_, err := d.Queue.Submit(ctx, queue.Submission{Author: p, Envelope: env, Staged: store.StageBytes([]byte(head), []byte(body)), Now: now,
		Peer: queue.Peer{Helo: "fill", IP: "127.0.0.1", Protocol: "ESMTPSA"}})
	return err
}
