package threading

import "slices"

var (
	started = []State{Running, Promised, Paused, AtRisk, Overdue}
	open    = append([]State{Waiting}, started...)
)

// A transition is a row of the table: in one of the states From, the event leads to
// one of the states To. Where there are several, the time and the calendar decide.
type transition struct {
	from []State
	on   EventKind
	to   []State
}

// table is every change there is. docs/clocks.md draws it and checks.sql follows
// from it; a test compares them.
var table = []transition{
	{[]State{Waiting}, OnDelivery, []State{Running, Paused}},
	{[]State{Running, Promised}, OnTime, []State{AtRisk, Overdue, Paused}},
	{[]State{AtRisk}, OnTime, []State{Overdue, Paused}},
	{[]State{Paused}, OnTime, []State{Running, Promised, AtRisk, Overdue}},
	{started, OnCalendar, started},
	{open, OnPromise, []State{Promised, Paused}},
	{open, OnHandover, []State{Waiting}},
	{open, OnAnswer, []State{Answered}},
	{open, OnWithdrawal, []State{Withdrawn}},
	{open, OnFailure, []State{Withdrawn}},
	{open, OnWaiver, []State{Waived}},
	{[]State{Waived}, OnReopening, []State{Waiting}},
	{[]State{Withdrawn}, OnRestore, []State{Waiting}},
}

// Follows reports whether one event may lead from a state to another.
func Follows(from, to State) bool {
	return slices.ContainsFunc(table, func(t transition) bool { return slices.Contains(t.from, from) && slices.Contains(t.to, to) })
}

// after returns where an event may lead from a state; nil if it means nothing there.
func after(from State, on EventKind) []State {
	for _, t := range table {
		if t.on == on && slices.Contains(t.from, from) {
			return t.to
		}
	}
	return nil
}
