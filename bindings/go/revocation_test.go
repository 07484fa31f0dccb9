package h3s_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"h3s"
)

// A board is a store in memory, which several servers share.
type board struct {
	mu    sync.Mutex
	lines []string
	// Closed, and replaced, when there is more to read.
	more chan struct{}
	// What it answers in place of working, if that is not nil.
	failure error
	// What Publish was called with last.
	published context.Context
	options   h3s.StoreOptions
	followers atomic.Int32
	tries     atomic.Int32
	publishes atomic.Int32
}

func newBoard() *board { return &board{more: make(chan struct{})} }

// open is what RevocationOptions.Store wants.
func (b *board) open(options h3s.StoreOptions) (h3s.Store, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.options = options
	return b, nil
}

// fail has the store answer with an error, or with nil work again.
func (b *board) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failure = err
	b.wake()
}

func (b *board) wake() {
	close(b.more)
	b.more = make(chan struct{})
}

func (b *board) Publish(ctx context.Context, lines []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.published = ctx
	b.publishes.Add(1)
	if b.failure != nil {
		return b.failure
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.lines = append(b.lines, lines...)
	b.wake()
	return nil
}

func (b *board) Follow(ctx context.Context, apply func([]string, bool) error) error {
	b.followers.Add(1)
	defer b.followers.Add(-1)
	b.tries.Add(1)
	for read := 0; ; {
		b.mu.Lock()
		lines, failure, more := slices.Clone(b.lines[read:]), b.failure, b.more
		b.mu.Unlock()
		if failure != nil {
			return failure
		}
		if err := apply(lines, true); err != nil {
			return err
		}
		read += len(lines)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		}
	}
}

func (b *board) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines)
}

// revoking are options whose sessions can be revoked by the store.
func (b *board) revoking() h3s.Options {
	return h3s.Options{
		Password:   password,
		MaxAge:     time.Hour,
		Logger:     slog.New(slog.DiscardHandler),
		Revocation: &h3s.RevocationOptions{Subject: "/user", Store: b.open},
	}
}

func newRevoking(t testing.TB, options h3s.Options) *h3s.Sessions {
	t.Helper()
	sessions := must(h3s.New(options))
	t.Cleanup(sessions.Close)
	return sessions
}

// login is a session of a user, as a request with its cookie.
func login(t testing.TB, sessions *h3s.Sessions, user string) *http.Request {
	t.Helper()
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	check(t, s.Set("user", user))
	return next(t, s)
}

// user is who a request is of, as sessions have it.
func user(sessions *h3s.Sessions, r *http.Request) (string, h3s.Rejection) {
	s := must(sessions.Use(r))
	defer s.Close()
	name, _ := s.Text("/user")
	return name, s.Rejection()
}

// refused waits until sessions refuse a request's session as revoked.
func refused(t testing.TB, sessions *h3s.Sessions, r *http.Request) {
	t.Helper()
	eventually(t, "the session is refused", func() bool {
		name, rejection := user(sessions, r)
		return name == "" && rejection == h3s.RejectionRevoked
	})
}

// eventually waits for what happens within a second.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	late := time.After(time.Second)
	for try := time.NewTicker(time.Millisecond); !is(); {
		select {
		case <-late:
			t.Fatal("not within a second: " + what)
		case <-try.C:
		}
	}
}

// members serves /login, /logout, /everywhere and /, which says who it is.
func members() http.Handler {
	mux := http.NewServeMux()
	do := func(path string, what func(*h3s.Session) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s := h3s.FromContext(r.Context())
			if err := what(s); err != nil {
				http.Error(w, err.Error(), h3s.StatusCode(err))
				return
			}
			name, _ := s.Text("/user")
			fmt.Fprint(w, name)
		})
	}
	do("/", func(s *h3s.Session) error { return s.Err() })
	do("/login", func(s *h3s.Session) error { return errors.Join(s.Rotate(), s.Set("user", "ada")) })
	do("/logout", (*h3s.Session).Revoke)
	do("/everywhere", (*h3s.Session).RevokeEverywhere)
	return mux
}

// visitor is a client with a jar of cookies.
type visitor struct {
	t testing.TB
	http.Client
	url string
}

func newVisitor(t testing.TB, server *httptest.Server) *visitor {
	v := &visitor{t, *server.Client(), server.URL}
	v.Jar = must(cookiejar.New(nil))
	return v
}

func (v *visitor) get(path string) string {
	v.t.Helper()
	response, err := v.Get(v.url + path)
	check(v.t, err)
	defer response.Body.Close()
	return strings.TrimSpace(fmt.Sprintf("%d %s", response.StatusCode, must(io.ReadAll(response.Body))))
}

