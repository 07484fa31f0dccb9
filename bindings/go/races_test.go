package h3s_test

import (
	"io"
	"math/rand"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"h3s"
)

// Sixteen requests of one client at once, whose answers arrive in any order.
func TestNoReadUndoesAWriteOrALogout(t *testing.T) {
	const parallel, idle = 16, time.Hour
	rounds := 12
	if os.Getenv("H3S_SOAK") != "" {
		rounds = 1000
	}
	var now atomic.Int64
	now.Store(1_800_000_000)
	sessions := must(h3s.New(h3s.Options{
		Password: password, IdleTimeout: idle, Development: true,
		Now: func() time.Time { return time.Unix(now.Load(), 0) },
	}))
	server := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := h3s.FromContext(r.Context())
		if r.URL.Path == "/logout" {
			check(t, s.Clear())
		} else if value, writes := strings.CutPrefix(r.URL.Path, "/write/"); writes {
			check(t, s.Set("value", value))
		}
		value, _ := s.Text("/value")
		_, _ = io.WriteString(w, value)
	})))
	defer server.Close()
	site := must(url.Parse(server.URL))

	for turn := range rounds {
		order := rand.New(rand.NewSource(int64(turn)))
		path, wanted := "/logout", ""
		if turn%2 == 0 {
			wanted = strconv.Itoa(turn)
			path = "/write/" + wanted
		}
		jar := must(cookiejar.New(nil))
		client := http.Client{Jar: jar, Timeout: 20 * time.Second}
		ask := func(client *http.Client, path string) (*http.Response, string) {
			answer := must(client.Get(server.URL + path))
			defer answer.Body.Close()
			return answer, string(must(io.ReadAll(answer.Body)))
		}
		ask(&client, "/write/begun")
		// So much that each read slides the session.
		now.Add(int64(idle.Seconds() * 0.6))

		// Each request brings the cookies as they are now; the jar takes the answers' then.
		before := jar.Cookies(site)
		paths := make([]string, parallel)
		for i := range paths {
			paths[i] = "/read"
		}
		paths[order.Intn(parallel)] = path
		answers := make([]*http.Response, parallel)
		var all sync.WaitGroup
		for i, path := range paths {
			all.Go(func() {
				alone := http.Client{Jar: must(cookiejar.New(nil)), Timeout: 20 * time.Second}
				alone.Jar.SetCookies(site, before)
				answers[i], _ = ask(&alone, path)
			})
		}
		all.Wait()
		order.Shuffle(parallel, func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
		for _, answer := range answers {
			jar.SetCookies(site, answer.Cookies())
		}
		if _, got := ask(&client, "/read"); got != wanted {
			t.Fatalf("turn %d: %q, want %q", turn, got, wanted)
		}
	}
}
