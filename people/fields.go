package people

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidepost/scheduler"
	"tidepost/store"
)

// A Field is one thing that can be said of a person: a column of a CSV file and an
// option of `tidepost people add` and `set`.
type Field string

// The fields.
const (
	FieldName         Field = "name"
	FieldAddress      Field = "address"
	FieldAliases      Field = "aliases"
	FieldZone         Field = "zone"
	FieldHours        Field = "hours"
	FieldHolidays     Field = "holidays"
	FieldLeave        Field = "leave"
	FieldStays        Field = "stays"
	FieldTides        Field = "tides"
	FieldFocus        Field = "focus"
	FieldOfficeHours  Field = "office_hours"
	FieldPhone        Field = "phone"
	FieldHold         Field = "hold"
	FieldBatch        Field = "batch"
	FieldCoach        Field = "coach"
	FieldCoachMode    Field = "coach_mode"
	FieldCoachPolicy  Field = "coach_policies"
	FieldStyle        Field = "style"
	FieldDigests      Field = "digests"
	FieldUrgentBudget Field = "urgent_budget"
	FieldUrgentFrom   Field = "urgent_from"
	FieldPass         Field = "pass"
	FieldCover        Field = "cover"
	FieldVacation     Field = "vacation"
	FieldQuota        Field = "quota"
	FieldSecond       Field = "second_address"
	FieldInbox        Field = "inbox"
)

// VacationOff, as a vacation text, has nobody answered.
const VacationOff = "off"

// A FieldError says what is wrong with the value of a field, and what is allowed.
type FieldError struct {
	Field Field
	Err   error
}

