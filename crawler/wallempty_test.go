package crawler

import (
	"net/http"
	"testing"
)

func TestMaintenancePages(t *testing.T) {
	testWalls(t, []wallCase{
		{name: "English", text: `<title>Down for maintenance</title><h1>We'll be right back!</h1><p>Acme is getting better. Check back in an hour.</p>`, want: FailMaintenance, evidence: "right back"},
		{name: "WordPress", text: `<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Briefly unavailable for scheduled maintenance. Check back in a minute.</h1></body></html>`, want: FailMaintenance},
		{name: "the application fails", text: `<title>Something went wrong</title><h1>Something went wrong</h1><p>We are working on it. Please try again later.</p>`, want: FailMaintenance},
		{name: "the host is not paid", text: `<title>Account Suspended</title><h1>Account Suspended</h1><p>This Account has been suspended.</p><p>Contact your hosting provider for more information.</p>`, want: FailMaintenance},
		{name: "a server without a site", text: `<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working. Further configuration is required.</p><p>For online documentation refer to <a href="http://nginx.org/">nginx.org</a>.</p>`, want: FailMaintenance},
		{name: "not: about such a message", text: inSite("Something went wrong", `<h1>Something went wrong</h1><p>The app shows this message if it cannot reach the server. Check your connection, sign out, wait for a minute and open the report again from the list of reports.</p>`), want: "doc"},
		{name: "not: about a suspended account", text: inSite("Account suspended", `<h1>Account suspended</h1><p>An account is suspended if an invoice is overdue for thirty days. Pay it under Billing, and the account is open again within the hour.</p>`), want: "doc"},
		{name: "only a sentence", text: `<html><body><p>The site is undergoing maintenance. Please try again later.</p></body></html>`, want: FailMaintenance},
		{name: "in the frame of the site", text: inSite("Site under maintenance", `<h1>Site under maintenance</h1><p>We will be back online at 10:00 UTC.</p>`), want: FailMaintenance},
		{name: "scheduled, with Retry-After", header: http.Header{"Retry-After": {"3600"}}, text: `<title>Scheduled maintenance</title><h1>Scheduled maintenance</h1><p>Until 10:00.</p>`, want: FailMaintenance},
		{name: "scheduled", text: `<title>Scheduled Maintenance</title><h1>Scheduled Maintenance</h1><p>Thank you for your patience. Please try again in an hour.</p>`, want: FailMaintenance},
		{name: "German", text: `<title>Wartungsarbeiten</title><h1>Wartungsarbeiten</h1><p>Wir sind gleich zurück. Bitte versuchen Sie es später noch einmal.</p>`, want: FailMaintenance},
		{name: "French", text: `<title>Acme</title><h1>Site en maintenance</h1><p>Nous serons de retour bientôt.</p>`, want: FailMaintenance},
		{name: "Spanish", text: `<title>En mantenimiento</title><h1>Volvemos pronto</h1>`, want: FailMaintenance},
		{name: "Italian", text: `<title>Sito in manutenzione</title><p>Torniamo presto.</p>`, want: FailMaintenance},
		{name: "Portuguese", text: `<title>Em manutenção</title><p>Voltamos em breve.</p>`, want: FailMaintenance},
		{name: "Dutch", text: `<title>Acme</title><h1>Deze site is in onderhoud</h1>`, want: FailMaintenance},
		{name: "Japanese", text: `<title>メンテナンス中</title><h1>ただいまメンテナンス中です</h1><p>しばらくお待ちください。</p>`, want: FailMaintenance},
		{name: "Chinese", text: `<title>系统维护</title><h1>系统维护中</h1><p>请稍后再试。</p>`, want: FailMaintenance},
		{name: "not: an article", text: inSite("Scheduled maintenance", "<h1>Scheduled maintenance</h1>"+article(150)), want: "doc"},
		{name: "not: a short article", text: inSite("Scheduled maintenance", "<h1>Scheduled maintenance</h1><p>We update our servers on the first Sunday of each month.</p>"), want: "doc"},
		{name: "not: a question", text: inSite("Why is my site under maintenance?", "<h1>Why is my site under maintenance?</h1><p>You switched it off.</p>"), want: "doc"},
		{name: "not: about the mode", text: inSite("Maintenance mode", "<h1>Maintenance mode</h1><p>Open Settings and choose Maintenance mode.</p>"), want: "doc"},
		{name: "one word, and the rest", text: `<title>Acme</title><h1>Maintenance</h1><p>We'll be back soon.</p>`, want: FailMaintenance},
		{name: "an error with a success status", text: `<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>`, want: FailMaintenance},
		{name: "not: about an error", text: inSite("502 Bad Gateway", "<h1>502 Bad Gateway</h1><p>Your server did not answer ours in time. Check that it runs and that no firewall keeps us out.</p>"), want: "doc"},
		{name: "not: a banner", text: inSite("Teams", `<div class="banner">The API is down for maintenance on Sunday.</div><h1>Teams</h1><p>A team has members.</p>`), want: "doc"},
		{name: "not: maintenance of something", text: inSite("Maintenance of the grinder", "<h1>Maintenance of the grinder</h1><p>Clean it each week.</p>"), want: "doc"},
	})
}

