package crawler

import (
	"net/url"
	"slices"
	"strings"
)

// judgeRedirect looks at where a page leads. A redirect to a login, a challenge, an error page or a maintenance page is
// not a move: the page keeps no Redirect.
func judgeRedirect(page *Page) {
	if page.Redirect == "" {
		return
	}
	from, err := url.Parse(page.Item.URL)
	if err != nil {
		return
	}
	to, err := url.Parse(page.Redirect)
	if err != nil {
		return
	}
	page.stands(redirectWall(from, to, page.Permanent))
}

// redirectWall returns what a redirect leads to in the place of a page.
func redirectWall(from, to *url.URL, permanent bool) finding {
	if evidence := challengeTarget(to); evidence != "" {
		return found(InsteadChallenge, "redirect to ", evidence)
	}
	if evidence := loginTarget(from, to); evidence != "" {
		return found(InsteadLogin, evidence)
	}
	if back := returnParam(to); !permanent && !strings.EqualFold(from.Hostname(), to.Hostname()) && leadsBack(from, to, back) {
		return found(InsteadLogin, "redirects to ", shown(to), ", whose parameter ", quoted(back), " leads back to the page")
	}
	last := strings.ToLower(lastSegment(to.Path))
	if permanent && siblings(from, to) || strings.Contains(strings.ToLower(lastSegment(from.Path)), last) {
		return finding{} // a page of that name that was moved
	}
	if slices.Contains(missingNames, last) && !siblingsBelow(from, to) {
		return found(InsteadSoft404, "redirect to the error page ", shown(to))
	}
	if slices.Contains(maintenanceNames, last) && !permanent && !siblingsBelow(from, to) {
		return finding{failure: &Failure{Class: FailMaintenance, Detail: "redirect to " + shown(to)}}
	}
	return finding{}
}

// Last segments, without extension, that pages of these kinds have and hardly any other.
var (
	missingNames = []string{"404", "error404", "error-404", "404-error", "404error", "404-not-found", "not-found", "notfound", "not_found",
		"page-not-found", "pagenotfound", "page_not_found", "404-page-not-found", "seite-nicht-gefunden", "page-introuvable"}
	maintenanceNames = []string{"maintenance", "maintenance-mode", "under-maintenance", "site-maintenance", "down-for-maintenance",
		"undermaintenance", "maintenance_page", "maintenance-page", "wartung", "wartungsarbeiten", "mantenimiento", "manutenzione",
		"manutencao", "onderhoud", "site-down", "be-right-back"}
)

// lastSegment returns the last segment of a path without slash and extension.
func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	path = path[strings.LastIndexByte(path, '/')+1:]
	if fileName.MatchString(path) {
		path = path[:strings.LastIndexByte(path, '.')]
	}
	return path
}

// siblings reports whether two URLs are in the same directory.
func siblings(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && directoryOf(a.Path) == directoryOf(b.Path)
}

// siblingsBelow is siblings below the root, where a page is rather renamed than walled.
func siblingsBelow(a, b *url.URL) bool { return siblings(a, b) && directoryOf(a.Path) != "/" }

// directoryOf returns the path up to its last segment.
func directoryOf(path string) string {
	path = strings.TrimRight(path, "/")
	return path[:strings.LastIndexByte(path, '/')+1]
}

// shown is a URL without its query, which may hold what is nobody's business.
func shown(u *url.URL) string { return clip(u.Scheme+"://"+u.Host+u.EscapedPath(), 200) }

// loginTarget returns how a redirect from one URL leads to a login, or "".
func loginTarget(from, to *url.URL) string {
	segment, sure := loginSegment(to.Path)
	back := returnParam(to)
	elsewhere := !strings.EqualFold(from.Hostname(), to.Hostname())
	if host := identityHost(to.Hostname()); host != "" && elsewhere {
		return "redirects to " + shown(to) + ", the identity host " + host
	}
	if back == "" && (to.Path == "" || to.Path == "/") && elsewhere && loginHost(to.Hostname(), false) {
		return "redirects to the login host " + to.Hostname()
	}
	switch {
	case back != "" && segment != "":
		return "redirects to " + shown(to) + " with the parameter " + quoted(back)
	case back != "" && elsewhere && loginHost(to.Hostname(), true):
		return "redirects to the login host " + to.Hostname() + " with the parameter " + quoted(back)
	case sure && elsewhere && loginHost(to.Hostname(), false):
		return "redirects to " + shown(to) + ", a login host"
	case sure && !siblingsBelow(from, to) && !loginName(from.Path):
		return "redirects to " + shown(to)
	}
	return ""
}

// leadsBack reports whether the parameter called back of to holds the address of from: a site that a page moved to has no
// use for that, one that lets people pass has.
func leadsBack(from, to *url.URL, back string) bool {
	if back == "" || len(from.Path) < 2 {
		return false
	}
	value, err := url.Parse(to.Query().Get(back))
	return err == nil && strings.TrimRight(value.Path, "/") == strings.TrimRight(from.Path, "/") &&
		(value.Host == "" || strings.EqualFold(value.Hostname(), from.Hostname()))
}

// loginName reports whether the last segment of a path speaks of logins: then a redirect to such a path may be the move
// of an article about them.
func loginName(path string) bool {
	return loginForm.MatchString(strings.ToLower(lastSegment(path)))
}

