"""The options, checked and with their keys derived: one object for the whole process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from ctypes import byref, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any, Callable, Literal, NoReturn, Optional, Union

from . import _abi, _json
from ._abi import Error, Request, fast, slow
from ._handle import Handle
from .errors import ConfigError
from .options import (
    CookieOptions,
    Duration,
    Moment,
    SealOptions,
    in_python,
    milliseconds,
    read_file,
    snake,
    to_json,
    with_changes,
)
from .session import Session

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Sessions", "to_bytes"]

Text = Union[str, bytes]


class _Config(c_void_p):
    """Frees itself with its last reference.

    A call that gives up the GIL holds one, so another thread may `close` meanwhile.
    """

    # Here because at the interpreter's end the modules' names may be gone.
    _free = fast.h3s_config_free

    def __del__(self) -> None:
        self._free(self)


class Sessions(Handle):
    """Opens sessions. Make one at start; any number of threads may share it, also across fork.

    To make one takes some 10 ms a password.

    password: at least 32 characters, at random; or {id: password}, of which the first seals and all
        open. If all ids are numbers, the highest seals.
    name: of the cookie; recommended: "__Host-session".
    max_age: how long a session lives from when it was made or last rotated.
    idle_timeout: how long from when it was last seen. A read slides it only once more than half of
        it is used: of an hour, a read after 29 minutes still leaves the session 31.
    not_before: sessions made before then are refused, which logs everybody out.
    refresh: whether reads may seal again, to slide or under today's password.
    max_token_length: of a token in the header.
    session_header: the header's name, or False for none.
    cookie: attributes, see CookieOptions; False: header sessions only.
    seal: the format: its name, e.g. "h3-1", or SealOptions.
    legacy_seal_fallback: whether a Fe26.2 token of h3 1.x opens.
    development: whether browsers reach this server by plain HTTP, as they do while one develops.
        They keep a cookie that is `Secure`, or has a name with "__Host-" or a prefix of that kind,
        over HTTPS alone (some: and for localhost). So the cookie then has neither, nor what needs
        them: SameSite=None becomes Lax, and Partitioned goes. Never in production.

    Raises ConfigError, whose `key` names the option.
    """

    _noun = "the Sessions object"

    def __init__(
        self,
        *,
        password: Union[str, Mapping[str, str]],
        name: Optional[str] = None,
        max_age: Optional[Duration] = None,
        idle_timeout: Optional[Duration] = None,
        not_before: Optional[Moment] = None,
        refresh: Optional[bool] = None,
        max_token_length: Optional[int] = None,
        session_header: Union[str, Literal[False], None] = None,
        cookie: Union[CookieOptions, Literal[False], None] = None,
        seal: Union[str, SealOptions, None] = None,
        legacy_seal_fallback: Optional[bool] = None,
        development: bool = False,
    ) -> None:
        given = {key: value for key, value in locals().items() if key not in ("self", "__class__", "development")}
        try:
            self._open(to_json(given, development))
        except ConfigError as error:
            raise ConfigError(in_python(error.message), key=snake(error.key) if error.key else None) from None

    @classmethod
    def from_json(
        cls, text: str, *, password: Union[str, Mapping[str, str], None] = None, development: bool = False
    ) -> Self:
        """From the JSON text that services in other languages read as well.

        password: goes in place of the text's, which then needs none. development: as above.
        """
        if not isinstance(text, str):
            raise TypeError(f"from_json takes the JSON text, not {type(text).__name__}; for a file there is from_file")
        sessions = cls.__new__(cls)
        changed = with_changes(text, password, development)
        try:
            sessions._open(changed)
        except ConfigError as error:
            if changed is not text:
                # A place in the text that was made of it.
                error.offset = None
            raise
        return sessions

    @classmethod
    def from_file(
        cls,
        path: Union[str, os.PathLike[str]],
        *,
        password: Union[str, Mapping[str, str], None] = None,
        development: bool = False,
    ) -> Self:
        """As `from_json`, from a file, which is in UTF-8."""
        return cls.from_json(read_file(path), password=password, development=development)

    def _open(self, options: str) -> None:
        text, handle, error = options.encode("utf-8", "surrogatepass"), _Config(), Error()
        status = slow.h3s_config_new(text, len(text), byref(handle), byref(error))
        self._handle = handle
        self._check(status, error)
        flags = fast.h3s_config_flags(handle)
        #: Whether browsers send the session's cookie over HTTPS alone.
        self._is_secure = bool(flags & _abi.CONFIG_SECURE)
        #: Whether opening may take a slow derivation.
        self._may_be_cold = bool(flags & _abi.CONFIG_MAY_BE_COLD)
        #: The session cookie's name.
        self.cookie_name: str = fast.h3s_config_cookie_name(handle).ptr.decode()
        #: The session header's name in lower case; empty where it is off.
        self.header_name: str = fast.h3s_config_header_name(handle).ptr.decode()
        #: The value of a Vary header wherever a session was touched; may be empty.
        self.vary: str = fast.h3s_config_vary(handle).ptr.decode()

    # ---- Opening ---------------------------------------------------------------------------------

    def use(
        self,
        cookie: Optional[Text] = None,
        header: Optional[Text] = None,
        *,
        peer: Optional[str] = None,
        cross_site: bool = False,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Session:
        """The session of a request, or a new one, with a Set-Cookie at once, if none is valid.

        cookie: the Cookie header's value. Several lines: joined with "; ".
        header: the session header's value, see `header_name`.
        peer: who asks, e.g. the client's address as it is, with or without a port; one that forges
            Fe26.2 tokens too often gets Busy. All that share the first 64 bits of an IPv6 address
            are one peer.
        cross_site: whether another site has led the browser here, see `is_cross_site`. If the
            request has no cookie of the session, `use` is then `get`, and `clear` deletes none: the
            browser may have one, and not send it because it is SameSite.
        now: the time, for tests.
        warm_only: raise Cold instead of deriving a key for milliseconds (Fe26.2 only), so that an
            event loop can repeat the call in a thread.

        A token that is refused is no error: see `Session.rejection`.
        """
        handle = self._find(fast.h3s_use, slow.h3s_use, cookie, header, peer, cross_site, now, warm_only)
        return Session(handle, self._handle)

    def get(
        self,
        cookie: Optional[Text] = None,
        header: Optional[Text] = None,
        *,
        peer: Optional[str] = None,
        cross_site: bool = False,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Session:
        """As `use`, but a new session costs no cookie until something is written."""
        handle = self._find(fast.h3s_get, slow.h3s_get, cookie, header, peer, cross_site, now, warm_only)
        return Session(handle, self._handle)

    def unseal(self, token: Text, *, now: Optional[Moment] = None) -> Session:
        """The session of a bare token. Raises Rejected (Expired, if that is why)."""
        request, handle, error = _bare_token(token, now), c_void_p(), Error()
        status = slow.h3s_unseal(self._handle, byref(request), byref(handle), byref(error))
        self._check(status, error)
        return Session(handle, self._handle)

    def _find(
        self,
        find: Callable[..., int],
        find_slowly: Callable[..., int],
        cookie: Optional[Text],
        header: Optional[Text],
        peer: Optional[str],
        cross_site: bool,
        now: Optional[Moment],
        warm_only: bool,
    ) -> c_void_p:
        flags = _abi.CROSS_SITE if cross_site else 0
        request = Request(_abi.REQUEST_SIZE, flags | _abi.WARM_ONLY)
        if cookie is not None:
            request.cookie = text = to_bytes(cookie)
            request.cookie_len = len(text)
        if header is not None:
            request.header = text = to_bytes(header)
            request.header_len = len(text)
        if peer is not None:
            request.peer = text = peer.encode("utf-8", "replace")
            request.peer_len = len(text)
        if now is not None:
            request.now_ms = milliseconds(now)
        handle = c_void_p()
        status = find(self._handle, byref(request), byref(handle), None)
        if status == _abi.ERR_COLD and not warm_only:
            # This takes milliseconds: other threads go on meanwhile.
            request.flags = flags
            status = find_slowly(self._handle, byref(request), byref(handle), None)
        if status:
            self._check(status, None)
        return handle

    # ---- Tokens without a session, and the Cookie header -----------------------------------------

    def iron_seal(self, value: Any, *, as_session: bool = False, now: Optional[Moment] = None) -> str:
        """Any JSON value as a bare Fe26.2 token, as @hapi/iron writes it.

        @hapi/iron, iron-webcrypto, iron-session and h3 1.x open only tokens of one PBKDF2
        iteration: use `seal="h3-1"`, or `iterations` 1. iron-session also wants its password's
        number in the token, `password={"1": ...}`, and "~2" after it.

        as_session: also seal an object with a key "id" or "data". Without it that is a DataError,
            since its token opens as a session of these Sessions: whoever can choose what is sealed
            (the state of a form, the target of a magic link) could choose a session.
        """
        text = _json.text_of("value", value)
        flags = _abi.IRON_SESSION if as_session else 0
        room = len(text) // 3 * 4 + 512
        return self._iron(slow.h3s_iron_seal, room, text, len(text), milliseconds(now), flags).decode("ascii")

    def iron_unseal(self, token: Text, *, now: Optional[Moment] = None) -> Any:
        """The value in a bare Fe26.2 token, iron-session's with its "~2" included.

        Raises Rejected.
        """
        request = _bare_token(token, now)
        return _json.decode(self._iron(slow.h3s_iron_unseal, request.header_len + 1, byref(request)).decode())

    def _iron(self, function: Callable[..., int], room: int, *source: Any) -> bytes:
        out, length, error = ctypes.create_string_buffer(room), c_size_t(), Error()
        status = function(self._handle, *source, out, room, byref(length), byref(error))
        self._check(status, error)
        return out.raw[: length.value]

    def strip(self, cookie: str) -> str:
        """A Cookie header without the session's cookies: what may go upstream."""
        self._check_open()
        text = to_bytes(cookie)
        out = ctypes.create_string_buffer(len(text) + 1)
        length = fast.h3s_cookie_strip(self._handle, text, len(text), out)
        return out.raw[:length].decode("latin-1")

    # ---- Its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees the keys once the last session is freed, and other threads' calls have ended.

        It need not be called.
        """
        self._handle = None

    def __repr__(self) -> str:
        return f"<h3s.Sessions in the cookie {self.cookie_name!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Sessions hold keys and cannot be pickled; make one in each process")


def _bare_token(token: Text, now: Optional[Moment]) -> Request:
    text = to_bytes(token)
    return Request(_abi.REQUEST_SIZE, header=text, header_len=len(text), now_ms=milliseconds(now))


def to_bytes(text: Text) -> bytes:
    """A header's value: HTTP's bytes stand in Python strings as Latin-1."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
