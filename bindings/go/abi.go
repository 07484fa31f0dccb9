//go:build cgo

package h3s

/*
#cgo noescape h3s_go_open
#cgo nocallback h3s_go_open
#cgo noescape h3s_go_write
#cgo nocallback h3s_go_write
#cgo noescape h3s_go_find
#cgo nocallback h3s_go_find
#cgo noescape h3s_go_header
#cgo nocallback h3s_go_header
#cgo noescape h3s_go_header_is_targeted
#cgo nocallback h3s_go_header_is_targeted

#include <h3s.h>
#include <stdlib.h>
#include <string.h>

// A session goes in and out as a number: at each call, cgo checks where a pointer leads whose
// type is not declared. Results are returned by value: a pointer to Go's memory would be checked,
// too, and Go zeroes that memory first.
typedef uintptr_t h3s_go_session;
typedef uintptr_t h3s_go_revocations;

// How a call went that can fail. why is NULL after a success, and where memory is short; else it is
// to be freed.
typedef struct {
    int32_t status;
    h3s_error *why;
} h3s_go_result;

typedef struct {
    h3s_go_result result;
    h3s_go_session session;
    h3s_str found;
} h3s_go_opened;

typedef struct {
    h3s_go_result result;
    const h3s_str *list;
    size_t count;
} h3s_go_list;

typedef struct {
    h3s_go_result result;
    h3s_str token;
} h3s_go_token;

typedef struct {
    int64_t max_age_sec;
    uint32_t flags;
} h3s_go_lifetime;

enum { GO_USE, GO_GET, GO_UNSEAL };

enum {
    GO_UPDATE,
    GO_REPLACE,
    GO_SET,
    GO_SET_TEXT,
    GO_SET_AT,
    GO_REMOVE,
    GO_REMOVE_AT,
    GO_ENSURE,
    GO_ROTATE,
    GO_CLEAR,
    GO_REVOKE,
    GO_REVOKE_EVERYWHERE,
    GO_SET_ID,
    GO_SET_NOW
};

static h3s_go_result h3s_go_result_of(int32_t status, const h3s_error *err)
{
    h3s_go_result result = {status, NULL};
    if (status != H3S_OK && (result.why = malloc(sizeof *err)) != NULL)
        *result.why = *err;
    return result;
}

static h3s_view h3s_go_view(h3s_go_session session)
{
    h3s_view view = H3S_VIEW_INIT;
    if (h3s_session_view((const h3s_session *)session, &view) != H3S_OK)
        memset(&view, 0, sizeof view);
    return view;
}

static h3s_request h3s_go_request(_GoString_ header, _GoString_ peer, int64_t now_ms)
{
    h3s_request request = H3S_REQUEST_INIT;
    request.header = _GoStringPtr(header);
    request.header_len = _GoStringLen(header);
    request.peer = _GoStringPtr(peer);
    request.peer_len = _GoStringLen(peer);
    request.now_ms = now_ms;
    return request;
}

// A bare token has no page that it comes from. finds: the value at the pointer is asked for, too.
static h3s_go_opened h3s_go_open(const h3s_config *config, h3s_go_revocations revocations, int how,
                                 _GoString_ cookie, _GoString_ header, _GoString_ peer,
                                 int64_t now_ms,
                                 _GoString_ site, _GoString_ origin, _GoString_ referer,
                                 _GoString_ host, int finds, _GoString_ pointer)
{
    h3s_go_opened opened = {0};
    h3s_request request = h3s_go_request(header, peer, now_ms);
    h3s_session *session = NULL;
    h3s_error err;
    int32_t status;
    request.cookie = _GoStringPtr(cookie);
    request.cookie_len = _GoStringLen(cookie);
    request.revocations = (const h3s_revocations *)revocations;
    if (how != GO_UNSEAL
        && h3s_is_cross_site(_GoStringPtr(site), _GoStringLen(site),
                             _GoStringPtr(origin), _GoStringLen(origin),
                             _GoStringPtr(referer), _GoStringLen(referer),
                             _GoStringPtr(host), _GoStringLen(host)))
        request.flags = H3S_CROSS_SITE;
    switch (how) {
    case GO_USE: status = h3s_use(config, &request, &session, &err); break;
    case GO_GET: status = h3s_get(config, &request, &session, &err); break;
    default: status = h3s_unseal(config, &request, &session, &err); break;
    }
    opened.result = h3s_go_result_of(status, &err);
    opened.session = (h3s_go_session)session;
    if (finds)
        opened.found = h3s_session_find(session, _GoStringPtr(pointer), _GoStringLen(pointer));
    return opened;
}

static h3s_go_result h3s_go_write(h3s_go_session s, int what, _GoString_ name, _GoString_ text,
                                  int64_t now_ms)
{
    h3s_session *session = (h3s_session *)s;
    const char *key = _GoStringPtr(name), *value = _GoStringPtr(text);
    size_t key_len = _GoStringLen(name), value_len = _GoStringLen(text);
    h3s_error err;
    int32_t status;
    switch (what) {
    case GO_UPDATE: status = h3s_update(session, value, value_len, &err); break;
    case GO_REPLACE: status = h3s_replace(session, value, value_len, &err); break;
    case GO_SET: status = h3s_set_json(session, key, key_len, value, value_len, &err); break;
    case GO_SET_TEXT: status = h3s_set_text(session, key, key_len, value, value_len, &err); break;
    case GO_SET_AT: status = h3s_set_at(session, key, key_len, value, value_len, &err); break;
    case GO_REMOVE: status = h3s_remove(session, key, key_len, &err); break;
    case GO_REMOVE_AT: status = h3s_remove_at(session, key, key_len, &err); break;
    case GO_ENSURE: status = h3s_ensure(session, &err); break;
    case GO_ROTATE: status = h3s_rotate(session, &err); break;
    case GO_CLEAR: status = h3s_clear(session, &err); break;
    case GO_REVOKE: status = h3s_revoke(session, &err); break;
    case GO_REVOKE_EVERYWHERE: status = h3s_revoke_everywhere(session, &err); break;
    case GO_SET_ID: status = h3s_session_set_id(session, value, value_len, &err); break;
    default: status = h3s_session_set_now(session, now_ms, &err); break;
    }
    return h3s_go_result_of(status, &err);
}

static h3s_go_lifetime h3s_go_get_lifetime(h3s_go_session session)
{
    h3s_go_lifetime lifetime = {0};
    lifetime.max_age_sec = h3s_session_lifetime((const h3s_session *)session, &lifetime.flags);
    return lifetime;
}

static h3s_go_result h3s_go_set_lifetime(h3s_go_session session, int64_t max_age_sec,
                                         uint32_t flags)
{
    h3s_error err;
    int32_t status = h3s_session_set_lifetime((h3s_session *)session, max_age_sec, flags, &err);
    return h3s_go_result_of(status, &err);
}

// The session's Set-Cookie values, or what it has revoked.
static h3s_go_list h3s_go_lines(h3s_go_session session, int revoked)
{
    h3s_go_list lines = {0};
    h3s_error err;
    int32_t status = (revoked ? h3s_revocation_entries : h3s_set_cookies)(
        (h3s_session *)session, &lines.list, &lines.count, &err);
    lines.result = h3s_go_result_of(status, &err);
    return lines;
}

static h3s_go_token h3s_go_seal(h3s_go_session session)
{
    h3s_go_token sealed = {0};
    h3s_error err;
    int32_t status = h3s_seal((h3s_session *)session, &sealed.token, &err);
    sealed.result = h3s_go_result_of(status, &err);
    return sealed;
}

static h3s_str h3s_go_find(h3s_go_session s, int text, _GoString_ pointer)
{
    const h3s_session *session = (const h3s_session *)s;
    const char *path = _GoStringPtr(pointer);
    size_t len = _GoStringLen(pointer);
    return text ? h3s_session_text(session, path, len) : h3s_session_find(session, path, len);
}

static h3s_str h3s_go_log_id(h3s_go_session session)
{
    return h3s_session_log_id((const h3s_session *)session);
}

static void h3s_go_free(h3s_go_session session)
{
    h3s_session_free((h3s_session *)session);
}

static h3s_go_result h3s_go_config_new(_GoString_ json, h3s_config **out)
{
    h3s_error err;
    int32_t status = h3s_config_new(_GoStringPtr(json), _GoStringLen(json), out, &err);
    return h3s_go_result_of(status, &err);
}

static h3s_go_result h3s_go_config_check(_GoString_ json)
{
    h3s_error err;
    int32_t status = h3s_config_check(_GoStringPtr(json), _GoStringLen(json), &err);
    return h3s_go_result_of(status, &err);
}

static size_t h3s_go_cookie_strip(const h3s_config *config, _GoString_ cookie, char *out)
{
    return h3s_cookie_strip(config, _GoStringPtr(cookie), _GoStringLen(cookie), out);
}

// Vary under a config, Cache-Control without one.
static int32_t h3s_go_header(const h3s_config *config, _GoString_ present, char *out, size_t room,
                             size_t *len)
{
    const char *text = _GoStringPtr(present);
    size_t text_len = _GoStringLen(present);
    return config != NULL ? h3s_header_vary(config, text, text_len, out, room, len, NULL)
                          : h3s_header_cache_control(text, text_len, out, room, len, NULL);
}

static int32_t h3s_go_header_is_targeted(_GoString_ name)
{
    return h3s_header_is_targeted(_GoStringPtr(name), _GoStringLen(name));
}

static h3s_go_result h3s_go_iron_seal(const h3s_config *config, _GoString_ json, int64_t now_ms,
                                      uint32_t flags, char *out, size_t room, size_t *len)
{
    h3s_error err;
    int32_t status = h3s_iron_seal(config, _GoStringPtr(json), _GoStringLen(json), now_ms, flags,
                                   out, room, len, &err);
    return h3s_go_result_of(status, &err);
}

static h3s_go_result h3s_go_iron_unseal(const h3s_config *config, _GoString_ token,
                                        _GoString_ peer, int64_t now_ms, char *out, size_t room,
                                        size_t *len)
{
    h3s_request request = h3s_go_request(token, peer, now_ms);
    h3s_error err;
    int32_t status = h3s_iron_unseal(config, &request, out, room, len, &err);
    return h3s_go_result_of(status, &err);
}
*/
import "C"

