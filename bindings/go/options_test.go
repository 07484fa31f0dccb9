package h3s_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"h3s"
)

// Every option at a value other than its default, in Go and in the shared JSON.
var fullOptions = h3s.Options{
	Passwords: []h3s.NamedPassword{
		{ID: "zz", Password: h3s.NewPassword("the new password, \"32\" <characters> or more é")},
		{ID: "aa", Password: h3s.NewPassword("the old password, 32 characters or more")},
	},
	Name:               "__Secure-app",
	MaxAge:             7 * 24 * time.Hour,
	IdleTimeout:        time.Hour,
	NotBefore:          time.UnixMilli(1_700_000_000_123),
	Revocation:         &h3s.RevocationOptions{Subject: "/user/id", MaxStale: 2 * time.Minute, Stale: h3s.StaleClosed, File: "/var/lib/app/revocations"},
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
	`"name":"__Secure-app","maxAge":604800,"idleTimeout":3600,"notBefore":1700000000123,` +
	`"revocation":{"subject":"/user/id","maxStale":120,"stale":"closed","file":"/var/lib/app/revocations"},"refresh":false,"maxTokenLength":4096,` +
	`"sessionHeader":"x-token","cookie":{"path":"/app","domain":"example.com","httpOnly":false,"sameSite":"none","partitioned":true,` +
	`"priority":"high","maxAge":60,"chunkMaxLength":3000,"maxChunks":7},"seal":{"format":"fe26.2","accept":["fe26.2","h3s1"],` +
	`"migrate":true,"ttl":1500,"timestampSkewSec":30,"localtimeOffsetMsec":-20,` +
	`"encryption":{"algorithm":"aes-128-ctr","saltBits":128,"iterations":2,"minPasswordlength":33},` +
	`"integrity":{"algorithm":"sha256","saltBits":256,"iterations":3,"minPasswordlength":34}},"legacySealFallback":false}`

func TestEveryOptionIsWrittenInTheSharedJSONAndReadFromIt(t *testing.T) {
	if got := string(must(fullOptions.SharedJSON())); got != fullJSON {
		t.Errorf("written:\n%s\nwant:\n%s", got, fullJSON)
	}
	if got := must(h3s.OptionsFromJSON([]byte(fullJSON))); !same(got, fullOptions) {
		t.Errorf("read:\n%+v\nwant:\n%+v", got, fullOptions)
	}
	options := fullOptions
	revocation := *options.Revocation
	revocation.File = filepath.Join(t.TempDir(), "revocations")
	options.Revocation = &revocation
	must(h3s.New(options)).Close()
}

// same reports whether two options are the same. Passwords are compared by what is written, since
// they show themselves to nobody.
func same(a, b h3s.Options) bool {
	written := bytes.Equal(must(a.SharedJSON()), must(b.SharedJSON()))
	for _, options := range []*h3s.Options{&a, &b} {
		options.Password, options.Passwords = h3s.Password{}, nil
	}
	return written && reflect.DeepEqual(a, b)
}

func TestOptionsSurviveTheWayThroughJSON(t *testing.T) {
	for _, options := range []h3s.Options{
		{Password: password},
		{Password: h3s.NewPassword("escaped \" \\ \u2028 \x01 and more than 32 characters")},
		{Password: password, DisableHeader: true, DisableCookie: true},
		{Password: password, NotBefore: time.UnixMilli(0)},
		{Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{}},
		{Password: password, Cookie: h3s.CookieOptions{DisableSecure: true}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteDefaultMode}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteLaxMode}},
		{Password: password, Cookie: h3s.CookieOptions{SameSite: http.SameSiteStrictMode}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.Fe26, TTL: -time.Millisecond, TimestampSkew: -time.Second}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.H3v1, Accept: []h3s.Format{h3s.H3v1, h3s.H3S1}, Migrate: true}},
		{Password: password, Seal: h3s.SealOptions{Format: h3s.H3v2, Iterations: 4096}},
		{Name: "without_a_password"},
	} {
		got := must(h3s.OptionsFromJSON(must(options.SharedJSON())))
		if !same(got, options) {
			t.Errorf("got %+v, want %+v", got, options)
		}
	}
}

