"""From a request, a connection of Channels or a test client to its session."""

from __future__ import annotations

import io
import sys
import weakref
from collections.abc import MutableMapping
from types import FrameType
from typing import Any, Callable, NamedTuple, Optional

from asgiref.sync import sync_to_async
from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from .._finding import cookie_of, find
from ..cross_site import is_cross_site
from ..errors import Busy, Cold, StaleError
from ..session import Session
from ..sessions import Sessions
from ._settings import clock, moment, peer_of

__all__ = ["Caller", "Opening", "asked_for_the_cookie", "caller", "of_client", "of_request", "of_scope", "of_token"]

#: Opens a session; a slow key derivation is Cold where it is told True.
_Find = Callable[[bool], Session]

_STOCK = "django.contrib.sessions.middleware"
_CHANNELS = "channels.sessions"
_CLIENT = "django.test.client"
#: Passes a call on.
_PROXY = "django.utils.functional"


class TooManyRequests(Busy, BadRequest):
    """Busy, which Django does not report as a fault of the server wherever it is raised."""


class Opening:
    """How a session is opened, once.

    Apart from the store, so that the two do not keep each other alive.
    """

    __slots__ = ("_find", "_opened", "method", "path", "sent", "sessions")

    #: Whether the response has gone.
    sent: bool

    def __init__(self, sessions: Sessions, find: _Find, method: str = "", path: str = "") -> None:
        self.sessions = sessions
        self.method = method
        self.path = path
        self._find = find
        self._opened: Optional[Session] = None
        self.sent = False

    def __call__(self) -> Session:
        opened, self._opened = self._opened, None
        return opened if opened is not None else self._limited(warm_only=False)

    async def ahead(self) -> None:
        """Opens it for an event loop, which goes on while a key is derived."""
        try:
            self._opened = self._limited(warm_only=True)
        except Cold:
            self._opened = await sync_to_async(self._limited, thread_sensitive=False)(warm_only=False)

    def _limited(self, *, warm_only: bool) -> Session:
        try:
            return self._find(warm_only)
        except Busy as error:
            if self.sent:
                # Too late to tell the client: nobody is logged in.
                return self.sessions.get(now=moment())
            raise TooManyRequests(error.message) from None
        except StaleError:
            if self.sent:
                return self.sessions.get(now=moment())
            raise


def of_request(sessions: Sessions, request: HttpRequest) -> Opening:
    meta, scope, asking = request.META, getattr(request, "scope", None), weakref.ref(request)
    method, path = request.method or "", request.path
    # A request of a test may have only these.
    cookies = None if scope is not None or meta.get("HTTP_COOKIE") else request.COOKIES

    def header(name: str) -> Optional[str]:
        value: Optional[str] = meta.get("HTTP_" + name.upper().replace("-", "_"))
        return value

    def open(warm_only: bool) -> Session:
        if scope is not None:
            # Of several lines Django makes one with commas, as if it were any header.
            lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
            cookie = "; ".join(lines) if lines else None
        elif cookies:
            cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        else:
            cookie = cookie_of(meta) or None
        request = asking()
        return find(
            sessions,
            cookie,
            header(sessions.header_name) if sessions.header_name else None,
            peer=None if request is None else peer_of(request),
            cross_site=is_cross_site(header),
            clock=clock(),
            method=method,
            path=path,
            is_plain=request is not None and not request.is_secure(),
            warm_only=warm_only,
        )

    return Opening(sessions, open, method, path)


def of_scope(sessions: Sessions, scope: MutableMapping[str, Any]) -> Opening:
    """Of a connection under Channels: an HTTP request or a WebSocket."""

    def open(warm_only: bool) -> Session:
        request = ASGIRequest({"method": "WEBSOCKET", **scope}, io.BytesIO())
        return of_request(sessions, request)._find(warm_only)

    return Opening(sessions, open, scope.get("method", "WEBSOCKET"), scope.get("path", ""))


def of_client(sessions: Sessions, client: Any) -> Opening:
    """Of Django's test client: what its next request would carry."""

    def open(warm_only: bool) -> Session:
        cookie = "; ".join(f"{morsel.key}={morsel.coded_value}" for morsel in client.cookies.values())
        return sessions.get(cookie, now=moment(), warm_only=warm_only)

    return Opening(sessions, open)


def of_token(sessions: Sessions, token: Optional[str]) -> Opening:
    def open(warm_only: bool) -> Session:
        cookie = f"{sessions.cookie_name}={token}" if token else None
        return sessions.get(cookie, now=moment(), warm_only=warm_only)

    return Opening(sessions, open)


# Django hands an engine the value of one cookie, `SessionStore(value)`, and puts its `session_key`
# into that cookie. But a session may need several cookies, and whatever else reads `session_key`
# logs it or keeps it in a table: it must not be what logs in. So the three that own a cookie,
# Django's middleware, its test client and Channels, are told from all others by where the call is
# from.


class Caller(NamedTuple):
    """Who makes a store: one of the three, and with it the others' cookies."""

    request: Optional[HttpRequest] = None
    scope: Optional[MutableMapping[str, Any]] = None
    client: Any = None


def caller() -> Caller:
    """Of SessionStore.__init__: who calls it."""
    frame = sys._getframe(2)
    while frame.f_code.co_name == "__init__" and frame.f_back is not None:
        # That of a subclass.
        frame = frame.f_back
    module, names = frame.f_globals.get("__name__"), frame.f_locals
    if module == _STOCK:
        return Caller(request=names.get("request"))
    if module == _CHANNELS:
        return Caller(scope=getattr(names.get("self"), "scope", None))
    if module == _CLIENT and hasattr(names.get("self"), "cookies"):
        return Caller(client=names["self"])
    return Caller()


def asked_for_the_cookie(store: object) -> bool:
    """In the getter of a property of a store: whether its value goes into a cookie."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (frame.f_globals.get("__name__") == _PROXY or _is_method(frame, store)):
        frame = frame.f_back
    return frame.f_globals.get("__name__") in (_STOCK, _CHANNELS, _CLIENT)


def _is_method(frame: FrameType, store: object) -> bool:
    """Whether a frame is of a method of the store: a subclass that overrides the getter."""
    code = frame.f_code
    return code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is store
