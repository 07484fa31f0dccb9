//go:build cgo

package h3s

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// SharedJSON returns the options as the JSON that h3 and every other language have in common, for a
// file that they all read. The passwords are in it: it is a secret. What is at its default is left
// out.
func (o Options) SharedJSON() ([]byte, error) {
	file, err := o.file()
	if err != nil {
		return nil, err
	}
	text, err := encode(file)
	return []byte(text), err
}

// UnmarshalJSON is [OptionsFromJSON]; what has no JSON form stays as it is.
func (o *Options) UnmarshalJSON(text []byte) error {
	read, err := OptionsFromJSON(text)
	if err != nil {
		return err
	}
	read.Now, read.Peer, read.OnError, read.Logger = o.Now, o.Peer, o.OnError, o.Logger
	read.Development = read.Development || o.Development
	if was := o.Revocation; was != nil && read.Revocation != nil {
		read.Revocation.Store, read.Revocation.Room = was.Store, was.Room
	}
	*o = read
	return nil
}

// OptionsFromJSON reads the JSON that h3 and every other language have in common. It is as
// strict as [New], but takes options without a password, too, so that a file need hold no
// secret: set Options.Password then.
func OptionsFromJSON(text []byte) (Options, error) {
	// The library is the judge, so the rules and their messages are those of every language.
	if err := checkConfig(string(text)); err != nil {
		return Options{}, err
	}
	var file optionsFile
	if err := json.Unmarshal(text, &file); err != nil {
		return Options{}, configError("", "the options cannot be read")
	}
	return file.options()
}

// optionsFile is the JSON form. A pointer is nil where its zero value would mean something.
type optionsFile struct {
	Password           json.RawMessage `json:"password,omitempty"`
	Name               string          `json:"name,omitempty"`
	MaxAge             int64           `json:"maxAge,omitempty"`
	IdleTimeout        int64           `json:"idleTimeout,omitempty"`
	NotBefore          *int64          `json:"notBefore,omitempty"`
	Revocation         json.RawMessage `json:"revocation,omitempty"` // revocationFile, or false
	Refresh            *bool           `json:"refresh,omitempty"`
	MaxTokenLength     int             `json:"maxTokenLength,omitempty"`
	SessionHeader      any             `json:"sessionHeader,omitempty"` // string, or false
	Cookie             json.RawMessage `json:"cookie,omitempty"`        // cookieFile, or false
	Seal               *sealFile       `json:"seal,omitempty"`
	LegacySealFallback *bool           `json:"legacySealFallback,omitempty"`
	Development        bool            `json:"development,omitempty"`
}

type cookieFile struct {
	Path           string `json:"path,omitempty"`
	Domain         string `json:"domain,omitempty"`
	Secure         *bool  `json:"secure,omitempty"`
	HTTPOnly       *bool  `json:"httpOnly,omitempty"`
	SameSite       any    `json:"sameSite,omitempty"` // a string, or a bool
	Partitioned    bool   `json:"partitioned,omitempty"`
	Priority       string `json:"priority,omitempty"`
	MaxAge         int64  `json:"maxAge,omitempty"`
	ChunkMaxLength int    `json:"chunkMaxLength,omitempty"`
	MaxChunks      int    `json:"maxChunks,omitempty"`
}

type revocationFile struct {
	Subject  string `json:"subject,omitempty"`
	MaxStale int64  `json:"maxStale,omitempty"`
	Stale    Stale  `json:"stale,omitempty"`
	File     string `json:"file,omitempty"`
}

type sealFile struct {
	Format              Format          `json:"format,omitempty"`
	Accept              []Format        `json:"accept,omitempty"`
	Migrate             bool            `json:"migrate,omitempty"`
	Iterations          int             `json:"iterations,omitempty"`
	TTL                 *int64          `json:"ttl,omitempty"`
	TimestampSkewSec    *int64          `json:"timestampSkewSec,omitempty"`
	LocaltimeOffsetMsec int64           `json:"localtimeOffsetMsec,omitempty"`
	Encryption          *derivationFile `json:"encryption,omitempty"`
	Integrity           *derivationFile `json:"integrity,omitempty"`
}

// UnmarshalJSON takes a format's name for the object that has nothing else.
func (seal *sealFile) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &seal.Format)
	}
	type object sealFile
	return json.Unmarshal(text, (*object)(seal))
}

type derivationFile struct {
	Algorithm         string `json:"algorithm"`
	SaltBits          int    `json:"saltBits"`
	Iterations        int    `json:"iterations"`
	MinPasswordLength int    `json:"minPasswordlength"` // h3's spelling
}

var off = false

// unless is nil for true, which is the default, and false otherwise.
func unless(disabled bool) *bool {
	if disabled {
		return &off
	}
	return nil
}