func (v *visitor) cookies() []*http.Cookie { return v.Jar.Cookies(must(url.Parse(v.url))) }

// copied is another client with the same cookies.
func (v *visitor) copied() *visitor {
	c := &visitor{v.t, v.Client, v.url}
	c.Jar = must(cookiejar.New(nil))
	c.Jar.SetCookies(must(url.Parse(v.url)), v.cookies())
	return c
}

func TestACopiedCookieIsRefusedByAllServersWithinASecondOfTheLogout(t *testing.T) {
	b := newBoard()
	here, _ := start(t, 1, b.revoking(), members())
	there, elsewhere := start(t, 1, b.revoking(), members())
	t.Cleanup(elsewhere.Close)
	v := newVisitor(t, here)
	v.get("/login")
	thief := v.copied()
	thief.url, thief.Transport = there.URL, there.Client().Transport
	thief.Jar.SetCookies(must(url.Parse(there.URL)), v.cookies())
	if got := thief.get("/"); got != "200 ada" {
		t.Fatal(got)
	}
	if got := v.get("/logout"); got != "200" || len(v.cookies()) != 0 {
		t.Fatal(got, v.cookies())
	}
	eventually(t, "the copy is refused", func() bool { return thief.get("/") == "200" })
	// A process that starts later knows it from the first request on.
	r := httptest.NewRequest("GET", "/", nil)
	for _, cookie := range thief.cookies() {
		r.AddCookie(cookie)
	}
	late := newRevoking(t, b.revoking())
	if name, rejection := user(late, r); name != "" || rejection != h3s.RejectionRevoked {
		t.Error(name, rejection)
	}
}

func TestAServerRefusesAtOnceWhatItHasRevokedItself(t *testing.T) {
	b := newBoard()
	sessions := newRevoking(t, b.revoking())
	for name, revoke := range map[string]func(*h3s.Session) error{
		"Revoke":           (*h3s.Session).Revoke,
		"RevokeEverywhere": (*h3s.Session).RevokeEverywhere,
		"Rotate":           (*h3s.Session).Rotate,
	} {
		r := login(t, sessions, name)
		s := must(sessions.Use(r))
		check(t, revoke(s))
		check(t, s.Save(httptest.NewRecorder()))
		s.Close()
		if name, rejection := user(sessions, r); name != "" || rejection != h3s.RejectionRevoked {
			t.Error(name, rejection)
		}
	}
}

func TestWhatIsRevokedFromOutsideIsRefusedByAllServers(t *testing.T) {
	b := newBoard()
	clock := newClock()
	options := b.revoking()
	options.Now = clock.Now
	here, there := newRevoking(t, options), newRevoking(t, options)
	id := func(r *http.Request) string {
		s := must(here.Use(r))
		defer s.Close()
		return s.ID()
	}

	one, other, third := login(t, here, "ada"), login(t, here, "ada"), login(t, here, "bob")
	check(t, here.RevokeSession(t.Context(), id(one)))
	refused(t, there, one)
	if name, _ := user(here, other); name != "ada" {
		t.Error("another session of hers is refused")
	}

	clock.forward(time.Second)
	check(t, here.RevokeSubject(t.Context(), "ada", time.Time{}))
	refused(t, there, other)
	again := login(t, here, "ada")
	for _, sessions := range []*h3s.Sessions{here, there} {
		if name, _ := user(sessions, again); name != "ada" {
			t.Error("who logs in again is refused")
		}
		if name, _ := user(sessions, third); name != "bob" {
			t.Error("another user is refused")
		}
	}

	// What was made since the moment stays.
	moment := clock.Now()
	clock.forward(time.Second)
	newer := login(t, here, "ada")
	check(t, here.RevokeSubject(t.Context(), "ada", moment.Add(time.Millisecond)))
	refused(t, there, again)
	if name, _ := user(there, newer); name != "ada" {
		t.Error("what was made since is refused")
	}

	clock.forward(time.Second)
	check(t, here.RevokeEverybody(t.Context()))
	refused(t, there, newer)
	refused(t, there, third)
	if name, _ := user(there, login(t, there, "bob")); name != "bob" {
		t.Error("nobody can log in")
	}
}