func TestMissingPages(t *testing.T) {
	testWalls(t, []wallCase{
		{name: "English", text: inSite("Page not found", `<h1>Page not found</h1><p>Try the search.</p>`), want: InsteadSoft404, evidence: "page not found"},
		{name: "404 alone", text: `<title>404</title><h1>404</h1>`, want: InsteadSoft404},
		{name: "404 with a sentence", text: inSite("Oops", `<h1>Oops! The page you're looking for doesn't exist.</h1><p>It may have moved.</p>`), want: InsteadSoft404},
		{name: "title only", text: inSite("404 - Not Found", `<p>Nothing here.</p>`), want: InsteadSoft404},
		{name: "article removed", text: inSite("Help", `<h1>This article is no longer available</h1>`), want: InsteadSoft404},
		{name: "the error page itself", at: "/404.html", text: inSite("Page Not Found", `<h1>Page Not Found</h1><p>We could not find what you were looking for.</p>`), want: InsteadSoft404},
		{name: "German", text: inSite("Seite nicht gefunden", `<h1>Seite nicht gefunden</h1>`), want: InsteadSoft404},
		{name: "French", text: inSite("Page introuvable", `<h1>Erreur 404 : page introuvable</h1>`), want: InsteadSoft404},
		{name: "Spanish", text: inSite("Página no encontrada", `<h1>Página no encontrada</h1>`), want: InsteadSoft404},
		{name: "Japanese", text: inSite("404", `<h1>お探しのページが見つかりませんでした</h1>`), want: InsteadSoft404},
		{name: "not: an article about it", text: inSite("404 error when opening the dashboard", `<h1>404 error when opening the dashboard</h1><p>Clear your cache.</p>`), want: "doc"},
		{name: "not: a long article called so", text: inSite("Page not found", "<h1>Page not found</h1>"+article(150)), want: "doc"},
		{name: "not: by its address", at: "/articles/12-404-not-found", text: inSite("404 Not Found", "<h1>404 Not Found</h1><p>The server has no such page. Check the address.</p>"), want: "doc"},
		{name: "not: a question", text: inSite("Why do I see “Page not found”?", "<h1>Why do I see “Page not found”?</h1><p>It moved.</p>"), want: "doc"},
		{name: "not: a fix", text: inSite("Fixing Page Not Found", "<h1>Fixing Page Not Found</h1><p>Save the permalinks.</p>"), want: "doc"},
		{name: "not: about something not found", text: inSite("Device not found", "<h1>Device not found</h1><p>Plug it in again.</p>"), want: "doc"},
		{name: "looking for", text: inSite("Acme Help", "<h1>Sorry, we couldn't find what you were looking for</h1>"), want: InsteadSoft404},
		{name: "can't find that page", text: inSite("Acme Help", "<h1>Can’t find that page</h1><p>Go back.</p>"), want: InsteadSoft404},
		{name: "not: something that cannot be found", text: inSite("Printer cannot be found", "<h1>Printer cannot be found</h1><p>Plug it in.</p>"), want: "doc"},
		{name: "not: something that has been removed", text: inSite("A member has been removed", "<h1>A member has been removed</h1><p>Invite them again.</p>"), want: "doc"},
		{name: "404 and what that means", text: `<title>Acme</title><h1>404</h1><p>Sorry, the page you were looking for is not here. You may go back to where you came from or start anew.</p>`, want: InsteadSoft404},
		{name: "not: a page with this number", at: "/p/404", text: `<title>Page 404</title><h1>Page 404</h1><p>This is text number 0 of page 404.</p>`, want: "doc"},
		{name: "not: something with this number", at: "/codes/404", text: `<title>404</title><h1>404</h1><p>The area code 404 is that of the city of Atlanta, Georgia, and of parts of its suburbs since 1947.</p>`, want: "doc"},
		{name: "not: a number", text: inSite("Model 404", "<h1>Model 404</h1><p>A kettle.</p>"), want: "doc"},
		{name: "not: in the text", text: inSite("Links", "<h1>Links</h1><p>Visitors see “Page not found”.</p>"), want: "doc"},
	})
}

