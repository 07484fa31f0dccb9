package h3s_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"h3s"
)

// A clock that tests move, and that who follows what is revoked reads meanwhile.
type clock struct{ since1970 atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.forward(1_750_000_000 * time.Second)
	return c
}
func (c *clock) Now() time.Time           { return time.Unix(0, c.since1970.Load()) }
func (c *clock) forward(by time.Duration) { c.since1970.Add(int64(by)) }

func open(t testing.TB, options h3s.Options) (*h3s.Sessions, *h3s.Session) {
	t.Helper()
	if options.Password.IsZero() && options.Passwords == nil {
		options.Password = password
	}
	sessions := must(h3s.New(options))
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	t.Cleanup(s.Close)
	return sessions, s
}

// next is the request of a client that has received the cookies of s, in place of its own.
func next(t testing.TB, s *h3s.Session) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	for _, line := range must(s.SetCookies()) {
		cookie := must(http.ParseSetCookie(line))
		if cookie.MaxAge >= 0 {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		}
	}
	return r
}

func text(s *h3s.Session) string { return string(s.Find("")) }

func TestASessionTravelsInItsCookie(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{MaxAge: time.Hour, IdleTimeout: time.Minute, Now: clock.Now})
	if !s.IsNew() || !s.IsDirty() || s.Source() != h3s.SourceNone || len(s.ID()) != 36 || text(s) != "{}" {
		t.Error("not as a new session is:", s.IsNew(), s.IsDirty(), s.Source(), s.ID(), text(s))
	}
	check(t, s.Set("user", "Zoë"))
	r := next(t, s)
	if s.IsDirty() {
		t.Error("dirty when its cookies were taken")
	}

	clock.forward(10 * time.Second)
	again := must(sessions.Peek(r))
	defer again.Close()
	if again.IsNew() || again.IsDirty() || again.Source() != h3s.SourceCookie || again.ID() != s.ID() || again.LogID() != s.LogID() {
		t.Error("not the same session:", again.IsNew(), again.Source(), again.ID(), s.ID())
	}
	if text(again) != `{"user":"Zoë"}` {
		t.Error(text(again))
	}
	began := time.UnixMilli(1_750_000_000_000)
	if !again.CreatedAt().Equal(began) || !again.LastSeenAt().Equal(began) || !again.ExpiresAt().Equal(began.Add(time.Minute)) {
		t.Error(again.CreatedAt(), again.LastSeenAt(), again.ExpiresAt())
	}
	if cookies := must(again.SetCookies()); cookies != nil {
		t.Error("a session that was only read sets", cookies)
	}
}

func TestUseMakesASessionAtOnceAndPeekOnlyWhenItIsWritten(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	if len(must(s.SetCookies())) != 1 {
		t.Error("no cookie of Use")
	}
	peeked := must(sessions.Peek(httptest.NewRequest("GET", "/", nil)))
	defer peeked.Close()
	if len(must(peeked.SetCookies())) != 0 {
		t.Error("a cookie of Peek")
	}
	check(t, peeked.Set("a", 1))
	if len(must(peeked.SetCookies())) != 1 {
		t.Error("no cookie of what was written")
	}
}

