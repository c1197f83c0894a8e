package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// indexBatch is how many messages are read before they are indexed in one
// transaction: some milliseconds, then others have their turn. Each transaction makes
// a piece of the index that has to be merged with others later.
const indexBatch = 50

// indexSoon wakes Run: there is a new entry.
func (b *Inbox) indexSoon() {
	select {
	case b.work <- struct{}{}:
	default:
	}
}

// Run does, until ctx ends, what is done behind accept: threads after a migration,
// derived data that is missing or old, and the full-text index.
func (b *Inbox) Run(ctx context.Context) error {
	if err := b.rethreadStale(ctx); err != nil && ctx.Err() == nil {
		b.o.Log.Error("threads", "err", err)
	}
	for {
		if err := b.catchUp(ctx); err != nil && ctx.Err() == nil {
			b.o.Log.Error("index mail", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.work:
		}
	}
}

// restFactor is how many times what a batch took the next one waits, and busyFactor the
// same while there is ever more to do: mail that comes in by the thousand is taken before
// it is indexed. A search finds what is not indexed yet.
const (
	restFactor = 3
	busyFactor = 10
)

func (b *Inbox) catchUp(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		began := time.Now()
		newest := b.newest
		built, err := b.rebuildNew(ctx)
		if err != nil {
			return err
		}
		rest := time.Duration(restFactor)
		if b.newest >= newest+indexBatch {
			rest = busyFactor
		}
		n, err := b.Index(ctx)
		if err != nil || n+built == 0 {
			return err
		}
		timer.Reset(rest * time.Since(began))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

// Index puts a batch of messages into the full-text index and returns how many; 0
// means that all are in it.
func (b *Inbox) Index(ctx context.Context) (int, error) {
	var ids []int64
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.Unindexed(indexBatch)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for mail to index: %w", err)
	}
	var texts []store.IndexText
	for _, id := range ids {
		m, content, err := b.read(ctx, id)
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotFound) {
			// One that cannot be read must not keep the others out of the index.
			b.o.Log.Error("message cannot be indexed", "message", id, "err", err)
			texts = append(texts, store.IndexText{MessageID: id})
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("index message %d: %w", id, err)
		}
		texts = append(texts, indexText(m, content))
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		for _, t := range texts {
			if err := tx.Index(t); err != nil {
				return err
			}
		}
		return nil
	})
	return len(ids), err
}

// read reads a message and its body again.
func (b *Inbox) read(ctx context.Context, id int64) (m store.Message, content *mail.Content, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(id)
		return err
	})
	if err != nil {
		return m, nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading a message panicked", "message", id, "panic", r)
			content, err = &mail.Content{}, nil
		}
	}()
	body := b.db.OpenBody(ctx, m)
	defer body.Close()
	scanner := mail.NewScanner(m.Head)
	if _, err := io.Copy(scanner, body); err != nil {
		return m, nil, err
	}
	return m, scanner.Finish(), nil
}

func indexText(m store.Message, content *mail.Content) store.IndexText {
	h := mail.ParseHeader(m.Head)
	var addresses strings.Builder
	for _, field := range []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc"} {
		for _, a := range h.Addresses(field) {
			addresses.WriteString(a.String() + " ")
		}
	}
	// Both texts: a search looks for what stands in either part.
	body := content.Plain()
	if content.HTML() != "" {
		body += "\n" + mail.HTMLText(content.HTML())
	}
	return store.IndexText{MessageID: m.ID, Subject: h.Text("Subject"), Addresses: addresses.String(), Body: body}
}
