package h3s

import (
	"context"
	"errors"
	"log"
	"net/http"
)

// Handler gives each request to next with a session, which [FromContext] finds, and each response, errors included, the cookies that
// it owes.
//
// The session opens when it is touched: a request that does not look at it pays next to nothing. A session that was only read sets no
// cookie, unless it is due to slide or to be sealed under today's password; one that was touched adds Vary; and a response with
// its cookie is Cache-Control: private. All this goes into the header just before its first byte is sent. A response that has
// begun can carry no cookie: what is written to the session from then on is reported to Options.OnError. When a connection is hijacked,
// the cookies are in the ResponseWriter's Header, for who writes the response by hand: a WebSocket library takes them along.
//
// A request that another site has led here without the cookie, since that is SameSite, cannot end
// the session that the browser has: see [Sessions.Use].
//
// next may stream: nothing is buffered, and its http.ResponseWriter is an [http.Flusher], [http.Hijacker] or [http.Pusher] where the
// server's is, and works with [http.ResponseController].
//
// The session is closed when next returns.
func (ss *Sessions) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := ss.FromContext(r.Context()); s != nil && !s.isClosed() {
			// It came through here before. (A closed one is of a request whose context outlived it.)
			next.ServeHTTP(w, r)
			return
		}
		from := ss.request(r)
		s := &Session{sessions: ss, from: &from}
		// Where there is a limit, it is there to keep forgers out.
		if ss.peer != nil && errors.Is(s.open(), ErrBusy) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		inner := r.WithContext(&sessionContext{r.Context(), s})
		response := &response{ResponseWriter: w, request: inner, session: s}
		// Deferred, so that it is done for a handler that panics, too: whoever recovers may still answer.
		defer func() {
			response.finish()
			// The server removes the uploaded files of the request that it knows.
			if r.MultipartForm == nil {
				r.MultipartForm = inner.MultipartForm
			}
		}()
		next.ServeHTTP(response.asWide(), inner)
	})
}

// FromContext returns the session of a request that came through [Sessions.Handler], or nil. Where that was several, it is
// the innermost's: see [Sessions.FromContext].
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(contextKey{}).(*Session)
	return s
}

// FromContext returns the session of a request that came through this Sessions' Handler, or nil: for servers with more than
// one kind of session.
func (ss *Sessions) FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(ss).(*Session)
	return s
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

func (ss *Sessions) report(r *http.Request, err error) {
	if ss.onError != nil {
		ss.onError(r, err)
		return
	}
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		server.ErrorLog.Print(err)
		return
	}
	log.Print(err)
}
