"""Flask's `session`, in the cookie of h3, Nuxt and Nitro.

    app.session_interface = h3s.flask.H3SessionInterface(sessions)

It stands in for Flask's `SESSION_COOKIE_*` and `PERMANENT_SESSION_LIFETIME`: name, attributes and lifetimes are those of the
Sessions. As in Flask, the cookie ends with the browser unless `session.permanent` is set.

What JSON has not and Flask's own sessions keep, lives here as well, in the same form: tuples, bytes, UUIDs, datetimes and Markup.
"""

from __future__ import annotations

from typing import Any, Callable, Optional, cast

import flask
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin

from . import _json
from ._finding import Clock, find
from ._http import RequestSession, owed
from .cross_site import is_cross_site
from .errors import Busy, DataError
from .session import Session
from .sessions import Sessions

__all__ = ["H3Session", "H3SessionInterface", "session"]

_TAGS = TaggedJSONSerializer()
#: Its values need no tag.
_PLAIN = (str, int, float, bool, type(None))


class H3Session(RequestSession, SessionMixin):  # pyright: ignore[reportIncompatibleMethodOverride]
    """What `flask.session` is: a mapping, with `rotate`, `clear` and the rest of h3s.Session."""

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether this request made it."""
        return self.is_new

    @staticmethod
    def _text_of(key: object, value: Any) -> bytes:
        if type(value) in _PLAIN:
            return _json.text_of(key, value)
        try:
            tagged = _TAGS.tag(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(f"{key}: JSON cannot hold it: {error}", key=str(key)) from None
        return _json.text_of(key, tagged)

    @staticmethod
    def _decode(text: str) -> Any:
        # A tag is the name of an object's only member, and begins with a space.
        return _TAGS.loads(text) if '{" ' in text else _json.decode(text)


#: `flask.session`, declared as what it is: `from h3s.flask import session`.
session = cast(H3Session, flask.session)


class H3SessionInterface(SessionInterface):
    """Opens a session for each request and saves it with the response, errors included.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda request: request.remote_addr`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is: all
        that share the first 64 bits of an IPv6 address are one peer.
    clock: the time, for tests.

    For a second kind of session in the same application wrap `app.wsgi_app` in `h3s.wsgi.SessionMiddleware`.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        peer: Optional[Callable[[flask.Request], Optional[str]]] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        self._sessions = sessions
        self._peer = peer
        self._clock = clock

    def open_session(self, app: flask.Flask, request: flask.Request) -> H3Session:
        sessions = self._sessions

        def open() -> Session:
            try:
                return find(
                    sessions,
                    request.headers.get("cookie"),
                    request.headers.get(sessions.header_name) if sessions.header_name else None,
                    peer=self._peer(request) if self._peer is not None else None,
                    cross_site=is_cross_site(request.headers.get),
                    clock=self._clock,
                    method=request.method,
                    path=request.path,
                    is_plain=not request.is_secure,
                )
            except Busy:
                flask.abort(429)

        return H3Session(open, request.method, request.path)

    def save_session(self, app: flask.Flask, session: SessionMixin, response: flask.Response) -> None:
        if not isinstance(session, H3Session):
            return
        headers = response.headers
        # A view may return one constant response to all: what was owed to another visitor must not stay in it.
        for value in response.__dict__.pop(_OWED, ()):
            headers.setlist("Set-Cookie", [other for other in headers.getlist("Set-Cookie") if other != value])
        if session.touched:
            ours = owed(
                self._sessions,
                session,
                headers.getlist("Vary"),
                headers.getlist("Cache-Control"),
                until_closed=not session.permanent,
            )
            headers.update(ours.headers)
            for name in {name for name, _ in headers if ours.removed(name)}:
                headers.remove(name)
            for value in ours.cookies:
                headers.add("Set-Cookie", value)
            if ours.cookies:
                response.__dict__[_OWED] = ours.cookies
        session.headers_went()


_OWED = "_h3s_set_cookies"
