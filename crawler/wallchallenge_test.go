package crawler

import (
	"net/http"
	"strings"
	"testing"
)

// Challenges as the vendors send them, shortened.
const (
	cloudflareChallenge = `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow">
<meta http-equiv="refresh" content="360"></head><body class="no-js"><div class="main-wrapper" role="main"><div class="main-content">
<noscript><div id="challenge-error-title"><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></div></noscript>
</div></div><script>(function(){window._cf_chl_opt={cvId:'3',cZone:"help.example",cType:'managed',cRay:'8a'};var a=document.createElement('script');
a.src='/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=8a';document.getElementsByTagName('head')[0].appendChild(a);}());</script></body></html>`
	akamaiDenied = `<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access
"http&#58;&#47;&#47;help&#46;example&#47;a" on this server.<P>Reference&#32;&#35;18&#46;8d2c3017&#46;1700000000&#46;5a1<P>
https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;8d2c3017</BODY></HTML>`
	dataDome = `<html lang="en"><head><title>help.example</title><style>#cmsg{animation: A 1.5s;}</style></head><body style="margin:0">
<p id="cmsg">Please enable JS and disable any ad blocker</p><script data-cfasync="false">var dd={'rt':'c','cid':'AHr','hsh':'1','t':'bv','host':'geo.captcha-delivery.com'}</script>
<script data-cfasync="false" src="https://ct.captcha-delivery.com/c.js"></script></body></html>`
	incapsulaFrame = `<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body style="margin:0px;height:100%">
<iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=9&xinfo=4-1&incident_id=1-2" frameborder=0 width="100%" height="100%">Request unsuccessful.
Incapsula incident ID: 1-2</iframe></body></html>`
	anubis = `<!doctype html><html lang="en"><head><title>Making sure you&#39;re not a bot!</title><link rel="stylesheet" href="/.within.website/x/xess/xess.css">
<script id="anubis_challenge" type="application/json">{"rules":{"algorithm":"fast","difficulty":4}}</script></head><body id="top"><main><h1 id="title">Making sure you&#39;re not a bot!</h1>
<div class="centered-div"><p id="status">Loading...</p><details><summary>Why am I seeing this?</summary><p>You are seeing this because the administrator of this website has set up Anubis
to protect the server against the scourge of AI companies aggressively scraping websites. This can and does cause downtime for the websites, which makes their resources inaccessible for everyone.</p></details></div></main></body></html>`
	turnstileOnly = `<html><head><title>Security check</title><script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script></head>
<body><h1>One more step</h1><p>Please complete the security check to continue.</p><form method="post"><div class="cf-turnstile" data-sitekey="0x4"></div><input type="hidden" name="t"></form></body></html>`
)

