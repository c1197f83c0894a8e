package faults

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A doubter follows what a program writes into SQLite's write-ahead log, and knows at
// each moment which mails are in the log and not synced for the first time.
type doubter struct {
	pending map[string]bool         // written since the last sync that succeeded
	synced  map[string]bool         // on the disk
	running map[int]map[string]bool // by thread: what the sync that runs there will have synced
}

func newDoubter() *doubter {
	return &doubter{pending: map[string]bool{}, synced: map[string]bool{}, running: map[int]map[string]bool{}}
}

// isLog reports whether a file is the log.
func isLog(path string) bool { return strings.HasSuffix(path, ".db-wal") }

var loadID = regexp.MustCompile(`load[0-9]+@load\.example`)

// wrote notes octets that go into the log. A page holds old mails beside new ones: what
// was synced once is no longer in doubt.
func (d *doubter) wrote(octets []byte) {
	for _, id := range loadID.FindAll(octets, -1) {
		if !d.synced[string(id)] {
			d.pending[string(id)] = true
		}
	}
}

// syncs notes that a sync of the log begins.
func (d *doubter) syncs(thread int) { d.running[thread] = maps.Clone(d.pending) }

// ends notes how the sync of a thread ended, if one ran there.
func (d *doubter) ends(thread int, well bool) {
	ids, ok := d.running[thread]
	if !ok {
		return
	}
	delete(d.running, thread)
	if !well {
		return
	}
	for id := range ids {
		d.synced[id] = true
		delete(d.pending, id)
	}
}

// inDoubt are the mails that a failure of the next sync leaves unsynced.
func (d *doubter) inDoubt() []string { return slices.Sorted(maps.Keys(d.pending)) }
