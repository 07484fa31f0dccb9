package h3s_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"h3s"
)

// This program is also the server of another process, which ends with its standard input.
func TestMain(m *testing.M) {
	path := os.Getenv("H3S_TEST_SERVES_WITH")
	if path == "" {
		os.Exit(m.Run())
	}
	sessions := must(h3s.New(byFile(path)))
	server := httptest.NewServer(sessions.Handler(members()))
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
	sessions.Close()
}

// byFile are options whose sessions can be revoked by a file.
func byFile(path string) h3s.Options {
	return h3s.Options{
		Password:    password,
		MaxAge:      time.Hour,
		Development: true,
		Logger:      slog.New(slog.DiscardHandler),
		Revocation:  &h3s.RevocationOptions{Subject: "/user", File: path},
	}
}

// anotherProcess starts a server, and gives its address.
func anotherProcess(t *testing.T, path string) string {
	t.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), "H3S_TEST_SERVES_WITH="+path)
	server.Stderr = os.Stderr
	input := must(server.StdinPipe())
	output := must(server.StdoutPipe())
	check(t, server.Start())
	t.Cleanup(func() {
		input.Close()
		check(t, server.Wait())
	})
	return strings.TrimSpace(must(bufio.NewReader(output).ReadString('\n')))
}

func TestACopiedCookieIsRefusedByAnotherProcessWithinASecondOfTheLogout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	there := anotherProcess(t, path)
	sessions := newRevoking(t, byFile(path))
	here := httptest.NewServer(sessions.Handler(members()))
	t.Cleanup(here.Close)
	for _, out := range []string{"/logout", "/everywhere"} {
		// A login in one, a copy of its cookie in the other, and a logout in the first.
		for from, to := range map[string]string{here.URL: there, there: here.URL} {
			v := newVisitor(t, here)
			v.url = from
			v.get("/login")
			thief := v.copied() // 127.0.0.1 is one host, whatever the port
			thief.url = to
			if got := thief.get("/"); got != "200 ada" {
				t.Fatal(got)
			}
			if got := v.get(out); got != "200" {
				t.Fatal(got)
			}
			if got := v.get("/"); got != "200" {
				t.Error("it is still open where it was ended:", got)
			}
			eventually(t, "the copy is refused", func() bool { return thief.get("/") == "200" })
		}
	}
	// And by one that starts later, from the first request on.
	v := newVisitor(t, here)
	v.get("/login")
	thief := v.copied()
	v.get("/logout")
	thief.url = anotherProcess(t, path)
	if got := thief.get("/"); got != "200" {
		t.Error(got)
	}
}

func TestOneFileServesSeveralKindsOfSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	clock := newClock()
	options := byFile(path)
	options.Now = clock.Now
	users := newRevoking(t, options)
	options.Name = "admin"
	admins := newRevoking(t, options)
	ofUser, ofAdmin := login(t, users, "ada"), login(t, admins, "ada")
	clock.forward(time.Millisecond) // what is made at that very moment stays
	check(t, users.RevokeEverybody(t.Context()))
	refused(t, users, ofUser)
	if name, _ := user(admins, ofAdmin); name != "ada" {
		t.Error("the sessions of another cookie are revoked, too")
	}
}

func TestManyLogoutsAtOnceGetIntoTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	here, there := newRevoking(t, byFile(path)), newRevoking(t, byFile(path))
	var all sync.WaitGroup
	requests := make([]*http.Request, 40)
	for i := range requests {
		sessions := []*h3s.Sessions{here, there}[i%2]
		requests[i] = login(t, sessions, fmt.Sprint(i))
		all.Go(func() {
			sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				check(t, h3s.FromContext(r.Context()).Revoke())
			})).ServeHTTP(httptest.NewRecorder(), requests[i])
		})
	}
	all.Wait()
	for _, r := range requests {
		refused(t, here, r)
		refused(t, there, r)
	}
	view := there.Revocations()
	if view.Entries != len(requests) || view.Missed != 0 || view.Err != nil || time.Since(view.HeardAt) > time.Minute {
		t.Error(view)
	}
}

func TestAFileThatCannotBeUsedKeepsTheServerFromStarting(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other")
	check(t, os.WriteFile(other, []byte("of another program\n"), 0o600))
	for _, path := range []string{other, folder, filepath.Join(folder, "none", "revocations")} {
		if err := second(h3s.New(byFile(path))); !errors.Is(err, h3s.ErrStore) {
			t.Error(path, err)
		}
	}
	if text := string(must(os.ReadFile(other))); text != "of another program\n" {
		t.Error(text)
	}
}

func TestAFileThatIsGoneMakesALogoutA503(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	check(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "revocations")
	var reported []error
	options := byFile(path)
	options.OnError = func(_ *http.Request, err error) { reported = append(reported, err) }
	sessions := newRevoking(t, options)
	r := login(t, sessions, "ada")
	logout := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		sessions.Handler(members()).ServeHTTP(w, r.WithContext(t.Context()))
		return w
	}
	r.URL.Path = "/logout"
	check(t, os.RemoveAll(folder))
	if w := logout(); w.Code != http.StatusServiceUnavailable || w.Header()["Set-Cookie"] != nil || len(reported) != 1 || !errors.Is(reported[0], h3s.ErrStore) {
		t.Error(w.Code, w.Header(), reported)
	}
	check(t, os.Mkdir(folder, 0o700))
	if w := logout(); w.Code != http.StatusOK || len(w.Header()["Set-Cookie"]) != 1 {
		t.Error(w.Code, w.Header())
	}
	refused(t, newRevoking(t, byFile(path)), r)
}

func TestADeletedFileTakesNothingWithIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	here := newRevoking(t, byFile(path))
	one, other := login(t, here, "ada"), login(t, here, "bob")
	s := must(here.Use(one))
	check(t, errors.Join(s.Revoke(), s.Publish(t.Context())))
	s.Close()
	eventually(t, "it is read", func() bool { return here.Revocations().Entries == 1 })
	check(t, os.Remove(path))
	eventually(t, "it is written anew", func() bool { return second(os.Stat(path)) == nil })
	late := newRevoking(t, byFile(path))
	refused(t, late, one)
	if name, _ := user(late, other); name != "bob" {
		t.Error(name)
	}
}

func TestNothingIsMadeKnownByAClosedFile(t *testing.T) {
	sessions := must(h3s.New(byFile(filepath.Join(t.TempDir(), "revocations"))))
	r := login(t, sessions, "ada")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				if err := sessions.RevokeSession(t.Context(), "id"); err != nil {
					if !errors.Is(err, h3s.ErrStore) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	eventually(t, "something is published", func() bool { return sessions.Revocations().Entries > 0 })
	sessions.Close()
	all.Wait()
	if name, _ := user(sessions, r); name != "ada" {
		t.Error(name)
	}
}

func TestACancelledContextRevokesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	sessions := newRevoking(t, byFile(path))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sessions.RevokeEverybody(ctx); !errors.Is(err, h3s.ErrStore) || !errors.Is(err, ctx.Err()) {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