import (
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// abiVersion is the version of the C ABI that this package is written for; the library's must be
// the same.
const abiVersion = 0

// config is the library's side of a Sessions. Any number of goroutines may use it.
type config struct {
	c *C.h3s_config
	// What is revoked, as this process knows it; nil where nothing can be.
	revocations *C.h3s_revocations
	// What a response without a Vary of its own says.
	vary string
}

// checkConfig checks options, with or without a password.
func checkConfig(options string) error {
	if err := checkLibrary(); err != nil {
		return err
	}
	return errorOf(C.h3s_go_config_check(options))
}

func checkLibrary() error {
	if version := uint32(C.h3s_abi_version()); version != abiVersion {
		return wrongLibrary(C.GoString(C.h3s_version()), version)
	}
	return nil
}

func newConfig(options string) (*config, error) {
	if err := checkLibrary(); err != nil {
		return nil, err
	}
	conf := new(config)
	if err := errorOf(C.h3s_go_config_new(options, &conf.c)); err != nil {
		return nil, err
	}
	// The sessions made with it keep the keys, so it is of no matter which is found unused
	// first.
	runtime.AddCleanup(conf, func(c *C.h3s_config) { C.h3s_config_free(c) }, conf.c)
	conf.vary = goString(C.h3s_config_vary(conf.c))
	return conf, nil
}

func (conf *config) cookieName() string { return goString(C.h3s_config_cookie_name(conf.c)) }
func (conf *config) headerName() string { return goString(C.h3s_config_header_name(conf.c)) }
func (conf *config) hasCookies() bool   { return C.h3s_config_flags(conf.c)&C.H3S_CONFIG_COOKIES != 0 }
func (conf *config) isSecure() bool     { return C.h3s_config_flags(conf.c)&C.H3S_CONFIG_SECURE != 0 }

// varied is the value of Vary for a response whose lines of it are these.
func (conf *config) varied(lines []string) string {
	if len(lines) == 0 {
		return conf.vary
	}
	value := header(conf.c, joined(lines), len(conf.vary))
	runtime.KeepAlive(conf)
	return value
}

// private is the value of Cache-Control for a response with a session's cookie, whose lines of it
// are these.
func private(lines []string) string {
	if len(lines) == 0 {
		return privateAlone()
	}
	return header(nil, joined(lines), 0)
}

// privateAlone is what a response without a Cache-Control of its own says.
var privateAlone = sync.OnceValue(func() string { return header(nil, "", 0) })

// header is the value of Vary under a config, of Cache-Control without one. more: how much longer
// than the present one, beyond the usual, it may be.
func header(c *C.h3s_config, present string, more int) string {
	out := make([]byte, len(present)*2+more+16)
	var n C.size_t
	status := C.h3s_go_header(c, present, start(out), C.size_t(len(out)), &n)
	if status != C.H3S_OK {
		panic("h3s: no header for caches: " + C.GoString(C.h3s_status_str(status)))
	}
	return string(out[:n])
}

// isTargeted reports whether a kind of shared cache heeds this header in place of Cache-Control.
func isTargeted(name string) bool { return C.h3s_go_header_is_targeted(name) != 0 }

// retryAfter is how many seconds a client is told to wait that gets 429.
var retryAfter = strconv.Itoa(C.H3S_RETRY_AFTER)

// strip is cookie without the session's own.
func (conf *config) strip(cookie string) string {
	if cookie == "" {
		return ""
	}
	rest := make([]byte, len(cookie))
	n := C.h3s_go_cookie_strip(conf.c, cookie, start(rest))
	runtime.KeepAlive(conf)
	return string(rest[:n])
}

func (conf *config) ironSeal(json string, session bool, now int64) (string, error) {
	flags := C.uint32_t(0)
	if session {
		flags = C.H3S_IRON_SESSION
	}
	out := make([]byte, len(json)/3*4+512)
	var n C.size_t
	err := errorOf(C.h3s_go_iron_seal(conf.c, json, C.int64_t(now), flags, start(out), C.size_t(len(out)), &n))
	runtime.KeepAlive(conf)
	if err != nil {
		return "", err
	}
	return string(out[:n]), nil
}

func (conf *config) ironUnseal(from request) ([]byte, error) {
	out := make([]byte, len(from.header)+1)
	var n C.size_t
	err := errorOf(C.h3s_go_iron_unseal(conf.c, from.header, from.peer, C.int64_t(from.now), start(out), C.size_t(len(out)), &n))
	runtime.KeepAlive(conf)
	if err != nil {
		return nil, err
	}
	return out[:n], nil
}

// A request is what a session is opened from.
type request struct {
	cookie, header, peer string
	now                  int64
	page                 page
}

// A way of opening.
type way C.int

const (
	use    way = C.GO_USE
	get    way = C.GO_GET
	unseal way = C.GO_UNSEAL // header: the bare token
)

// handle is the library's side of a Session. One goroutine at a time may use it.
//
// A session that nobody closes is freed with the garbage, by its handle's finalizer. That is set
// once, since setting and clearing it takes longer than two calls into C: a handle whose session
// was closed serves another.
type handle struct {
	c C.h3s_go_session
	// What is known of it without another call, since it was asked for and then not written.
	seen   C.h3s_view
	isSeen bool
}

var handles = sync.Pool{New: func() any {
	h := new(handle)
	runtime.SetFinalizer(h, (*handle).free)
	return h
}}

func open(conf *config, how way, r *request) (*handle, error) {
	h, _, err := openAndFind(conf, how, r, 0, "")
	return h, err
}

// openAndFind is open and then find in one call, if finds is not 0.
func openAndFind(conf *config, how way, r *request, finds int, pointer string) (*handle, []byte, error) {
	opened := C.h3s_go_open(
		conf.c, C.h3s_go_revocations(uintptr(unsafe.Pointer(conf.revocations))), C.int(how), r.cookie, r.header, r.peer, C.int64_t(r.now),
		r.page.site, r.page.origin, r.page.referer, r.page.host, C.int(finds), pointer,
	)
	runtime.KeepAlive(conf)
	if err := errorOf(opened.result); err != nil {
		return nil, nil, err
	}
	h := handles.Get().(*handle)
	h.c = opened.session
	return h, lent(opened.found), nil
}

// close frees the session. Nobody may use h then.
func (h *handle) close() {
	h.free()
	handles.Put(h)
}

func (h *handle) free() {
	if h.c != 0 {
		C.h3s_go_free(h.c)
		*h = handle{}
	}
}

// view is what the session is now. Only who asks pays for it, and no opening or write.
func (h *handle) view() *C.h3s_view {
	if !h.isSeen {
		h.seen, h.isSeen = C.h3s_go_view(h.c), true
	}
	return &h.seen
}

// What a write does. Those that take a name or a text say so.
type write C.int

const (
	update   write = C.GO_UPDATE    // text: an object
	replace  write = C.GO_REPLACE   // text: an object
	set      write = C.GO_SET       // name, text: a value
	setText  write = C.GO_SET_TEXT  // name, text: the string itself
	setAt    write = C.GO_SET_AT    // name: a JSON Pointer, text: a value
	remove   write = C.GO_REMOVE    // name
	removeAt write = C.GO_REMOVE_AT // name: a JSON Pointer
	ensure   write = C.GO_ENSURE
	rotate   write = C.GO_ROTATE
	clear_   write = C.GO_CLEAR
	setID    write = C.GO_SET_ID  // text: the id
	setNow   write = C.GO_SET_NOW // now

	revoke           write = C.GO_REVOKE
	revokeEverywhere write = C.GO_REVOKE_EVERYWHERE
)

func (h *handle) write(what write, name, text string, now int64) error {
	h.isSeen = false
	return errorOf(C.h3s_go_write(h.c, C.int(what), name, text, C.int64_t(now)))
}

func (h *handle) setLifetime(seconds int64, endsWithBrowser bool) error {
	flags := C.uint32_t(0)
	if endsWithBrowser {
		flags = C.H3S_LIFETIME_BROWSER
	}
	h.isSeen = false
	return errorOf(C.h3s_go_set_lifetime(h.c, C.int64_t(seconds), flags))
}

func (h *handle) lifetime() Lifetime {
	l := C.h3s_go_get_lifetime(h.c)
	return Lifetime{MaxAge: time.Duration(l.max_age_sec) * time.Second, EndsWithBrowser: l.flags&C.H3S_LIFETIME_BROWSER != 0}
}

func (h *handle) setCookies() ([]string, error) {
	h.isSeen = false
	return goStrings(C.h3s_go_lines(h.c, 0))
}

// entries are what the session has revoked, all of them.
func (h *handle) entries() ([]string, error) { return goStrings(C.h3s_go_lines(h.c, 1)) }

func goStrings(list C.h3s_go_list) ([]string, error) {
	if list.count == 0 {
		return nil, errorOf(list.result)
	}
	values := make([]string, list.count)
	for i, value := range unsafe.Slice(list.list, list.count) {
		values[i] = goString(value)
	}
	return values, nil
}

func (h *handle) seal() (string, error) {
	h.isSeen = false
	sealed := C.h3s_go_seal(h.c)
	return goString(sealed.token), errorOf(sealed.result)
}

// find is the JSON text at a JSON Pointer, or nil. It is the library's, until the next write.
func (h *handle) find(pointer string) []byte { return lent(C.h3s_go_find(h.c, 0, pointer)) }

// pointerTo is the JSON Pointer to a top-level key. It lies in room, where that is enough.
func pointerTo(key string, room []byte) string {
	room = append(room, '/')
	for i := range len(key) {
		switch key[i] {
		case '~':
			room = append(room, "~0"...)
		case '/':
			room = append(room, "~1"...)
		default:
			room = append(room, key[i])
		}
	}
	return unsafe.String(unsafe.SliceData(room), len(room))
}

func (h *handle) text(pointer string) (string, bool) {
	found := C.h3s_go_find(h.c, 1, pointer)
	return goString(found), found.ptr != nil
}

func (h *handle) id() string            { return goString(h.view().id) }
func (h *handle) logID() string         { return goString(C.h3s_go_log_id(h.c)) }
func (h *handle) isNew() bool           { return h.view().flags&C.H3S_VIEW_NEW != 0 }
func (h *handle) isDirty() bool         { return h.view().flags&C.H3S_VIEW_DIRTY != 0 }
func (h *handle) isStale() bool         { return h.view().flags&C.H3S_VIEW_STALE != 0 }
func (h *handle) createdAt() time.Time  { return goTime(h.view().created_at) }
func (h *handle) lastSeenAt() time.Time { return goTime(h.view().last_seen_at) }
func (h *handle) expiresAt() time.Time  { return goTime(h.view().expires_at) }
func (h *handle) source() Source        { return Source(h.view().source) }
func (h *handle) rejection() Rejection  { return Rejection(h.view().rejection) }
func (r Rejection) name() string        { return C.GoString(C.h3s_rejection_str(C.int32_t(r))) }
func start(out []byte) *C.char          { return (*C.char)(unsafe.Pointer(unsafe.SliceData(out))) }
func goString(s C.h3s_str) string       { return C.GoStringN(s.ptr, C.int(s.len)) }
func lent(s C.h3s_str) []byte           { return unsafe.Slice((*byte)(unsafe.Pointer(s.ptr)), s.len) }
func goTime(milliseconds C.int64_t) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(milliseconds))
}