func disabled(option *bool) bool { return option != nil && !*option }

// ---- From Go ----

func (o Options) file() (*optionsFile, error) {
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	var inexact error
	// in is d in units; a remainder would be lost.
	in := func(unit time.Duration, key string, d time.Duration) int64 {
		if d%unit != 0 && inexact == nil {
			units := map[time.Duration]string{time.Second: "seconds", time.Millisecond: "milliseconds"}[unit]
			inexact = configError(key, "a whole number of "+units+": "+d.String()+" is none")
		}
		return int64(d / unit)
	}
	// explicit is for what has a default of its own, so that "none" has to be said.
	explicit := func(unit time.Duration, key string, d time.Duration) *int64 {
		if d == 0 {
			return nil
		}
		n := in(unit, key, max(d, 0))
		return &n
	}

	file := &optionsFile{
		Password:           password,
		Name:               o.Name,
		MaxAge:             in(time.Second, "maxAge", o.MaxAge),
		IdleTimeout:        in(time.Second, "idleTimeout", o.IdleTimeout),
		Refresh:            unless(o.DisableRefresh),
		MaxTokenLength:     o.MaxTokenLength,
		LegacySealFallback: unless(o.DisableLegacySeals),
		Development:        o.Development,
	}
	if !o.NotBefore.IsZero() {
		ms := o.NotBefore.UnixMilli()
		file.NotBefore = &ms
	}
	if r := o.Revocation; r != nil {
		// encoding/json would replace what is no UTF-8, and so name another file.
		if !utf8.ValidString(r.Subject + r.File) {
			return nil, configError("revocation", "Subject and File are not valid UTF-8")
		}
		text, err := encode(revocationFile{
			Subject:  r.Subject,
			MaxStale: in(time.Second, "revocation.maxStale", r.MaxStale),
			Stale:    r.Stale,
			File:     r.File,
		})
		if err != nil {
			return nil, err
		}
		file.Revocation = json.RawMessage(text)
	}
	switch {
	case o.DisableHeader && o.Header != "":
		return nil, configError("sessionHeader", "Header and DisableHeader contradict each other")
	case o.DisableHeader:
		file.SessionHeader = false
	case o.Header != "":
		file.SessionHeader = o.Header
	}

	sameSite, ok := sameSites[o.Cookie.SameSite]
	if !ok {
		return nil, configError("cookie.sameSite", "one of the constants of net/http")
	}
	switch {
	case o.DisableCookie && o.Cookie != (CookieOptions{}):
		return nil, configError("cookie", "Cookie and DisableCookie contradict each other")
	case o.DisableCookie:
		file.Cookie = json.RawMessage("false")
	case o.Cookie != (CookieOptions{}):
		text, err := encode(cookieFile{
			Path:           o.Cookie.Path,
			Domain:         o.Cookie.Domain,
			Secure:         unless(o.Cookie.DisableSecure),
			HTTPOnly:       unless(o.Cookie.DisableHTTPOnly),
			SameSite:       sameSite,
			Partitioned:    o.Cookie.Partitioned,
			Priority:       o.Cookie.Priority,
			MaxAge:         in(time.Second, "cookie.maxAge", o.Cookie.MaxAge),
			ChunkMaxLength: o.Cookie.ChunkMaxLength,
			MaxChunks:      o.Cookie.MaxChunks,
		})
		if err != nil {
			return nil, err
		}
		file.Cookie = json.RawMessage(text)
	}

	seal := sealFile{
		Format:              o.Seal.Format,
		Accept:              o.Seal.Accept,
		Migrate:             o.Seal.Migrate,
		Iterations:          o.Seal.Iterations,
		TTL:                 explicit(time.Millisecond, "seal.ttl", o.Seal.TTL),
		TimestampSkewSec:    explicit(time.Second, "seal.timestampSkewSec", o.Seal.TimestampSkew),
		LocaltimeOffsetMsec: in(time.Millisecond, "seal.localtimeOffsetMsec", o.Seal.LocaltimeOffset),
		Encryption:          (*derivationFile)(o.Seal.Encryption),
		Integrity:           (*derivationFile)(o.Seal.Integrity),
	}
	if text, err := encode(seal); err != nil {
		return nil, err
	} else if text != "{}" {
		file.Seal = &seal
	}
	return file, inexact
}

func (o Options) password() (json.RawMessage, error) {
	if o.Passwords == nil {
		if o.Password.IsZero() {
			return nil, nil
		}
		return quote(o.Password.text())
	}
	if !o.Password.IsZero() {
		return nil, configError("password", "Password and Passwords stand in place of each other: set one")
	}
	// The order counts, which a map has not.
	text := []byte{'{'}
	for i, named := range o.Passwords {
		if i > 0 {
			text = append(text, ',')
		}
		id, err := quote(named.ID)
		if err != nil {
			return nil, err
		}
		password, err := quote(named.Password.text())
		if err != nil {
			return nil, err
		}
		text = append(append(append(text, id...), ':'), password...)
	}
	return append(text, '}'), nil
}