func TestAllOtherSessionsOfAUserCanBeRevoked(t *testing.T) {
	b := newBoard()
	clock := newClock()
	options := b.revoking()
	options.Now = clock.Now
	here, there := newRevoking(t, options), newRevoking(t, options)
	other, own := login(t, here, "ada"), login(t, here, "ada")
	clock.forward(time.Second)
	s := must(here.Use(own))
	defer s.Close()
	clock.forward(time.Second) // its own clock stands still
	check(t, errors.Join(s.Rotate(), here.RevokeSubject(t.Context(), "ada", s.CreatedAt())))
	kept := next(t, s)
	refused(t, there, other)
	refused(t, there, own)
	for _, sessions := range []*h3s.Sessions{here, there} {
		if name, rejection := user(sessions, kept); name != "ada" {
			t.Error(rejection)
		}
	}
}

func TestWhatCannotBeRevokedIsAnError(t *testing.T) {
	off, s := open(t, h3s.Options{MaxAge: time.Hour})
	sessions := newRevoking(t, newBoard().revoking())
	anonymous := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer anonymous.Close()
	cleared := must(sessions.Use(login(t, sessions, "ada")))
	defer cleared.Close()
	check(t, cleared.Clear())
	elsewhere := httptest.NewRequest("GET", "/", nil)
	elsewhere.Header.Set("Cookie", "h3=h3s2.AAAA")
	foreign := must(sessions.Use(elsewhere))
	defer foreign.Close()
	ctx := t.Context()
	for what, c := range map[string]struct{ got, want error }{
		"without the option":            {s.Revoke(), h3s.ErrConfig},
		"everywhere without the option": {s.RevokeEverywhere(), h3s.ErrConfig},
		"an id without the option":      {off.RevokeSession(ctx, "id"), h3s.ErrConfig},
		"all without the option":        {off.RevokeEverybody(ctx), h3s.ErrConfig},
		"a user without the option":     {off.RevokeSubject(ctx, "ada", time.Time{}), h3s.ErrConfig},
		"nobody's session, everywhere":  {anonymous.RevokeEverywhere(), h3s.ErrState},
		"whose session is not known":    {cleared.RevokeEverywhere(), h3s.ErrState},
		"what may be valid elsewhere":   {foreign.Revoke(), h3s.ErrRejected},
		"no id":                         {sessions.RevokeSession(ctx, "a b"), h3s.ErrData},
		"no subject":                    {sessions.RevokeSubject(ctx, "", time.Time{}), h3s.ErrData},
		"a moment that is to come":      {sessions.RevokeSubject(ctx, "ada", time.Now().Add(time.Hour)), h3s.ErrArgument},
		"a moment before 1970":          {sessions.RevokeSubject(ctx, "ada", time.UnixMilli(-1)), h3s.ErrArgument},
		"the first moment of 1970":      {sessions.RevokeSubject(ctx, "ada", time.UnixMilli(0)), h3s.ErrArgument},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if off.Revocations() != (h3s.Revocations{}) {
		t.Error(off.Revocations())
	}
	off.Close()
}

func TestALogoutThatCannotBeMadeKnownIsA503AndTouchesNoCookie(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		for name, respond := range map[string]func(w http.ResponseWriter, r *http.Request) error{
			"not at all": func(http.ResponseWriter, *http.Request) error { return nil },
			"Write": func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Length", "3")
				return second(w.Write([]byte("bye")))
			},
			"WriteString": func(w http.ResponseWriter, _ *http.Request) error { return second(io.WriteString(w, "bye")) },
			"Copy": func(w http.ResponseWriter, _ *http.Request) error {
				return second(io.Copy(w, strings.NewReader(strings.Repeat("bye", 1000))))
			},
			"Flush": func(w http.ResponseWriter, _ *http.Request) error {
				return http.NewResponseController(w).Flush()
			},
			"a redirect": func(w http.ResponseWriter, r *http.Request) error {
				http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
				return second(w.Write([]byte("bye")))
			},
			"compressed": func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Etag", `"1"`)
				w.WriteHeader(http.StatusOK)
				return second(w.Write([]byte("bye")))
			},
		} {
			t.Run(name, func(t *testing.T) {
				b := newBoard()
				options := b.revoking()
				var reported []error
				options.OnError = func(_ *http.Request, err error) { reported = append(reported, err) }
				var told error
				server, sessions := start(t, protocol, options, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s := h3s.FromContext(r.Context())
					if r.URL.Path == "/logout" {
						check(t, s.Revoke())
						told = respond(w, r)
						return
					}
					name, _ := s.Text("/user")
					fmt.Fprint(w, name)
				}))
				t.Cleanup(sessions.Close)
				away := errors.New("the store is away")
				v := newVisitor(t, server)
				v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				v.Jar.SetCookies(must(url.Parse(server.URL)), login(t, sessions, "ada").Cookies())
				was := v.cookies()
				eventually(t, "it follows", func() bool { return sessions.Revocations().Err == nil })

				b.fail(away)
				response := must(v.Get(server.URL + "/logout"))
				body := string(must(io.ReadAll(response.Body)))
				response.Body.Close()
				if response.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "bye") || body != "Service Unavailable\n" {
					t.Error(response.Status, body)
				}
				if name != "not at all" && !errors.Is(told, away) {
					t.Error("the handler is told", told)
				}
				if len(reported) != 1 || !errors.Is(reported[0], h3s.ErrStore) || !errors.Is(reported[0], away) {
					t.Error("reported:", reported)
				}
				for _, header := range []string{"Set-Cookie", "Location", "Content-Encoding", "Etag"} {
					if response.Header[header] != nil {
						t.Error(header, response.Header[header])
					}
				}
				if response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Vary") == "" {
					t.Error(response.Header)
				}
				if n := b.publishes.Load(); n != 1 {
					t.Error(n, "tries while the client waits")
				}
				if got := v.get("/"); got != "200 ada" || len(v.cookies()) != len(was) || b.count() != 0 {
					t.Error("it has happened all the same:", got)
				}

				b.fail(nil)
				response = must(v.Get(server.URL + "/logout"))
				response.Body.Close()
				if response.StatusCode >= http.StatusInternalServerError || len(response.Header["Set-Cookie"]) != 1 || b.count() != 1 {
					t.Error(response.Status, response.Header)
				}
			})
		}
	})
}

