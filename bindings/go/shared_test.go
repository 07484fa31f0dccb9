package h3s_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"

	"h3s"
)

const passwordText = "correct horse battery staple, and more of it"

var password = h3s.NewPassword(passwordText)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// residentKiB is the memory that this process has in use, C's included.
func residentKiB(t *testing.T) int {
	t.Helper()
	var pages, resident int
	if _, err := fmt.Sscan(string(must(os.ReadFile("/proc/self/statm"))), &pages, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() / 1024
}

// tlsClient speaks TLS over conn as the server's own client does.
func tlsClient(server *httptest.Server, conn net.Conn) net.Conn {
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com"
	config.NextProtos = []string{"http/1.1"}
	return tls.Client(conn, config)
}

// proxyTo tells the server at target who the user is, counts the visit, and
// keeps the session to itself.
func proxyTo(t *testing.T, sessions *h3s.Sessions, target string) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(must(url.Parse(target)))
		s := h3s.FromContext(r.In.Context())
		user, _ := s.Text("/user")
		check(t, s.Set("visited", true))
		r.Out.Header.Set("X-User", user)
		sessions.Strip(r.Out)
	}}
}
