package configs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// secretKeys are the keys whose values may hold ${NAME}, and whose values no error shows.
var secretKeys = []string{"fetch.headers", "fetch.basic_auth", "fetch.proxy", "notify.webhook"}

// isSecret says whether the value at path may hold a secret.
func isSecret(path string) bool {
	return slices.ContainsFunc(secretKeys, func(key string) bool { return within(key, path) })
}

// reference matches what a dollar sign may begin: $$, ${NAME}, and forms that other programs know and this one refuses.
var reference = regexp.MustCompile(`\$\$|\$\{[^}]*\}?|\$[A-Za-z_]\w*`)

// variable is the ${NAME} of an environment variable (POSIX.1-2017 section 8.1, lower case allowed).
var variable = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)

// expand replaces each ${NAME} in the value at path by the environment variable, and $$ by $. A variable that is not
// set is reported; the replaced text is not looked at again.
func (d *decoder) expand(node ast.Node, path, text string) string {
	expanded := reference.ReplaceAllStringFunc(text, func(ref string) string {
		switch {
		case ref == "$$":
			return "$"
		case !strings.HasPrefix(ref, "${"):
			d.reportNode(node, path, "$ followed by a letter is ambiguous; write ${NAME} for an environment variable, $$ for a dollar sign")
			return ""
		case !variable.MatchString(ref):
			d.reportNode(node, path, "write ${NAME}, with a name of letters, digits and _ ; defaults and the like are not supported")
			return ""
		}
		name := ref[2 : len(ref)-1]
		value, ok := d.getenv(name)
		switch {
		case !ok:
			d.reportNode(node, path, "the environment variable "+name+" is not set")
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
			d.reportNode(node, path, "the environment variable "+name+" holds a line break or another control character")
		default:
			d.secrets = append(d.secrets, value)
			return value
		}
		return ""
	})
	d.secrets = append(d.secrets, expanded)
	if path == "fetch.basic_auth" && strings.Contains(text, ":") && !strings.Contains(text, "${") {
		d.reportNode(node, path, "the password must not stand here: write user:${NAME}, and set the environment variable NAME")
	}
	return expanded
}

// minMasked is the length from which mask looks for a secret: shorter ones occur in every sentence.
const minMasked = 4

// mask hides secret values, and the user and password of URLs, in a message. Validators do not quote secrets; this
// stays for the message of a library that does.
func (d *decoder) mask(message string) string {
	for _, secret := range d.secrets {
		quoted := strconv.Quote(secret)
		for _, form := range []string{secret, quoted[1 : len(quoted)-1]} {
			if len(form) >= minMasked {
				message = strings.ReplaceAll(message, form, "…")
			}
		}
	}
	return userInfo.ReplaceAllString(message, "://…@")
}
