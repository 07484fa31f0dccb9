//go:build cgo

package h3s

import (
	"errors"
	"time"
)

// A Lifetime is how long one session lives, in place of what the options say for all of them. The
// zero value is as these have it. See [Session.SetLifetime].
type Lifetime struct {
	// MaxAge is how long the session lives from [Session.CreatedAt], rounded up to whole
	// seconds, of which there may be 4294967295; 0: as Options.MaxAge says, which it is never
	// longer than.
	MaxAge time.Duration
	// EndsWithBrowser: the cookie has neither Max-Age nor Expires, so that the browser forgets
	// it when it is closed. (Browsers that restore their windows may keep it all the same. What
	// ends the token is MaxAge.)
	EndsWithBrowser bool
}

// SetLifetime gives this session a lifetime of its own, as a login does that asks whether to
// "remember me". It is sealed in the token: every server keeps to it, and it stays when the session
// is written to, rotated, seen again or sealed with another password. Clear ends it with all else.
//
// MaxAge counts from CreatedAt, so at a login call Rotate first. If the session would have ended
// already, the error is [ErrExpired], and nothing changes. It is [ErrState] where sessions are
// sealed in Fe26.2 (H3v1, H3v2), which has no place for it, and after Clear; [ErrArgument] where
// MaxAge is negative or too long.
func (s *Session) SetLifetime(l Lifetime) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.handle.setLifetime(wholeSeconds(l.MaxAge), l.EndsWithBrowser); err != nil {
		var e *Error
		if errors.As(err, &e) && e.kind == ErrArgument {
			e.Key = "MaxAge"
		}
		return err
	}
	s.written = true
	return nil
}

// Lifetime is what SetLifetime has said, here or on another server; the zero value where nothing
// was said.
func (s *Session) Lifetime() Lifetime { return view(s, (*handle).lifetime) }

// wholeSeconds rounds away from zero, so that what is negative stays so.
func wholeSeconds(d time.Duration) int64 {
	seconds := int64(d / time.Second)
	switch rest := d % time.Second; {
	case rest > 0:
		seconds++
	case rest < 0:
		seconds--
	}
	return seconds
}
