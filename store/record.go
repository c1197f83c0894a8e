package store

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// A record is a JSON object that is being written, without its closing brace. Fields
// that are empty are left out.
type record []byte

func (b record) key(name string) record {
	if len(b) == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), '"', ':')
}

func (b record) text(name, value string) record {
	if value == "" {
		return b
	}
	return record(quoted(b.key(name), value))
}

func (b record) number(name string, n int64) record {
	return strconv.AppendInt(b.key(name), n, 10)
}

func (b record) raw(name string, value []byte) record {
	if len(value) == 0 {
		return b
	}
	return append(b.key(name), value...)
}

func (b record) octets(name string, value []byte) record {
	return append(base64.StdEncoding.AppendEncode(append(b.key(name), '"'), value), '"')
}

func (b record) time(name string, t time.Time) record {
	return append(t.UTC().AppendFormat(append(b.key(name), '"'), time.RFC3339Nano), '"')
}

func (b record) event(name string, e eventRecord) record {
	return append(append(b.key(name), record(nil).text("kind", e.Kind).raw("detail", e.Detail)...), '}')
}

// quoted appends a string as JSON. What is not plain is left to the library.
func quoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			slow, err := json.Marshal(s)
			if err != nil { // cannot be: a string
				slow = []byte(`""`)
			}
			return append(b, slow...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