func TestAFormatsNameStandsForTheObjectThatHasNothingElse(t *testing.T) {
	for _, format := range []h3s.Format{h3s.H3S1, h3s.H3v1, h3s.H3v2, h3s.Fe26} {
		want := h3s.Options{Password: password, Seal: h3s.SealOptions{Format: format}}
		short := fmt.Sprintf(`{"password":"%s","seal":"%s"}`, passwordText, format)
		long := fmt.Sprintf(`{"password":"%s","seal":{"format":"%s"}}`, passwordText, format)
		for _, text := range []string{short, long} {
			got := must(h3s.OptionsFromJSON([]byte(text)))
			if !same(got, want) {
				t.Errorf("%s: got %+v, want %+v", text, got, want)
			}
			if written := string(must(got.SharedJSON())); written != long {
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
	logger := slog.New(slog.DiscardHandler)
	file.Session.Peer, file.Session.Logger, file.Session.Development = h3s.RemoteIP, logger, true
	file.Session.Revocation = &h3s.RevocationOptions{Room: 1000}
	check(t, json.Unmarshal([]byte(`{"Session": `+fullJSON+`}`), &file))
	if file.Session.Peer == nil || file.Session.Logger != logger || !file.Session.Development || file.Session.Revocation.Room != 1000 {
		t.Error("what cannot come from JSON, JSON cannot take away")
	}
	file.Session.Peer, file.Session.Logger, file.Session.Development, file.Session.Revocation.Room = nil, nil, false, 0
	if !same(file.Session, fullOptions) {
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
	if !same(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOfPasswordsWhoseIDsAreAllNumbersTheHighestSeals(t *testing.T) {
	two, ten := h3s.NamedPassword{ID: "2", Password: h3s.NewPassword(passwordText + "2")}, h3s.NamedPassword{ID: "10", Password: h3s.NewPassword(passwordText + "10")}
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
		"password ":                {Password: h3s.NewPassword("short")},
		"password  ":               {Password: password, Passwords: []h3s.NamedPassword{{ID: "a", Password: password}}},
		"password   ":              {Passwords: []h3s.NamedPassword{}},
		"password    ":             {Password: h3s.NewPassword(passwordText + "\xff\xfe")},
		"password     ":            {Passwords: []h3s.NamedPassword{{ID: "a b", Password: password}}},
		"password.a":               {Passwords: []h3s.NamedPassword{{ID: "a", Password: h3s.NewPassword("short")}}},
		"name":                     {Password: password, Name: "with space"},
		"maxAge":                   {Password: password, MaxAge: -time.Second},
		"maxAge ":                  {Password: password, MaxAge: 1500 * time.Millisecond},
		"idleTimeout":              {Password: password, IdleTimeout: time.Nanosecond},
		"notBefore":                {Password: password, NotBefore: time.UnixMilli(-1)},
		"maxTokenLength":           {Password: password, MaxTokenLength: 1},
		"revocation":               {Password: password, Revocation: &h3s.RevocationOptions{}},
		"revocation ":              {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{File: "/\xff"}},
		"revocation.subject":       {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{Subject: "user"}},
		"revocation.maxStale":      {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{MaxStale: time.Millisecond}},
		"revocation.stale":         {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{Stale: "half"}},
		"revocation.file":          {Password: password, MaxAge: time.Hour, Revocation: &h3s.RevocationOptions{File: "relative"}},
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
		if strings.Contains(err.Error(), "short\"") || strings.Contains(err.Error(), passwordText) {
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

func TestAnErrorInTheJSONTellsItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		`{"name": "a", "name": "b"}`:                         "h3s: the options are not JSON: an object has this name twice (at byte 15)",
		`{"seal": {"format": "h3-1", "format": "h3-2"}}`:     "h3s: the options are not JSON: an object has this name twice (at byte 29)",
		`{"password": "` + passwordText + `", "password":0}`: "h3s: the options are not JSON: an object has this name twice (at byte 62)",
		`{"maxAge": 1`: "h3s: the options are not JSON: the text ends too early (at byte 12)",
	} {
		if _, err := h3s.OptionsFromJSON([]byte(text)); err == nil || !errors.Is(err, h3s.ErrConfig) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestAFileInAnotherEncodingIsAConfigErrorThatSaysSo(t *testing.T) {
	const file = `{"name": "Zoë"}`
	encoded := func(order binary.AppendByteOrder, mark bool) (text []byte) {
		if mark {
			text = order.AppendUint16(text, 0xFEFF)
		}
		for _, unit := range utf16.Encode([]rune(file)) {
			text = order.AppendUint16(text, unit)
		}
		return text
	}
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"UTF-8 with a byte order mark":    {[]byte("\ufeff" + file), "byte order mark"},
		"UTF-16LE with a byte order mark": {encoded(binary.LittleEndian, true), "UTF-16"},
		"UTF-16BE with a byte order mark": {encoded(binary.BigEndian, true), "UTF-16"},
		"UTF-16LE":                        {encoded(binary.LittleEndian, false), "UTF-16"},
		"UTF-16BE":                        {encoded(binary.BigEndian, false), "UTF-16"},
		"Latin-1":                         {[]byte("{\"name\": \"Zo\xeb\"}"), "not UTF-8"},
	} {
		_, err := h3s.OptionsFromJSON(c.text)
		if !errors.Is(err, h3s.ErrConfig) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "save the file as UTF-8") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDevelopmentLeavesOutWhatBrowsersTakeOverHTTPSOnly(t *testing.T) {
	for _, c := range []struct {
		options h3s.Options
		want    string
	}{
		{h3s.Options{}, "h3; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Name: "__Host-session"}, "session; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Name: "__secure-session"}, "session; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Name: "__Http-session"}, "session; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Name: "__Host-Http-session"}, "session; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Cookie: h3s.CookieOptions{SameSite: http.SameSiteNoneMode, Partitioned: true}}, "h3; Path=/; HttpOnly; SameSite=Lax"},
		{h3s.Options{Cookie: h3s.CookieOptions{SameSite: http.SameSiteStrictMode}}, "h3; Path=/; HttpOnly; SameSite=Strict"},
	} {
		c.options.Development = true
		sessions, s := open(t, c.options)
		name, rest, _ := strings.Cut(must(s.SetCookies())[0], "=")
		_, attributes, _ := strings.Cut(rest, ";")
		if got := name + ";" + attributes; got != c.want || sessions.HeaderName() != "x-"+name+"-session" {
			t.Errorf("%+v: got %s, %s; want %s", c.options, got, sessions.HeaderName(), c.want)
		}
	}
	// A wrong option is as wrong as without it.
	if _, err := h3s.New(h3s.Options{Password: password, Development: true, Name: "__Host-with space"}); !errors.Is(err, h3s.ErrConfig) {
		t.Error(err)
	}
	must(h3s.New(h3s.Options{Password: password, Development: true, DisableCookie: true}))
}