func TestValuesGoInAndOutAsWithEncodingJSON(t *testing.T) {
	type point struct {
		X int `json:"x"`
		Y int `json:"y,omitempty"`
	}
	_, s := open(t, h3s.Options{})
	for _, value := range []any{
		"", "text", "<b>&\u2028\"\\\n\x01", "\U0001F600", "not \xff UTF-8", 0, -1, math.MaxInt, math.MinInt64, uint64(math.MaxUint64), int8(-5), 1.5, 1e300,
		true, false, nil, []string{"a"}, []int{}, [2]bool{true, false}, []byte{0, 1, 2}, map[string]any{"b": 1.0, "a": nil}, point{X: 3}, &point{1, 2},
		json.RawMessage(` {"raw" : [1, 2]} `), json.Number("12345678901234567890.5"), time.UnixMilli(1).UTC(),
	} {
		check(t, s.Set("v", value))
		encoded := must(json.Marshal(value))
		want, got := reflect.New(reflect.TypeOf(&value).Elem()), reflect.New(reflect.TypeOf(&value).Elem())
		if value != nil {
			want, got = reflect.New(reflect.TypeOf(value)), reflect.New(reflect.TypeOf(value))
		}
		check(t, json.Unmarshal(encoded, want.Interface()))
		check(t, s.Get("v", got.Interface()))
		if raw, ok := value.(json.RawMessage); ok {
			if string(s.Find("/v")) != `{"raw":[1,2]}` {
				t.Errorf("%s became %s", raw, s.Find("/v"))
			}
		} else if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%#v: got %#v, want %#v", value, got.Elem(), want.Elem())
		}
	}
}

func TestKeysMayBeAnyText(t *testing.T) {
	_, s := open(t, h3s.Options{})
	for i, key := range []string{"", "a", "a/b", "~", "~1", "/", "\"", "\\", "\x00", "é", "😀", "0"} {
		check(t, s.Set(key, i))
		got := -1
		if check(t, s.Get(key, &got)); got != i || !s.Has(key) {
			t.Errorf("%q: got %d, want %d", key, got, i)
		}
	}
	if err := s.Set("\xff", 1); !errors.Is(err, h3s.ErrData) {
		t.Error(err)
	}
}

func TestAnAbsentKeyLeavesTheVariableAsItWas(t *testing.T) {
	_, s := open(t, h3s.Options{})
	count := 7
	check(t, s.Get("count", &count))
	if count != 7 || s.Has("count") || s.Find("/count") != nil {
		t.Error(count)
	}
	check(t, s.Set("count", nil))
	if !s.Has("count") || string(s.Find("/count")) != "null" {
		t.Error("null is there")
	}
}

func TestUpdateMergesReplaceReplacesRemoveRemoves(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.Update(map[string]any{"a": 1}))
	check(t, s.Update(struct {
		B []int          `json:"b"`
		C map[string]int `json:"c"`
	}{[]int{1, 2}, map[string]int{"x": 1}}))
	check(t, s.Update(json.RawMessage(`{"a": 1.50, "c": {"y": 2}}`)))
	if text(s) != `{"a":1.50,"b":[1,2],"c":{"y":2}}` {
		t.Error(text(s))
	}
	check(t, s.Remove("a"))
	check(t, s.Remove("absent"))
	if text(s) != `{"b":[1,2],"c":{"y":2}}` {
		t.Error(text(s))
	}
	check(t, s.Replace(map[string]bool{"only": true}))
	if text(s) != `{"only":true}` {
		t.Error(text(s))
	}
}

func TestTheFormatDecidesHowManyCookiesAWriteMayMake(t *testing.T) {
	for format, fits := range map[h3s.Format]int{h3s.H3S1: 5_900, h3s.H3v1: 2_500, h3s.H3v2: 200_000} {
		set := func(chunks, length int) error {
			_, s := open(t, h3s.Options{Seal: h3s.SealOptions{Format: format}, Cookie: h3s.CookieOptions{MaxChunks: chunks}})
			return s.Set("text", strings.Repeat("x", length))
		}
		check(t, set(0, fits))
		if err := set(0, fits*3/2); !errors.Is(err, h3s.ErrTooLarge) {
			t.Errorf("%s: more than %d: %v", format, fits, err)
		}
		check(t, set(5, 8000))
	}
}

