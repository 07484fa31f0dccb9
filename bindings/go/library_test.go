package h3s_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"h3s"
)

// How a program is linked, and what is to come of it.
type way struct {
	// A checkout holds target/go, as make leaves it.
	inCheckout  bool
	tags        string
	environment []string
	shared      bool
}

// The places that libh3s may be in: what make leaves, and a prefix that it installs to.
func waysOfLinking(prefix string) map[string]way {
	byPkgConfig := []string{"PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig"}
	// They make these folders the compiler's own, as those of /usr/local are.
	byDefault := []string{"C_INCLUDE_PATH=" + prefix + "/include", "LIBRARY_PATH=" + prefix + "/lib"}
	return map[string]way{
		"in a checkout":                            {inCheckout: true},
		"statically in a checkout":                 {inCheckout: true, tags: "h3s_static"},
		"in a checkout by pkg-config":              {inCheckout: true, tags: "h3s_pkgconfig", environment: byPkgConfig, shared: true},
		"in the compiler's own folders":            {environment: byDefault, shared: true},
		"statically in the compiler's own folders": {tags: "h3s_static", environment: byDefault},
		"statically by pkg-config":                 {tags: "h3s_pkgconfig,h3s_static", environment: byPkgConfig},
	}
}

func TestEachWayOfLinkingGivesAProgramThatRuns(t *testing.T) {
	prefix := installed(t)
	for what, way := range waysOfLinking(prefix) {
		t.Run(what, func(t *testing.T) {
			program := linked(t, way)
			dynamic := run(t, ".", nil, "readelf", "--dynamic", program)
			if strings.Contains(dynamic, "libh3s.so") != way.shared {
				t.Error(dynamic)
			}
			// It finds the library where the system says, and nowhere else.
			if strings.Contains(dynamic, "RPATH") || strings.Contains(dynamic, "RUNPATH") {
				t.Error(dynamic)
			}
			// Nor does a static one need what the compiler would have it load.
			if strings.Contains(way.tags, "h3s_static") && strings.Contains(dynamic, "libgcc_s") {
				t.Error(dynamic)
			}
			if said := run(t, ".", []string{"LD_LIBRARY_PATH=" + prefix + "/lib"}, program); said != "ada\n" {
				t.Error(said)
			}
		})
	}
}

// A library of another ABI version stands before the real one.
func TestAnotherABIVersionIsRefusedAtStart(t *testing.T) {
	prefix := installed(t)
	source, library := filepath.Join(prefix, "wrong.c"), filepath.Join(prefix, "wrong.so")
	check(t, os.WriteFile(source, []byte("unsigned h3s_abi_version(void) { return 77; }\n"), 0o600))
	run(t, prefix, nil, "cc", "-shared", "-fPIC", "-o", library, source)
	program := linked(t, waysOfLinking(prefix)["in the compiler's own folders"])
	said := run(t, ".", []string{"LD_PRELOAD=" + library, "LD_LIBRARY_PATH=" + prefix + "/lib"}, program)
	if !strings.HasPrefix(said, "ErrLibrary: ") || !strings.Contains(said, "ABI version 77; this package needs 0") {
		t.Error(said)
	}
}

// installed is a prefix that the library is installed to.
func installed(t *testing.T) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "prefix")
	// As make hands them on, they would change what this make does.
	clean := []string{"-u", "MAKEFLAGS", "-u", "MFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES"}
	run(t, "../..", nil, "env", append(clean, "make", "--no-print-directory", "install", "prefix="+prefix)...)
	return prefix
}

