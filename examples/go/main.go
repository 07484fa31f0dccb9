// Login is a login and a logout, on net/http.
//
//	SESSION_PASSWORD=$(openssl rand -base64 32) go run . 127.0.0.1:3000
//
// GET / greets and counts visits; POST /login?name=ada logs in; POST /logout logs out. The same
// program in C, Python and Node is in the folders beside this one: with the same password they
// share the sessions.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"h3s"
)

// hello counts the visit. A write is what sets the cookie.
func hello(w http.ResponseWriter, r *http.Request) {
	session := h3s.FromContext(r.Context())
	visits, user := 0, ""
	// What another program has put there may be of another type, and counts as nothing.
	_ = session.Get("visits", &visits)
	_ = session.Get("user", &user)
	if err := session.Set("visits", visits+1); err != nil {
		http.Error(w, err.Error(), h3s.StatusCode(err))
		return
	}
	fmt.Fprintf(w, "Hello, %s. Visit %d.\n", cmp.Or(user, "stranger"), visits+1)
}

// login asks for a name; a real one asks for more. A new id: whoever knew the old one has nothing.
func login(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" || len(name) > 80 {
		http.Error(w, "who is it?", http.StatusBadRequest)
		return
	}
	session := h3s.FromContext(r.Context())
	if err := errors.Join(session.Rotate(), session.Set("user", name)); err != nil {
		http.Error(w, err.Error(), h3s.StatusCode(err))
		return
	}
	fmt.Fprintf(w, "Welcome, %s.\n", name)
}

func logout(w http.ResponseWriter, r *http.Request) {
	if err := h3s.FromContext(r.Context()).Clear(); err != nil {
		http.Error(w, err.Error(), h3s.StatusCode(err))
		return
	}
	fmt.Fprintln(w, "Goodbye.")
}

func main() {
	sessions, err := h3s.New(h3s.Options{
		Password: h3s.NewPassword(os.Getenv("SESSION_PASSWORD")),
		MaxAge:   7 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err) // names the option
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", hello)
	mux.HandleFunc("POST /login", login) // a mere link changes nothing
	mux.HandleFunc("POST /logout", logout)
	// Another site may lead a browser here, but log nobody in or out.
	handler := http.NewCrossOriginProtection().Handler(sessions.Handler(mux))

	address := "127.0.0.1:3000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
