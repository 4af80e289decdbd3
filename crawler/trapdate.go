package crawler

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trapDate is a date in a URL.
type trapDate struct {
	year, month, day int  // December where there is only a year; day 0 where there is none
	listed           bool // it is a parameter that says from when on something is listed
	doubtful         bool // the numbers could mean something else
	padded           bool // the month is written with a leading zero
}

func (d trapDate) String() string { return fmt.Sprintf("%d-%02d", d.year, d.month) }

// What may be a year. A calendar is cut long before it leaves these bounds; numbers beyond are something else.
const (
	minYear = 1900
	maxYear = 2199
)

// dateNames are parameters that say from when on something is listed. Their values may be numbers without separators.
var dateNames = []string{"date", "day", "month", "week", "start", "end", "from", "to", "begin", "since", "until", "when", "time",
	"timestamp", "ts", "cal", "calendar", "dt", "d"}

// calendarWords are segments of paths of which what follows is a date, however it is written.
var calendarWords = []string{"calendar", "calendars", "cal", "event", "events", "kalender", "termine", "agenda", "calendario", "calendrier"}

// date returns the date in a URL.
func (a *trapAddress) date() (trapDate, bool) {
	if d, ok := a.pathDate(); ok {
		return d, true
	}
	if a.query == "" {
		return trapDate{}, false
	}
	return a.queryDate()
}

// pathDate finds /2031/05, /2031/05/12, /2031/may, /05/2031, /05-2031, /2031-05 and /2031-05-12 at the end of a path, or before one segment
// without digits. Elsewhere it is the date of an article.
func (a *trapAddress) pathDate() (trapDate, bool) {
	n := min(a.segments, maxTrapSegments)
	for i, segment := range a.segment[:n] {
		if len(segment) > 4 {
			if d, ok := isoDate(segment); ok && a.endsAt(i+1) {
				d.doubtful = len(segment) == len("2031-05") && !a.namesCalendar(i)
				return d, true
			}
			if d, ok := monthFirst(segment); ok && a.endsAt(i+1) && a.namesCalendar(i) {
				return d, true
			}
			continue
		}
		if len(segment) != 4 {
			continue
		}
		year, ok := yearOf(segment)
		if !ok {
			continue
		}
		if month, ok := monthOf(a.segmentAt(i + 1)); ok && (a.endsAt(i+2) || len(a.segmentAt(i+2)) <= 2 && a.endsAt(i+3)) {
			return trapDate{year: year, month: month, day: dayOf(a.segmentAt(i + 2)),
				doubtful: !a.namesCalendar(i) && !isMonthName(a.segment[i+1]), padded: a.segment[i+1][0] == '0'}, true
		}
		if month, ok := monthOf(a.segmentAt(i - 1)); ok && a.endsAt(i+1) {
			return trapDate{year: year, month: month, doubtful: !a.namesCalendar(i), padded: a.segment[i-1][0] == '0'}, true
		}
	}
	return trapDate{}, false
}

// segmentAt returns a segment; empty: there is none.
func (a *trapAddress) segmentAt(i int) string {
	if i >= 0 && i < min(a.segments, maxTrapSegments) {
		return a.segment[i]
	}
	return ""
}

// endsAt reports whether the path ends before segment i, or after it if it has no digits.
func (a *trapAddress) endsAt(i int) bool {
	return i >= a.segments || i == a.segments-1 && !strings.ContainsAny(a.segmentAt(i), "0123456789")
}

// namesCalendar reports whether one of the segments before i does.
func (a *trapAddress) namesCalendar(i int) bool {
	for _, segment := range a.segment[:i] {
		if slices.Contains(calendarWords, segment) {
			return true
		}
	}
	return false
}

// queryDate finds ?month=2031-05, ?date=2031-05-12, ?date=05/12/2031, ?date=20310512, ?start=1935700000 and
// ?year=2031&month=5.
func (a *trapAddress) queryDate() (trapDate, bool) {
	year, month, padded := 0, 12, false
	for param := range strings.SplitSeq(a.query, "&") {
		name, value, _ := strings.Cut(param, "=")
		if len(value) == 0 || len(value) > 40 || len(name) > 40 || !isDigit(value[0]) {
			continue
		}
		name = strings.ToLower(name)
		if d, ok := isoDate(value); ok {
			d.listed = listsByDate(name) || len(value) > len("2031-05")
			d.doubtful = !d.listed
			return d, true
		}
		if !isNumber(value) {
			if d, ok := yearLast(value); ok && listsByDate(name) {
				return d, true
			}
			continue
		}
		if m, ok := monthOf(value); ok && (strings.HasSuffix(name, "month") || name == "mon" || name == "m") {
			month, padded = m, value[0] == '0'
		} else if y, ok := yearOf(value); ok && (strings.HasSuffix(name, "year") || name == "yr" || name == "y") {
			year = y
		} else if listsByDate(name) {
			if d, ok := compactDate(value); ok {
				d.listed = true
				return d, true
			}
		}
	}
	return trapDate{year: year, month: month, listed: true, padded: padded}, year > 0
}

