package crawler

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// template is the form of a URL: its directory, in which parts that vary are generalised, and the ending of its last
// part; or its path and the names of its parameters, if one of them says which page it is.
type template struct {
	key          string // the form, with * for what varies
	scheme, host string
	dir          string   // generalised; ends with a slash
	ending       string   // extension, or the slash at the end
	vary         []string // the parts of this URL that vary, plain: they are no evidence

	u     *url.URL
	param string // that varies; empty: the path does
}

// missing is a URL that cannot exist.
type missing struct {
	url   string
	token string   // what is random in it, in lower case
	vary  []string // as in template
}

// identityParams are parameters that say which page it is, where the path does not.
var identityParams = []string{"id", "aid", "articleid", "article_id", "article", "page_id", "pageid", "pid", "postid", "post_id", "p", "kbid",
	"kb", "kbarticle", "docid", "doc", "topic", "topicid", "topic_id", "slug", "title", "faq", "faqid", "solutionid", "sys_id", "sysparm_article",
	"number", "entry", "item", "itemid", "node", "nid", "tid", "threadid", "contentid"}

// indexNames are last segments that mean their directory.
var indexNames = []string{"index", "default", "home", "main", "welcome", "start", "readme"}

var variable = regexp.MustCompile(`^(?:[0-9]+|[0-9]{3,}[-_].*|.*[-_][0-9]{4,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|[0-9a-fA-F]{12,})$`)

// templateOf returns the form of a page's URL; false if nothing in it varies, as in that of a home page.
func templateOf(u *url.URL) (template, bool) {
	t := template{scheme: u.Scheme, host: u.Host, u: u}
	path := u.EscapedPath()
	if strings.Contains(strings.Trim(path, "/"), "//") {
		return t, false
	}
	if t.param = identityParam(u); t.param != "" {
		t.dir = generalised(directoryOf(path))
		t.vary = varying(u.Query().Get(t.param))
		var names []string
		for name := range u.Query() {
			names = append(names, name)
		}
		sort.Strings(names)
		t.key = u.Scheme + "://" + u.Host + path + "?" + strings.Join(names, "&")
		return t, true
	}
	last := strings.ToLower(lastSegment(path))
	if last == "" || slices.Contains(indexNames, last) {
		return t, false
	}
	t.dir = generalised(directoryOf(path))
	switch {
	case strings.HasSuffix(path, "/"):
		t.ending = "/"
	default:
		t.ending = fileName.FindString(path)
	}
	t.vary = varying(lastSegment(u.Path))
	t.key = u.Scheme + "://" + u.Host + t.dir + "*" + t.ending
	return t, true
}

func identityParam(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	for name, values := range u.Query() {
		if len(values) == 1 && values[0] != "" && slices.Contains(identityParams, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// generalised replaces the segments of a directory that are numbers or carry one.
func generalised(dir string) string {
	segments := strings.Split(dir, "/")
	for i, s := range segments {
		if variable.MatchString(s) {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// varying returns how a part of a URL may stand in a text.
func varying(part string) []string {
	part = plain(part)
	if len(part) < 4 {
		return nil
	}
	vary := []string{part}
	if words := strings.NewReplacer("-", " ", "_", " ", "+", " ").Replace(part); words != part {
		vary = append(vary, words)
	}
	return vary
}

// root reports whether the form's pages are in the root directory of their host.
func (t *template) root() bool { return t.param == "" && t.dir == "/" }

// probe returns a URL of the form that cannot exist; elsewhere: in another directory beside that of the form, no URL if
// there is none.
func (t *template) probe(elsewhere bool) missing {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	token := "pageferry-probe-" + hex.EncodeToString(b[:])
	u := *t.u
	u.Fragment, u.RawFragment, u.User = "", "", nil
	if t.param != "" {
		if elsewhere {
			return missing{}
		}
		q := u.Query()
		token = like(q.Get(t.param), token, b)
		q.Set(t.param, token)
		u.RawQuery = q.Encode()
		return missing{url: u.String(), token: token, vary: varying(token)}
	}
	u.RawQuery = ""
	segments := strings.Split(t.dir, "/")
	for i, s := range segments {
		if s == "*" {
			segments[i] = randomNumber(b)
		}
	}
	if elsewhere {
		if len(segments) < 3 {
			return missing{}
		}
		segments[len(segments)-2] = "pageferry-probe"
	}
	token = like(lastSegment(t.u.Path), token, b)
	u.RawPath = strings.Join(segments, "/") + token + t.ending
	path, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return missing{}
	}
	u.Path = path
	return missing{url: u.String(), token: token, vary: varying(token)}
}

var numberPart = regexp.MustCompile(`^[0-9]{3,}(?:$|[-_])`)

// like returns token in the form of part, since a server may route numbers elsewhere than words.
func like(part, token string, b [8]byte) string {
	switch m := numberPart.FindString(part); {
	case m == "":
		return token
	case m == part:
		return randomNumber(b)
	default:
		return randomNumber(b) + m[len(m)-1:] + token
	}
}

// randomNumber returns nine random digits: a number that hardly any page has, and that fits into 32 bits.
func randomNumber(b [8]byte) string {
	d := []byte("1")
	for _, c := range b {
		d = append(d, '0'+c%10)
	}
	return string(d)
}
