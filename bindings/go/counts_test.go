package h3s_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"h3s"
)

// "Why is everybody logged out?" The figures are among those of expvar, at /debug/vars, and what
// reads them can raise an alarm.
func ExampleSessions_Counts() {
	sessions, err := h3s.New(h3s.Options{Password: h3s.NewPassword("an example of 32 characters or more")})
	if err != nil {
		log.Fatal(err)
	}
	expvar.Publish("h3s", expvar.Func(func() any { return sessions.Counts() }))

	// A visitor whose cookie was sealed before a roll-out with another password.
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Cookie", "h3=h3s1.k1."+"bm90IG9mIHRoaXMgc2VydmVyLCBidXQgYXMgbG9uZyBhcyBvbmUgb2YgaXRzIG93biBpcywgaGVyZQ")
	handler := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var user string
		_ = h3s.FromContext(r.Context()).Get("user", &user)
	}))
	handler.ServeHTTP(httptest.NewRecorder(), request)

	vars := httptest.NewRecorder()
	expvar.Handler().ServeHTTP(vars, httptest.NewRequest("GET", "/debug/vars", nil))
	var got struct{ H3s h3s.Counts }
	if err := json.Unmarshal(vars.Body.Bytes(), &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println("made:", got.H3s.Made, "unknown_key:", got.H3s.Refused["unknown_key"])
	// Output: made: 1 unknown_key: 1
}

// counted is by how much each figure has grown that has.
func counted(t testing.TB, sessions *h3s.Sessions, do func()) map[string]uint64 {
	t.Helper()
	before := reflect.ValueOf(sessions.Counts())
	do()
	after := reflect.ValueOf(sessions.Counts())
	grown := map[string]uint64{}
	for i := range before.NumField() {
		field := before.Type().Field(i)
		if field.Name == "Refused" {
			continue
		}
		if by := after.Field(i).Uint() - before.Field(i).Uint(); by > 0 {
			grown[field.Tag.Get("json")] = by
		}
	}
	refused := before.FieldByName("Refused").Interface().(map[string]uint64)
	for reason, count := range sessions.Counts().Refused {
		if by := count - refused[reason]; by > 0 {
			grown["refused "+reason] = by
		}
	}
	return grown
}

func TestEachThingDoneCountsUnderItsOwnName(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{MaxAge: time.Hour, IdleTimeout: time.Hour, Now: clock.Now})
	check(t, s.Set("a", 1))
	r, token := next(t, s), must(s.Seal())
	later := func() { clock.forward(40 * time.Minute) }
	for _, one := range []struct {
		what string
		do   func()
		want map[string]uint64
	}{
		{"none", func() {}, map[string]uint64{}},
		{"a cookie", func() { must(sessions.Use(r)).Close() }, map[string]uint64{"opened_cookie": 1}},
		{"a header", func() {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set(sessions.HeaderName(), token)
			must(sessions.Peek(r)).Close()
		}, map[string]uint64{"opened_header": 1}},
		{"a token", func() { must(sessions.Unseal(token)).Close() }, map[string]uint64{"opened_token": 1}},
		{"a forged token", func() { _, _ = sessions.Unseal("h3s1..AAAA") }, map[string]uint64{"refused malformed": 1}},
		{"a slide", func() {
			later()
			s := must(sessions.Peek(r))
			defer s.Close()
			must(s.SetCookies())
		}, map[string]uint64{"opened_cookie": 1, "slid": 1}},
		{"a logout", func() {
			s := must(sessions.Use(r))
			defer s.Close()
			check(t, s.Rotate())
			check(t, s.Clear())
		}, map[string]uint64{"opened_cookie": 1, "rotated": 1, "cleared": 1}},
		{"an end", func() { later(); must(sessions.Peek(r)).Close() }, map[string]uint64{"made": 1, "refused expired": 1}},
	} {
		if got := counted(t, sessions, one.do); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%s: counted %v, want %v", one.what, got, one.want)
		}
	}
	if reasons := len(sessions.Counts().Refused); reasons != 8 {
		t.Error(reasons, "reasons")
	}
}

func TestGoroutinesLoseNoCount(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("a", 1))
	r := next(t, s)
	got := counted(t, sessions, func() {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 200 {
					must(sessions.Use(r)).Close()
				}
			})
		}
		all.Wait()
	})
	if want := map[string]uint64{"opened_cookie": 3200}; !reflect.DeepEqual(got, want) {
		t.Error("counted", got)
	}
}
