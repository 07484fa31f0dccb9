// Package frameworks_test has the tests of h3s that need modules of others, so that h3s itself
// requires none.
package frameworks_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strconv"
	"testing"

	"h3s"
)

const passwordText = "correct horse battery staple, and more of it"

var password = h3s.NewPassword(passwordText)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// countIn is the count in a session, which it is one more of.
func countIn(s *h3s.Session) (string, error) {
	var count int
	err := s.Get("count", &count)
	return strconv.Itoa(count + 1), errors.Join(err, s.Set("count", count+1))
}

// visit visits an application with a jar of cookies: /count counts, /panic sets "user" and panics,
// and /user says who that is.
func visit(t *testing.T, handler http.Handler) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Jar: must(cookiejar.New(nil))}
	get := func(path string) (int, string) {
		response := must(client.Get(server.URL + path))
		defer response.Body.Close()
		return response.StatusCode, string(must(io.ReadAll(response.Body)))
	}
	for _, want := range []string{"1", "2", "3"} {
		if status, got := get("/count"); status != http.StatusOK || got != want {
			t.Errorf("%d %q, want %s", status, got, want)
		}
	}
	if status, body := get("/panic"); status != http.StatusInternalServerError {
		t.Error(status, body)
	}
	if _, got := get("/user"); got != "kept" {
		t.Errorf("the 500 has no cookie: %q", got)
	}
}

// local makes sessions for plain HTTP, which the tests' servers speak.
func local(t *testing.T) *h3s.Sessions {
	t.Helper()
	return must(h3s.New(h3s.Options{
		Password:    password,
		Development: true,
		OnError:     func(r *http.Request, err error) { t.Errorf("%s: %v", r.URL, err) },
	}))
}
