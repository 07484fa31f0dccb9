"""Sessions for any WSGI application.

    app = h3s.wsgi.SessionMiddleware(app, sessions)

In the application, `environ["h3s.session"]` is the session. It opens when it is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Callable, Optional, Union

from ._finding import Clock, cookie_of, find
from ._http import REFUSALS, REFUSED, RequestSession, for_threads, make_known, put, status_of
from .cross_site import is_cross_site
from .session import Session
from .sessions import Sessions

__all__ = ["RequestSession", "SessionMiddleware", "session_of"]

_ExcInfo = Union[tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None], None]
_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_KEY = "h3s.session"


def session_of(environ: dict[str, Any], key: str = _KEY) -> RequestSession:
    """The session of a request that came through the middleware."""
    try:
        session: RequestSession = environ[key]
    except KeyError:
        raise LookupError(
            f"there is no {key!r}: this request did not come through h3s.wsgi.SessionMiddleware"
        ) from None
    return session


class SessionMiddleware:
    """Gives each request a session, and each response, errors included, the session's cookies.

    peer: says who asks, to limit forged Fe26.2 tokens; without it there is no limit. Where no proxy
        is in front: `lambda environ: environ["REMOTE_ADDR"]`. Give the address as it is: all that
        share the first 64 bits of an IPv6 address are one peer.
    key: where in the environ the session is. Another one is for a second kind of session in the
        same application, of other Sessions; see `session_of`.
    clock: the time, for tests.
    """

    def __init__(
        self,
        app: _Application,
        sessions: Sessions,
        *,
        peer: Optional[Callable[[dict[str, Any]], str]] = None,
        key: str = _KEY,
        clock: Optional[Clock] = None,
    ) -> None:
        self._app = app
        self._sessions = for_threads(sessions)
        self._peer = peer
        self._key = key
        self._clock = clock
        self._header = "HTTP_" + sessions.header_name.upper().replace("-", "_") if sessions.header_name else ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        session = self._session(environ)
        environ[self._key] = session
        response = _Response(self._sessions, session, start_response)
        try:
            body = self._app(environ, response.start)
            if response.status is None:
                # A generator has not begun yet: its headers go out with its first bytes.
                return _Body(response, body)
            response.send()
            if type(body) in (list, tuple):
                # Nothing of the application runs any more.
                session.end()
            if not response.is_refused:
                return body
            _close(body)
            return []
        except REFUSALS:
            if not response.may_refuse:
                raise
            return response.refuse()

    def _session(self, environ: dict[str, Any]) -> RequestSession:

        def header(name: str) -> Optional[str]:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        method, path = environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")

        def open() -> Session:
            return find(
                self._sessions,
                cookie_of(environ),
                environ.get(self._header),
                peer=self._peer(environ) if self._peer is not None else None,
                cross_site=is_cross_site(header),
                clock=self._clock,
                method=method,
                path=path,
                is_plain=environ.get("wsgi.url_scheme", "http") == "http",
            )

        return RequestSession(open, method, path)


class _Response:
    """Holds the headers back until the last moment."""

    def __init__(self, sessions: Sessions, session: RequestSession, start_response: Callable[..., Any]) -> None:
        self._sessions = sessions
        self._session = session
        self._start_response = start_response
        self._headers: list[tuple[str, str]] = []
        self._exc_info: _ExcInfo = None
        self._write: Optional[Callable[[bytes], object]] = None
        self.status: Optional[str] = None
        #: Whether 429 or 503 has gone in place of the application's error.
        self.is_refused = False

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo = None
    ) -> Callable[[bytes], object]:
        if self.status is not None and not exc_info:
            raise AssertionError("start_response was called again, without exc_info")
        if self._write is not None:
            # Too late for other headers: it is the server that says so, or raises
            # the application's error.
            return self._start_response(status, headers, exc_info)  # type: ignore[no-any-return]
        self.status, self._headers, self._exc_info = status, headers, exc_info
        return self.write

    def write(self, data: bytes) -> object:
        self.send()
        assert self._write is not None
        return None if self.is_refused else self._write(data)

    def send(self) -> None:
        if self._write is not None or self.status is None:
            return
        if self.may_refuse and self.status.startswith("500"):
            # What a framework makes of an exception that nobody handles.
            self.refuse()
            return
        if not make_known(self._sessions, self._session):
            self.refuse()
            return
        headers = put(self._sessions, self._session, self._headers, str)
        given = (self._exc_info,) if self._exc_info else ()
        self._write = self._start_response(self.status, headers, *given)
        self._exc_info = None
        self._session.headers_went(self._sessions.revocations)

    @property
    def may_refuse(self) -> bool:
        """Whether this session could not be opened, and there is still time to say so."""
        return self._session.refused is not None and self._write is None

    def end(self) -> None:
        self._session.end()

    def refuse(self) -> Iterable[bytes]:
        """Answers 429 or 503 and touches no cookie, in place of what the application has not sent
        yet.
        """
        given = (self._exc_info,) if self._exc_info else ()
        status = HTTPStatus(status_of(self._session.refused))
        self._write = self._start_response(f"{status.value} {status.phrase}", list(REFUSED), *given)
        self.is_refused = True
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
                    if self._response.is_refused:
                        return
                    yield chunk
            self._response.send()
        except REFUSALS:
            if not self._response.may_refuse:
                raise
            yield from self._response.refuse()

    def close(self) -> None:
        try:
            _close(self._body)
        finally:
            self._response.end()


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
