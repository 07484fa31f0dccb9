package h3s_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"h3s"
)

// isSpared reports whether a logout by r deletes no cookie.
func isSpared(sessions *h3s.Sessions, r *http.Request) bool {
	s := must(sessions.Peek(r))
	defer s.Close()
	if err := s.Clear(); err != nil {
		panic(err)
	}
	return len(must(s.SetCookies())) == 0
}

func from(host string, header http.Header) *http.Request {
	r := httptest.NewRequest("POST", "/logout", nil)
	r.Host, r.Header = host, header
	return r
}

func TestSecFetchSiteSaysWhetherItIsAnotherSite(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	for site, want := range map[string]bool{
		"cross-site": true, "cross-site,cross-site": true, "same-origin, cross-site": true,
		"same-origin": false, "same-site": false, "none": false, "nonsense": false, "none,none": false,
	} {
		page := "https://own.example"
		if !want {
			page = "https://evil.example"
		}
		header := http.Header{"Sec-Fetch-Site": {site}, "Origin": {page}, "Referer": {page + "/"}}
		if got := isSpared(sessions, from("own.example", header)); got != want {
			t.Errorf("%s: %t", site, got)
		}
		header["Sec-Fetch-Site"] = strings.Split(site, ",")
		if got := isSpared(sessions, from("own.example", header)); got != want {
			t.Errorf("%s, each in a line of its own: %t", site, got)
		}
	}
}

func TestWithoutSecFetchSiteTheHostOfThePageSaysWhetherItIsAnotherSite(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	for _, c := range []struct {
		page, host string
		want       bool
	}{
		{"https://own.example", "own.example", false},
		{"http://own.example:8080", "own.example", false},
		{"https://own.example", "own.example:8443", false},
		{"https://OWN.example", "own.EXAMPLE", false},
		{"http://[::1]:3000", "[::1]:80", false},
		{"http://[::1]", "[::1]", false},
		{"http://127.0.0.1:3000", "127.0.0.1:8000", false},

		{"https://evil.example", "own.example", true},
		{"https://own.example.evil.example", "own.example", true},
		{"https://evil.example/own.example", "own.example", true},
		{"https://own.example@evil.example", "own.example", true},
		{"http://[::2]:80", "[::1]:80", true},
		{"http://127.0.0.1", "127.0.0.2", true},
		{"null", "own.example", true},
		{"null", "null", true},
		{"own.example", "own.example", true},
		{"https://own.example, https://own.example", "own.example", true},
		{"https://own.example https://evil.example", "own.example", true},
		{"http://[own.example", "own.example", true},
		{"https://", "own.example", true},
		{"https://own.example", "[::1", true},
		{"https://own.example", "", true},
		{"https://", "", true},
		{"null", "", true},
	} {
		for name, header := range map[string]http.Header{
			"Origin":                  {"Origin": {c.page}, "Referer": {"https://another.example/"}},
			"Origin, an empty site":   {"Sec-Fetch-Site": {""}, "Origin": {c.page}},
			"Referer":                 {"Referer": {c.page + "/a?b=c"}},
			"Referer, an empty other": {"Origin": {""}, "Referer": {c.page}},
		} {
			if got := isSpared(sessions, from(c.host, header)); got != c.want {
				t.Errorf("%s %q to %q: %t", name, c.page, c.host, got)
			}
		}
	}
	twice := http.Header{"Origin": {"https://own.example", "https://evil.example"}}
	if !isSpared(sessions, from("own.example", twice)) {
		t.Error("the second line is of another site")
	}
	if isSpared(sessions, from("own.example", http.Header{})) || isSpared(sessions, from("", http.Header{})) {
		t.Error("nothing says that it is another site")
	}
}

func TestWhatCameAlongIsDeletedWhoeverLedHere(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	r := next(t, s)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if isSpared(sessions, r) {
		t.Error("its own cookie came along")
	}
}

func TestNoOtherSiteEndsOrReplacesASession(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		mux := http.NewServeMux()
		server, sessions := start(t, protocol, h3s.Options{}, mux)
		mux.Handle("/", application())
		// As without the middleware.
		open := func(open func(*http.Request) (*h3s.Session, error), write func(*h3s.Session) error) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := must(open(r))
				defer s.Close()
				check(t, write(s))
				check(t, s.Save(w))
			})
		}
		mux.Handle("/use", open(sessions.Use, func(*h3s.Session) error { return nil }))
		mux.Handle("/use/logout", open(sessions.Use, (*h3s.Session).Clear))
		mux.Handle("/peek/logout", open(sessions.Peek, (*h3s.Session).Clear))
		mux.Handle("/use/login", open(sessions.Use, func(s *h3s.Session) error { return s.Set("user", "Zoë") }))

		client := *server.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		cookies := func(path string, header http.Header) []string {
			r := must(http.NewRequest("POST", server.URL+path, strings.NewReader("user=ada")))
			r.Header = header
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response := must(client.Do(r))
			response.Body.Close()
			return response.Header["Set-Cookie"]
		}
		evil := "https://evil.example"
		for name, header := range map[string]http.Header{
			"Sec-Fetch-Site": {"Sec-Fetch-Site": {"cross-site"}, "Origin": {evil}},
			"Origin":         {"Origin": {evil}},
			"null":           {"Origin": {"null"}},
			"Referer":        {"Referer": {evil + "/"}},
		} {
			for _, path := range []string{"/use", "/logout", "/use/logout", "/peek/logout"} {
				if got := cookies(path, header); got != nil {
					t.Errorf("%s, %s: %v", name, path, got)
				}
			}
			for _, path := range []string{"/login", "/use/login"} {
				if got := cookies(path, header); len(got) != 1 || !strings.HasPrefix(got[0], "h3=h3s1.") {
					t.Errorf("%s, %s: %v", name, path, got)
				}
			}
		}
		for name, header := range map[string]http.Header{
			"Sec-Fetch-Site": {"Sec-Fetch-Site": {"same-origin"}, "Origin": {server.URL}},
			"Origin":         {"Origin": {server.URL}},
			"Referer":        {"Referer": {server.URL + "/form"}},
			"nothing":        {},
		} {
			for path, begin := range map[string]string{
				"/use": "h3=h3s1.", "/login": "h3=h3s1.", "/use/login": "h3=h3s1.",
				"/logout": "h3=;", "/use/logout": "h3=;", "/peek/logout": "h3=;",
			} {
				if got := cookies(path, header); len(got) != 1 || !strings.HasPrefix(got[0], begin) {
					t.Errorf("%s, %s: %v", name, path, got)
				}
			}
		}
	})
}
