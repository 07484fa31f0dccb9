package h3s_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"h3s"
)

// serve answers one request through the middleware, over loopback, by HTTP/1.1 or HTTP/2, and gives
// the response with its body read.
func serve(t *testing.T, protocol int, options h3s.Options, handler http.HandlerFunc, prepare ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	server, _ := start(t, protocol, options, handler)
	r := must(http.NewRequest("GET", server.URL, nil))
	for _, f := range prepare {
		f(r)
	}
	response := must(server.Client().Do(r))
	defer response.Body.Close()
	if response.ProtoMajor != protocol {
		t.Fatal(response.Proto)
	}
	body, err := io.ReadAll(response.Body)
	check(t, err)
	return response, string(body)
}

func start(t *testing.T, protocol int, options h3s.Options, handler http.Handler) (*httptest.Server, *h3s.Sessions) {
	t.Helper()
	if options.Password.IsZero() && options.Passwords == nil {
		options.Password = password
	}
	if options.OnError == nil {
		options.OnError = func(r *http.Request, err error) { t.Errorf("%s: %v", r.URL, err) }
	}
	sessions := must(h3s.New(options))
	server := httptest.NewUnstartedServer(sessions.Handler(handler))
	server.EnableHTTP2 = protocol == 2
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, sessions
}

func protocols(t *testing.T, test func(t *testing.T, protocol int)) {
	for _, protocol := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP/%d", protocol), func(t *testing.T) { test(t, protocol) })
	}
}

func TestTheCookieGoesOutHoweverTheHeaderDoes(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		for name, respond := range map[string]func(w http.ResponseWriter){
			"not at all":         func(http.ResponseWriter) {},
			"WriteHeader":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
			"Write":              func(w http.ResponseWriter) { w.Write([]byte("x")) },
			"Write of nothing":   func(w http.ResponseWriter) { w.Write(nil) },
			"WriteString":        func(w http.ResponseWriter) { io.WriteString(w, "x") },
			"Fprint":             func(w http.ResponseWriter) { fmt.Fprint(w, "x") },
			"Copy":               func(w http.ResponseWriter) { io.Copy(w, strings.NewReader("x")) },
			"ReadFrom":           func(w http.ResponseWriter) { io.Copy(w, struct{ io.Reader }{strings.NewReader("x")}) },
			"Flush":              func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
			"a controlled Flush": func(w http.ResponseWriter) { check(t, http.NewResponseController(w).Flush()) },
			"an error":           func(w http.ResponseWriter) { http.Error(w, "no", http.StatusInternalServerError) },
			"not found":          func(w http.ResponseWriter) { http.NotFound(w, httptest.NewRequest("GET", "/", nil)) },
			"a redirect": func(w http.ResponseWriter) {
				w.Header().Set("Location", "https://127.0.0.1:1/")
				w.WriteHeader(http.StatusUnauthorized)
			},
			"no content":   func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
			"early hints":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); w.WriteHeader(http.StatusOK) },
			"not modified": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotModified) },
		} {
			t.Run(name, func(t *testing.T) {
				response, _ := serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
					if name == "early hints" {
						w.WriteHeader(http.StatusEarlyHints)
					}
					check(t, h3s.FromContext(r.Context()).Set("a", 1))
					respond(w)
				})
				if cookies := response.Header["Set-Cookie"]; len(cookies) != 1 || !strings.HasPrefix(cookies[0], "h3=h3s1.") {
					t.Error("Set-Cookie:", cookies)
				}
				if response.Header.Get("Cache-Control") != "private" || response.Header.Get("Vary") != "Cookie, x-h3-session" {
					t.Error(response.Header)
				}
			})
		}
	})
}

