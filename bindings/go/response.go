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
	// A middleware outside compresses the response.
	isEncodedOutside bool
	// What the session has revoked could not be made known, or has no room here.
	isUnpublished bool
	// Why a 503 has gone in place of what the handler says. (An error would have an exchange
	// take the next larger size of memory.)
	refused *Error
}

// beforeHeader is called before everything that sends the header. After an error the response has
// gone, and the handler has no say in it.
func (w *response) beforeHeader(status int) error {
	if !w.sent {
		w.sent = true
		// Where the handler has seen to it itself, its own page may stand.
		if err := w.putSession(true); isUnavailable(err) && status < http.StatusInternalServerError {
			w.refuse(err)
		}
	}
	if w.refused != nil {
		return w.refused
	}
	return nil
}

func (w *response) putSession(last bool) error {
	err := w.session.saveTouched(w.request.Context(), w.Header(), last)
	w.isUnpublished = isUnavailable(err)
	// Who closed it had no use for it. Where it may not be opened, whoever used it was told,
	// and nothing was to be saved. Other errors are for those who run the server.
	if err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrStale) && !errors.Is(err, ErrBusy) {
		w.session.sessions.report(w.request, err)
	}
	return err
}

// refuse answers that a logout has not happened, or that none is known well enough to open a
// session, whatever the handler has in mind.
func (w *response) refuse(err error) {
	errors.As(err, &w.refused)
	header := w.Header()
	// What is said of another response. (Content-Encoding may be of a middleware outside, which
	// compresses this one, too; http.Error sees to Content-Length.)
	for _, name := range []string{"Location", "Etag", "Last-Modified", "Content-Range", "Content-Disposition"} {
		delete(header, name)
	}
	if !w.isEncodedOutside {
		delete(header, "Content-Encoding")
	}
	header["Cache-Control"] = []string{"no-store"}
	http.Error(w.ResponseWriter, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}

// finish is called when the request was handled, or its handler panics.
func (w *response) finish(panics bool) {
	defer w.session.Close()
	sessions := w.session.sessions
	if !w.sent {
		// Who recovers from a panic answers with an error in any case.
		if err := w.putSession(true); isUnavailable(err) && !panics {
			w.refuse(err)
		}
	} else {
		if w.session.isLost() {
			sessions.report(w.request, ErrHeaderSent)
		}
		if !w.isUnpublished {
			if err := w.session.publishLate(w.request.Context()); err != nil {
				sessions.report(w.request, err)
			}
		}
	}
	sessions.debug(w.request, w.session)
}

func (w *response) WriteHeader(status int) {
	// Those before it are informational, and the header proper is still to come.
	if status >= 200 || status == http.StatusSwitchingProtocols {
		if w.beforeHeader(status) != nil {
			return
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(data []byte) (int, error) {
	if err := w.beforeHeader(http.StatusOK); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(data)
}

func (w *response) WriteString(text string) (int, error) {
	if err := w.beforeHeader(http.StatusOK); err != nil {
		return 0, err
	}
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
	if w.refused != nil {
		return begun, w.refused
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
	if err := w.beforeHeader(http.StatusOK); err != nil {
		return err
	}
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
		if err := h.w.putSession(false); isUnavailable(err) {
			return nil, nil, err
		}
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