func TestPointersLeadIntoTheData(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.Update(map[string]any{"user": map[string]any{"name": "Zoë \"Z\"", "a/b": []any{1, "two", nil}}}))
	for pointer, want := range map[string]string{"/user/name": `"Zoë \"Z\""`, "/user/a~1b/1": `"two"`, "/user/a~1b/2": "null", "/user/a~1b/3": "", "nonsense": ""} {
		if got := string(s.Find(pointer)); got != want {
			t.Errorf("%s: got %s, want %s", pointer, got, want)
		}
	}
	if name, ok := s.Text("/user/name"); name != `Zoë "Z"` || !ok {
		t.Error(name, ok)
	}
	var user struct {
		User struct{ Name string }
	}
	if check(t, s.Decode(&user)); user.User.Name != `Zoë "Z"` {
		t.Error(user)
	}
}

func TestTextIsThatOfStringsOnly(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.Update(map[string]any{"user": "Zoë", "empty": "", "list": []any{"a", 1}}))
	for pointer, want := range map[string]string{"/user": "Zoë", "/empty": "", "/list/0": "a"} {
		if got, ok := s.Text(pointer); got != want || !ok {
			t.Errorf("%s: %q, %t", pointer, got, ok)
		}
	}
	// A user who is null is none, and not one of that name.
	for _, value := range []any{nil, false, true, 0, 1, -1.5, []any{}, []any{"a"}, map[string]any{}} {
		check(t, s.Set("user", value))
		if got, ok := s.Text("/user"); got != "" || ok {
			t.Errorf("%v: %q, %t", value, got, ok)
		}
	}
	for _, pointer := range []string{"/none", "/list", "/list/1", "/list/2", "", "nonsense"} {
		if got, ok := s.Text(pointer); got != "" || ok {
			t.Errorf("%s: %q, %t", pointer, got, ok)
		}
	}
}

func TestAnErrorNamesTheKeyAndChangesNothing(t *testing.T) {
	_, s := open(t, h3s.Options{Cookie: h3s.CookieOptions{MaxChunks: 1}})
	check(t, s.Set("kept", 1))
	deep := any(1)
	for range 130 {
		deep = []any{deep}
	}
	for what, c := range map[string]struct {
		err  error
		kind error
		key  string
	}{
		"a channel":              {s.Set("a", make(chan int)), h3s.ErrData, "a"},
		"infinity":               {s.Set("b", math.Inf(1)), h3s.ErrData, "b"},
		"too deep":               {s.Set("c", deep), h3s.ErrData, "c"},
		"too large":              {s.Set("d", strings.Repeat("x", 5000)), h3s.ErrTooLarge, "d"},
		"a name twice":           {s.Set("e", json.RawMessage(`{"x":1,"x":2}`)), h3s.ErrData, "e"},
		"no object":              {s.Update([]int{1}), h3s.ErrData, ""},
		"an object of nothing":   {s.Replace(nil), h3s.ErrData, ""},
		"into the wrong type":    {s.Get("kept", new(string)), h3s.ErrData, "kept"},
		"into nothing":           {s.Get("kept", nil), h3s.ErrData, "kept"},
		"a time before 1970":     {s.SetNow(time.UnixMilli(-5)), h3s.ErrArgument, ""},
		"an id with a space":     {s.SetID("a b"), h3s.ErrData, ""},
		"no id":                  {s.SetID(""), h3s.ErrData, ""},
		"a channel in an object": {s.Update(map[string]any{"x": make(chan int)}), h3s.ErrData, ""},
	} {
		var e *h3s.Error
		if !errors.Is(c.err, c.kind) || !errors.As(c.err, &e) || c.key != "" && e.Key != c.key {
			t.Errorf("%s: got %v, want %v of %q", what, c.err, c.kind, c.key)
			continue
		}
		prefix := "h3s: "
		if e.Key != "" {
			prefix += e.Key + ": "
		}
		if e.Message == "" || e.Error() != prefix+e.Message {
			t.Errorf("%s: the key and the message are not apart: %q, %q, %q", what, e.Key, e.Message, e.Error())
		}
	}
	if text(s) != `{"kept":1}` {
		t.Error(text(s))
	}
	if err := s.Get("kept", new(string)); err.Error() != "h3s: kept: a number does not decode into string" {
		t.Error(err)
	}
}

