package sanitize

import "golang.org/x/net/html/atom"

func isHeading(a atom.Atom) bool {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// isBlock holds the elements of the output that stand on lines of their own.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.P, atom.Div, atom.Ul, atom.Ol, atom.Li, atom.Dl,
		atom.Dt, atom.Dd, atom.Pre, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Details, atom.Summary, atom.Hr,
		atom.Table, atom.Caption, atom.Colgroup, atom.Col, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Th, atom.Td:
		return true
	}
	return false
}

// isSourceBlock adds to isBlock the elements that stand on lines of their own in a page but not in the output.
func isSourceBlock(a atom.Atom) bool {
	switch a {
	case atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Address, atom.Center,
		atom.Hgroup, atom.Nav, atom.Form, atom.Fieldset, atom.Legend, atom.Menu, atom.Dir, atom.Listing, atom.Xmp,
		atom.Plaintext, atom.Body, atom.Html, atom.Iframe, atom.Video, atom.Audio:
		return true
	}
	return isBlock(a)
}

// isInline holds the elements of the output that run within a line.
func isInline(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.S, atom.Del, atom.Ins, atom.Mark, atom.Small,
		atom.Abbr, atom.Code, atom.Kbd, atom.Samp, atom.Var, atom.Sub, atom.Sup, atom.Q, atom.Cite:
		return true
	}
	return false
}

// isText holds the elements that mark a subtree as body text rather than as an icon or a label.
func isText(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Ul, atom.Ol, atom.Dl, atom.Pre, atom.Table, atom.Blockquote:
		return true
	}
	return isHeading(a)
}

// takesInlineOnly holds the elements in which a block ends the element: the parser would split them.
func takesInlineOnly(a atom.Atom) bool { return a == atom.P || isHeading(a) || isInline(a) }

// renamed maps the elements that the output has under another name, mostly the containers of a page.
func renamed(a atom.Atom) (atom.Atom, bool) {
	switch a {
	case atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Address, atom.Center,
		atom.Hgroup, atom.Fieldset, atom.Legend, atom.Body, atom.Html:
		return atom.Div, true
	case atom.Menu, atom.Dir:
		return atom.Ul, true
	case atom.Listing, atom.Xmp, atom.Plaintext:
		return atom.Pre, true
	case atom.Strike:
		return atom.S, true
	case atom.Acronym:
		return atom.Abbr, true
	case atom.Tt:
		return atom.Code, true
	}
	return 0, false
}

// isDropped holds the elements that go with all they contain: what runs, styles or submits, metadata, and controls.
func isDropped(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Template, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Base, atom.Input,
		atom.Select, atom.Textarea, atom.Option, atom.Optgroup, atom.Datalist, atom.Keygen, atom.Svg, atom.Canvas,
		atom.Map, atom.Area, atom.Track, atom.Source, atom.Param, atom.Frame, atom.Frameset, atom.Noframes, atom.Noembed,
		atom.Dialog, atom.Progress, atom.Meter, atom.Nav, atom.Wbr:
		return true
	}
	return false
}

// isPlainInline holds the elements that go but whose text runs on with the text around them.
func isPlainInline(a atom.Atom) bool {
	switch a {
	case atom.Span, atom.Font, atom.Big, atom.Bdi, atom.Bdo, atom.Time, atom.Data, atom.Output, atom.Dfn, atom.Ruby,
		atom.Rb, atom.Rt, atom.Rtc, atom.Rp, atom.Nobr, atom.Blink, atom.Marquee, atom.Picture, atom.Slot:
		return true
	}
	return false
}
