package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

// freePort finds a port below those that the kernel gives to outgoing connections, so
// that it is still free after a restart.
func freePort(t testing.TB) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 1000 {
		p := 12000 + rand.IntN(18000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil || ports.given[p] {
			if err == nil {
				l.Close()
			}
			continue
		}
		l.Close()
		ports.given[p] = true
		return p
	}
	t.Fatal("no free port")
	return 0
}