func TestRotateGivesANewIDAndALaterEnd(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{MaxAge: time.Hour, Now: clock.Now})
	check(t, s.Set("cart", 1))
	before, r := s.ID(), next(t, s)
	clock.forward(50 * time.Minute)

	again := must(sessions.Use(r))
	defer again.Close()
	check(t, again.Set("user", 2))
	if !again.CreatedAt().Equal(clock.Now().Add(-50 * time.Minute)) {
		t.Error("Set extends the session")
	}
	check(t, again.Rotate())
	if again.ID() == before || !again.CreatedAt().Equal(clock.Now()) || text(again) != `{"cart":1,"user":2}` {
		t.Error(again.ID(), again.CreatedAt(), text(again))
	}
	check(t, again.SetID("an-id-of-my-own"))
	if again.ID() != "an-id-of-my-own" {
		t.Error(again.ID())
	}
}

func TestAClearedSessionNeverComesBack(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("user", 1))
	r := next(t, s)
	again := must(sessions.Use(r))
	defer again.Close()
	check(t, again.Clear())
	if again.ID() != "" || again.LogID() != "" || !again.CreatedAt().IsZero() || text(again) != "{}" {
		t.Error(again.ID(), text(again))
	}
	if cookies := must(again.SetCookies()); len(cookies) != 1 || !strings.HasPrefix(cookies[0], "h3=;") {
		t.Error(cookies)
	}
	for _, err := range []error{again.Remove("x"), again.Rotate(), again.SetID("x"), second(again.Seal())} {
		if !errors.Is(err, h3s.ErrState) {
			t.Error(err)
		}
	}
	check(t, again.Set("fresh", 1))
	if text(again) != `{"fresh":1}` || again.ID() == s.ID() || again.ID() == "" {
		t.Error(text(again), again.ID())
	}
}

func second[T any](_ T, err error) error { return err }

func TestASealedTokenIsTheSession(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{MaxAge: time.Hour, Now: clock.Now})
	check(t, s.Set("user", 1))
	token := must(s.Seal())

	opened := must(sessions.Unseal(token))
	defer opened.Close()
	if opened.ID() != s.ID() || text(opened) != `{"user":1}` || opened.Source() != h3s.SourceToken {
		t.Error(opened.ID(), text(opened), opened.Source())
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(sessions.HeaderName(), token)
	inHeader := must(sessions.Use(r))
	defer inHeader.Close()
	if inHeader.ID() != s.ID() || inHeader.Source() != h3s.SourceHeader {
		t.Error(inHeader.ID(), inHeader.Source())
	}

	// A connection that outlives its request.
	if err := opened.SetNow(clock.Now().Add(2 * time.Hour)); !errors.Is(err, h3s.ErrExpired) || !errors.Is(err, h3s.ErrRejected) {
		t.Error(err)
	}
	if err := opened.Set("user", 2); !errors.Is(err, h3s.ErrExpired) {
		t.Error(err)
	}
	clock.forward(2 * time.Hour)
	if _, err := sessions.Unseal(token); !errors.Is(err, h3s.ErrExpired) {
		t.Error(err)
	}
}

func TestSeveralCookieLinesAreOneHeader(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("big", strings.Repeat("x", 5000)))
	r := next(t, s)
	pairs := strings.Split(r.Header.Get("Cookie"), "; ")
	if len(pairs) < 2 {
		t.Fatal("one cookie holds it")
	}
	r.Header["Cookie"] = append([]string{"theme=dark"}, pairs...)
	again := must(sessions.Peek(r))
	defer again.Close()
	if again.ID() != s.ID() {
		t.Error(again.Rejection())
	}
}

