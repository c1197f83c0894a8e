package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A value reads one TOML value into its field and writes it back.
type value interface {
	// set stores the value of n, or says what is wrong and what is allowed.
	set(n *unstable.Node) error
	// toml gives the field as TOML.
	toml() string
}

// A quoted value is written as a TOML string.
type quoted struct {
	parse  func(string) error
	format func() string
}

func (v quoted) set(n *unstable.Node) error {
	if n.Kind != unstable.String {
		return errors.New("must be a string in quotation marks")
	}
	return v.parse(string(n.Data))
}

func (v quoted) toml() string { return quote(v.format()) }

// text is any string that check, if there is one, accepts. Control characters are
// refused everywhere: these strings reach protocol lines and headers.
func text(p *string, check func(string) error) value {
	return quoted{
		parse: func(s string) error {
			if err := noControls(s); err != nil {
				return err
			}
			if check != nil {
				if err := check(s); err != nil {
					return err
				}
			}
			*p = s
			return nil
		},
		format: func() string { return *p },
	}
}

// choice is one of a few words.
func choice[T ~string](p *T, allowed ...T) value {
	return quoted{
		parse: func(s string) error {
			if !slices.Contains(allowed, T(s)) {
				words := make([]string, len(allowed))
				for i, a := range allowed {
					words[i] = quote(string(a))
				}
				return fmt.Errorf("%s is not allowed: write one of %s", quote(s), strings.Join(words, ", "))
			}
			*p = T(s)
			return nil
		},
		format: func() string { return string(*p) },
	}
}

// span is a duration from low to high, both allowed.
func span(p *time.Duration, low, high time.Duration) value {
	return quoted{
		parse: func(s string) error {
			d, err := ParseDuration(s)
			if err != nil {
				return fmt.Errorf("%s %w", quote(s), err)
			}
			if d < low || d > high {
				return fmt.Errorf("%s is out of range: from %s to %s", quote(s), FormatDuration(low), FormatDuration(high))
			}
			*p = d
			return nil
		},
		format: func() string { return FormatDuration(*p) },
	}
}

// octets is a size from low to high, both allowed.
func octets(p *int64, low, high int64) value {
	return quoted{
		parse: func(s string) error {
			n, err := ParseSize(s)
			if err != nil {
				return fmt.Errorf("%s %w", quote(s), err)
			}
			if n < low || n > high {
				return fmt.Errorf("%s is out of range: from %s to %s", quote(s), FormatSize(low), FormatSize(high))
			}
			*p = n
			return nil
		},
		format: func() string { return FormatSize(*p) },
	}
}

// A boolean is true or false.
type boolean struct{ p *bool }

func flag(p *bool) value { return boolean{p} }

func (v boolean) set(n *unstable.Node) error {
	if n.Kind != unstable.Bool {
		return errors.New("must be true or false, without quotation marks")
	}
	*v.p = string(n.Data) == "true"
	return nil
}

func (v boolean) toml() string { return strconv.FormatBool(*v.p) }

// A whole number from low to high, both allowed.
type whole struct {
	p         *int
	low, high int
}

func number(p *int, low, high int) value { return whole{p, low, high} }

func (v whole) set(n *unstable.Node) error {
	if n.Kind != unstable.Integer {
		return fmt.Errorf("must be a whole number from %d to %d, without quotation marks", v.low, v.high)
	}
	i, err := strconv.ParseInt(string(n.Data), 0, 64)
	if err != nil || i < int64(v.low) || i > int64(v.high) {
		return fmt.Errorf("%s is out of range: from %d to %d", n.Data, v.low, v.high)
	}
	*v.p = int(i)
	return nil
}

func (v whole) toml() string { return strconv.Itoa(*v.p) }

// maxItems bounds a list.
const maxItems = 10_000

// A sequence is a list of strings, each read by item and listed once.
type sequence[T comparable] struct {
	p      *[]T
	item   func(string) (T, error)
	format func(T) string
}

func list(p *[]string, item func(string) (string, error)) value {
	return sequence[string]{p, item, func(s string) string { return s }}
}

func networks(p *[]netip.Prefix) value {
	return sequence[netip.Prefix]{p, networkItem, netip.Prefix.String}
}

func (v sequence[T]) set(n *unstable.Node) error {
	if n.Kind != unstable.Array {
		return errors.New(`must be a list of strings, as in ["one", "two"]`)
	}
	var items []T
	seen := map[T]bool{}
	for it := n.Children(); it.Next(); {
		child := it.Node()
		if child.Kind == unstable.Comment {
			continue
		}
		if child.Kind != unstable.String {
			return errors.New(`must be a list of strings, as in ["one", "two"]`)
		}
		s := string(child.Data)
		if err := noControls(s); err != nil {
			return err
		}
		one, err := v.item(s)
		if err != nil {
			return err
		}
		if seen[one] {
			return fmt.Errorf("%s is listed twice", quote(s))
		}
		if len(items) == maxItems {
			return fmt.Errorf("has more than %d entries", maxItems)
		}
		seen[one] = true
		items = append(items, one)
	}
	*v.p = items
	return nil
}

func (v sequence[T]) toml() string {
	items := make([]string, len(*v.p))
	for i, x := range *v.p {
		items[i] = quote(v.format(x))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// quote writes s as a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
