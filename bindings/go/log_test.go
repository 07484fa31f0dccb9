package h3s_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"h3s"
)

// A log keeps what a server writes to it, as JSON. The requests of these tests come one after the
// other.
type requestLog struct{ bytes.Buffer }

func (l *requestLog) at(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(&l.Buffer, &slog.HandlerOptions{Level: level}))
}

func (l *requestLog) lines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		check(t, json.Unmarshal([]byte(text), &line))
		delete(line, "time")
		lines = append(lines, line)
	}
	l.Reset()
	return lines
}

func late(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, "begun")
	_ = h3s.FromContext(r.Context()).Set("a", "late data")
}

const plainHint = "the cookie is Secure and the request came by plain HTTP (or a proxy did not say HTTPS)," +
	" over which browsers do not send it: for development there is Options.Development"

const lateLine = `{"level":"ERROR","msg":"the session was not saved","session":"h3","method":"GET","path":"/lost\nwrite",` +
	`"error":"h3s: the session was written after the header of the response: its cookie is lost"}`

func TestALostWriteIsLoggedWithItsPath(t *testing.T) {
	var log, byDefault requestLog
	former := slog.Default()
	slog.SetDefault(byDefault.at(slog.LevelInfo))
	defer slog.SetDefault(former)
	for name, c := range map[string]struct {
		log    *requestLog
		logger *slog.Logger
	}{
		"to the logger":             {&log, log.at(slog.LevelInfo)},
		"by default to slog's":      {&byDefault, nil},
		"with debug lines off, too": {&log, log.at(slog.LevelError)},
	} {
		t.Run(name, func(t *testing.T) {
			handler := must(h3s.New(h3s.Options{Password: password, Logger: c.logger})).Handler(http.HandlerFunc(late))
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/lost%0Awrite?key=a+secret", nil))
			lines := c.log.lines(t)
			if len(lines) != 1 || string(must(json.Marshal(lines[0]))) != sorted(t, lateLine) {
				t.Error(lines)
			}
		})
	}
	// It is OnError's alone where there is one.
	handler := must(h3s.New(h3s.Options{Password: password, Logger: log.at(slog.LevelInfo), OnError: func(*http.Request, error) {}})).Handler(http.HandlerFunc(late))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if lines := log.lines(t); lines != nil {
		t.Error(lines)
	}
}

// sorted is JSON text with the names in order.
func sorted(t *testing.T, text string) string {
	var value any
	check(t, json.Unmarshal([]byte(text), &value))
	return string(must(json.Marshal(value)))
}

func TestADebugLineSaysWhereASessionCameFromOrWhyItIsNew(t *testing.T) {
	var log requestLog
	clock := newClock()
	sessions, s := open(t, h3s.Options{Logger: log.at(slog.LevelDebug), MaxAge: 3600e9, Now: clock.Now})
	check(t, s.Set("user", "a user's data"))
	token := must(s.Seal())
	log.Reset()
	count := func(_ http.ResponseWriter, r *http.Request) { check(t, h3s.FromContext(r.Context()).Set("count", 1)) }
	for _, c := range []struct {
		cookie, header, message, source, rejection string
		handler                                    http.HandlerFunc
	}{
		{"", "", "the session is new: the request has no cookie", "", "", count},
		{"theme=dark", "", "the session is new: none of the request's cookies is h3", "", "", count},
		{"h3=forged", "", "the session is new: its token was refused", "", "malformed", count},
		{"h3=" + token[:len(token)-4] + "AAAA", "", "the session is new: its token was refused", "", "bad_seal", count},
		{"h3=" + token, "", "the session was opened", "cookie", "", count},
		{"", token, "the session was opened", "header", "", count},
		{"h3=" + token, "forged", "the session was opened", "cookie", "malformed", count},
		{"h3=" + token, "", "the session was opened", "cookie", "", func(_ http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Clear())
		}},
		{"h3=" + token, "", "nobody used the session", "", "", func(http.ResponseWriter, *http.Request) {}},
	} {
		r := httptest.NewRequest("GET", "/page?key=a+secret", nil)
		if c.cookie != "" {
			r.Header.Set("Cookie", c.cookie)
		}
		r.Header.Set("X-H3-Session", c.header)
		sessions.Handler(c.handler).ServeHTTP(httptest.NewRecorder(), r)
		want := map[string]any{"level": "DEBUG", "msg": c.message, "session": "h3", "method": "GET", "path": "/page"}
		if c.source != "" {
			want["source"] = c.source
		}
		if c.rejection != "" {
			want["rejection"] = c.rejection
		}
		if c.source == "" && c.rejection == "" && c.message != "nobody used the session" {
			want["hint"] = plainHint
		}
		if lines := log.lines(t); len(lines) != 1 || fmt.Sprint(lines[0]) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", lines, want)
		}
	}

	// And without the middleware.
	r := httptest.NewRequest("GET", "/used", nil)
	must(sessions.Use(r)).Close()
	if lines := log.lines(t); len(lines) != 1 || lines[0]["path"] != "/used" {
		t.Error(lines)
	}
	clock.forward(2 * 3600e9)
	r.Header.Set("Cookie", "h3="+token)
	must(sessions.Peek(r)).Close()
	if lines := log.lines(t); len(lines) != 1 || lines[0]["rejection"] != "expired" {
		t.Error(lines)
	}
}

// withLogID is a slog.Handler as people write them, which asks the session of the request.
type withLogID struct{ slog.Handler }

func (h withLogID) Handle(ctx context.Context, record slog.Record) error {
	record.Add("log_id", h3s.FromContext(ctx).LogID())
	return h.Handler.Handle(ctx, record)
}

func TestALoggerMayAskTheSession(t *testing.T) {
	var log requestLog
	logger := slog.New(withLogID{log.at(slog.LevelDebug).Handler()})
	handler := must(h3s.New(h3s.Options{Password: password, Logger: logger})).Handler(http.HandlerFunc(late))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	lines := log.lines(t)
	if len(lines) != 2 {
		t.Fatal(lines)
	}
	for _, line := range lines {
		if line["log_id"] == "" {
			t.Error(line)
		}
	}
}

func TestTheHintOfPlainHTTPIsGivenOnlyWhereItMayBeTheCause(t *testing.T) {
	https, proxied := httptest.NewRequest("GET", "https://host/", nil), httptest.NewRequest("GET", "/", nil)
	proxied.Header.Set("X-Forwarded-Proto", "https")
	for _, c := range []struct {
		options h3s.Options
		request *http.Request
		message string
		hint    string
	}{
		{h3s.Options{}, httptest.NewRequest("GET", "/", nil), "the session is new: the request has no cookie", plainHint},
		{h3s.Options{}, https, "the session is new: the request has no cookie", ""},
		{h3s.Options{}, proxied, "the session is new: the request has no cookie", ""},
		{h3s.Options{Development: true}, httptest.NewRequest("GET", "/", nil), "the session is new: the request has no cookie", ""},
		{h3s.Options{DisableCookie: true}, httptest.NewRequest("GET", "/", nil), "the session is new: the request brought no token", ""},
	} {
		var log requestLog
		c.options.Password, c.options.Logger = password, log.at(slog.LevelDebug)
		sessions := must(h3s.New(c.options))
		must(sessions.Peek(c.request)).Close()
		line := log.lines(t)[0]
		if hint, _ := line["hint"].(string); line["msg"] != c.message || hint != c.hint {
			t.Errorf("got %v, want %q and %q", line, c.message, c.hint)
		}
	}
}