func TestASessionIsThereWhateverTouchesItFirst(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Update(map[string]any{"user": "Ada", "a/b~c": 7, "": []int{1}}))
	brought, id := next(t, s), s.ID()
	get := func(s *h3s.Session, key string) string {
		var v any
		check(t, s.Get(key, &v))
		return fmt.Sprint(v)
	}
	for what, c := range map[string]struct {
		first func(s *h3s.Session) string
		want  string
	}{
		"Get":               {func(s *h3s.Session) string { return get(s, "user") }, "Ada"},
		"Get in a slash":    {func(s *h3s.Session) string { return get(s, "a/b~c") }, "7"},
		"Get of no name":    {func(s *h3s.Session) string { return get(s, "") }, "[1]"},
		"Get of what's not": {func(s *h3s.Session) string { return get(s, "nobody") }, "<nil>"},
		"Has":               {func(s *h3s.Session) string { return fmt.Sprint(s.Has("user"), s.Has("nobody")) }, "true false"},
		"Has not":           {func(s *h3s.Session) string { return fmt.Sprint(s.Has("nobody"), s.Has("user")) }, "false true"},
		"Find":              {func(s *h3s.Session) string { return string(s.Find("/user")) }, `"Ada"`},
		"Find of all":       {func(s *h3s.Session) string { return string(s.Find("")) }, `{"":[1],"a/b~c":7,"user":"Ada"}`},
		"Text":              {func(s *h3s.Session) string { text, _ := s.Text("/user"); return text }, "Ada"},
		"ID":                {func(s *h3s.Session) string { return s.ID() }, id},
		"Err":               {func(s *h3s.Session) string { return fmt.Sprint(s.Err()) }, "<nil>"},
	} {
		handler := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s := h3s.FromContext(r.Context())
			if got := c.first(s); got != c.want {
				t.Errorf("%s: %s, want %s", what, got, c.want)
			}
			if s.ID() != id || s.IsNew() || s.Source() != h3s.SourceCookie || get(s, "user") != "Ada" {
				t.Errorf("after %s: %s", what, s.Find(""))
			}
		}))
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, brought); w.Header().Get("Vary") == "" {
			t.Error(what, "leaves no Vary")
		}
	}
}

func TestASessionThatNobodyTouchesLeavesNoTrace(t *testing.T) {
	response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x") },
		func(r *http.Request) { r.Header.Set("Cookie", "h3=forged") })
	for _, name := range []string{"Set-Cookie", "Vary", "Cache-Control"} {
		if response.Header[name] != nil {
			t.Error(name, response.Header[name])
		}
	}
}

func TestASessionThatIsOnlyReadSetsNoCookieButVaries(t *testing.T) {
	response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Encoding, COOKIE")
		if h3s.FromContext(r.Context()).Has("user") {
			t.Error("who?")
		}
	}, func(r *http.Request) { r.Header.Set("Cookie", "h3=forged") })
	if response.Header["Set-Cookie"] != nil || response.Header["Cache-Control"] != nil {
		t.Error(response.Header)
	}
	if vary := strings.Join(response.Header["Vary"], ", "); vary != "Accept-Encoding, COOKIE, x-h3-session" {
		t.Error(vary)
	}
}

func TestAReadSetsTheCookieWhenItIsDueToSlideOrToRefresh(t *testing.T) {
	clock := newClock()
	var mu sync.Mutex
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock.Now() }
	read := func(w http.ResponseWriter, r *http.Request) { h3s.FromContext(r.Context()).Has("user") }
	options := h3s.Options{Password: password, IdleTimeout: time.Hour, Now: now}
	_, s := open(t, options)
	check(t, s.Set("user", 1))
	cookie := next(t, s).Header.Get("Cookie")
	with := func(r *http.Request) { r.Header.Set("Cookie", cookie) }

	if response, _ := serve(t, 1, options, read, with); response.Header["Set-Cookie"] != nil {
		t.Error("too early to slide")
	}
	rotated := options
	rotated.Password, rotated.Passwords = h3s.Password{}, []h3s.NamedPassword{{ID: "k2", Password: h3s.NewPassword("another " + passwordText)}, {ID: "default", Password: password}}
	if response, _ := serve(t, 1, rotated, read, with); !strings.HasPrefix(response.Header.Get("Set-Cookie"), "h3=h3s1.k2.") {
		t.Error("not under today's password")
	}
	clock.forward(31 * time.Minute)
	if response, _ := serve(t, 1, options, read, with); response.Header["Set-Cookie"] == nil {
		t.Error("it does not slide")
	}
}

