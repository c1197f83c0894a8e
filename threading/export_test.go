package threading

// EachTransition yields every change that the table allows.
func EachTransition(yield func(from State, on EventKind, to State)) {
	for _, t := range table {
		for _, from := range t.from {
			for _, to := range t.to {
				yield(from, t.on, to)
			}
		}
	}
}
