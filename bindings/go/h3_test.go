package h3s_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"h3s"
)

// One browser, one login, two servers: a real h3 and this package. (Cookies
// do not tell ports apart.)
func TestAnH3ServerAndAGoServerShareTheirSessions(t *testing.T) {
	address := startH3(t)
	options := h3s.Options{
		// As tests/interop/h3-server.mjs has it.
		Password: h3s.NewPassword("correct horse battery staple, and more of it"),
		MaxAge:   7 * 24 * time.Hour,
		Cookie:   h3s.CookieOptions{DisableSecure: true},
		Seal:     h3s.SealOptions{Format: h3s.Fe26},
		OnError:  func(_ *http.Request, err error) { t.Error(err) },
	}
	server := httptest.NewServer(must(h3s.New(options)).Handler(application()))
	defer server.Close()
	client := &http.Client{Jar: must(cookiejar.New(nil))}
	here := &browser{t, client, server.URL}
	there := func(method, path string) (got struct {
		ID   string
		Data struct {
			Count int
			User  string
		}
	}) {
		t.Helper()
		response := must(client.Do(must(http.NewRequest(method, address+path, nil))))
		defer response.Body.Close()
		check(t, json.NewDecoder(response.Body).Decode(&got))
		return got
	}

	first := there("GET", "/")
	if got := here.get("/count"); got.ID != first.ID || got.Count != 2 {
		t.Error(got, first)
	}
	there("POST", "/login")
	if got := here.get("/count"); got.User != "Zoë" || got.Count != 3 {
		t.Error(got)
	}
	if got := there("GET", "/"); got.ID != first.ID || got.Data.Count != 4 || got.Data.User != "Zoë" {
		t.Error(got)
	}
	login := here.post("/login", "user", "Ada")
	if got := there("GET", "/"); got.ID != login.ID || got.Data.User != "Ada" || got.Data.Count != 5 {
		t.Error(got)
	}
	here.post("/logout")
	if got := there("GET", "/"); got.ID == login.ID || got.Data.User != "" || got.Data.Count != 1 {
		t.Error(got)
	}
	there("POST", "/clear")
	if got := here.get("/look"); got.Count != 0 {
		t.Error(got)
	}
}

// startH3 starts the server of tests/interop, which ends with its standard input.
func startH3(t *testing.T) string {
	if _, err := os.Stat("../../tests/interop/node_modules/h3"); err != nil {
		t.Skip("needs the packages of tests/interop: npm ci")
	}
	command := exec.Command("node", "../../tests/interop/h3-server.mjs")
	command.Stderr = os.Stderr
	stdin, stdout := must(command.StdinPipe()), must(command.StdoutPipe())
	check(t, command.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		stop := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
		defer stop.Stop()
		_ = command.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	check(t, err)
	return strings.TrimSpace(address)
}
