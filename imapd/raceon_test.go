//go:build race

package imapd

// raceEnabled: the race detector makes figures meaningless.
const raceEnabled = true
