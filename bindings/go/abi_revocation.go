//go:build cgo

package h3s

// These calls are rare, so they go without wrappers in C.

// #include <h3s.h>
import "C"

import (
	"errors"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// addRevocations makes this process's copy of what is revoked, which each request is checked
// against, if the options have sessions revoked.
func (conf *config) addRevocations(room int) error {
	var made *C.h3s_revocations
	var why C.h3s_error
	if status := C.h3s_revocations_new(C.size_t(max(room, 0)), &made, &why); status != C.H3S_OK {
		return describe(status, &why)
	}
	runtime.AddCleanup(conf, func(r *C.h3s_revocations) { C.h3s_revocations_free(r) }, made)
	conf.revocations = made
	return nil
}

// revocationFile is the path of the file of all processes of this machine, or empty.
func (conf *config) revocationFile() string { return goString(C.h3s_config_revocation_file(conf.c)) }

// revocationKeep is for how long an entry matters at most.
func (conf *config) revocationKeep() time.Duration {
	return time.Duration(C.h3s_config_revocation_keep(conf.c)) * time.Millisecond
}

// applyRevocations takes in what this process or another has revoked.
func (conf *config) applyRevocations(lines []string, now int64) error {
	text := strings.Join(lines, "\n")
	var why C.h3s_error
	status := C.h3s_revocations_apply(conf.revocations, conf.c, startOf(text), C.size_t(len(text)), C.int64_t(now), nil, &why)
	runtime.KeepAlive(conf)
	return statusError(status, &why)
}

// heardRevocations says that all was applied that anybody has made known by now.
func (conf *config) heardRevocations(now int64) error {
	var why C.h3s_error
	status := C.h3s_revocations_heard(conf.revocations, C.int64_t(now), &why)
	runtime.KeepAlive(conf)
	return statusError(status, &why)
}

func (conf *config) viewRevocations(now int64) (view Revocations) {
	info := C.h3s_revocations_info{size: C.sizeof_h3s_revocations_info}
	if C.h3s_revocations_view(conf.revocations, C.int64_t(now), &info, nil) == C.H3S_OK {
		view = Revocations{Entries: int(info.entries), Room: int(info.room), Missed: int(info.missed), HeardAt: goTime(info.heard_at)}
	}
	runtime.KeepAlive(conf)
	return view
}

// entryMaxLen is what an entry takes at most.
const entryMaxLen = 2048

func (conf *config) revokeSession(id string, now int64) (string, error) {
	var out [entryMaxLen]byte
	var n C.size_t
	var why C.h3s_error
	status := C.h3s_revoke_session(conf.c, startOf(id), C.size_t(len(id)), C.int64_t(now), start(out[:]), entryMaxLen, &n, &why)
	runtime.KeepAlive(conf)
	return string(out[:n]), statusError(status, &why)
}

// revokeSubject is an entry of a subject, or of everybody if that is nil.
func (conf *config) revokeSubject(subject *string, before, now int64) (string, error) {
	var text *C.char
	var length C.size_t
	if subject != nil {
		// Also one that is empty is not NULL.
		text, length = startOf(*subject+"\x00"), C.size_t(len(*subject))
	}
	var out [entryMaxLen]byte
	var n C.size_t
	var why C.h3s_error
	status := C.h3s_revoke_subject(conf.c, text, length, C.int64_t(before), C.int64_t(now), start(out[:]), entryMaxLen, &n, &why)
	runtime.KeepAlive(conf)
	return string(out[:n]), statusError(status, &why)
}

func statusError(status C.int32_t, why *C.h3s_error) error {
	if status == C.H3S_OK {
		return nil
	}
	return describe(status, why)
}

// startOf is where a text lies, for a call that only reads it.
func startOf(text string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(text))) }

// isFull reports whether all was applied but what had no room.
func isFull(err error) bool { return errors.Is(err, ErrFull) }

// An entryFile is the file that the processes of a machine share. Any number of goroutines may
// use it, until it is closed.
type entryFile struct{ c *C.h3s_revocation_file }

func openEntryFile(path string) (entryFile, error) {
	var file entryFile
	var why C.h3s_error
	status := C.h3s_revocation_file_open(startOf(path), C.size_t(len(path)), 0, &file.c, &why)
	return file, statusError(status, &why)
}

// append returns when the lines are on the disk.
func (file entryFile) append(lines []string, now int64) error {
	text := strings.Join(lines, "\n")
	var why C.h3s_error
	status := C.h3s_revocation_file_append(file.c, startOf(text), C.size_t(len(text)), C.int64_t(now), &why)
	return statusError(status, &why)
}

// poll applies what is new, and says that this was all.
func (file entryFile) poll(conf *config, now int64) error {
	var why C.h3s_error
	status := C.h3s_revocation_file_poll(file.c, conf.revocations, conf.c, C.int64_t(now), nil, &why)
	runtime.KeepAlive(conf)
	return statusError(status, &why)
}

func (file *entryFile) close() {
	C.h3s_revocation_file_close(file.c)
	file.c = nil
}

func (file entryFile) isClosed() bool { return file.c == nil }
