package utf7

import "testing"

func TestUTF7(t *testing.T) {
	for plain, coded := range map[string]string{
		"Entwürfe": "Entw&APw-rfe", "A & B": "A &- B", "台北": "&U,BTFw-", "~peter/mail/日本語": "~peter/mail/&ZeVnLIqe-", "": "", "😀": "&2D3eAA-",
	} {
		if got := Encode(plain); got != coded {
			t.Errorf("encode %q: %q", plain, got)
		}
		if got, err := Decode(coded); err != nil || got != plain {
			t.Errorf("decode %q: %q, %v", coded, got, err)
		}
	}
	for _, bad := range []string{"&", "&A", "&AA-", "&2D0-", "&AAA-", "a&!-"} {
		if got, err := Decode(bad); err == nil {
			t.Errorf("decode %q: %q", bad, got)
		}
	}
}