// Error names the field.
func (e *FieldError) Error() string { return string(e.Field) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// A draft is a person while they are being edited.
type draft struct {
	row     store.Person
	profile Profile
	domains []string // local ones
}

// A fieldRule is how a field is written by people and read back.
type fieldRule struct {
	name Field
	doc  string
	set  func(*draft, string) error
	get  func(*draft) string
}

// FieldDoc is a field with its explanation, for help texts.
type FieldDoc struct {
	Field Field
	Doc   string
}

// Fields lists every field in the order of a CSV file.
func Fields() []FieldDoc {
	var out []FieldDoc
	for _, r := range fieldRules() {
		out = append(out, FieldDoc{r.name, r.doc})
	}
	return out
}

func fieldRules() []fieldRule {
	return slices.Concat(personRules(), calendarRules(), settingRules())
}

func personRules() []fieldRule {
	return []fieldRule{
		{FieldName, "name as others see it", (*draft).setName, func(d *draft) string { return d.row.Name }},
		{FieldAddress, "primary address", (*draft).setAddress, func(d *draft) string { return d.row.Address }},
		{FieldAliases, "further addresses; +ADDRESS adds one, -ADDRESS takes one away", (*draft).setAliases,
			func(d *draft) string { return strings.Join(d.row.Aliases, " ") }},
		{FieldZone, "IANA time zone, as in Europe/London", (*draft).setZone, func(d *draft) string { return d.profile.Calendar.Zone }},
	}
}

func calendarRules() []fieldRule {
	week := func(name Field, doc string, of func(*draft) *scheduler.Week) fieldRule {
		return fieldRule{name, doc,
			func(d *draft, s string) (err error) { *of(d), err = ParseHours(s); return err },
			func(d *draft) string { return FormatHours(*of(d)) }}
	}
	return []fieldRule{
		week(FieldHours, `working hours, as in "mon-fri 09:00-12:30 13:30-17:00; sat 10-12"`, func(d *draft) *scheduler.Week { return &d.profile.Calendar.Hours }),
		{FieldHolidays, "country or region (gb, de-by), dates (2026-12-24), dates with hours (2026-12-24=09:00-12:00); + and - as for aliases",
			(*draft).setHolidays, (*draft).holidays},
		{FieldStays, "days in another time zone, as in Europe/Berlin=2026-03-02..2026-03-06; + and - as for aliases", (*draft).setStays, (*draft).stays},
		{FieldLeave, "absences, as in 2026-12-24..2027-01-02; + and - as for aliases", (*draft).setLeave, (*draft).leave},
		{FieldTides, `delivery times: times of day, "opening", "default" or "none"`,
			func(d *draft, s string) (err error) { d.profile.Tides, err = ParseTides(s); return err },
			func(d *draft) string { return FormatTides(d.profile.Tides) }},
		week(FieldFocus, "blocks in which nothing is delivered, written as hours", func(d *draft) *scheduler.Week { return &d.profile.Calendar.Focus }),
		week(FieldOfficeHours, "when a chat is welcome, written as hours; for show", func(d *draft) *scheduler.Week { return &d.profile.Calendar.OfficeHours }),
	}
}

func settingRules() []fieldRule {
	toggle := func(name Field, doc string, of func(*draft) *Switch) fieldRule {
		return fieldRule{name, doc + `: off, dry-run, on, or "team" for the team's setting`,
			func(d *draft, s string) error { return setSwitch(of(d), s) },
			func(d *draft) string { return string(orTeam(*of(d))) }}
	}
	return []fieldRule{
		{FieldPhone, "telephone number, shown when something is urgent", (*draft).setPhone, func(d *draft) string { return d.profile.Phone }},
		toggle(FieldHold, "whether their mail waits", func(d *draft) *Switch { return &d.profile.Hold }),
		toggle(FieldBatch, "whether mail to them comes in batches", func(d *draft) *Switch { return &d.profile.Batch }),
		toggle(FieldCoach, "whether they get advice", func(d *draft) *Switch { return &d.profile.Coach }),
		{FieldCoachMode, "how advice comes: advise (accepted, advice beside it), stop (refused once), or off",
			(*draft).setCoachMode, func(d *draft) string { return string(d.profile.CoachMode.Or(Advise)) }},
		{FieldCoachPolicy, `single policies of the coach, as in "attachment=off tone=on"; NAME=team leaves one to the team, "none" all`,
			(*draft).setCoachPolicies, (*draft).coachPolicies},
		{FieldStyle, `how batches arrive: normal, quiet, or "team"`, (*draft).setStyle, func(d *draft) string { return string(orTeam(d.profile.Style)) }},
		{FieldDigests, `how often a digest may come: tide (with every delivery), day, off, or "team"`, (*draft).setDigests, func(d *draft) string { return string(orTeam(d.profile.Digests)) }},
		{FieldInbox, "where they read their mail: store (here), or imap (an account at a provider; see `account set`)", (*draft).setInbox, (*draft).inbox},
		{FieldQuota, `how much mail may be kept, as in "5GB"; "none", or "team"`, (*draft).setQuota, (*draft).quota},
		{FieldUrgentBudget, `urgent mails a month, or "team"`, (*draft).setUrgentBudget, (*draft).urgentBudget},
		{FieldUrgentFrom, "outside addresses whose urgent mail counts; + and - as for aliases",
			func(d *draft, s string) error { return setSenders(&d.profile.UrgentFrom, s) },
			func(d *draft) string { return strings.Join(d.profile.UrgentFrom, " ") }},
		{FieldPass, "senders (addresses or @domain) that are always delivered at once; + and - as for aliases",
			func(d *draft, s string) error { return setSenders(&d.profile.Pass, s) },
			func(d *draft) string { return strings.Join(d.profile.Pass, " ") }},
		{FieldCover, "address of who answers during leave", (*draft).setCover, func(d *draft) string { return d.profile.Cover }},
		{FieldVacation, `what people outside are told during leave, with {back} for the day of return and {cover} for who stands in; "default", or "off"`,
			(*draft).setVacation, func(d *draft) string { return orDefault(d.profile.Vacation) }},
		{FieldSecond, "address outside the team, told when the account is frozen or a password is to be set", (*draft).setSecond,
			func(d *draft) string { return d.profile.SecondAddress }},
	}
}

// apply sets the fields in the order of the table, so that the first error does
// not depend on chance.
func (d *draft) apply(fields map[Field]string) error {
	for _, r := range fieldRules() {
		value, ok := fields[r.name]
		if !ok {
			continue
		}
		if len(value) > maxHuman {
			return &FieldError{r.name, errors.New("is too long")}
		}
		if err := r.set(d, strings.TrimSpace(value)); err != nil {
			return &FieldError{r.name, err}
		}
	}
	for name := range fields {
		if !slices.ContainsFunc(fieldRules(), func(r fieldRule) bool { return r.name == name }) {
			return &FieldError{name, errors.New("there is no such field")}
		}
	}
	if err := d.profile.Validate(); err != nil {
		return err
	}
	return nil
}

func (d *draft) setName(s string) error {
	if s == "" || len(s) > 200 {
		return errors.New("must have 1 to 200 octets")
	}
	d.row.Name = s
	return noControls(s)
}

func (d *draft) setAddress(s string) (err error) {
	d.row.Address, err = checkLocalAddress(s, d.domains)
	return err
}

func (d *draft) setAliases(s string) error {
	list, err := merge(d.row.Aliases, s)
	if err != nil {
		return err
	}
	d.row.Aliases = nil
	for _, a := range list {
		address, err := checkLocalAddress(a, d.domains)
		if err != nil {
			return err
		}
		if address != d.row.Address && !slices.Contains(d.row.Aliases, address) {
			d.row.Aliases = append(d.row.Aliases, address)
		}
	}
	return nil
}

func (d *draft) setZone(s string) error {
	if _, err := scheduler.LoadZone(s); err != nil {
		return err
	}
	d.profile.Calendar.Zone = s
	return nil
}

func (d *draft) holidays() string {
	words := slices.Clone(d.profile.HolidayCountries)
	for _, h := range d.profile.Calendar.Holidays {
		words = append(words, FormatHoliday(h))
	}
	return strings.Join(words, " ")
}

func (d *draft) setHolidays(s string) error {
	list, err := merge(strings.Fields(d.holidays()), strings.ToLower(s))
	if err != nil {
		return err
	}
	var countries []string
	var dates []scheduler.Holiday
	for _, word := range list {
		if word[0] < '0' || word[0] > '9' {
			if err := CheckCountry(word); err != nil {
				return err
			}
			countries = append(countries, word)
			continue
		}
		h, err := ParseHoliday(word)
		if err != nil {
			return err
		}
		// A date that is written again is written anew.
		dates = slices.DeleteFunc(dates, func(o scheduler.Holiday) bool { return o.Date == h.Date })
		dates = append(dates, h)
	}
	d.profile.HolidayCountries, d.profile.Calendar.Holidays = countries, dates
	return nil
}

func (d *draft) leave() string {
	words := make([]string, len(d.profile.Calendar.Leave))
	for i, l := range d.profile.Calendar.Leave {
		words[i] = FormatLeave(l)
	}
	return strings.Join(words, " ")
}

func (d *draft) setLeave(s string) error {
	list, err := merge(strings.Fields(d.leave()), s)
	if err != nil {
		return err
	}
	d.profile.Calendar.Leave = nil
	for _, word := range list {
		l, err := ParseLeave(word)
		if err != nil {
			return err
		}
		d.profile.Calendar.Leave = append(d.profile.Calendar.Leave, l)
	}
	return nil
}

func (d *draft) setPhone(s string) error {
	if len(s) > 60 || strings.Trim(s, "+0123456789 ()-./ext") != "" {
		return fmt.Errorf("%q is not a telephone number: digits, spaces, + ( ) - . /", s)
	}
	d.profile.Phone = s
	return nil
}

func setSwitch(p *Switch, s string) error {
	switch v := Switch(strings.ToLower(s)); v {
	case Off, DryRun, On, Team:
		*p = v
	case "team":
		*p = Team
	default:
		return fmt.Errorf("%q is not off, dry-run, on or team", s)
	}
	return nil
}

func orTeam[T ~string](v T) T {
	if v == "" {
		return "team"
	}
	return v
}

func (d *draft) setStyle(s string) error {
	switch v := Style(strings.ToLower(s)); v {
	case StyleNormal, StyleQuiet, StyleTeam:
		d.profile.Style = v
	case "team":
		d.profile.Style = StyleTeam
	default:
		return fmt.Errorf("%q is not normal, quiet or team", s)
	}
	return nil
}

func (d *draft) setInbox(s string) error {
	switch strings.ToLower(s) {
	case "store":
		d.profile.Inbox = MailboxStore
	case "imap":
		d.profile.Inbox = MailboxIMAP
	default:
		return fmt.Errorf("%q is not store or imap", s)
	}
	return nil
}

func (d *draft) inbox() string {
	if d.profile.Inbox == MailboxStore {
		return "store"
	}
	return string(d.profile.Inbox)
}

func (d *draft) setDigests(s string) error {
	switch v := Pace(strings.ToLower(s)); v {
	case PaceTide, PaceDay, PaceOff, PaceTeam:
		d.profile.Digests = v
	case "team":
		d.profile.Digests = PaceTeam
	default:
		return fmt.Errorf("%q is not tide, day, off or team", s)
	}
	return nil
}

func (d *draft) urgentBudget() string {
	if d.profile.UrgentBudget == nil {
		return "team"
	}
	return strconv.Itoa(*d.profile.UrgentBudget)
}

func (d *draft) setUrgentBudget(s string) error {
	d.profile.UrgentBudget = nil
	if s == "" || strings.EqualFold(s, "team") {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1000 {
		return fmt.Errorf("%q is not a number from 0 to 1000, or team", s)
	}
	d.profile.UrgentBudget = &n
	return nil
}

// megabyte is the unit of quotas; a gigabyte is a thousand.
const megabyte = 1_000_000

func (d *draft) quota() string {
	switch q := d.profile.Quota; {
	case q == nil:
		return "team"
	case *q == 0:
		return "none"
	case *q%(1000*megabyte) == 0:
		return strconv.FormatInt(*q/(1000*megabyte), 10) + "GB"
	default:
		return strconv.FormatInt(*q/megabyte, 10) + "MB"
	}
}

func (d *draft) setQuota(s string) error {
	d.profile.Quota = nil
	word := strings.ToLower(strings.TrimSpace(s))
	if word == "" || word == "team" {
		return nil
	}
	unit := int64(megabyte)
	number, giga := strings.CutSuffix(word, "gb")
	if giga {
		unit *= 1000
	} else {
		number, giga = strings.CutSuffix(word, "mb")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
	switch {
	case word == "none":
		n = 0
	case err != nil || !giga || n < 1 || n > 1_000_000:
		return fmt.Errorf("%q is no size: a whole number with MB or GB, none, or team", s)
	}
	n *= unit
	d.profile.Quota = &n
	return nil
}

func setSenders(p *[]string, s string) error {
	list, err := merge(*p, strings.ToLower(s))
	if err != nil {
		return err
	}
	for _, sender := range list {
		check := sender
		if strings.HasPrefix(sender, "@") {
			check = "x" + sender
		}
		if err := checkAddress(check); err != nil {
			return fmt.Errorf("%q is neither an address nor @domain", sender)
		}
	}
	*p = list
	return nil
}

func (d *draft) setCover(s string) error {
	d.profile.Cover = strings.ToLower(s)
	if s == "" || strings.EqualFold(s, "none") {
		d.profile.Cover = ""
		return nil
	}
	return checkAddress(d.profile.Cover)
}

// maxVacation bounds the text, in octets.
const maxVacation = 2000

func (d *draft) setVacation(s string) error {
	switch strings.ToLower(s) {
	case "", "default", "on":
		d.profile.Vacation = ""
		return nil
	case VacationOff, "none":
		d.profile.Vacation = VacationOff
		return nil
	}
	s = strings.ReplaceAll(s, `\n`, "\n")
	if len(s) > maxVacation {
		return fmt.Errorf("is longer than %d octets", maxVacation)
	}
	d.profile.Vacation = s
	return noControls(strings.ReplaceAll(s, "\n", " "))
}

func orDefault(s string) string {
	if s == "" {
		return "default"
	}
	return strings.ReplaceAll(s, "\n", `\n`)
}

// setSecond takes an address that is read without this account.
func (d *draft) setSecond(s string) error {
	s = strings.TrimSpace(s)
	if s == "" || strings.EqualFold(s, "none") {
		d.profile.SecondAddress = ""
		return nil
	}
	if err := checkAddress(s); err != nil {
		return err
	}
	_, domain, _ := strings.Cut(strings.ToLower(s), "@")
	if slices.Contains(d.domains, domain) {
		return fmt.Errorf("%q is in the team: a second address is read without this account", s)
	}
	d.profile.SecondAddress = s
	return nil
}

// merge reads a list that replaces old; or one of changes, in which every item
// begins with + (add) or - (take away). "" and "none" are the empty list.
func merge(old []string, s string) ([]string, error) {
	words, err := items(s)
	if err != nil || len(words) == 0 || len(words) == 1 && words[0] == "none" {
		return nil, err
	}
	changes := 0
	for _, w := range words {
		if w[0] == '+' || w[0] == '-' {
			changes++
		}
	}
	switch changes {
	case 0:
		return unique(words), nil
	case len(words):
	default:
		return nil, errors.New("write either a whole list, or only changes that begin with + or -")
	}
	out := slices.Clone(old)
	for _, w := range words {
		sign, item := w[0], strings.ToLower(w[1:])
		at := slices.IndexFunc(out, func(o string) bool { return strings.EqualFold(o, item) })
		switch {
		case item == "":
			return nil, fmt.Errorf("nothing follows %q", string(sign))
		case sign == '-' && at < 0:
			return nil, fmt.Errorf("%q is not in the list", item)
		case sign == '-':
			out = slices.Delete(out, at, at+1)
		case at < 0:
			out = append(out, w[1:])
		}
	}
	return out, nil
}

func unique(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
