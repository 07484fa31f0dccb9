"""A session: a mapping of JSON values that lives in a cookie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ctypes import POINTER, c_size_t, c_uint32, c_void_p
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, NoReturn, Optional, Union

from . import _abi, _json
from ._abi import Error, Str, View, fast
from ._core import Core, extension
from ._handle import Handle
from ._json import name_of
from .errors import DataError, Rejected, StoreError
from .options import Duration, Moment, milliseconds, seconds

if TYPE_CHECKING:
    from typing_extensions import Self

    from .revocations import Revocations

__all__ = ["Session"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SOURCES = (None, "cookie", "header", "token")
#: What may hold what can be changed in place; a tuple itself cannot.
_CONTAINERS = (dict, list, tuple)

_STRINGS = POINTER(Str)


class Session(Handle, Core):
    """One request's session, from `Sessions.use`, `get` or `unseal`.

    A mapping of strings to JSON values. What is assigned is written at once; a list, dict or tuple
    that was read or assigned, and in which something was changed then, is noticed when the cookies
    are asked for. What is not touched stays as it is, byte for byte. Only one thread at a time may
    use a session. It frees itself; `with` or `close` do so at once.

    It is a dict so that `json.dumps(session)` and whoever asks for one take it. `copy()` and `|`
    make a plain dict.
    """

    # The json module reads a dict's own storage to see whether it is empty, and asks `items`
    # if it is not. So the storage is never empty before the data was read; from then on it has the
    # same as `_values`, for extension modules that read nothing else.

    __slots__ = ("__weakref__", "_revocations")

    _noun = "the session"

    #: Through which what it revokes is made known; not there in a request's session, or where
    #: sessions cannot be revoked.
    _revocations: Revocations

    # ---- The mapping -----------------------------------------------------------------------------

    def _item(self, key: str) -> Any:
        values = self._values
        value = values[key] if key in values else self._read(key)
        if isinstance(value, _CONTAINERS) and key not in self._given:
            self._given[key] = self._fingerprint(value)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._data()

    def __iter__(self) -> Iterator[str]:
        return iter(self._data())

    def __len__(self) -> int:
        return len(self._data())

    def __ne__(self, other: object) -> bool:
        # dict has one of its own, where Mapping relies on this.
        return not self == other

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._data())

    def _assign(self, key: str, value: Any) -> None:
        name, text = name_of(key), self._text_of(key, value)
        if self._late is not None:
            self._late(self)
        # As _write would, without the calls in between: this is what most requests do.
        if self._set(name, text):
            self._again(fast.h3s_set_json, name, len(name), text, len(text), key=key)
        self._store(key, value)
        if self._given or isinstance(value, _CONTAINERS):
            self._keep(key, value, text)

    def _remove(self, key: str) -> None:
        if key not in self._data():
            raise KeyError(key)
        name = name_of(key)
        self._write(fast.h3s_remove, name, len(name), key=key)
        del self._data()[key]
        dict.__delitem__(self, key)
        self._given.pop(key, None)

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> Any: ...
        def __setitem__(self, key: str, value: Any) -> None: ...
        def __delitem__(self, key: str) -> None: ...
        def get(self, key: str, default: Any = None) -> Any: ...

    elif extension is None:
        # The extension's own end here where they are not short.
        __getitem__, __setitem__, __delitem__ = _item, _assign, _remove

        def get(self, key, default=None):
            try:
                return self[key]
            except KeyError:
                return default

    def update(  # type: ignore[override]
        self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]] = (), /, **more: Any
    ) -> None:
        """Merges keys into the data, all or none. Without any it still seals again, as a write."""
        new = dict(other, **more)
        texts, text = self._object_of(new)
        self._write(fast.h3s_update, text, len(text))
        for key, value in new.items():
            self._store(key, value)
            self._keep(key, value, texts[key])

    def __ior__(  # type: ignore[override]
        self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]]
    ) -> Self:
        self.update(other)
        return self

    def popitem(self) -> tuple[str, Any]:
        """Removes the last member, as of a dict, and gives it."""
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("popitem(): the session is empty")

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        return {**self, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        return {**other, **self} if isinstance(other, Mapping) else NotImplemented

    def copy(self) -> dict[str, Any]:
        """The data in a plain dict, as `dict.copy`: lists and dicts in it are the session's own."""
        return dict(self)

    def replace(self, other: Union[Mapping[str, Any], Iterable[tuple[str, Any]]] = (), /, **more: Any) -> None:
        """Sets the data to these keys and no others; id and times stay."""
        new = dict(other, **more)
        texts, text = self._object_of(new, whole=True)
        self._write(fast.h3s_replace, text, len(text))
        self._know(new)
        for key, value in new.items():
            self._keep(key, value, texts[key])

    # ---- What ends and renews it -----------------------------------------------------------------

    def ensure(self) -> None:
        """Makes a session of `get` one of `use`: if the request had none, it has a cookie now."""
        self._write(fast.h3s_ensure)

    def rotate(self) -> None:
        """A new id and `created_at` = now, with the same data. Call it at every login.

        Where sessions can be revoked, the former id is. Raises StoreError as `revoke`.
        """
        self._write(fast.h3s_rotate)
        self._make_known()

    def clear(self) -> None:
        """Ends the session: no id, no data, deleting cookies.

        What is written later starts a fresh one. A logout calls `revoke` where that is possible.

        (To empty a session that goes on, use `replace()`.)
        """
        self._write(fast.h3s_clear)
        self._know({})

    def revoke(self) -> None:
        """Ends the session as `clear` does, also for whoever has a copy of the cookie or token.

        All servers get to know of it before the response goes; a session that came through no
        middleware tells them at once. Where it cannot be made known, that raises StoreError. Then
        answer with an error: the logout has not happened.

        After `clear` it revokes what that has ended. Raises ConfigError where the Sessions have no
        `revocation`. Where the request may have brought a session that did not open here, and would
        live on, it raises Busy (the next request may find it), or Rejected if it may be valid
        elsewhere, as under another password.
        """
        self._end_by(fast.h3s_revoke)

    def revoke_everywhere(self) -> None:
        """As `revoke`, for all sessions of its subject: "log me out everywhere".

        Its subject is what `revocation.subject` finds in its data; StateError where there is none,
        as after `clear`.
        """
        self._end_by(fast.h3s_revoke_everywhere)

    def _end_by(self, function: Callable[..., int]) -> None:
        # Also after the response has gone: the cookie then stays, and opens nothing.
        if function(self._handle, None):
            self._again(function)
        self._know({})
        self._make_known()

    def _make_known(self) -> None:
        """Publishes what was revoked. (Of a request's session, its middleware does.)"""
        revocations = getattr(self, "_revocations", None)
        if revocations is not None:
            revocations.publish(self._entries())

    def _entries(self) -> list[str]:
        """What is to be made known. StoreError where a logout has overtaken a rotation."""
        found, count = _STRINGS(), c_size_t()
        if fast.h3s_revocation_entries(self._handle, found, count, None):
            try:
                self._again(fast.h3s_revocation_entries, found, count)
            except Rejected:
                raise StoreError("the session was revoked before its rotation could be made known") from None
        return [entry.ptr.decode() for entry in found[: count.value]]

    def set_id(self, id: str) -> None:
        """Gives a new or just rotated session an id of 1 to 255 graphic ASCII characters."""
        text = id.encode("utf-8", "surrogatepass")
        self._write(fast.h3s_session_set_id, text, len(text), key="id")

    def set_lifetime(self, max_age: Optional[Duration] = None, *, ends_with_browser: bool = False) -> None:
        """Gives this session a lifetime of its own, such as a login without "remember me" has.

        It is sealed in the token, so every server keeps to it. It stays when the session is written
        to, rotated or seen again, and goes with `clear`.

        max_age: how long it lives from `created_at`, 1 second to 4294967295, in place of the
            options' `max_age` where that is not shorter. Fractions of a second round up. None: as
            the options say.
        ends_with_browser: whether its cookie has no end of its own, so that the browser forgets it
            when it is closed.

        Raises DataError where max_age is wrong; Expired if the session would have ended already;
        StateError after `clear`, and where sessions are sealed in Fe26.2, which has no place for it
        (without arguments there is nothing to hold).
        """
        age = 0 if max_age is None else seconds(max_age, "max_age")
        self._write(fast.h3s_session_set_lifetime, age, _abi.LIFETIME_BROWSER if ends_with_browser else 0)

    def set_now(self, now: Optional[Moment] = None) -> None:
        """Moves the session's clock, which otherwise stands still.

        It is for connections that outlive a request, such as WebSockets.

        Raises Expired when the session has ended by then.
        """
        moment = milliseconds(now)
        if fast.h3s_session_set_now(self._handle, moment, None):
            self._again(fast.h3s_session_set_now, moment)

    # ---- What the response needs -----------------------------------------------------------------

    def _cookies(self) -> list[str]:
        """The response's Set-Cookie values, most often none or one, each for its own header."""
        if self._given:
            self._flush()
        found, count = _STRINGS(), c_size_t()
        if fast.h3s_set_cookies(self._handle, found, count, None):
            self._again(fast.h3s_set_cookies, found, count)
        return [value.ptr.decode() for value in found[: count.value]]

    if TYPE_CHECKING:

        def set_cookies(self) -> list[str]: ...

    elif extension is None:
        set_cookies = _cookies

    def seal(self) -> str:
        """The session as a bare token, for a client that sends it back in the session header."""
        self._flush()
        token = Str()
        if fast.h3s_seal(self._handle, token, None):
            self._again(fast.h3s_seal, token)
        return _str(token.ptr)

    # ---- What is known of it ---------------------------------------------------------------------

    @property
    def id(self) -> str:
        """A random UUID (or what `set_id` said); empty after `clear`."""
        return _str(self._view().id.ptr)

    @property
    def log_id(self) -> Optional[str]:
        """A keyed hash of the id: write this to logs, never the id. None after `clear`."""
        found: Optional[bytes] = fast.h3s_session_log_id(self._opened()).ptr
        return None if found is None else found.decode()

    @property
    def is_new(self) -> bool:
        """Whether this request made the session."""
        return bool(self._flags() & _abi.VIEW_NEW)

    @property
    def is_cleared(self) -> bool:
        """Whether it has ended by `clear`, and nothing was written since."""
        return bool(self._flags() & _abi.VIEW_CLEARED)

    @property
    def is_dirty(self) -> bool:
        """Whether there are new cookies that were not taken yet."""
        self._flush()
        return bool(self._flags() & _abi.VIEW_DIRTY)

    @property
    def only_slides(self) -> bool:
        """Whether its new cookies would say only when it was seen, under `idle_timeout`.

        They hold no data then.
        """
        self._flush()
        return bool(self._flags() & _abi.VIEW_SLIDES)

    @property
    def is_stale(self) -> bool:
        """Whether the latest logouts might not have been known here when it was opened."""
        return bool(self._flags() & _abi.VIEW_STALE)

    @property
    def created_at(self) -> Optional[datetime]:
        """When it was made or last rotated, in UTC; None after `clear`."""
        return _time(self._view().created_at)

    @property
    def last_seen_at(self) -> Optional[datetime]:
        """When it was last seen under `idle_timeout`, in UTC; None if never."""
        return _time(self._view().last_seen_at)

    @property
    def expires_at(self) -> Optional[datetime]:
        """When it ends if nothing more comes, in UTC; None: never."""
        return _time(self._view().expires_at)

    @property
    def lifetime(self) -> Optional[timedelta]:
        """How long it lives from `created_at` by its own lifetime, see `set_lifetime`.

        None: as the options say.
        """
        age: int = fast.h3s_session_lifetime(self._opened(), None)
        return timedelta(seconds=age) if age else None

    @property
    def ends_with_browser(self) -> bool:
        """Whether its cookie ends with the browser, see `set_lifetime`."""
        flags = c_uint32()
        fast.h3s_session_lifetime(self._opened(), flags)
        return bool(flags.value & _abi.LIFETIME_BROWSER)

    @property
    def source(self) -> Optional[str]:
        """ "cookie", "header", "token" (of `unseal`), or None where no token opened."""
        return _SOURCES[self._view().source]

    @property
    def rejection(self) -> Optional[str]:
        """Why the request's first token was refused, as `Rejected.reason`; None if it was not."""
        number: int = self._view().rejection
        return _str(fast.h3s_rejection_str(number)) if number else None

    # ---- Its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees the session and wipes its data; nothing else can be done with it then."""
        self._know({})
        self._whole = False
        self._release()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<h3s.Session closed>"
        return f"<h3s.Session{' new' if self.is_new else ''} of {len(self)} keys>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a session belongs to its request and cannot be pickled or copied; take dict(session) or session.seal()"
        )

    # ---- Between here and the library ------------------------------------------------------------

    def _data(self) -> dict[str, Any]:
        """All values. Those that were asked for before stay the objects that they were."""
        if not self._whole:
            data = self._text()
            if data is None:
                self._check(_abi.ERR_ARGUMENT, None)
            values = self._decode_all(data or "")
            values.update(self._values)
            self._know(values, self._given)
        return self._values

    def _know(self, values: dict[str, Any], given: Optional[dict[str, bytes]] = None) -> None:
        """These are all the data."""
        self._values, self._whole, self._given = values, True, {} if given is None else given
        dict.clear(self)
        dict.update(self, values)

    def _store(self, key: str, value: Any) -> None:
        self._values[key] = value
        if self._whole:
            dict.__setitem__(self, key, value)

    def _read(self, key: str) -> Any:
        """One value, without the others being parsed, if its key is there and needs no escapes."""
        if not self._whole and isinstance(key, str) and key.isidentifier() and key.isascii():
            text = self._find(b"/" + key.encode())
            if text is not None:
                value = self._values[key] = self._decode(key, text)
                return value
            self._check_open()
            raise KeyError(key)
        return self._data()[key]

    def _opened(self) -> Optional[c_void_p]:
        """The handle, for functions of the library that have no status."""
        self._check_open()
        return self._handle

    def _view(self) -> View:
        view = View(_abi.VIEW_SIZE)
        self._check(fast.h3s_session_view(self._handle, view), None)
        return view

    def _write(self, function: Callable[..., int], *arguments: Any, key: Optional[str] = None) -> None:
        if self._late is not None:
            self._late(self)
        if function(self._handle, *arguments, None):
            self._again(function, *arguments, key=key)

    def _again(self, function: Callable[..., int], *arguments: Any, key: Optional[str] = None) -> None:
        """What failed has changed nothing: the same again tells why."""
        error = Error()
        self._check(function(self._handle, *arguments, error), error, key)

    def _keep(self, key: str, value: Any, text: bytes) -> None:
        if isinstance(value, _CONTAINERS):
            self._given[key] = text
        else:
            self._given.pop(key, None)

    def _changed(self) -> list[str]:
        """The keys of what was changed in place and not written yet."""
        return [key for key, text in self._given.items() if self._fingerprint(self._values[key]) != text]

    def _flush(self) -> None:
        """Writes what was changed in place."""
        if self._given:
            for key in self._changed():
                self[key] = self._values[key]

    # Who has values of other types overrides these.

    _text_of = staticmethod(_json.text_of)

    def _decode(self, key: str, text: str) -> Any:
        return _json.decode(text)

    def _decode_all(self, text: str) -> dict[str, Any]:
        values: dict[str, Any] = _json.decode(text)
        return values

    def _fingerprint(self, value: Any) -> bytes:
        """The JSON text of a value, or what shows a change as well where it has none."""
        try:
            return self._text_of("", value)
        except DataError:
            return _json.repr_of(value)

    def _object_of(self, values: dict[str, Any], *, whole: bool = False) -> tuple[dict[str, bytes], bytes]:
        """The texts of values to write, and the text of the object that has them.

        whole: in place of all data.
        """
        texts = {key: self._text_of(key, value) for key, value in values.items()}
        return texts, _json.object_of(texts)


def _str(text: Optional[bytes]) -> str:
    return "" if text is None else text.decode("utf-8")


def _time(milliseconds: int) -> Optional[datetime]:
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None
