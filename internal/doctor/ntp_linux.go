package doctor

import "golang.org/x/sys/unix"

// kernelSynced reports whether the kernel's clock is kept by NTP; known is false where
// that cannot be asked, such as in some containers.
func kernelSynced() (synced, known bool) {
	const unsynchronised = 0x40 // STA_UNSYNC of adjtimex(2)
	var t unix.Timex            // Modes 0 changes nothing.
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unsynchronised == 0, true
}
