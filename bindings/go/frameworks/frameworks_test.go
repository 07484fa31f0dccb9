package h3s_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"h3s"
)

// Both stand on net/http, so its middleware is theirs.

func TestChi(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	router := chi.NewRouter()
	router.Use(middleware.Recoverer, middleware.Compress(5), sessions.Handler)
	router.Mount("/", application())
	router.Get("/panic", func(_ http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("user", "kept"))
		panic("as some handlers do")
	})
	visit(t, router)
}

func TestGin(t *testing.T) {
	sessions := must(h3s.New(h3s.Options{Password: password}))
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.Use(gin.RecoveryWithWriter(io.Discard))
	engine.GET("/panic", func(c *gin.Context) {
		check(t, h3s.FromContext(c.Request.Context()).Set("user", "kept"))
		panic("as some handlers do")
	})
	engine.GET("/stream", func(c *gin.Context) {
		check(t, h3s.FromContext(c).Set("streamed", true))
		i := 0
		// It asks for CloseNotify and Flush.
		c.Stream(func(w io.Writer) bool {
			i++
			_, _ = io.WriteString(w, "x")
			return i < 3
		})
	})
	engine.ContextWithFallback = true
	for _, path := range []string{"/look", "/count", "/login", "/logout"} {
		engine.Any(path, gin.WrapH(application()))
	}
	handler := sessions.Handler(engine)
	visit(t, handler)

	server := httptest.NewServer(handler)
	defer server.Close()
	response := must(http.Get(server.URL + "/stream"))
	defer response.Body.Close()
	if body := string(must(io.ReadAll(response.Body))); body != "xxx" || len(response.Header["Set-Cookie"]) != 1 {
		t.Error(body, response.Header)
	}
}

func visit(t *testing.T, handler http.Handler) {
	server := httptest.NewTLSServer(handler)
	defer server.Close()
	b := newBrowser(t, server)
	first := b.get("/count")
	if got := b.post("/login", "user", "Zoë"); got.User != "Zoë" || got.Count != 1 || got.ID == first.ID {
		t.Error(got)
	}
	if got := b.get("/count"); got.Count != 2 {
		t.Error(got)
	}
	response := must(b.client.Get(b.server + "/panic"))
	response.Body.Close()
	if response.StatusCode != http.StatusInternalServerError {
		t.Error(response.Status)
	}
	if got := b.get("/look"); got.User != "kept" {
		t.Error("the 500 has no cookie:", got)
	}
	if got := b.post("/logout"); got.User != "" || len(b.cookies()) != 0 {
		t.Error(got, b.cookies())
	}
}
