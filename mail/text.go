package mail

// Text returns the readable text of c: the plain text or, without one, that of
// the HTML. LF line ends.
func Text(c *Content) string { return "" }

// HTMLText renders HTML as text: blocks as lines, list items with a dash, link
// addresses dropped, style, script and head left out, quoted mail as "> " lines.
func HTMLText(src string) string { return "" }

// NewWords returns the author's own words: without quoted mail, attribution
// lines, signature and disclaimer. Replies written between quotes stay. LF line
// ends, outer blank lines cut.
func NewWords(c *Content) string { return "" }

// StripQuotes does for a plain text what NewWords does for a message.
func StripQuotes(text string) string { return "" }

// Preview returns the beginning of the new words as one line of at most 200
// characters (RFC 8970), or of the whole text if there are no new words.
func Preview(c *Content) string { return "" }
