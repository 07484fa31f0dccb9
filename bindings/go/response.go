//go:build cgo

package h3s

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// A response puts the session's cookies into its header just before that is sent.
type response struct {
	http.ResponseWriter
	request *http.Request
	session *Session
	// The header has gone, or it is no longer ours to send.
	sent bool
}

// beforeHeader is called before everything that sends the header.
func (w *response) beforeHeader() {
	if w.sent {
		return
	}
	w.sent = true
	w.putSession(true)
}

func (w *response) putSession(last bool) {
	// Who closed it had no use for it; other errors are for those who run the server.
	if err := w.session.saveTouched(w.Header(), last); err != nil && !errors.Is(err, ErrClosed) {
		w.session.sessions.report(w.request, err)
	}
}

// finish is called when the request was handled, or its handler panics.
func (w *response) finish() {
	defer w.session.Close()
	if !w.sent {
		w.putSession(true)
	} else if w.session.isLost() {
		w.session.sessions.report(w.request, ErrHeaderSent)
	}
	w.session.sessions.debug(w.request, w.session)
}

func (w *response) WriteHeader(status int) {
	// Those before it are informational, and the header proper is still to come.
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.beforeHeader()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(data []byte) (int, error) {
	w.beforeHeader()
	return w.ResponseWriter.Write(data)
}

func (w *response) WriteString(text string) (int, error) {
	w.beforeHeader()
	return io.WriteString(w.ResponseWriter, text)
}

// ReadFrom lets the server send a file without copying it.
func (w *response) ReadFrom(source io.Reader) (int64, error) {
	var begun int64
	if !w.sent {
		// The header goes with the first bytes, and a source may have none or fail: then
		// the handler can still answer otherwise.
		var err error
		if begun, err = io.CopyN(struct{ io.Writer }{w}, source, sniffed); err == io.EOF {
			return begun, nil
		} else if err != nil {
			return begun, err
		}
	}
	rest, err := io.Copy(w.ResponseWriter, source)
	return begun + rest, err
}

// sniffed is how many bytes net/http reads for the Content-Type, and copies in any case.
const sniffed = 512

// FlushError is what http.ResponseController calls, whatever w's interfaces.
func (w *response) FlushError() error {
	if !can[http.Flusher](w.ResponseWriter) && !can[interface{ FlushError() error }](w.ResponseWriter) {
		return http.ErrNotSupported
	}
	w.beforeHeader()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is how http.ResponseController finds what is not here.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// CloseNotify is for frameworks that still ask for it.
func (w *response) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(w.request.Context(), func() { gone <- true })
	return gone
}

// ---- What not every server's writer can do ----

type flusher struct{ w *response }

func (f flusher) Flush() { _ = f.w.FlushError() }

type hijacker struct{ w *response }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	// Who writes the header by hand may write this one, as
	// httputil.ReverseProxy does for an upgrade.
	if !h.w.sent {
		h.w.putSession(false)
	}
	conn, buffer, err := http.NewResponseController(h.w.ResponseWriter).Hijack()
	if err == nil {
		h.w.sent = true
	}
	return conn, buffer, err
}

// find is the first of w and the writers that it wraps which is a T, as
// http.ResponseController asks for it.
func find[T any](w http.ResponseWriter) (found T, ok bool) {
	for {
		if found, ok = w.(T); ok {
			return found, true
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return found, false
		}
		w = wrapper.Unwrap()
	}
}

func can[T any](w http.ResponseWriter) bool {
	_, ok := find[T](w)
	return ok
}

// asWide is w with just those of the optional interfaces that the server's writer has, since their
// presence is what handlers ask for.
func (w *response) asWide() http.ResponseWriter {
	flushes, hijacks := can[http.Flusher](w.ResponseWriter), can[http.Hijacker](w.ResponseWriter)
	pusher, pushes := find[http.Pusher](w.ResponseWriter)
	type (
		F = http.Flusher
		H = http.Hijacker
		P = http.Pusher
	)
	f, h, p := flusher{w}, hijacker{w}, pusher
	switch {
	case flushes && hijacks && pushes:
		return struct {
			*response
			F
			H
			P
		}{w, f, h, p}
	case flushes && hijacks:
		return struct {
			*response
			F
			H
		}{w, f, h}
	case flushes && pushes:
		return struct {
			*response
			F
			P
		}{w, f, p}
	case hijacks && pushes:
		return struct {
			*response
			H
			P
		}{w, h, p}
	case flushes:
		return struct {
			*response
			F
		}{w, f}
	case hijacks:
		return struct {
			*response
			H
		}{w, h}
	case pushes:
		return struct {
			*response
			P
		}{w, p}
	}
	return w
}
