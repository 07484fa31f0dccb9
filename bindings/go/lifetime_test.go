package h3s_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"h3s"
)

func TestALifetimeStaysWhenTheSessionIsRotatedAndOnAnotherServer(t *testing.T) {
	clock := newClock()
	_, s := open(t, h3s.Options{MaxAge: 30 * 24 * time.Hour, Now: clock.Now})
	lifetime := h3s.Lifetime{MaxAge: time.Hour, EndsWithBrowser: true}
	check(t, s.SetLifetime(lifetime))
	if s.Lifetime() != lifetime || !s.ExpiresAt().Equal(clock.Now().Add(time.Hour)) {
		t.Error(s.Lifetime(), s.ExpiresAt())
	}
	r := next(t, s)

	clock.forward(50 * time.Minute)
	another := must(h3s.New(h3s.Options{Password: password, MaxAge: 365 * 24 * time.Hour, Now: clock.Now}))
	there := must(another.Use(r))
	defer there.Close()
	if there.IsNew() || there.Lifetime() != lifetime {
		t.Error(there.Rejection(), there.Lifetime())
	}
	check(t, there.Rotate())
	if there.Lifetime() != lifetime || !there.ExpiresAt().Equal(clock.Now().Add(time.Hour)) {
		t.Error(there.Lifetime(), there.ExpiresAt())
	}
	r = next(t, there)

	clock.forward(time.Hour + time.Millisecond)
	after := must(another.Use(r))
	defer after.Close()
	if after.Rejection() != h3s.RejectionExpired || after.Lifetime() != (h3s.Lifetime{}) {
		t.Error(after.Rejection(), after.Lifetime())
	}
}

func TestALoginWithoutRememberMeEndsWithTheBrowser(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		for _, c := range []struct {
			lifetime h3s.Lifetime
			maxAge   string
		}{
			{h3s.Lifetime{EndsWithBrowser: true}, ""},
			{h3s.Lifetime{EndsWithBrowser: true, MaxAge: time.Hour}, ""},
			{h3s.Lifetime{MaxAge: time.Hour}, "; Max-Age=3600; Expires="},
			{h3s.Lifetime{}, "; Max-Age=604800; Expires="},
		} {
			options := h3s.Options{MaxAge: 7 * 24 * time.Hour}
			response, _ := serve(t, protocol, options, func(_ http.ResponseWriter, r *http.Request) {
				check(t, h3s.FromContext(r.Context()).SetLifetime(c.lifetime))
			})
			cookies := response.Header["Set-Cookie"]
			if len(cookies) != 1 {
				t.Fatal("a write sets its cookie:", cookies)
			}
			ends := strings.Contains(cookies[0], "Max-Age") || strings.Contains(cookies[0], "Expires")
			if ends != (c.maxAge != "") || !strings.Contains(cookies[0], c.maxAge) {
				t.Errorf("%v: %s", c.lifetime, cookies[0])
			}
		}
	})
}

func TestALifetimeThatIsSetAfterTheHeaderIsReported(t *testing.T) {
	var reported error
	options := h3s.Options{OnError: func(_ *http.Request, err error) { reported = err }}
	serve(t, 1, options, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		check(t, h3s.FromContext(r.Context()).SetLifetime(h3s.Lifetime{MaxAge: time.Hour}))
	})
	if !errors.Is(reported, h3s.ErrHeaderSent) {
		t.Error(reported)
	}
}

func TestFe26HasNoPlaceForALifetime(t *testing.T) {
	for _, format := range []h3s.Format{h3s.H3v1, h3s.H3v2} {
		_, s := open(t, h3s.Options{Seal: h3s.SealOptions{Format: format}})
		err := s.SetLifetime(h3s.Lifetime{MaxAge: time.Hour})
		if !errors.Is(err, h3s.ErrState) || !strings.Contains(err.Error(), "Fe26.2") || s.Lifetime() != (h3s.Lifetime{}) {
			t.Error(err, s.Lifetime())
		}
		check(t, s.SetLifetime(h3s.Lifetime{}))
	}
}

