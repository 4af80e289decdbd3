package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
)

// longPage is an article of some length, whose words differ from page to page.
func longPage(i int) answer {
	var b strings.Builder
	for k := range 30 {
		fmt.Fprintf(&b, "Sentence %d of article %d says something that no other sentence says, such as %x. ", k, i, i*1009+k*7919)
	}
	return article(fmt.Sprintf("Page %d", i), b.String())
}

// longSite puts n long articles on the site.
func longSite(f *fixture, n int) []string {
	paths := manyPages(f, n)
	for i, p := range paths {
		f.site.set(p, longPage(i))
	}
	return paths
}

// An update that loses most of its text, or makes pages say the same, is held, and nothing else is.
func TestHeldUpdates(t *testing.T) {
	f := newFixture(t, "")
	paths := longSite(f, 20)
	f.sync()
	f.site.set(paths[0], article("Page 0", "Gone."))
	for _, p := range paths[1:4] {
		f.site.set(p, article("Notice", "All of our articles have been moved to a new system. Until they are there, please write to our support, "+
			"which answers within a day on all days but Sunday. We are sorry for the trouble, and thank you for your patience. "+
			strings.Repeat("This notice is as long as an article, so that its length says nothing. ", 40)))
	}
	changed := longPage(5)
	changed.body = strings.Replace(changed.body, "Sentence 3 of", "The third sentence of", 1)
	f.site.set(paths[5], changed)
	before := f.inFin()
	res := f.sync()
	if res.Exit != 4 || res.Reason != ingest.ReasonHeld || len(res.Held) != 4 || res.Pages["held"] != 4 || res.Pages["updated"] != 1 {
		t.Fatalf("exit %d %s, pages %v, held %v: %v", res.Exit, res.Reason, res.Pages, res.Held, res.Messages)
	}
	for _, p := range paths[:4] {
		if f.inFin()[p] != before[p] {
			t.Errorf("%s was changed", p)
		}
	}
	if f.inFin()[paths[5]] == before[paths[5]] {
		t.Errorf("%s was not changed", paths[5])
	}
	if again := f.sync(); again.Exit != 4 || len(again.Held) != 4 {
		t.Errorf("the next run: exit %d, held %v", again.Exit, again.Held)
	}
	accepted := f.sync("--accept", fmt.Sprint(res.Run))
	if accepted.Exit != 0 || accepted.Pages["updated"] != 4 || len(accepted.Held) != 0 {
		t.Errorf("accepted: exit %d, pages %v, held %v", accepted.Exit, accepted.Pages, accepted.Held)
	}
	f.want(f.sync(), 0, counts{"not_modified": 21})
}

// A site that has changed all over is not believed: all updates are held, and nothing is taken out.
func TestRedesignIsHeld(t *testing.T) {
	f := newFixture(t, soon)
	paths := longSite(f, 20)
	f.sync()
	f.site.remove(paths[19])
	f.sync()
	for i, p := range paths[:8] {
		a := longPage(i)
		a.body = strings.Replace(a.body, "Sentence 3 of", "The third sentence of", 1)
		f.site.set(p, a)
	}
	f.site.set("/new", longPage(99))
	f.site.set("/", article("Home", welcome, append(paths, "/new")...))
	res := f.sync()
	if res.Exit != 4 || len(res.Held) < 8 || res.Pages["updated"] != 0 || res.Pages["created"] != 1 || res.Deleted != 0 {
		t.Errorf("exit %d, pages %v, %d held, %d deleted: %v", res.Exit, res.Pages, len(res.Held), res.Deleted, res.Messages)
	}
	if m := strings.Join(res.Messages, "\n"); !strings.Contains(m, "compared pages have changed") || !strings.Contains(m, "--accept") {
		t.Errorf("it says %q", m)
	}
	if res = f.sync("--accept", fmt.Sprint(res.Run)); res.Exit != 0 || res.Pages["updated"] < 8 || res.Deleted != 0 {
		t.Errorf("accepted: exit %d, pages %v, %d deleted: %v", res.Exit, res.Pages, res.Deleted, res.Messages)
	}
	if res = f.sync(); res.Deleted != 1 {
		t.Errorf("%d deleted, now that all is well", res.Deleted)
	}
}

// A change of the config changes every article, and is believed.
func TestChangeOfConfigIsNotHeld(t *testing.T) {
	f := newFixture(t, "")
	longSite(f, 20)
	f.sync()
	f.writeConfig(f.site.URL+"/", "extract: {content: [article], remove: [\"p:last-of-type\"]}\n")
	if res := f.sync(); res.Exit != 0 || res.Pages["updated"] != 21 {
		t.Errorf("exit %d, pages %v: %v", res.Exit, res.Pages, res.Messages)
	}
}

// A block that most changed pages have gained, such as a banner, is not let into Fin.
func TestGainedBlockIsHeld(t *testing.T) {
	f := newFixture(t, "")
	paths := longSite(f, 40)
	f.sync()
	for i, p := range paths[:8] {
		a := longPage(i)
		a.body = strings.Replace(a.body, "</article>", "<p>Our summer sale has begun: thirty percent off everything.</p></article>", 1)
		f.site.set(p, a)
	}
	res := f.sync()
	if res.Exit != 4 || len(res.Held) != 8 || !strings.Contains(strings.Join(res.Messages, "\n"), "summer sale") {
		t.Errorf("exit %d, pages %v, held %v: %v", res.Exit, res.Pages, res.Held, res.Messages)
	}
}

// Selectors that match nothing after a redesign leave what is in Fin, and say which key is wrong.
func TestDeadSelectors(t *testing.T) {
	f := newFixture(t, "extract: {content: [article]}\n"+soon)
	paths := longSite(f, 10)
	f.sync()
	for i, p := range append(paths, "/") {
		a := longPage(i)
		a.body = strings.NewReplacer("<article>", "<section>", "</article>", "</section>").Replace(a.body)
		f.site.set(p, a)
	}
	for range 3 {
		res := f.sync()
		if res.Exit != 4 || res.Pages["empty"] != 11 || len(f.inFin()) != 11 || !strings.Contains(strings.Join(res.Messages, "\n"), "extract.content") {
			t.Fatalf("exit %d, pages %v, %d in Fin: %v", res.Exit, res.Pages, len(f.inFin()), res.Messages)
		}
	}
}

// The text result lists everything that is held, with the command that lets it through.
func TestHeldIsListed(t *testing.T) {
	f := newFixture(t, "")
	paths := longSite(f, 10)
	f.sync()
	f.site.set(paths[0], article("Page 0", "Gone."))
	code, out, _ := f.run("sync", f.config)
	for _, want := range []string{"held, until a run is told", "--accept 2", "update " + f.site.URL + paths[0], "its text shrank from"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if code != 4 || t.Failed() {
		t.Errorf("exit %d\n%s", code, out)
	}
}
