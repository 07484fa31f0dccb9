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
	setLine(header, "Vary", conf.varied(takeLines(header, "Vary")))
	if len(former) > 0 {
		header["Set-Cookie"] = slices.DeleteFunc(slices.Clone(header["Set-Cookie"]), func(value string) bool {
			return slices.Contains(former, value)
		})
	}
	if len(cookies) > 0 {
		header["Set-Cookie"] = append(slices.Clip(header["Set-Cookie"]), cookies...)
		for name := range header {
			// What stands there in each response need not be asked for.
			if name != "Vary" && name != "Set-Cookie" && name != "Cache-Control" && isTargeted(name) {
				delete(header, name)
			}
		}
		setLine(header, "Cache-Control", private(takeLines(header, "Cache-Control")))
	}
}

// takeLines returns the lines of a header, however its name is written, since what is not canonical
// is sent as it is. It takes out those under another name than setLine's.
func takeLines(header http.Header, name string) []string {
	lines := header[name]
	for other, more := range header {
		if len(other) == len(name) && other != name && strings.EqualFold(other, name) {
			lines = append(slices.Clip(lines), more...)
			delete(header, other)
		}
	}
	return lines
}

// setLine puts a value in place of the header's lines. Empty: there are none, and none is needed.
func setLine(header http.Header, name, value string) {
	if value != "" {
		header[name] = []string{value}
	}
}
