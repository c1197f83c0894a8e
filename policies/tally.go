package policies

import "time"

// When replies to all are a storm: so many in one thread within StormWindow, each to so
// many people.
const (
	StormReplies = 5
	StormWindow  = time.Hour

	stormPeople = 15
	stormLeast  = 5
)

// StormPeople is to how many people a reply must go to count for a storm: to fifteen, or
// to half of a smaller team.
func StormPeople(team int) int { return min(stormPeople, max(stormLeast, (team+1)/2)) }
