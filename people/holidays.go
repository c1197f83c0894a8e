package people

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"

	"tidepost/scheduler"
)

// countries returns the holidays of each code: ISO 3166 in lower-case, for the
// country or for one of its regions. Australia has no national list of its own.
func countries() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"ar": ar.Holidays, "at": at.Holidays, "be": be.Holidays, "bg": bg.Holidays, "br": br.Holidays,
		"ca": ca.Holidays, "ch": ch.Holidays, "cz": cz.Holidays, "de": de.Holidays, "dk": dk.Holidays,
		"es": es.Holidays, "fr": fr.Holidays, "gb": gb.Holidays, "gr": gr.Holidays, "hr": hr.Holidays,
		"ie": ie.Holidays, "it": it.Holidays, "jp": jp.Holidays, "lt": lt.Holidays, "lv": lv.Holidays,
		"mw": mw.Holidays, "nc": nc.Holidays, "nl": nl.Holidays, "no": no.Holidays, "nz": nz.Holidays,
		"pl": pl.Holidays, "ro": ro.Holidays, "ru": ru.Holidays, "se": se.Holidays, "si": si.Holidays,
		"sk": sk.Holidays, "ua": ua.Holidays, "us": us.Holidays, "za": za.Holidays,

		"au-act": au.HolidaysACT, "au-nsw": au.HolidaysNSW, "au-nt": au.HolidaysNT, "au-qld": au.HolidaysQLD,
		"au-sa": au.HolidaysSA, "au-tas": au.HolidaysTAS, "au-vic": au.HolidaysVIC, "au-wa": au.HolidaysWA,

		"ch-ag": ch.HolidaysAG, "ch-ai": ch.HolidaysAI, "ch-ar": ch.HolidaysAR, "ch-be": ch.HolidaysBE,
		"ch-bl": ch.HolidaysBL, "ch-bs": ch.HolidaysBS, "ch-fr": ch.HolidaysFR, "ch-ge": ch.HolidaysGE,
		"ch-gl": ch.HolidaysGL, "ch-gr": ch.HolidaysGR, "ch-ju": ch.HolidaysJU, "ch-lu": ch.HolidaysLU,
		"ch-ne": ch.HolidaysNE, "ch-nw": ch.HolidaysNW, "ch-ow": ch.HolidaysOW, "ch-sg": ch.HolidaysSG,
		"ch-sh": ch.HolidaysSH, "ch-so": ch.HolidaysSO, "ch-sz": ch.HolidaysSZ, "ch-tg": ch.HolidaysTG,
		"ch-ti": ch.HolidaysTI, "ch-ur": ch.HolidaysUR, "ch-vd": ch.HolidaysVD, "ch-vs": ch.HolidaysVS,
		"ch-zg": ch.HolidaysZG, "ch-zh": ch.HolidaysZH,

		"de-bb": de.HolidaysBB, "de-be": de.HolidaysBE, "de-bw": de.HolidaysBW, "de-by": de.HolidaysBY,
		"de-hb": de.HolidaysHB, "de-he": de.HolidaysHE, "de-hh": de.HolidaysHH, "de-mv": de.HolidaysMV,
		"de-ni": de.HolidaysNI, "de-nw": de.HolidaysNW, "de-rp": de.HolidaysRP, "de-sh": de.HolidaysSH,
		"de-sl": de.HolidaysSL, "de-sn": de.HolidaysSN, "de-st": de.HolidaysST, "de-th": de.HolidaysTH,
	}
}

// Countries lists the codes whose holidays are known, in order.
func Countries() []string {
	var codes []string
	for code := range countries() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// CheckCountry refuses a code whose holidays are not known, and says which are and
// what to do instead.
func CheckCountry(code string) error {
	table := countries()
	if _, ok := table[code]; ok {
		return nil
	}
	country, _, _ := strings.Cut(code, "-")
	var plain, regions []string
	for _, known := range Countries() {
		switch {
		case !strings.Contains(known, "-"):
			plain = append(plain, known)
		case strings.HasPrefix(known, country+"-"):
			regions = append(regions, known)
		}
	}
	if len(regions) > 0 {
		if _, ok := table[country]; ok {
			regions = append([]string{country}, regions...)
		}
		return fmt.Errorf("holidays of %q are not known; of %s there are %s; or take them from an .ics file", code, country, strings.Join(regions, ", "))
	}
	return fmt.Errorf("holidays of %q are not known; take them from an .ics file of that country; known are %s, and regions of au, ch and de",
		code, strings.Join(plain, ", "))
}

// CountryHolidays returns the days off of a country or region in a year, in order:
// the holidays themselves and, where the law moves one, the day it is moved to.
// An unknown code has none.
func CountryHolidays(code string, year int) []scheduler.Date {
	if year < 1970 || year > 2400 { // Beyond, Easter and the equinoxes are not computed.
		return nil
	}
	seen := map[scheduler.Date]bool{}
	for _, h := range countries()[code] {
		// A holiday of a neighbouring year may be moved into this one: New Year's Day
		// on a Saturday is observed on 31 December in the United States.
		for y := year - 1; y <= year+1; y++ {
			actual, observed := h.Calc(y)
			for _, t := range []scheduler.Date{scheduler.DateOf(actual), scheduler.DateOf(observed)} {
				if t.Year == year {
					seen[t] = true
				}
			}
		}
	}
	dates := make([]scheduler.Date, 0, len(seen))
	for d := range seen {
		dates = append(dates, d)
	}
	slices.SortFunc(dates, compareDates)
	return dates
}

func compareDates(a, b scheduler.Date) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}
