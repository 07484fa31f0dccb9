"""Sessions for any WSGI application.

    app = h3s.wsgi.SessionMiddleware(app, sessions)

In the application, `environ["h3s.session"]` is the session. It opens when it is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Callable, Optional, Union

from ._http import LazySession, put
from .cross_site import is_cross_site
from .errors import Busy
from .session import Session
from .sessions import Sessions

__all__ = ["SessionMiddleware", "session_of"]

_ExcInfo = Union[tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None], None]
_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_KEY = "h3s.session"


def session_of(environ: dict[str, Any]) -> Session:
    """The session of a request that came through the middleware."""
    session: Session = environ[_KEY]
    return session


class SessionMiddleware:
    """Gives each request a session, and each response, errors included, the cookies that it owes.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda environ: environ["REMOTE_ADDR"]`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is: all
        that share the first 64 bits of an IPv6 address are one peer.
    """

    def __init__(
        self, app: _Application, sessions: Sessions, *, peer: Optional[Callable[[dict[str, Any]], str]] = None
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._peer = peer
        self._header = "HTTP_" + sessions.header_name.upper().replace("-", "_") if sessions.header_name else ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        session = self._session(environ)
        environ[_KEY] = session
        response = _Response(self._sessions, session, start_response)
        try:
            body = self._app(environ, response.start)
            if response.status is None:
                # A generator has not begun yet: its headers go out with its first bytes.
                return _Body(response, body)
            response.send()
            return body
        except Busy:
            return response.busy()

    def _session(self, environ: dict[str, Any]) -> LazySession:
        sessions, peer = self._sessions, self._peer

        def header(name: str) -> Optional[str]:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        def open() -> Session:
            who = peer(environ) if peer is not None else None
            cross_site = is_cross_site(header)
            return sessions.get(environ.get("HTTP_COOKIE"), environ.get(self._header), peer=who, cross_site=cross_site)

        return LazySession(open)


class _Response:
    """Holds the headers back until the last moment."""

    def __init__(self, sessions: Sessions, session: LazySession, start_response: Callable[..., Any]) -> None:
        self._sessions = sessions
        self._session = session
        self._start_response = start_response
        self._headers: list[tuple[str, str]] = []
        self._exc_info: _ExcInfo = None
        self._write: Optional[Callable[[bytes], object]] = None
        self.status: Optional[str] = None

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo = None
    ) -> Callable[[bytes], object]:
        if self._write is not None:
            # Too late for other headers: it is the server that says so, or raises the application's error.
            return self._start_response(status, headers, exc_info)  # type: ignore[no-any-return]
        self.status, self._headers, self._exc_info = status, headers, exc_info
        return self.write

    def write(self, data: bytes) -> object:
        self.send()
        assert self._write is not None
        return self._write(data)

    def send(self) -> None:
        if self._write is not None or self.status is None:
            return
        headers = put(self._sessions, self._session, self._headers)
        given = (self._exc_info,) if self._exc_info else ()
        self._write = self._start_response(self.status, headers, *given)
        self._exc_info = None

    def busy(self) -> Iterable[bytes]:
        if self._write is None:
            self._start_response("429 Too Many Requests", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []


class _Body:
    def __init__(self, response: _Response, body: Iterable[bytes]) -> None:
        self._response = response
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._body:
                # An empty one may come before the headers are known.
                if chunk:
                    self._response.send()
                    yield chunk
            self._response.send()
        except Busy:
            yield from self._response.busy()

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