func TestAnErrorPageOfTheApplicationsOwnStands(t *testing.T) {
	b := newBoard()
	options := b.revoking()
	options.OnError = func(*http.Request, error) {}
	handler := newRevoking(t, options)
	b.fail(errors.New("the store is away"))
	w := httptest.NewRecorder()
	handler.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Revoke())
		http.Error(w, "our own page", http.StatusBadGateway)
	})).ServeHTTP(w, login(t, handler, "ada"))
	if w.Code != http.StatusBadGateway || w.Body.String() != "our own page\n" || w.Header()["Set-Cookie"] != nil || b.publishes.Load() != 1 {
		t.Error(w.Code, w.Body, w.Header(), b.publishes.Load())
	}
}

func TestWhoRecoversFromAPanicAnswersWhenALogoutIsNotMadeKnown(t *testing.T) {
	b := newBoard()
	options := b.revoking()
	options.OnError = func(*http.Request, error) {}
	sessions := newRevoking(t, options)
	b.fail(errors.New("the store is away"))
	handler := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Revoke())
		panic("as some handlers do")
	}))
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if recover() != nil {
				http.Error(w, "recovered", http.StatusInternalServerError)
			}
		}()
		handler.ServeHTTP(w, login(t, sessions, "ada"))
	}()
	if w.Code != http.StatusInternalServerError || w.Body.String() != "recovered\n" || w.Header()["Set-Cookie"] != nil {
		t.Error(w.Code, w.Body, w.Header())
	}
}

func TestAConnectionIsNotHijackedBeforeTheLogoutIsKnown(t *testing.T) {
	b := newBoard()
	options := b.revoking()
	options.OnError = func(*http.Request, error) {}
	away := errors.New("the store is away")
	var told error
	server, sessions := start(t, 1, options, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Revoke())
		_, _, told = http.NewResponseController(w).Hijack()
	}))
	t.Cleanup(sessions.Close)
	r := login(t, sessions, "ada")
	b.fail(away)
	request := must(http.NewRequest("GET", server.URL, nil))
	request.Header = r.Header
	response := must(server.Client().Do(request))
	response.Body.Close()
	if !errors.Is(told, away) || response.StatusCode != http.StatusServiceUnavailable || response.Header["Set-Cookie"] != nil {
		t.Error(told, response.Status, response.Header)
	}
}

