package config

import (
	"fmt"
	"strings"
)

// templateWidth is where comments of the template are broken.
const templateWidth = 90

const templateHead = `# tidepost.toml: the configuration of Tidepost.
#
# Every option stands here. A line that begins with # shows the default: take the # away to
# change it. Unknown keys and bad values are refused, with file, line and key; try
# "tidepost check-config". Nothing is read from the environment.
`

// Template writes the commented file of c: every option with its meaning, as a
// comment if it has its default, in force if it does not. Parsed, it gives c;
// and so it does with every default in force. Secrets are not written.
func Template(c *Config) []byte {
	var b strings.Builder
	b.WriteString(templateHead)
	docs, defaults := sectionDocs(), Default().options()
	section := ""
	for i, o := range c.options() {
		s, name, _ := cutKey(o.key)
		if s != section {
			section = s
			fmt.Fprintf(&b, "\n\n")
			comment(&b, docs[s])
			fmt.Fprintf(&b, "[%s]\n", s)
		}
		b.WriteByte('\n')
		comment(&b, o.doc)
		mark := "#"
		if o.value.toml() != defaults[i].value.toml() {
			mark = ""
		}
		fmt.Fprintf(&b, "%s%s = %s\n", mark, name, o.value.toml())
	}
	return []byte(b.String())
}

// comment writes text as comment lines, broken between words.
func comment(b *strings.Builder, text string) {
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > templateWidth {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
