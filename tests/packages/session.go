// Session goes on with a session that another language's package has made, the cookie that is its
// argument, by the module that `go get` has fetched, and prints its cookie.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"example.org/libh3s/Go"
)

func main() {
	password := h3s.NewPassword("an example of 32 characters or more")
	sessions, err := h3s.New(h3s.Options{Password: password, Cookie: h3s.CookieOptions{DisableSecure: true}})
	if err != nil {
		log.Fatal(err)
	}
	session, err := sessions.Use(&http.Request{Header: http.Header{"Cookie": {os.Args[1]}}})
	if err != nil {
		log.Fatal(err)
	}
	if user, _ := session.Text("/user"); user != "ada" {
		log.Fatalf("the user is %q", user)
	}
	if err := session.Set("go", true); err != nil {
		log.Fatal(err)
	}
	cookies, err := session.SetCookies()
	if err != nil {
		log.Fatal(err)
	}
	cookie, _, _ := strings.Cut(cookies[0], ";")
	fmt.Println("cookie", cookie)
}
