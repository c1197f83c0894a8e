package imapd

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

func isControl(k store.Kind) bool { return false }
func (s *Session) AppendLimit() uint32 { return uint32(s.server.opts.Guard.MaxAppend) }
func (s *Session) Append(mailbox string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) { return nil, errNoMailbox }
func (s *Session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error { return nil }
func (s *Session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) { return nil, errNoMailbox }
func (s *Session) Store(w *imapserver.FetchWriter, numSet imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error { return errNoMailbox }
func (s *Session) Copy(numSet imap.NumSet, dest string) (*imap.CopyData, error) { return nil, errNoMailbox }
func (s *Session) Move(w *imapserver.MoveWriter, numSet imap.NumSet, dest string) error { return errNoMailbox }
