package h3s_test

import (
	"errors"
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

// A library of another ABI version stands before the real one.
func TestAnotherABIVersionIsRefusedAtStart(t *testing.T) {
	if os.Getenv("H3S_TEST_WRONG_LIBRARY") != "" {
		_, err := h3s.New(h3s.Options{Password: password})
		if !errors.Is(err, h3s.ErrLibrary) || !strings.Contains(err.Error(), "ABI version 77; this package needs 0") {
			t.Error(err)
		}
		return
	}
	folder := t.TempDir()
	source, library := filepath.Join(folder, "wrong.c"), filepath.Join(folder, "wrong.so")
	check(t, os.WriteFile(source, []byte("unsigned h3s_abi_version(void) { return 77; }\n"), 0o600))
	run(t, folder, nil, "cc", "-shared", "-fPIC", "-o", library, source)
	run(t, ".", []string{"LD_PRELOAD=" + library, "H3S_TEST_WRONG_LIBRARY=1"}, must(os.Executable()), "-test.run=^"+t.Name()+"$")
}

// What README.md says, done in a module of its own, as a user would.
func TestTheReadmeIsTrue(t *testing.T) {
	folder := t.TempDir()
	checkout := must(filepath.Abs("../.."))
	check(t, os.Symlink(checkout, filepath.Join(folder, "libh3s")))
	app := filepath.Join(folder, "app")
	check(t, os.Mkdir(app, 0o700))
	check(t, os.WriteFile(filepath.Join(app, "go.mod"), []byte("module example.com/app\n\ngo 1.25.0\n"), 0o600))

	// A port that nobody else has, in place of the one that it names.
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	address := listener.Addr().String()
	check(t, listener.Close())
	readme := strings.ReplaceAll(string(must(os.ReadFile("README.md"))), "127.0.0.1:3000", address)

	programs, servers, visits := 0, 0, 0
	for _, block := range blocks(readme) {
		switch block.language {
		case "sh":
			for _, command := range strings.Split(strings.TrimSpace(block.text), "\n") {
				switch {
				case strings.HasSuffix(command, "go run ."):
					servers++
					serveUntilTheEnd(t, app, command, address)
				case strings.HasPrefix(command, "curl "):
					for want := 1; want <= 3; want++ {
						visits++
						if got := run(t, app, nil, "bash", "-c", command); got != fmt.Sprintf("visit %d\n", want) {
							t.Errorf("visit %d: %s", want, got)
						}
					}
				default:
					run(t, app, nil, "bash", "-c", command)
				}
			}
			if servers == 1 && visits == 0 {
				visitTheReadmesServer(t, "http://"+address)
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
	if programs != 3 || servers != 1 || visits != 3 {
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

func TestAStaticallyLinkedProgramStandsAlone(t *testing.T) {
	program := filepath.Join(t.TempDir(), "alone.test")
	run(t, ".", nil, "go", "test", "-tags", "h3s_static", "-c", "-o", program, ".")
	for name, wanted := range map[string]bool{program: false, must(os.Executable()): true} {
		if needed := strings.Contains(run(t, ".", nil, "readelf", "--dynamic", name), "libh3s.so"); needed != wanted {
			t.Errorf("%s needs libh3s.so: %t", filepath.Base(name), needed)
		}
	}
	// Nor what the compiler would have it load.
	if loaded := run(t, ".", nil, "ldd", program); strings.Contains(loaded, "libgcc_s") {
		t.Error(loaded)
	}
	run(t, ".", nil, program, "-test.run=^(TestASession|TestVectors|Example)")
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
