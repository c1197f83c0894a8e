package store

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever stands in a column is read as time.Parse reads it.
func TestStampIsReadAsParsed(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		var got stamp
		want, werr := time.Parse(layout, s)
		if gerr := got.Scan(s); (gerr == nil) != (werr == nil) || gerr == nil && time.Time(got) != want {
			t.Fatalf("%q: %v, %v; want %v, %v", s, time.Time(got), gerr, want, werr)
		}
	}
	for _, s := range []string{
		"2026-02-28T23:59:59.999Z", "2024-02-29T00:00:00.000Z", "2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
		"2026-00-10T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z",
		"2026-01-01T00:00:60.000Z", "2026-01-01T00:00:00.0000", "2026-01-01 00:00:00.000Z", "2026-01-01T00:00:00,000Z", "", "yesterday",
		"2026-1a-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000ZZ", "2026-01-01T00:00:00.0T0Z", "--------------------------",
	} {
		check(t, s)
	}
	rapid.Check(t, func(r *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-62135596800000, 253402300799999).Draw(r, "at")).UTC()
		v, err := stamp(at).Value()
		if err != nil {
			r.Fatal(err)
		}
		s, _ := v.(string)
		check(r, s)
		if s != "" {
			b := []byte(s)
			b[rapid.IntRange(0, len(b)-1).Draw(r, "where")] = rapid.SampledFrom([]byte("0123456789-:.TZ ")).Draw(r, "octet")
			check(r, string(b))
		}
	})
}
