package threading

import (
	"time"

	"tidepost/scheduler"
)

// A Reader is one who may object before silence decides.
type Reader struct {
	Name     string // a person, in the caller's spelling
	Schedule *scheduler.Schedule
	Got      time.Time // when the mail reached the reader; zero: not yet
}

// A Silence is the state of "unless someone objects by Wednesday noon".
type Silence struct {
	Ends time.Time // when silence decides; zero unless OK
	OK   bool      // false: somebody has not got the mail yet, or nobody is there to object
	Away []string  // on leave, and so not asked
}

// Until says when silence decides: at the stated time, or one working day after the
// last reader got the mail, whichever is later. stated is zero if none was named.
// Who is on leave when the mail comes (for those who have not got it: at now), or
// goes on leave before that working day is over, is away and waited for by nobody.
// An objection that is accepted before Ends ends it; that is the caller's to see.
func Until(stated time.Time, readers []Reader, now time.Time) Silence {
	var s Silence
	waits, asked := false, 0
	for _, r := range readers {
		ends, ok := r.chance(now)
		if !ok {
			s.Away = append(s.Away, r.Name)
			continue
		}
		asked++
		waits = waits || r.Got.IsZero()
		s.Ends = later(s.Ends, ends)
	}
	if s.OK = asked > 0 && !waits; !s.OK {
		s.Ends = time.Time{}
		return s
	}
	s.Ends = later(s.Ends, stated)
	return s
}

// chance is one working day after the reader got the mail, or would get it now. ok
// is false if leave is in between.
func (r Reader) chance(now time.Time) (ends time.Time, ok bool) {
	at := r.Got
	if at.IsZero() {
		at = now
	}
	ends, ok = r.Schedule.DueDays(at, 1)
	for ok && at.Before(ends) {
		if away(r.Schedule, at) {
			return time.Time{}, false
		}
		at = closing(r.Schedule, at)
	}
	return ends, ok
}
