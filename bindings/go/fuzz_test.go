package h3s_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"h3s"
)

// Whatever a client sends as its cookies, there is a session, and a client can read its Set-Cookie.
func FuzzCookieHeader(f *testing.F) {
	sessions := must(h3s.New(h3s.Options{Password: password, Cookie: h3s.CookieOptions{ChunkMaxLength: 200, MaxChunks: 100}}))
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	// The fuzzer's processes have each another session, so they have to
	// agree on what it is called.
	const id = "the-only-session"
	check(f, s.SetID(id))
	check(f, s.Set("user", strings.Repeat("x", 300)))
	token := must(s.Seal())
	f.Add("")
	f.Add("h3=" + token)
	f.Add("theme=dark; h3=forged; h3=" + token + "; lang=en")
	f.Add(next(f, s).Header.Get("Cookie"))
	f.Add("h3=chunked__3; h3.1=a; h3.2=b; h3.3=c")
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		s := must(sessions.Peek(r))
		defer s.Close()
		if s.IsNew() == (s.ID() == id) || s.IsNew() != (s.Source() == h3s.SourceNone) {
			t.Fatalf("%q opened a session that nobody sealed", header)
		}
		check(t, s.Set("more", header == ""))
		for _, line := range must(s.SetCookies()) {
			if cookie := must(http.ParseSetCookie(line)); !strings.HasPrefix(cookie.Name, "h3") || len(cookie.Unparsed) > 0 {
				t.Fatal(line)
			}
		}
		sessions.Strip(r)
		stripped := must(sessions.Peek(r))
		defer stripped.Close()
		if !stripped.IsNew() || stripped.Rejection() != h3s.RejectionNone {
			t.Fatalf("%q: a session is left in %q", header, r.Header)
		}
	})
}

// What is set comes back as encoding/json has it, or is refused and changes nothing.
func FuzzSet(f *testing.F) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	for _, text := range []string{`1`, `"é\ud83d\ude00"`, `{"a":[1,2.50,{"b":null}]}`, ` [ ] `, `{"a":1,"a":2}`, `"\ud800"`, `1e999`, "\"\xff\"", ``} {
		f.Add("key", text)
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		s := must(sessions.Use(&http.Request{}))
		defer s.Close()
		check(t, s.Set("before", true))
		before := s.Find("")

		err := s.Set(key, json.RawMessage(text))
		if err != nil {
			if !errors.Is(err, h3s.ErrData) && !errors.Is(err, h3s.ErrTooLarge) || !bytes.Equal(s.Find(""), before) {
				t.Fatalf("%q: %v, and the session is %s", text, err, s.Find(""))
			}
			return
		}
		if !utf8.ValidString(key) || !json.Valid([]byte(text)) {
			t.Fatalf("%q under %q was accepted", text, key)
		}
		var want, got any
		wanted, gotten := json.Unmarshal([]byte(text), &want), s.Get(key, &got)
		if (wanted == nil) != (gotten == nil) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %v (%v), want %v (%v)", text, got, gotten, want, wanted)
		}
		opened := must(sessions.Unseal(must(s.Seal())))
		defer opened.Close()
		if !bytes.Equal(opened.Find(""), s.Find("")) {
			t.Fatalf("%s was sealed, %s opened", s.Find(""), opened.Find(""))
		}
	})
}
