//go:build cgo

package h3s

import (
	"net/http"
	"slices"
	"strings"
)

// owe puts into a header what a response with a session owes: cookies, in place of the former ones, that it varies on what the
// session is found by, and that no shared cache may store it if it sets a cookie.
//
// The slices in the header may be the application's own, the same in each response, and so may what
// lies behind them: they are copied, never appended to or edited in place. Else one visitor's
// cookie could end up in another's response.
func owe(header http.Header, vary string, former, cookies []string) {
	if missing := unvaried(values(header, "Vary"), vary); missing != "" {
		header["Vary"] = append(slices.Clip(header["Vary"]), missing)
	}
	if len(former) > 0 {
		header["Set-Cookie"] = slices.DeleteFunc(slices.Clone(header["Set-Cookie"]), func(value string) bool {
			return slices.Contains(former, value)
		})
	}
	if len(cookies) > 0 {
		header["Set-Cookie"] = append(slices.Clip(header["Set-Cookie"]), cookies...)
		said := values(header, "Cache-Control")
		for name := range header {
			if isTargeted(name) || strings.EqualFold(name, "Cache-Control") {
				delete(header, name)
			}
		}
		header["Cache-Control"] = []string{private(said)}
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

// isTargeted reports whether a kind of shared cache heeds this header in place of Cache-Control: RFC 9213 and what was before it.
func isTargeted(name string) bool {
	const suffix = "-Cache-Control"
	if n := len(name) - len(suffix); n >= 0 && strings.EqualFold(name[n:], suffix) {
		return true
	}
	for _, other := range []string{"Surrogate-Control", "Edge-Control", "X-Accel-Expires"} {
		if strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}

// unvaried is what of vary the lines of a Vary header lack.
func unvaried(lines []string, vary string) string {
	if len(lines) == 0 {
		return vary
	}
	present := directives(lines)
	if slices.Contains(present, "*") {
		return ""
	}
	missing := slices.DeleteFunc(directives([]string{vary}), func(name string) bool {
		return slices.ContainsFunc(present, func(other string) bool { return strings.EqualFold(name, other) })
	})
	return strings.Join(missing, ", ")
}

// private is a Cache-Control under which no shared cache stores the response: it would hand one
// user's session to another. It says so beside no-store, too: there are caches that heed only the
// one. What else was said stays.
func private(lines []string) string {
	if len(lines) == 0 {
		return "private"
	}
	kept := slices.DeleteFunc(directives(lines), func(directive string) bool {
		name, _, _ := strings.Cut(directive, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		// private="Set-Cookie" says less than private, so it is no substitute.
		case "public", "s-maxage", "private":
			return true
		}
		return false
	})
	return strings.Join(append([]string{"private"}, kept...), ", ")
}

// directives are the members of a list in one or more lines; a comma between quotes is none.
func directives(lines []string) []string {
	var members []string
	for _, line := range lines {
		quoted, escaped := false, false
		for member := range strings.FieldsFuncSeq(line, func(r rune) bool {
			switch {
			case escaped:
				escaped = false
			case r == '"':
				quoted = !quoted
			default:
				escaped = quoted && r == '\\'
			}
			return r == ',' && !quoted
		}) {
			if member = strings.TrimSpace(member); member != "" {
				members = append(members, member)
			}
		}
	}
	return members
}
