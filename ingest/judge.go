package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// judge decides what becomes of a page. It holds nothing that changes, so it may be used concurrently.
type judge struct {
	scope     *crawler.Scope
	canon     *crawler.Canonicalizer
	extract   *sanitize.Extractor
	rules     crawler.ScopeConfig
	locale    string
	signature string // of what an article depends on
	log       *slog.Logger
	seen      func(url string) bool     // the frontier has it already; nil: it is not asked
	trap      func(crawler.Link) string // why a link is not worth following
	only      *crawler.Pattern          // what the run is about; nil: the whole site
	keptOut   keptOut
}

func newJudge(s Site) *judge {
	return &judge{scope: s.Crawler.Scope(), canon: s.Crawler.Canonicalizer(), extract: s.Extract, rules: s.Crawl.Scope,
		locale: s.Config.Locale, signature: ArticleSignature(s), log: s.Log, trap: s.Crawler.Trap}
}

// reading is the signature of how a URL is read: for its article, or, of one that is kept out, only for its links. A page
// that was read in the one way is read anew for the other, whatever the site says of changes.
func (j *judge) reading(url string) string {
	if j.scope.Decide(url).FollowOnly || j.keptOut.match(url) != "" {
		return j.signature + ":links"
	}
	return j.signature
}

// verdict is what becomes of a page, with what the run wants to count.
type verdict struct {
	ledger.Visit
	article *sanitize.Article // what was extracted, where it came to that
	beside  []string          // links on the site's hosts that are out of scope, though no rule excludes them
	traps   []ledger.Visit    // outcomes of links that are traps
}

// page decides what becomes of a fetched page, given what the ledger knows of it and the links that it had when it was
// last read. It is the life of a page from fetch to intent, top to bottom.
func (j *judge) page(p *crawler.Page, known ledger.State, stored []string) verdict {
	v := verdict{Visit: ledger.Visit{Item: p.Item, ExternalID: ExternalID(p.Item.URL), At: p.At, Signature: j.signature}}
	scope := j.scope.Decide(p.Item.URL)
	if scope.FollowOnly {
		v.Signature = j.signature + ":links"
	}
	switch {
	case p.Disallowed != "":
		return v.end(known, Robots, "", robotsSays(p.Disallowed))
	case p.Failure != nil && p.Failure.Class == crawler.FailTooLarge:
		return v.end(known, TooLarge, "", p.Failure.Detail)
	case p.Failure != nil:
		return v.end(known, Failed, p.Failure.Class, p.Failure.Detail)
	case p.NotHTML != "":
		return v.end(known, NotHTML, "", p.NotHTML)
	case p.Instead != nil: // before all that the answer says of itself: what stands in front of a page often says noindex
		return v.end(known, p.Instead.Class, "", p.Instead.Evidence)
	case p.Status == 404 || p.Status == 410:
		return v.end(known, Gone, "", fmt.Sprintf("HTTP %d", p.Status))
	case p.Redirect != "":
		return j.redirect(v, p, known)
	case j.linksOnly(p.Item):
		return j.forLinks(v, p, stored)
	case p.NotModified:
		return j.notModified(v, p, known, scope, stored)
	}

	v.Outlinks, v.Read = p.Links, true
	j.follow(&v, p.Links)
	v.Validators = p.Validators
	switch {
	case scope.FollowOnly:
		v.KeepValidators = true
		return v.end(known, FollowOnly, "", scope.Why)
	case p.NoIndex != "" && j.rules.NoIndex != crawler.Ignore:
		return v.end(known, NoIndex, "", p.NoIndex)
	case !sameLanguage(j.locale, p.Lang):
		return v.end(known, Locale, "", fmt.Sprintf("the page is in %q, the config's locale is %q", p.Lang, j.locale))
	}
	if p.Canonical != p.Item.URL {
		v.Canonical = p.Canonical
	}
	v, done := j.canonical(v, p.Item, v.Canonical, known)
	if done {
		return v
	}

	article, err := j.article(p)
	if empty := (*sanitize.EmptyError)(nil); errors.As(err, &empty) {
		return v.end(known, Empty, "", empty.Error())
	}
	if err != nil {
		return v.end(known, Failed, crawler.FailParse, err.Error())
	}
	v.article = &article
	if article.Listing != "" {
		v.KeepValidators = true
		return v.end(known, Listing, "", article.Listing)
	}
	hash := article.Hash()
	switch {
	case known.RemoteID != "" && known.Intent == "" && (known.Hash == hash || known.Listed != "" && known.Listed == hash):
		v.KeepValidators, v.Hash = true, hash
		return v.end(known, Unchanged, "", "")
	case known.RemoteID == "" || known.Intent == ledger.IntentDelete: // a deletion that was intended may have come to pass
		v.Intent = ledger.IntentCreate
	default:
		v.Intent = ledger.IntentUpdate
	}
	v.Title, v.Hash, v.HTML = article.Title, hash, article.HTML
	return v
}

// robotsSays makes a sentence of the line, or the failure, that keeps a page from being fetched.
func robotsSays(why string) string {
	if strings.HasPrefix(why, "robots.txt") {
		return why
	}
	return "robots.txt, " + why
}

// end closes a visit with an outcome.
func (v verdict) end(known ledger.State, outcome, class, detail string) verdict {
	// A create that was not acknowledged may have arrived.
	delivered := known.RemoteID != "" || known.Intent != ""
	v.Outcome, v.Class, v.Detail = outcome, class, detail
	v.Confirmed = live(outcome)
	v.Evidence = delivered && speaksForDeletion(outcome)
	// Where an edge leads is known at the end of the run; until then nothing is said of the page.
	edge := outcome == Redirected || outcome == Canonicalized
	v.Stale = delivered && !v.Confirmed && !v.Evidence && !edge
	return v
}

