package frameworks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"

	"h3s"
)

// handlers are those of net/http for visit.
func handlers(t *testing.T) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/count": func(w http.ResponseWriter, r *http.Request) {
			count, err := countIn(h3s.FromContext(r.Context()))
			check(t, err)
			fmt.Fprint(w, count)
		},
		"/user": func(w http.ResponseWriter, r *http.Request) {
			user, _ := h3s.FromContext(r.Context()).Text("/user")
			fmt.Fprint(w, user)
		},
		"/panic": func(_ http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Set("user", "kept"))
			panic("as some handlers do")
		},
	}
}

func TestChiCountsAndKeepsTheSessionOfAPanic(t *testing.T) {
	router := chi.NewRouter()
	router.Use(middleware.Recoverer, middleware.Compress(5), local(t).Handler)
	for path, handler := range handlers(t) {
		router.Get(path, handler)
	}
	visit(t, router)
}

func TestTheMiddlewaresOutsideSeeTheRouteOfChi(t *testing.T) {
	var pattern, id string
	router := chi.NewRouter()
	router.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			pattern, id = r.Pattern, r.PathValue("id")
		})
	}, local(t).Handler)
	router.Get("/users/{id:[0-9]+}", func(http.ResponseWriter, *http.Request) {})
	router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/42", nil))
	if pattern != "/users/{id:[0-9]+}" || id != "42" {
		t.Errorf("pattern %q, id %q", pattern, id)
	}
}

func TestGinCountsAndKeepsTheSessionOfAPanic(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.Use(gin.RecoveryWithWriter(io.Discard))
	engine.GET("/count", func(c *gin.Context) {
		count, err := countIn(h3s.FromContext(c))
		check(t, err)
		c.String(http.StatusOK, count)
	})
	engine.GET("/user", func(c *gin.Context) {
		user, _ := h3s.FromContext(c).Text("/user")
		c.String(http.StatusOK, user)
	})
	engine.GET("/panic", func(c *gin.Context) {
		check(t, h3s.FromContext(c).Set("user", "kept"))
		panic("as some handlers do")
	})
	visit(t, local(t).Handler(engine))
}

func TestAGinContextHasTheSessionWhateverIsMadeOfIt(t *testing.T) {
	gin.SetMode(gin.TestMode)
	sessions, other := local(t), local(t)
	for _, fallback := range []bool{false, true} {
		engine := gin.New()
		engine.ContextWithFallback = fallback
		engine.GET("/", func(c *gin.Context) {
			want := h3s.FromContext(c.Request.Context())
			timeout, cancel := context.WithTimeout(c, time.Minute)
			defer cancel()
			for name, ctx := range map[string]context.Context{
				"the context":                c,
				"a copy":                     c.Copy(),
				"one with a value":           context.WithValue(c, any("h3s"), "no session"),
				"one with a timeout":         timeout,
				"the request's with a value": context.WithValue(c.Request.Context(), any("h3s"), "no session"),
			} {
				if want == nil || h3s.FromContext(ctx) != want || sessions.FromContext(ctx) != want || other.FromContext(ctx) != nil {
					t.Errorf("%s, fallback %t: another session, or none", name, fallback)
				}
			}
			c.Status(http.StatusNoContent)
		})
		sessions.Handler(engine).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}

	// What has no request has no session, and says so.
	empty, _ := gin.CreateTestContext(httptest.NewRecorder())
	empty.Request = nil
	for _, ctx := range []context.Context{empty, new(gin.Context), context.WithValue(t.Context(), any(gin.ContextKey), "no context")} {
		if err := h3s.FromContext(ctx).Set("a", 1); !errors.Is(err, h3s.ErrNoSession) {
			t.Error(err)
		}
	}
}

func TestGinStreamsWithTheCookie(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
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
	server := httptest.NewServer(local(t).Handler(engine))
	defer server.Close()
	response := must(http.Get(server.URL + "/stream"))
	defer response.Body.Close()
	if body := string(must(io.ReadAll(response.Body))); body != "xxx" || len(response.Header["Set-Cookie"]) != 1 {
		t.Error(body, response.Header)
	}
}

func TestEchoCountsAndKeepsTheSessionOfAPanic(t *testing.T) {
	for name, use := range map[string]func(*echo.Echo, *h3s.Sessions) http.Handler{
		"around the server": func(e *echo.Echo, sessions *h3s.Sessions) http.Handler { return sessions.Handler(e) },
		"as a middleware": func(e *echo.Echo, sessions *h3s.Sessions) http.Handler {
			e.Use(echo.WrapMiddleware(sessions.Handler))
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := echo.New()
			handler := use(e, local(t))
			e.Use(echomiddleware.Recover())
			for path := range handlers(t) {
				e.GET(path, func(c *echo.Context) error {
					handlers(t)[path](c.Response(), c.Request())
					return nil
				})
			}
			visit(t, handler)
		})
	}
}

func TestFiberServesHandlersWithSessions(t *testing.T) {
	app := fiber.New()
	sessions := local(t)
	for path, handler := range handlers(t) {
		app.Get(path, adaptor.HTTPHandler(middleware.Recoverer(sessions.Handler(handler))))
	}
	visit(t, adaptor.FiberApp(app))
}

// Fiber calls its own handlers when a middleware of net/http has returned.
func TestAFiberHandlerBehindTheMiddlewareIsToldThatThereIsNoSession(t *testing.T) {
	app := fiber.New()
	app.Use(adaptor.HTTPMiddleware(local(t).Handler))
	app.Get("/", func(c fiber.Ctx) error {
		if err := h3s.FromContext(c).Set("a", 1); !errors.Is(err, h3s.ErrNoSession) {
			t.Error(err)
		}
		return nil
	})
	response := must(app.Test(httptest.NewRequest("GET", "/", nil)))
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header["Set-Cookie"] != nil {
		t.Error(response.Status, response.Header)
	}
}