func TestShellPages(t *testing.T) {
	testWalls(t, []wallCase{
		{name: "React", text: `<!doctype html><html><head><title>Help</title><script defer src="/static/js/main.js"></script></head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>`,
			want: InsteadNeedsJS, evidence: "browser"},
		{name: "Vue", text: `<head><title>Docs</title></head><body><div id="app"></div><script type="module" src="/assets/index.js"></script></body>`, want: InsteadNeedsJS, evidence: `id="app"`},
		{name: "Angular", text: `<body><app-root>Loading…</app-root><script src="main.js" type="module"></script></body>`, want: InsteadNeedsJS, evidence: "<app-root>"},
		{name: "Next.js without pages", text: `<body><div id="__next"><div class="spinner"></div></div><script id="__NEXT_DATA__" type="application/json">{}</script><script src="/_next/static/main.js"></script></body>`, want: InsteadNeedsJS},
		{name: "docsify", text: `<body><div id="app">Please wait...</div><script src="//cdn.example/docsify.min.js"></script></body>`, want: InsteadNeedsJS},
		{name: "message alone", text: `<title>Portal</title><body><div class="x"></div><noscript>Please enable JavaScript.</noscript><script src="/a.js"></script></body>`, want: InsteadNeedsJS, evidence: "enable javascript"},
		{name: "frame of the site", text: `<body><header><a href="/">Acme</a></header><div id="root"></div><footer>Acme, Inc. Terms and privacy.</footer><script src="/a.js"></script></body>`, want: InsteadNeedsJS},
		{name: "own element", text: `<body><help-center locale="en"></help-center><script src="/a.js"></script></body>`, want: InsteadNeedsJS},
		{name: "not: an empty static page", text: `<title>x</title><body><div id="root"></div></body>`, want: "doc"},
		{name: "not: a page with a banner for browsers without scripts", text: inSite("Teams", `<noscript>Enable JavaScript for the best experience.</noscript><h1>Teams</h1><p>A team has members.</p>`), want: "doc"},
		{name: "not: an article in noscript", text: `<body><div id="root"></div><noscript><h1>Teams</h1>` + article(120) + `</noscript><script src="/a.js"></script></body>`, want: "doc"},
		{name: "not: rendered on the server", text: `<body><div id="__next"><main><h1>Teams</h1><p>A team has members.</p></main></div><script src="/a.js"></script></body>`, want: "doc"},
		{name: "not: a stub with widgets", text: `<body><h1>Teams</h1><p>See below.</p><feedback-widget></feedback-widget><noscript>Please enable JavaScript to view the comments powered by Disqus.</noscript><script src="/a.js"></script></body>`, want: "doc"},
		{name: "not: a stub without a heading", text: `<body><p>The port is 443, and it cannot be changed by members of a team.</p><script src="/a.js"></script><noscript><iframe src="https://tags.example/ns.html"></iframe></noscript></body>`, want: "doc"},
		{name: "not: a list of links", text: `<body><ul><li><a href="/a">Teams</a></li></ul><script src="/a.js"></script></body>`, want: "doc"},
	})
}

