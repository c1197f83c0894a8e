package guard

import "strings"

// checkArgs says what of a command's arguments imapserver would choke on or a
// session pay dearly for; "" if nothing.
func checkArgs(name, args string) string {
	if nesting(args) > maxNesting {
		return "Parentheses are nested too deeply"
	}
	switch strings.TrimPrefix(name, "UID ") {
	case "SEARCH", "SORT", "THREAD":
		if searchDepth(args) > maxNesting {
			return "Search is nested too deeply"
		}
	case "FETCH":
		return checkFetch(args)
	case "LIST", "LSUB":
		if len(args) > maxPatterns {
			return "Pattern is too long"
		}
	case "IDLE", "CAPABILITY", "NOOP", "LOGOUT", "CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "NAMESPACE":
		if name != "UID EXPUNGE" && strings.TrimSpace(args) != "" {
			return name + " takes no argument"
		}
	}
	return ""
}

// nesting is the greatest depth of parentheses outside quoted strings; it is over
// maxNesting if they do not match.
func nesting(args string) int {
	depth, deepest := 0, 0
	eachBare(args, func(c byte) {
		switch c {
		case '(':
			depth++
			deepest = max(deepest, depth)
		case ')':
			if depth--; depth < 0 {
				deepest = maxNesting + 1
			}
		}
	})
	return deepest
}

// eachBare calls f with the octets of s outside quoted strings, of which the
// quotes are given as one '"'.
func eachBare(s string, f func(c byte)) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			if quoted = !quoted; quoted {
				f('"')
			}
		case !quoted:
			f(s[i])
		}
	}
}

// searchDepth bounds the depth of a search program from above: the number of its
// ORs, NOTs and parentheses.
func searchDepth(args string) int {
	depth := 0
	var word []byte
	end := func() {
		if w := strings.ToUpper(string(word)); w == "OR" || w == "NOT" {
			depth++
		}
		word = word[:0]
	}
	eachBare(args, func(c byte) {
		switch c {
		case '(':
			depth++
			end()
		case ' ', ')', '"':
			end()
		default:
			word = append(word, c)
		}
	})
	end()
	return depth
}

// checkFetch bounds sections, in depth and number, and refuses a part 0, a partial of
// no octets and an empty list of fields, which RFC 9051 §9 has as nz-number,
// nz-number64 and header-list.
func checkFetch(args string) string {
	why, dots, sections := "", 0, 0
	if up := strings.ToUpper(args); strings.Contains(up, "HEADER.FIELDS ()") || strings.Contains(up, "HEADER.FIELDS.NOT ()") {
		why = "An empty list of fields"
	}
	var partial []byte
	inSection, inPath, begins, inPartial := false, false, false, false // begins: a number of the path to a part
	eachBare(args, func(c byte) {
		switch {
		case c == '[':
			inSection, inPath, begins, dots = true, true, true, 0
			if sections++; sections > maxSection {
				why = "Too many sections"
			}
		case c == ']':
			inSection = false
		case inSection && c == '.':
			if dots++; dots > maxSection {
				why = "Section is nested too deeply"
			}
			begins = inPath
		case inSection:
			if begins && (c == '0' || c == '-') {
				why = "Parts are counted from 1"
			}
			inPath, begins = inPath && c >= '0' && c <= '9', false
		case c == '<' && !inSection:
			inPartial, partial = true, partial[:0]
		case c == '>' && inPartial:
			inPartial = false
			_, count, ok := strings.Cut(string(partial), ".")
			if !ok || strings.Trim(count, "0") == "" {
				why = "Partial fetch of no octets"
			}
		case inPartial:
			partial = append(partial, c)
		}
	})
	return why
}
