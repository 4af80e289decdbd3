package sanitize

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// PipelineVersion counts the changes that make the same page give another article. It is part of Signature, so that a
// change here sends every page again, on purpose.
const PipelineVersion = 1

// Article is what a page says, ready to be delivered.
type Article struct {
	Title string // plain text on one line, at most MaxTitle characters
	HTML  string // a safe, well-formed fragment with absolute URLs; sanitizing it again gives the same bytes
	Text  string // what a reader sees of HTML: one line a block, cells separated by tabs, no markup

	// Source says where the content was found, for a person: `extract.content[0] "main"`, `<article>`. It is not part
	// of the hash.
	Source string

	// Listing says, in one line for a person, why the page is no article but an index that only lists other pages of its
	// site: "27 links to other pages make up 94 % of its text". It is empty for an article, and not part of the hash.
	Listing string
}

// Hash returns the lower-case hex SHA-256 of the title, a NUL and the HTML.
func (a Article) Hash() string {
	h := sha256.New()
	// A hash never fails to write.
	_, _ = io.WriteString(h, a.Title)
	_, _ = h.Write([]byte{0})
	_, _ = io.WriteString(h, a.HTML)
	return hex.EncodeToString(h.Sum(nil))
}

// EmptyError says that a page holds no article: the configured selectors match nothing, or what was found has neither
// text nor an image.
type EmptyError struct {
	Why string // one line for a person; names the selectors that matched nothing
}

func (e *EmptyError) Error() string { return "no content: " + e.Why }

// Text returns what a reader sees of the HTML of an article, as Article.Text has it.
func Text(article string) string {
	root := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(article), root)
	if err != nil { // nested too deep for the parser, which no article of ours is
		return article
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return plainText(root, len(article))
}
