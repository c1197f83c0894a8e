package main

import (
	"testing"
	"testing/fstest"
)

func TestCgroupLimit(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  int64
	}{
		{"nobody says", fstest.MapFS{}, 0},
		{"version 2, own group", fstest.MapFS{"proc/self/cgroup": file("0::/system.slice/tidepost.service\n"),
			"sys/fs/cgroup/system.slice/tidepost.service/memory.max":  file("1073741824\n"),
			"sys/fs/cgroup/system.slice/tidepost.service/memory.high": file("max\n")}, 1 << 30},
		{"version 2, high below max, parent lower still", fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("1073741824\n"), "sys/fs/cgroup/a/b/memory.high": file("805306368\n"),
			"sys/fs/cgroup/a/memory.max": file("536870912\n")}, 512 << 20},
		{"version 2, in a container", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("268435456\n")}, 256 << 20},
		{"version 1", fstest.MapFS{"proc/self/cgroup": file("5:devices:/\n4:cpu,memory:/x\n0::/\n"),
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": file("314572800\n"), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n")}, 300 << 20},
		{"no limit", fstest.MapFS{"proc/self/cgroup": file("4:memory:/\n0::/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 0},
		{"nonsense", fstest.MapFS{"proc/self/cgroup": file("what\n0::/../../etc\n"), "sys/fs/cgroup/etc/memory.max": file("lots\n")}, 0},
	} {
		if got := cgroupLimit(c.files); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestGoLeavesRoomForTheRest(t *testing.T) {
	for limit, want := range map[int64]int64{1 << 30: 1<<30 - 1<<30/5, 256 << 20: 192 << 20, 64 << 20: 32 << 20} {
		if got := goShare(limit); got != want {
			t.Errorf("of %d Go gets %d, want %d", limit, got, want)
		}
	}
}