func TestNoSharedCacheMayStoreTheCookie(t *testing.T) {
	for said, want := range map[string]string{
		"":                         "private",
		"public, max-age=60":       "private, max-age=60",
		"s-maxage=60":              "private",
		"no-store":                 "private, no-store",
		"PUBLIC, No-Store":         "private, No-Store",
		"private, no-store":        "private, no-store",
		"stale-if-error=60":        "private, stale-if-error=60",
		"Public , S-MaxAge = 60":   "private",
		`x="a\", public, b"`:       `private, x="a\", public, b"`,
		`no-cache="a", public`:     `private, no-cache="a"`,
		`x="a, public`:             `private, x="a, public`,
		`private="Set-Cookie, X"`:  "private",
		`no-cache="a, public"`:     `private, no-cache="a, public"`,
		"private, must-revalidate": "private, must-revalidate",
		"max-age=0,,no-cache":      "private, max-age=0, no-cache",
	} {
		response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
			if said != "" {
				w.Header().Set("Cache-Control", said)
			}
			check(t, h3s.FromContext(r.Context()).Set("a", 1))
		})
		if got := response.Header["Cache-Control"]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", said, got, want)
		}
	}
	// Certain caches heed these in its place.
	targeted := []string{
		"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Netlify-CDN-Cache-Control", "Any-CDN-Cache-Control",
		"X-LiteSpeed-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires",
	}
	response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "*")
		for _, name := range targeted {
			w.Header().Set(name, "max-age=60")
		}
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
	})
	if vary := response.Header["Vary"]; len(vary) != 1 || vary[0] != "*" {
		t.Error(vary)
	}
	for _, name := range targeted {
		if response.Header.Get(name) != "" {
			t.Error(response.Header)
		}
	}
}

// net/http sends a name as it stands in the map, and caches know it however it is written.
func TestHeadersThatAreNotCanonicalAreFound(t *testing.T) {
	response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["cache-control"] = []string{"public, max-age=60"}
		w.Header()["CDN-cache-control"] = []string{"max-age=60"}
		w.Header()["surrogate-control"] = []string{"max-age=60"}
		w.Header()["vary"] = []string{"cookie"}
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
	})
	cacheControl, vary := response.Header["Cache-Control"], strings.Join(response.Header["Vary"], ", ")
	if len(cacheControl) != 1 || cacheControl[0] != "private, max-age=60" || vary != "cookie, x-h3-session" && vary != "x-h3-session, cookie" {
		t.Error(response.Header)
	}
	if response.Header["Cdn-Cache-Control"] != nil || response.Header["Surrogate-Control"] != nil {
		t.Error(response.Header)
	}
}

// Slices of the application's that stand in each response, with room behind them.
func TestNoVisitorsCookieGetsIntoAnothersResponse(t *testing.T) {
	constant := http.Header{}
	for _, name := range []string{"Set-Cookie", "Vary", "Cache-Control"} {
		constant[name] = append(make([]string, 0, 8), "x=1")
	}
	sessions := must(h3s.New(h3s.Options{Password: password}))
	handler := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), constant)
		s := h3s.FromContext(r.Context())
		check(t, s.Set("a", 1))
		check(t, s.Save(w))
		held := w.Header()["Set-Cookie"]
		kept := slices.Clone(held)
		check(t, s.Set("b", 2))
		check(t, s.Save(w)) // takes the place of what was saved
		if !slices.Equal(held, kept) {
			t.Error("a slice that somebody may hold was written:", held)
		}
	}))
	first, second := httptest.NewRecorder(), httptest.NewRecorder()
	handler.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	before := first.Header().Clone()
	handler.ServeHTTP(second, httptest.NewRequest("GET", "/", nil))
	if !reflect.DeepEqual(first.Header(), before) || len(before["Set-Cookie"]) != 2 || before["Set-Cookie"][1] == second.Header()["Set-Cookie"][1] {
		t.Error("the first response changed with the second:", first.Header(), before)
	}
	for name, lines := range constant {
		if len(lines) != 1 || lines[0] != "x=1" || strings.Join(lines[:8], "") != "x=1" {
			t.Error("the application's own slice was written:", name, lines[:8])
		}
	}
}

func TestAPanickingHandlersResponseKeepsItsCookie(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	recovering := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					http.Error(w, "sorry", http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	panicking := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
		panic("as some handlers do")
	})
	for name, handler := range map[string]http.Handler{
		"recovered outside": recovering(sessions.Handler(panicking)),
		"recovered inside":  sessions.Handler(recovering(panicking)),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			response := must(http.Get(server.URL))
			response.Body.Close()
			if response.StatusCode != http.StatusInternalServerError || len(response.Header["Set-Cookie"]) != 1 {
				t.Error(response.Status, response.Header)
			}
		})
	}
}

