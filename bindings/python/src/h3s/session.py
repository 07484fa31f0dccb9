"""A session: a mapping of JSON values that lives in a cookie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from ctypes import POINTER, byref, c_size_t, c_void_p
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, NoReturn, Optional, Union

from . import _abi
from ._abi import Error, Str, View, fast
from ._handle import Handle
from .errors import DataError
from .options import Moment, milliseconds

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Session"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SOURCES = (None, "cookie", "header", "token")
_CONTAINERS = (dict, list)

_STRINGS = POINTER(Str)
_set, _set_cookies = fast.h3s_set, fast.h3s_set_cookies
_find, _data_of = fast.h3s_session_find, fast.h3s_session_data

# Without the search for white space around it, of which the library leaves none.
_decode = json.JSONDecoder().raw_decode
_quote = json.encoder.encode_basestring
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Session(Handle, MutableMapping[str, Any]):
    """One request's session, from `Sessions.use`, `get` or `unseal`.

    A mapping of strings to JSON values. What is assigned is written at once; a list or dict that was read or assigned and then
    changed is noticed when the cookies are asked for. What is not touched stays as it is, byte for byte. Only one thread at a
    time may use a session. It frees itself; `with` or `close` do so at once.
    """

    __slots__ = ("__weakref__", "_given", "_values", "_whole")

    _free = fast.h3s_session_free
    _noun = "the session"

    #: Of the data, what was asked for or written; all of it once that was asked for.
    _values: dict[str, Any]
    _whole: bool
    #: The JSON text of each list and dict in `_values` as the library knows it.
    _given: dict[str, bytes]

    def __init__(self, handle: Optional[c_void_p]) -> None:
        self._handle = handle
        self._values = {}
        self._whole = False
        self._given = {}

    # ---- The mapping -------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        values = self._values
        value = values[key] if key in values else self._read(key)
        if isinstance(value, _CONTAINERS) and key not in self._given:
            self._given[key] = _text_of(key, value)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return key in self._data()

    def __iter__(self) -> Iterator[str]:
        return iter(self._data())

    def __len__(self) -> int:
        return len(self._data())

    def __setitem__(self, key: str, value: Any) -> None:
        name, text = _name_of(key), _text_of(key, value)
        # As _write would, without the call in between: this is what most requests do.
        if _set(self._handle, name, len(name), text, len(text), None):
            self._again(_set, name, len(name), text, len(text), key=key)
        self._values[key] = value
        if self._given or isinstance(value, _CONTAINERS):
            self._keep(key, value, text)

    def __delitem__(self, key: str) -> None:
        if key not in self._data():
            raise KeyError(key)
        name = _name_of(key)
        self._write(fast.h3s_remove, name, len(name), key=key)
        del self._data()[key]
        self._given.pop(key, None)

    def update(  # type: ignore[override]
        self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]] = (), /, **more: Any
    ) -> None:
        """Merges keys into the data, all or none. Without any it still counts as a write, and so seals again."""
        new, texts, text = _object_of(other, more)
        self._write(fast.h3s_update, text, len(text))
        self._values.update(new)
        for key, value in new.items():
            self._keep(key, value, texts[key])

    def __ior__(self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]]) -> Self:
        self.update(other)
        return self

    def replace(self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]] = (), /, **more: Any) -> None:
        """Sets the data to these keys and no others; id and times stay."""
        new, texts, text = _object_of(other, more)
        self._write(fast.h3s_replace, text, len(text))
        self._values, self._whole, self._given = new, True, {}
        for key, value in new.items():
            self._keep(key, value, texts[key])

    # ---- What ends and renews it -------------------------------------------------------------------------------------

    def rotate(self) -> None:
        """A new id and `created_at` = now, with the same data. Call it at every login."""
        self._write(fast.h3s_rotate)

    def clear(self) -> None:
        """Ends the session, as a logout must: no id, no data, deleting cookies. What is written later starts a fresh one.

        (To empty a session that goes on, use `replace()`.)
        """
        self._write(fast.h3s_clear)
        self._values, self._whole, self._given = {}, True, {}

    def set_id(self, id: str) -> None:
        """Gives a new or just rotated session an id of your own: 1 to 255 graphic ASCII characters."""
        text = id.encode("utf-8", "surrogatepass")
        self._write(fast.h3s_session_set_id, text, len(text), key="id")

    def set_now(self, now: Optional[Moment] = None) -> None:
        """Moves the session's clock, which else stands still: for connections that outlive a request, as WebSockets do.

        Raises Expired when the session has ended by then.
        """
        self._write(fast.h3s_session_set_now, milliseconds(now))

    # ---- What the response needs -------------------------------------------------------------------------------------

    def set_cookies(self) -> list[str]:
        """The Set-Cookie values that the response owes, most often none or one; each is a header of its own."""
        if self._given:
            self._flush()
        found, count = _STRINGS(), c_size_t()
        if _set_cookies(self._handle, byref(found), byref(count), None):
            self._again(_set_cookies, byref(found), byref(count))
        return [value.ptr.decode() for value in found[: count.value]]

    def seal(self) -> str:
        """The session as a bare token, for a client that sends it back in the session header."""
        self._flush()
        token = Str()
        self._write(fast.h3s_seal, byref(token))
        return _str(token.ptr)

    # ---- What is known of it -----------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """A random UUID (or what `set_id` said); empty after `clear`."""
        return _str(self._view().id.ptr)

    @property
    def log_id(self) -> Optional[str]:
        """A keyed hash of the id: write this to logs, never the id. None after `clear`."""
        found: Optional[bytes] = fast.h3s_session_log_id(self._handle).ptr
        return None if found is None else found.decode()

    @property
    def is_new(self) -> bool:
        """Whether this request made the session."""
        return bool(self._view().flags & _abi.VIEW_NEW)

    @property
    def is_dirty(self) -> bool:
        """Whether cookies are owed that were not taken yet."""
        self._flush()
        return bool(self._view().flags & _abi.VIEW_DIRTY)

    @property
    def created_at(self) -> Optional[datetime]:
        """When it was made or last rotated, in UTC; None after `clear`."""
        return _time(self._view().created_at)

    @property
    def last_seen_at(self) -> Optional[datetime]:
        """When it was last sealed under `idle_timeout`, in UTC; None if never."""
        return _time(self._view().last_seen_at)

    @property
    def expires_at(self) -> Optional[datetime]:
        """When it ends if nothing more comes, in UTC; None: never."""
        return _time(self._view().expires_at)

    @property
    def source(self) -> Optional[str]:
        """ "cookie", "header", "token" (of `unseal`), or None where no token opened."""
        return _SOURCES[self._view().source]

    @property
    def rejection(self) -> Optional[str]:
        """Why the request's first token was refused, as `Rejected.reason`; None if it was not."""
        number: int = self._view().rejection
        return _str(fast.h3s_rejection_str(number)) if number else None

    # ---- Its end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees the session and wipes its data; nothing else can be done with it then."""
        self._values, self._whole, self._given = {}, False, {}
        super().close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<h3s.Session closed>"
        return f"<h3s.Session{' new' if self.is_new else ''} of {len(self)} keys>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a session belongs to its request and cannot be pickled or copied; take dict(session) or session.seal()"
        )

    # ---- Between here and the library --------------------------------------------------------------------------------

    def _data(self) -> dict[str, Any]:
        """All values. Those that were asked for before stay the objects that they were."""
        if not self._whole:
            data = _data_of(self._handle).ptr
            self._check(_abi.OK if data else _abi.ERR_ARGUMENT, None)
            values: dict[str, Any] = _decode(data.decode())[0]
            values.update(self._values)
            self._values, self._whole = values, True
        return self._values

    def _read(self, key: str) -> Any:
        """One value, without the others being parsed, if its key is there and needs no escapes."""
        if not self._whole and isinstance(key, str) and key.isidentifier() and key.isascii():
            pointer = b"/" + key.encode()
            found = _find(self._handle, pointer, len(pointer))
            length = found.len
            if length:
                # What follows the value comes with it, and is cut off.
                value = self._values[key] = _decode(found.ptr[:length].decode())[0]
                return value
        return self._data()[key]

    def _view(self) -> View:
        view = View(_abi.VIEW_SIZE)
        self._check(fast.h3s_session_view(self._handle, byref(view)), None)
        return view

    def _write(self, function: Callable[..., int], *arguments: Any, key: Optional[str] = None) -> None:
        if function(self._handle, *arguments, None):
            self._again(function, *arguments, key=key)

    def _again(self, function: Callable[..., int], *arguments: Any, key: Optional[str] = None) -> None:
        """What failed has changed nothing: the same again tells why."""
        error = Error()
        self._check(function(self._handle, *arguments, byref(error)), error, key)

    def _keep(self, key: str, value: Any, text: bytes) -> None:
        if isinstance(value, _CONTAINERS):
            self._given[key] = text
        else:
            self._given.pop(key, None)

    def _flush(self) -> None:
        """Writes the lists and dicts that were changed in place."""
        if self._given:
            for key, text in list(self._given.items()):
                value = self._values[key]
                if _text_of(key, value) != text:
                    self[key] = value


def _str(text: Optional[bytes]) -> str:
    return "" if text is None else text.decode("utf-8")


def _time(milliseconds: int) -> Optional[datetime]:
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None


def _name_of(key: object) -> bytes:
    if not isinstance(key, str):
        raise DataError(f"{key!r}: a key is a string, not {type(key).__name__}", key=str(key))
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise DataError(f"{key!r}: a key has no unpaired surrogates", key=key) from None


def _text_of(key: object, value: Any) -> bytes:
    """The JSON text of a value."""
    kind = type(value)
    try:
        if kind is int:
            return b"%d" % value
        try:
            if kind is str:
                return _quote(value).encode()
            return _encode(value).encode()
        except UnicodeEncodeError:
            # JSON has unpaired surrogates, as escapes, and UTF-8 has not.
            return _encode_ascii(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{key}: JSON cannot hold it: {error}", key=str(key)) from None


def _object_of(
    other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]], more: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes], bytes]:
    values = dict(other, **more)
    for key in values:
        _name_of(key)
    texts = {key: _text_of(key, value) for key, value in values.items()}
    members = (_encode_ascii(key).encode() + b":" + text for key, text in texts.items())
    return values, texts, b"{" + b",".join(members) + b"}"
