//go:build cgo

package h3s

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// A Session is one request's session: a small JSON object that travels in an encrypted cookie.
//
// What its methods return as errors is told under [ErrConfig] and the others. One error is common
// to all: [ErrClosed]; the getters then return the zero value. Its methods may be called from any
// goroutine. A nil *Session returns [ErrNoSession].
type Session struct {
	sessions *Sessions

	mu sync.Mutex
	// Nil before it opens, and once it is closed.
	handle *handle
	// What to open it from, for a session that opens when it is touched.
	from *request
	// Why it cannot be used.
	err error
	// How it was opened.
	opened opening
	// Somebody has used it.
	touched bool
	// Somebody has written it since Save.
	written bool
	// It has revoked something that is not made known yet: its former id by Rotate, or more.
	unpublished, revoked bool
	// How much it has made known.
	published int32
	// The Set-Cookie values that Save has put into a response.
	saved []string
	// Too late for more: the response's header has gone.
	headerSent bool
}

// ---- Reading ----

// Get puts the value of a top-level key into v, as [json.Unmarshal] does. If there is no such key,
// v stays as it was and that is no error: see [Session.Has]. A whole number that another language
// wrote as 1.0, 1e3 or -0 goes into an integer, too.
func (s *Session) Get(key string, v any) error {
	var room [64]byte
	text, err := s.acquireAndFind(pointerTo(key, room[:0]))
	if err != nil {
		return err
	}
	if text == nil || decodePlain(text, v) {
		s.mu.Unlock()
		return nil
	}
	// A copy, so that nobody's UnmarshalJSON runs while the session is locked.
	text = bytes.Clone(text)
	s.mu.Unlock()
	return decode(key, text, v)
}

// Has reports whether there is such a top-level key.
func (s *Session) Has(key string) bool {
	var room [64]byte
	text, err := s.acquireAndFind(pointerTo(key, room[:0]))
	if err != nil {
		return false
	}
	s.mu.Unlock()
	return text != nil
}

// Find returns the JSON text of what a JSON Pointer (RFC 6901) leads to, such as "/cart/0/price",
// or nil. The empty pointer leads to the whole object.
func (s *Session) Find(pointer string) json.RawMessage {
	text, _ := s.find(pointer)
	return text
}

// Text returns the string that a JSON Pointer leads to, and whether there is one: null, false, a
// number, an array and an object are none. See [Session.Find] for those.
func (s *Session) Text(pointer string) (string, bool) {
	if s.acquire() != nil {
		return "", false
	}
	defer s.mu.Unlock()
	return s.handle.text(pointer)
}

// Decode puts the whole session into v, as [json.Unmarshal] does. Where one value does not fit, the
// error names it and the rest is there. JSON sets numbers no limit, so another language may have
// written one that no float64 can hold, such as 1e400: read it into a [json.Number], or by
// [Session.Find].
func (s *Session) Decode(v any) error {
	text, err := s.find("")
	if err != nil {
		return err
	}
	return decode("", text, v)
}

func (s *Session) find(pointer string) ([]byte, error) {
	text, err := s.acquireAndFind(pointer)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return bytes.Clone(text), nil
}

// ---- Writing ----

// Set sets a top-level key to a value, as [json.Marshal] encodes it. After Clear
// it starts a fresh session.
func (s *Session) Set(key string, v any) error {
	switch v := v.(type) {
	case string:
		// encoding/json replaces what is not UTF-8; the library refuses it.
		if utf8.ValidString(v) {
			return s.write(setText, key, v, 0)
		}
	case int:
		return s.write(set, key, strconv.Itoa(v), 0)
	case bool:
		return s.write(set, key, strconv.FormatBool(v), 0)
	}
	text, err := encode(v)
	if err != nil {
		return keyed(key, err)
	}
	return s.write(set, key, text, 0)
}

// SetAt sets a value anywhere in the session, by a JSON Pointer (RFC 6901): "/cart/items/-" appends
// to that array. All else stays as it was. What is missing on the way is made: an array where the
// next name is "-", else an object.
func (s *Session) SetAt(pointer string, v any) error {
	text, err := encode(v)
	if err != nil {
		return keyed(pointer, err)
	}
	return s.write(setAt, pointer, text, 0)
}

// Update merges an object (a map or a struct, say) into the session, as JavaScript's
// Object.assign: its members replace those of the same key. It does not extend Options.MaxAge.
// After Clear it starts a fresh session.
func (s *Session) Update(object any) error { return s.writeObject(update, object) }

