package crawler

import (
	"fmt"
	"slices"
)

// Limits of what a maintenance page says, in words, and of its links.
const (
	maxMaintenanceWords = 100
	maxMaintenanceLinks = 15
)

// maintenancePhrases say that the site will be back.
var maintenancePhrases = phrases{[]string{"down for maintenance", "down for scheduled maintenance", "down for planned maintenance",
	"under maintenance", "undergoing maintenance", "undergoing scheduled maintenance", "undergoing planned maintenance",
	"performing maintenance", "performing scheduled maintenance", "performing some maintenance", "maintenance mode", "maintenance in progress",
	"offline for maintenance", "unavailable due to maintenance", "closed for maintenance", "scheduled maintenance", "planned maintenance",
	"site maintenance", "system maintenance", "website maintenance", "server maintenance", "we'll be right back", "we will be right back",
	"be right back", "we'll be back soon", "we will be back soon", "we'll be back shortly", "we will be back shortly", "be back soon", "be back shortly",
	"be back online", "back online soon", "temporarily unavailable", "temporarily offline", "temporarily down", "service unavailable",
	"service temporarily unavailable", "briefly unavailable", "currently unavailable", "currently offline",
	"internal server error", "bad gateway", "gateway timeout", "gateway time-out", "error establishing a database connection",
	"something went wrong", "account suspended", "welcome to nginx", "apache2 debian default page", "apache2 ubuntu default page",
	"wartungsarbeiten", "wegen wartung", "im wartungsmodus", "wartungsmodus", "wird gewartet", "gleich zurück", "bald zurück", "gleich wieder da",
	"bald wieder", "vorübergehend nicht erreichbar", "vorübergehend nicht verfügbar", "en maintenance", "maintenance en cours", "maintenance programmée",
	"de retour bientôt", "bientôt de retour", "de retour dans", "momentanément indisponible", "temporairement indisponible",
	"en mantenimiento", "mantenimiento programado", "volvemos pronto", "volveremos pronto", "volveremos en breve", "temporalmente no disponible",
	"in manutenzione", "manutenzione programmata", "manutenzione in corso", "torniamo presto", "torneremo presto", "temporaneamente non disponibile",
	"em manutenção", "manutenção programada", "voltamos já", "voltamos em breve", "voltaremos em breve", "temporariamente indisponível",
	"in onderhoud", "onderhoudswerkzaamheden", "gepland onderhoud", "zo terug", "zijn zo weer", "tijdelijk niet beschikbaar",
	"przerwa techniczna", "prace konserwacyjne", "wkrótce wrócimy", "технические работы", "на обслуживании", "техническом обслуживании",
	"underhåll pågår", "pågående underhåll", "bakımda", "bakım çalışması", "メンテナンス中", "メンテナンスのため", "ただいまメンテナンス",
	"维护中", "系统维护", "正在维护", "維護中", "系統維護", "점검 중", "점검중", "서비스 점검"}}

// weakMaintenance are those of maintenancePhrases that may head an article, or a message about something on the site.
var weakMaintenance = phrases{[]string{"scheduled maintenance", "planned maintenance", "site maintenance", "system maintenance",
	"website maintenance", "server maintenance", "maintenance mode", "currently unavailable", "service unavailable", "internal server error", "bad gateway", "gateway timeout",
	"gateway time-out", "something went wrong", "account suspended", "maintenance programmée",
	"mantenimiento programado", "manutenzione programmata", "manutenção programada", "gepland onderhoud", "wartungsmodus", "wartungsarbeiten"}}

// bareMaintenance are headings that say nothing without a text that says the rest.
var bareMaintenance = []string{"maintenance", "wartung", "mantenimiento", "manutenzione", "manutenção", "onderhoud", "メンテナンス", "维护", "維護"}

// maintenancePage recognises a site that is down for maintenance but says so with a success status. Such a page does
// not say anything about the URL: it is a failure.
func maintenancePage(a *answer) finding {
	s := a.sight()
	if s.words > maxMaintenanceWords || s.article && s.words > 40 || s.list || asks(s.title) || asks(s.h1) {
		return finding{}
	}
	headed, weak, bare := "", false, false
	for _, text := range []string{s.h1, s.title} {
		for _, part := range segments(text) {
			if p := maintenancePhrases.in(part); p != "" && headed == "" && countWords(part) <= 12 {
				headed, weak = p, weakMaintenance.in(part) != ""
			}
			if headed == "" && slices.Contains(bareMaintenance, part) {
				headed, weak, bare = part, true, true
			}
		}
	}
	said := maintenancePhrases.in(s.text)
	asked := a.header.Get("Retry-After") != ""
	alone := s.links <= 5 && s.words <= 60
	switch {
	case headed != "" && (asked || !weak && s.links <= maxMaintenanceLinks):
	case headed != "" && !weak && s.words <= 40:
	case headed != "" && alone && (said != "" && weakMaintenance.in(said) == "" || returns(s.text) || !bare && s.words <= 12):
	case headed == "" && said != "" && weakMaintenance.in(said) == "" && s.h1 == "" && alone && s.words <= 40:
		headed = said
	case headed == "" && said != "" && asked && alone:
		headed = said
	default:
		return finding{}
	}
	detail := fmt.Sprintf("the site says %s with status 200, in %d words", quoted(headed), s.words)
	return finding{failure: &Failure{Class: FailMaintenance, Detail: detail}}
}

var returnTalk = phrases{[]string{"be back", "back online", "check back", "come back", "try again", "try later", "return shortly", "available again",
	"thank you for your patience", "thanks for your patience", "apologize for the inconvenience", "apologise for the inconvenience",
	"sorry for the inconvenience", "contact your hosting provider", "später noch einmal", "später erneut", "bald wieder", "kurze zeit", "réessayer", "revenez", "patience",
	"vuelva", "inténtelo", "riprova", "tente novamente", "volte", "probeer het later", "later opnieuw", "しばらく", "稍后", "稍後"}}

// returns reports whether a text asks to come back later.
func returns(text string) bool { return returnTalk.in(text) != "" }