func TestStripLeavesTheOtherCookies(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("big", strings.Repeat("x", 5000)))
	r := next(t, s)
	r.Header["Cookie"] = append([]string{"theme=dark; h3x=1"}, r.Header["Cookie"]...)
	r.Header.Set(sessions.HeaderName(), "token")
	sessions.Strip(r)
	if got := r.Header["Cookie"]; !slices.Equal(got, []string{"theme=dark; h3x=1"}) || r.Header.Get(sessions.HeaderName()) != "" {
		t.Error(r.Header)
	}
	r.Header["Cookie"] = []string{"h3=x"}
	if sessions.Strip(r); r.Header["Cookie"] != nil {
		t.Error(r.Header)
	}
}

func TestBareIronTokensHoldAnyValue(t *testing.T) {
	clock := newClock()
	sessions, _ := open(t, h3s.Options{Seal: h3s.SealOptions{Format: h3s.Fe26, TTL: time.Minute}, Now: clock.Now})
	token := must(sessions.SealIron([]any{1, "é"}))
	var got []any
	check(t, sessions.UnsealIron(token+"~2", &got))
	if !reflect.DeepEqual(got, []any{1.0, "é"}) {
		t.Error(got)
	}
	if err := sessions.UnsealIron(token, new(string)); !errors.Is(err, h3s.ErrData) {
		t.Error(err)
	}
	if err := sessions.UnsealIron("Fe26.2*", &got); !errors.Is(err, h3s.ErrRejected) {
		t.Error(err)
	}
	if _, err := sessions.SealIron(make(chan int)); !errors.Is(err, h3s.ErrData) {
		t.Error(err)
	}
	clock.forward(3 * time.Minute)
	if err := sessions.UnsealIron(token, &got); !errors.Is(err, h3s.ErrExpired) {
		t.Error(err)
	}
	native, _ := open(t, h3s.Options{})
	if _, err := native.SealIron(1); !errors.Is(err, h3s.ErrConfig) {
		t.Error(err)
	}
}

func TestWhatWouldOpenAsASessionIsSealedRawOnlyWhenAsked(t *testing.T) {
	sessions, _ := open(t, h3s.Options{Seal: h3s.SealOptions{Format: h3s.H3v1}})
	opens := func(token string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(sessions.HeaderName(), token)
		s := must(sessions.Peek(r))
		defer s.Close()
		return text(s)
	}
	for _, value := range []any{
		map[string]any{"id": 1},
		map[string]any{"data": map[string]any{"user": "admin"}},
		json.RawMessage(`{"createdAt":1,"\u0064ata":{}}`),
		struct {
			Data int `json:"data"`
		}{1},
	} {
		if _, err := sessions.SealIron(value); !errors.Is(err, h3s.ErrData) {
			t.Errorf("%v: %v", value, err)
		}
		must(sessions.SealIronSession(value))
		for _, harmless := range []any{map[string]any{"user": value}, []any{value}, "data"} {
			if got := opens(must(sessions.SealIron(harmless))); got != "{}" {
				t.Errorf("%v opens as the session %s", harmless, got)
			}
		}
	}
	token := must(sessions.SealIronSession(map[string]any{"data": map[string]any{"user": "admin"}}))
	if got := opens(token); got != `{"user":"admin"}` {
		t.Error(got)
	}
}

func TestAPeerThatForgesIsToldToWait(t *testing.T) {
	clock := newClock()
	options := h3s.Options{Password: password, Seal: h3s.SealOptions{Format: h3s.Fe26}, Now: clock.Now, Peer: h3s.RemoteIP}
	sessions, s := open(t, options)
	good := next(t, s)
	token := good.Header.Get("Cookie")
	forged := func(i int) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		part := strings.Split(token, "*")
		part[6] = fmt.Sprintf("%064x", i) // another salt: another key
		r.Header.Set("Cookie", strings.Join(part, "*"))
		return r
	}
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		var s *h3s.Session
		if s, err = sessions.Peek(forged(i)); err == nil {
			if s.Rejection() != h3s.RejectionBadSeal {
				t.Fatal(s.Rejection())
			}
			s.Close()
		}
	}
	if !errors.Is(err, h3s.ErrBusy) {
		t.Fatal("no rate limit:", err)
	}
	warm := must(sessions.Peek(good))
	if warm.ID() != s.ID() {
		t.Error("a good session of the same peer is refused")
	}
	warm.Close()
	other := forged(300)
	other.RemoteAddr = "198.51.100.7:1234"
	must(sessions.Peek(other)).Close()

	// The middleware answers for the application.
	w := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it came through") })).ServeHTTP(w, forged(500))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header()["Set-Cookie"] != nil {
		t.Error(w.Code, w.Header())
	}
}

