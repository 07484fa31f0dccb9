"""Sessions for any ASGI application: Starlette's and FastAPI's `request.session` just work.

    app = h3s.asgi.SessionMiddleware(app, sessions)

or `app.add_middleware(SessionMiddleware, sessions=sessions)`, which does not reach the 500 that Starlette makes of an
unhandled exception. Elsewhere, `scope["session"]` is the session. It opens when it is touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, MutableMapping
from functools import partial
from typing import Any, Callable, Optional

from ._http import LazySession, put
from .cross_site import is_cross_site
from .errors import Busy, Cold
from .session import Session
from .sessions import Sessions

__all__ = ["SessionMiddleware"]

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Application = Callable[[_Scope, _Receive, _Send], Awaitable[None]]
_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class SessionMiddleware:
    """Gives each HTTP request and WebSocket a session, and each response, errors included, the cookies that it owes.

    A WebSocket's session can be read all along, but only what was written before it is accepted reaches the client.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda scope: scope["client"][0]`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is: all
        that share the first 64 bits of an IPv6 address are one peer.
    """

    def __init__(
        self, app: _Application, sessions: Sessions, *, peer: Optional[Callable[[_Scope], str]] = None
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._peer = peer
        self._header = sessions.header_name.encode()

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            session = LazySession(await self._opener(scope))
        except Busy:
            await _refuse(scope, send)
            return
        scope["session"] = session

        async def send_with_cookies(message: _Message) -> None:
            if message["type"] in _STARTS and session.touched:
                headers = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", [])
                ]
                message["headers"] = [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in put(self._sessions, session, headers)
                ]
            await send(message)

        await self._app(scope, receive, send_with_cookies)

    async def _opener(self, scope: _Scope) -> Callable[[], Session]:
        """Opens the session where it is not touched; a slow key derivation is made now, in a thread."""
        lines, header = [], None
        for name, value in scope["headers"]:
            if name == b"cookie":
                lines.append(value.decode("latin-1"))
            elif name == self._header and header is None:
                header = value
        # HTTP/2 allows several lines.
        cookie = "; ".join(lines) if lines else None
        peer = self._peer(scope) if self._peer is not None else None

        def open(*, warm_only: bool = False) -> Session:
            cross_site = is_cross_site(partial(_header, scope))
            return self._sessions.get(cookie, header, peer=peer, cross_site=cross_site, warm_only=warm_only)

        if "Fe26.2*" not in (cookie or "") and b"Fe26.2*" not in (header or b""):
            return open
        try:
            opened = open(warm_only=True)
        except Cold:
            opened = await asyncio.get_running_loop().run_in_executor(None, open)
        return lambda: opened


def _header(scope: _Scope, name: str) -> Optional[str]:
    key = name.lower().encode()
    lines = [value.decode("latin-1") for found, value in scope["headers"] if found == key]
    return ", ".join(lines) if lines else None


async def _refuse(scope: _Scope, send: _Send) -> None:
    """Answers 429 and touches no cookie; a WebSocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    await send({"type": "http.response.start", "status": 429, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
