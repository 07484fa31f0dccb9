package frameworks_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/labstack/echo/v5"

	"h3s"
)

// A store that is away, or takes everything and tells nobody.
type store struct{ isAway atomic.Bool }

func (s *store) Publish(context.Context, []string) error {
	if s.isAway.Load() {
		return errors.New("the store is away")
	}
	return nil
}

func (s *store) Follow(ctx context.Context, apply func([]string, bool) error) error {
	_ = apply(nil, true)
	<-ctx.Done()
	return ctx.Err()
}

// Applications that log in at /login, and out at /logout: with a redirect after "?to=".
func applications(sessions *h3s.Sessions) map[string]http.Handler {
	login := func(s *h3s.Session) error { return errors.Join(s.Rotate(), s.Set("user", "ada")) }
	logout := (*h3s.Session).Revoke
	paths := map[string]func(*h3s.Session) error{"/login": login, "/logout": logout, "/": (*h3s.Session).Err}

	plain := func(do func(*h3s.Session) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s := h3s.FromContext(r.Context())
			if err := do(s); err != nil {
				http.Error(w, err.Error(), h3s.StatusCode(err))
			} else if to := r.FormValue("to"); to != "" {
				http.Redirect(w, r, to, http.StatusSeeOther)
			} else {
				user, _ := s.Text("/user")
				_, _ = io.WriteString(w, "user: "+user)
			}
		}
	}
	router := chi.NewRouter()
	router.Use(middleware.Compress(5), sessions.Handler)
	engine := gin.New()
	e := echo.New()
	e.Use(echo.WrapMiddleware(sessions.Handler))
	app := fiber.New()
	for path, do := range paths {
		router.Get(path, plain(do))
		app.Get(path, adaptor.HTTPHandler(sessions.Handler(plain(do))))
		engine.GET(path, func(c *gin.Context) {
			s := h3s.FromContext(c)
			if err := do(s); err != nil {
				c.String(h3s.StatusCode(err), err.Error())
			} else if to := c.Query("to"); to != "" {
				c.Redirect(http.StatusSeeOther, to)
			} else {
				user, _ := s.Text("/user")
				c.String(http.StatusOK, "user: "+user)
			}
		})
		e.GET(path, func(c *echo.Context) error {
			s := h3s.FromContext(c.Request().Context())
			if err := do(s); err != nil {
				return err
			} else if to := c.QueryParam("to"); to != "" {
				return c.Redirect(http.StatusSeeOther, to)
			}
			user, _ := s.Text("/user")
			return c.String(http.StatusOK, "user: "+user)
		})
	}
	return map[string]http.Handler{"chi": router, "gin": sessions.Handler(engine), "echo": e, "Fiber": adaptor.FiberApp(app)}
}

func TestALogoutIsFinalOrA503InEachFramework(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	var s store
	sessions := must(h3s.New(h3s.Options{
		Password:    password,
		MaxAge:      time.Hour,
		Development: true,
		Logger:      slog.New(slog.DiscardHandler),
		OnError:     func(*http.Request, error) {},
		Revocation:  &h3s.RevocationOptions{Store: func(h3s.StoreOptions) (h3s.Store, error) { return &s, nil }},
	}))
	t.Cleanup(sessions.Close)
	for name, handler := range applications(sessions) {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			site := must(url.Parse(server.URL))
			client := &http.Client{
				Jar:           must(cookiejar.New(nil)),
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			get := func(path string) (int, string) {
				response := must(client.Get(server.URL + path))
				defer response.Body.Close()
				return response.StatusCode, string(must(io.ReadAll(response.Body)))
			}
			get("/login")
			copied := client.Jar.Cookies(site)
			for _, path := range []string{"/logout", "/logout?to=/elsewhere"} {
				s.isAway.Store(true)
				if status, body := get(path); status != http.StatusServiceUnavailable || body != "Service Unavailable\n" {
					t.Errorf("%s: %d %q", path, status, body)
				}
				if status, body := get("/"); status != http.StatusOK || body != "user: ada" {
					t.Errorf("%s has happened all the same: %d %q", path, status, body)
				}
				s.isAway.Store(false)
			}
			if status, _ := get("/logout?to=/elsewhere"); status != http.StatusSeeOther || len(client.Jar.Cookies(site)) != 0 {
				t.Error(status, client.Jar.Cookies(site))
			}
			client.Jar.SetCookies(site, copied)
			if status, body := get("/"); status != http.StatusOK || body != "user: " {
				t.Error(status, body)
			}
		})
	}
}
