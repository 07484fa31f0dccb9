"""The C declarations of include/h3s.h, and the search for the library.

A test compares the declarations with the header.

A call through `fast` keeps the GIL: nearly all take microseconds, less than it costs to give it up.
Those that derive keys for milliseconds go through `slow`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, NoReturn, Optional

from .errors import (
    Busy,
    Cold,
    ConfigError,
    DataError,
    Expired,
    FullError,
    H3sError,
    LibraryError,
    Rejected,
    StaleError,
    StateError,
    StoreError,
    TooLarge,
)

ABI_VERSION = 0

OK = 0
ERR_ARGUMENT = 1
ERR_CONFIG = 2
ERR_DATA = 3
ERR_TOO_LARGE = 4
ERR_STATE = 5
ERR_REJECTED = 6
ERR_RANDOM = 7
ERR_MEMORY = 8
ERR_COLD = 9
ERR_BUSY = 10
ERR_INTERNAL = 11
ERR_STALE = 12
ERR_FULL = 13
ERR_STORE = 14

REJECTION_NONE = 0
REJECTION_MALFORMED = 1
REJECTION_UNSUPPORTED_FORMAT = 2
REJECTION_UNKNOWN_KEY = 3
REJECTION_BAD_SEAL = 4
REJECTION_EXPIRED = 5
REJECTION_IDLE = 6
REJECTION_REVOKED = 7
REJECTION_TOO_LARGE = 8

SOURCE_NONE = 0
SOURCE_COOKIE = 1
SOURCE_HEADER = 2
SOURCE_TOKEN = 3

TYPE_ABSENT = 0
TYPE_NULL = 1
TYPE_BOOL = 2
TYPE_NUMBER = 3
TYPE_STRING = 4
TYPE_ARRAY = 5
TYPE_OBJECT = 6

WARM_ONLY = 1
CROSS_SITE = 2
IRON_SESSION = 1
CONFIG_COOKIES = 1
CONFIG_SECURE = 2
CONFIG_MAY_BE_COLD = 4
CONFIG_REVOCATION = 8
RETRY_AFTER = 1
LIFETIME_BROWSER = 1
VIEW_NEW = 1
VIEW_DIRTY = 2
VIEW_CLEARED = 4
VIEW_SLIDES = 8
VIEW_STALE = 16
VIEW_COLD = 32
ENTRY_SESSION = 0
ENTRY_SUBJECT = 1
ENTRY_EVERYBODY = 2


class Error(ctypes.Structure):
    _fields_ = [
        ("status", c_int32),
        ("offset", c_int32),
        ("rejection", c_int32),
        ("reserved", c_int32),
        ("key", c_char * 48),
        ("message", c_char * 192),
    ]


class Str(ctypes.Structure):
    _fields_ = [("ptr", c_char_p), ("len", c_size_t)]


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


class View(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("id", Str),
        ("data", Str),
        ("created_at", c_int64),
        ("last_seen_at", c_int64),
        ("expires_at", c_int64),
        ("source", c_int32),
        ("rejection", c_int32),
    ]


class Iter(ctypes.Structure):
    _fields_ = [
        ("session", c_void_p),
        ("generation", c_uint64),
        ("next", c_size_t),
        ("value_start", c_size_t),
        ("value_end", c_size_t),
        ("is_object", c_uint32),
        ("reserved", c_uint32),
    ]


class RevocationsInfo(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("entries", c_size_t),
        ("room", c_size_t),
        ("missed", c_size_t),
        ("heard_at", c_int64),
    ]


class EntryInfo(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("kind", c_int32),
        ("before", c_int64),
        ("until", c_int64),
    ]


class Counts(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("reserved", c_uint32),
        ("opened_cookie", c_uint64),
        ("opened_header", c_uint64),
        ("opened_token", c_uint64),
        ("made", c_uint64),
        ("opened_old_password", c_uint64),
        ("opened_other_format", c_uint64),
        ("cold", c_uint64),
        ("busy", c_uint64),
        ("stale", c_uint64),
        ("sealed", c_uint64),
        ("slid", c_uint64),
        ("moved_password", c_uint64),
        ("moved_format", c_uint64),
        ("rotated", c_uint64),
        ("cleared", c_uint64),
        ("revoked", c_uint64),
        ("refused", c_uint64 * 16),
    ]


REQUEST_SIZE = ctypes.sizeof(Request)
VIEW_SIZE = ctypes.sizeof(View)
REVOCATIONS_INFO_SIZE = ctypes.sizeof(RevocationsInfo)
ENTRY_INFO_SIZE = ctypes.sizeof(EntryInfo)
COUNTS_SIZE = ctypes.sizeof(Counts)

# Handles are opaque, and `text` is bytes of which the length is given beside it.
_config = _session = _revocations = _file = c_void_p
_text = c_char_p
_error = POINTER(Error)

#: Each function's result and arguments, in the header's order.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "h3s_header_vary": (c_int32, [_config, _text, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), _error]),
    "h3s_header_cache_control": (c_int32, [_text, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), _error]),
    "h3s_header_is_targeted": (c_int32, [_text, c_size_t]),
    "h3s_is_cross_site": (
        c_int32,
        [_text, c_size_t, _text, c_size_t, _text, c_size_t, _text, c_size_t],
    ),
    "h3s_config_new": (c_int32, [_text, c_size_t, POINTER(_config), _error]),
    "h3s_config_check": (c_int32, [_text, c_size_t, _error]),
    "h3s_config_ref": (_config, [_config]),
    "h3s_config_free": (None, [_config]),
    "h3s_json_quote": (c_size_t, [_text, c_size_t, c_char_p, c_size_t]),
    "h3s_config_cookie_name": (Str, [_config]),
    "h3s_config_header_name": (Str, [_config]),
    "h3s_config_vary": (Str, [_config]),
    "h3s_config_flags": (c_uint32, [_config]),
    "h3s_config_counts": (c_int32, [_config, POINTER(Counts), _error]),
    "h3s_cookie_strip": (c_size_t, [_config, _text, c_size_t, c_char_p]),
    "h3s_iron_seal": (
        c_int32,
        [_config, _text, c_size_t, c_int64, c_uint32, c_char_p, c_size_t, POINTER(c_size_t), _error],
    ),
    "h3s_iron_unseal": (
        c_int32,
        [_config, POINTER(Request), c_char_p, c_size_t, POINTER(c_size_t), _error],
    ),
    "h3s_use": (c_int32, [_config, POINTER(Request), POINTER(_session), _error]),
    "h3s_get": (c_int32, [_config, POINTER(Request), POINTER(_session), _error]),
    "h3s_ensure": (c_int32, [_session, _error]),
    "h3s_unseal": (c_int32, [_config, POINTER(Request), POINTER(_session), _error]),
    "h3s_session_strip": (c_size_t, [_session, _text, c_size_t, c_char_p]),
    "h3s_session_free": (None, [_session]),
    "h3s_update": (c_int32, [_session, _text, c_size_t, _error]),
    "h3s_replace": (c_int32, [_session, _text, c_size_t, _error]),
    "h3s_set_json": (c_int32, [_session, _text, c_size_t, _text, c_size_t, _error]),
    "h3s_set_text": (c_int32, [_session, _text, c_size_t, _text, c_size_t, _error]),
    "h3s_set_int": (c_int32, [_session, _text, c_size_t, c_int64, _error]),
    "h3s_set_bool": (c_int32, [_session, _text, c_size_t, c_int32, _error]),
    "h3s_set_double": (c_int32, [_session, _text, c_size_t, c_double, _error]),
    "h3s_set_at": (c_int32, [_session, _text, c_size_t, _text, c_size_t, _error]),
    "h3s_remove": (c_int32, [_session, _text, c_size_t, _error]),
    "h3s_remove_at": (c_int32, [_session, _text, c_size_t, _error]),
    "h3s_rotate": (c_int32, [_session, _error]),
    "h3s_clear": (c_int32, [_session, _error]),
    "h3s_session_set_id": (c_int32, [_session, _text, c_size_t, _error]),
    "h3s_session_lifetime": (c_int64, [_session, POINTER(c_uint32)]),
    "h3s_session_set_lifetime": (c_int32, [_session, c_int64, c_uint32, _error]),
    "h3s_session_set_now": (c_int32, [_session, c_int64, _error]),
    "h3s_session_view": (c_int32, [_session, POINTER(View)]),
    "h3s_session_id": (Str, [_session]),
    "h3s_session_data": (Str, [_session]),
    "h3s_session_find": (Str, [_session, _text, c_size_t]),
    "h3s_session_type": (c_int32, [_session, _text, c_size_t]),
    "h3s_session_text": (Str, [_session, _text, c_size_t]),
    "h3s_session_int": (c_int32, [_session, _text, c_size_t, POINTER(c_int64)]),
    "h3s_session_bool": (c_int32, [_session, _text, c_size_t, POINTER(c_int32)]),
    "h3s_session_double": (c_int32, [_session, _text, c_size_t, POINTER(c_double)]),
    "h3s_session_iter": (Iter, [_session, _text, c_size_t]),
    "h3s_iter_next": (c_int32, [POINTER(Iter), POINTER(Str), POINTER(Str)]),
    "h3s_iter_find": (Str, [POINTER(Iter), _text, c_size_t]),
    "h3s_iter_type": (c_int32, [POINTER(Iter), _text, c_size_t]),
    "h3s_iter_text": (Str, [POINTER(Iter), _text, c_size_t]),
    "h3s_iter_int": (c_int32, [POINTER(Iter), _text, c_size_t, POINTER(c_int64)]),
    "h3s_iter_bool": (c_int32, [POINTER(Iter), _text, c_size_t, POINTER(c_int32)]),
    "h3s_iter_double": (c_int32, [POINTER(Iter), _text, c_size_t, POINTER(c_double)]),
    "h3s_iter_iter": (Iter, [POINTER(Iter), _text, c_size_t]),
    "h3s_session_created_at": (c_int64, [_session]),
    "h3s_session_last_seen_at": (c_int64, [_session]),
    "h3s_session_expires_at": (c_int64, [_session]),
    "h3s_session_is_new": (c_int32, [_session]),
    "h3s_session_is_dirty": (c_int32, [_session]),
    "h3s_session_source": (c_int32, [_session]),
    "h3s_session_rejection": (c_int32, [_session]),
    "h3s_session_log_id": (Str, [_session]),
    "h3s_set_cookies": (c_int32, [_session, POINTER(POINTER(Str)), POINTER(c_size_t), _error]),
    "h3s_seal": (c_int32, [_session, POINTER(Str), _error]),
    "h3s_revoke": (c_int32, [_session, _error]),
    "h3s_revoke_everywhere": (c_int32, [_session, _error]),
    "h3s_revocation_entries": (c_int32, [_session, POINTER(POINTER(Str)), POINTER(c_size_t), _error]),
    "h3s_revoke_session": (
        c_int32,
        [_config, _text, c_size_t, c_int64, c_char_p, c_size_t, POINTER(c_size_t), _error],
    ),
    "h3s_revoke_subject": (
        c_int32,
        [_config, _text, c_size_t, c_int64, c_int64, c_char_p, c_size_t, POINTER(c_size_t), _error],
    ),
    "h3s_revocation_read": (
        c_int32,
        [_config, _text, c_size_t, POINTER(EntryInfo), c_char_p, c_size_t, POINTER(c_size_t), _error],
    ),
    "h3s_config_revocation_file": (Str, [_config]),
    "h3s_config_revocation_keep": (c_int64, [_config]),
    "h3s_revocations_new": (c_int32, [c_size_t, POINTER(_revocations), _error]),
    "h3s_revocations_at": (c_int32, [c_void_p, c_size_t, POINTER(_revocations), _error]),
    "h3s_revocations_ref": (_revocations, [_revocations]),
    "h3s_revocations_free": (None, [_revocations]),
    "h3s_revocations_apply": (
        c_int32,
        [_revocations, _config, _text, c_size_t, c_int64, POINTER(c_size_t), _error],
    ),
    "h3s_revocations_heard": (c_int32, [_revocations, c_int64, _error]),
    "h3s_revocations_view": (c_int32, [_revocations, c_int64, POINTER(RevocationsInfo), _error]),
    "h3s_revocation_file_open": (c_int32, [_text, c_size_t, c_uint32, POINTER(_file), _error]),
    "h3s_revocation_file_append": (c_int32, [_file, _text, c_size_t, c_int64, _error]),
    "h3s_revocation_file_poll": (
        c_int32,
        [_file, _revocations, _config, c_int64, POINTER(c_size_t), _error],
    ),
    "h3s_revocation_file_close": (None, [_file]),
    "h3s_abi_version": (c_uint32, []),
    "h3s_version": (c_char_p, []),
    "h3s_backend": (c_char_p, []),
    "h3s_status_str": (c_char_p, [c_int32]),
    "h3s_rejection_str": (c_char_p, [c_int32]),
}


def _places() -> list[str]:
    """Where the library may be, in this order; a name without a folder is the loader's to find."""
    named = os.environ.get("H3S_LIBRARY")
    if named:
        return [named]
    mac, here = sys.platform == "darwin", Path(__file__).resolve()
    name = "libh3s.dylib" if mac else "libh3s.so"
    places = [str(here.with_name(name))]
    if len(here.parents) > 4 and (here.parents[2] / "build_library.py").is_file():
        # In the repository: where `make` leaves it, else where `pip install -e` has built it.
        target = here.parents[4] / "target"
        places += [str(target / "lib" / name), str(target / "release" / name)]
    return [*places, "libh3s.0.dylib" if mac else "libh3s.so.0"]


