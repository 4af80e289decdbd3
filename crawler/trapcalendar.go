package crawler

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// calendarTrap judges a URL with a date. The next month of a calendar always exists, so what lies ahead is cut after a
// year, and what lies behind when only the calendar's own pages have led there for long.
func (t *traps) calendarTrap(l Link, a *trapAddress, d trapDate) string {
	within := sameTemplate(l.From, l.URL) || a.isView() && isDated(l.From)
	key := maphash.String(t.seed, a.template())
	cal := t.calendars[key]
	if cal == nil {
		if len(t.calendars) == maxCalendars {
			return ""
		}
		cal = &calendar{dates: make(map[[2]int16]struct{})}
		t.calendars[key] = cal
	}
	cal.padded = cal.padded || d.padded
	if d.doubtful && !cal.padded {
		return "" // numbers that happen to look like a year and a month
	}
	now := time.Now()
	ahead := (d.year-now.Year())*12 + d.month - int(now.Month())
	switch {
	case ahead > 12 && (within || d.listed):
		return fmt.Sprintf("its date, %s, is more than a year ahead", d)
	case !within:
		return ""
	case d.year < firstYear:
		return fmt.Sprintf("its date, %s, is in a calendar that goes back beyond %d", d, firstYear)
	}
	day := [2]int16{int16(d.year), int16(d.month*31 + d.day)}
	if _, ok := cal.dates[day]; !ok && len(cal.dates) >= maxDates {
		return fmt.Sprintf("%d dates of the same calendar were found only from its own pages", maxDates)
	}
	cal.dates[day] = struct{}{}
	return ""
}

// viewWords are last segments of calendars that show the same days in other ways.
var viewWords = []string{"day", "week", "month", "year", "today", "list", "grid", "agenda", "map", "photo", "summary", "print"}

// isView reports whether the path of a dated URL ends with the date or with how it is shown. What ends with another word
// may be a page about something on that day.
func (a *trapAddress) isView() bool {
	last := a.segmentAt(a.segments - 1)
	return a.query != "" || strings.ContainsAny(last, "0123456789") || slices.Contains(viewWords, last) || isMonthName(last)
}

// isDated reports whether a URL has a date: then it may be another view of the same calendar.
func isDated(u string) bool {
	a := parseTrapAddress(u)
	_, dated := a.date()
	return dated
}
