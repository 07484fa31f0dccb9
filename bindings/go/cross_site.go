//go:build cgo

package h3s

import (
	"net/http"
	"strings"
)

// A page is what tells whether another site has led the browser here.
//
// A SameSite cookie stays behind when another site leads the browser here: by a form, and under
// "strict" also by a link. Such a request must not replace or delete the cookie that it came
// without. A false alarm costs nothing, since it matters only to requests without the cookie, and
// what is written still sets it: a login that another site leads back to works.
//
// Browsers send Sec-Fetch-Site over HTTPS and to localhost. Where it is missing, the host in
// Origin, else in Referer, is compared with the request's. What is not understood is another site.
// (A link over plain HTTP that sends no Referer cannot be told from one of the own site.)
type page struct{ site, origin, referer, host string }

func pageOf(r *http.Request) page {
	return page{joined(r.Header["Sec-Fetch-Site"]), joined(r.Header["Origin"]), joined(r.Header["Referer"]), r.Host}
}

// joined is several lines as one.
func joined(lines []string) string { return strings.Join(lines, ", ") }
