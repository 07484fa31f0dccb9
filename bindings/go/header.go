package h3s

import (
	"net/http"
	"slices"
	"strings"
)

// owe puts into a header what a response with a session owes: cookies, in place of the former ones, that it varies on what the
// session is found by, and that no shared cache may store it if it sets a cookie.
func owe(header http.Header, vary string, former, cookies []string) {
	if missing := unvaried(header["Vary"], vary); missing != "" {
		header.Add("Vary", missing)
	}
	if len(former) > 0 {
		header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(value string) bool {
			return slices.Contains(former, value)
		})
	}
	if len(cookies) > 0 {
		header["Set-Cookie"] = append(header["Set-Cookie"], cookies...)
		header.Set("Cache-Control", private(header["Cache-Control"]))
		for name := range header {
			if isTargeted(name) {
				delete(header, name)
			}
		}
	}
}

// isTargeted reports whether a kind of shared cache heeds this header in place of Cache-Control: RFC 9213 and what was before it.
func isTargeted(name string) bool {
	return strings.HasSuffix(name, "-Cache-Control") || name == "Surrogate-Control" || name == "Edge-Control" || name == "X-Accel-Expires"
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

// private is a Cache-Control under which no shared cache stores the response: it would hand one user's session to another.
func private(lines []string) string {
	if len(lines) == 0 {
		return "private"
	}
	noStore := false
	kept := slices.DeleteFunc(directives(lines), func(directive string) bool {
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		noStore = noStore || name == "no-store"
		// private="Set-Cookie" says less than private, so it is no substitute.
		return name == "public" || name == "s-maxage" || name == "private"
	})
	if !noStore {
		kept = append([]string{"private"}, kept...)
	}
	return strings.Join(kept, ", ")
}

// directives are the members of a list in one or more lines; a comma between quotes is none.
func directives(lines []string) []string {
	var members []string
	for _, line := range lines {
		quoted := false
		for member := range strings.FieldsFuncSeq(line, func(r rune) bool {
			quoted = quoted != (r == '"')
			return r == ',' && !quoted
		}) {
			if member = strings.TrimSpace(member); member != "" {
				members = append(members, member)
			}
		}
	}
	return members
}