func TestWhatIsWrittenAfterTheHeaderIsReportedAndSetsNoCookie(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		var reported []error
		onError := func(r *http.Request, err error) {
			reported = append(reported, err)
			if h3s.FromContext(r.Context()).LogID() == "" {
				t.Error("whose session was it?")
			}
		}
		response, body := serve(t, protocol, h3s.Options{OnError: onError},
			func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "begun")
				check(t, http.NewResponseController(w).Flush())
				check(t, h3s.FromContext(r.Context()).Set("a", 1))
				fmt.Fprint(w, ", done")
			})
		if response.Header["Set-Cookie"] != nil || response.Trailer["Set-Cookie"] != nil || body != "begun, done" {
			t.Error(response.Header, response.Trailer, body)
		}
		if len(reported) != 1 || !errors.Is(reported[0], h3s.ErrHeaderSent) {
			t.Error(reported)
		}
	})
}

func TestSaveIsToldThatTheHeaderHasGone(t *testing.T) {
	serve(t, 1, h3s.Options{OnError: func(*http.Request, error) {}}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		s := h3s.FromContext(r.Context())
		check(t, s.Set("a", 1))
		if err := s.Save(w); !errors.Is(err, h3s.ErrHeaderSent) {
			t.Error(err)
		}
	})
}

func TestAReadAfterTheHeaderHasLostNothing(t *testing.T) {
	clock := newClock()
	options := h3s.Options{Password: password, IdleTimeout: time.Hour, Now: clock.Now}
	_, s := open(t, options)
	check(t, s.Set("user", 1))
	clock.forward(31 * time.Minute) // due to slide
	serve(t, 1, options, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "x")
		if !h3s.FromContext(r.Context()).Has("user") {
			t.Error("not the session")
		}
	}, func(r *http.Request) { r.Header.Set("Cookie", next(t, s).Header.Get("Cookie")) })
}

func TestATokenMaySealedAfterTheHeaderInASessionOfHeadersOnly(t *testing.T) {
	_, body := serve(t, 1, h3s.Options{DisableCookie: true}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		s := h3s.FromContext(r.Context())
		check(t, s.Set("a", 1))
		fmt.Fprint(w, must(s.Seal()))
	})
	if s := must(must(h3s.New(h3s.Options{Password: password})).Unseal(body)); !s.Has("a") {
		t.Error(body)
	}
}

func TestTheMiddlewareTwiceIsTheMiddlewareOnce(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	w := httptest.NewRecorder()
	inner := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if !h3s.FromContext(r.Context()).Has("outer") {
			t.Error("another session")
		}
	}))
	sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("outer", 1))
		inner.ServeHTTP(w, r)
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if len(w.Header()["Set-Cookie"]) != 1 {
		t.Error(w.Header())
	}
}

func TestAContextThatOutlivedItsRequestGetsANewSession(t *testing.T) {
	var kept context.Context
	handler := must(h3s.New(h3s.Options{Password: password})).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		kept = r.Context()
		check(t, h3s.FromContext(kept).Err())
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(kept))
}

func TestUploadedFilesAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	server, _ := start(t, 1, h3s.Options{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		check(t, r.ParseMultipartForm(1))
		if len(must(os.ReadDir(os.Getenv("TMPDIR")))) != 1 {
			t.Error("too small to need a file")
		}
	}))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(must(form.CreateFormFile("f", "f.bin")).Write(make([]byte, 11<<20)))
	check(t, form.Close())
	must(server.Client().Post(server.URL, form.FormDataContentType(), &body)).Body.Close()
	server.Close()
	if left := must(os.ReadDir(os.Getenv("TMPDIR"))); len(left) > 0 {
		t.Error(left)
	}
}

