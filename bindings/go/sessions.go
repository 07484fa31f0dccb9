//go:build cgo

package h3s

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// Sessions opens sessions. Make one at start and keep it: any number of goroutines may share it.
// Its keys are wiped once it and the last session made with it are unreachable.
type Sessions struct {
	config     *config
	cookieName string
	headerName string
	// What keys the header in an http.Header; empty when it is off.
	headerKey string
	vary      string
	cookies   bool
	// Whether browsers send the cookie over HTTPS alone.
	secure bool
	// Nil where nothing can be revoked.
	revoking *revoking
	now      func() time.Time
	peer     func(*http.Request) string
	onError  func(*http.Request, error)
	logger   *slog.Logger
}

// New checks the options and derives the keys, which takes some 10 milliseconds a password. An
// error is an [ErrConfig] that names the option at fault and says what would be right, or an
// [ErrLibrary].
//
// With Options.Revocation it waits for what was revoked before, for some seconds if the store has
// nothing to say, and then follows what other servers revoke, until [Sessions.Close]. That the file
// cannot be read is an [ErrStore].
func New(options Options) (*Sessions, error) {
	file, err := options.file()
	if err != nil {
		return nil, err
	}
	text, err := encode(file)
	if err != nil {
		return nil, err
	}
	config, err := newConfig(text)
	if err != nil {
		return nil, err
	}
	sessions := &Sessions{
		config:     config,
		cookieName: config.cookieName(),
		headerName: config.headerName(),
		vary:       config.vary,
		cookies:    config.hasCookies(),
		secure:     config.isSecure(),
		now:        options.Now,
		peer:       options.Peer,
		onError:    options.OnError,
		logger:     options.Logger,
	}
	sessions.headerKey = http.CanonicalHeaderKey(sessions.headerName)
	if sessions.revoking, err = newRevoking(&options, config); err != nil {
		return nil, err
	}
	if sessions.revoking != nil {
		runtime.AddCleanup(sessions, func(stop context.CancelFunc) { stop() }, sessions.revoking.stop)
	}
	return sessions, nil
}

// Use finds the session of a request in its header, else in its cookie; it makes one where
// there is none or none valid, which has a cookie at once. A token that is refused is no error:
// see [Session.Rejection].
//
// Where another site has led the browser here (as Sec-Fetch-Site says, else Origin or Referer), a
// SameSite cookie has stayed behind, and must not be replaced or deleted: if such a request came
// without the cookie, Use is as [Sessions.Peek], and [Session.Clear] deletes none.
//
// Close the session after use. For requests that come through [Sessions.Handler],
// use [FromContext] instead.
func (ss *Sessions) Use(r *http.Request) (*Session, error) { return ss.open(r, use) }

// Peek is as [Sessions.Use], but a session that it had to make costs no cookie
// until something is written.
func (ss *Sessions) Peek(r *http.Request) (*Session, error) { return ss.open(r, get) }

func (ss *Sessions) open(r *http.Request, how way) (*Session, error) {
	s := &Session{sessions: ss}
	s.opened.isLogged = ss.debugs(r)
	from := ss.request(r)
	s.handle, s.opened.err = open(ss.config, how, &from)
	s.opened.as(s.handle)
	ss.debug(r, s)
	if s.opened.err != nil {
		return nil, s.opened.err
	}
	return s, nil
}

// Unseal opens a bare token, as a client that keeps no cookies, a WebSocket or another service
// would send it. A token that is refused is an [ErrRejected].
//
// A Fe26.2 token may cost a slow key derivation. Where strangers send tokens, say [FromPeer].
func (ss *Sessions) Unseal(token string, options ...UnsealOption) (*Session, error) {
	from := ss.bareToken(token, options)
	handle, err := open(ss.config, unseal, &from)
	if err != nil {
		return nil, err
	}
	return &Session{sessions: ss, handle: handle}, nil
}

