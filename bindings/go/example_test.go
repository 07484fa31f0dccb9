package h3s_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"h3s"
)

// A server that counts each visitor's visits, and two visits to it.
func Example() {
	sessions, err := h3s.New(h3s.Options{
		// A secret: h3s.NewPassword(os.Getenv("SESSION_PASSWORD")).
		Password: h3s.NewPassword("an example of 32 characters or more"),
		Name:     "__Host-session",
		MaxAge:   7 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err) // names the option at fault
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		var count int
		err := s.Get("count", &count)
		if err == nil {
			err = s.Set("count", count+1)
		}
		if err != nil {
			http.Error(w, err.Error(), h3s.StatusCode(err))
			return
		}
		fmt.Fprintf(w, "visit %d", count+1)
	})
	server := httptest.NewTLSServer(sessions.Handler(mux))
	defer server.Close()

	browser := server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	for range 2 {
		response, err := browser.Get(server.URL)
		if err != nil {
			log.Fatal(err)
		}
		var text [32]byte
		n, _ := response.Body.Read(text[:])
		response.Body.Close()
		fmt.Println(string(text[:n]))
	}
	// Output:
	// visit 1
	// visit 2
}

func ExampleSessions_Use() {
	sessions, err := h3s.New(h3s.Options{Password: h3s.NewPassword("an example of 32 characters or more")})
	if err != nil {
		log.Fatal(err)
	}
	// Without the middleware: open, write, save before the header, close.
	handler := func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Use(r)
		if err != nil {
			http.Error(w, "try again", h3s.StatusCode(err)) // 429 for h3s.ErrBusy
			return
		}
		defer s.Close()
		if err := errors.Join(s.Set("user", "ada"), s.Save(w)); err != nil {
			http.Error(w, "try again", h3s.StatusCode(err))
			return
		}
		fmt.Fprint(w, "hello")
	}
	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequest("GET", "/", nil))
	for _, cookie := range recorder.Result().Cookies() {
		fmt.Println(cookie.Name, cookie.HttpOnly, cookie.Secure)
	}
	fmt.Println(recorder.Header().Get("Vary"))
	// Output:
	// h3 true true
	// Cookie, x-h3-session
}

func ExampleSession_Decode() {
	s := newSession()
	defer s.Close()
	type user struct {
		ID    int      `json:"id"`
		Roles []string `json:"roles"`
	}
	s.Update(user{ID: 42, Roles: []string{"reader"}})

	var u user
	if err := s.Decode(&u); err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.ID, u.Roles, string(s.Find("/roles/0")))
	// Output: 42 [reader] "reader"
}

func ExampleSession_Rotate() {
	s := newSession()
	defer s.Close()
	s.Set("cart", []string{"apple"})
	before := s.ID()

	// At a login.
	s.Rotate()
	s.Set("user", "ada")
	fmt.Println(s.ID() != before, s.Has("cart"))

	// At a logout.
	s.Clear()
	fmt.Println(s.ID() == "", s.Has("user"))
	// Output:
	// true true
	// true false
}