def _is_missing(place: str, error: OSError) -> bool:
    """Whether there is no such file, and not one that cannot be loaded."""
    if os.path.dirname(place):
        return not os.path.exists(place)
    # What glibc, musl and macOS say of a name that they did not find.
    said = str(error)
    return said.startswith(
        (f"{place}: cannot open shared object file: No such file", f"Error loading shared library {place}: No such")
    ) or (f"dlopen({place}," in said and "no such file" in said)


def _load() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    tried = _places()
    for place in tried:
        try:
            slow, fast = ctypes.CDLL(place), ctypes.PyDLL(place)
        except OSError as error:
            if _is_missing(place, error):
                continue
            raise LibraryError(f"{place} is there and cannot be loaded: {error}") from None
        try:
            version = slow.h3s_abi_version()
        except AttributeError:
            raise LibraryError(f"{place} is not libh3s") from None
        if version != ABI_VERSION:
            raise LibraryError(f"{place} has ABI version {version}, and this package needs {ABI_VERSION}")
        for name, (result, arguments) in FUNCTIONS.items():
            for library in (slow, fast):
                try:
                    function = getattr(library, name)
                except AttributeError:
                    raise LibraryError(f"{place} has no {name}: it is of another version than this package") from None
                function.restype, function.argtypes = result, arguments
        return slow, fast
    raise LibraryError(
        f"libh3s was not found; looked for {', '.join(tried)}. Install the package with pip, which builds it; or run"
        " `make` in the repository; or set H3S_LIBRARY to the file's path."
    )