// Replace sets the whole session to an object, whatever it was.
func (s *Session) Replace(object any) error { return s.writeObject(replace, object) }

func (s *Session) writeObject(what write, object any) error {
	text, err := encode(object)
	if err != nil {
		return err
	}
	return s.write(what, "", text, 0)
}

// Remove deletes a top-level key; that there is none is no error.
func (s *Session) Remove(key string) error { return s.write(remove, key, "", 0) }

// RemoveAt deletes what a JSON Pointer leads to; that there is none is no error. Elements after it
// move up.
func (s *Session) RemoveAt(pointer string) error { return s.write(removeAt, pointer, "", 0) }

// Ensure makes a session of [Sessions.Peek], or of [Sessions.Handler], one of [Sessions.Use]: if
// the request had none, there is now a cookie for it.
func (s *Session) Ensure() error { return s.write(ensure, "", "", 0) }

// Rotate gives the session a new id and CreatedAt = now, with the same data. Call it at every
// login: an id that an attacker has planted or seen is then worth nothing. It is also what extends
// a session under Options.MaxAge. With Options.Revocation the former id is revoked.
func (s *Session) Rotate() error { return s.write(rotate, "", "", 0) }

// Clear ends the session in the client that it came from: no id, no data, deleting cookies. Whoever
// has a copy of the cookie keeps it: a logout is [Session.Revoke], or this where the options have
// no Revocation. Set, Update or Replace after it start a fresh session.
func (s *Session) Clear() error { return s.write(clear_, "", "", 0) }

// Revoke ends the session, as a logout must: it is cleared, and its id is refused from now on by
// all servers, whoever has a copy of the cookie or token. Again, it does nothing. It needs
// Options.Revocation, else it is an [ErrConfig]. After Clear it revokes what that has ended.
//
// Where the request may have brought a session that did not open here, and would live on, it is an
// [ErrBusy] (the next request may find it), or an [ErrRejected] if it may be valid elsewhere, as
// under another password.
//
// All servers are told just before the response goes, by [Sessions.Handler] or Save: see
// [Session.Publish]. If that fails, Handler answers 503 in place of what you say, and no cookie is
// touched: the logout has not happened.
func (s *Session) Revoke() error { return s.write(revoke, "", "", 0) }

// RevokeEverywhere is Revoke for all sessions of this one's subject that were made before now: "log
// me out everywhere". RevocationOptions.Subject says what that is; where the session has none, it
// is an [ErrState].
func (s *Session) RevokeEverywhere() error { return s.write(revokeEverywhere, "", "", 0) }

// SetID gives a new or just rotated session an id of your own in place of a random UUID: 1 to 255
// graphic ASCII characters. It must be hard to guess if anything is found by it.
func (s *Session) SetID(id string) error { return s.write(setID, "", id, 0) }

// SetNow moves the session's clock, which otherwise stands still: for connections that outlive a
// request, such as WebSockets. It returns [ErrExpired] when the session has ended by then; it can
// still be read and cleared.
func (s *Session) SetNow(now time.Time) error { return s.write(setNow, "", "", now.UnixMilli()) }

func (s *Session) write(what write, name, text string, now int64) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.mu.Unlock()
	err := s.handle.write(what, name, text, now)
	if err != nil {
		return keyed(name, err)
	}
	s.written = s.written || what != setNow
	switch what {
	case rotate:
		s.unpublished = s.sessions.revoking != nil
	case revoke, revokeEverywhere:
		s.unpublished, s.revoked = true, true
	}
	return nil
}

// ---- What the response needs ----

// SetCookies returns the response's Set-Cookie values, most often none or one; each is a header of
// its own. After another write the whole list replaces the former one. It makes known what the
// session has revoked, as [Session.Publish]. Handler and Save call it for you.
func (s *Session) SetCookies() ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.setCookies(context.Background())
}

// Save puts what the session needs into the header of a response that is still to be written:
// Set-Cookie, a Vary on what the session is found by, and a Cache-Control that keeps shared caches
// from storing the cookie. It may be called again after another write, or after an error. It makes
// known what the session has revoked, as [Session.Publish]: after an error answer with
// [StatusCode]. Handler calls it for you, and after that it returns [ErrHeaderSent].
func (s *Session) Save(w http.ResponseWriter) error {
	// Not while the session is locked, since it may be anybody's code.
	header := w.Header()
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.headerSent {
		return ErrHeaderSent
	}
	return s.save(context.Background(), header)
}

