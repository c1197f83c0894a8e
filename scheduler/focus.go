package scheduler

// eachFocus yields the focus blocks of the dates first to last by their begin,
// until yield returns false. They may overlap.
func (r *reader) eachFocus(first, last int64, yield func(begin, end int64) bool) {
	for day := first; day <= last; day++ {
		for _, sp := range r.s.focus[weekdayOf(day)] {
			begin := r.clock.instant(day*daySeconds + sp.from)
			end := r.clock.instant(day*daySeconds + sp.to)
			if begin < end && !yield(begin, end) {
				return
			}
		}
	}
}

// focusEnd returns the end of the joined focus block that u lies in. It is not
// sought beyond until: a later end is then only some instant after until.
func (r *reader) focusEnd(u, until int64) (end int64, in bool) {
	if !r.s.focused {
		return 0, false
	}
	day := r.clock.date(u)
	r.eachFocus(day-2, max(day, r.clock.date(until))+2, func(b, e int64) bool {
		switch {
		case !in && b > u, in && b > end:
			return false
		case !in:
			end, in = e, u < e
		default:
			end = max(end, e)
		}
		return !in || end <= until
	})
	return end, in
}

// focusReach is how many days back the begin of a joined block is sought. Focus
// depends on the weekday only, so a block that ends at all is at most a week
// long, or two where a change of clocks swallows the hole between two blocks.
const focusReach = 16

// focusBegin returns the begin of the joined focus block [b, e) with b < u <= e.
func (r *reader) focusBegin(u int64) (begin int64, ok bool) {
	if !r.s.focused {
		return 0, false
	}
	end := int64(minInstant)
	day := r.clock.date(u)
	r.eachFocus(day-focusReach, day+2, func(b, e int64) bool {
		if b >= u {
			return false
		}
		if b > end {
			begin = b
		}
		end = max(end, e)
		return true
	})
	return begin, end >= u
}

// deliverable returns the earliest instant at or after from that is working and
// not focus time; ok is false if it is later than until.
func (r *reader) deliverable(from, until int64) (at int64, ok bool) {
	for from <= until {
		seg, found := r.next(from, until, everything)
		if !found {
			return 0, false
		}
		end, in := r.focusEnd(seg.begin, until)
		if !in {
			return seg.begin, true
		}
		from = end
	}
	return 0, false
}