// An UnsealOption is one more thing to say of a bare token.
type UnsealOption func(*request)

// FromPeer says who sent a bare token, and limits the slow key derivations that it may cost: as
// Options.Peer, with [ErrBusy] beyond the limit. Without it there is none.
func FromPeer(peer string) UnsealOption { return func(r *request) { r.peer = peer } }

func (ss *Sessions) bareToken(token string, options []UnsealOption) request {
	from := request{header: token, now: ss.time()}
	for _, option := range options {
		option(&from)
	}
	return from
}

// SealIron seals any value, in JSON, as a bare Fe26.2 token, as @hapi/iron does. It needs [H3v1] or
// [H3v2] among the formats of Options.Seal.
//
// @hapi/iron, iron-webcrypto, iron-session and h3 1.x open only tokens of one PBKDF2 iteration: use
// the format H3v1, or SealOptions.Iterations 1. iron-session also wants its password's number in
// the token, Options.Passwords with the ID "1", and "~2" after it.
//
// An object with a member "id" or "data" is an [ErrData], since its token would open as a session
// of ss. Whoever can choose what is sealed (the state of a form, the target of a magic link) could
// choose a session. See [Sessions.SealIronSession].
func (ss *Sessions) SealIron(v any) (string, error) { return ss.sealIron(v, false) }

// SealIronSession is as SealIron, but takes every object: what it seals may open as a session. Use
// it only for what your program itself has put together.
func (ss *Sessions) SealIronSession(v any) (string, error) { return ss.sealIron(v, true) }

func (ss *Sessions) sealIron(v any, session bool) (string, error) {
	text, err := encode(v)
	if err != nil {
		return "", err
	}
	return ss.config.ironSeal(text, session, ss.time())
}

// UnsealIron opens a bare Fe26.2 token, also one of iron-session, and puts its value into v
// as [json.Unmarshal] does. Where strangers send tokens, say [FromPeer].
func (ss *Sessions) UnsealIron(token string, v any, options ...UnsealOption) error {
	text, err := ss.config.ironUnseal(ss.bareToken(token, options))
	if err != nil {
		return err
	}
	return decode("", text, v)
}

// Strip takes the session's cookies and header out of a request that goes on to a server
// which is not to see them.
func (ss *Sessions) Strip(r *http.Request) {
	if ss.headerKey != "" {
		r.Header.Del(ss.headerKey)
	}
	var kept []string
	for _, line := range r.Header["Cookie"] {
		if rest := ss.config.strip(line); rest != "" {
			kept = append(kept, rest)
		}
	}
	if kept == nil {
		r.Header.Del("Cookie")
	} else {
		r.Header["Cookie"] = kept
	}
}

// CookieName is the name of the session's cookie.
func (ss *Sessions) CookieName() string { return ss.cookieName }

// HeaderName is the name of the session's header in lower case, or empty where it is off.
func (ss *Sessions) HeaderName() string { return ss.headerName }

// Vary is what a response must vary on wherever a session was touched, e.g. "Cookie,
// x-h3-session"; it may be empty.
func (ss *Sessions) Vary() string { return ss.vary }

// Format prints nothing but the cookie's name.
func (ss *Sessions) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "h3s.Sessions(%s)", ss.cookieName) }

// time is now in milliseconds; 0 is the library's own clock.
func (ss *Sessions) time() int64 {
	if ss.now == nil {
		return 0
	}
	return ss.now().UnixMilli()
}

func (ss *Sessions) request(r *http.Request) request {
	from := request{page: pageOf(r), now: ss.time()}
	if lines := r.Header["Cookie"]; len(lines) == 1 {
		from.cookie = lines[0]
	} else {
		from.cookie = strings.Join(lines, "; ")
	}
	if lines := r.Header[ss.headerKey]; len(lines) > 0 {
		from.header = lines[0]
	}
	if ss.peer != nil {
		from.peer = ss.peer(r)
	}
	return from
}
