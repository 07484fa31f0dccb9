package frameworks_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"h3s"
)

// A request of 1 KiB, whole: open the session among three other cookies, set count to count + 1,
// make the Set-Cookie value. There is no server around it. Compare cpu-ns/op, which a busy machine
// disturbs least.
func BenchmarkRequest(b *testing.B) {
	text := strings.Repeat("correct horse battery staple, ", 34)[:1000]
	hashKey, blockKey := []byte(passwordText), []byte(passwordText)[:32]

	b.Run("h3s", func(b *testing.B) {
		ss := must(h3s.New(h3s.Options{Password: password, MaxAge: time.Hour}))
		first := must(ss.Use(httptest.NewRequest("GET", "/", nil)))
		check(b, first.Update(map[string]any{"text": text, "count": 1}))
		r := requestWith(must(first.SetCookies())[0])
		measureCPU(b)
		for b.Loop() {
			s := must(ss.Use(r))
			var count int
			check(b, s.Get("count", &count))
			check(b, s.Set("count", count+1))
			if len(must(s.SetCookies())) != 1 {
				b.Fatal("no cookie")
			}
			s.Close()
		}
	})

	// With sessions that can be revoked, and as many that are.
	for _, c := range []struct {
		name    string
		revoked int
	}{{"h3s.Handler", -1}, {"h3s.Handler, revocable", 0}, {"h3s.Handler, 65536 revoked", 65_536}} {
		b.Run(c.name, func(b *testing.B) {
			options := h3s.Options{Password: password, MaxAge: time.Hour}
			if c.revoked >= 0 {
				open := func(h3s.StoreOptions) (h3s.Store, error) { return new(store), nil }
				options.Revocation = &h3s.RevocationOptions{Store: open, MaxStale: time.Hour}
			}
			ss := must(h3s.New(options))
			defer ss.Close()
			for i := range c.revoked {
				check(b, ss.RevokeSession(b.Context(), strconv.Itoa(i)))
			}
			first := must(ss.Use(httptest.NewRequest("GET", "/", nil)))
			check(b, first.Update(map[string]any{"text": text, "count": 1}))
			r := requestWith(must(first.SetCookies())[0])
			handler := ss.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := h3s.FromContext(r.Context())
				var count int
				check(b, s.Get("count", &count))
				check(b, s.Set("count", count+1))
				w.WriteHeader(http.StatusNoContent)
			}))
			w := &discard{header: http.Header{}}
			measureCPU(b)
			for b.Loop() {
				clear(w.header)
				handler.ServeHTTP(w, r)
				if len(w.header["Set-Cookie"]) != 1 {
					b.Fatal("no cookie")
				}
			}
		})
	}

	b.Run("gorilla/securecookie", func(b *testing.B) {
		codec := securecookie.New(hashKey, blockKey)
		codec.SetSerializer(securecookie.JSONEncoder{})
		value := must(codec.Encode("session", map[string]any{"text": text, "count": 1}))
		r := requestWith("session=" + value)
		measureCPU(b)
		for b.Loop() {
			cookie := must(r.Cookie("session"))
			var data map[string]any
			check(b, codec.Decode("session", cookie.Value, &data))
			data["count"] = data["count"].(float64) + 1
			value := must(codec.Encode("session", data))
			_ = (&http.Cookie{Name: "session", Value: value, Path: "/", MaxAge: 3600, HttpOnly: true, Secure: true}).String()
		}
	})

	b.Run("gorilla/sessions", func(b *testing.B) {
		store := sessions.NewCookieStore(hashKey, blockKey)
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		first := must(store.Get(r, "session"))
		first.Values["text"], first.Values["count"] = text, 1
		check(b, first.Save(r, w))
		template := requestWith(w.Header().Get("Set-Cookie"))
		measureCPU(b)
		for b.Loop() {
			r := template.Clone(template.Context())
			s := must(store.Get(r, "session"))
			s.Values["count"] = s.Values["count"].(int) + 1
			w := &discard{header: http.Header{}}
			check(b, s.Save(r, w))
			if len(w.header["Set-Cookie"]) != 1 {
				b.Fatal("no cookie")
			}
		}
	})
}

// What the middleware itself costs: a handler alone, then inside it, without its session and with.
func BenchmarkMiddleware(b *testing.B) {
	ss := must(h3s.New(h3s.Options{Password: password}))
	first := must(ss.Use(httptest.NewRequest("GET", "/", nil)))
	check(b, first.Set("count", 1))
	w, r := &discard{header: http.Header{}}, requestWith(must(first.SetCookies())[0])
	measure := func(handler http.Handler) func(*testing.B) {
		return func(b *testing.B) {
			measureCPU(b)
			for b.Loop() {
				clear(w.header)
				handler.ServeHTTP(w, r)
			}
		}
	}
	alone := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h3s.FromContext(r.Context()).Has("count") {
			b.Fatal("not the session")
		}
		alone(w, r)
	})
	b.Run("alone", measure(alone))
	b.Run("untouched", measure(ss.Handler(alone)))
	b.Run("read", measure(ss.Handler(reads)))
}

// measureCPU reports the processor time of this process, that of the garbage collector included.
func measureCPU(b *testing.B) {
	used := func() time.Duration {
		var usage syscall.Rusage
		check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	b.ReportAllocs()
	before := used()
	b.Cleanup(func() { b.ReportMetric(float64((used()-before).Nanoseconds())/float64(b.N), "cpu-ns/op") })
}

func requestWith(cookie string) *http.Request {
	cookie, _, _ = strings.Cut(cookie, ";")
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "theme=dark; "+cookie+"; lang=en; consent=yes")
	return r
}

// A discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header          { return d.header }
func (*discard) Write(data []byte) (int, error) { return len(data), nil }
func (*discard) WriteHeader(int)                {}