// Seal returns the session as a bare token, for a client that sends it back in the session header.
// It makes known what the session has revoked, as [Session.Publish].
func (s *Session) Seal() (string, error) {
	if err := s.acquire(); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	token, err := s.handle.seal()
	if err == nil {
		err = s.publish(context.Background())
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// Publish makes known to all servers what the session has revoked, now: what Handler, Save,
// SetCookies and Seal do. Call it for a session that none of them is for: one of a bare token, or
// of a connection that outlives its request. It returns once all of them will know, an [ErrStore]
// if they may not, and an [ErrFull] if this one has no room for it; then it may be called again.
// That ctx was cancelled, by a client that has hung up, keeps nothing from being known.
func (s *Session) Publish(ctx context.Context) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.mu.Unlock()
	return s.publish(ctx)
}

// ---- What is known of it ----

// view is what read sees in an open session; else the zero value.
func view[T any](s *Session, read func(*handle) T) T {
	if s.acquire() != nil {
		var zero T
		return zero
	}
	defer s.mu.Unlock()
	return read(s.handle)
}

// Err is why the session could not be opened or can no longer be used, such as [ErrBusy],
// [ErrClosed] or [ErrNoSession]; else nil.
func (s *Session) Err() error {
	err := s.acquire()
	if err == nil {
		s.mu.Unlock()
	}
	return err
}

// ID is a random UUID, or what SetID said; empty after Clear.
func (s *Session) ID() string { return view(s, (*handle).id) }

// LogID is a keyed hash of the id: write this to logs, never the id. Empty after Clear.
func (s *Session) LogID() string { return view(s, (*handle).logID) }

// IsNew reports whether this request made the session.
func (s *Session) IsNew() bool { return view(s, (*handle).isNew) }

// IsDirty reports whether SetCookies has something to give that was not taken yet.
func (s *Session) IsDirty() bool { return view(s, (*handle).isDirty) }

// CreatedAt is when the session was made or last rotated; the zero time after Clear.
func (s *Session) CreatedAt() time.Time { return view(s, (*handle).createdAt) }

// LastSeenAt is when it was last seen under Options.IdleTimeout; the zero time if never.
func (s *Session) LastSeenAt() time.Time { return view(s, (*handle).lastSeenAt) }

// ExpiresAt is when it ends if nothing more comes; the zero time: never.
func (s *Session) ExpiresAt() time.Time { return view(s, (*handle).expiresAt) }

// Source is where the session came from.
func (s *Session) Source() Source { return view(s, (*handle).source) }

// IsStale reports whether the latest logouts may not have been known here when the session was
// opened: see RevocationOptions.Stale.
func (s *Session) IsStale() bool { return view(s, (*handle).isStale) }

// Rejection is why the request's first token was refused. It may stand beside a session
// that another token opened.
func (s *Session) Rejection() Rejection { return view(s, (*handle).rejection) }

// Format prints nothing of the session's id and data.
func (s *Session) Format(f fmt.State, _ rune) {
	if s == nil {
		fmt.Fprint(f, "h3s.Session(nil)")
		return
	}
	fmt.Fprintf(f, "h3s.Session(%s)", s.sessions.cookieName)
}

// ---- Its end ----

// Close frees the session and wipes its data; nothing else can be done with it then. Handler does
// it for the sessions that it opens, when the request was handled. A session that is never closed
// is freed with the garbage.
func (s *Session) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle != nil {
		if s.revoked && !s.headerSent {
			s.sessions.log().Error("a session that was revoked is closed, and not all servers know: see h3s.Session.Publish", slog.String("session", s.sessions.cookieName))
		}
		s.handle.close()
	}
	s.forget()
	s.handle, s.err = nil, ErrClosed
}

// forget lets go of the request's token, which may be in the same memory as s.
func (s *Session) forget() {
	if s.from != nil {
		*s.from, s.from = request{}, nil
	}
}

func (s *Session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == ErrClosed
}

// acquire opens and locks the session, unless it returns an error.
func (s *Session) acquire() error {
	if s == nil {
		return ErrNoSession
	}
	s.mu.Lock()
	s.touched = true
	err := s.open()
	if err != nil {
		s.mu.Unlock()
	}
	return err
}