func TestSaveMayBeCalledAgainWhenTheStoreIsBack(t *testing.T) {
	b := newBoard()
	sessions := newRevoking(t, b.revoking())
	r := login(t, sessions, "ada")
	s := must(sessions.Use(r))
	defer s.Close()
	check(t, s.Revoke())
	b.fail(errors.New("the store is away"))
	w := httptest.NewRecorder()
	for what, err := range map[string]error{
		"Save": s.Save(w), "SetCookies": second(s.SetCookies()), "Publish": s.Publish(t.Context()),
	} {
		if !errors.Is(err, h3s.ErrStore) || h3s.StatusCode(err) != http.StatusServiceUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.Header()["Set-Cookie"] != nil {
		t.Error(w.Header())
	}
	b.fail(nil)
	check(t, s.Save(w))
	if len(w.Header()["Set-Cookie"]) != 1 || b.count() != 1 {
		t.Error(w.Header(), b.count())
	}
	check(t, errors.Join(s.Save(w), s.Publish(t.Context())))
	if len(w.Header()["Set-Cookie"]) != 1 || b.count() != 1 {
		t.Error("again:", w.Header(), b.count())
	}
}

func TestAClientThatHangsUpDoesNotUndoItsLogout(t *testing.T) {
	b := newBoard()
	sessions := newRevoking(t, b.revoking())
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "a trace"))
	r := login(t, sessions, "ada").WithContext(ctx)
	sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Revoke())
		cancel()
	})).ServeHTTP(httptest.NewRecorder(), r)
	if b.count() != 1 || b.published.Value(key{}) != "a trace" {
		t.Error(b.count())
	}
	if _, bounded := b.published.Deadline(); !bounded {
		t.Error("a request may wait for ever")
	}
}

func TestALogoutAfterTheHeaderIsMadeKnownAllTheSame(t *testing.T) {
	b := newBoard()
	options := b.revoking()
	var reported []error
	options.OnError = func(_ *http.Request, err error) { reported = append(reported, err) }
	sessions := newRevoking(t, options)
	visit := func(r *http.Request, what func(*h3s.Session) error) {
		sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "begun")
			check(t, what(h3s.FromContext(r.Context())))
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	r := login(t, sessions, "ada")
	// The cookie with the new id is lost, so the former one must stay.
	visit(r, (*h3s.Session).Rotate)
	if name, _ := user(sessions, r); name != "ada" || len(reported) != 1 || !errors.Is(reported[0], h3s.ErrHeaderSent) {
		t.Error(name, reported)
	}
	visit(r, (*h3s.Session).Revoke)
	refused(t, sessions, r)

	b.fail(errors.New("the store is away"))
	reported = nil
	visit(login(t, sessions, "ada"), (*h3s.Session).Revoke)
	if len(reported) != 2 || !errors.Is(reported[1], h3s.ErrStore) {
		t.Error(reported)
	}
}

func TestARotationWhoseCookieCannotBeMadeRevokesNothing(t *testing.T) {
	b := newBoard()
	clock := newClock()
	options := b.revoking()
	options.Now = clock.Now
	sessions := newRevoking(t, options)
	s := must(sessions.Use(login(t, sessions, "ada")))
	defer s.Close()
	check(t, s.Rotate())
	if err := s.SetNow(clock.Now().Add(2 * time.Hour)); !errors.Is(err, h3s.ErrExpired) {
		t.Fatal(err)
	}
	if err := s.Save(httptest.NewRecorder()); !errors.Is(err, h3s.ErrExpired) || b.count() != 0 {
		t.Error(err, b.count())
	}
}

func TestABareTokensRevocationIsPublishedByHand(t *testing.T) {
	b := newBoard()
	var log requestLog
	options := b.revoking()
	options.Logger = log.at(slog.LevelInfo)
	sessions := newRevoking(t, options)
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	token := must(s.Seal())
	unsealed := must(sessions.Unseal(token))
	check(t, unsealed.Revoke())
	unsealed.Close()
	if lines := log.lines(t); len(lines) != 1 || lines[0]["level"] != "ERROR" || !strings.Contains(lines[0]["msg"].(string), "not all servers know") {
		t.Error(lines)
	}
	unsealed = must(sessions.Unseal(token))
	check(t, errors.Join(unsealed.Revoke(), unsealed.Publish(t.Context())))
	unsealed.Close()
	if err := second(sessions.Unseal(token)); !errors.Is(err, h3s.ErrRejected) || b.count() != 1 {
		t.Error(err, b.count())
	}
	if lines := log.lines(t); len(lines) != 0 {
		t.Error(lines)
	}
}

// A new token of a rotated session is of no use while the former one still opens.
func TestSealMakesKnownThatTheFormerTokenIsOfNoUse(t *testing.T) {
	b := newBoard()
	sessions := newRevoking(t, b.revoking())
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	token := must(s.Seal())
	check(t, s.Rotate())
	must(s.Seal())
	var e *h3s.Error
	if err := second(sessions.Unseal(token)); !errors.As(err, &e) || e.Rejection != h3s.RejectionRevoked {
		t.Error(err)
	}
}

