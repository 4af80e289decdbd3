package crawler

import (
	"net/url"
	"testing"
)

const passwordForm = `<!doctype html><html><head><title>Sign in - Acme</title></head><body><div class="login-box"><h1>Sign in to Acme</h1>
<form action="/session" method="post"><input type="hidden" name="authenticity_token" value="x"><label>Email</label><input type="email" name="user[email]">
<label>Password</label><input type="password" name="user[password]"><label><input type="checkbox">Remember me</label><button>Sign in</button></form>
<a href="/password/new">Forgot your password?</a></div></body></html>`

func TestLoginPages(t *testing.T) {
	drawer := `<div class="login-drawer"><form action="/login"><input name="user"><input type="password" name="pw"><button>Log in</button></form></div>`
	testWalls(t, []wallCase{
		{name: "form", text: passwordForm, want: InsteadLogin, evidence: "password field"},
		{name: "form in the frame of the site", text: inSite("Log in", `<h1>Log in</h1><form id="login_form" action="/login"><input name="u"><input type="password"><input type="submit" value="Log in"></form>`), want: InsteadLogin},
		{name: "Zendesk", text: `<html><head><title>Acme – Sign in</title></head><body class="sessions"><h2>Sign in to Acme</h2><form action="/access/login"><input type="password" name="user[password]"></form></body></html>`, want: InsteadLogin},
		{name: "WordPress", text: `<body class="login"><h1><a href="https://wordpress.org/">Powered by WordPress</a></h1><form name="loginform" id="loginform" action="/wp-login.php"><input id="user_login" name="log">
			<input type="password" name="pwd"></form><title>Log In ‹ Acme — WordPress</title></body>`, want: InsteadLogin},
		{name: "WordPress, protected page", text: inSite("Protected: Prices", `<h1>Protected: Prices</h1><form action="/wp-login.php?action=postpass" class="post-password-form"><p>This content is password protected. To view it please enter your password below:</p><input name="post_password" type="password"></form>`), want: InsteadLogin},
		{name: "German", text: `<title>Anmelden</title><h1>Anmeldung</h1><form action="/auth"><input name="benutzer"><input type="password"></form>`, want: InsteadLogin},
		{name: "Japanese", text: `<title>ログイン | Acme</title><h1>ログイン</h1><form><input name="id"><input type="password"></form>`, want: InsteadLogin},
		{name: "address first", text: `<title>Sign in</title><h1>Sign in</h1><form><input type="email" name="identifier"><button>Next</button></form>`, want: InsteadLogin},
		{name: "private help center", text: `<title>Acme Support</title><h1>Welcome to Acme Support</h1><p>This help center is for customers. Log in to continue.</p><form class="login-form"><input name="email"><input type="password"></form>`, want: InsteadLogin},
		{name: "providers", text: `<title>Log in</title><h1>Log in to Acme</h1><a class="btn" href="/auth/google">Sign in with Google</a><a class="btn" href="/auth/okta">Sign in with Okta</a>`, want: InsteadLogin, evidence: "google"},
		{name: "one provider", text: `<title>Acme Wiki</title><body><div><button>Continue with Microsoft</button></div></body>`, want: InsteadLogin},
		{name: "SAML", text: `<html><body onload="document.forms[0].submit()"><noscript><p>Press Continue.</p></noscript><form action="https://acme.okta.com/app/sso/saml" method="post">
			<input type="hidden" name="SAMLRequest" value="x"/><input type="hidden" name="RelayState" value="y"/><noscript><input type="submit" value="Continue"/></noscript></form></body></html>`, want: InsteadLogin, evidence: "SAML"},
		{name: "script to a login", text: `<html><head><script>window.location.href = "/users/sign_in?return_to=%2Farticles%2F1";</script></head><body></body></html>`, want: InsteadLogin},
		{name: "refresh to a login", text: `<meta http-equiv=refresh content="0;url=https://help.example/login?next=%2Farticles%2F1">`, want: InsteadLogin},
		{name: "dialog over nothing", text: `<title>Sign in</title><div role="dialog"><form action="/login"><input name="email"><input type="password"></form></div><div id="shade"></div>`, want: InsteadLogin},

		{name: "button in the frame of the site", text: inSite("Sign in to continue", `<article><h1>Sign in to continue</h1><p>This knowledge base is restricted. Please sign in with your Acme account.</p><a href="https://app.example/sso?return=docs">Sign in with Acme</a></article>`), want: InsteadLogin},

		{name: "not: where to log in", text: inSite("Log in", `<article><h1>Log in</h1><p>You find the form on the start page of the app.</p><a href="https://app.example/login">Log in</a></article>`), want: "doc"},
		{name: "not: how to log in", text: inSite("Log in", "<h1>Log in</h1>"+article(150)+`<img src="/login-form.png">`), want: "doc"},
		{name: "not: a short one", text: inSite("How to sign in", `<h1>How to sign in</h1><p>Open the app and press Sign in.</p><img src="/login-form.png">`), want: "doc"},
		{name: "not: with a form in a drawer", text: inSite("Ports", drawer+"<h1>Ports</h1>"+article(150)), want: "doc"},
		{name: "not: short with a form in a drawer", text: inSite("Ports", drawer+"<h1>Ports</h1><p>Acme listens on port 443 of your router.</p>"), want: "doc"},
		{name: "not: about logins, with a form in the header", text: `<title>Log in</title><header><form action="/login"><input name="u"><input type="password"></form></header><main><h1>Log in</h1>` + article(40) + `</main>`, want: "doc"},
		{name: "not: a form in the text of an article", text: inSite("Passwords", "<h1>Passwords</h1>"+article(120)+`<form><input type="password"><button>Test</button></form>`), want: "doc"},
		{name: "not: ways to sign in", text: inSite("Sign in with Google", "<h1>Sign in with Google</h1>"+article(60)+`<a href="https://accounts.google.com/">Your account</a>`), want: "doc"},
		{name: "not: one page of ASP.NET", text: `<form id="aspnetForm" action="/page.aspx"><main><h1>Backups</h1>` + article(120) + `</main><div class="footer-login"><input type="password"></div></form>`, want: "doc"},
		{name: "not: newsletter", text: inSite("Sign up", `<h1>Teams</h1><p>A team has members.</p><form action="/news"><input type="email" name="email"><button>Subscribe</button></form>`), want: "doc"},
	})
}

