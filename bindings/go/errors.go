//go:build cgo

package h3s

import (
	"errors"
	"fmt"
	"net/http"
)

// The kinds of error, for [errors.Is]. What this package returns is an [*Error] of one of these
// kinds, or one of them alone.
var (
	// ErrConfig says that an option is wrong; [Error.Key] names it.
	ErrConfig = errors.New("h3s: the options are wrong")
	// ErrData says that a value, key or id cannot be in a session, or that what it holds does
	// not fit where it was to be put. Error.Key names the session's key.
	ErrData = errors.New("h3s: not possible as session data")
	// ErrTooLarge says that the session would not fit in its cookies, or its token
	// in Options.MaxTokenLength.
	ErrTooLarge = errors.New("h3s: the session would be too large")
	// ErrState says that something is not possible in this state, such as Rotate after Clear.
	ErrState = errors.New("h3s: not possible in this state")
	// ErrRejected says that a token was refused, or that the session has ended since it was
	// opened; [Error.Rejection] says why.
	ErrRejected = errors.New("h3s: the token was refused")
	// ErrExpired is the case of ErrRejected in which the session has ended. It is no proof that
	// the token was authentic: in Fe26.2 the end stands outside the encryption.
	ErrExpired = errors.New("h3s: the session has ended")
	// ErrBusy says that this peer has had too many tokens lately that take a slow key
	// derivation, forged ones above all, and that no other token of the request opened: answer
	// 429, and touch no cookie. See Options.Peer.
	ErrBusy = errors.New("h3s: too many slow key derivations for this peer")
	// ErrStale says that the latest logouts may not be known here, and that the options have it
	// [StaleClosed]: no session was opened. Answer 503, and touch no cookie. Handler does.
	ErrStale = errors.New("h3s: the latest logouts may not be known here")
	// ErrStore says that what is revoked could not be made known to the other servers, or not
	// be read: a logout has not happened, so answer 503. It wraps what the store says.
	ErrStore = errors.New("h3s: the store of what is revoked failed")
	// ErrFull says that this process has no room for what is revoked, and would not refuse it:
	// see RevocationOptions.Room. Only the other servers do: answer 503.
	ErrFull = errors.New("h3s: no room for all that is revoked")
	// ErrRandom says that the operating system gave no random bytes.
	ErrRandom = errors.New("h3s: no random bytes")
	// ErrMemory says that memory is short.
	ErrMemory = errors.New("h3s: out of memory")
	// ErrArgument says that an argument is out of range, such as a time before 1970.
	ErrArgument = errors.New("h3s: wrong argument")
	// ErrInternal says that the library has a fault. The session can only be
	// closed; please report it.
	ErrInternal = errors.New("h3s: internal error of the library")
	// ErrLibrary says that the shared library is of another ABI version than this package.
	ErrLibrary = errors.New("h3s: wrong version of libh3s")

	// ErrClosed says that the session was closed: by Close, or by Handler once
	// the request was handled.
	ErrClosed = errors.New("h3s: the session is closed")
	// ErrNoSession says that the session is nil, since the request did not come
	// through [Sessions.Handler].
	ErrNoSession = errors.New("h3s: no session: this request did not come through Sessions.Handler")
	// ErrHeaderSent says that a session was written when the header of the response had gone,
	// so that no cookie could carry it. Options.OnError receives it, and Save returns it.
	ErrHeaderSent = errors.New("h3s: the session was written after the header of the response: its cookie is lost")
)

// An Error says what went wrong. It holds no secret, nor any part of session data but a key, and
// but for an ErrStore it wraps no other error, since those of encoding/json quote what they stumble
// over.
type Error struct {
	// Message says what is wrong, and where it helps what would be right, without the key.
	Message string
	// Key is the option ("cookie.sameSite", as in the JSON), the argument, or the key of the
	// session at fault; or empty.
	Key string
	// Offset is the first byte at fault in the JSON that was given, or -1.
	Offset int
	// Rejection says why the token was refused, if this is an ErrRejected.
	Rejection Rejection

	kind, cause error
}

