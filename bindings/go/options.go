//go:build cgo

package h3s

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Options say how sessions are sealed, how long they live and how they travel. Only a password is
// required; the zero value of each other field is a good default.
//
// All but the functions and the logger have a JSON form that is shared with h3 and with every other
// language: [Options.SharedJSON] writes it, passwords included, and [OptionsFromJSON] reads it.
// What [json.Marshal] makes of options is for logs: it has no password in it, and is not that form.
type Options struct {
	// Password is a secret of at least 32 characters, at random:
	// h3s.NewPassword(os.Getenv("SESSION_PASSWORD")), say.
	Password Password
	// Passwords stand in place of Password where there are several, by id: the first seals and
	// all open. To change a password, put the new one first, everywhere; drop the old one once
	// its last sessions have ended. If all ids are numbers, the highest seals, whatever the
	// order: JavaScript would reorder them.
	Passwords []NamedPassword

	// Name is the name of the cookie; "h3" if empty. Recommended: "__Host-session".
	Name string
	// MaxAge is how long a session lives from when it was made or last rotated, in
	// whole seconds; 0: no limit.
	MaxAge time.Duration
	// IdleTimeout is how long a session lives from when it was last seen, in whole seconds; 0:
	// no limit. A read slides it only once more than half of it is used: of an hour, a read
	// after 29 minutes still leaves the session 31.
	IdleTimeout time.Duration
	// NotBefore refuses all sessions that were made before it, which logs everybody out.
	NotBefore time.Time
	// Revocation makes a logout final, whoever has a copy of the cookie; nil: off. It needs
	// MaxAge or IdleTimeout, and at the end [Sessions.Close].
	Revocation *RevocationOptions
	// DisableRefresh turns off that reads seal a session again, be it to slide
	// or under today's password.
	DisableRefresh bool
	// MaxTokenLength is the longest token in a header; 16,384 if 0.
	MaxTokenLength int
	// Header is the name of the request header that may carry a token in place of the cookie;
	// "x-{Name}-session" if empty. Many servers and proxies drop headers with an underscore in
	// their name (nginx, Apache, gunicorn), so beside a Name such as "__Host-session" give one
	// of your own: "x-session". In "authorization", the token stands after "Bearer ".
	Header string
	// DisableHeader turns that header off.
	DisableHeader bool
	// Cookie has the cookie's attributes.
	Cookie CookieOptions
	// DisableCookie is for sessions in a header only.
	DisableCookie bool
	// Seal says which formats tokens have.
	Seal SealOptions
	// DisableLegacySeals refuses the Fe26.2 tokens of h3 1.x, whose keys are
	// derived in one iteration.
	DisableLegacySeals bool

	// Now is the clock, for tests; the system's if nil. Several goroutines call it, with
	// Revocation also one in the background.
	Now func() time.Time `json:"-" xml:"-"`
	// Peer says who sent a request, and limits the slow key derivations that Fe26.2 tokens
	// cost, some milliseconds each: a peer that sends more than 20 forged ones, and then more
	// than 5 a second, gets [ErrBusy], which Handler answers with 429. (Authentic ones that
	// were not seen lately have ten times that.) See [RemoteIP]. There is no limit if Peer is
	// nil: behind a proxy, one address would stand for everybody.
	//
	// An address may be given as it is, with or without a port. All that share the
	// first 64 bits of an IPv6 address are one peer, and an IPv4 address inside an IPv6
	// one is that IPv4 address.
	Peer func(*http.Request) string `json:"-" xml:"-"`
	// OnError is told what Handler could not do for a request, such as [ErrHeaderSent]. If nil,
	// Logger is.
	OnError func(*http.Request, error) `json:"-" xml:"-"`
	// Logger gets a line for each session that Handler could not save, with the path of its
	// request, and at [slog.LevelDebug] one for each request, which says where its session came
	// from, or else why it is new. If nil: [slog.Default].
	Logger *slog.Logger `json:"-" xml:"-"`
	// Development is for a server that speaks plain HTTP on your own machine, and for nothing
	// else. Everything goes as without it, but that the cookie is not Secure, and has nothing
	// that browsers take with Secure only: its name loses the prefix "__Host-" or the like,
	// SameSite=None becomes the default, and Partitioned is off.
	Development bool
}

// CookieOptions are the cookie's attributes.
type CookieOptions struct {
	// Path is "/" if empty.
	Path   string
	Domain string
	// DisableSecure sends the cookie over plain HTTP as well. See Options.Development.
	DisableSecure bool
	// DisableHTTPOnly lets scripts read the cookie.
	DisableHTTPOnly bool
	// SameSite is lax if 0; [http.SameSiteDefaultMode] leaves the attribute out.
	SameSite    http.SameSite
	Partitioned bool
	// Priority is "low", "medium", "high" or, for none, empty.
	Priority string
	// MaxAge stands in the cookie in place of what remains of the session, in whole seconds.
	MaxAge time.Duration
	// ChunkMaxLength is the longest value of one cookie; longer sessions go
	// into several. 4,000 if 0.
	ChunkMaxLength int
	// MaxChunks is how many cookies a write may split a session into. If 0: 3, if
	// together they fit into a header line of 8,190 bytes, which is all that many
	// servers take; but 1 in [H3v1], as h3 1 can read, and 100 in [H3v2], as in h3 2.
	// Reads join up to 100 in any case.
	MaxChunks int
}

