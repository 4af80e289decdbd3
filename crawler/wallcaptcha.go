package crawler

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// captchaNames are classes and ids of the elements that captchas fill.
var captchaNames = []string{"g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha", "smart-captcha", "px-captcha", "geetest_captcha",
	"captcha-container", "captcha_container", "mtcaptcha", "altcha", "turnstile-wrapper", "arkose", "procaptcha"}

// captchaOf notes an element that a captcha fills.
func (b *sightBuilder) captchaOf(n *html.Node) {
	if b.captcha != "" {
		return
	}
	switch n.DataAtom {
	case atom.Iframe:
		if src, _ := attribute(n, "src"); containsAny(src, []string{"hcaptcha.com", "recaptcha", "challenges.cloudflare.com",
			"captcha-delivery.com", "arkoselabs.com", "_Incapsula_Resource"}) != "" {
			b.captcha = "<iframe> of a captcha"
		}
	case atom.Div, atom.Span, 0:
		for _, key := range []string{"class", "id"} {
			value, _ := attribute(n, key)
			for token := range strings.FieldsSeq(value) {
				for _, name := range captchaNames {
					if token == name {
						b.captcha = "<" + n.Data + " " + key + "=" + quoted(name) + ">"
					}
				}
			}
		}
		if n.Data == "altcha-widget" {
			b.captcha = "<altcha-widget>"
		}
	}
}
