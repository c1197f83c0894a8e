package faults

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// recaller takes back half of what is held, one IMAP session after the other.
func (l *load) recaller() {
	for !l.halted() {
		if err := l.recalls(); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// recalls takes mail back until halt or an error.
func (l *load) recalls() error {
	c, err := l.author()
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		select {
		case <-l.stopping:
			return nil
		case id := <-l.held:
			if rand.IntN(2) == 0 {
				continue
			}
			if err := l.recall(c, id); err != nil {
				return err
			}
		}
	}
}

// author opens Ana's folder Scheduled.
func (s *site) author() (*imapclient.Client, error) {
	c, err := imapclient.DialTLS(s.addr("imaps"), &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // loopback
	if err != nil {
		return nil, err
	}
	if err := c.Login(ana, password).Wait(); err != nil {
		c.Close()
		return nil, err
	}
	if _, err := c.Select("Scheduled", nil).Wait(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// recall takes one mail back: by MOVE, or with even numbers by deleting it.
func (l *load) recall(c *imapclient.Client, id string) error {
	if err := c.Noop().Wait(); err != nil { // It may be younger than our view.
		return err
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
	if err != nil {
		return err
	}
	uids := found.AllUIDs()
	if len(uids) != 1 {
		l.Errorf("<%s> was acknowledged and is %d times in Scheduled", id, len(uids))
		return nil
	}
	if err := l.journal.Recalled(id, time.Now()); err != nil {
		l.Error(err)
	}
	set := imap.UIDSetNum(uids...)
	if byMove(id) {
		_, err = c.Move(set, "Drafts").Wait()
	} else if err = c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err == nil {
		err = c.UIDExpunge(set).Close()
	}
	if err != nil {
		return err
	}
	if err := l.journal.Returned(id, time.Now()); err != nil {
		l.Error(err)
	}
	return nil
}

// byMove says how recall takes a mail back.
func byMove(id string) bool {
	var n int
	if _, err := fmt.Sscanf(id, "load%d@", &n); err != nil {
		return false
	}
	return n/4%2 == 1
}
