package main

import (
	"bufio"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// cgroupLimit returns what the kernel lets this process and those beside it in its
// control group take of memory before it reclaims hard or kills: the lowest memory.max
// or memory.high from the own group up, or memory.limit_in_bytes of version 1. 0: there
// is no limit, or nobody says. root is the file system of the machine.
func cgroupLimit(root fs.FS) int64 {
	f, err := root.Open("proc/self/cgroup")
	if err != nil {
		return 0
	}
	defer f.Close()
	lowest := int64(math.MaxInt64)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// hierarchy-ID:controllers:path, see cgroups(7); version 2 is 0::path.
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		top, names := "sys/fs/cgroup", []string{"memory.max", "memory.high"}
		switch {
		case parts[0] == "0" && parts[1] == "":
		case strings.Contains(","+parts[1]+",", ",memory,"):
			top, names = "sys/fs/cgroup/memory", []string{"memory.limit_in_bytes"}
		default:
			continue
		}
		for at := path.Join(top, path.Join("/", parts[2])); ; at = path.Dir(at) {
			for _, name := range names {
				lowest = min(lowest, readLimit(root, path.Join(at, name)))
			}
			if len(at) <= len(top) {
				break
			}
		}
	}
	if lowest >= noLimit {
		return 0
	}
	return lowest
}

// noLimit is more memory than any machine has: version 1 writes a huge number for none.
const noLimit = 1 << 50

// readLimit reads one limit; none is the largest number.
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n <= 0 { // "max"
		return math.MaxInt64
	}
	return n
}

// goShare is what Go may have of a limit: SQLite keeps its caches outside of Go's heap,
// and the kernel counts stacks of threads and sockets, too.
func goShare(limit int64) int64 {
	const least, outside = 32 << 20, 64 << 20
	return max(least, limit-max(outside, limit/5))
}

// memoryCap is what Go may take in this process, math.MaxInt64 without a limit.
func memoryCap(log *slog.Logger) int64 {
	limit := cgroupLimit(os.DirFS("/"))
	if limit == 0 {
		return math.MaxInt64
	}
	log.Info("memory is limited", "limit", limit, "go", goShare(limit))
	return goShare(limit)
}
