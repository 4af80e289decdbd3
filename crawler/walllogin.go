package crawler

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Limits of what a login page says beside its form, in words. What has more to say is a page with a form on it.
const (
	maxLoginWords  = 60
	maxNamedWords  = 100 // if title or heading say nothing but that this is a login
	maxDrawerWords = 12  // if the form is in a dialog
)

var loginPhrases = phrases{[]string{"log in", "login", "log on", "logon", "log-in", "sign in", "signin", "sign-in", "sign on",
	"single sign-on", "sso", "password protected", "protected content", "protected:", "private site", "members only", "authentication required",
	"authenticate", "sign up", "welcome back", "verify your identity", "enter password", "password required", "anmelden", "anmeldung",
	"einloggen", "passwortgeschützt", "connexion", "se connecter", "connectez-vous", "s'identifier", "identifiez-vous", "authentification",
	"iniciar sesión", "inicia sesión", "inicio de sesión", "acceder", "accedi", "accesso", "iniciar sessão", "entrar", "fazer login",
	"inloggen", "aanmelden", "logga in", "log ind", "logg inn", "kirjaudu", "zaloguj", "logowanie", "přihlášení", "přihlásit",
	"giriş yap", "oturum aç", "вход", "войти", "ログイン", "サインイン", "로그인", "登录", "登錄", "登入"}}

var loginForm = regexp.MustCompile(`(?:^|[^a-z])(?:log[-_]?(?:in|on)|sign[-_]?(?:in|on)|user_?session|users/sign|sessions?|sso|saml2?|auth(?:enticate|entication|orize)?|oauth2?|postpass|password|access)(?:$|[^a-z])|login|signin|logon`)

// loginPage recognises a page that asks who is there instead of saying what was asked for.
func loginPage(a *answer) finding {
	s := a.sight()
	for _, form := range s.forms {
		if evidence := handOver(form); evidence != "" && s.words <= maxLoginWords {
			return found(InsteadLogin, "page that hands over to a login: ", evidence)
		}
	}
	if s.h1 != "" && asks(s.h1) {
		return finding{}
	}
	named := s.loginName()
	for _, form := range s.forms {
		if evidence := s.loginForm(form, named); evidence != "" {
			return found(InsteadLogin, "login form: ", evidence)
		}
	}
	if evidence := s.providers(a, named); evidence != "" {
		return found(InsteadLogin, "page with nothing but ways to sign in: ", evidence)
	}
	if evidence := s.scriptedLogin(a); evidence != "" {
		return found(InsteadLogin, evidence)
	}
	return finding{}
}

// loginName returns the title or heading that says that the page is a login, quoted.
func (s *sight) loginName() string {
	for _, text := range []string{s.h1, s.title} {
		for _, part := range segments(text) {
			if loginPhrases.in(part) != "" && countWords(part) <= 8 && !asks(part) {
				return quoted(part)
			}
		}
	}
	return ""
}

// handOver returns how a form is sent by itself to where people sign in: SAML's HTTP-POST binding, OpenID Connect's
// form_post, WS-Federation.
func handOver(f *formSight) string {
	has := func(name string) bool {
		for _, h := range f.hidden {
			if h == name {
				return true
			}
		}
		return false
	}
	switch {
	case has("samlrequest") || has("samlresponse"):
		return "form with SAMLRequest or SAMLResponse"
	case has("id_token") && has("state"):
		return "form with id_token and state"
	case has("wresult") || has("wa") && has("wctx"):
		return "form of WS-Federation"
	}
	return ""
}

// loginForm returns what makes a form a login that stands in the place of a page, or "".
func (s *sight) loginForm(f *formSight, named string) string {
	if f.area || f.fields > 8 {
		return ""
	}
	formed := loginForm.MatchString(f.about) || loginPhrases.in(strings.TrimSpace(f.submit)) != ""
	switch {
	case !f.password && !(f.account != "" && f.fields == 1 && named != ""):
		return ""
	case !f.password && !formed && !goesOn(f.submit):
		return ""
	case f.chrome && (s.words+s.linked > maxDrawerWords || named == "" && s.h1 != ""):
		return ""
	case s.words > maxNamedWords, s.words > maxLoginWords && (named == "" || s.article || s.list):
		return ""
	case named == "" && !formed:
		return ""
	case named == "" && s.h1 != "" && s.words > maxLoginWords/2:
		return ""
	}
	return s.formEvidence(f, named)
}

