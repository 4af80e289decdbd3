package ingest

import "github.com/pageferry/pageferry/crawler"

// Outcomes: what became of a URL in a run. Every URL ends a run with exactly one. The names are part of results and
// ledgers: extend, never rename.
const (
	Created       = "created"       // delivered for the first time
	Updated       = "updated"       // delivered again
	Unchanged     = "unchanged"     // read; the article is what was delivered
	NotModified   = "not_modified"  // 304, or a body that is the same to the byte
	Redirected    = "redirected"    // leads to another URL, which stands for it
	Canonicalized = "canonicalized" // names another URL as its canonical one
	Gone          = "gone"          // 404 or 410
	NoIndex       = "noindex"       // the page asks not to be indexed
	Excluded      = "excluded"      // was delivered, and is out of the config's scope now
	Locale        = "locale"        // in another language than the config's
	NotHTML       = "not_html"      // a file, not a page
	FollowOnly    = "follow_only"   // crawled for its links
	TooDeep       = "too_deep"      // farther from the start than scope.max_depth
	Listing       = "listing"       // only lists other pages
	Trap          = "trap"          // one of endlessly many URLs, or another view of a page
	Soft404       = "soft_404"      // the site says that it has no such page, with a status that says otherwise
	Robots        = "robots"        // robots.txt forbids it, or could not be had
	Login         = "login"         // the site asks who is there
	Challenge     = "challenge"     // the site asks for proof that a person is there
	NeedsJS       = "needs_js"      // scripts would have to fill the page
	Empty         = "empty"         // has no article
	TooLarge      = "too_large"     // larger than fetch.max_body
	Held          = "held"          // a guard stopped its update; what is in Fin stays
	Failed        = "failed"        // could not be read or delivered; the class says why
)

// Failure classes of delivery; those of fetching are the crawler's.
const (
	failRejected  = "api_rejected"  // the API refuses this page
	failExhausted = "api_exhausted" // the API did not take it in all tries
)

// Classes of redirects.
const (
	classPermanent = "permanent" // 301, 308
	classTemporary = "temporary" // 302, 303, 307: never evidence that a page is gone
)

// live reports whether a page with this outcome stands in Fin.
func live(outcome string) bool {
	switch outcome {
	case Created, Updated, Unchanged, NotModified:
		return true
	}
	return false
}

// speaksForDeletion reports whether the outcome is evidence that a delivered page should not be in Fin. Redirects and
// canonicals are too, once their target is in: see settleEdges.
func speaksForDeletion(outcome string) bool {
	switch outcome {
	case Gone, NoIndex, Excluded:
		return true
	}
	return false
}

// adviceFor returns what to do about the pages that an outcome keeps out.
func adviceFor(outcome string) string {
	for _, s := range skips {
		if s.outcome == outcome {
			return s.advice
		}
	}
	return ""
}

const adviceOutOfScope = "to crawl it, add its host to scope.hosts, or a pattern for it to scope.include, and take it out of scope.exclude"

// remedy returns what would make a page be delivered; empty for one that is, and for one that stands under another URL.
func remedy(d Decision) string {
	if d.Class == classRemoved {
		return "a person has taken it out; `pageferry remove CONFIG PATTERN --undo` lets it in again"
	}
	switch d.Outcome {
	case Created, Updated, Unchanged, NotModified, Canonicalized, Redirected:
		return ""
	case Gone:
		return "the site does not have it; if it should, look at it in a browser"
	case NotHTML:
		return "only HTML pages are delivered"
	case Listing:
		return "what it leads to is delivered; an index has no answers of its own. If it has, set extract.listings: deliver"
	case Trap:
		return "it is one of endlessly many addresses for the same; if it is not, give it to pageferry in sitemaps or start"
	case FollowOnly:
		return "it is read for its links only; a pattern of scope.include must match it, and none of scope.follow_only"
	case Failed:
		return failureAdvice[d.Class]
	}
	return adviceFor(d.Outcome)
}

// failureAdvice says what to do about a page that cannot be read; the others are for the next run to try again.
var failureAdvice = map[string]string{
	crawler.FailBlockedAddress: "its host has a private address; if the site is in your own network, set fetch.allow_private: true",
	crawler.FailTLS:            "the certificate or the protocol of the site is wrong; look at it in a browser",
	crawler.FailDNS:            "check the host name, and this machine's network",
	crawler.FailTimeout:        "the site is slow; if that is usual, raise fetch.timeout",
	crawler.FailHTTP4xx:        "the site refuses it; if that is for want of a login, set fetch.headers or fetch.basic_auth",
	crawler.FailRedirectLoop:   "the site sends it round in a circle; look at it in a browser without cookies",
	crawler.FailParse:          "the page is broken; look at it in a browser",
}

// skip is a reason for which pages stay out of Fin, and what a person can do about it.
type skip struct{ outcome, key, advice string }

// skips holds the reasons that make a result implausible when they take more than half of the pages. Left out are
// those that a sane site can have in any number: files, redirects from old addresses, pages kept out by follow_only.
var skips = []skip{
	{Robots, "fetch.robots", "robots.txt keeps pageferry out; if the site is yours, allow it there or set fetch.robots: ignore"},
	{NoIndex, "scope.noindex", "the pages ask search engines not to index them; if Fin may have them all the same, set scope.noindex: ignore"},
	{Canonicalized, "scope.canonical", "the pages name another URL as their canonical one; if those canonicals are wrong, set scope.canonical: ignore"},
	{Locale, "locale", "the pages are in another language than the config says; set locale, or locale: any"},
	{Empty, "extract.content", "no article was found in the pages; correct extract.content, and see `pageferry explain CONFIG URL`"},
	{Login, "fetch.headers", "the site wants a login: let pageferry in with fetch.headers (a cookie or a token) or fetch.basic_auth"},
	{Challenge, "fetch.user_agent", "the site's protection against bots stops pageferry; allow its user agent or this machine's address there"},
	{NeedsJS, "start", "the pages are empty until scripts fill them, and pageferry runs none: crawl an address of the site that serves whole pages"},
	{Soft404, "start", "the site shows its page for unknown addresses; look at one of them in a browser, and correct start and sitemaps"},
	{TooDeep, "scope.max_depth", "the pages are farther from the start than scope.max_depth allows; raise it"},
	{TooLarge, "fetch.max_body", "the pages are larger than fetch.max_body; raise it"},
	{Excluded, "scope", "the config no longer covers pages that it covered; check start, scope.include and scope.exclude"},
	{Gone, "start", "the site answers 404 or 410 for the pages; if it has moved, correct start"},
}