slow, fast = _load()

_CLASSES: dict[int, type[H3sError]] = {
    ERR_CONFIG: ConfigError,
    ERR_DATA: DataError,
    ERR_TOO_LARGE: TooLarge,
    ERR_STATE: StateError,
    ERR_COLD: Cold,
    ERR_BUSY: Busy,
    ERR_STALE: StaleError,
    ERR_FULL: FullError,
    ERR_STORE: StoreError,
}


def fail(status: int, error: Optional[Error] = None, key: Optional[str] = None) -> NoReturn:
    """Raises what a status stands for. `key` is the caller's own, where it knows better."""
    message = (error.message if error is not None else b"") or fast.h3s_status_str(status)
    text = message.decode("utf-8", "replace")
    if status == ERR_REJECTED and error is not None:
        reason = fast.h3s_rejection_str(error.rejection).decode()
        kind = Expired if error.rejection in (REJECTION_EXPIRED, REJECTION_IDLE) else Rejected
        raise kind(text, reason=reason)
    if status == ERR_MEMORY:
        raise MemoryError(text)
    if key is None and error is not None and error.key:
        key = error.key.decode()
    offset = error.offset if error is not None and error.offset >= 0 else None
    raise _CLASSES.get(status, H3sError)(text, key=key, offset=offset)
