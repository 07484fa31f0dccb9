// Command service is the service in Go of tests/revocation.
//
//	service OPTIONS URL
//
// has the sessions of a file of shared options, and follows what is revoked through the server of
// Valkey or Redis at the URL. It listens on a free port of 127.0.0.1 and prints its address. See
// tests/revocation/service.py for what it answers.
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/valkey-io/valkey-go"

	"h3s"
	"h3svalkey"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	options, err := h3s.OptionsFromJSON(text)
	if err != nil {
		log.Fatal(err)
	}
	options.Revocation.Store = h3svalkey.Dial(valkey.MustParseURL(os.Args[2]))
	sessions, err := h3s.New(options)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, sessions.Handler(service())))
}

func service() http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, do func(*h3s.Session, *http.Request) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s := h3s.FromContext(r.Context())
			if err := do(s, r); err != nil {
				http.Error(w, "no session", h3s.StatusCode(err))
			}
		})
	}
	handle("/login", func(s *h3s.Session, r *http.Request) error {
		return errors.Join(s.Rotate(), s.Set("user", r.FormValue("user")))
	})
	handle("/logout", func(s *h3s.Session, _ *http.Request) error { return s.Revoke() })
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		if err := s.Err(); err != nil {
			http.Error(w, "no session", h3s.StatusCode(err))
			return
		}
		user, ok := s.Text("/user")
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-User", user)
		if s.IsStale() {
			w.Header().Set("X-Stale", "1")
		}
	})
	return mux
}