// linked is a program that uses a copy of this package. A copy, since Go's cache knows a package by
// its folder, and would not notice that the library in another is another one.
func linked(t *testing.T, way way) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range must(filepath.Glob("*.go")) {
		if !strings.HasSuffix(name, "_test.go") {
			copied(t, name, filepath.Join(folder, "bindings/go", name))
		}
	}
	copied(t, "go.mod", filepath.Join(folder, "bindings/go/go.mod"))
	if way.inCheckout {
		for _, name := range []string{"h3s.h", "libh3s.a"} {
			copied(t, filepath.Join("../../target/go", name), filepath.Join(folder, "target/go", name))
		}
	}
	copied(t, "testdata/linked/main.go", filepath.Join(folder, "program/main.go"))
	module := "module program\n\ngo 1.25.0\n\nrequire h3s v0.0.0\n\nreplace h3s => ../bindings/go\n"
	check(t, os.WriteFile(filepath.Join(folder, "program/go.mod"), []byte(module), 0o600))
	run(t, filepath.Join(folder, "program"), way.environment, "go", "build", "-tags", way.tags, ".")
	return filepath.Join(folder, "program/program")
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(to), 0o700))
	check(t, os.WriteFile(to, must(os.ReadFile(from)), 0o600))
}

// What README.md says, done in a module of its own, as a user would.
func TestTheReadmeIsTrue(t *testing.T) {
	folder := t.TempDir()
	checkout := must(filepath.Abs("../.."))
	check(t, os.Symlink(checkout, filepath.Join(folder, "libh3s")))
	app := filepath.Join(folder, "app")
	check(t, os.Mkdir(app, 0o700))
	check(t, os.WriteFile(filepath.Join(app, "go.mod"), []byte("module example.com/app\n\ngo 1.25.0\n"), 0o600))

	// Ports that nobody else has, in place of those that it names.
	readme := string(must(os.ReadFile("README.md")))
	addresses := []string{"127.0.0.1:3000", "127.0.0.1:3001"}
	for i, named := range addresses {
		listener := must(net.Listen("tcp", "127.0.0.1:0"))
		addresses[i] = listener.Addr().String()
		check(t, listener.Close())
		readme = strings.ReplaceAll(readme, named, addresses[i])
	}
	// What comes from the cache of modules was checked when it came there.
	environment := []string{"GONOSUMDB=*"}

	programs, servers, visits := 0, 0, 0
	for _, block := range blocks(readme) {
		switch block.language {
		case "sh":
			for _, command := range strings.Split(strings.TrimSpace(block.text), "\n") {
				switch {
				case strings.HasSuffix(command, "go run ."):
					serveUntilTheEnd(t, app, command, addresses[servers])
					servers++
				case strings.HasPrefix(command, "curl "):
					for want := 1; want <= 3; want++ {
						visits++
						if got := run(t, app, nil, "bash", "-c", command); got != fmt.Sprintf("visit %d\n", want) {
							t.Errorf("visit %d: %s", want, got)
						}
					}
				default:
					run(t, app, environment, "bash", "-c", command)
				}
			}
			if servers == 1 && visits == 0 {
				visitTheReadmesServer(t, "http://"+addresses[0])
			} else if strings.Contains(block.text, "REVOCATIONS") {
				logOutOfTheReadmesServer(t, "http://"+addresses[1])
			}
		case "go":
			programs++
			check(t, os.WriteFile(filepath.Join(app, "main.go"), []byte(block.text), 0o600))
			run(t, app, nil, "go", "vet", ".")
			run(t, app, nil, "go", "build", "-o", "app", ".")
			if strings.Contains(block.text, "httptest") {
				if out := run(t, app, nil, "./app"); out != "ada true\n false\n" {
					t.Error("the test that it shows prints", out)
				}
			}
		case "json":
			options, err := h3s.OptionsFromJSON([]byte(block.text))
			check(t, err)
			_, err = h3s.New(options)
			check(t, err)
		default:
			t.Error("a block that nobody tests:", block.language)
		}
	}
	if programs != 6 || servers != 2 || visits != 3 {
		t.Error("what does it show?", programs, servers, visits)
	}
}

// serveUntilTheEnd runs a command that starts a server.
func serveUntilTheEnd(t *testing.T, folder, command, address string) {
	t.Helper()
	server := exec.Command("bash", "-c", command)
	server.Dir, server.Stdout, server.Stderr = folder, os.Stdout, os.Stderr
	// `go run` starts another process, which is to end with it.
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	check(t, server.Start())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	late := time.After(2 * time.Minute)
	for try := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal("the server has ended: ", err)
		case <-late:
			t.Fatal("the server does not answer")
		case <-try.C:
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
}