func TestRemoteIPIsTheAddressWithoutThePort(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:1234":              "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1234": "2001:db8:1:2:3:4:5:6",
		"[::ffff:192.0.2.1]:1234":     "::ffff:192.0.2.1",
		"[fe80::1%eth0]:1":            "fe80::1%eth0",
		"192.0.2.1":                   "192.0.2.1",
		"@":                           "@",
		"":                            "",
	} {
		if got := h3s.RemoteIP(&http.Request{RemoteAddr: address}); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// Whoever has one address of IPv6 has all that share its first 64 bits.
func TestABareTokenCostsItsPeer(t *testing.T) {
	clock := newClock()
	sessions, s := open(t, h3s.Options{Seal: h3s.SealOptions{Format: h3s.H3v2}, Now: clock.Now})
	part := strings.Split(must(s.Seal()), "*")
	for name, unseal := range map[string]func(string, ...h3s.UnsealOption) error{
		"Unseal": func(token string, options ...h3s.UnsealOption) error {
			_, err := sessions.Unseal(token, options...)
			return err
		},
		"UnsealIron": func(token string, options ...h3s.UnsealOption) error {
			return sessions.UnsealIron(token, new(any), options...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			forged := func(i int) string {
				// Another salt, another key.
				part[6] = fmt.Sprintf("%064x", i+1000*len(name))
				return strings.Join(part, "*")
			}
			for i := range 20 {
				if err := unseal(forged(i), h3s.FromPeer(name)); !errors.Is(err, h3s.ErrRejected) {
					t.Fatal(err)
				}
			}
			if err := unseal(forged(20), h3s.FromPeer(name)); !errors.Is(err, h3s.ErrBusy) {
				t.Error(err)
			}
			if err := unseal(forged(20)); !errors.Is(err, h3s.ErrRejected) {
				t.Error(err)
			}
		})
	}
}

func TestEnsureSetsACookieForASessionThatWasMade(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	s := must(sessions.Peek(httptest.NewRequest("GET", "/", nil)))
	if cookies := must(s.SetCookies()); cookies != nil {
		t.Error(cookies)
	}
	check(t, s.Ensure())
	if cookies := must(s.SetCookies()); len(cookies) != 1 {
		t.Error(cookies)
	}
}

func TestSetAtAndRemoveAtReachIntoObjectsAndArrays(t *testing.T) {
	_, s := open(t, h3s.Options{})
	check(t, s.SetAt("/cart/items/-", map[string]any{"id": 7}))
	check(t, s.SetAt("/cart/items/-", "two"))
	check(t, s.SetAt("/cart/items/0/id", 8))
	check(t, s.RemoveAt("/cart/items/1"))
	check(t, s.RemoveAt("/cart/nothing"))
	if found := string(s.Find("/cart")); found != `{"items":[{"id":8}]}` {
		t.Error(found)
	}
	for _, pointer := range []string{"cart", "/cart/items/2", "/cart/items/0/id/x"} {
		var e *h3s.Error
		if err := s.SetAt(pointer, 1); !errors.Is(err, h3s.ErrData) || !errors.As(err, &e) || e.Key != pointer {
			t.Error(pointer, err)
		}
	}
	if err := s.SetAt("/a", func() {}); !errors.Is(err, h3s.ErrData) {
		t.Error(err)
	}
}

func TestOneIPv6NetworkIsOnePeerAsOneIPv4AddressIs(t *testing.T) {
	clock := newClock()
	for name, c := range map[string]struct {
		address func(i int) string
		busy    bool
	}{
		"one IPv4 address":              {func(i int) string { return "192.0.2.1:" + strconv.Itoa(i+1024) }, true},
		"the same, mapped into IPv6":    {func(i int) string { return "[::ffff:192.0.2.1]:" + strconv.Itoa(i+1024) }, true},
		"one IPv6 network":              {func(i int) string { return fmt.Sprintf("[2001:db8:1:2::%x]:443", i) }, true},
		"one network of one machine":    {func(i int) string { return fmt.Sprintf("[fe80::%x%%eth0]:443", i) }, true},
		"IPv4 addresses of many people": {func(i int) string { return fmt.Sprintf("192.0.2.%d:443", i) }, false},
		"IPv6 networks of many people":  {func(i int) string { return fmt.Sprintf("[2001:db8:1:%x::1]:443", i) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			sessions, s := open(t, h3s.Options{Seal: h3s.SealOptions{Format: h3s.H3v2}, Now: clock.Now, Peer: h3s.RemoteIP})
			part := strings.Split(next(t, s).Header.Get("Cookie"), "*")
			busy := 0
			for i := range 60 {
				r := httptest.NewRequest("GET", "/", nil)
				part[6] = fmt.Sprintf("%064x", i) // another salt: another key
				r.Header.Set("Cookie", strings.Join(part, "*"))
				r.RemoteAddr = c.address(i)
				if s, err := sessions.Peek(r); errors.Is(err, h3s.ErrBusy) {
					busy++
				} else {
					check(t, err)
					s.Close()
				}
			}
			if want := map[bool]int{true: 40}[c.busy]; busy != want {
				t.Errorf("%d of 60 forgeries are too many, want %d", busy, want)
			}
		})
	}
}

func TestAClosedSessionDoesNothing(t *testing.T) {
	_, s := open(t, h3s.Options{})
	s.Close()
	s.Close()
	_, cookies := s.SetCookies()
	for _, err := range []error{s.Err(), s.Set("a", 1), s.Get("a", new(int)), s.Decode(new(any)), s.Clear(), second(s.Seal()), cookies, s.Save(httptest.NewRecorder())} {
		if !errors.Is(err, h3s.ErrClosed) {
			t.Error(err)
		}
	}
	if s.ID() != "" || s.IsNew() || s.Has("a") || s.Find("") != nil || !s.CreatedAt().IsZero() || s.LogID() != "" {
		t.Error("it still tells something")
	}
}

func TestNoSessionDoesNothing(t *testing.T) {
	s := h3s.FromContext(t.Context())
	if s != nil {
		t.Fatal("where from?")
	}
	for _, err := range []error{s.Err(), s.Set("a", 1), s.Get("a", new(int)), s.Clear(), s.Save(httptest.NewRecorder())} {
		if !errors.Is(err, h3s.ErrNoSession) {
			t.Error(err)
		}
	}
	if s.ID() != "" || s.Has("a") {
		t.Error("it tells something")
	}
	s.Close()
}

func TestSaveAgainReplacesWhatItSaved(t *testing.T) {
	_, s := open(t, h3s.Options{})
	w := httptest.NewRecorder()
	w.Header().Set("Set-Cookie", "theme=dark")
	w.Header().Set("Cache-Control", "public, max-age=60")
	check(t, s.Save(w))
	check(t, s.Save(w))
	check(t, s.Set("a", 1))
	check(t, s.Save(w))
	header := w.Header()
	if lines := header["Set-Cookie"]; len(lines) != 2 || lines[0] != "theme=dark" || lines[1] != must(s.SetCookies())[0] {
		t.Error(lines)
	}
	if header.Get("Vary") != "Cookie, x-h3-session" || header.Get("Cache-Control") != "private, max-age=60" {
		t.Error(header)
	}
}

func TestManyGoroutinesMayShareASession(t *testing.T) {
	_, s := open(t, h3s.Options{})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 200 {
				check(t, s.Set(string(rune('a'+i)), i))
				_, _ = s.ID(), s.Find("")
				if _, err := s.SetCookies(); err != nil {
					t.Error(err)
				}
				if i == 0 {
					check(t, s.Rotate())
				}
			}
		})
	}
	group.Wait()
	var data map[string]int
	if check(t, s.Decode(&data)); len(data) != 16 {
		t.Error(data)
	}
}