func TestAStaleServerGoesOnOrRefusesAsTheOptionsSay(t *testing.T) {
	for _, stale := range []h3s.Stale{"", h3s.StaleOpen, h3s.StaleClosed} {
		t.Run(string(stale), func(t *testing.T) {
			b := newBoard()
			clock := newClock()
			options := b.revoking()
			options.Now = clock.Now
			options.Revocation.Stale, options.Revocation.MaxStale = stale, 10*time.Second
			var reported []error
			options.OnError = func(_ *http.Request, err error) { reported = append(reported, err) }
			sessions := newRevoking(t, options)
			r := login(t, sessions, "ada")
			ask := func(path string, r *http.Request) *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", "/login")
					if path == "/static" {
						fmt.Fprint(w, "a picture")
						return
					}
					s := h3s.FromContext(r.Context())
					name, _ := s.Text("/user")
					fmt.Fprint(w, name, s.IsStale())
				})).ServeHTTP(w, r)
				return w
			}
			if got := ask("/", r); got.Body.String() != "adafalse" {
				t.Fatal(got.Body)
			}
			b.fail(errors.New("the store is away"))
			clock.forward(11 * time.Second)
			s, err := sessions.Use(r)
			s.Close()
			got := ask("/", r)
			if stale == h3s.StaleClosed {
				if !errors.Is(err, h3s.ErrStale) || h3s.StatusCode(err) != http.StatusServiceUnavailable {
					t.Error(err)
				}
				if got.Code != http.StatusServiceUnavailable || got.Body.String() != "Service Unavailable\n" || got.Header()["Set-Cookie"] != nil || got.Header()["Location"] != nil {
					t.Error(got.Code, got.Body, got.Header())
				}
				// Nothing was to be saved.
				if reported != nil {
					t.Error(reported)
				}
			} else if err != nil || got.Body.String() != "adatrue" {
				t.Error(err, got.Body)
			}
			// Who brings no session, or asks for none, is served.
			if got := ask("/", httptest.NewRequest("GET", "/", nil)); got.Code != http.StatusOK {
				t.Error(got.Code)
			}
			if got := ask("/static", r); got.Body.String() != "a picture" {
				t.Error(got.Body)
			}
			b.fail(nil)
			eventually(t, "it is heard again", func() bool { return ask("/", r).Body.String() == "adafalse" })
		})
	}
}

func TestAServerIsStaleUntilItHasHeardForTheFirstTime(t *testing.T) {
	b := newBoard()
	b.fail(errors.New("the store is away"))
	begun := time.Now()
	sessions := newRevoking(t, b.revoking())
	if time.Since(begun) > 4*time.Second {
		t.Error("a store that says that it is away is not waited for")
	}
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	view := sessions.Revocations()
	if !s.IsStale() || !view.HeardAt.IsZero() || view.Err == nil || view.Room < 65_536 {
		t.Error(s.IsStale(), view)
	}
	b.fail(nil)
	eventually(t, "it hears", func() bool { view := sessions.Revocations(); return view.Err == nil && !view.HeardAt.IsZero() })
}

// In a bubble, whose time passes when all are waiting.
func TestAStoreThatFailsIsAskedAgainAfterPausesThatGrow(t *testing.T) {
	var log requestLog
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.fail(errors.New("the store is away"))
		options := b.revoking()
		options.Now, options.Logger = time.Now, log.at(slog.LevelInfo)
		sessions := must(h3s.New(options))
		defer sessions.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		if tries := b.tries.Load(); tries < 4 || tries > 8 {
			t.Error(tries, "tries in the first second")
		}
		b.tries.Store(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if tries := b.tries.Load(); tries < 19 || tries > 62 {
			t.Error(tries, "tries in the next minute")
		}
		b.fail(nil)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if view := sessions.Revocations(); view.Err != nil || time.Since(view.HeardAt) > 4*time.Second {
			t.Error(view)
		}
		if b.options != (h3s.StoreOptions{CookieName: "h3", Keep: time.Hour + 11*time.Minute, MaxStale: time.Minute}) {
			t.Error(b.options)
		}
	})
	// Not one line a try.
	lines := log.lines(t)
	if len(lines) != 2 || lines[0]["level"] != "WARN" || lines[0]["error"] != "the store is away" || lines[0]["session"] != "h3" || lines[1]["level"] != "INFO" {
		t.Error(lines)
	}
}

// What has as little to say as this must not keep a server from starting.
func TestAStoreThatSaysNothingIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := newBoard().revoking()
		options.Now = time.Now
		options.Revocation.Store = func(h3s.StoreOptions) (h3s.Store, error) { return silent{}, nil }
		begun := time.Now()
		sessions := must(h3s.New(options))
		if took := time.Since(begun); took != 5*time.Second {
			t.Error(took)
		}
		sessions.Close()
		sessions.Close()
	})
}