func (s *sight) formEvidence(f *formSight, named string) string {
	var parts []string
	if f.password {
		parts = append(parts, "password field")
	} else {
		parts = append(parts, "field for "+quoted(f.account))
	}
	if f.action != "" {
		action, _, _ := strings.Cut(f.action, "?") // what follows may be secret
		parts = append(parts, "action "+quoted(action))
	}
	if named != "" {
		parts = append(parts, "title "+named)
	}
	return strings.Join(append(parts, fmt.Sprintf("%d other words", s.words)), ", ")
}

// goesOn reports whether a button leads to the next step of a login that asks for the account first.
func goesOn(submit string) bool {
	switch strings.TrimSpace(submit) {
	case "next", "continue", "weiter", "suivant", "continuer", "siguiente", "continuar", "avanti", "continua", "volgende", "submit",
		"次へ", "下一步", "다음":
		return true
	}
	return false
}

var providerButton = regexp.MustCompile(`^(?:sign in|log ?in|signin|sign up|continue|connect|authenticate|anmelden|einloggen|weiter|se connecter|connexion|` +
	`continuer|iniciar sesión|inicia sesión|continuar|accedi|continua|entrar|inloggen|doorgaan) (?:with|via|using|through|mit|über|avec|con|com|met) .{2,40}$|` +
	`^(?:google|microsoft|okta|github|gitlab|apple|saml|sso|single sign-on|azure ad|entra id|onelogin)(?: (?:login|sign in))?$`)

// restrictedTalk says that a page is not for everybody.
var restrictedTalk = phrases{[]string{"restricted", "to continue", "to view this", "to see this", "to access this", "to read this",
	"you must be logged in", "you must be signed in", "you need to be logged in", "you need to be signed in", "you need to log in", "you need to sign in",
	"members only", "only available to", "private"}}

// providers returns the buttons that are all that a page offers: ways to sign in with another service.
func (s *sight) providers(a *answer, named string) string {
	if s.words > maxLoginWords/2 || s.fields > 1 || s.article && restrictedTalk.in(s.text) == "" || s.list {
		return ""
	}
	var first string
	offers, leading := 0, 0
	for _, c := range s.controls {
		if !providerButton.MatchString(c.text) && loginPhrases.in(c.text) == "" {
			continue
		}
		offers++
		if first == "" {
			first = quoted(c.text)
		}
		if providerButton.MatchString(c.text) && c.button || s.leadsToLogin(a, c.target) {
			leading++
		}
	}
	if offers == 0 || leading == 0 || named == "" && s.h1 != "" || s.linked > 40 {
		return ""
	}
	if named == "" && s.words > maxDrawerWords {
		return ""
	}
	return "button " + first
}

func (s *sight) leadsToLogin(a *answer, target string) bool {
	if target == "" || target[0] == '#' {
		return false
	}
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	if a.url != nil {
		u = a.url.ResolveReference(u)
	}
	if identityHost(u.Hostname()) != "" {
		return true
	}
	segment, _ := loginSegment(u.Path)
	return segment != ""
}

var scriptedMove = regexp.MustCompile(`location(?:\.href|\.pathname)?\s*(?:=|\.replace\(|\.assign\()\s*["'\x60]([^"'\x60\s]{1,900})["'\x60]`)

// scriptedLogin returns the login that a page without text goes to by a script.
func (s *sight) scriptedLogin(a *answer) string {
	if s.words+s.linked+s.aside > 20 || a.url == nil {
		return ""
	}
	for _, script := range s.inline {
		if len(script) > 4<<10 {
			continue
		}
		m := scriptedMove.FindStringSubmatch(script)
		if m == nil {
			continue
		}
		target, err := a.url.Parse(strings.ReplaceAll(m[1], `\/`, "/"))
		if err != nil {
			continue
		}
		if evidence := loginTarget(a.url, target); evidence != "" {
			return "script that " + evidence
		}
	}
	return ""
}
