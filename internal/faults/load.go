package faults

import (
	"path/filepath"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
)

const (
	ana  = traffic.Ana
	tom  = traffic.Tom
	mei  = traffic.Mei
	away = traffic.Away

	undo = time.Second           // what every mail of a site waits, so that some is always about to leave, until express
	pace = 40 * time.Millisecond // about 200 mails a second

	workers = traffic.Workers
)

// A load is traffic on an installation.
type load struct {
	*site
	*traffic.Traffic
	doubted int // mails whose sync was let fail
}

// underLoad makes a load on an installation.
func underLoad(s *site) *load {
	return &load{site: s, Traffic: traffic.New(s.T, traffic.Options{
		Addr: s.addr, Password: password, Journal: filepath.Join(s.dir, "journal"), Upstream: s.upstream,
		Database: filepath.Join(s.data, "tidepost.db"), Wait: undo, Pace: pace,
	})}
}

// Judge lets the program look at what a killed server has left, as its next start would:
// express mail lies in the database without rows of its own until then. Then everything
// is compared.
func (l *load) Judge(settled bool, kills int) reconcile.Facts {
	l.sound()
	return l.Traffic.Judge(settled, kills)
}

// express lets mail leave as it is taken from now on: another way through the server.
// It must not be running.
func (l *load) express() {
	l.Wait = 0
	l.configure(map[string]string{"hold.undo": `"0s"`})
}