type silent struct{}

func (silent) Publish(ctx context.Context, _ []string) error { <-ctx.Done(); return ctx.Err() }
func (silent) Follow(ctx context.Context, _ func([]string, bool) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestARequestWaitsThreeSecondsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := newBoard().revoking()
		options.Now = time.Now
		options.Revocation.Store = func(h3s.StoreOptions) (h3s.Store, error) { return silent{}, nil }
		sessions := must(h3s.New(options))
		defer sessions.Close()
		begun := time.Now()
		err := sessions.RevokeEverybody(t.Context())
		if took := time.Since(begun); took != 3*time.Second || !errors.Is(err, h3s.ErrStore) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(took, err)
		}
	})
}

func TestCloseStopsFollowingAndPublishing(t *testing.T) {
	b := newBoard()
	sessions := must(h3s.New(b.revoking()))
	r := login(t, sessions, "ada")
	if b.followers.Load() != 1 {
		t.Error("nobody follows")
	}
	sessions.Close()
	sessions.Close()
	if b.followers.Load() != 0 {
		t.Error("it still follows")
	}
	if err := sessions.RevokeEverybody(t.Context()); !errors.Is(err, h3s.ErrStore) {
		t.Error(err)
	}
	if name, _ := user(sessions, r); name != "ada" {
		t.Error("a request that was still under way is refused")
	}
}

func TestWhatNobodyClosesStopsWithTheGarbage(t *testing.T) {
	b := newBoard()
	must(h3s.New(b.revoking()))
	eventually(t, "it has stopped", func() bool { runtime.GC(); return b.followers.Load() == 0 })
}

func TestWhatHasNoRoomIsToldAndMakesTheServerStale(t *testing.T) {
	b := newBoard()
	var log requestLog
	options := b.revoking()
	options.Logger = log.at(slog.LevelInfo)
	options.Revocation.Room = 1
	sessions := newRevoking(t, options)
	room := sessions.Revocations().Room
	var full error
	for i := range 100 * room {
		if full = sessions.RevokeSession(t.Context(), fmt.Sprint("id", i)); full != nil {
			break
		}
	}
	if !errors.Is(full, h3s.ErrFull) {
		t.Fatal(full)
	}
	view := sessions.Revocations()
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	if view.Missed == 0 || view.Entries < room || !s.IsStale() {
		t.Error(view, s.IsStale())
	}
	sessions.Close()
	if lines := log.lines(t); len(lines) != 1 || lines[0]["level"] != "ERROR" {
		t.Error(lines)
	}
}

// Here what it revokes would not be refused.
func TestALogoutThatHasNoRoomIsA503AndTouchesNoCookie(t *testing.T) {
	for name, revoke := range map[string]func(*h3s.Session) error{
		"Revoke": (*h3s.Session).Revoke, "RevokeEverywhere": (*h3s.Session).RevokeEverywhere,
	} {
		t.Run(name, func(t *testing.T) {
			var reported []error
			sessions := newFull(t, func(_ *http.Request, err error) { reported = append(reported, err) })
			r := login(t, sessions, "ada")
			w := httptest.NewRecorder()
			sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				check(t, revoke(h3s.FromContext(r.Context())))
				fmt.Fprint(w, "bye")
			})).ServeHTTP(w, r)
			if w.Code != http.StatusServiceUnavailable || w.Body.String() != "Service Unavailable\n" || w.Header()["Set-Cookie"] != nil {
				t.Error(w.Code, w.Body, w.Header())
			}
			if len(reported) != 1 || !errors.Is(reported[0], h3s.ErrFull) {
				t.Error("reported:", reported)
			}
			if name, rejection := user(sessions, r); name != "ada" || rejection != h3s.RejectionNone {
				t.Error("it has happened all the same:", name, rejection)
			}

			s := must(sessions.Use(r))
			defer s.Close()
			check(t, revoke(s))
			w = httptest.NewRecorder()
			// Again, it is no success either.
			for what, err := range map[string]error{
				"Save": s.Save(w), "SetCookies": second(s.SetCookies()), "Publish": s.Publish(t.Context()),
			} {
				if !errors.Is(err, h3s.ErrFull) || h3s.StatusCode(err) != http.StatusServiceUnavailable {
					t.Errorf("%s: %v", what, err)
				}
			}
			if w.Header()["Set-Cookie"] != nil {
				t.Error(w.Header())
			}
		})
	}
}