func TestRedirectWalls(t *testing.T) {
	for _, tt := range []struct {
		from, to  string
		permanent bool
		want      string
	}{
		{"https://help.example/hc/a", "https://help.example/login?return_to=%2Fhc%2Fa", true, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/access/unauthenticated?return_to=https%3A%2F%2Fhelp.example%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/users/sign_in", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/account/logon?ReturnUrl=%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/wp-login.php?redirect_to=%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/login", true, InsteadLogin},
		{"https://help.example/a", "https://help.example/login", true, InsteadLogin},
		{"https://help.example/hc/a", "https://login.microsoftonline.com/common/oauth2/authorize?client_id=x", false, InsteadLogin},
		{"https://help.example/hc/a", "https://acme.okta.com/app/x", false, InsteadLogin},
		{"https://help.example/hc/a", "https://dash.vendor.example/to/acme?redirect=%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/_layouts/15/Authenticate.aspx?Source=%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://new.example/legacy?url=%2Fhc%2Fa", true, ""},
		{"https://help.example/hc/a", "https://new.example/hc/a?ref=%2Fold", false, ""},
		{"https://help.example/hc/a", "https://acme.eu.auth0.com/u", true, InsteadLogin},
		{"https://help.example/hc/a", "https://sso.acme.example/cas?service=https%3A%2F%2Fhelp.example%2Fhc%2Fa", false, InsteadLogin},
		{"https://help.example/hc/a", "https://auth.acme.example/realms/a/protocol/openid-connect/auth?client_id=x&state=y&response_type=code", false, InsteadLogin},
		{"https://help.example/hc/a", "https://help.example/saml/init?RelayState=x", false, InsteadLogin},
		{"https://help.example/hc/a", "https://login.acme.example/", false, InsteadLogin},
		{"https://help.example/hc/a", "https://id.acme.example/?continue=https%3A%2F%2Fhelp.example%2F", false, InsteadLogin},
		{"https://help.example/hc/a", "https://acme.queue-it.net/?c=acme", false, InsteadChallenge},
		{"https://help.example/hc/a", "https://help.example/.well-known/sgcaptcha/?r=%2Fhc%2Fa", false, InsteadChallenge},
		{"https://help.example/hc/a", "https://help.example/404.html", false, InsteadSoft404},
		{"https://help.example/hc/a", "https://help.example/not-found", true, InsteadSoft404},
		{"https://help.example/hc/a", "https://help.example/maintenance.html", false, FailMaintenance},

		{"https://help.example/a", "https://help.example/b", true, ""},
		{"https://help.example/hc/how-to-sign-in", "https://help.example/hc/login", true, ""},
		{"https://help.example/hc/signing", "https://help.example/hc/login", true, ""},
		{"https://help.example/old/login", "https://help.example/hc/login", true, ""},
		{"https://help.example/docs/auth-old", "https://help.example/docs/authentication?ref=old", true, ""},
		{"https://help.example/docs/a", "https://help.example/docs/auth/overview", true, ""},
		{"https://help.example/docs/sso-old", "https://help.example/docs/sso/setup", true, ""},
		{"https://developer.okta.com/a", "https://help.okta.com/b", true, ""},
		{"https://help.example/hc/upkeep", "https://help.example/hc/maintenance", false, ""},
		{"https://help.example/hc/upkeep", "https://help.example/hc/maintenance", true, ""},
		{"https://help.example/a", "https://help.example/a/", true, ""},
		{"https://help.example/a", "https://www.help.example/a", true, ""},
		{"https://help.example/a", "https://help.example/b?from=a&next=c", true, ""},
		{"https://help.example/a", "https://help.example/?redirect=/a", true, ""},
	} {
		from, err := url.Parse(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		got, f := "", redirectWall(from, to, tt.permanent)
		switch {
		case f.instead != nil:
			got = f.instead.Class
		case f.failure != nil:
			got = f.failure.Class
		}
		if got != tt.want {
			t.Errorf("%s to %s: %q, want %q (%+v)", tt.from, tt.to, got, tt.want, f)
		}
	}
}
