//go:build cgo

package h3s

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
)

// Handler gives each request to next with a session, which [FromContext] finds, and each response,
// errors included, the session's cookies.
//
// The session opens when it is first used: a request that does not use it pays next to nothing. A
// session that was only read sets no cookie, unless it is due to slide or to be sealed under
// today's password. One that was used adds Vary, and a response with its cookie is
// Cache-Control: private. All this goes into the header just before its first byte is sent. After
// that it is too late for a cookie: what is written to the session is then reported to
// Options.OnError, or logged. When a connection is hijacked, the cookies are in the
// ResponseWriter's Header, for code that writes the response by hand, such as a WebSocket library.
//
// What the session has revoked is made known to all servers before that. If it cannot be, or this
// one has no room for it, the response is a 503 in place of what next says, unless next says 5xx
// itself, and no cookie is touched; so it is where the session was used and is an [ErrStale].
//
// A request that another site has led here without the cookie, since that is SameSite, cannot end
// the session that the browser has: see [Sessions.Use].
//
// next may stream: nothing is buffered, and its http.ResponseWriter is an [http.Flusher],
// [http.Hijacker] or [http.Pusher] where the server's is, and works with [http.ResponseController].
//
// The session is closed when next returns. What a router inside has found (Pattern, PathValue) and
// what was parsed (Form) is on the request outside then, too.
func (ss *Sessions) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := ss.FromContext(r.Context()); s != nil && !s.isClosed() {
			// It came through here before. (A closed one is of a request
			// whose context outlived it.)
			next.ServeHTTP(w, r)
			return
		}
		x := &exchange{from: ss.request(r)}
		s := &x.session
		s.sessions, s.from, s.opened.isLogged = ss, &x.from, ss.debugs(r)
		// Where there is a limit, it is there to keep forgers out.
		if ss.peer != nil && errors.Is(s.open(), ErrBusy) {
			ss.debug(r, s)
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		x.context = sessionContext{r.Context(), s}
		inner := r.WithContext(&x.context)
		x.response = response{ResponseWriter: w, request: inner, session: s}
		if ss.revoking != nil {
			x.response.isEncodedOutside = w.Header()["Content-Encoding"] != nil
		}
		// Deferred, so that it is done for a handler that panics, too: whoever
		// recovers may still answer.
		panics := true
		defer func() {
			x.response.finish(panics)
			handBack(r, inner)
		}()
		next.ServeHTTP(x.response.asWide(), inner)
		panics = false
	})
}

// An exchange is what Handler makes for a request, in one piece of memory.
type exchange struct {
	session  Session
	from     request
	context  sessionContext
	response response
}

// handBack puts on a request what next has put on its copy, as it would be there without the
// middleware: for the logs and metrics outside, and for the server, which removes the uploaded
// files of the request that it knows.
//
// Only what is new is written, since others may still read the rest.
func handBack(outer, inner *http.Request) {
	if outer.MultipartForm == nil && inner.MultipartForm != nil {
		outer.MultipartForm = inner.MultipartForm
	}
	if outer.Form == nil && inner.Form != nil {
		outer.Form = inner.Form
	}
	if outer.PostForm == nil && inner.PostForm != nil {
		outer.PostForm = inner.PostForm
	}
	if outer.Pattern == inner.Pattern {
		return
	}
	outer.Pattern = inner.Pattern
	// {name}, {name...} and {$} as in http.ServeMux, {name:expression} as in chi.
	for rest := inner.Pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		var name string
		name, rest, _ = strings.Cut(after, "}")
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":")
		if value := inner.PathValue(name); value != "" {
			outer.SetPathValue(name, value)
		}
	}
}

// FromContext returns the session of a request that came through [Sessions.Handler], or nil. Where
// that was several, it is the innermost's: see [Sessions.FromContext]. ctx may also be a
// *gin.Context, or made from one.
func FromContext(ctx context.Context) *Session { return fromContext(ctx, contextKey{}) }

// FromContext returns the session of a request that came through this Sessions' Handler, or nil:
// for servers with more than one kind of session.
func (ss *Sessions) FromContext(ctx context.Context) *Session { return fromContext(ctx, ss) }

func fromContext(ctx context.Context, key any) *Session {
	if s, ok := ctx.Value(key).(*Session); ok {
		return s
	}
	if r := ginRequest(ctx); r != nil {
		s, _ := r.Context().Value(key).(*Session)
		return s
	}
	return nil
}

// ginRequest is the request of a *gin.Context. Unless its engine has ContextWithFallback, such a
// context does not look into that of its request; but it finds itself, also through contexts made
// from it.
func ginRequest(ctx context.Context) *http.Request {
	gin := reflect.ValueOf(ctx.Value("_gin-gonic/gin/contextkey"))
	if gin.Kind() != reflect.Pointer || gin.Elem().Kind() != reflect.Struct {
		return nil
	}
	field := gin.Elem().FieldByName("Request")
	if !field.IsValid() || !field.CanInterface() {
		return nil
	}
	r, _ := field.Interface().(*http.Request)
	return r
}

type contextKey struct{}

// A sessionContext holds a session under two keys at once.
type sessionContext struct {
	context.Context
	session *Session
}

func (c *sessionContext) Value(key any) any {
	if key == (contextKey{}) || key == c.session.sessions {
		return c.session
	}
	return c.Context.Value(key)
}

// ---- What is told of a request ----

func (ss *Sessions) report(r *http.Request, err error) {
	if ss.onError != nil {
		ss.onError(r, err)
		return
	}
	ss.log().LogAttrs(r.Context(), slog.LevelError, "the session was not saved", ss.about(r, slog.String("error", err.Error()))...)
}

// debugs reports whether somebody wants to know what debug tells.
func (ss *Sessions) debugs(r *http.Request) bool {
	return ss.log().Enabled(r.Context(), slog.LevelDebug)
}

// debug tells where a session came from, or why it is new.
func (ss *Sessions) debug(r *http.Request, s *Session) {
	if !s.opened.isLogged {
		return
	}
	message, attributes := s.origin(r)
	ss.log().LogAttrs(r.Context(), slog.LevelDebug, message, ss.about(r, attributes...)...)
}

// whyNew tells the causes apart for which a request brings no token.
func (ss *Sessions) whyNew(r *http.Request) (message string, attributes []slog.Attr) {
	switch {
	case !ss.cookies:
		return "the session is new: the request brought no token", nil
	case len(r.Header["Cookie"]) == 0:
		message = "the session is new: the request has no cookie"
	default:
		message = "the session is new: none of the request's cookies is " + ss.cookieName
	}
	// A proxy that speaks HTTPS to the browser says so, if anything does. It is only a hint.
	if ss.secure && r.TLS == nil && r.Header.Get("X-Forwarded-Proto") != "https" {
		attributes = append(attributes, slog.String("hint", "the cookie is Secure and the request came by plain HTTP"+
			" (or a proxy did not say HTTPS), over which browsers do not send it: for development there is Options.Development"))
	}
	return message, attributes
}

func (ss *Sessions) log() *slog.Logger {
	if ss.logger == nil {
		return slog.Default()
	}
	return ss.logger
}

// about names the request, but not its query, which may hold anything.
func (ss *Sessions) about(r *http.Request, attributes ...slog.Attr) []slog.Attr {
	request := []slog.Attr{slog.String("session", ss.cookieName), slog.String("method", r.Method)}
	if r.URL != nil {
		request = append(request, slog.String("path", r.URL.Path))
	}
	return append(request, attributes...)
}
