//go:build !linux

package doctor

// kernelSynced is known on Linux only.
func kernelSynced() (synced, known bool) { return false, false }
