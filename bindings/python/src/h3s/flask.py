"""Flask's `session`, in the cookie of h3, Nuxt and Nitro.

    app.session_interface = h3s.flask.H3SessionInterface(sessions)

It stands in for Flask's `SESSION_COOKIE_*`: name and attributes are those of the Sessions. As in
Flask, a session ends with the browser unless `session.permanent` is set; then it lives for
`PERMANENT_SESSION_LIFETIME`, but never longer than `max_age` of the Sessions. Both are sealed in
the token, so every server keeps to them.

What JSON has not and Flask's own sessions keep, lives here as well: tuples, bytes, UUIDs, datetimes
and Markup. Other services find a list or a string in its place.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable, Optional, cast

import flask
from flask.sessions import SessionInterface, SessionMixin
from werkzeug import exceptions

from . import _abi, _json, _tagged
from ._finding import Clock, cookie_of, find, time_of
from ._http import RequestSession, additions, age_at, for_threads, make_known, status_of
from .cross_site import is_cross_site
from .errors import Busy, ConfigError, DataError, StaleError, StateError, StoreError
from .options import Duration
from .session import Session
from .sessions import Sessions

__all__ = ["H3Session", "H3SessionInterface", "session"]


class TooManyRequests(Busy, exceptions.TooManyRequests):
    """Busy, of which Flask makes 429."""


class ServiceUnavailable(StaleError, exceptions.ServiceUnavailable):
    """StaleError, of which Flask makes 503."""


class H3Session(RequestSession, SessionMixin):  # pyright: ignore[reportIncompatibleMethodOverride]
    """What `flask.session` is: a mapping, with `rotate`, `clear` and the rest of h3s.Session."""

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether this request made it."""
        return self.is_new

    # ---- How long it lives -----------------------------------------------------------------------

    #: What the interface knows of it.
    _app: flask.Flask
    _clock: Optional[Clock]
    _sessions: Sessions
    #: Whether `clear` was called, and whether its lifetime was said since.
    _ended = False
    _is_told = False

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser: of a new session False until that is set.

        True: it lives for Flask's `PERMANENT_SESSION_LIFETIME` from now on, but never longer than
        `max_age` of the Sessions. Other writes do not make it longer; set it at each request to
        have it slide. False: its cookie ends with the browser.

        In Fe26.2, which has no place for it, each session lasts as the Sessions say, and this is
        True. What cannot be kept there raises StateError.
        """
        return not self._begins() and not self.ends_with_browser

    @permanent.setter
    def permanent(self, value: bool) -> None:
        if not value:
            if not self._begins():
                # One that another server has set is not made longer.
                self.set_lifetime(self.lifetime, ends_with_browser=True)
            return
        age = self._app.permanent_session_lifetime
        if age < timedelta(seconds=1):
            raise ConfigError("a permanent session lives for a second at least", key="PERMANENT_SESSION_LIFETIME")
        if self.is_cleared:
            # It has to begin before it can have a lifetime.
            self.update()
        if self._sessions._holds_lifetimes():
            self.set_lifetime(age_at(self, time_of(self._clock) + age))
            return
        longest = self._sessions._age()
        if longest is None or age < longest:
            raise StateError(
                "PERMANENT_SESSION_LIFETIME: Fe26.2, in which sessions are sealed here, has no place for a lifetime of"
                " one session; give the Sessions a max_age that is no longer"
            )

    def rotate(self) -> None:
        super().rotate()
        # Its age until now is in what `permanent` has set.
        age = self._app.permanent_session_lifetime
        if self.lifetime is not None and timedelta(seconds=1) <= age < self.lifetime:
            self.set_lifetime(age_at(self, time_of(self._clock) + age), ends_with_browser=self.ends_with_browser)

    def set_lifetime(self, max_age: Optional[Duration] = None, *, ends_with_browser: bool = False) -> None:
        super().set_lifetime(max_age, ends_with_browser=ends_with_browser)
        self._is_told = True

    def _begins(self) -> bool:
        """Whether it is new in this request, and nothing was said of its lifetime."""
        return not self._is_told and (self._ended or self.is_new) and self._sessions._holds_lifetimes()

    def _before_sealing(self) -> None:
        # Flask's sessions end with the browser where nothing was said.
        if self._begins() and self.is_dirty and not self.is_cleared:
            self.set_lifetime(ends_with_browser=True)

    # ---- Values with types that JSON has not, see _tagged ----------------------------------------

    _text_of = staticmethod(_tagged.text_of)

    #: The tagged values, by their keys; None where they have to be read.
    _kept: Optional[dict[str, Any]] = None

    # A string may have a type, which the extension's short cut does not know.
    __getitem__ = RequestSession._item

    def __setitem__(self, key: str, value: Any) -> None:
        if type(value) in _tagged.PLAIN and key not in self._types() and key != _tagged.MEMBER:
            super().__setitem__(key, value)
        else:
            self.update({key: value})

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        kept = self._types()
        if key in kept:
            self._kept = None
            name = _tagged.MEMBER.encode()
            rest = _json.text_of("", {other: value for other, value in kept.items() if other != key})
            if rest == b"{}":
                self._write(_abi.fast.h3s_remove, name, len(name))
            else:
                self._write(_abi.fast.h3s_set_json, name, len(name), rest, len(rest))

    def clear(self) -> None:
        super().clear()
        self._forget()

    def _end_by(self, function: Callable[..., int]) -> None:
        super()._end_by(function)
        self._forget()

    def _forget(self) -> None:
        self._kept = None
        self._ended, self._is_told = True, False

    def _object_of(self, values: dict[str, Any], *, whole: bool = False) -> tuple[dict[str, bytes], bytes]:
        if _tagged.MEMBER in values:
            raise DataError("this key is kept for the types of other values", key=_tagged.MEMBER)
        former = {} if whole else self._types()
        kept = {key: value for key, value in former.items() if key not in values}
        texts = {}
        for key, value in values.items():
            texts[key], tagged = _tagged.write(key, value)
            if tagged is not None:
                kept[key] = tagged
        self._kept = None
        more = {} if kept == former else {_tagged.MEMBER: _json.text_of("", kept)}
        return texts, _json.object_of({**texts, **more})

    def _types(self) -> dict[str, Any]:
        if self._kept is None:
            text = self._find(b"/" + _tagged.MEMBER.encode())
            kept = {} if text is None else _json.decode(text)
            self._kept = kept if isinstance(kept, dict) else {}
        return self._kept

    def _read(self, key: str) -> Any:
        if key == _tagged.MEMBER:
            raise KeyError(key)
        return super()._read(key)

    def _decode(self, key: str, text: str) -> Any:
        value = super()._decode(key, text)
        return value if type(value) in _NEVER_TAGGED else _tagged.typed(key, value, self._types())

    def _decode_all(self, text: str) -> dict[str, Any]:
        values = super()._decode_all(text)
        values.pop(_tagged.MEMBER, None)
        kept = self._types()
        return {key: _tagged.typed(key, value, kept) for key, value in values.items()} if kept else values

    def _keep(self, key: str, value: Any, text: bytes) -> None:
        super()._keep(key, value, self._fingerprint(value))

    def _fingerprint(self, value: Any) -> bytes:
        return _tagged.fingerprint(value)


#: A value of another type stands as a string, a list or an object.
_NEVER_TAGGED = (int, float, bool, type(None))


#: `flask.session`, declared as what it is: `from h3s.flask import session`.
session = cast(H3Session, flask.session)


class H3SessionInterface(SessionInterface):
    """Opens a session for each request and saves it with the response, errors included.

    peer: says who asks, to limit forged Fe26.2 tokens, e.g. `lambda request: request.remote_addr`.
        Behind a proxy that is the proxy; without it there is no limit. Give the address as it is:
        all that share the first 64 bits of an IPv6 address are one peer.
    clock: the time, for tests.

    For a second kind of session in the same application wrap `app.wsgi_app` in
    `h3s.wsgi.SessionMiddleware`.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        peer: Optional[Callable[[flask.Request], Optional[str]]] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        self._sessions = for_threads(sessions)
        self._peer = peer
        self._clock = clock

    def open_session(self, app: flask.Flask, request: flask.Request) -> H3Session:
        sessions, refused = self._sessions, False

        def open() -> Session:
            nonlocal refused
            if refused:
                # By the page that says 429 or 503, or whatever went on in spite of it.
                return sessions.get()
            try:
                return find(
                    sessions,
                    cookie_of(request.environ),
                    request.headers.get(sessions.header_name) if sessions.header_name else None,
                    peer=self._peer(request) if self._peer is not None else None,
                    cross_site=is_cross_site(request.headers.get),
                    clock=self._clock,
                    method=request.method,
                    path=request.path,
                    is_plain=not request.is_secure,
                )
            except Busy as busy:
                refused = True
                raise TooManyRequests(busy.message) from None
            except StaleError as stale:
                refused = True
                raise ServiceUnavailable(stale.message) from None

        session = H3Session(open, request.method, request.path)
        session._app, session._clock, session._sessions = app, self._clock, sessions
        return session

    def save_session(self, app: flask.Flask, session: SessionMixin, response: flask.Response) -> None:
        if not isinstance(session, H3Session):
            return
        headers = response.headers
        # A view may return one constant response to all, one after the other: the cookies of
        # another visitor go.
        for value in response.__dict__.pop(_ADDED, ()):
            headers.setlist("Set-Cookie", [other for other in headers.getlist("Set-Cookie") if other != value])
        if session.refused is None and not make_known(self._sessions, session):
            # Which Flask makes 500 of, and comes here again.
            raise session.refused or StoreError("what was revoked could not be made known")
        if session.refused is not None:
            # Nothing that was written meanwhile is of the visitor's own session.
            is_lost = isinstance(session.refused, StoreError) and response.status_code < 500
            if is_lost:
                # What an error handler says all the same would pass for a logout that has happened.
                response.set_data(session.refused.message)
                response.headers.pop("Location", None)
            if is_lost or response.status_code == 500:
                response.status_code = status_of(session.refused)
        elif session.touched:
            ours = additions(
                self._sessions,
                session,
                headers.getlist("Vary"),
                headers.getlist("Cache-Control"),
            )
            headers.update(ours.headers)
            for name in {name for name, _ in headers if ours.removed(name)}:
                headers.remove(name)
            for value in ours.cookies:
                headers.add("Set-Cookie", value)
            if ours.cookies:
                response.__dict__[_ADDED] = ours.cookies
        session.headers_went(self._sessions.revocations)


_ADDED = "_h3s_set_cookies"
