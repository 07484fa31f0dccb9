package h3svalkey_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"h3s"
	"h3svalkey"
)

var password = h3s.NewPassword("correct horse battery staple, and more of it")

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// eventually waits for what happens within a time.
func eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	late := time.After(within)
	for try := time.NewTicker(5 * time.Millisecond); !is(); {
		select {
		case <-late:
			t.Fatalf("not within %s: %s", within, what)
		case <-try.C:
		}
	}
}

// soon is how long a server that is back may take to be found, at most: the longest pause between
// two tries, and the try itself.
const soon = 8 * time.Second

// A server is a real one: Valkey, or Redis where that is installed.
type server struct {
	t       testing.TB
	folder  string
	port    string
	process *exec.Cmd
}

func newServer(t testing.TB) *server {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	check(t, listener.Close())
	s := &server{t: t, folder: t.TempDir(), port: port}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *server) address() string { return "127.0.0.1:" + s.port }

func (s *server) start() {
	s.t.Helper()
	name := "valkey-server"
	if _, err := exec.LookPath(name); err != nil {
		name = "redis-server"
	}
	if _, err := exec.LookPath(name); err != nil {
		s.t.Skip("neither valkey-server nor redis-server is installed")
	}
	s.process = exec.Command(name, "--port", s.port, "--bind", "127.0.0.1", "--dir", s.folder, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning")
	check(s.t, s.process.Start())
	eventually(s.t, 20*time.Second, "the server answers", func() bool {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			return false
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(conn, "PING\r\n")
		reply := make([]byte, 7)
		_, err = io.ReadFull(conn, reply)
		return err == nil && string(reply) == "+PONG\r\n"
	})
}

func (s *server) stop() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGKILL)
		_ = s.process.Wait()
		s.process = nil
	}
}

// forget removes the data of a server that is stopped.
func (s *server) forget() {
	check(s.t, os.RemoveAll(s.folder))
	check(s.t, os.Mkdir(s.folder, 0o700))
}

// save is a copy of the server's data as it is now.
func (s *server) save() string {
	copied := s.t.TempDir() + "/data"
	check(s.t, os.CopyFS(copied, os.DirFS(s.folder)))
	return copied
}

// restore puts the data of a server that is stopped back to a copy.
func (s *server) restore(copied string) {
	s.forget()
	check(s.t, os.CopyFS(s.folder, os.DirFS(copied)))
}

func (s *server) option() valkey.ClientOption {
	return valkey.ClientOption{InitAddress: []string{s.address()}, PipelineMultiplex: -1}
}

func (s *server) client() valkey.Client {
	client := must(valkey.NewClient(s.option()))
	s.t.Cleanup(client.Close)
	return client
}

// do sends a command, and gives the reply as a number, or what it takes for one.
func do(t testing.TB, client valkey.Client, command ...string) valkey.ValkeyResult {
	t.Helper()
	return client.Do(t.Context(), client.B().Arbitrary(command...).Build())
}

// A proxy stands before a server, and can be cut: bytes go nowhere then, and nobody is told. Or it
// turns to another server.
type proxy struct {
	listener net.Listener
	mu       sync.Mutex
	whole    sync.Cond
	target   string
	cut      bool
	// To the server.
	open []net.Conn
}

func newProxy(t testing.TB, target string) *proxy {
	p := &proxy{listener: must(net.Listen("tcp", "127.0.0.1:0")), target: target}
	p.whole.L = &p.mu
	go func() {
		for {
			from, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			to, err := net.Dial("tcp", p.target)
			if err != nil {
				p.mu.Unlock()
				from.Close()
				continue
			}
			p.open = append(p.open, to)
			p.mu.Unlock()
			go p.copy(from, to)
			go p.copy(to, from)
		}
	}()
	t.Cleanup(func() {
		p.listener.Close()
		p.set(false)
	})
	return p
}

func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	p.whole.Broadcast()
}

// turn ends all connections; the next ones are to another server.
func (p *proxy) turn(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	for _, to := range p.open {
		to.Close()
	}
	p.open = nil
}

func (p *proxy) copy(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		for p.cut {
			p.whole.Wait()
		}
		p.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) option() valkey.ClientOption {
	return valkey.ClientOption{InitAddress: []string{p.listener.Addr().String()}, PipelineMultiplex: -1}
}

// ---- Sessions ----

func options(store func(h3s.StoreOptions) (h3s.Store, error)) h3s.Options {
	return h3s.Options{
		Password:   password,
		MaxAge:     time.Hour,
		Logger:     slog.New(slog.DiscardHandler),
		OnError:    func(*http.Request, error) {},
		Revocation: &h3s.RevocationOptions{Subject: "/user", Store: store, MaxStale: 2 * time.Second},
	}
}

func newSessions(t testing.TB, options h3s.Options) *h3s.Sessions {
	t.Helper()
	sessions := must(h3s.New(options))
	t.Cleanup(sessions.Close)
	return sessions
}

// dialled are sessions by a server, with a connection of their own.
func dialled(t testing.TB, option valkey.ClientOption) *h3s.Sessions {
	t.Helper()
	return newSessions(t, options(h3svalkey.Dial(option)))
}

// login is a session of a user, as a request with its cookie.
func login(t testing.TB, sessions *h3s.Sessions, user string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	s := must(sessions.Use(r))
	defer s.Close()
	check(t, s.Set("user", user))
	for _, line := range must(s.SetCookies()) {
		r.AddCookie(must(http.ParseSetCookie(line)))
	}
	return r
}

// logout revokes a request's session as a server does, and gives the response.
func logout(sessions *h3s.Sessions, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h3s.FromContext(r.Context()).Revoke(); err != nil {
			http.Error(w, err.Error(), h3s.StatusCode(err))
			return
		}
		fmt.Fprint(w, "bye")
	})).ServeHTTP(w, r)
	return w
}

// visit is what a server says to a request: its user, or that the session was revoked.
func visit(sessions *h3s.Sessions, r *http.Request) string {
	s, err := sessions.Use(r)
	if err != nil {
		return strconv.Itoa(h3s.StatusCode(err))
	}
	defer s.Close()
	if rejection := s.Rejection(); rejection != h3s.RejectionNone {
		return rejection.String()
	}
	user, _ := s.Text("/user")
	if s.IsStale() {
		user += ", stale"
	}
	return user
}

// store is a stream itself, without sessions around it.
func store(t testing.TB, client valkey.Client, options ...h3svalkey.Option) h3s.Store {
	t.Helper()
	return must(h3svalkey.Stream(client, options...)(h3s.StoreOptions{CookieName: "h3", Keep: time.Hour, MaxStale: time.Minute}))
}

// line is an entry that nobody can open, and that ends in an hour.
func line(n int) string { return fmt.Sprintf("h3r1.k.%d.%d", end, n) }

var end = time.Now().Add(time.Hour).Unix()

// followed follows a stream until it ends with the test, and gives what is handed in.
func followed(t testing.TB, store h3s.Store) <-chan []string {
	handed := make(chan []string, 100)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = store.Follow(ctx, func(lines []string, complete bool) error {
				if complete {
					lines = append(lines, "complete")
				}
				select {
				case handed <- lines:
				case <-ctx.Done():
				}
				return nil
			})
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
	return handed
}
