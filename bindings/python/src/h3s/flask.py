"""Flask's `session`, in the cookie of h3, Nuxt and Nitro.

    app.session_interface = h3s.flask.H3SessionInterface(sessions)

It stands in for Flask's `SESSION_COOKIE_*` and `PERMANENT_SESSION_LIFETIME`: name, attributes and lifetimes are those of the
Sessions. As in Flask, the cookie ends with the browser unless `session.permanent` is set.
"""

from __future__ import annotations

from typing import Callable, Optional

import flask
from flask.sessions import SessionInterface, SessionMixin

from ._http import LazySession, owed
from .cross_site import is_cross_site
from .errors import Busy
from .session import Session
from .sessions import Sessions

__all__ = ["H3Session", "H3SessionInterface"]


class H3Session(LazySession, SessionMixin):
    """What `flask.session` is: a mapping, with `rotate`, `clear` and the rest of h3s.Session."""

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether this request made it."""
        return self.is_new

    @property
    def modified(self) -> bool:
        """Whether a cookie is owed. Changes are noticed, nested ones too; True seals again in any case."""
        return self.touched and self.is_dirty

    @modified.setter
    def modified(self, value: bool) -> None:
        if value:
            self.update()

    @property
    def accessed(self) -> bool:
        """Whether anybody has looked into it."""
        return self.touched

    @accessed.setter
    def accessed(self, value: bool) -> None:
        # Flask sets it whenever `flask.session` is named; it is the look into it that counts.
        pass


class H3SessionInterface(SessionInterface):
    """Opens a session for each request and saves it with the response, errors included.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda request: request.remote_addr`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is: all
        that share the first 64 bits of an IPv6 address are one peer.
    """

    def __init__(self, sessions: Sessions, *, peer: Optional[Callable[[flask.Request], str]] = None) -> None:
        self._sessions = sessions
        self._peer = peer

    def open_session(self, app: flask.Flask, request: flask.Request) -> H3Session:
        sessions, peer = self._sessions, self._peer

        def open() -> Session:
            header = request.headers.get(sessions.header_name) if sessions.header_name else None
            who = peer(request) if peer is not None else None
            cross_site = is_cross_site(request.headers.get)
            try:
                return sessions.get(request.headers.get("cookie"), header, peer=who, cross_site=cross_site)
            except Busy:
                flask.abort(429)

        return H3Session(open)

    def save_session(self, app: flask.Flask, session: SessionMixin, response: flask.Response) -> None:
        if not isinstance(session, H3Session) or not session.touched:
            return
        headers = response.headers
        vary, cache_control = ", ".join(headers.getlist("vary")), ", ".join(headers.getlist("cache-control"))
        ours, cookies = owed(self._sessions, session, vary, cache_control, until_closed=not session.permanent)
        headers.update(ours)
        for value in cookies:
            headers.add("Set-Cookie", value)
