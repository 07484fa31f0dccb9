package h3s_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"h3s"
)

// What the application tells of a session.
type told struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
	User  string `json:"user"`
	Big   string `json:"big"`
}

// application is a small one as people write them, with nothing but net/http and the middleware.
func application() http.Handler {
	mux := http.NewServeMux()
	tell := func(w http.ResponseWriter, s *h3s.Session) {
		all := told{ID: s.ID()}
		if err := s.Decode(&all); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(all)
	}
	mux.HandleFunc("/look", func(w http.ResponseWriter, r *http.Request) { tell(w, h3s.FromContext(r.Context())) })
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		var count int
		if s.Get("count", &count) == nil && s.Set("count", count+1) == nil {
			tell(w, s)
		}
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		if s.Rotate() == nil && s.Set("user", r.FormValue("user")) == nil {
			http.Redirect(w, r, "/look", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if h3s.FromContext(r.Context()).Clear() == nil {
			http.Redirect(w, r, "/look", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("POST /big", func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		length, _ := strconv.Atoi(r.FormValue("length"))
		if err := s.Set("big", strings.Repeat("0123456789", length/10)); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		tell(w, s)
	})
	return mux
}

// A browser is a client with a jar of cookies.
type browser struct {
	t      *testing.T
	client *http.Client
	server string
}

func newBrowser(t *testing.T, server *httptest.Server) *browser {
	client := *server.Client()
	client.Jar = must(cookiejar.New(nil))
	return &browser{t, &client, server.URL}
}

func (b *browser) get(path string) told { return b.read(b.client.Get(b.server + path)) }

func (b *browser) post(path string, form ...string) told {
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return b.read(b.client.PostForm(b.server+path, values))
}

func (b *browser) read(response *http.Response, err error) (got told) {
	b.t.Helper()
	check(b.t, err)
	defer response.Body.Close()
	body := must(io.ReadAll(response.Body))
	if response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", response.Status, body)
	}
	check(b.t, json.Unmarshal(body, &got))
	return got
}

func (b *browser) cookies() []*http.Cookie { return b.client.Jar.Cookies(must(url.Parse(b.server))) }

func TestABrowserLogsInCountsAndLogsOut(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		server, _ := start(t, protocol, h3s.Options{Name: "__Host-session", MaxAge: time.Hour}, application())
		b := newBrowser(t, server)
		if got := b.get("/look"); got.ID == "" || len(b.cookies()) != 0 {
			t.Error("a look sets a cookie", got, b.cookies())
		}
		first := b.get("/count")
		if second := b.get("/count"); second.ID != first.ID || second.Count != 2 {
			t.Error(first, second)
		}
		login := b.post("/login", "user", "Zoë")
		if login.User != "Zoë" || login.Count != 2 || login.ID == first.ID {
			t.Error("the login has to keep the data under a new id:", login)
		}
		kept := b.cookies()
		if got := b.post("/logout"); got.User != "" || got.Count != 0 || got.ID == login.ID || len(b.cookies()) != 0 {
			t.Error(got, b.cookies())
		}
		// Another visitor is another session.
		if got := newBrowser(t, server).get("/count"); got.ID == login.ID || got.Count != 1 {
			t.Error(got)
		}
		if len(kept) != 1 || kept[0].Name != "__Host-session" {
			t.Error(kept)
		}
	})
}

func TestALargeSessionTravelsInSeveralCookiesAndShrinksAgain(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		server, _ := start(t, protocol, h3s.Options{Cookie: h3s.CookieOptions{MaxChunks: 10}}, application())
		b := newBrowser(t, server)
		big := b.post("/big", "length", "20000")
		if len(big.Big) != 20000 || len(b.cookies()) < 5 {
			t.Fatal(len(big.Big), len(b.cookies()))
		}
		if got := b.get("/count"); got.ID != big.ID || got.Big != big.Big || got.Count != 1 {
			t.Error("not the same session")
		}
		small := b.post("/big", "length", "0")
		if got := b.get("/look"); got.ID != small.ID || got.Big != "" || got.Count != 1 || len(b.cookies()) != 1 {
			t.Error(got, len(b.cookies()))
		}
	})
}

func TestASessionTooLargeIsAnErrorAndKeepsTheFormerOne(t *testing.T) {
	server, _ := start(t, 1, h3s.Options{Cookie: h3s.CookieOptions{MaxChunks: 1}}, application())
	b := newBrowser(t, server)
	before := b.get("/count")
	response := must(b.client.PostForm(b.server+"/big", url.Values{"length": {"20000"}}))
	response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(response.Status)
	}
	if got := b.get("/count"); got.ID != before.ID || got.Count != 2 {
		t.Error(got)
	}
}

