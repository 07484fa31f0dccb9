package h3s_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"h3s"
)

// serve answers one request through the middleware, over loopback, by HTTP/1.1 or HTTP/2, and gives the response with its body read.
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
	if options.Password == "" && options.Passwords == nil {
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
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock.now }
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
	rotated.Password, rotated.Passwords = "", []h3s.NamedPassword{{ID: "k2", Password: "another " + password}, {ID: "default", Password: password}}
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
		"no-store":                 "no-store",
		"PUBLIC, No-Store":         "No-Store",
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
	response, _ := serve(t, 1, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "*")
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
	})
	if vary := response.Header["Vary"]; len(vary) != 1 || vary[0] != "*" {
		t.Error(vary)
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

func TestTheServersLogIsToldWhereThereIsNoOnError(t *testing.T) {
	logged := make(chan string, 10)
	sessions := must(h3s.New(h3s.Options{Password: password}))
	server := httptest.NewUnstartedServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "x")
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
	})))
	server.Config.ErrorLog = logger(logged)
	server.Start()
	defer server.Close()
	must(http.Get(server.URL)).Body.Close()
	server.Close()
	if line := <-logged; !strings.Contains(line, h3s.ErrHeaderSent.Error()) {
		t.Error(line)
	}
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

func TestAResponseStreamsWithoutBuffering(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		received := make(chan struct{})
		server, _ := start(t, protocol, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Set("a", 1))
			for i := range 3 {
				fmt.Fprintf(w, "part %d\n", i)
				w.(http.Flusher).Flush()
				// It has to reach the client before the next is written.
				select {
				case <-received:
				case <-time.After(10 * time.Second):
					t.Error("the client has received nothing")
					return
				}
			}
		}))
		response := must(server.Client().Get(server.URL))
		defer response.Body.Close()
		if len(response.Header["Set-Cookie"]) != 1 {
			t.Error(response.Header)
		}
		lines := bufio.NewScanner(response.Body)
		for i := range 3 {
			if !lines.Scan() || lines.Text() != fmt.Sprintf("part %d", i) {
				t.Fatal(lines.Text(), lines.Err())
			}
			received <- struct{}{}
		}
	})
}

func TestAHijackedConnectionIsTheHandlers(t *testing.T) {
	reported := make(chan string, 2)
	server, _ := start(t, 1, h3s.Options{OnError: func(r *http.Request, err error) { reported <- fmt.Sprint(r.URL, ": ", err) }},
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := h3s.FromContext(r.Context())
			check(t, s.Set("a", 1))
			header := ""
			if r.URL.Path == "/kept" {
				// As a WebSocket library is given them.
				header = "Set-Cookie: " + must(s.SetCookies())[0] + "\r\n"
			}
			conn, buffer, err := w.(http.Hijacker).Hijack()
			check(t, err)
			defer conn.Close()
			fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nConnection: close\r\n%s\r\nby hand", header)
			check(t, buffer.Flush())
		}))
	for i, path := range []string{"/kept", "/lost"} {
		response := must(server.Client().Get(server.URL + path))
		body := string(must(io.ReadAll(response.Body)))
		response.Body.Close()
		if body != "by hand" || len(response.Header["Set-Cookie"]) != 1-i {
			t.Error(path, body, response.Header)
		}
	}
	if got, want := <-reported, fmt.Sprint("/lost: ", h3s.ErrHeaderSent); got != want {
		t.Errorf("reported %q, want %q", got, want)
	}
}

func TestAnUpgradeCarriesTheCookie(t *testing.T) {
	server, _ := start(t, 1, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffer, err := http.NewResponseController(w).Hijack()
		check(t, err)
		defer conn.Close()
		line, err := buffer.ReadString('\n')
		check(t, err)
		fmt.Fprint(conn, line)
	}))
	r := must(http.NewRequest("GET", server.URL, nil))
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	response := must(server.Client().Do(r))
	defer response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols || len(response.Header["Set-Cookie"]) != 1 {
		t.Error(response.Status, response.Header)
	}
	conn := response.Body.(io.ReadWriter)
	fmt.Fprintln(conn, "hello")
	if line := must(bufio.NewReader(conn).ReadString('\n')); line != "hello\n" {
		t.Error(line)
	}
}

func TestTheWriterCanWhatTheServersCan(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
			_, flushes := w.(http.Flusher)
			_, hijacks := w.(http.Hijacker)
			pusher, pushes := w.(http.Pusher)
			_, readsFrom := w.(io.ReaderFrom)
			if !flushes || hijacks != (protocol == 1) || pushes != (protocol == 2) || !readsFrom {
				t.Error(flushes, hijacks, pushes, readsFrom)
			}
			if pushes {
				// Go's client does not accept any, which is the client's own answer.
				if err := pusher.Push("/style.css", nil); !errors.Is(err, http.ErrNotSupported) {
					t.Error(err)
				}
			}
			controller := http.NewResponseController(w)
			check(t, controller.SetReadDeadline(time.Now().Add(time.Minute)))
			check(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
			if protocol == 2 {
				if _, _, err := controller.Hijack(); !errors.Is(err, http.ErrNotSupported) {
					t.Error(err)
				}
			}
		})
	})
}

// Every set of optional interfaces, since handlers ask for their presence.
func TestNoInterfaceIsInvented(t *testing.T) {
	type f struct{ http.Flusher }
	type h struct{ http.Hijacker }
	type p struct{ http.Pusher }
	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	recorder := httptest.NewRecorder()
	for want, w := range map[string]http.ResponseWriter{
		"": plain,
		"F": struct {
			http.ResponseWriter
			f
		}{plain, f{recorder}},
		"H": struct {
			http.ResponseWriter
			h
		}{plain, h{}},
		"P": struct {
			http.ResponseWriter
			p
		}{plain, p{}},
		"FH": struct {
			http.ResponseWriter
			f
			h
		}{plain, f{recorder}, h{}},
		"FP": struct {
			http.ResponseWriter
			f
			p
		}{plain, f{recorder}, p{}},
		"HP": struct {
			http.ResponseWriter
			h
			p
		}{plain, h{}, p{}},
		"FHP": struct {
			http.ResponseWriter
			f
			h
			p
		}{plain, f{recorder}, h{}, p{}},
	} {
		got := ""
		must(h3s.New(h3s.Options{Password: password})).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, ok := w.(http.Flusher); ok {
				got += "F"
			}
			if _, ok := w.(http.Hijacker); ok {
				got += "H"
			}
			if _, ok := w.(http.Pusher); ok {
				got += "P"
			}
			if err := http.NewResponseController(w).Flush(); (err == nil) != strings.Contains(want, "F") {
				t.Error(want, err)
			}
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFileIsServedWithItsCookie(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	check(t, os.WriteFile(name, []byte(content), 0o600))
	protocols(t, func(t *testing.T, protocol int) {
		response, body := serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Set("a", 1))
			http.ServeFile(w, r, name)
		})
		if body != content || len(response.Header["Set-Cookie"]) != 1 {
			t.Error(len(body), response.Header)
		}
	})
}

func TestAClientThatLeavesIsNoticed(t *testing.T) {
	began, noticed := make(chan struct{}), make(chan struct{})
	server, _ := start(t, 1, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone := w.(interface{ CloseNotify() <-chan bool }).CloseNotify()
		close(began)
		<-gone
		close(noticed)
	}))
	conn := must(net.Dial("tcp", server.Listener.Addr().String()))
	tls := tlsClient(server, conn)
	fmt.Fprint(tls, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-began
	conn.Close()
	select {
	case <-noticed:
	case <-time.After(10 * time.Second):
		t.Error("the handler was not told")
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