// quote refuses what encoding/json would replace, and so make easier to guess.
func quote(text string) (json.RawMessage, error) {
	if !utf8.ValidString(text) {
		return nil, configError("password", "not valid UTF-8: encode random bytes, in base64 for example")
	}
	quoted, err := encode(text)
	return json.RawMessage(quoted), err
}

var sameSites = map[http.SameSite]any{
	0:                        nil,
	http.SameSiteDefaultMode: false,
	http.SameSiteLaxMode:     "lax",
	http.SameSiteStrictMode:  "strict",
	http.SameSiteNoneMode:    "none",
}

// ---- To Go ----

// options trusts the library's check.
func (file *optionsFile) options() (Options, error) {
	o := Options{
		Name:               file.Name,
		MaxAge:             time.Duration(file.MaxAge) * time.Second,
		IdleTimeout:        time.Duration(file.IdleTimeout) * time.Second,
		DisableRefresh:     disabled(file.Refresh),
		MaxTokenLength:     file.MaxTokenLength,
		DisableHeader:      file.SessionHeader == false,
		DisableCookie:      string(file.Cookie) == "false",
		DisableLegacySeals: disabled(file.LegacySealFallback),
		Development:        file.Development,
	}
	if file.NotBefore != nil {
		o.NotBefore = time.UnixMilli(*file.NotBefore)
	}
	if text := file.Revocation; text != nil && string(text) != "false" {
		var revocation revocationFile
		if err := json.Unmarshal(text, &revocation); err != nil {
			return Options{}, configError("revocation", "the options cannot be read")
		}
		o.Revocation = &RevocationOptions{
			Subject:  revocation.Subject,
			MaxStale: time.Duration(revocation.MaxStale) * time.Second,
			Stale:    revocation.Stale,
			File:     revocation.File,
		}
	}
	o.Header, _ = file.SessionHeader.(string)
	if err := o.setPassword(file.Password); err != nil {
		return Options{}, err
	}
	if file.Cookie != nil && !o.DisableCookie {
		var cookie cookieFile
		if err := json.Unmarshal(file.Cookie, &cookie); err != nil {
			return Options{}, configError("cookie", "the options cannot be read")
		}
		o.Cookie = CookieOptions{
			Path:            cookie.Path,
			Domain:          cookie.Domain,
			DisableSecure:   disabled(cookie.Secure),
			DisableHTTPOnly: disabled(cookie.HTTPOnly),
			SameSite:        sameSite(cookie.SameSite),
			Partitioned:     cookie.Partitioned,
			Priority:        strings.ToLower(cookie.Priority),
			MaxAge:          time.Duration(cookie.MaxAge) * time.Second,
			ChunkMaxLength:  cookie.ChunkMaxLength,
			MaxChunks:       cookie.MaxChunks,
		}
	}
	if seal := file.Seal; seal != nil {
		o.Seal = SealOptions{
			Format:          seal.Format,
			Accept:          seal.Accept,
			Migrate:         seal.Migrate,
			Iterations:      seal.Iterations,
			TTL:             duration(time.Millisecond, seal.TTL),
			TimestampSkew:   duration(time.Second, seal.TimestampSkewSec),
			LocaltimeOffset: time.Duration(seal.LocaltimeOffsetMsec) * time.Millisecond,
			Encryption:      (*Derivation)(seal.Encryption),
			Integrity:       (*Derivation)(seal.Integrity),
		}
	}
	return o, nil
}

func (o *Options) setPassword(text json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	if text[0] == '"' {
		return json.Unmarshal(text, &o.Password)
	}
	tokens := json.NewDecoder(bytes.NewReader(text))
	if _, err := tokens.Token(); err != nil { // the brace
		return err
	}
	for tokens.More() {
		id, err := tokens.Token()
		if err != nil {
			return err
		}
		named := NamedPassword{ID: fmt.Sprint(id)}
		if err := tokens.Decode(&named.Password); err != nil {
			return err
		}
		o.Passwords = append(o.Passwords, named)
	}
	return nil
}

func sameSite(value any) http.SameSite {
	if value == true {
		return http.SameSiteStrictMode
	}
	if text, ok := value.(string); ok {
		value = strings.ToLower(text)
	}
	for mode, spelling := range sameSites {
		if spelling == value {
			return mode
		}
	}
	return 0
}

// duration is n units; negative for an explicit 0.
func duration(unit time.Duration, n *int64) time.Duration {
	if n == nil {
		return 0
	}
	if *n == 0 {
		return -unit
	}
	return time.Duration(*n) * unit
}
