// Prints what a session holds, or why the library is refused.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"h3s"
)

func main() {
	password := h3s.NewPassword("a password of 32 characters or more")
	sessions, err := h3s.New(h3s.Options{Password: password})
	if errors.Is(err, h3s.ErrLibrary) {
		fmt.Println("ErrLibrary:", err)
		return
	} else if err != nil {
		log.Fatal(err)
	}
	s, err := sessions.Use(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	if err := s.Set("user", "ada"); err != nil {
		log.Fatal(err)
	}
	user, _ := s.Text("/user")
	fmt.Println(user)
}
