package browse

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Geometry of a chart, in units of its view box.
const (
	chartWidth  = 760
	chartHeight = 190
	chartLeft   = 56 // room for the labels of the axis
	chartTop    = 10
	chartBottom = 28 // room for the dates
	maxBar      = 40 // width of a bar where there are few
)

// Chart is a bar for each run, the oldest first, stacked of one or more series.
type Chart struct {
	Title  string
	About  string // what a screen reader says instead
	Legend []Series
	Lines  []Line
	Bars   []Bar
	Labels []Label
}

// Width of the view box.
func (Chart) Width() int { return chartWidth }

// Height of the view box.
func (Chart) Height() int { return chartHeight }

// Left is where the lines begin.
func (Chart) Left() int { return chartLeft }

// Series is one colour of a chart.
type Series struct{ Class, Name string }

// Line is a line of the grid with its label.
type Line struct {
	Y    float64
	Text string
}

// Bar is one piece of a bar, with what it says when it is pointed at.
type Bar struct {
	X, Y, W, H float64
	Class      string
	Text       string
}

// Label is a text below the bars.
type Label struct {
	X      float64
	Anchor string
	Text   string
}

// series is what a chart stacks: the outcomes that count together, or what a run has besides.
type series struct {
	Series
	value func(Run) float64
}

// sum adds up outcomes.
func sum(outcomes ...string) func(Run) float64 {
	return func(r Run) float64 {
		n := 0
		for _, o := range outcomes {
			n += r.Outcomes[o]
		}
		return float64(n)
	}
}

var (
	unreadable = []string{"robots", "login", "challenge", "needs_js", "empty", "too_large", "soft_404"}
	leftOut    = []string{"redirected", "canonicalized", "gone", "noindex", "excluded", "locale", "not_html", "follow_only", "listing",
		"trap", "too_deep"}
)

func parts() (same, created, updated, out, takenOut, held, failed series) {
	return series{Series{"same", "in Fin as they were"}, sum("unchanged", "not_modified")},
		series{Series{"created", "created"}, sum("created")},
		series{Series{"updated", "updated"}, sum("updated")},
		series{Series{"out", "left out"}, sum(leftOut...)},
		series{Series{"taken", "taken out"}, func(r Run) float64 { return float64(r.TakenOut) }},
		series{Series{"held", "held"}, sum("held")},
		series{Series{"failed", "failed or not readable"}, sum(append([]string{"failed"}, unreadable...)...)}
}

// everything shows all URLs of each run.
func everything(runs []Run) Chart {
	same, created, updated, out, _, held, failed := parts()
	return stack("All URLs of each run", runs, 1, wholes, same, created, updated, out, held, failed)
}

// changes leaves out what stays as it was, beside which the rest would not be seen.
func changes(runs []Run) Chart {
	_, created, updated, _, takenOut, held, failed := parts()
	return stack("Changes and problems of each run", runs, 1, wholes, created, updated, takenOut, held, failed)
}

func durations(runs []Run) Chart {
	return stack("How long each run took", runs, 0.001, func(v float64) string { return took(time.Duration(v * float64(time.Second))) },
		series{Series{"created", "time"}, func(r Run) float64 { return r.Took.Seconds() }})
}

func wholes(v float64) string { return number(int(v)) }

// stack draws runs, which come with the latest first. The lines of its grid are not closer than least.
func stack(title string, runs []Run, least float64, say func(float64) string, all ...series) Chart {
	c := Chart{Title: title}
	runs = slices.Clone(runs)
	slices.Reverse(runs)
	most := 0.0
	for _, r := range runs {
		total := 0.0
		for _, s := range all {
			total += s.value(r)
		}
		most = max(most, total)
	}
	top, step := scale(most, least)
	height := float64(chartHeight - chartTop - chartBottom)
	y := func(v float64) float64 { return chartTop + height*(1-v/top) }
	for v := 0.0; v <= top+step/2; v += step {
		c.Lines = append(c.Lines, Line{round(y(v)), say(v)})
	}
	slot := float64(chartWidth-chartLeft) / float64(len(runs))
	width := min(slot*0.7, maxBar)
	for i, r := range runs {
		x, base := chartLeft+slot*(float64(i)+0.5)-width/2, 0.0
		for _, s := range all {
			v := s.value(r)
			if v == 0 {
				continue
			}
			// What is there is seen, however little it is beside the rest.
			h := max(height*v/top, 2)
			c.Bars = append(c.Bars, Bar{round(x), round(y(base) - h), round(width), round(h), s.Class,
				fmt.Sprintf("run %d, %s: %s %s", r.ID, day(r.Started), say(v), s.Name)})
			base += h / height * top
		}
	}
	if len(all) > 1 {
		for _, s := range all {
			c.Legend = append(c.Legend, s.Series)
		}
	}
	last := runs[len(runs)-1]
	c.Labels = []Label{{chartLeft, "start", day(runs[0].Started)}, {chartWidth, "end", day(last.Started)}}
	c.About = fmt.Sprintf("%s, %s to %s; at the most %s. The table below has the figures.", title, day(runs[0].Started), day(last.Started), say(most))
	return c
}

// scale returns the top of an axis that holds most, and the distance of its at most five lines: 1, 2 or 5 times a power of
// ten, and not less than least.
func scale(most, least float64) (top, step float64) {
	for unit := least; ; unit *= 10 {
		for _, part := range []float64{1, 2, 5} {
			if step = unit * part; most <= 5*step {
				return max(1, math.Ceil(most/step)) * step, step
			}
		}
	}
}

func round(v float64) float64 { return math.Round(v*10) / 10 }