// Nothing but the garbage collector frees these.
func TestSessionsThatNobodyClosesAreFreed(t *testing.T) {
	sessions, s := open(t, h3s.Options{})
	check(t, s.Set("big", strings.Repeat("x", 3000)))
	r := next(t, s)
	leak := func(batches int) {
		for range batches {
			for range 1_000 {
				if must(sessions.Use(r)).IsNew() {
					t.Fatal("not the session")
				}
			}
			// The collector frees in the background: wait until it has come by here.
			freed := make(chan struct{})
			runtime.SetFinalizer(new([16]int), func(*[16]int) { close(freed) })
			runtime.GC()
			<-freed
		}
	}
	leak(5)
	before := residentKiB(t)
	leak(50)
	// Together they have taken more than 150 MiB.
	if grown := residentKiB(t) - before; grown > 50<<10 {
		t.Errorf("%d KiB more", grown)
	}
}

// The library wipes what it lent when the session is written or freed.
func TestWhatWasReadStaysWhenTheSessionIsClosed(t *testing.T) {
	_, s := open(t, h3s.Options{})
	const long = "a name that fills some memory of its own, and so lies apart"
	check(t, s.Update(map[string]any{"user": long, "roles": []string{long}}))
	var user string
	var roles json.RawMessage
	check(t, s.Get("user", &user))
	check(t, s.Get("roles", &roles))
	found, id, cookies := s.Find("/user"), s.ID(), must(s.SetCookies())
	text, _ := s.Text("/user")
	want := fmt.Sprint(user, string(roles), string(found), id, cookies, text)
	if strings.Count(want, long) != 4 {
		t.Fatal(want)
	}
	check(t, s.Rotate())
	check(t, s.Replace(struct{}{}))
	s.Close()
	if got := fmt.Sprint(user, string(roles), string(found), id, cookies, text); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A goroutine that keeps a closed session must not meet the next visitor's.
func TestAClosedSessionIsNotTheNextOne(t *testing.T) {
	sessions, first := open(t, h3s.Options{})
	for turn := range 100 {
		closed := must(sessions.Use(next(t, first)))
		closed.Close()
		another := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
		check(t, another.Set("user", turn))
		closed.Close()
		if err := closed.Set("user", "mallory"); !errors.Is(err, h3s.ErrClosed) || closed.Has("user") || closed.ID() != "" {
			t.Fatal(turn, err)
		}
		var user int
		if check(t, another.Get("user", &user)); user != turn {
			t.Fatal(turn, user)
		}
		another.Close()
	}
}

// The library's account of an error lies in C's memory until it is read.
func TestAnErrorLeavesNoMemoryBehind(t *testing.T) {
	_, s := open(t, h3s.Options{})
	fail := func(times int) {
		for range times {
			if s.SetID("no id") == nil {
				t.Fatal("a space in an id")
			}
		}
	}
	fail(1_000)
	before := residentKiB(t)
	fail(400_000)
	// Together they have taken some 100 MiB.
	if grown := residentKiB(t) - before; grown > 50<<10 {
		t.Errorf("%d KiB more", grown)
	}
}

func TestASessionOutlivesItsSessions(t *testing.T) {
	s := must(must(h3s.New(h3s.Options{Password: password})).Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	runtime.GC()
	runtime.GC()
	check(t, s.Set("a", 1))
	must(s.Seal())
}
