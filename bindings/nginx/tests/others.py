"""Another process that shares the options and the file of what is revoked: libh3s, called as C."""

from __future__ import annotations

import ctypes
import json
import os
import time
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any

from conftest import OPTIONS, PATIENCE, ROOT, wait_until


class Error(ctypes.Structure):
    _fields_ = [
        ("status", c_int32),
        ("offset", c_int32),
        ("rejection", c_int32),
        ("reserved", c_int32),
        ("key", c_char * 48),
        ("message", c_char * 192),
    ]


class Request(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("cookie", c_char_p),
        ("cookie_len", c_size_t),
        ("header", c_char_p),
        ("header_len", c_size_t),
        ("peer", c_char_p),
        ("peer_len", c_size_t),
        ("now_ms", c_int64),
        ("revocations", c_void_p),
    ]


LIBRARY = ctypes.CDLL(os.environ.get("H3S_LIBRARY", str(ROOT / "target/lib/libh3s.so")))
OUT, ERROR, BYTES = POINTER(c_void_p), POINTER(Error), (c_char_p, c_size_t)
for name, arguments in {
    "h3s_config_new": [*BYTES, OUT, ERROR],
    "h3s_revocations_new": [c_size_t, OUT, ERROR],
    "h3s_revocation_file_open": [*BYTES, c_uint32, OUT, ERROR],
    "h3s_revocation_file_append": [c_void_p, *BYTES, c_int64, ERROR],
    "h3s_revocation_file_poll": [c_void_p, c_void_p, c_void_p, c_int64, POINTER(c_size_t), ERROR],
    "h3s_revoke_session": [c_void_p, *BYTES, c_int64, c_char_p, c_size_t, POINTER(c_size_t), ERROR],
    "h3s_revoke_subject": [c_void_p, *BYTES, c_int64, c_int64, c_char_p, c_size_t, POINTER(c_size_t), ERROR],
    "h3s_get": [c_void_p, POINTER(Request), OUT, ERROR],
    "h3s_session_rejection": [c_void_p],
    "h3s_session_source": [c_void_p],
    "h3s_session_free": [c_void_p],
}.items():
    getattr(LIBRARY, name).argtypes = arguments
REVOKED = "revoked"
LIBRARY.h3s_rejection_str.restype = c_char_p


def call(name: str, *arguments: Any) -> None:
    error = Error()
    status = getattr(LIBRARY, name)(*arguments, byref(error))
    assert status == 0, (name, status, error.key, error.message)


class Other:
    """A service with a replica of its own, which it brings up to date when it is asked."""

    def __init__(self, options: dict[str, Any], room: int = 10_000) -> None:
        text = json.dumps(options).encode()
        path = options["revocation"]["file"].encode()
        self.config, self.replica, self.file = c_void_p(), c_void_p(), c_void_p()
        call("h3s_config_new", text, len(text), byref(self.config))
        call("h3s_revocations_new", room, byref(self.replica))
        call("h3s_revocation_file_open", path, len(path), 0, byref(self.file))

    def session(self, id: str) -> bytes:
        """An entry of a session."""
        return self._entry("h3s_revoke_session", id.encode(), len(id.encode()))

    def subject(self, subject: str) -> bytes:
        """An entry of all sessions of a subject that there are."""
        return self._entry("h3s_revoke_subject", subject.encode(), len(subject.encode()), 0)

    def _entry(self, name: str, *arguments: Any) -> bytes:
        out, length = ctypes.create_string_buffer(2048), c_size_t()
        call(name, self.config, *arguments, 0, out, 2048, byref(length))
        return out.raw[: length.value]

    def append(self, entry: bytes) -> None:
        call("h3s_revocation_file_append", self.file, entry, len(entry), 0)

    def status(self, cookie: str) -> str:
        """What it makes of a Cookie header, by all that the file has now."""
        call("h3s_revocation_file_poll", self.file, self.replica, self.config, 0, None)
        request = Request(ctypes.sizeof(Request), 0, cookie.encode(), len(cookie.encode()))
        request.revocations = self.replica
        session = c_void_p()
        call("h3s_get", self.config, byref(request), byref(session))
        rejection = LIBRARY.h3s_session_rejection(session)
        valid = LIBRARY.h3s_session_source(session) != 0
        LIBRARY.h3s_session_free(session)
        said: bytes = LIBRARY.h3s_rejection_str(rejection)
        return "valid" if valid else said.decode()


def revoking(folder: Path, **revocation: Any) -> dict[str, Any]:
    """Options under which sessions can be revoked, by a file in a folder of its own."""
    shared = folder / "shared"
    shared.mkdir(exist_ok=True)
    shared.chmod(0o2770)
    return {**OPTIONS, "revocation": {"subject": "/user", "file": str(shared / "revocations"), **revocation}}


def soon(what: Any, why: str) -> None:
    """Within the second that a logout may take."""
    began = time.monotonic()
    wait_until(what, why)
    assert time.monotonic() - began < (1 if PATIENCE == 20 else 10), why