// acquireAndFind is acquire, and find of a JSON Pointer in the session: in one call where it opens
// now. The text may be read until the session is unlocked.
func (s *Session) acquireAndFind(pointer string) (text []byte, err error) {
	if s == nil {
		return nil, ErrNoSession
	}
	s.mu.Lock()
	s.touched = true
	if s.from != nil {
		text = s.openAndFind(1, pointer)
	} else if s.err == nil {
		text = s.handle.find(pointer)
	}
	if s.err != nil {
		s.mu.Unlock()
	}
	return text, s.err
}

// open opens a session that opens when it is touched. It is locked.
func (s *Session) open() error {
	if s.from != nil {
		s.openAndFind(0, "")
	}
	return s.err
}

func (s *Session) openAndFind(finds int, pointer string) (text []byte) {
	s.handle, text, s.err = openAndFind(s.sessions.config, get, s.from, finds, pointer)
	s.forget()
	s.opened.err = s.err
	s.opened.as(s.handle)
	return text
}

// An opening is what was known of a session when it was opened, since a Rotate or a Clear changes
// that. No more than err is kept where it is not logged.
type opening struct {
	isLogged, done, isNew bool
	source                Source
	rejection             Rejection
	err                   error
}

func (o *opening) as(h *handle) {
	o.done = true
	if o.isLogged && o.err == nil {
		o.isNew, o.source, o.rejection = h.isNew(), h.source(), h.rejection()
	}
}

// origin tells in a log where the session came from, or else why it is new.
func (s *Session) origin(r *http.Request) (message string, attributes []slog.Attr) {
	s.mu.Lock()
	o := s.opened
	s.mu.Unlock()
	switch {
	case !o.done:
		return "nobody used the session", nil
	case o.err != nil:
		return "the session could not be opened", []slog.Attr{slog.String("error", o.err.Error())}
	case o.isNew && o.rejection == RejectionNone:
		return s.sessions.whyNew(r)
	case o.isNew:
		return "the session is new: its token was refused", []slog.Attr{slog.String("rejection", o.rejection.String())}
	case o.rejection != RejectionNone:
		attributes = append(attributes, slog.String("rejection", o.rejection.String()))
	}
	return "the session was opened", append(attributes, slog.String("source", o.source.String()))
}

// setCookies is SetCookies in a session that is open and locked.
func (s *Session) setCookies(ctx context.Context) ([]string, error) {
	cookies, err := s.handle.setCookies()
	// If there is no cookie for the new id, the former one stays as it is.
	if err == nil || s.revoked {
		if why := s.publish(ctx); why != nil {
			return nil, why
		}
	}
	return cookies, err
}

// publish is Publish in a session that is open and locked.
func (s *Session) publish(ctx context.Context) error {
	if !s.unpublished {
		return nil
	}
	lines, err := s.handle.entries()
	if err != nil {
		return err
	}
	if lines = lines[s.published:]; len(lines) > 0 {
		err = s.sessions.revoking.publish(context.WithoutCancel(ctx), lines)
	}
	if err != nil {
		return err
	}
	s.published += int32(len(lines))
	s.unpublished, s.revoked = false, false
	return nil
}

// publishLate is for what was revoked after the header had gone. A former id stays valid then,
// since the cookie with the new one is lost.
func (s *Session) publishLate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle == nil || !s.revoked {
		return nil
	}
	return s.publish(ctx)
}

// save is Save in a session that is open and locked.
func (s *Session) save(ctx context.Context, header http.Header) error {
	cookies, err := s.setCookies(ctx)
	// What was touched has to say so, even where its cookie fails.
	putSession(header, s.sessions.config, s.saved, cookies)
	s.saved, s.written = cookies, false
	return err
}

// saveTouched is save, unless nobody has touched the session. last: the header goes now.
func (s *Session) saveTouched(ctx context.Context, header http.Header, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headerSent = last
	if !s.touched {
		return nil
	}
	if err := s.open(); err != nil {
		putSession(header, s.sessions.config, nil, nil)
		return err
	}
	return s.save(ctx, header)
}

// isLost reports whether the session was written since it was saved, so that a cookie is missing. A
// session that was only due to slide has lost nothing: the next request lets it.
func (s *Session) isLost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written && s.sessions.cookies && s.handle != nil && s.handle.isDirty()
}

// keyed names the session's key in an error about its value.
func keyed(key string, err error) error {
	var e *Error
	if key != "" && errors.As(err, &e) && (e.kind == ErrData || e.kind == ErrTooLarge) {
		e.Key = key
	}
	return err
}
