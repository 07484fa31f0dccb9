package h3s_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"h3s"
)

func TestAResponseStreamsWithoutBuffering(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		received := make(chan struct{})
		server, _ := start(t, protocol, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Set("a", 1))
			for i := range 3 {
				fmt.Fprintf(w, "part %d\n", i)
				w.(http.Flusher).Flush()
				// It has to reach the client before the next is written.
				select {
				case <-received:
				case <-time.After(10 * time.Second):
					t.Error("the client has received nothing")
					return
				}
			}
		}))
		response := must(server.Client().Get(server.URL))
		defer response.Body.Close()
		if len(response.Header["Set-Cookie"]) != 1 {
			t.Error(response.Header)
		}
		lines := bufio.NewScanner(response.Body)
		for i := range 3 {
			if !lines.Scan() || lines.Text() != fmt.Sprintf("part %d", i) {
				t.Fatal(lines.Text(), lines.Err())
			}
			received <- struct{}{}
		}
	})
}

func TestAHijackedConnectionIsTheHandlers(t *testing.T) {
	for path, cookies := range map[string]int{"values": 1, "header": 1, "late": 0} {
		t.Run(path, func(t *testing.T) {
			var reported []error
			sessions := must(h3s.New(h3s.Options{Password: password, OnError: func(_ *http.Request, err error) { reported = append(reported, err) }}))
			handler := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := h3s.FromContext(r.Context())
				check(t, s.Set("a", 1))
				header := http.Header{}
				if path == "values" {
					// As a WebSocket library is given them.
					header["Set-Cookie"] = must(s.SetCookies())
				}
				conn, buffer, err := w.(http.Hijacker).Hijack()
				check(t, err)
				defer conn.Close()
				switch path {
				case "header":
					header = w.Header()
				case "late":
					check(t, s.Set("b", 2))
				}
				fmt.Fprint(buffer, "HTTP/1.1 200 OK\r\nConnection: close\r\n")
				check(t, header.Write(buffer))
				fmt.Fprint(buffer, "\r\nby hand")
				check(t, buffer.Flush())
			}))
			// The server does not wait for it, since the
			// connection is no longer its own.
			done := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				handler.ServeHTTP(w, r)
			}))
			defer server.Close()
			response := must(http.Get(server.URL))
			body := string(must(io.ReadAll(response.Body)))
			response.Body.Close()
			if body != "by hand" || len(response.Header["Set-Cookie"]) != cookies {
				t.Error(body, response.Header)
			}
			<-done
			if len(reported) != 1-cookies || cookies == 0 && !errors.Is(reported[0], h3s.ErrHeaderSent) {
				t.Error(reported)
			}
		})
	}
}

func TestAHijackThatFailsLeavesTheResponseToTheHandler(t *testing.T) {
	response, _ := serve(t, 2, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			t.Error("over HTTP/2?")
		}
		check(t, h3s.FromContext(r.Context()).Set("b", 2))
	})
	if len(response.Header["Set-Cookie"]) != 1 {
		t.Error(response.Header)
	}
}

// A wrapper with no more than Unwrap hides the server's writer from a type assertion, not from
// http.ResponseController.
func TestAWrappedWriterIsHijackedWithTheCookie(t *testing.T) {
	inner := must(h3s.New(h3s.Options{Password: password})).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(t, h3s.FromContext(r.Context()).Set("a", 1))
		conn, buffer, err := http.NewResponseController(w).Hijack()
		check(t, err)
		defer conn.Close()
		fmt.Fprint(buffer, "HTTP/1.1 200 OK\r\nConnection: close\r\n")
		check(t, w.Header().Write(buffer))
		fmt.Fprint(buffer, "\r\n")
		check(t, buffer.Flush())
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(unwrapper{w}, r) }))
	defer server.Close()
	response := must(http.Get(server.URL))
	response.Body.Close()
	if len(response.Header["Set-Cookie"]) != 1 {
		t.Error(response.Header)
	}
}

type unwrapper struct{ http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestAnUpgradeCarriesTheCookie(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffer, err := http.NewResponseController(w).Hijack()
		check(t, err)
		defer conn.Close()
		line, err := buffer.ReadString('\n')
		check(t, err)
		fmt.Fprint(conn, line)
	}
	upstream := httptest.NewServer(http.HandlerFunc(echo))
	defer upstream.Close()
	proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(upstream.URL)))
	for name, next := range map[string]http.Handler{"by the handler": http.HandlerFunc(echo), "by a proxy": proxy} {
		t.Run(name, func(t *testing.T) {
			server, _ := start(t, 1, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				check(t, h3s.FromContext(r.Context()).Set("a", 1))
				next.ServeHTTP(w, r)
			}))
			r := must(http.NewRequest("GET", server.URL, nil))
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			response := must(server.Client().Do(r))
			defer response.Body.Close()
			if response.StatusCode != http.StatusSwitchingProtocols || len(response.Header["Set-Cookie"]) != 1 {
				t.Error(response.Status, response.Header)
			}
			conn := response.Body.(io.ReadWriter)
			fmt.Fprintln(conn, "hello")
			if line := must(bufio.NewReader(conn).ReadString('\n')); line != "hello\n" {
				t.Error(line)
			}
		})
	}
}