func TestALifetimeThatIsOverIsRefusedAndChangesNothing(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{Now: clock.Now})
	r := next(t, s)
	clock.forward(time.Hour)
	again := must(sessions.Use(r))
	defer again.Close()
	err := again.SetLifetime(h3s.Lifetime{MaxAge: time.Hour - time.Second})
	if !errors.Is(err, h3s.ErrRejected) || !errors.Is(err, h3s.ErrExpired) {
		t.Error(err)
	}
	if again.IsDirty() || again.Lifetime() != (h3s.Lifetime{}) {
		t.Error(again.IsDirty(), again.Lifetime())
	}
	check(t, again.SetLifetime(h3s.Lifetime{MaxAge: time.Hour}))
}

func TestALifetimeIsRoundedUpToWholeSeconds(t *testing.T) {
	_, s := open(t, h3s.Options{})
	for given, want := range map[time.Duration]time.Duration{
		0:                              0,
		1:                              time.Second,
		time.Second:                    time.Second,
		time.Second + 1:                2 * time.Second,
		math.MaxUint32 * time.Second:   math.MaxUint32 * time.Second,
		math.MaxUint32*time.Second - 1: math.MaxUint32 * time.Second,
	} {
		check(t, s.SetLifetime(h3s.Lifetime{MaxAge: given}))
		if got := s.Lifetime().MaxAge; got != want {
			t.Errorf("%v became %v, want %v", given, got, want)
		}
	}
}

func TestALifetimeThatIsNegativeOrTooLongSaysSoAndChangesNothing(t *testing.T) {
	_, s := open(t, h3s.Options{})
	kept := h3s.Lifetime{MaxAge: time.Minute}
	check(t, s.SetLifetime(kept))
	for _, given := range []time.Duration{-1, -time.Second, math.MinInt64, math.MaxUint32*time.Second + 1, math.MaxInt64} {
		err := s.SetLifetime(h3s.Lifetime{MaxAge: given})
		var e *h3s.Error
		if !errors.Is(err, h3s.ErrArgument) || !errors.As(err, &e) || e.Key != "MaxAge" || !strings.Contains(e.Message, "4294967295 seconds") {
			t.Errorf("%v: %v", given, err)
		}
		if s.Lifetime() != kept {
			t.Errorf("%v: %v", given, s.Lifetime())
		}
	}
}

func TestWhatBeginsAfterClearHasNoLifetime(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.SetLifetime(h3s.Lifetime{MaxAge: time.Hour, EndsWithBrowser: true}))
	check(t, s.Clear())
	if err := s.SetLifetime(h3s.Lifetime{MaxAge: time.Hour}); !errors.Is(err, h3s.ErrState) {
		t.Error(err)
	}
	check(t, s.Set("fresh", 1))
	if s.Lifetime() != (h3s.Lifetime{}) {
		t.Error(s.Lifetime())
	}
}

func TestWithoutASessionThereIsNoLifetime(t *testing.T) {
	_, closed := open(t, h3s.Options{})
	closed.Close()
	for want, s := range map[error]*h3s.Session{h3s.ErrClosed: closed, h3s.ErrNoSession: nil} {
		if err := s.SetLifetime(h3s.Lifetime{}); !errors.Is(err, want) || s.Lifetime() != (h3s.Lifetime{}) {
			t.Error(err, s.Lifetime())
		}
	}
}

// A session that opens when it is touched is opened to be given a lifetime.
func TestALifetimeIsWrittenLikeAnythingElse(t *testing.T) {
	sessions, _ := open(t, h3s.Options{})
	s := must(sessions.Peek(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	check(t, s.SetLifetime(h3s.Lifetime{EndsWithBrowser: true}))
	if len(must(s.SetCookies())) != 1 {
		t.Error("no cookie of what was written")
	}
}
