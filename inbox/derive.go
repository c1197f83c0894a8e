package inbox

import (
	"errors"
	"runtime/debug"

	"tidepost/mail"
	"tidepost/store"
)

// derive stores what is computed of a message once, if nobody has. Without content it
// takes over what the message this is a rendition of has: they share the body. What
// cannot be had now is computed behind (rebuild.go).
func (b *Inbox) derive(tx *store.Tx, m store.Message, content *mail.Content) error {
	_, err := tx.Derived(m.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if content != nil {
		return tx.PutDerived(b.Derive(m, content))
	}
	if m.SourceID == 0 {
		return nil
	}
	d, err := tx.Derived(m.SourceID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.MessageID, d.Envelope = m.ID, mail.ParseHeader(m.Head).Envelope()
	return tx.PutDerived(d)
}

// Derive computes the derived data of a message. It never fails: mail that makes a
// reader of mail panic is shown as opaque text/plain.
func (b *Inbox) Derive(m store.Message, content *mail.Content) (d store.Derived) {
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading a message panicked, shown as opaque text", "message", m.ID, "panic", r, "stack", string(debug.Stack()))
			d = opaque(m)
		}
	}()
	if content == nil || content.Root == nil {
		return opaque(m)
	}
	words := mail.NewWords(content)
	return store.Derived{
		MessageID: m.ID, Envelope: mail.ParseHeader(m.Head).Envelope(), Root: content.Root,
		Preview: mail.PreviewOf(content, words), NewWords: words,
	}
}

func opaque(m store.Message) store.Derived {
	size := m.Size - int64(len(m.Head))
	return store.Derived{
		MessageID: m.ID, Envelope: &mail.ImapEnvelope{},
		Root: &mail.Part{Type: "text", Subtype: "plain", BodyEnd: size},
	}
}