func TestTheMiddlewaresOutsideSeeTheRouteAndTheForm(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{id}/{rest...}", func(_ http.ResponseWriter, r *http.Request) {
		check(t, r.ParseForm())
		if r.PathValue("fail") != "" {
			t.Error("there is none")
		}
	})
	mux.HandleFunc("/panic/{$}", func(http.ResponseWriter, *http.Request) { panic("as some handlers do") })
	users := must(h3s.New(h3s.Options{Password: password, Name: "user"}))
	admins := must(h3s.New(h3s.Options{Password: password, Name: "admin"}))
	handler := users.Handler(admins.Handler(mux))

	outside := httptest.NewRequest("POST", "/users/42/a/b", strings.NewReader("name=ada"))
	outside.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	handler.ServeHTTP(httptest.NewRecorder(), outside)
	if outside.Pattern != "POST /users/{id}/{rest...}" || outside.PathValue("id") != "42" || outside.PathValue("rest") != "a/b" {
		t.Errorf("pattern %q, id %q, rest %q", outside.Pattern, outside.PathValue("id"), outside.PathValue("rest"))
	}
	if outside.PostForm.Get("name") != "ada" || outside.Form.Get("name") != "ada" {
		t.Error(outside.PostForm, outside.Form)
	}
	if h3s.FromContext(outside.Context()) != nil {
		t.Error("a session outside of its handler")
	}

	outside = httptest.NewRequest("GET", "/panic/", nil)
	func() {
		defer func() { _ = recover() }()
		handler.ServeHTTP(httptest.NewRecorder(), outside)
	}()
	if outside.Pattern != "/panic/{$}" {
		t.Errorf("pattern %q", outside.Pattern)
	}
}

func TestTwoKindsOfSessionsLiveSideBySide(t *testing.T) {
	users := must(h3s.New(h3s.Options{Password: password, Name: "user"}))
	admins := must(h3s.New(h3s.Options{Password: password, Name: "admin"}))
	w := httptest.NewRecorder()
	users.Handler(admins.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, admin := users.FromContext(r.Context()), admins.FromContext(r.Context())
		if user == admin || h3s.FromContext(r.Context()) != admin {
			t.Error("mixed up")
		}
		check(t, user.Set("a", 1))
		check(t, admin.Set("b", 2))
	}))).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	names := []string{}
	for _, cookie := range w.Result().Cookies() {
		names = append(names, cookie.Name)
	}
	if len(names) != 2 || names[0] == names[1] || strings.Join(w.Header()["Vary"], ", ") != "Cookie, x-admin-session, x-user-session" {
		t.Error(names, w.Header())
	}
}

func TestATokenComesAsABearer(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		options := h3s.Options{Password: password, Name: "__Host-session", Header: "authorization"}
		_, s := open(t, options)
		check(t, s.Set("user", "ada"))
		token := must(s.Seal())
		for value, want := range map[string]string{"Bearer " + token: "ada", "bearer " + token: "ada", token: "ada", "Basic YTpi": "", "Bearer": "", "": ""} {
			response, user := serve(t, protocol, options, func(w http.ResponseWriter, r *http.Request) {
				user, _ := h3s.FromContext(r.Context()).Text("/user")
				fmt.Fprint(w, user)
			}, func(r *http.Request) { r.Header.Set("Authorization", value) })
			if user != want || response.Header.Get("Vary") != "Cookie, authorization" {
				t.Errorf("%.12s: %q, %v", value, user, response.Header)
			}
		}
	})
}

func TestSeveralCookieLinesOfARealRequestAreOneHeader(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		_, s := open(t, h3s.Options{})
		check(t, s.Set("user", "ada"))
		mine := next(t, s).Header.Get("Cookie")
		for _, lines := range [][]string{{"theme=dark", mine}, {mine, "theme=dark"}, {"a=1", "b=2; c=3", mine, "d=4"}} {
			_, user := serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
				user, _ := h3s.FromContext(r.Context()).Text("/user")
				fmt.Fprint(w, user)
			}, func(r *http.Request) { r.Header["Cookie"] = lines })
			if user != "ada" {
				t.Errorf("%d lines: %q", len(lines), user)
			}
		}
	})
}

func TestWhatIsStrippedInTheHandlerStillOpens(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("a", 1))
	w := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sessions.Strip(r)
		if !h3s.FromContext(r.Context()).Has("a") || r.Header["Cookie"] != nil {
			t.Error(r.Header)
		}
	})).ServeHTTP(w, next(t, s))
}

func TestAGoroutineThatOutlivesItsRequestGetsAnError(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	var touched, untouched *h3s.Session
	handler := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		untouched, touched = touched, h3s.FromContext(r.Context())
		if r.URL.Path == "/touched" {
			touched.ID()
		}
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/touched", nil))
	for _, s := range []*h3s.Session{touched, untouched} {
		if err := s.Set("a", 1); !errors.Is(err, h3s.ErrClosed) {
			t.Error(err)
		}
	}
}
