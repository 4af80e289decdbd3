package crawler

import (
	"context"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// How a URL was found.
const (
	ViaStart     = "start"
	ViaKnown     = "known"
	ViaSitemap   = "sitemap"
	ViaLink      = "link"
	ViaRedirect  = "redirect"
	ViaCanonical = "canonical"
	ViaAgain     = "again"
)

// Link is a URL that a crawl found, before it becomes an Item.
type Link struct {
	URL   string // canonical
	Via   string // one of the Via constants
	From  string // canonical URL of the page that names it; empty for start URLs and known pages
	Depth int    // links followed from a start URL or sitemap, which are at 0; known pages keep that at which they were found
	Hops  int    // redirects followed to get here
	Alone bool   // the page stands for itself: its canonical was followed and is not live
}

// Validators identify the version of a page that was read last. The zero value asks for the page unconditionally.
type Validators struct {
	ETag         string // as the server sent it
	LastModified string // as the server sent it
	BodyHash     string // lower-case hex SHA-256 of the body as received, after content decoding
}

// Item is one URL to fetch, as a Frontier hands it out.
type Item struct {
	Link
	Validators Validators
}

// Frontier holds what is still to crawl. Each URL is handed out once a run. Its methods may be called concurrently.
type Frontier interface {
	// Next returns the next item, first found first. It blocks while there is none but items are still out that may
	// add some; false means that the crawl is done or was told to stop. The visitor of the page closes the item, in
	// whatever transaction it records the page.
	Next(ctx context.Context) (Item, bool, error)
	// Add puts links into the frontier; those it has seen in this run are ignored.
	Add(ctx context.Context, links []Link) error
}

// Failure classes: why a page could not be read. They are part of results and ledgers: extend, never rename.
const (
	FailDNS            = "dns"
	FailTLS            = "tls"
	FailTimeout        = "timeout"
	FailConnection     = "connection"
	FailBlockedAddress = "blocked_address"
	FailTruncated      = "truncated"
	FailRedirectLoop   = "redirect_loop"
	FailHTTP4xx        = "http_4xx"
	FailHTTP5xx        = "http_5xx"
	FailParse          = "parse"
	FailTooLarge       = "too_large"
	FailMaintenance    = "maintenance"
)

// Failure says why a page could not be read.
type Failure struct {
	Class  string // one of the Fail constants
	Detail string // one line for a person, without secrets
}

// What stands in the place of a page. The names are outcomes of results and ledgers: extend, never rename.
const (
	InsteadLogin     = "login"     // a form or a redirect that asks who is there
	InsteadChallenge = "challenge" // a test that a person, not a program, asks
	InsteadSoft404   = "soft_404"  // what the site says of URLs that it does not have, with a status that says otherwise
	InsteadNeedsJS   = "needs_js"  // an empty shell that scripts would fill
	InsteadListing   = "listing"   // results of a search
	InsteadTrap      = "trap"      // one of endlessly many URLs, or another view of a page, such as for printing
)

// Instead says that an answer is not the page that was asked for, though it looks like one.
type Instead struct {
	Class    string // one of the Instead constants
	Evidence string // what shows it, in one line for a person, without secrets
}

// Page is what one fetch brought. Exactly one of these holds: Disallowed; Failure; NotModified;
// Redirect; a Status of 404 or 410; NotHTML; Instead; or Doc. Instead may come with any status.
type Page struct {
	Item    Item
	At      time.Time // when the answer began
	Fetches int       // requests made, retries included
	Bytes   int64     // of body, after content decoding, over all requests

	Disallowed  string // the robots.txt line that forbids the page, or why robots.txt forbids all
	Failure     *Failure
	NotModified bool // 304 to our validators, or a body with the same hash

	Status      int    // HTTP status; 0 without an answer
	ContentType string // as sent
	NotHTML     string // why it is no HTML page: its content type, or the extension of its path (then nothing was fetched)
	Instead     *Instead

	Redirect  string // canonical URL of the target of a 3xx or an immediate meta refresh; empty if there is none
	Permanent bool   // the redirect was 301 or 308

	Validators Validators // of this answer, also if its body is the known one; of the item on a 304; else zero without Doc
	Doc        *goquery.Document
	Base       string    // what relative URLs of Doc refer to: <base href>, else the page's URL
	Lang       string    // <html lang>, else Content-Language; lower case, empty if unknown
	Canonical  string    // canonical form of rel=canonical (element or Link header); as it stands if it is no http(s) URL; empty if none
	NoIndex    string    // the directive that says so, such as `meta robots "noindex"`; empty: none
	NoFollow   bool      // links are not to be followed; like NoIndex, from the header alone if NotModified
	Until      time.Time // unavailable_after, if it is to come: then the page is noindex, so it has no Validators; zero: none
	Directives []string  // each place with directives in force, as found, such as `X-Robots-Tag "googlebot: nofollow"`; nil: none
	Links      []string  // distinct canonical http(s) URLs in order of appearance, scope not applied; nil under NoFollow
}
