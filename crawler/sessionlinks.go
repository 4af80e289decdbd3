package crawler

import (
	"net/url"
	"slices"
)

// takeOffSessions returns the distinct URLs that a page links to, without session ids. It changes links.
//
// What the names alone do not tell, the page does: a session id is the same in all of its links, and no part of its own
// URL. From then on such a name means content, for as long as the Crawler lives.
func (c *Crawler) takeOffSessions(pageURL string, links []string) []string {
	if !slices.ContainsFunc(links, mayCarrySession) {
		return links
	}
	s := &c.sessions
	s.learn(pageURL)
	var values [len(sessionNames)]string
	for _, l := range links {
		if mayCarrySession(l) {
			withoutSessions(l, func(name int, value string) bool {
				if values[name] != "" && values[name] != value {
					s.content[name].Store(true)
				}
				values[name] = value
				return false
			})
		}
	}
	changed := false
	for i, l := range links {
		links[i] = c.takeOff(l)
		changed = changed || links[i] != l
	}
	if !changed {
		return links
	}
	seen := make(map[string]bool, len(links))
	return slices.DeleteFunc(links, func(l string) bool {
		again := seen[l]
		seen[l] = true
		return again
	})
}

// learn notes the names that are in the address of a page although no session can have put them there.
func (s *sessions) learn(pageURL string) {
	if mayCarrySession(pageURL) {
		withoutSessions(pageURL, func(name int, _ string) bool {
			s.content[name].Store(true)
			return false
		})
	}
}

// withoutSession returns a canonical URL without session ids, canonical again. What is left after maxSettle rounds, of
// ids in ids, stays.
func (c *Crawler) withoutSession(u string) string {
	for range maxSettle {
		if !mayCarrySession(u) {
			return u
		}
		clean := withoutSessions(u, func(name int, _ string) bool { return !c.sessions.content[name].Load() })
		if clean == u {
			return u
		}
		canonical, err := c.canon.Canonical(clean)
		if err != nil {
			return u
		}
		u = canonical
	}
	return u
}

// resolveOne resolves an href that says where a page is, such as a redirect or a canonical, and takes a session id off
// it.
func (c *Crawler) resolveOne(r Resolver, pageURL, href string) (string, bool) {
	target, ok := r.Resolve(href)
	if !ok || !mayCarrySession(target) {
		return target, ok
	}
	c.sessions.learn(pageURL)
	return c.takeOff(target), true
}

// takeOff is withoutSession, counted.
func (c *Crawler) takeOff(u string) string {
	clean := c.withoutSession(u)
	if clean != u {
		c.sessions.taken.Add(1)
	}
	return clean
}

// sitemapPage takes a session id off an entry of a sitemap. What may be one on another site is none here: a sitemap is
// made for everybody.
func (c *Crawler) sitemapPage(u string) string {
	if !mayCarrySession(u) {
		return u
	}
	c.sessions.learn(u)
	return c.takeOff(u)
}

// sessionOf returns the address to which x redirects the page at pageURL, if that is the page itself with a session id;
// else nil.
func (c *Crawler) sessionOf(pageURL string, x *exchange) *url.URL {
	if x.err != nil || !isRedirect(x.status) {
		return nil
	}
	target, ok := c.canon.Resolve(pageURL, x.header.Get("Location"))
	if !ok || target == pageURL || !mayCarrySession(target) {
		return nil
	}
	c.sessions.learn(pageURL)
	if c.withoutSession(target) != pageURL {
		return nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil // it was parsed to be resolved
	}
	return u
}
