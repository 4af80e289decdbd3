package crawler

import (
	"fmt"
	"slices"
	"strings"
)

// maxMissingWords is how much a page may say besides that there is none, in words.
const maxMissingWords = 100

// missingPhrases say that there is no page at a URL.
var missingPhrases = phrases{[]string{"page not found", "page isn't found", "404", "article not found", "content not found", "file not found",
	"document not found", "topic not found", "post not found", "not found", "nothing found", "page doesn't exist", "page does not exist",
	"page you requested", "page you were looking for", "page you are looking for", "page you're looking for", "page can't be found",
	"page cannot be found", "page could not be found", "page couldn't be found", "can't find that page", "can't find this page", "can't find the page",
	"couldn't find that page", "couldn't find this page", "couldn't find the page", "could not find the page", "cannot find the page", "page is missing",
	"page is no longer available", "page no longer exists", "page has been removed", "page unavailable", "page is unavailable", "no such page",
	"this page isn't available", "this page is not available", "article doesn't exist", "article does not exist", "article is no longer available",
	"article no longer exists", "no longer available", "article unavailable", "we can't find", "we couldn't find", "we could not find",
	"we cannot find", "can't be found", "couldn't be found", "could not be found", "cannot be found", "does not exist", "doesn't exist", "nothing here", "nothing to see here", "no longer exists", "has been removed", "has been deleted", "article isn't available",
	"seite nicht gefunden", "seite wurde nicht gefunden", "seite konnte nicht gefunden", "seite existiert nicht", "seite ist nicht verfügbar",
	"nicht gefunden", "artikel nicht gefunden", "page introuvable", "page non trouvée", "page n'existe pas", "page est introuvable", "introuvable",
	"article introuvable", "página no encontrada", "no encontrada", "página no existe", "no se encuentra la página", "no se ha encontrado la página",
	"no hemos encontrado la página", "pagina non trovata", "pagina non esiste", "non trovata", "página não encontrada", "não encontrada", "página não existe",
	"pagina niet gevonden", "niet gevonden", "pagina bestaat niet", "sidan hittades inte", "sidan kunde inte hittas", "siden blev ikke fundet",
	"siden ble ikke funnet", "siden findes ikke", "sivua ei löydy", "strona nie została znaleziona", "nie znaleziono strony", "strona nie istnieje",
	"stránka nenalezena", "stránka nebyla nalezena", "sayfa bulunamadı", "страница не найдена", "сторінку не знайдено", "az oldal nem található",
	"ページが見つかりません", "ページは見つかりません", "見つかりませんでした", "页面不存在", "页面未找到", "找不到页面", "找不到頁面", "頁面不存在", "無法找到", "无法找到",
	"페이지를 찾을 수 없습니다", "찾을 수 없습니다", "الصفحة غير موجودة", "הדף לא נמצא"}}

// bareMissing are those that mean that only if nothing else stands beside them.
var bareMissing = []string{"404", "not found", "nothing found", "no longer available", "nicht gefunden", "introuvable", "no encontrada",
	"non trovata", "não encontrada", "niet gevonden", "page you requested", "file not found", "document not found", "content not found",
	"we can't find", "we couldn't find", "we could not find", "we cannot find", "can't be found", "couldn't be found", "could not be found",
	"cannot be found", "does not exist", "doesn't exist", "nothing here", "nothing to see here", "no longer exists", "has been removed", "has been deleted"}

// fillers may stand around a phrase without making it a subject.
var fillers = map[string]bool{"error": true, "http": true, "404": true, "oops": true, "sorry": true, "whoops": true, "uh": true, "oh": true,
	"ooops": true, "ups": true, "the": true, "this": true, "that": true, "page": true, "we": true, "fehler": true, "erreur": true, "errore": true,
	"erro": true, "fout": true, "hoppla": true, "désolé": true, "code": true, "status": true, "is": true, "was": true, "not": true, "found": true,
	"エラー": true, "错误": true, "錯誤": true, "오류": true, "you": true, "a": true, "exist": true, "exists": true,
	"doesn't": true, "does": true, "find": true, "can't": true, "couldn't": true, "could": true, "cannot": true, "be": true, "it": true, "looks": true, "like": true,
	"seems": true, "here": true, "nothing": true, "requested": true, "url": true, "seite": true, "wurde": true, "your": true, "what": true, "were": true, "are": true, "looking": true, "for": true, "there": true, "there's": true, "sorry,": true, "been": true, "has": true, "or": true, "moved": true, "page's": true, "hmm": true, "ошибка": true, "die": true, "la": true, "cette": true}

// missingPage recognises a page that says that there is none, by its title or heading and a short text.
func missingPage(a *answer) finding {
	s := a.sight()
	if s.words > maxMissingWords || a.url != nil && aboutMissing(a.url.Path) {
		return finding{}
	}
	said := s.missingHeadline()
	switch {
	case said == "", s.article && s.list && s.words > 40:
		return finding{}
	case said == "404" && s.words > 12 && !missingText(s.text):
		return finding{} // a page about something of this number
	}
	if a.url != nil && a.canonical != "" && a.canonical != a.url.String() && !a.noIndex && s.words > 40 {
		return finding{} // it says what it is a copy of
	}
	return found(InsteadSoft404, fmt.Sprintf("headed %s, with %d words of text", quoted(said), s.words))
}

// missingHeadline returns the part of the heading or title that says that there is no page. A title alone does not
// count if the heading says something else.
func (s *sight) missingHeadline() string {
	if said := saysMissing(s.h1); said != "" {
		return said
	}
	said := saysMissing(s.title)
	if said != "" && (s.h1 == "" || s.words <= 40) {
		return said
	}
	return ""
}

// saysMissing returns the part of a plain title that says that there is no page, or "".
func saysMissing(title string) string {
	if asks(title) && !strings.Contains(title, "404") {
		return ""
	}
	for _, part := range segments(title) {
		phrase := missingPhrases.in(part)
		if phrase == "" || countWords(part) > 14 || asks(part) {
			continue
		}
		if phrase == "404" && counts404(part) {
			continue
		}
		if besides(part, phrase) <= besidesAllowed(phrase) {
			return part
		}
	}
	return ""
}

// counts404 reports whether 404 is the number of something, as in "page 404".
func counts404(part string) bool {
	before, _, _ := strings.Cut(part, "404")
	for _, word := range []string{"page", "the", "this", "that", "a", "is", "was", "seite", "la", "die"} {
		if strings.HasSuffix(strings.TrimSpace(before), word) {
			return true
		}
	}
	return false
}

// besidesAllowed returns how many words of its own may stand beside a phrase: with more, the phrase is a subject.
func besidesAllowed(phrase string) int {
	switch {
	case slices.Contains(bareMissing, phrase):
		return 0
	case strings.Count(phrase, " ") >= 3:
		return 4
	}
	return 1
}

// besides counts the words of a part of a title beside phrase that are no fillers.
func besides(part, phrase string) int {
	n := 0
	rest := strings.Replace(part, phrase, " ", 1)
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return !spaced(r) && !dense(r) && r != '\'' }) {
		if !fillers[word] {
			n++
		}
	}
	return n
}

// aboutMissing reports whether the last segment of a path shows an article about such pages. The names of error pages
// themselves do not.
func aboutMissing(path string) bool {
	last := strings.ToLower(lastSegment(path))
	for _, name := range missingNames {
		if last == name {
			return false
		}
	}
	return strings.Contains(last, "404") && strings.ContainsAny(last, "-_") || strings.Contains(last, "not-found") || strings.Contains(last, "not_found")
}