// listsByDate reports whether a parameter, in lower case, says from when on something is listed.
func listsByDate(name string) bool {
	return slices.Contains(dateNames, name) || strings.HasSuffix(name, "date") || strings.HasSuffix(name, "month")
}

// isoDate reads what begins with 2031-05, 2031-05-12 or 2031-W05 and goes on with no letter, but for the T of a time.
func isoDate(s string) (trapDate, bool) {
	if len(s) < 7 || s[4] != '-' {
		return trapDate{}, false
	}
	year, ok := yearOf(s[:4])
	if !ok {
		return trapDate{}, false
	}
	if len(s) == 8 && s[5] == 'W' && isNumber(s[6:]) {
		week, _ := strconv.Atoi(s[6:])
		return trapDate{year: year, month: min(week*12/53+1, 12), day: 32 + week}, week >= 1 && week <= 53
	}
	month, ok := monthOf(s[5:7])
	switch {
	case !ok:
		return trapDate{}, false
	case len(s) == 7:
	case len(s) >= 10 && s[7] == '-' && isNumber(s[8:10]) && (len(s) == 10 || strings.IndexByte("T+%.", s[10]) >= 0):
	default:
		return trapDate{}, false
	}
	day := 0
	if len(s) > len("2031-05") {
		day = dayOf(s[8:10])
	}
	return trapDate{year: year, month: month, day: day, padded: s[5] == '0'}, true
}

// compactDate reads 203105, 20310512, and the seconds or milliseconds since 1970.
func compactDate(s string) (trapDate, bool) {
	switch len(s) {
	case 6, 8:
		year, ok := yearOf(s[:4])
		month, ok2 := monthOf(s[4:6])
		return trapDate{year: year, month: month, day: dayOf(s[6:])}, ok && ok2
	case 10, 13:
		seconds, err := strconv.ParseInt(s[:10], 10, 64)
		if err != nil {
			return trapDate{}, false
		}
		at := time.Unix(seconds, 0).UTC()
		return trapDate{year: at.Year(), month: int(at.Month()), day: at.Day()}, at.Year() >= minYear && at.Year() <= maxYear
	}
	return trapDate{}, false
}

// monthFirst reads 05-2031, with or without an extension.
func monthFirst(s string) (trapDate, bool) {
	s, _, _ = strings.Cut(s, ".")
	m, y, _ := strings.Cut(s, "-")
	month, ok := monthOf(m)
	year, ok2 := yearOf(y)
	return trapDate{year: year, month: month, padded: m != "" && m[0] == '0'}, ok && ok2
}

// yearLast reads 05/12/2031, 12.05.2031 and 05-12-2031, in the American order where both numbers may be the month.
func yearLast(s string) (trapDate, bool) {
	parts := strings.FieldsFunc(strings.ReplaceAll(s, "%2F", "/"), func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 {
		return trapDate{}, false
	}
	first, second := dayOf(parts[0]), dayOf(parts[1])
	year, ok := yearOf(parts[2])
	if first > 12 {
		first, second = second, first
	}
	return trapDate{year: year, month: first, day: second, listed: true}, ok && first >= 1 && first <= 12 && second >= 1
}

func yearOf(s string) (int, bool) {
	if len(s) != 4 || !isNumber(s) {
		return 0, false
	}
	year, err := strconv.Atoi(s)
	return year, err == nil && year >= minYear && year <= maxYear
}

// dayOf returns the day of the month that s says; 0: none.
func dayOf(s string) int {
	day, err := strconv.Atoi(s)
	if err != nil || len(s) > 2 || day < 0 || day > 31 {
		return 0
	}
	return day
}

// monthNames are months as paths name them.
var monthNames = [12]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
	"november", "december"}

func isMonthName(s string) bool { return len(s) > 2 && monthNamed(s) > 0 }

// monthNamed returns the month of a name or of its first three letters; 0: it is none.
func monthNamed(s string) int {
	for i, name := range monthNames {
		if len(s) == len(name) && strings.EqualFold(s, name) || len(s) == 3 && strings.EqualFold(s, name[:3]) {
			return i + 1
		}
	}
	return 0
}

func monthOf(s string) (int, bool) {
	if month := monthNamed(s); month > 0 {
		return month, true
	}
	if len(s) == 0 || len(s) > 2 || !isNumber(s) {
		return 0, false
	}
	month, err := strconv.Atoi(s)
	return month, err == nil && month >= 1 && month <= 12
}
