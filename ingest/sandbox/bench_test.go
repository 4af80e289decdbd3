package sandbox_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkUpsert is the whole way of a POST over a loopback connection; every tenth updates a page.
func BenchmarkUpsert(b *testing.B) {
	a := newAPI(b)
	source := a.newSource("https://help.example.com/")
	html := strings.Repeat("<p>A paragraph of an article in a help center.</p>\n", 100)
	var n atomic.Int64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			body := page(source, fmt.Sprint(i-i%10/9)).set("html", html)
			if r, err := a.send("POST", "/ai/external_pages", body); err != nil || r.status != 200 {
				b.Errorf("upsert: %v, %v", r, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "upserts/s")
}