func TestViews(t *testing.T) {
	results := `<h1>Search results</h1><form role="search"><input type="search" name="query" value="reset"></form><ul class="search-results">` +
		`<li><a href="/a">Reset a password</a></li><li><a href="/b">Reset a device</a></li></ul>`
	testWalls(t, []wallCase{
		{name: "results", at: "/hc/search?query=reset", text: inSite("Search results", results), want: InsteadListing, evidence: `"reset"`},
		{name: "results on WordPress", at: "/?s=reset", text: `<title>You searched for reset - Acme</title><body class="search search-results"><form role="search"><input name="s" value="reset"></form><h1>Search Results for: reset</h1><article><h2>Reset</h2></article></body>`, want: InsteadListing},
		{name: "no results", at: "/search?q=zzz", text: inSite("Search", `<h1>No results for “zzz”</h1>`), want: InsteadListing},
		{name: "German results", at: "/suche?q=team", text: inSite("Suche", `<h1>Suchergebnisse für „team“</h1>`), want: InsteadListing},
		{name: "the search itself", at: "/search", text: inSite("Search", `<h1>Search</h1><form><input type="search" name="q"></form>`), want: InsteadListing},
		{name: "not: an article", at: "/articles/search", text: inSite("Search", "<h1>Search</h1>"+article(100)), want: "doc"},
		{name: "not: a short one", at: "/docs/search", text: inSite("Search", "<h1>Search</h1><p>Press / to search your team.</p>"), want: "doc"},
		{name: "not: an article found by a search", at: "/articles/1?q=reset", text: inSite("Reset a password", `<h1>Reset a password</h1><p>Press Reset.</p>`), want: "doc"},
		{name: "not: with the query in the header", at: "/articles/1?query=reset", text: inSite("Reset", `<header><input type="search" name="query" value="reset"></header><h1>Reset a password</h1><p>Press Reset.</p>`), want: "doc"},

		{name: "not: by its canonical, which is obeyed", at: "/articles/1?print=1", text: `<title>Teams</title><link rel=canonical href="https://help.example/articles/1"><body onload="window.print()"><h1>Teams</h1>` + article(100), want: "doc"},
		{name: "print view", at: "/articles/1?print=1", text: `<title>Teams</title><body onload="window.print()"><h1>Teams</h1>` + article(100), want: InsteadTrap, evidence: "print view of"},
		{name: "print view whose canonical is out of scope", at: "/articles/1/print", text: `<link rel=canonical href="https://www.example/articles/1"><h1>Teams</h1>` + article(100) + `<script>print()</script>`, want: InsteadTrap},
		{name: "print view by its script", at: "/print/articles/1", text: `<h1>Teams</h1>` + article(100) + `<script>window.print();</script>`, want: InsteadTrap},
		{name: "print view by its sheets", at: "/articles/1?format=print", text: `<link rel=stylesheet media=print href="/p.css"><h1>Teams</h1>` + article(100), want: InsteadTrap},
		{name: "not: an article about printing", at: "/articles/print", text: inSite("Print", `<h1>Print</h1><p>Press Print.</p>`), want: "doc"},
		{name: "not: with a button", at: "/articles/print", text: inSite("Print", `<h1>Print</h1><button onclick="window.print()">Print</button>`), want: "doc"},
		{name: "not: a parameter alone", at: "/articles/1?print=1", text: inSite("Teams", `<h1>Teams</h1><p>A team.</p>`), want: "doc"},
		{name: "not: markup alone", at: "/articles/1", text: `<body onload="window.print()"><h1>Teams</h1><p>A team.</p>`, want: "doc"},
	})
}
