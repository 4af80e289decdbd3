package crawler

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// failure says why the exchange is of no use, or returns nil; again reports whether another try may help. Answers
// below 400 are never failures here.
func (x *exchange) failure() (f *Failure, again bool) {
	switch {
	case x.refused != nil:
		f, again = x.refused, x.held
	case x.err != nil:
		f, again = classify(x.err, !x.answered.IsZero())
	case x.status >= 500, x.status < 100 && !x.answered.IsZero():
		// RFC 9110 section 15: what is no status code counts as 5xx.
		f, again = &Failure{Class: FailHTTP5xx, Detail: statusLine(x)}, !lasting[x.status]
	case x.status >= 400:
		f, again = &Failure{Class: FailHTTP4xx, Detail: statusLine(x)}, passing[x.status]
	default:
		return nil, false
	}
	if x.retryAfter > maxPause {
		f.Detail += ", Retry-After: " + brief(x.retryAfter)
	}
	if x.tries > 1 {
		f = &Failure{Class: f.Class, Detail: fmt.Sprintf("%s after %d tries", f.Detail, x.tries)}
	}
	return f, again
}

// lasting holds those statuses from 500 on, passing those below, that say of themselves that another try is of no use,
// or of use.
var (
	lasting = map[int]bool{
		http.StatusNotImplemented: true, http.StatusHTTPVersionNotSupported: true, http.StatusNetworkAuthenticationRequired: true,
	}
	passing = map[int]bool{
		http.StatusRequestTimeout: true, http.StatusTooEarly: true, http.StatusTooManyRequests: true,
	}
)

func statusLine(x *exchange) string {
	line := strings.TrimSpace(strconv.Itoa(x.status) + " " + http.StatusText(x.status))
	if strings.EqualFold(x.header.Get("Cf-Mitigated"), "challenge") {
		line += " (a challenge to prove that a person asks)"
	}
	return line
}

// classify names a transport error. inBody tells an error while reading the body from one before the answer.
func classify(err error, inBody bool) (f *Failure, again bool) {
	var (
		blocked *blockedAddressError
		dns     *net.DNSError
		timeout net.Error
		encoded *encodingError
	)
	switch {
	case errors.As(err, &blocked):
		detail := blocked.Error() + "; set fetch.allow_private for an intranet site"
		return &Failure{Class: FailBlockedAddress, Detail: detail}, false
	case errors.As(err, &dns):
		return &Failure{Class: FailDNS, Detail: cause(err)}, !dns.IsNotFound
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		if inBody {
			return &Failure{Class: FailTimeout, Detail: "the body did not arrive within fetch.timeout"}, true
		}
		return &Failure{Class: FailTimeout, Detail: "no answer within fetch.timeout"}, true
	case errors.Is(err, errBodyLimit):
		return &Failure{Class: FailTooLarge, Detail: "compressed: " + cause(err)}, false
	case errors.As(err, &encoded):
		return &Failure{Class: FailParse, Detail: cause(err)}, encoded.damaged()
	case inBody:
		return &Failure{Class: FailTruncated, Detail: "the body broke off: " + cause(err)}, true
	case isTLS(err):
		return &Failure{Class: FailTLS, Detail: cause(err)}, false
	default:
		return &Failure{Class: FailConnection, Detail: cause(err)}, true
	}
}

func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		hostname  x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		op        *net.OpError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &hostname) || errors.As(err, &authority) || errors.As(err, &invalid) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		// crypto/tls reports an alert as an OpError with one of these operations.
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// cause is the text of err in one line, without the URL that net/http puts around it.
func cause(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return oneLine(err.Error())
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
