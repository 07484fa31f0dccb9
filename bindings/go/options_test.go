package h3s_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"h3s"
)

// Every option at a value other than its default, in Go and in the shared JSON.
var fullOptions = h3s.Options{
	Passwords: []h3s.NamedPassword{
		{ID: "zz", Password: "the new password, \"32\" <characters> or more é"},
		{ID: "aa", Password: "the old password, 32 characters or more"},
	},
	Name:               "__Secure-app",
	MaxAge:             7 * 24 * time.Hour,
	IdleTimeout:        time.Hour,
	NotBefore:          time.UnixMilli(1_700_000_000_123),
	DisableRefresh:     true,
	MaxTokenLength:     4096,
	Header:             "x-token",
	DisableLegacySeals: true,
	Cookie: h3s.CookieOptions{
		Path:            "/app",
		Domain:          "example.com",
		DisableHTTPOnly: true,
		SameSite:        http.SameSiteNoneMode,
		Partitioned:     true,
		Priority:        "high",
		MaxAge:          time.Minute,
		ChunkMaxLength:  3000,
		MaxChunks:       7,
	},
	Seal: h3s.SealOptions{
		Format:          h3s.Fe26,
		Accept:          []h3s.Format{h3s.Fe26, h3s.H3S1},
		Migrate:         true,
		TTL:             1500 * time.Millisecond,
		TimestampSkew:   30 * time.Second,
		LocaltimeOffset: -20 * time.Millisecond,
		Encryption:      &h3s.Derivation{Algorithm: "aes-128-ctr", SaltBits: 128, Iterations: 2, MinPasswordLength: 33},
		Integrity:       &h3s.Derivation{Algorithm: "sha256", SaltBits: 256, Iterations: 3, MinPasswordLength: 34},
	},
}

const fullJSON = `{"password":{"zz":"the new password, \"32\" <characters> or more é","aa":"the old password, 32 characters or more"},` +
	`"name":"__Secure-app","maxAge":604800,"idleTimeout":3600,"notBefore":1700000000123,"refresh":false,"maxTokenLength":4096,` +
	`"sessionHeader":"x-token","cookie":{"path":"/app","domain":"example.com","httpOnly":false,"sameSite":"none","partitioned":true,` +
	`"priority":"high","maxAge":60,"chunkMaxLength":3000,"maxChunks":7},"seal":{"format":"fe26.2","accept":["fe26.2","h3s1"],` +
	`"migrate":true,"ttl":1500,"timestampSkewSec":30,"localtimeOffsetMsec":-20,` +
	`"encryption":{"algorithm":"aes-128-ctr","saltBits":128,"iterations":2,"minPasswordlength":33},` +
	`"integrity":{"algorithm":"sha256","saltBits":256,"iterations":3,"minPasswordlength":34}},"legacySealFallback":false}`

func TestEveryOptionIsWrittenInTheSharedJSONAndReadFromIt(t *testing.T) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	check(t, encoder.Encode(fullOptions))
	if got := strings.TrimSpace(text.String()); got != fullJSON {
		t.Errorf("written:\n%s\nwant:\n%s", got, fullJSON)
	}
	if got := must(h3s.OptionsFromJSON([]byte(fullJSON))); !reflect.DeepEqual(got, fullOptions) {
		t.Errorf("read:\n%+v\nwant:\n%+v", got, fullOptions)
	}
	must(h3s.New(fullOptions))
}

func TestOptionsSurviveTheWayThroughJSON(t *testing.T) {
	for _, options := range []h3s.Options{
		{Password: password},
		{Password: "escaped \" \\ \u2028 \x01 and more than 32 characters"},
		{Password: password, DisableHeader: true, DisableCookie: true},
		{Password: password, NotBefore: time.UnixMilli(0)},
		{Password: password, Cookie: h3s.CookieOptions{DisableSecure: true}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteDefaultMode}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteLaxMode}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteStrictMode}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.Fe26, TTL: -time.Millisecond, TimestampSkew: -time.Second}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.H3v1, Accept: []h3s.Format{h3s.H3v1, h3s.H3S1}, Migrate: true}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.H3v2, Iterations: 4096}},
		{Name: "without_a_password"},
	} {
		got := must(h3s.OptionsFromJSON(must(json.Marshal(options))))
		if !reflect.DeepEqual(got, options) {
			t.Errorf("got %+v, want %+v", got, options)
		}
	}
}