// loginSegment returns the segment of a path that is a login; sure if it is the last one and hardly means anything else.
func loginSegment(path string) (segment string, sure bool) {
	segments := strings.Split(strings.Trim(strings.ToLower(path), "/"), "/")
	for i, s := range segments {
		if fileName.MatchString(s) {
			s = s[:strings.LastIndexByte(s, '.')]
		}
		last := i == len(segments)-1
		switch s {
		case "login", "signin", "sign-in", "sign_in", "log-in", "log_in", "logon", "log-on", "wp-login", "user_login", "userlogin",
			"login_form", "unauthenticated", "sso-login", "ssologin", "anmelden", "einloggen", "connexion", "inloggen":
			return s, last
		case "sso", "saml", "saml2", "auth", "oauth", "oauth2", "authorize", "authenticate", "authentication", "cas", "adfs",
			"openid", "openid-connect", "idp", "session", "sessions", "access", "passport":
			segment = s
		}
	}
	return segment, false
}

// returnParams are names of parameters that say where to go after a login, with a path or URL as their value.
var returnParams = []string{"next", "next_url", "nexturl", "return", "return_to", "returnto", "return_url", "returnurl", "return_uri",
	"return_path", "returnpath", "redirect", "redirect_to", "redirectto", "redirect_url", "redirecturl", "redir",
	"redirect_after_login", "continue", "continue_to", "continueurl", "goto", "service", "target", "targeturl", "destination",
	"dest", "os_destination", "came_from", "from", "back", "back_url", "backurl", "back_to", "forward", "fromuri", "starturl", "referer",
	"referrer", "ref", "source", "url", "callback", "callbackurl", "callback_url", "origin", "r", "u"}

// protocolParams do so, or belong to a request to sign somebody in, whatever their value: SAML, WS-Federation, OAuth.
var protocolParams = []string{"relaystate", "samlrequest", "wctx", "wtrealm", "redirect_uri"}

// returnParam returns the parameter of u that says where to go after a login, or "".
func returnParam(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	state, client := false, false
	for name, values := range u.Query() {
		lower := strings.ToLower(name)
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if slices.Contains(protocolParams, lower) || strings.Contains(values[0], "/") && slices.Contains(returnParams, lower) {
			return name
		}
		state = state || lower == "state" || lower == "response_type"
		client = client || lower == "client_id"
	}
	if state && client {
		return "client_id"
	}
	return ""
}

// identityDomains are hosts where people sign in for other sites; with a leading dot, hosts below.
var identityDomains = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.windows.net", "login.live.com",
	"accounts.google.com", "appleid.apple.com", "id.atlassian.com", "auth.atlassian.com", "login.salesforce.com", "login.yahoo.com",
	"auth.pingone.com", "auth.pingone.eu", "sso.jumpcloud.com", "app.onelogin.com", "api.workos.com", "id.heroku.com", "signin.aws.amazon.com",
	".okta.com", ".oktapreview.com", ".okta-emea.com", ".auth0.com", ".onelogin.com", ".b2clogin.com", ".ciamlogin.com",
	".amazoncognito.com", ".cloudflareaccess.com", ".frontegg.com", ".authkit.app", ".pingidentity.com", ".kinde.com", ".duosecurity.com",
	".clerk.accounts.dev", ".fusionauth.io", ".awsapps.com", ".propelauth.com", ".descope.com", ".zitadel.cloud"}

// publicNames are hosts of identity providers that are sites like others.
var publicNames = []string{"www", "help", "support", "docs", "developer", "developers", "status", "community", "blog", "trust", "learn"}

// identityHost returns the entry of identityDomains that a host belongs to, or "".
func identityHost(host string) string {
	host = strings.ToLower(host)
	for _, domain := range identityDomains {
		if host == domain {
			return domain
		}
		if name, ok := strings.CutSuffix(host, domain); ok && domain[0] == '.' && !slices.Contains(publicNames, name) {
			return host
		}
	}
	return ""
}

// loginHost reports whether a host is called after logins; weak names need more evidence.
func loginHost(host string, weak bool) bool {
	name, _, _ := strings.Cut(strings.ToLower(host), ".")
	switch name {
	case "login", "signin", "sso", "idp", "logon", "adfs":
		return true
	case "auth", "accounts", "account", "id", "identity", "oauth", "passport", "secure", "cas", "iam", "keycloak", "federation":
		return weak
	}
	return false
}

// challengeTarget returns what a redirect's target shows to be a test for persons.
func challengeTarget(to *url.URL) string {
	host, path := strings.ToLower(to.Hostname()), strings.ToLower(to.Path)
	switch {
	case host == "validate.perfdrive.com", host == "geo.captcha-delivery.com", strings.HasSuffix(host, ".queue-it.net"):
		return "the host " + host
	case strings.Contains(path, "/sgcaptcha/"), strings.HasPrefix(path, "/cdn-cgi/challenge"), strings.HasPrefix(path, "/_sec/cp_challenge"),
		strings.HasPrefix(path, "/.within.website/"), strings.HasPrefix(path, "/.ddos-guard/"), path == "/showcaptcha",
		strings.HasPrefix(path, "/sorry/index"):
		return shown(to)
	}
	switch strings.ToLower(lastSegment(path)) {
	case "captcha", "px-captcha", "captcha-challenge", "bot-check", "botcheck", "human-verification":
		if returnParam(to) != "" || directoryOf(path) == "/" {
			return shown(to)
		}
	}
	return ""
}
