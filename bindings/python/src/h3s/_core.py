"""What crosses into the library at each request: by the extension, else by ctypes.

Each of the two has `Core`, the base of a session, and `open`, `take` and `is_cross_site`. The
extension, `_extension.c`, takes short cuts besides. Here is which of them it is, and that of
ctypes.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from collections.abc import MutableMapping
from ctypes import c_void_p
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from . import _abi
from ._abi import Error, Request, View, fast, slow
from .errors import LibraryError

__all__ = ["GET", "UNSEAL", "USE", "Core", "backend", "extension", "is_cross_site", "open", "take"]

GET, USE, UNSEAL = range(3)

Text = Union[str, bytes]


class _Unread:
    """Stands in a session's own storage until the data was read, see `Session`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<the data of an h3s.Session that was not read yet>"


_UNREAD = _Unread()

# ---- Which of the two ----------------------------------------------------------------------------


_SUFFIX = ".abi3.so"


def _load() -> tuple[Optional[Any], str]:
    """The extension, and why it is not used where it is not."""
    wanted = os.environ.get("H3S_PYTHON", "")
    if wanted not in ("", "ctypes", "extension"):
        raise LibraryError(f'H3S_PYTHON is "ctypes" or "extension", not {wanted!r}')
    if wanted == "ctypes":
        return None, "H3S_PYTHON says so"
    why = "it was not built"
    for place in _places():
        if not place.is_file():
            continue
        if _SUFFIX not in EXTENSION_SUFFIXES:
            # It would be loaded all the same, by its path, and crash.
            why = "it is for CPython with a GIL"
            break
        try:
            return _linked(place), ""
        except ImportError as error:
            why = f"{place} cannot be loaded: {error}"
            break
    if wanted:
        raise LibraryError(f"H3S_PYTHON asks for the extension, and {why}")
    return None, why


def _places() -> list[Path]:
    """Where the extension may be: beside this file, or where `make python` leaves it."""
    here, name = Path(__file__).resolve(), f"_extension{_SUFFIX}"
    places = [here.with_name(name)]
    if len(here.parents) > 4 and (here.parents[2] / "build_library.py").is_file():
        places.append(here.parents[4] / "target/python" / name)
    return places