func ExampleSession_Revoke() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	sessions, err := h3s.New(h3s.Options{
		Password:   h3s.NewPassword("an example of 32 characters or more"),
		MaxAge:     7 * 24 * time.Hour,
		Revocation: &h3s.RevocationOptions{File: filepath.Join(folder, "revocations")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sessions.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		_ = errors.Join(s.Rotate(), s.Set("user", "ada"))
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := h3s.FromContext(r.Context()).Revoke(); err != nil {
			http.Error(w, "try again", h3s.StatusCode(err))
		}
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		user, _ := h3s.FromContext(r.Context()).Text("/user")
		fmt.Printf("user: %q\n", user)
	})
	server := httptest.NewTLSServer(sessions.Handler(mux))
	defer server.Close()

	browser, thief := server.Client(), *server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	thief.Jar, _ = cookiejar.New(nil)
	site, _ := url.Parse(server.URL)
	for _, visit := range []func() (*http.Response, error){
		func() (*http.Response, error) { return browser.PostForm(server.URL+"/login", nil) },
		func() (*http.Response, error) {
			thief.Jar.SetCookies(site, browser.Jar.Cookies(site))
			return thief.Get(server.URL)
		},
		func() (*http.Response, error) { return browser.PostForm(server.URL+"/logout", nil) },
		func() (*http.Response, error) { return thief.Get(server.URL) },
	} {
		response, err := visit()
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
	// Output:
	// user: "ada"
	// user: ""
}

func ExampleSession_SetLifetime() {
	sessions, err := h3s.New(h3s.Options{
		Password: h3s.NewPassword("an example of 32 characters or more"),
		MaxAge:   30 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	login := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		// Until the browser is closed, and for a day at most; else as the options have it.
		lifetime := h3s.Lifetime{MaxAge: 24 * time.Hour, EndsWithBrowser: true}
		if r.FormValue("remember") != "" {
			lifetime = h3s.Lifetime{}
		}
		if err := errors.Join(s.Rotate(), s.SetLifetime(lifetime), s.Set("user", "ada")); err != nil {
			http.Error(w, "try again", h3s.StatusCode(err))
			return
		}
		fmt.Println(s.ExpiresAt().Sub(s.CreatedAt()), s.Lifetime().EndsWithBrowser)
	}))
	for _, form := range []string{"user=ada", "user=ada&remember=1"} {
		recorder := httptest.NewRecorder()
		login.ServeHTTP(recorder, httptest.NewRequest("POST", "/login?"+form, nil))
		fmt.Println("Max-Age:", recorder.Result().Cookies()[0].MaxAge)
	}
	// Output:
	// 24h0m0s true
	// Max-Age: 0
	// 720h0m0s false
	// Max-Age: 2592000
}

func ExampleSessions_Unseal() {
	sessions, err := h3s.New(h3s.Options{Password: h3s.NewPassword("an example of 32 characters or more")})
	if err != nil {
		log.Fatal(err)
	}
	_, err = sessions.Unseal("h3s1..forged")
	var e *h3s.Error
	if errors.As(err, &e) {
		fmt.Println(e.Rejection)
	}
	fmt.Println(errors.Is(err, h3s.ErrRejected), errors.Is(err, h3s.ErrExpired))
	// Output:
	// malformed
	// true false
}

func ExampleOptionsFromJSON() {
	// The file that services in other languages read as well.
	options, err := h3s.OptionsFromJSON([]byte(`{"name": "__Host-session", "maxAge": 604800, "cookie": {"sameSite": "strict"}}`))
	if err != nil {
		log.Fatal(err)
	}
	options.Password = h3s.NewPassword("an example of 32 characters or more")
	fmt.Println(options.Name, options.MaxAge)

	_, err = h3s.OptionsFromJSON([]byte(`{"maxage": 604800}`))
	fmt.Println(err)
	// Output:
	// __Host-session 168h0m0s
	// h3s: maxage: there is no such option; did you mean maxAge?
}

func ExampleOptions_SharedJSON() {
	options := h3s.Options{
		Passwords: []h3s.NamedPassword{
			{ID: "k2", Password: h3s.NewPassword("the new password, 32 characters or more")},
			{ID: "k1", Password: h3s.NewPassword("the old password, 32 characters or more")},
		},
		MaxAge: time.Hour,
	}
	text, err := options.SharedJSON()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(string(text), `,"`, ",\n\""))
	// Output:
	// {"password":{"k2":"the new password, 32 characters or more",
	// "k1":"the old password, 32 characters or more"},
	// "maxAge":3600}
}

func ExampleNew() {
	_, err := h3s.New(h3s.Options{
		Password: h3s.NewPassword("an example of 32 characters or more"),
		Cookie:   h3s.CookieOptions{SameSite: http.SameSiteNoneMode, DisableSecure: true},
	})
	var wrong *h3s.Error
	if errors.As(err, &wrong) {
		fmt.Println(errors.Is(wrong, h3s.ErrConfig), wrong.Key)
	}
	// Output: true cookie.sameSite
}

func newSession() *h3s.Session {
	sessions, err := h3s.New(h3s.Options{Password: h3s.NewPassword("an example of 32 characters or more")})
	if err != nil {
		log.Fatal(err)
	}
	s, err := sessions.Use(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		log.Fatal(err)
	}
	return s
}
