package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile bounds what Load reads.
const maxFile = 1 << 20

// A Problem is one thing that is wrong with a configuration file.
type Problem struct {
	File string
	Line int    // from 1; 0 if the problem is something that is missing
	Key  string // "hold.grace"; "" for the syntax of the file
	Text string // what is wrong, and what is allowed
}

// String gives FILE:LINE: KEY: what is wrong.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Key != "" {
		s += ": " + p.Key
	}
	return s + ": " + p.Text
}

// Problems is the error of Load and Parse: everything that is wrong, in the order
// of the file.
type Problems []Problem

// Error gives one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks the file at path, the files it names and the rights on
// them, and reads the relay's password. The error is a Problems if the content is
// to blame.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	d := decode(path, data)
	if len(d.problems) == 0 {
		d.rules()
		d.resolve(dir)
		d.files()
	}
	return d.result()
}

// Parse reads and checks data, which is called name in problems. Paths become
// relative to dir ("" leaves them as they are); files are not looked at. The
// error is a Problems.
func Parse(name string, data []byte, dir string) (*Config, error) {
	d := decode(name, data)
	if len(d.problems) == 0 {
		d.rules()
		d.resolve(dir)
	}
	return d.result()
}

// A decoder reads one file. lines remembers where each key stood, so that rules
// between keys can name a line too.
type decoder struct {
	file     string
	config   *Config
	options  []option
	lines    map[string]int
	problems Problems
}

// decode reads the keys and their values; the rules between keys come later.
func decode(name string, data []byte) *decoder {
	c := Default()
	d := &decoder{file: name, config: c, options: c.options(), lines: map[string]int{}}
	if len(data) > maxFile {
		d.problem(0, "", fmt.Sprintf("the file is larger than %s", FormatSize(maxFile)))
		return d
	}
	// A byte order mark is what Notepad leaves; the library takes it for a key.
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !d.syntax(data) {
		return d
	}
	p := unstable.Parser{}
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = d.table(&p, e)
		case unstable.ArrayTable:
			table = d.arrayTable(&p, e)
		case unstable.KeyValue:
			d.keyValue(&p, e, table)
		}
	}
	return d
}

// syntax lets the library judge the whole file first: it finds what a walk over
// the expressions does not, such as a key that stands twice.
func (d *decoder) syntax(data []byte) bool {
	var any map[string]any
	err := toml.Unmarshal(data, &any)
	if err == nil {
		return true
	}
	line := 0
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		line, _ = at.Position()
	}
	d.problem(line, "", strings.TrimPrefix(err.Error(), "toml: "))
	return false
}

// arrayTable begins one of the sections that may stand several times.
func (d *decoder) arrayTable(p *unstable.Parser, e *unstable.Node) string {
	name, line := keyOf(p, e, "")
	if name != "relay.provider" {
		d.problem(line, name, "unknown section: write [section], not [[section]]; only [[relay.provider]] may stand several times")
		return name
	}
	name, options := d.config.addProvider()
	d.options = append(d.options, options...)
	d.lines[name] = line
	return name
}

// table checks a [section] and returns its name.
func (d *decoder) table(p *unstable.Parser, e *unstable.Node) string {
	name, line := keyOf(p, e, "")
	if sections := d.sections(); !slices.Contains(sections, name) {
		d.problem(line, name, "unknown section; the sections are "+strings.Join(sections, ", "))
	}
	return name
}

// keyValue stores one key, or the keys of an inline table.
func (d *decoder) keyValue(p *unstable.Parser, e *unstable.Node, table string) {
	key, line := keyOf(p, e, table)
	if e.Value().Kind == unstable.InlineTable {
		if !slices.Contains(d.sections(), key) {
			d.unknown(line, key)
			return
		}
		for it := e.Value().Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				d.keyValue(p, it.Node(), key)
			}
		}
		return
	}
	i := slices.IndexFunc(d.options, func(o option) bool { return o.key == key })
	if i < 0 {
		d.unknown(line, key)
		return
	}
	d.lines[key] = line
	if err := d.options[i].value.set(e.Value()); err != nil {
		d.problem(line, key, err.Error())
	}
}

// unknown reports a key that does not exist, unless its section does not either:
// then that has been said.
func (d *decoder) unknown(line int, key string) {
	section, _, dotted := cutKey(key)
	if dotted && !slices.Contains(d.sections(), section) && d.reported(section) {
		return
	}
	var known []string
	for _, o := range d.options {
		if s, name, _ := cutKey(o.key); s == section {
			known = append(known, name)
		}
	}
	if len(known) == 0 {
		d.problem(line, key, "unknown key; the sections are "+strings.Join(d.sections(), ", "))
		return
	}
	d.problem(line, key, fmt.Sprintf("unknown key; [%s] has %s", section, strings.Join(known, ", ")))
}

func (d *decoder) reported(section string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Key == section })
}

// sections lists the sections in the order of the template.
func (d *decoder) sections() []string {
	var names []string
	for _, o := range d.options {
		if s, _, _ := cutKey(o.key); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

// cutKey splits a key into its section and its name: sections may have sections.
func cutKey(key string) (section, name string, dotted bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return key, "", false
	}
	return key[:i], key[i+1:], true
}

// resolve makes paths relative to dir.
func (d *decoder) resolve(dir string) {
	paths := []*string{}
	for _, o := range d.options {
		if o.path != nil {
			paths = append(paths, o.path)
		}
	}
	if isSocketPath(d.config.Listen.LMTP) {
		paths = append(paths, &d.config.Listen.LMTP)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) && dir != "" {
			*p = filepath.Join(dir, *p)
		}
	}
}

func (d *decoder) problem(line int, key, text string) {
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Key: key, Text: text})
}

// about reports a rule that key breaks, at the line of key if it was written.
func (d *decoder) about(key, format string, args ...any) {
	d.problem(d.lines[key], key, fmt.Sprintf(format, args...))
}

func (d *decoder) result() (*Config, error) {
	if len(d.problems) == 0 {
		return d.config, nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int { return a.Line - b.Line })
	return nil, d.problems
}

// keyOf returns the dotted key of e below table, and its line.
func keyOf(p *unstable.Parser, e *unstable.Node, table string) (string, int) {
	var parts []string
	if table != "" {
		parts = append(parts, table)
	}
	line := 0
	for it := e.Key(); it.Next(); {
		if line == 0 {
			line = p.Shape(it.Node().Raw).Start.Line
		}
		part := string(it.Node().Data)
		if strings.Contains(part, ".") {
			part = quote(part) // "hold.mode" = … is one name with a dot in it, not hold.mode.
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "."), line
}