// visitTheReadmesServer counts, logs in and logs out over plain HTTP, with Go's own jar of cookies.
func visitTheReadmesServer(t *testing.T, server string) {
	t.Helper()
	client := &http.Client{Jar: must(cookiejar.New(nil))}
	read := func(response *http.Response, err error) string {
		check(t, err)
		defer response.Body.Close()
		return response.Status + ": " + string(must(io.ReadAll(response.Body)))
	}
	var got []string
	for range 3 {
		got = append(got, read(client.Get(server)))
	}
	got = append(got, read(client.PostForm(server+"/login", url.Values{"user": {"ada"}})), read(client.Get(server)))
	got = append(got, read(client.PostForm(server+"/logout", nil)), read(client.Get(server)))
	got = append(got, read(client.PostForm(server+"/login", url.Values{"user": {strings.Repeat("x", 100_000)}})))
	want := []string{
		"200 OK: visit 1\n", "200 OK: visit 2\n", "200 OK: visit 3\n", "200 OK: hello, ada\n", "200 OK: visit 4\n", "200 OK: bye\n", "200 OK: visit 1\n",
		"413 Request Entity Too Large: Request Entity Too Large\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for remember, maxAge := range map[string]int{"": 0, "on": 7 * 24 * 60 * 60} {
		response := must(http.PostForm(server+"/login", url.Values{"user": {"ada"}, "remember": {remember}}))
		response.Body.Close()
		if cookies := response.Cookies(); len(cookies) != 1 || cookies[0].MaxAge != maxAge {
			t.Errorf("remember %q: %v", remember, cookies)
		}
	}
}

// logOutOfTheReadmesServer holds that each way of logging out is final, whoever has a copy of the
// cookie, and that who logs in again is in.
func logOutOfTheReadmesServer(t *testing.T, server string) {
	t.Helper()
	here := must(url.Parse(server))
	read := func(response *http.Response, err error) string {
		check(t, err)
		defer response.Body.Close()
		return strings.TrimSpace(response.Status + ": " + string(must(io.ReadAll(response.Body))))
	}
	for _, path := range []string{"/logout", "/everywhere", "/others"} {
		client := &http.Client{Jar: must(cookiejar.New(nil))}
		other, copied := &http.Client{Jar: must(cookiejar.New(nil))}, &http.Client{Jar: must(cookiejar.New(nil))}
		for _, client := range []*http.Client{other, client} {
			if got := read(client.PostForm(server+"/login", url.Values{"user": {"ada"}})); got != "200 OK: user: ada" {
				t.Fatal(got)
			}
			// What is made in the very millisecond of a revocation stays.
			for made := time.Now().UnixMilli(); time.Now().UnixMilli() == made; {
			}
		}
		copied.Jar.SetCookies(here, client.Jar.Cookies(here))
		got := []string{read(client.PostForm(server+path, nil)), read(client.Get(server)), read(copied.Get(server)), read(other.Get(server))}
		in, out := "200 OK: user: ada", "200 OK: user:"
		want := map[string][]string{"/logout": {out, out, out, in}, "/everywhere": {out, out, out, out}, "/others": {in, in, out, out}}[path]
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestWithoutCgoTheCompilerSaysOneSentence(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "build", ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := command.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err == nil || len(lines) != 2 || lines[0] != "# h3s" || !strings.Contains(lines[1], "h3s needs cgo: build with CGO_ENABLED=1 and a C compiler") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestThePackageRequiresNoOther(t *testing.T) {
	if text := string(must(os.ReadFile("go.mod"))); strings.Contains(text, "require") {
		t.Error(text)
	}
}

type block struct{ language, text string }

// blocks are the fenced ones of a Markdown text.
func blocks(text string) (found []block) {
	for {
		_, rest, ok := strings.Cut(text, "\n```")
		if !ok {
			return found
		}
		language, rest, _ := strings.Cut(rest, "\n")
		body, after, _ := strings.Cut(rest, "\n```\n")
		found = append(found, block{language, body + "\n"})
		text = "\n" + after
	}
}

func run(t *testing.T, folder string, environment []string, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
	}
	return string(out)
}