// SealOptions say which formats tokens have.
type SealOptions struct {
	// Format is what seals; H3S1 if empty. Beside h3, Nuxt and Nitro: H3v1 or H3v2.
	Format Format
	// Accept lists what opens; Format alone if empty.
	Accept []Format
	// Migrate lets reads move a session to Format and Iterations; else its next write does.
	Migrate bool

	// Iterations are the PBKDF2 iterations of H3v2; 8,192 if 0. H3v1 always has 1. Set this or
	// Encryption and Integrity, not both.
	Iterations int
	// The others are for Fe26.2 only, as in h3. TTL is the end that a token carries, from when
	// it was sealed; 0: MaxAge, else IdleTimeout; negative: none.
	TTL time.Duration
	// TimestampSkew is how much the clocks of machines may differ, in whole seconds; 0: a
	// minute; negative: not at all.
	TimestampSkew time.Duration
	// LocaltimeOffset corrects this machine's clock.
	LocaltimeOffset time.Duration
	// Encryption and Integrity say how keys are made of the password; nil: as h3 does.
	Encryption, Integrity *Derivation
}

// RevocationOptions say how sessions are revoked. Servers make known to each other what they revoke
// by a file, which those of one machine share, or by a store of their own: one of both is needed.
type RevocationOptions struct {
	// Subject is where in a session it stands whose it is, as a JSON Pointer such as
	// "/user/id", for [Session.RevokeEverywhere] and [Sessions.RevokeSubject]. Empty: sessions
	// can be revoked one by one, or all at once.
	Subject string
	// MaxStale is for how long this process may go without word of what others revoke, in whole
	// seconds; a minute if 0. Then it is stale.
	MaxStale time.Duration
	// Stale says what happens then; StaleOpen if empty.
	Stale Stale
	// File is the absolute path of a file which the processes of this machine share, in
	// whatever language.
	File string

	// Store is what this process uses in place of File, and makes known what it revokes by:
	// that of h3s/bindings/go/valkey, say. New calls it.
	Store func(StoreOptions) (Store, error) `json:"-" xml:"-"`
	// Room is how many sessions may be revoked within the time that they live; 65,536 if 0.
	// Each takes 48 to 96 bytes of memory. Where there is none left, a logout is an [ErrFull].
	Room int `json:"-" xml:"-"`
}

// Stale says what a server does that has had no word for too long of what others revoke.
type Stale string

const (
	// StaleOpen goes on as if nothing had been revoked since, and [Session.IsStale] says so.
	StaleOpen Stale = "open"
	// StaleClosed opens no session: whoever brings one gets [ErrStale].
	StaleClosed Stale = "closed"
)

// A Format is a format of tokens.
type Format string

const (
	// H3S1 is the native format.
	H3S1 Format = "h3s1"
	// H3v1 is Fe26.2 as h3 1.x has it, and so Nuxt 3 and 4, Nitro 2, and
	// h3 2 before 2.0.1-rc.25.
	H3v1 Format = "h3-1"
	// H3v2 is Fe26.2 as h3 2.x has it.
	H3v2 Format = "h3-2"
	// Fe26 is another name of H3v2.
	Fe26 Format = "fe26.2"
	// IronSession is Fe26.2 as iron-session 8 and 9 have it, and so WorkOS AuthKit.
	IronSession Format = "iron-session"
	// AuthJS is the JWE of Auth.js, which is next-auth 5.
	AuthJS Format = "authjs"
	// NextAuth is the JWE of next-auth 4. It is only read.
	NextAuth Format = "next-auth"
	// Auth0 is the JWE of nextjs-auth0 4. It is only read.
	Auth0 Format = "auth0"
	// BetterAuth is the JWE of better-auth's cookie cache. It is only read.
	BetterAuth Format = "better-auth"
)

// A Derivation says how Fe26.2 makes a key of the password. h3 needs all four.
type Derivation struct {
	// Algorithm is "aes-256-cbc" or "aes-128-ctr" for encryption, "sha256" for integrity.
	Algorithm         string
	SaltBits          int
	Iterations        int
	MinPasswordLength int
}

// LogValue keeps the passwords out of logs.
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", o)) }

// RemoteIP is the address that a request came from, without the port: an Options.Peer for servers
// that no proxy stands before.
func RemoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
