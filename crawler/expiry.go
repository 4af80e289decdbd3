package crawler

import (
	"strings"
	"time"
)

// Forms of the date of an unavailable_after, whose documentation names RFC 822, RFC 850 and ISO 8601, without the day of
// the week.
var (
	expiryDates = []string{"2 Jan 2006", "2 Jan 06", "2-Jan-2006", "2-Jan-06", "2 January 2006", "January 2, 2006", "Jan 2, 2006"}
	expiryISO   = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05",
		"2006-01-02T15:04", "20060102T150405Z0700", "20060102T150405",
	}
	asctime = "Jan 2 15:04:05 2006"
)

// expiryZones are the zones of RFC 822 section 5.1 and those of Europe.
var expiryZones = map[string]string{
	"UT": "+0000", "UTC": "+0000", "GMT": "+0000", "Z": "+0000", "WET": "+0000",
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
	"BST": "+0100", "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300",
}

// latestZone is the zone in which a date comes last. It stands for those that are not known, so that no page goes
// before its time.
const latestZone = "-1200"

// parseExpiry reads the date of an unavailable_after. A date without a time lasts to its end; without a zone it is UTC.
func parseExpiry(s string) (time.Time, bool) {
	fields := strings.Fields(strings.ReplaceAll(strings.ToUpper(s), ",", " , "))
	s = strings.ReplaceAll(strings.Join(fields, " "), " ,", ",")
	if day, rest, ok := strings.Cut(s, ","); ok && isWeekday(day) {
		s = strings.TrimSpace(rest)
	} else if len(fields) > 1 && isWeekday(fields[0]) {
		s = strings.TrimPrefix(s, fields[0]+" ")
	}
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	if len(s) > 10 && s[10] == ' ' && s[4] == '-' {
		s = s[:10] + "T" + strings.ReplaceAll(s[11:], " ", "")
	}
	for _, layout := range expiryISO {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if t, err := time.Parse(asctime, s); err == nil {
		return t, true
	}
	return parseWritten(s)
}

// parseWritten reads dates in which the month is a word.
func parseWritten(s string) (time.Time, bool) {
	if i := strings.LastIndexByte(s, ' '); i >= 0 && isLetters(s[i+1:]) {
		zone, ok := expiryZones[s[i+1:]]
		if !ok {
			zone = latestZone
		}
		s = s[:i+1] + zone
	}
	for _, date := range expiryDates {
		if t, err := time.Parse(date, s); err == nil {
			return t.AddDate(0, 0, 1), true
		}
		for _, clock := range []string{" 15:04:05 -0700", " 15:04:05 -07:00", " 15:04:05", " 15:04 -0700", " 15:04"} {
			if t, err := time.Parse(date+clock, s); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

func isWeekday(s string) bool {
	if len(s) < 3 || !isLetters(s) {
		return false
	}
	switch s[:3] {
	case "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN":
		return true
	}
	return false
}

func isLetters(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return s != ""
}