func TestChallengePages(t *testing.T) {
	testWalls(t, []wallCase{
		{name: "a rule of Cloudflare", text: `<title>Access denied | help.example used Cloudflare to restrict access</title><div id="cf-error-details"><h1><span>Error</span> <span class="cf-error-code">1020</span></h1><h2>Access denied</h2></div>`, want: InsteadChallenge},
		{name: "not: a short article in a plain frame", text: `<title>captcha | Acme Help</title><nav><a href="/">Home</a> <a href="/login">Sign in</a></nav><main><h1>Verify you are human</h1><p>Acme shows a captcha after five failed attempts. Check the box and go on.</p></main>`, want: "doc"},
		{name: "Cloudflare", text: cloudflareChallenge, want: InsteadChallenge, evidence: "Cloudflare"},
		{name: "Cloudflare, old", text: `<title>Just a moment...</title><div class="cf-browser-verification cf-im-under-attack"><h1>Checking your browser before accessing help.example.</h1></div>
			<form id="challenge-form" action="/?__cf_chl_jschl_tk__=1" method="POST"><input type="hidden" name="r"></form>`, want: InsteadChallenge},
		{name: "Turnstile", text: turnstileOnly, want: InsteadChallenge, evidence: "cf-turnstile"},
		{name: "Akamai, denied", text: akamaiDenied, want: InsteadChallenge, evidence: "access denied"},
		{name: "Akamai, cookie test", text: `<html><head><meta http-equiv="refresh" content="0; URL=/articles/1?bm-verify=AAQ"></head><body><script>var i=1;</script></body></html>`,
			want: InsteadChallenge, evidence: "Akamai"},
		{name: "Imperva", text: incapsulaFrame, want: InsteadChallenge, evidence: "Imperva"},
		{name: "Imperva, empty", text: `<html><head><script src="/_Incapsula_Resource?SWJIYLWA=719"></script></head><body></body></html>`, want: InsteadChallenge},
		{name: "Imperva, interruption", text: `<title>Pardon Our Interruption</title><h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot.</p><script src="/x.js"></script>`,
			want: InsteadChallenge},
		{name: "DataDome", text: dataDome, want: InsteadChallenge, evidence: "DataDome"},
		{name: "HUMAN", text: `<title>Access to this page has been denied</title><script>window._pxAppId='PX1';</script><h1>Press & Hold to confirm you are a human (and not a bot).</h1><div id="px-captcha"></div>`,
			want: InsteadChallenge},
		{name: "AWS WAF", text: `<html><head><title></title><script>window.gokuProps = {"key":"A","iv":"B"};</script><script src="https://a.token.awswaf.com/a/challenge.js"></script></head>
			<body><div id="challenge-container"></div><noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot.</noscript></body></html>`, want: InsteadChallenge, evidence: "AWS WAF"},
		{name: "Sucuri", text: `<title>You are being redirected...</title><noscript>Javascript is required. Please enable javascript.</noscript><script>var s={},u,c,U;S='sucuri_cloudproxy_js';</script>`, want: InsteadChallenge},
		{name: "DDoS-Guard", text: `<title>DDoS-Guard</title><h1>Checking your browser before accessing help.example</h1><script src="https://check.ddos-guard.net/check.js"></script>`, want: InsteadChallenge},
		{name: "Vercel", text: `<title>Vercel Security Checkpoint</title><body><p>We're verifying your browser</p><script src="/x.js"></script></body>`, want: InsteadChallenge},
		{name: "Fastly", text: `<title>Client Challenge</title><script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></script><noscript>JavaScript is disabled in your browser.</noscript>`, want: InsteadChallenge, evidence: "Fastly"},
		{name: "Anubis", text: anubis, want: InsteadChallenge, evidence: "Anubis"},
		{name: "hCaptcha only", text: `<title>help.example</title><body><form><div class="h-captcha" data-sitekey="x"></div></form><script src="https://js.hcaptcha.com/1/api.js"></script></body>`, want: InsteadChallenge},
		{name: "reCAPTCHA only", text: `<title>Are you a robot?</title><h1>Please verify you are human</h1><form><div class="g-recaptcha"></div><button>Continue</button></form>`, want: InsteadChallenge},
		{name: "of its own", text: `<html><head><title>Verifying your browser</title><script src="/challenge.js"></script></head><body><p>Please wait while we verify that you are human. Your browser will redirect shortly.</p></body></html>`,
			want: InsteadChallenge},
		{name: "F5", text: `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 123</body></html>`, want: InsteadChallenge},

		{name: "not: what Cloudflare puts into every page", text: strings.Replace(inSite("Teams", "<h1>Teams</h1><p>A team has members.</p>"), "</body>",
			`<script>(function(){var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js';document.body.appendChild(a)})();</script></body>`, 1), want: "doc"},
		{name: "not: what Imperva puts into every page", text: inSite("Teams", `<h1>Teams</h1><p>A team has members.</p><script src="/_Incapsula_Resource?SWJIYLWA=719"></script>`), want: "doc"},
		{name: "not: DataDome's tag", text: inSite("Teams", `<h1>Teams</h1><p>A team has members.</p><script src="https://js.datadome.co/tags.js"></script>`), want: "doc"},
		{name: "not: about captchas", text: inSite("Captcha", "<h1>CAPTCHA</h1><p>We show a captcha to verify you are human after three wrong passwords.</p>"), want: "doc"},
		{name: "not: about being denied", text: inSite("Access denied", "<h1>Access denied</h1>"+article(120)), want: "doc"},
		{name: "not: a short article about being denied", text: inSite("Access denied", "<h1>Access denied</h1><p>Ask an administrator of your workspace for the role Member.</p>"), want: "doc"},
		{name: "not: about Cloudflare", text: inSite("Why do I see “Just a moment”?", "<h1>Why do I see “Just a moment”?</h1><p>Our provider is checking your browser.</p>"), want: "doc"},
		{name: "not: about the code of a challenge", text: inSite("Set up HUMAN", "<h1>Set up HUMAN</h1>"+article(100)+"<pre>&lt;div id=\"px-captcha\"&gt;</pre>"), want: "doc"},
		{name: "not: a header that any page has", header: http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8a"}}, text: inSite("Teams", "<h1>Teams</h1><p>A team.</p>"), want: "doc"},
	})
}
