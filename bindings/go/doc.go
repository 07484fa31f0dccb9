// Package h3s gives the sessions of h3 (the framework under Nuxt and Nitro) to net/http: small JSON
// objects that live in an encrypted cookie, so no server keeps anything, and any number of machines
// share them with nothing but a password.
//
// The library libh3s does all of the work and has to be built or installed. This package is a
// thin wrapper of it.
//
// Make one [Sessions] at start, and put its [Sessions.Handler] around the handlers:
//
//	sessions, err := h3s.New(h3s.Options{
//		Password: h3s.NewPassword(os.Getenv("SESSION_PASSWORD")),
//		Name:     "__Host-session",
//		MaxAge:   7 * 24 * time.Hour,
//	})
//	...
//	http.ListenAndServe(addr, sessions.Handler(mux))
//
// In a handler, [FromContext] finds the session of the request. Values go in and out
// as with [encoding/json]:
//
//	s := h3s.FromContext(r.Context())
//	var count int
//	if err := s.Get("count", &count); err != nil {
//		...
//	}
//	err := s.Set("count", count+1)
//
// The cookie is written just before the header of the response is sent, so sessions are
// to be written before that.
//
// At a login, call [Session.Rotate], so that an id known before it is worth nothing; at a logout,
// call [Session.Revoke]. A session travels with the client, and whoever has a copy of the cookie
// has it until it expires: Options.Revocation has all servers refuse it from the logout on. Without
// that option a logout is [Session.Clear], which ends the session in that client alone.
//
// # Beside h3, Nuxt and Nitro
//
// With the same password and cookie name, and the format of that h3, both read and write the same
// session: Seal: h3s.SealOptions{Format: h3s.H3v1} for h3 1.x (Nuxt 3 and 4, Nitro 2), and [H3v2]
// for h3 2.x.
//
// # Building
//
// In the repository the package links the archive that make has built there; elsewhere the library
// in the compiler's own folders, such as those of /usr/local, and the shared one if both are there.
// The build tag h3s_pkgconfig asks pkg-config (h3s.pc) in place of this. The build tag h3s_static
// always links libh3s.a, and the program needs no library but that of C to run. Without cgo the
// package does not compile.
package h3s
