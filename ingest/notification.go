package ingest

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Bounds of the body of a notification: what receives it has limits of its own.
const (
	maxNotification = 256 << 10
	maxText         = 2000 // bytes of its sentence
)

// notified is the body of a notification. Text comes first: it is all that a chat shows.
type notified struct {
	Text string `json:"text"`
	Result
	Omitted map[string]int `json:"omitted,omitempty"` // by list, how many of its last items were left out
}

// notification returns the body for a result: whole, or with lists cut to what fits.
func notification(text string, res *Result) ([]byte, error) {
	text = clip(text, maxText)
	for keep := -1; ; keep = fewer(keep) {
		n := notified{Text: text, Result: *res}
		if keep >= 0 {
			n.cut(keep)
		}
		body, err := json.Marshal(n)
		if err != nil {
			return nil, fmt.Errorf("marshal the notification: %w", err)
		}
		if len(body) <= maxNotification {
			return body, nil
		}
		if keep == 0 { // not even the counts fit: the sentence must do
			return json.Marshal(notified{Text: text, Result: Result{Site: clip(res.Site, maxSite), Run: res.Run, Exit: res.Exit, Reason: res.Reason}})
		}
	}
}

// fewer returns the next number of items to try; -1 stands for all.
func fewer(keep int) int {
	if keep < 0 {
		return 1000
	}
	return keep / 2
}

// cut keeps the first items of each list.
func (n *notified) cut(keep int) {
	n.Omitted = map[string]int{}
	for name, left := range map[string]int{
		"failures": keepFirst(&n.Failures, keep), "stale": keepFirst(&n.Stale, keep), "held": keepFirst(&n.Held, keep),
		"gone": keepFirst(&n.Gone, keep), "out_of_scope": keepFirst(&n.OutOfScope, keep), "notes": keepFirst(&n.Notes, keep),
		"messages": keepFirst(&n.Messages, keep), "incomplete": keepFirst(&n.Incomplete, keep),
	} {
		if left > 0 {
			n.Omitted[name] = left
		}
	}
}

// keepFirst keeps the first items of a list and returns how many it left out.
func keepFirst[T any](list *[]T, keep int) int {
	left := max(0, len(*list)-keep)
	*list = (*list)[:len(*list)-left]
	return left
}

// clip cuts a text to so many bytes, between characters, and shows that it did.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
