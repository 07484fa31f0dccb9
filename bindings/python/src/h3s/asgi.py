"""Sessions for any ASGI application: Starlette's and FastAPI's `request.session` just work.

    app = h3s.asgi.SessionMiddleware(app, sessions)

or `app.add_middleware(SessionMiddleware, sessions=sessions)`, which does not reach the 500 that
Starlette makes of an unhandled exception. Elsewhere, `scope["session"]` is the session. It
opens when it is touched.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Coroutine, Iterable, Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Optional

from ._core import is_cross_site
from ._finding import Clock, find
from ._following import running_loop
from ._http import REFUSALS, REFUSED, RequestSession, make_known, put, status_of
from .cross_site import HEADERS
from .errors import Cold, H3sError, LateWriteWarning, StoreError
from .revocations import Revocations
from .session import Session
from .sessions import Sessions

__all__ = ["RequestSession", "SessionMiddleware", "session_of"]

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Application = Callable[[_Scope, _Receive, _Send], Awaitable[None]]
_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


def session_of(request: Any, key: str = "session") -> RequestSession:
    """The session of a request that came through the middleware, as what it is, with `rotate` and
    the rest.

    request: Starlette's or FastAPI's Request or WebSocket, or a scope. (`request.session` is the
    same object, which Starlette declares to be a dict.)
    """
    # Starlette's are mappings themselves, of what is in the scope.
    scope = request if isinstance(request, Mapping) else request.scope
    try:
        session: RequestSession = scope[key]
    except KeyError:
        raise LookupError(
            f"there is no {key!r}: this request did not come through h3s.asgi.SessionMiddleware"
        ) from None
    return session


class SessionMiddleware:
    """Gives each HTTP request and WebSocket a session, and each response its cookies.

    Responses to errors have them, too.

    A WebSocket's session can be read all along, but only what was written before it is accepted
    reaches the client, unless it is sealed and sent.

    What was revoked is published before the response goes; where that fails, the answer is 503.
    Once the response has begun, or the WebSocket is accepted, it is published at once. Where that
    fails, a WebSocket is closed with the code 1013, "try again later", and an HTTP application gets
    StoreError: of its next `send`, or when it ends, as of a background task. In a thread, `revoke`
    itself raises it. It never blocks the event loop: a store that is not asyncio's is waited for in
    a thread.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda scope: scope["client"][0]`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is:
        all that share the first 64 bits of an IPv6 address are one peer.
    key: where in the scope the session is. Another one is for a second kind of session in the same
        application, of other Sessions; see `session_of`.
    clock: the time, for tests.

    A token of "h3-2" may take milliseconds to open: its key is derived in a thread before the
    application runs, so that the event loop never waits for a token. (Its first seal, and then one
    a day, takes as long.) A session that nobody touches costs nothing otherwise.
    """

    def __init__(
        self,
        app: _Application,
        sessions: Sessions,
        *,
        peer: Optional[Callable[[_Scope], str]] = None,
        key: str = "session",
        clock: Optional[Clock] = None,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._peer = peer
        self._key = key
        self._clock = clock
        self._header = sessions.header_name.encode()

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if self._sessions.revocations is not None:
            await self._sessions.revocations.start()
        method, path = scope.get("method", "WEBSOCKET"), scope.get("path", "")
        session = RequestSession(await self._opener(scope, method, path), method, path)
        scope[self._key] = session
        response = _Response(self._sessions, session, scope, send)
        try:
            try:
                await self._app(scope, receive, response.send)
            finally:
                # What a WebSocket has revoked, or a background task.
                if response.has_started:
                    await response.tell()
                if self._sessions.revocations is not None:
                    # A task may outlive the request, which the session is not to keep alive.
                    session.tell_by(self._tell_soon)
        except Exception as error:
            # A warning that is made an exception is not to take the place of this one.
            with suppress(LateWriteWarning):
                session.end()
            if session.refused is None or not _comes_of_it(error):
                raise
            if not response.has_started:
                await response.refuse()
            elif not response.is_refused:
                raise
        else:
            session.end()

    async def _live(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Follows an asyncio store for as long as the application lives."""
        revocations = self._sessions.revocations
        if revocations is not None:
            await revocations.start()
        try:
            await self._app(scope, receive, send)
        finally:
            if revocations is not None:
                await revocations.stop()

    def _tell_soon(self, session: RequestSession) -> None:
        revocations = self._sessions.revocations
        assert revocations is not None
        if running_loop() is not None:
            _task(_publish(revocations, session))
        elif not make_known(self._sessions, session):
            raise _failure(session)

    async def _opener(self, scope: _Scope, method: str, path: str) -> Callable[[], Session]:
        """Opens the session where it is touched; a slow key derivation is made now, in a thread."""
        lines, header = [], None
        for name, value in scope["headers"]:
            if name == b"cookie":
                lines.append(value)
            elif name == self._header and header is None:
                header = value
        # HTTP/2 allows several lines.
        cookie = b"; ".join(lines) if lines else None

        def open(*, warm_only: bool = False) -> Session:
            return find(
                self._sessions,
                cookie,
                header,
                peer=self._peer(scope) if self._peer is not None else None,
                cross_site=_is_cross_site(scope["headers"]),
                clock=self._clock,
                method=method,
                path=path,
                is_plain=_is_plain(scope),
                warm_only=warm_only,
            )

        if not self._sessions._may_be_cold or (cookie is None and header is None):
            return open
        try:
            try:
                opened = open(warm_only=True)
            except Cold:
                opened = await asyncio.get_running_loop().run_in_executor(None, open)
        except REFUSALS as error:
            return partial(_raise, error)
        return lambda: opened


class _Response:
    """Sends what the application says, with the session's cookies; 429 or 503 if refused."""

    def __init__(self, sessions: Sessions, session: RequestSession, scope: _Scope, send: _Send) -> None:
        self._sessions = sessions
        self._session = session
        self._scope = scope
        self._send = send
        self._is_websocket: bool = scope["type"] == "websocket"
        self._is_closed = self.has_started = False
        self._revocations = sessions.revocations
        if self._revocations is not None:
            self._loop = asyncio.get_running_loop()
        #: What publishes.
        self._telling: Optional[asyncio.Task[None]] = None
        #: Whether 429 or 503 has gone in place of the application's error.
        self.is_refused = False

    async def send(self, message: _Message) -> None:
        kind = message["type"]
        session = self._session
        await self.tell()
        if self.is_refused:
            return
        if kind not in _STARTS:
            if kind == "websocket.close":
                # It may be closed before it was accepted.
                self.has_started = self._is_closed = True
            await self._send(message)
            return
        if session.refused is not None and message.get("status") == 500 and _comes_of_it(sys.exc_info()[1]):
            # What a framework makes of an exception that nobody handles.
            await self.refuse()
            return
        self.has_started = True
        if session.touched:
            message = {**message, "headers": self._headers(message.get("headers", ()))}
        if self._revocations is not None:
            session.tell_by(self._tell_soon)
        await self._send(message)
        if kind == "websocket.accept":
            session.socket_opened()
        else:
            session.headers_went()

    # ---- What was revoked ------------------------------------------------------------------------

    async def tell(self) -> None:
        """Makes known what was revoked, before anything else is sent, or when the application ends.

        Where that fails, a response that has not begun is refused, and a WebSocket closed; else it
        raises StoreError.
        """
        session = self._session
        if self.is_refused or (self._telling is None and not session.owes):
            return
        if self._revocations is None:
            session.owes = False
            return
        if self._telling is None:
            self._telling = _task(self._publish())
        # It goes on where this is cancelled, as when the client has gone.
        await asyncio.shield(self._telling)
        if session.owes and not self.is_refused:
            if self.has_started and not self._is_websocket:
                raise _failure(session)
            await self.refuse()

    def _tell_soon(self, session: RequestSession) -> None:
        """Makes known at once what was revoked: nothing may ever be sent that would wait for it."""
        running = running_loop()
        if running is None:
            if not make_known(self._sessions, session):
                raise _failure(session)
        elif running is not self._loop:
            self._loop.call_soon_threadsafe(self._tell_soon, session)
        elif self._telling is None:
            self._telling = _task(self._publish())

    async def _publish(self) -> None:
        assert self._revocations is not None
        try:
            await _publish(self._revocations, self._session)
            if self._session.owes and self.has_started and self._is_websocket:
                await self.refuse()
        finally:
            self._telling = None

    async def refuse(self) -> None:
        """Answers 429 or 503 and touches no cookie; a WebSocket is closed before it opens."""
        self.has_started = self.is_refused = True
        if self._is_websocket:
            if not self._is_closed:
                # The client may have gone.
                with suppress(OSError, RuntimeError):
                    await self._send({"type": "websocket.close", "code": 1013})
            return
        headers = [(name.lower().encode(), value.encode()) for name, value in REFUSED]
        status = status_of(self._session.refused)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})

    def _headers(self, present: Any) -> list[tuple[bytes, bytes]]:
        """A list of its own: the application's may be a constant, for all its responses."""
        added = put(self._sessions, self._session, present, _latin_1, insecure=_is_test_client(self._scope))
        return [(name.lower(), value) for name, value in added]


async def _publish(revocations: Revocations, session: RequestSession) -> None:
    """Until the session owes nothing, or an attempt has failed."""
    try:
        while session.owes:
            await revocations.apublish(session.taken())
            session.was_told()
    except StoreError as error:
        session.cannot_tell(error)
    except BaseException:
        session.owes = True
        raise


def _failure(session: RequestSession) -> H3sError:
    return session.refused or StoreError("what was revoked could not be made known")


#: The event loop itself would not keep them from being collected.
_TASKS: set[asyncio.Task[None]] = set()


def _task(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(coroutine)
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
    return task


def _latin_1(text: str) -> bytes:
    return text.encode("latin-1")


def _raise(error: H3sError) -> Session:
    raise error


def _comes_of_it(error: Optional[BaseException]) -> bool:
    """Whether it is Busy or StaleError, or what was made of that on its way: a group of a task
    group, or an error raised from it.
    """
    waiting, seen = [error], 0
    while waiting and seen < 100:
        error, seen = waiting.pop(), seen + 1
        if isinstance(error, REFUSALS):
            return True
        if error is not None:
            waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    return False


def _is_plain(scope: _Scope) -> bool:
    return scope.get("scheme", "http") in ("http", "ws")


def _is_test_client(scope: _Scope) -> bool:
    """Whether this is Starlette's TestClient by its default http://, whose jar would keep a Secure
    cookie to itself.

    It alone has this extension, and no header of a request can give it to another.
    """
    return _is_plain(scope) and "http.response.debug" in (scope.get("extensions") or ())


def _is_cross_site(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _NAMES:
            found[name] = found[name] + b", " + value if name in found else value
    return is_cross_site(*map(found.get, _NAMES))


#: Of what says where a browser comes from.
_NAMES = tuple(name.lower().encode() for name in HEADERS)
