package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// networkFS names the file systems on which SQLite's locks or syncs cannot be
// trusted (magic numbers of statfs(2)).
var networkFS = map[int64]string{
	0x6969:     "NFS",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x517b:     "SMB",
	0x01021997: "9P",
	0x00c36400: "Ceph",
	0x5346414f: "AFS",
}

// refuseNetworkFS returns an error when dir lies on a network file system.
func refuseNetworkFS(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look at data directory %s: %w", dir, err)
	}
	if name, bad := networkFS[int64(st.Type)]; bad { //nolint:unconvert // int32 on some platforms
		return fmt.Errorf("data directory %s is on %s: a local disk is needed", dir, name)
	}
	return nil
}
