package traffic

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// recaller takes back half of what is held, one IMAP session after the other.
func (x *Traffic) recaller() {
	for !x.halted() {
		if err := x.recalls(); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// recalls takes mail back until halt or an error.
func (x *Traffic) recalls() error {
	c, err := x.Author()
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		select {
		case <-x.stopping:
			return nil
		case id := <-x.Held:
			if rand.IntN(2) == 0 {
				continue
			}
			if err := x.Recall(c, id); err != nil {
				return err
			}
		}
	}
}

// Author opens Ana's folder Scheduled.
func (x *Traffic) Author() (*imapclient.Client, error) {
	c, err := imapclient.DialTLS(x.o.Addr("imaps"), &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // loopback
	if err != nil {
		return nil, err
	}
	if err := c.Login(Ana, x.o.Password).Wait(); err != nil {
		c.Close()
		return nil, err
	}
	if _, err := c.Select("Scheduled", nil).Wait(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Recall takes one mail back: by MOVE, or with even numbers by deleting it.
func (x *Traffic) Recall(c *imapclient.Client, id string) error {
	if err := c.Noop().Wait(); err != nil { // It may be younger than our view.
		return err
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
	if err != nil {
		return err
	}
	uids := found.AllUIDs()
	if len(uids) != 1 {
		x.tb.Errorf("<%s> was acknowledged and is %d times in Scheduled", id, len(uids))
		return nil
	}
	if err := x.journal.Recalled(id, time.Now()); err != nil {
		x.tb.Error(err)
	}
	set := imap.UIDSetNum(uids...)
	if ByMove(id) {
		_, err = c.Move(set, "Drafts").Wait()
	} else if err = c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err == nil {
		err = c.UIDExpunge(set).Close()
	}
	if err != nil {
		return err
	}
	if err := x.journal.Returned(id, time.Now()); err != nil {
		x.tb.Error(err)
	}
	return nil
}

// ByMove says how recall takes a mail back.
func ByMove(id string) bool {
	var n int
	if _, err := fmt.Sscanf(id, "load%d@", &n); err != nil {
		return false
	}
	return n/4%2 == 1
}