// Error names the key at fault, or the place in the JSON of the options, and says what would be
// right.
func (e *Error) Error() string {
	if e.Key == "" && e.kind == ErrConfig && e.Offset >= 0 {
		return fmt.Sprintf("h3s: %s (at byte %d)", e.Message, e.Offset)
	}
	if e.Key == "" {
		return "h3s: " + e.Message
	}
	return "h3s: " + e.Key + ": " + e.Message
}

// Is reports whether target is this error's kind.
func (e *Error) Is(target error) bool {
	if target == ErrExpired {
		return e.Rejection == RejectionExpired || e.Rejection == RejectionIdle
	}
	return target == e.kind
}

// Unwrap is what the store said, if this is an ErrStore.
func (e *Error) Unwrap() error { return e.cause }

// dataError is for what failed on this side: nothing was written.
func dataError(key, message string) error {
	return &Error{Key: key, Offset: -1, kind: ErrData, Message: message}
}

func configError(key, message string) error {
	return &Error{Key: key, Offset: -1, kind: ErrConfig, Message: message}
}

// storeError is for what a store of the application's own says.
func storeError(cause error) error {
	return &Error{Offset: -1, kind: ErrStore, cause: cause, Message: "what is revoked could not be made known: " + cause.Error()}
}

func wrongLibrary(version string, abi uint32) error {
	message := fmt.Sprintf("the library (version %s) has ABI version %d; this package needs %d", version, abi, abiVersion)
	return &Error{Offset: -1, kind: ErrLibrary, Message: message}
}

// StatusCode is the HTTP status of a response that says no more than that err occurred: 429 for
// [ErrBusy], 503 for [ErrStale], [ErrStore] and [ErrFull], 413 for [ErrTooLarge], 401 for
// [ErrRejected], and 500 else.
func StatusCode(err error) int {
	switch {
	case errors.Is(err, ErrBusy):
		return http.StatusTooManyRequests
	case isUnavailable(err):
		return http.StatusServiceUnavailable
	case errors.Is(err, ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrRejected):
		return http.StatusUnauthorized
	}
	return http.StatusInternalServerError
}

// isUnavailable reports whether a response must be a 503, whatever its handler says.
func isUnavailable(err error) bool {
	return errors.Is(err, ErrStale) || errors.Is(err, ErrStore) || errors.Is(err, ErrFull)
}

// A Rejection says why a token was refused. Its names are the same in every language.
type Rejection int

// The reasons.
const (
	// RejectionNone: no token was refused.
	RejectionNone Rejection = iota
	// RejectionMalformed: not a well-formed token, or one from the future.
	RejectionMalformed
	// RejectionUnsupportedFormat: of a format that Options.Seal.Accept does not list.
	RejectionUnsupportedFormat
	// RejectionUnknownKey: its key id is none of the passwords'.
	RejectionUnknownKey
	// RejectionBadSeal: forged, damaged, or sealed with another password or cookie name.
	RejectionBadSeal
	// RejectionExpired: older than Options.MaxAge, or past the end written into the token. (In
	// Fe26.2 that stands outside the encryption: it is no proof that the token was authentic.)
	RejectionExpired
	// RejectionIdle: not seen for longer than Options.IdleTimeout.
	RejectionIdle
	// RejectionRevoked: revoked, as a logout does, or created before Options.NotBefore.
	RejectionRevoked
	// RejectionTooLarge: longer than Options.MaxTokenLength, or in more or longer cookies
	// than a browser would send.
	RejectionTooLarge
)

// String returns the reason's name, such as "bad_seal", or "none".
func (r Rejection) String() string { return r.name() }

// A Source says where a session came from.
type Source int

// The sources.
const (
	// SourceNone: no token opened; this request made the session.
	SourceNone Source = iota
	// SourceCookie: a cookie.
	SourceCookie
	// SourceHeader: the session header.
	SourceHeader
	// SourceToken: Sessions.Unseal.
	SourceToken
)

// String returns "none", "cookie", "header" or "token".
func (s Source) String() string {
	switch s {
	case SourceCookie:
		return "cookie"
	case SourceHeader:
		return "header"
	case SourceToken:
		return "token"
	}
	return "none"
}
