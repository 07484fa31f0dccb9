// Sessions in Go. It speaks the protocol of benches/peers/README.md.
//
//	h3s           the package on its own
//	h3s-handler   its net/http middleware, called as a server would
//	securecookie  gorilla/securecookie with a hash and a block key, around JSON
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/securecookie"

	"h3s"
)

const password = "correct horse battery staple, and more of it"

// works has, by its name, what one call does or a number.
type works map[string]any

var peers = map[string]func(data string) works{
	"h3s":          sessions,
	"h3s-handler":  handler,
	"securecookie": secureCookie,
}

func main() {
	log.SetFlags(0)
	known := map[string]works{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() == "peers" {
			goVersion := strings.TrimPrefix(runtime.Version(), "go")
			fmt.Printf("runtime=Go/%s h3s=here h3s-handler=here securecookie=%s\n", goVersion, version("github.com/gorilla/securecookie"))
			continue
		}
		var work, peer, which string
		var n int
		must(fmt.Sscan(lines.Text(), &work, &peer, &which, &n))
		if known[peer+which] == nil {
			data := must(os.ReadFile(os.Args[1] + "/" + which + ".json"))
			if peers[peer] == nil {
				log.Fatal("who is ", peer)
			}
			known[peer+which] = peers[peer](string(data))
		}
		if call, ok := known[peer+which]["request"].(func()); ok && work == "allocations" {
			fmt.Println(testing.AllocsPerRun(10, call))
			continue
		}
		switch call := known[peer+which][work].(type) {
		case func() int:
			fmt.Println(call())
		case func():
			for range n / 10 {
				call()
			}
			start := cpu()
			for range n {
				call()
			}
			fmt.Printf("%.1f\n", float64(cpu()-start)/float64(n))
		case int:
			fmt.Println(call)
		default:
			fmt.Println("-")
		}
	}
}

// cpu is the process's time on processors so far, in nanoseconds: also the collector's.
func cpu() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func request(pairs string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "theme=dark; _ga=GA1.1.1234567890.1700000000; "+pairs+"; lang=en")
	return r
}

// changed has another character in the middle of the token.
func changed(pair string) string {
	middle, other := len(pair)/2, "A"
	if pair[middle] == 'A' {
		other = "B"
	}
	return pair[:middle] + other + pair[middle+1:]
}

func open(data string) (*h3s.Sessions, *h3s.Session, string) {
	ss := must(h3s.New(h3s.Options{
		Password: h3s.NewPassword(password), MaxAge: time.Hour, MaxTokenLength: 65536, Cookie: h3s.CookieOptions{MaxChunks: 8},
	}))
	s := must(ss.Use(httptest.NewRequest("GET", "/", nil)))
	check(s.Replace(json.RawMessage(data)))
	return ss, s, pairsOf(must(s.SetCookies()))
}

// pairsOf is what a browser sends back.
func pairsOf(cookies []string) string {
	var pairs []string
	for _, cookie := range cookies {
		pair, _, _ := strings.Cut(cookie, ";")
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "; ")
}

func count(s *h3s.Session) (count int) {
	check(s.Get("count", &count))
	return count
}

func sessions(data string) works {
	ss, sealed, pairs := open(data)
	token := must(sealed.Seal())
	known, forged, none := request(pairs), request(changed(pairs)), request("a=b")
	peek := func(r *http.Request) func() {
		return func() { must(ss.Peek(r)).Close() }
	}
	visit := func() []string {
		s := must(ss.Use(known))
		check(s.Set("count", count(s)+1))
		cookies := must(s.SetCookies())
		s.Close()
		return cookies
	}
	return works{
		"request": func() { visit() },
		"count": func() int {
			if !must(ss.Peek(forged)).IsNew() {
				log.Fatal("a forged token opens")
			}
			return count(must(ss.Use(request(pairsOf(visit())))))
		},
		"read": func() {
			s := must(ss.Use(known))
			count(s)
			s.Close()
		},
		"seal": func() {
			check(sealed.Set("count", 1))
			must(sealed.Seal())
		},
		"open": func() {
			s := must(ss.Unseal(token))
			count(s)
			s.Close()
		},
		"forged": peek(forged),
		"none":   peek(none),
		"start":  func() { must(h3s.New(h3s.Options{Password: h3s.NewPassword(password)})) },
		"bytes":  len(pairs),
	}
}

// discard is a response that goes nowhere.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header            { return d.header }
func (d *discard) Write(text []byte) (int, error) { return len(text), nil }
func (d *discard) WriteHeader(int)                {}

func handler(data string) works {
	ss, _, pairs := open(data)
	w := &discard{http.Header{}}
	serve := func(pairs string, body func(s *h3s.Session)) func() {
		r := request(pairs)
		handler := ss.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body(ss.FromContext(r.Context()))
			w.WriteHeader(http.StatusNoContent)
		}))
		return func() {
			clear(w.header)
			handler.ServeHTTP(w, r)
		}
	}
	read := func(s *h3s.Session) { s.Has("count") }
	visit := serve(pairs, func(s *h3s.Session) { check(s.Set("count", count(s)+1)) })
	return works{
		"request": visit,
		"count": func() int {
			visit()
			return count(must(ss.Use(request(pairsOf(w.header["Set-Cookie"])))))
		},
		"read":   serve(pairs, func(s *h3s.Session) { count(s) }),
		"forged": serve(changed(pairs), read),
		"none":   serve("a=b", read),
	}
}

func secureCookie(data string) works {
	codec := securecookie.New([]byte(password), []byte(password)[:32])
	codec.SetSerializer(securecookie.JSONEncoder{})
	var values map[string]any
	check(json.Unmarshal([]byte(data), &values))
	token, err := codec.Encode("session", values)
	if err != nil {
		return works{} // It refuses a cookie that browsers would not keep.
	}
	pair := "session=" + token
	decode := func(value string) (data map[string]any, err error) {
		err = codec.Decode("session", value, &data)
		return data, err
	}
	read := func(r *http.Request) map[string]any {
		cookie, err := r.Cookie("session")
		if err != nil {
			return nil
		}
		data, err := decode(cookie.Value)
		if err != nil {
			return nil
		}
		return data
	}
	known, forged, none := request(pair), request(changed(pair)), request("a=b")
	visit := func() string {
		data := read(known)
		data["count"] = data["count"].(float64) + 1
		value := must(codec.Encode("session", data))
		cookie := &http.Cookie{Name: "session", Value: value, Path: "/", MaxAge: 3600, HttpOnly: true, Secure: true}
		return cookie.String()
	}
	return works{
		"request": func() { visit() },
		"count": func() int {
			if read(forged) != nil {
				log.Fatal("a forged token opens")
			}
			return int(read(request(pairsOf([]string{visit()})))["count"].(float64))
		},
		"read":   func() { read(known) },
		"seal":   func() { must(codec.Encode("session", values)) },
		"open":   func() { must(decode(token)) },
		"forged": func() { read(forged) },
		"none":   func() { read(none) },
		"bytes":  len(pair),
	}
}
