package digest

// Sanitise is sanitise for the tests outside.
func Sanitise(html string) string { return string(sanitise([]byte(html))) }
