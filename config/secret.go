package config

import (
	"fmt"
	"log/slog"
)

// masked is what every way of printing a Secret gives.
const masked = "(secret)"

// A Secret is a password or token. No way of printing it shows it: fmt, JSON,
// TOML and slog all give "(secret)". Only Reveal does.
type Secret struct{ value string }

// NewSecret wraps s.
func NewSecret(s string) Secret { return Secret{value: s} }

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String hides the secret.
func (s Secret) String() string { return masked }

// Format hides the secret from every verb, %#v and %x among them.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// MarshalText hides the secret in JSON and TOML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
