package story

import (
	"context"
	"fmt"
	"strings"

	"tidepost/store"
)

// threadLooks compare conversations.
func threadLooks() []*form {
	return []*form{
		{example: `"Budget" and "Re: Budget" are in one thread`, pattern: `(".*") (?:are|stay) in (?:one|the same) (?:thread|conversation)`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.threads(m[1], true)
		}},
		{example: `"Budget" and "Lunch" are in different threads`, pattern: `(".*") (?:are|stay) in (?:different|two|several|separate) (?:threads|conversations)`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.threads(m[1], false)
		}},
	}
}

func (b *builder) threads(list string, same bool) (func(*world) error, error) {
	mails := listed(list)
	if len(mails) < 2 {
		return nil, b.st.wrong("at least two mails are compared")
	}
	for _, n := range mails {
		b.mail(n)
	}
	return func(w *world) error {
		ids := map[int64][]string{}
		var say []string
		for _, n := range mails {
			id, err := w.threadOf(n)
			if err != nil {
				return err
			}
			ids[id] = append(ids[id], n)
			say = append(say, fmt.Sprintf("%q is in thread %d", n, id))
		}
		if same && len(ids) != 1 || !same && len(ids) != len(mails) {
			return fmt.Errorf("%s", strings.Join(say, "; "))
		}
		return nil
	}, nil
}

func (w *world) threadOf(name string) (id int64, err error) {
	mail, ok := w.mails[name]
	if !ok {
		return 0, fmt.Errorf("%q has not been sent yet", name)
	}
	err = w.server.db.View(context.Background(), func(tx *store.Tx) error {
		list, err := tx.MessagesByMID(mail.mid)
		for _, m := range list {
			if m.ThreadID != 0 {
				id = m.ThreadID
			}
		}
		return err
	})
	if err == nil && id == 0 {
		err = fmt.Errorf("%q is in no thread", name)
	}
	return id, err
}