func TestASessionEndsAtItsMaxAgeOrWhenIdle(t *testing.T) {
	var now atomic.Int64
	now.Store(1_750_000_000_000)
	forward := func(by time.Duration) { now.Add(by.Milliseconds()) }
	server, _ := start(t, 1, h3s.Options{
		MaxAge:      time.Hour,
		IdleTimeout: 20 * time.Minute,
		// Browsers have their own clock; what ends here is the session.
		Cookie: h3s.CookieOptions{MaxAge: 365 * 24 * time.Hour},
		Now:    func() time.Time { return time.UnixMilli(now.Load()) },
	}, application())

	b := newBrowser(t, server)
	first := b.get("/count")
	for range 5 {
		forward(12 * time.Minute)
		if got := b.get("/look"); got.ID != first.ID {
			t.Fatal("reads do not slide it")
		}
	}
	forward(time.Millisecond)
	if got := b.get("/look"); got.ID == first.ID || got.Count != 0 {
		t.Error("an hour is over")
	}

	second := b.get("/count")
	forward(20*time.Minute + time.Millisecond)
	if got := b.get("/look"); got.ID == second.ID || got.Count != 0 {
		t.Error("it was idle")
	}
}

func TestAPasswordIsChangedWithoutLoggingAnybodyOut(t *testing.T) {
	var current atomic.Pointer[http.Handler]
	use := func(passwords ...h3s.NamedPassword) {
		handler := must(h3s.New(h3s.Options{Passwords: passwords})).Handler(application())
		current.Store(&handler)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load()).ServeHTTP(w, r) }))
	defer server.Close()
	older := h3s.NamedPassword{ID: "k1", Password: h3s.NewPassword("the old password, 32 characters or more")}
	newer := h3s.NamedPassword{ID: "k2", Password: h3s.NewPassword("the new password, 32 characters or more")}

	use(older)
	active, away := newBrowser(t, server), newBrowser(t, server)
	first, lost := active.get("/count"), away.get("/count")
	use(newer, older)
	if got := active.get("/look"); got.ID != first.ID || !strings.Contains(active.cookies()[0].Value, ".k2.") {
		t.Error("a read seals it under the new password:", got, active.cookies())
	}
	use(newer)
	if got := active.get("/count"); got.ID != first.ID || got.Count != 2 {
		t.Error(got)
	}
	if got := away.get("/look"); got.ID == lost.ID {
		t.Error("under a password that is no more")
	}
}

func TestManyVisitorsAtOnceKeepTheirOwnSessions(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		server, _ := start(t, protocol, h3s.Options{}, application())
		var visitors sync.WaitGroup
		for visitor := range 64 {
			visitors.Go(func() {
				b := newBrowser(t, server)
				user := fmt.Sprint("user", visitor)
				b.post("/login", "user", user)
				id := ""
				for visit := 1; visit <= 20; visit++ {
					got := b.get("/count")
					if id == "" {
						id = got.ID
					}
					if got.User != user || got.Count != visit || got.ID != id {
						t.Errorf("%s, visit %d: %v", user, visit, got)
						return
					}
				}
			})
		}
		visitors.Wait()
	})
}

func TestAReverseProxyKeepsTheSessionToItself(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		http.SetCookie(w, &http.Cookie{Name: "back", Value: "1"})
		fmt.Fprint(w, r.Header.Get("Cookie"), "|", r.Header.Get("X-User"))
	}))
	defer back.Close()
	sessions := must(h3s.New(h3s.Options{Password: password}))
	front := httptest.NewTLSServer(sessions.Handler(proxyTo(t, sessions, back.URL)))
	defer front.Close()
	_, s := open(t, h3s.Options{})
	check(t, s.Set("user", "ada"))

	r := next(t, s)
	r.Header.Set("Cookie", "theme=dark; "+r.Header.Get("Cookie"))
	request := must(http.NewRequest("GET", front.URL, nil))
	request.Header = r.Header
	response := must(front.Client().Do(request))
	body := string(must(io.ReadAll(response.Body)))
	response.Body.Close()
	if body != "theme=dark|ada" {
		t.Error("upstream has seen", body)
	}
	cookies := response.Header["Set-Cookie"]
	if len(cookies) != 2 || cookies[0] != "back=1" || response.Header.Get("Cache-Control") != "private, max-age=60" {
		t.Error(response.Header)
	}
}