func TestAFormatsNameStandsForTheObjectThatHasNothingElse(t *testing.T) {
	for _, format := range []h3s.Format{h3s.H3S1, h3s.H3v1, h3s.H3v2, h3s.Fe26} {
		want := h3s.Options{Password: password, Seal: h3s.SealOptions{Format: format}}
		short := fmt.Sprintf(`{"password":"%s","seal":"%s"}`, password, format)
		long := fmt.Sprintf(`{"password":"%s","seal":{"format":"%s"}}`, password, format)
		for _, text := range []string{short, long} {
			got := must(h3s.OptionsFromJSON([]byte(text)))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", text, got, want)
			}
			if written := string(must(json.Marshal(got))); written != long {
				t.Errorf("%s: written as %s", text, written)
			}
			must(h3s.New(got))
		}
	}
	for _, text := range []string{`{"seal":"h3-3"}`, `{"seal":["h3-1"]}`, `{"seal":""}`, `{"seal":null}`} {
		if _, err := h3s.OptionsFromJSON([]byte(text)); !errors.Is(err, h3s.ErrConfig) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOptionsAreReadAsAPartOfAFileOfTheirOwn(t *testing.T) {
	var file struct{ Session h3s.Options }
	file.Session.Peer = h3s.RemoteIP
	check(t, json.Unmarshal([]byte(`{"Session": `+fullJSON+`}`), &file))
	if file.Session.Peer == nil {
		t.Error("a function cannot come from JSON, so JSON cannot take it away")
	}
	file.Session.Peer = nil
	if !reflect.DeepEqual(file.Session, fullOptions) {
		t.Errorf("got %+v, want %+v", file.Session, fullOptions)
	}
	if err := json.Unmarshal([]byte(`{"Session": {"maxage": 1}}`), &file); !errors.Is(err, h3s.ErrConfig) {
		t.Error(err)
	}
}

// The password that is to come is not judged for the one that is not there.
func TestAFileWithoutAPasswordMayAskForALongOne(t *testing.T) {
	const key = `{"algorithm":"%s","saltBits":256,"iterations":1,"minPasswordlength":500}`
	text := fmt.Sprintf(`{"seal":{"format":"fe26.2","encryption":`+key+`,"integrity":`+key+`}}`, "aes-256-cbc", "sha256")
	options := must(h3s.OptionsFromJSON([]byte(text)))
	options.Password = password
	if _, err := h3s.New(options); !errors.Is(err, h3s.ErrConfig) || !strings.Contains(err.Error(), "500") {
		t.Error(err)
	}
}

func TestOtherSpellingsOfTheJSONAreRead(t *testing.T) {
	got := must(h3s.OptionsFromJSON([]byte(` { "cookie" : {"sameSite": true, "secure": true, "priority": "HIGH"}, "sessionHeader": false,
		"refresh": true, "seal": {"format": "h3s1"} } `)))
	want := h3s.Options{
		DisableHeader: true,
		Cookie:        h3s.CookieOptions{SameSite: http.SameSiteStrictMode, Priority: "high"},
		Seal:          h3s.SealOptions{Format: h3s.H3S1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOfPasswordsWhoseIDsAreAllNumbersTheHighestSeals(t *testing.T) {
	two, ten := h3s.NamedPassword{ID: "2", Password: password + "2"}, h3s.NamedPassword{ID: "10", Password: password + "10"}
	named := h3s.NamedPassword{ID: "k", Password: password}
	for want, orders := range map[string][][]h3s.NamedPassword{"10": {{two, ten}, {ten, two}}, "2": {{two, named}, {two, named, ten}}} {
		for _, passwords := range orders {
			_, s := open(t, h3s.Options{Passwords: passwords})
			if token := must(s.Seal()); !strings.HasPrefix(token, "h3s1."+want+".") {
				t.Errorf("%d passwords: %s", len(passwords), token)
			}
		}
	}
}

func TestAWrongOptionIsNamed(t *testing.T) {
	cookie := func(cookie h3s.CookieOptions) h3s.Options { return h3s.Options{Password: password, Cookie: cookie} }
	for key, options := range map[string]h3s.Options{
		"password":                 {},
		"password ":                {Password: "short"},
		"password  ":               {Password: password, Passwords: []h3s.NamedPassword{{ID: "a", Password: password}}},
		"password   ":              {Passwords: []h3s.NamedPassword{}},
		"password    ":             {Password: password + "\xff\xfe"},
		"password     ":            {Passwords: []h3s.NamedPassword{{ID: "a b", Password: password}}},
		"password.a":               {Passwords: []h3s.NamedPassword{{ID: "a", Password: "short"}}},
		"name":                     {Password: password, Name: "with space"},
		"maxAge":                   {Password: password, MaxAge: -time.Second},
		"maxAge ":                  {Password: password, MaxAge: 1500 * time.Millisecond},
		"idleTimeout":              {Password: password, IdleTimeout: time.Nanosecond},
		"notBefore":                {Password: password, NotBefore: time.UnixMilli(-1)},
		"maxTokenLength":           {Password: password, MaxTokenLength: 1},
		"sessionHeader":            {Password: password, Header: "a b"},
		"sessionHeader ":           {Password: password, Header: "x", DisableHeader: true},
		"cookie":                   {Password: password, DisableCookie: true, Cookie: h3s.CookieOptions{Path: "/"}},
		"cookie.path":              cookie(h3s.CookieOptions{Path: "relative"}),
		"cookie.domain":            cookie(h3s.CookieOptions{Domain: "a;b"}),
		"cookie.sameSite":          cookie(h3s.CookieOptions{SameSite: 9}),
		"cookie.sameSite ":         cookie(h3s.CookieOptions{SameSite: http.SameSiteNoneMode, DisableSecure: true}),
		"cookie.priority":          cookie(h3s.CookieOptions{Priority: "urgent"}),
		"cookie.maxAge":            cookie(h3s.CookieOptions{MaxAge: time.Millisecond}),
		"cookie.chunkMaxLength":    cookie(h3s.CookieOptions{ChunkMaxLength: 4096}),
		"cookie.maxChunks":         cookie(h3s.CookieOptions{MaxChunks: 101}),
		"seal.format":              {Password: password, Seal: h3s.SealOptions{Format: "jwt"}},
		"seal.accept":              {Password: password, Seal: h3s.SealOptions{Accept: []h3s.Format{h3s.Fe26}}},
		"name ":                    {Password: password, Name: "app.1"},
		"seal.iterations":          {Password: password, Seal: h3s.SealOptions{Format: h3s.H3v1, Iterations: 2}},
		"seal.iterations ":         {Password: password, Seal: h3s.SealOptions{Iterations: 1}},
		"seal.ttl":                 {Password: password, Seal: h3s.SealOptions{TTL: time.Second}},
		"seal.ttl ":                {Password: password, Seal: h3s.SealOptions{Format: h3s.Fe26, TTL: time.Nanosecond}},
		"legacySealFallback":       {Password: password, DisableLegacySeals: true},
		"seal.encryption.saltBits": {Password: password, Seal: h3s.SealOptions{Format: h3s.Fe26, Encryption: &h3s.Derivation{Algorithm: "aes-256-cbc"}}},
	} {
		sessions, err := h3s.New(options)
		var e *h3s.Error
		if sessions != nil || !errors.Is(err, h3s.ErrConfig) || !errors.As(err, &e) || e.Key != strings.TrimSpace(key) {
			t.Errorf("%s: got %v", key, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "h3s: "+e.Key+": ") {
			t.Errorf("%s: the message is %q", key, err)
		}
		if strings.Contains(err.Error(), "short\"") || strings.Contains(err.Error(), password) {
			t.Errorf("%s: the message gives a password away: %v", key, err)
		}
	}
}

func TestWrongJSONIsRefusedAsInEveryLanguage(t *testing.T) {
	for text, want := range map[string]struct {
		key    string
		offset int
	}{
		`{"maxage": 1}`:                                     {"maxage", 1},
		`{ "name": "n", "maxAge": "1" }`:                    {"maxAge", 25},
		`{"cookie": {"samesite": "lax"}}`:                   {"cookie.samesite", 12},
		`{"cookie": {"secure": false}, "name": "__Host-a"}`: {"cookie.secure", -1},
		`{"password": "short"}`:                             {"password", 13},
		`{"password": null}`:                                {"password", 13},
		`[]`:                                                {"", -1},
		``:                                                  {"", 0},
		`{"name": "a", "name": "b"}`:                        {"", -1},
		`{"maxAge": 1`:                                      {"", 12},
		`null`:                                              {"", -1},
	} {
		options, err := h3s.OptionsFromJSON([]byte(text))
		var e *h3s.Error
		if !errors.As(err, &e) || !errors.Is(err, h3s.ErrConfig) || e.Key != want.key || want.offset >= 0 && e.Offset != want.offset {
			t.Errorf("%s: got %v (%+v), want %+v", text, err, e, want)
		}
		if !reflect.DeepEqual(options, h3s.Options{}) {
			t.Errorf("%s: options beside an error", text)
		}
	}
}

func TestNothingPrintsAPassword(t *testing.T) {
	const single, named = "a secret that nobody is to see, single", "a secret that nobody is to see, named"
	options := h3s.Options{Passwords: []h3s.NamedPassword{{ID: "a", Password: named}}}
	sessions := must(h3s.New(options))
	s := must(sessions.Use(httptest.NewRequest("GET", "/", nil)))
	defer s.Close()
	check(t, s.Set("user", single))
	s.ID()
	options.Password = single

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%U"} {
		for _, value := range []any{options, &options, options.Password, options.Passwords, options.Passwords[0], sessions, s} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "options", options, "password", options.Password, "named", options.Passwords[0], "session", s, "sessions", sessions)
	}
	_, err := h3s.New(options)
	fmt.Fprint(&out, err)
	for _, secret := range []string{single, named} {
		if printed := out.String(); strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) {
			t.Error("a password, or data, was printed")
		}
	}
}