def _linked(place: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{__package__}._extension", place)
    if spec is None or not isinstance(spec.loader, ExtensionFileLoader):
        raise ImportError("this Python loads no such file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        if module.ABI_VERSION != _abi.ABI_VERSION:
            raise ImportError(f"it is for ABI version {module.ABI_VERSION}")
        addresses = {name: ctypes.cast(getattr(fast, name), c_void_p).value for name in module.CALLS}
    except AttributeError as error:
        raise ImportError(f"it is of another version: {error}") from None
    module.link(addresses, Error, _UNREAD)
    return module


extension, why_not = _load()


def backend() -> str:
    """How this package calls the library: "extension" or "ctypes", which is slower."""
    return "ctypes" if extension is None else "extension"


# ---- By ctypes -----------------------------------------------------------------------------------

_find, _data, _set = fast.h3s_session_find, fast.h3s_session_data, fast.h3s_set_json
_store = dict.__setitem__


if TYPE_CHECKING:
    # It is declared to be a MutableMapping already.
    _Dict = dict[str, Any]
else:

    class _Dict(MutableMapping, dict):
        """A dict, all of whose methods are those of the mapping."""

        __slots__ = ()


class Core(_Dict):
    """A dict with a handle of the library, and what was read of the data."""

    __slots__ = ("_config", "_given", "_handle", "_late", "_values", "_whole")

    #: Here because at the interpreter's end the modules' names may be gone.
    _free = fast.h3s_session_free

    #: None once it is closed.
    _handle: Optional[c_void_p]
    #: Of the Sessions, which may be closed before the response goes.
    _config: Optional[c_void_p]
    #: Of the data, what was asked for or written; all of it once that was asked for.
    _values: dict[str, Any]
    _whole: bool
    #: The JSON text of each list and dict in `_values` as the library knows it.
    _given: dict[str, bytes]
    #: What to do before a write that comes too late for the response, once it would.
    _late: Optional[Callable[[Any], None]]

    def __init__(self, handle: Optional[c_void_p], config: Optional[c_void_p] = None) -> None:
        if handle is not None and not isinstance(handle, c_void_p):
            raise TypeError("a session comes from Sessions.use, get or unseal; copy() makes a plain dict of one")
        _store(self, "", _UNREAD)
        self._handle = handle
        self._config = config
        self._values = {}
        self._whole = False
        self._given = {}
        self._late = None

    if TYPE_CHECKING:

        def _view(self) -> View: ...

    def _find(self, pointer: bytes) -> Optional[str]:
        """The JSON text of a value, or None where there is none, also of a closed session."""
        found = _find(self._handle, pointer, len(pointer))
        length = found.len
        # What follows the value comes with it, and is cut off.
        return found.ptr[:length].decode() if length else None

    def _text(self) -> Optional[str]:
        """The JSON text of all data, or None of a closed session."""
        data: Optional[bytes] = _data(self._handle).ptr
        return None if data is None else data.decode()

    def _set(self, name: bytes, text: bytes) -> int:
        """Writes one value. Gives a status."""
        status: int = _set(self._handle, name, len(name), text, len(text), None)
        return status

    def _flags(self) -> int:
        """VIEW_*, or-ed together."""
        flags: int = self._view().flags
        return flags

    def _release(self) -> None:
        """Frees what it holds of the library."""
        handle, self._handle = self._handle, None
        self._free(handle)

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None:
            self._handle = None
            self._free(handle)


def open(
    how: int,
    kind: type[Any],
    config: Optional[c_void_p],
    cookie: Optional[Text],
    header: Optional[Text],
    peer: Optional[str],
    now_ms: int,
    cross_site: bool,
    warm_only: bool,
    revocations: Optional[c_void_p],
) -> Any:
    """A session, or the Error that says why there is none.

    how: GET, USE or UNSEAL. kind: the class of the session. now_ms: 0 is the clock's. revocations:
    what is revoked, as this process knows it.
    """
    request = request_of(cookie, header, peer, now_ms, cross_site)
    if revocations is not None:
        request.revocations = revocations.value
    handle = c_void_p()
    # `use` and `get` say all by their status.
    error = Error(offset=-1) if how == UNSEAL else None
    status = derive(*_OPEN[how], config, request, warm_only, handle, error)
    if not status:
        return kind(handle, config)
    return error or Error(status=status, offset=-1)


_OPEN = ((fast.h3s_get, slow.h3s_get), (fast.h3s_use, slow.h3s_use), (fast.h3s_unseal, slow.h3s_unseal))


def derive(
    call: Callable[..., int],
    call_slowly: Callable[..., int],
    config: Optional[c_void_p],
    request: Request,
    warm_only: bool,
    *out: Any,
) -> int:
    """Calls what may take milliseconds, in which other threads go on; only if it does.

    request: has the flag WARM_ONLY.
    """
    status = call(config, request, *out)
    if status == _abi.ERR_COLD and not warm_only:
        request.flags &= ~_abi.WARM_ONLY
        status = call_slowly(config, request, *out)
    return status


def request_of(
    cookie: Optional[Text], header: Optional[Text], peer: Optional[str], now_ms: int, cross_site: bool = False
) -> Request:
    """What the library is asked, at first with WARM_ONLY."""
    request = Request(_abi.REQUEST_SIZE, _abi.WARM_ONLY | _abi.CROSS_SITE if cross_site else _abi.WARM_ONLY)
    if cookie is not None:
        request.cookie = text = to_bytes(cookie)
        request.cookie_len = len(text)
    if header is not None:
        request.header = text = to_bytes(header)
        request.header_len = len(text)
    if peer is not None:
        request.peer = text = peer.encode("utf-8", "replace")
        request.peer_len = len(text)
    if now_ms:
        request.now_ms = now_ms
    return request


def to_bytes(text: Text) -> bytes:
    """A header's value: HTTP's bytes stand in Python strings as Latin-1."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def take(session: Any, opened: Any) -> None:
    """A session is now what the other was."""
    session._handle, opened._handle = opened._handle, None
    session._config = opened._config


def is_cross_site(*headers: Optional[Text]) -> bool:
    """headers: the values of Sec-Fetch-Site, Origin, Referer and Host."""
    site = [to_bytes(value or "") for value in headers]
    return bool(fast.h3s_is_cross_site(*(part for value in site for part in (value, len(value)))))


# ---- By the extension ----------------------------------------------------------------------------

if not TYPE_CHECKING and extension is not None:

    class Core(extension.Core, _Dict):
        """As above. What the extension has comes before the mapping's methods."""

        __slots__ = ()

        _unread = _UNREAD

    open, take, is_cross_site = extension.open, extension.take, extension.is_cross_site