func (j *judge) redirect(v verdict, p *crawler.Page, known ledger.State) verdict {
	class := classTemporary
	if p.Permanent {
		class = classPermanent
	}
	detail := "to " + p.Redirect
	if to := j.scope.Decide(p.Redirect); to.In {
		l := crawler.Link{URL: p.Redirect, Via: crawler.ViaRedirect, From: p.Item.URL, Depth: p.Item.Depth, Hops: p.Item.Hops + 1}
		if why := j.trapped(l); why != "" {
			return v.end(known, Trap, "", "redirects to "+p.Redirect+": "+why)
		}
		v.Follow = []crawler.Link{l}
	} else {
		detail += ", which is out of scope: " + to.Why
	}
	v.Edge = p.Redirect
	return v.end(known, Redirected, class, detail)
}

// article extracts the article of a page. A page that makes the extraction panic fails alone.
func (j *judge) article(p *crawler.Page) (a sanitize.Article, err error) {
	defer func() {
		if r := recover(); r != nil {
			j.log.Error("extraction panicked", "url", p.Item.URL, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("extraction panicked: %v", r)
		}
	}()
	return j.extract.Extract(p.Doc, p.Item.URL, p.Base)
}

// notModified replays what the page led to when it was last read: a 304 has no body, and hides nothing.
func (j *judge) notModified(v verdict, p *crawler.Page, known ledger.State, scope crawler.Verdict, stored []string) verdict {
	if !p.NoFollow {
		j.follow(&v, stored)
	}
	v.Validators, v.KeepValidators = p.Validators, true
	switch {
	case scope.FollowOnly:
		return v.end(known, FollowOnly, "", scope.Why)
	case p.NoIndex != "" && j.rules.NoIndex != crawler.Ignore:
		v.KeepValidators = false
		return v.end(known, NoIndex, "", p.NoIndex)
	}
	// A canonical that did not count when the page was read may count now.
	if v, done := j.canonical(v, p.Item, known.Canonical, known); done {
		v.KeepValidators = false
		return v
	}
	if known.Outcome == Listing { // the validators are those of the listing, also where an earlier page is still in Fin
		return v.end(known, Listing, "", known.Detail)
	}
	return v.end(known, NotModified, "", "")
}

// canonical follows a rel=canonical that leads to another page of the site. One that leads out of scope does not
// count: the page stands for itself. So does the page at the end of a chain that is too long.
func (j *judge) canonical(v verdict, it crawler.Item, to string, known ledger.State) (verdict, bool) {
	if to == "" || it.Alone || j.rules.Canonical == crawler.Ignore {
		return v, false
	}
	if !j.scope.Decide(to).In {
		v.CanonicalOut = true
		return v, false
	}
	l := crawler.Link{URL: to, Via: crawler.ViaCanonical, From: it.URL, Depth: it.Depth, Hops: it.Hops + 1}
	if l.Hops > maxHops || j.trapped(l) != "" {
		return v, false
	}
	v.Edge = to
	v.Follow = append(v.Follow, l)
	return v.end(known, Canonicalized, "", "to "+to), true
}

// trapped returns why the target of a redirect or canonical is not worth following, unless the frontier has it.
func (j *judge) trapped(l crawler.Link) string {
	if j.seen != nil && j.seen(l.URL) {
		return ""
	}
	return j.trap(l)
}

// follow adds to a visit those of the page's links that belong to the site.
func (j *judge) follow(v *verdict, links []string) {
	depth := v.Item.Depth + 1
	deep := j.rules.MaxDepth > 0 && depth > j.rules.MaxDepth
	for _, u := range links {
		// Nearly every link of a page leads to a page that is known, and looking is cheaper than deciding.
		if j.seen != nil && j.seen(u) {
			continue
		}
		scope := j.scope.Decide(u)
		if scope.Beside {
			v.beside = append(v.beside, u)
		}
		if !scope.In || !j.wants(u) {
			continue
		}
		l := crawler.Link{URL: u, Via: crawler.ViaLink, From: v.Item.URL, Depth: depth}
		if deep {
			v.NotFollowed = append(v.NotFollowed, notFollowed(l, v.At, TooDeep,
				fmt.Sprintf("%s from the start, scope.max_depth is %d", count(depth, "link"), j.rules.MaxDepth)))
		} else if why := j.trap(l); why != "" {
			v.traps = append(v.traps, notFollowed(l, v.At, Trap, why))
		} else {
			v.Follow = append(v.Follow, l)
		}
	}
}

// notFollowed is the outcome of a link that is not followed.
func notFollowed(l crawler.Link, at time.Time, outcome, why string) ledger.Visit {
	return ledger.Visit{Item: crawler.Item{Link: l}, ExternalID: ExternalID(l.URL), At: at, Outcome: outcome, Detail: why}
}

// sameLanguage reports whether a page in lang belongs to a site in locale: one is the other, or its beginning (en,
// en-GB). A page whose language is not known belongs.
func sameLanguage(locale, lang string) bool {
	if locale == "any" || locale == "" || lang == "" {
		return true
	}
	a := strings.ToLower(strings.ReplaceAll(locale, "_", "-"))
	b := strings.ToLower(strings.ReplaceAll(lang, "_", "-"))
	return a == b || strings.HasPrefix(a, b+"-") || strings.HasPrefix(b, a+"-")
}