// What sends nothing leaves the header, and so the cookie, to what comes after it.
func TestNothingSentIsNotYetTooLate(t *testing.T) {
	for name, try := range map[string]func(w http.ResponseWriter) error{
		"a flush that the writer cannot": func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"a source with nothing in it": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("")})
			return err
		},
		"a source that fails": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, iotest.ErrReader(errors.New("no")))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := must(h3s.New(h3s.Options{Password: password})).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s := h3s.FromContext(r.Context())
				if err := try(w); err != nil {
					check(t, s.Set("flash", "sorry"))
					http.Error(w, "sorry", http.StatusBadGateway)
					return
				}
				check(t, s.Set("a", 1))
			}))
			// TimeoutHandler's writer cannot be flushed.
			server := httptest.NewServer(http.TimeoutHandler(inner, time.Minute, "late"))
			defer server.Close()
			response := must(http.Get(server.URL))
			response.Body.Close()
			if len(response.Header["Set-Cookie"]) != 1 {
				t.Error(response.Status, response.Header)
			}
		})
	}
}

func TestTheWriterCanWhatTheServersCan(t *testing.T) {
	protocols(t, func(t *testing.T, protocol int) {
		serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
			_, flushes := w.(http.Flusher)
			_, hijacks := w.(http.Hijacker)
			pusher, pushes := w.(http.Pusher)
			_, readsFrom := w.(io.ReaderFrom)
			if !flushes || hijacks != (protocol == 1) || pushes != (protocol == 2) || !readsFrom {
				t.Error(flushes, hijacks, pushes, readsFrom)
			}
			if pushes {
				// Go's client does not accept any, which is
				// the client's own answer.
				if err := pusher.Push("/style.css", nil); !errors.Is(err, http.ErrNotSupported) {
					t.Error(err)
				}
			}
			controller := http.NewResponseController(w)
			check(t, controller.SetReadDeadline(time.Now().Add(time.Minute)))
			check(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
			if protocol == 2 {
				if _, _, err := controller.Hijack(); !errors.Is(err, http.ErrNotSupported) {
					t.Error(err)
				}
			}
		})
	})
}

// Every set of optional interfaces, since handlers ask for their presence.
func TestNoInterfaceIsInvented(t *testing.T) {
	type f struct{ http.Flusher }
	type h struct{ http.Hijacker }
	type p struct{ http.Pusher }
	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	recorder := httptest.NewRecorder()
	for want, w := range map[string]http.ResponseWriter{
		"": plain,
		"F": struct {
			http.ResponseWriter
			f
		}{plain, f{recorder}},
		"H": struct {
			http.ResponseWriter
			h
		}{plain, h{}},
		"P": struct {
			http.ResponseWriter
			p
		}{plain, p{}},
		"FH": struct {
			http.ResponseWriter
			f
			h
		}{plain, f{recorder}, h{}},
		"FP": struct {
			http.ResponseWriter
			f
			p
		}{plain, f{recorder}, p{}},
		"HP": struct {
			http.ResponseWriter
			h
			p
		}{plain, h{}, p{}},
		"FHP": struct {
			http.ResponseWriter
			f
			h
			p
		}{plain, f{recorder}, h{}, p{}},
	} {
		got := ""
		must(h3s.New(h3s.Options{Password: password})).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, ok := w.(http.Flusher); ok {
				got += "F"
			}
			if _, ok := w.(http.Hijacker); ok {
				got += "H"
			}
			if _, ok := w.(http.Pusher); ok {
				got += "P"
			}
			if err := http.NewResponseController(w).Flush(); (err == nil) != strings.Contains(want, "F") {
				t.Error(want, err)
			}
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFileIsServedWithItsCookie(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	check(t, os.WriteFile(name, []byte(content), 0o600))
	protocols(t, func(t *testing.T, protocol int) {
		response, body := serve(t, protocol, h3s.Options{}, func(w http.ResponseWriter, r *http.Request) {
			check(t, h3s.FromContext(r.Context()).Set("a", 1))
			http.ServeFile(w, r, name)
		})
		if body != content || len(response.Header["Set-Cookie"]) != 1 {
			t.Error(len(body), response.Header)
		}
	})
}

func TestAClientThatLeavesIsNoticed(t *testing.T) {
	began, noticed := make(chan struct{}), make(chan struct{})
	server, _ := start(t, 1, h3s.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone := w.(interface{ CloseNotify() <-chan bool }).CloseNotify()
		close(began)
		<-gone
		close(noticed)
	}))
	conn := must(net.Dial("tcp", server.Listener.Addr().String()))
	tls := tlsClient(server, conn)
	fmt.Fprint(tls, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-began
	conn.Close()
	select {
	case <-noticed:
	case <-time.After(10 * time.Second):
		t.Error("the handler was not told")
	}
}
