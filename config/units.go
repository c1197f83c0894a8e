package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	errDuration = errors.New(`is not a duration: write whole numbers with units, as in "20s", "30m", "4h", "5d" or "1h30m"`)
	errSize     = errors.New(`is not a size: write a whole number and a unit, as in "50MB" (50,000,000), "1MiB" (1,048,576) or "512B"`)
)

// A unit is a suffix and its worth.
type unit struct {
	name  string
	worth int64
}

func durationUnits() []unit {
	return []unit{
		{"d", int64(24 * time.Hour)}, {"h", int64(time.Hour)}, {"m", int64(time.Minute)}, {"s", int64(time.Second)},
	}
}

func sizeUnits() []unit {
	return []unit{
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"GB", 1_000_000_000}, {"MB", 1_000_000}, {"KB", 1000}, {"B", 1},
	}
}

// ParseDuration reads a duration of whole days, hours, minutes and seconds, the
// larger unit first and each at most once: "5d", "1h30m", "0s". A bare number,
// a sign, a fraction or white space is refused: "30" might be meant as minutes.
func ParseDuration(s string) (time.Duration, error) {
	var total int64
	units, rest := durationUnits(), s
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || digits == len(rest) {
			return 0, errDuration
		}
		worth := int64(0)
		for i, u := range units {
			if u.name[0] == rest[digits] {
				worth, units = u.worth, units[i+1:]
				break
			}
		}
		if worth == 0 || n > (math.MaxInt64-total)/worth {
			return 0, errDuration
		}
		total += n * worth
		rest = rest[digits+1:]
	}
	if s == "" {
		return 0, errDuration
	}
	return time.Duration(total), nil
}

// FormatDuration is the inverse of ParseDuration for whole seconds, with hours as
// the largest unit: "120h", "1h30m", "0s".
func FormatDuration(d time.Duration) string {
	var b strings.Builder
	rest := int64(d)
	for _, u := range durationUnits()[1:] {
		if n := rest / u.worth; n != 0 {
			b.WriteString(strconv.FormatInt(n, 10) + u.name)
			rest %= u.worth
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// ParseSize reads a size in octets: a whole number and a unit without space
// between them. KB, MB and GB are powers of 1000, KiB, MiB and GiB of 1024.
func ParseSize(s string) (int64, error) {
	for _, u := range sizeUnits() {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		if digits == "" || strings.Trim(digits, "0123456789") != "" {
			return 0, errSize
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > math.MaxInt64/u.worth {
			return 0, errSize
		}
		return n * u.worth, nil
	}
	return 0, errSize
}

// FormatSize is the inverse of ParseSize, with the unit that gives the smallest
// whole number.
func FormatSize(n int64) string {
	best := strconv.FormatInt(n, 10) + "B"
	for _, u := range sizeUnits() {
		if n > 0 && n%u.worth == 0 {
			if s := strconv.FormatInt(n/u.worth, 10) + u.name; len(s) < len(best) {
				best = s
			}
		}
	}
	return best
}

// ShowSize writes a number of octets for people, in about three digits: "812 B", "17 MB".
// Units are powers of 1000.
func ShowSize(n int64) string {
	const unit = 1000
	f, name := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if f < unit {
			break
		}
		f, name = f/unit, next
	}
	return fmt.Sprintf("%.0f %s", f, name)
}
