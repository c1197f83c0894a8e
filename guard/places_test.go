package guard_test

import (
	"io"
	"net"
	"testing"
	"time"

	"tidepost/guard"
)

// What one door takes, another has not; what it gives back, the other gets.
func TestPlacesAreSharedByListeners(t *testing.T) {
	places := guard.NewPlaces(2)
	var doors [2]net.Listener
	accepted := make(chan net.Conn, 10)
	for i := range doors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		doors[i] = guard.Listen(l, guard.Limits{Shared: places, Busy: "busy\r\n"})
		t.Cleanup(func() { doors[i].Close() })
		go func() {
			for {
				c, err := doors[i].Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
	}
	dial := func(door int) net.Conn {
		c, err := net.Dial("tcp", doors[door].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	wait := func() net.Conn {
		select {
		case c := <-accepted:
			return c
		case <-time.After(10 * time.Second):
			t.Fatal("a connection within the limit was not accepted")
			return nil
		}
	}
	dial(0)
	first := wait()
	dial(1)
	wait()
	if said, err := io.ReadAll(dial(1)); err != nil || string(said) != "busy\r\n" {
		t.Errorf("the third connection was told %q, %v; want busy", said, err)
	}
	first.Close()
	first.Close() // gives back once
	dial(1)
	wait()
	if said, err := io.ReadAll(dial(0)); err != nil || string(said) != "busy\r\n" {
		t.Errorf("the third connection was told %q, %v; want busy", said, err)
	}
}