// What has no room may be the logout of this very session.
func TestWhereThereIsNoRoomNobodyGetsANewID(t *testing.T) {
	sessions := newFull(t, nil)
	s := must(sessions.Use(login(t, sessions, "ada")))
	defer s.Close()
	if err := s.Rotate(); !errors.Is(err, h3s.ErrStale) || h3s.StatusCode(err) != http.StatusServiceUnavailable {
		t.Error(err)
	}
	if cookies := must(s.SetCookies()); len(cookies) != 0 {
		t.Error(cookies)
	}
}

func TestALateLogoutThatHasNoRoomIsReported(t *testing.T) {
	var reported []error
	sessions := newFull(t, func(_ *http.Request, err error) { reported = append(reported, err) })
	sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "bye")
		check(t, h3s.FromContext(r.Context()).Revoke())
	})).ServeHTTP(httptest.NewRecorder(), login(t, sessions, "ada"))
	if !errors.Is(errors.Join(reported...), h3s.ErrFull) {
		t.Error(reported)
	}
}

// newFull are sessions with no room for another one that is revoked.
func newFull(t testing.TB, onError func(*http.Request, error)) *h3s.Sessions {
	t.Helper()
	options := newBoard().revoking()
	options.OnError = onError
	options.Revocation.Room = 1
	sessions := newRevoking(t, options)
	// So many that each place is taken, whichever it is that an entry may have.
	for i := range 1000 {
		if err := sessions.RevokeSession(t.Context(), fmt.Sprint("id", i)); err != nil && !errors.Is(err, h3s.ErrFull) {
			t.Fatal(err)
		}
	}
	return sessions
}

func TestRevocationNeedsAStoreAndAnEnd(t *testing.T) {
	b := newBoard()
	away := errors.New("no such store")
	for key, options := range map[string]h3s.Options{
		"revocation.file": {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{}},
		"revocation":      {Password: password, Revocation: &h3s.RevocationOptions{Store: b.open}},
		"Revocation.Room": {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{Store: b.open, Room: -1}},
	} {
		var e *h3s.Error
		if err := second(h3s.New(options)); !errors.As(err, &e) || !errors.Is(err, h3s.ErrConfig) || e.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	options := b.revoking()
	options.Revocation.Store = func(h3s.StoreOptions) (h3s.Store, error) { return nil, away }
	if err := second(h3s.New(options)); !errors.Is(err, h3s.ErrStore) || !errors.Is(err, away) {
		t.Error(err)
	}
}

// Reads, writes and a logout of one client in parallel, whose answers arrive in any order: the id
// is refused whatever cookie a late answer brings back.
func TestTheLogoutWinsOverAllThatIsUnderWay(t *testing.T) {
	b := newBoard()
	server, sessions := start(t, 1, b.revoking(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		switch path, value, _ := strings.Cut(r.URL.Path[1:], "/"); path {
		case "logout":
			check(t, s.Revoke())
		case "write":
			if user, _ := s.Text("/user"); user != "" {
				check(t, s.Set("value", value))
			}
		case "login":
			check(t, errors.Join(s.Rotate(), s.Set("user", value)))
		}
		user, _ := s.Text("/user")
		fmt.Fprint(w, user)
	}))
	t.Cleanup(sessions.Close)
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	for turn := range rounds {
		v := newVisitor(t, server)
		v.get(fmt.Sprint("/login/", turn))
		copied := v.copied()
		var all sync.WaitGroup
		for i := range 12 {
			path := []string{"/read", "/write/" + fmt.Sprint(i), "/read"}[i%3]
			if i == 6 {
				path = "/logout"
			}
			all.Go(func() { v.get(path) })
		}
		all.Wait()
		for who, v := range map[string]*visitor{"the jar": v, "the copy": copied} {
			if got := v.get("/read"); got != "200" {
				t.Fatalf("turn %d: %s is still logged in: %s", turn, who, got)
			}
		}
		// And who logs in again is.
		v.get("/login/again")
		if got := v.get("/read"); got != "200 again" {
			t.Fatalf("turn %d: %s", turn, got)
		}
	}
}

func TestALateAnswerDoesNotEndTheNextLogin(t *testing.T) {
	b := newBoard()
	server, sessions := start(t, 1, b.revoking(), members())
	t.Cleanup(sessions.Close)
	v := newVisitor(t, server)
	v.get("/login")
	old := v.copied()
	v.get("/logout")
	v.get("/login")
	// A request from before the logout, answered after the next login.
	response := must(old.Get(server.URL + "/"))
	response.Body.Close()
	v.Jar.SetCookies(must(url.Parse(server.URL)), response.Cookies())
	if got := v.get("/"); got != "200 ada" {
		t.Error(got)
	}
}