// errorOf is the error that a call returned, or nil.
func errorOf(result C.h3s_go_result) error {
	if result.status == C.H3S_OK {
		return nil
	}
	return newError(result)
}

func newError(result C.h3s_go_result) error {
	err := describe(result.status, result.why)
	C.free(unsafe.Pointer(result.why))
	return err
}

// describe is the error of a status. why may be nil, and stays the caller's.
func describe(status C.int32_t, why *C.h3s_error) error {
	err := &Error{Offset: -1}
	if why != nil {
		err.Key, err.Offset, err.Message = C.GoString(&why.key[0]), int(why.offset), C.GoString(&why.message[0])
		err.Rejection = Rejection(why.rejection)
	}
	switch status {
	case C.H3S_ERR_ARGUMENT:
		err.kind = ErrArgument
	case C.H3S_ERR_CONFIG:
		err.kind = ErrConfig
	case C.H3S_ERR_DATA:
		err.kind = ErrData
	case C.H3S_ERR_TOO_LARGE:
		err.kind = ErrTooLarge
	case C.H3S_ERR_STATE:
		err.kind = ErrState
	case C.H3S_ERR_REJECTED:
		err.kind = ErrRejected
		err.Key, err.Offset = "", -1
	case C.H3S_ERR_RANDOM:
		err.kind = ErrRandom
	case C.H3S_ERR_MEMORY:
		err.kind = ErrMemory
	case C.H3S_ERR_BUSY:
		err.kind = ErrBusy
	case C.H3S_ERR_STALE:
		err.kind = ErrStale
	case C.H3S_ERR_FULL:
		err.kind = ErrFull
	case C.H3S_ERR_STORE:
		err.kind = ErrStore
	default:
		err.kind = ErrInternal
	}
	if err.Message == "" {
		err.Message = C.GoString(C.h3s_status_str(status))
	}
	return err
}
