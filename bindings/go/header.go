//go:build cgo

package h3s

import (
	"net/http"
	"slices"
	"strings"
)

// putSession puts into a header what a response with a session needs: cookies, in place of the
// former ones, a Vary on what the session is found by, and, if it sets a cookie, that no shared
// cache may store it.
//
// The slices in the header may be the application's own, the same in each response, and so may what
// lies behind them: they are copied, never appended to or edited in place. Else one visitor's
// cookie could end up in another's response.
func putSession(header http.Header, conf *config, former, cookies []string) {
	replaceLines(header, "Vary", conf.varied(values(header, "Vary")))
	if len(former) > 0 {
		header["Set-Cookie"] = slices.DeleteFunc(slices.Clone(header["Set-Cookie"]), func(value string) bool {
			return slices.Contains(former, value)
		})
	}
	if len(cookies) > 0 {
		header["Set-Cookie"] = append(slices.Clip(header["Set-Cookie"]), cookies...)
		for name := range header {
			if isTargeted(name) {
				delete(header, name)
			}
		}
		replaceLines(header, "Cache-Control", private(values(header, "Cache-Control")))
	}
}

// replaceLines puts a value in place of all lines of a header, however its name is written. Empty:
// there are none, and none is needed.
func replaceLines(header http.Header, name, value string) {
	for other := range header {
		if other != name && strings.EqualFold(other, name) {
			delete(header, other)
		}
	}
	if value != "" {
		header[name] = []string{value}
	}
}

// values are the lines of a header, however its name is written: what is not canonical is sent as
// it is.
func values(header http.Header, name string) []string {
	lines := header[name]
	for other, more := range header {
		if other != name && len(other) == len(name) && strings.EqualFold(other, name) {
			lines = append(slices.Clip(lines), more...)
		}
	}
	return lines
}
