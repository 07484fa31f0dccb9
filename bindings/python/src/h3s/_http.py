"""What the frameworks' modules share.

That is a session that opens when it is touched, and what a response with one must say.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import floor
from typing import Any, Callable, Optional, TypeVar

from ._abi import RETRY_AFTER, fast
from ._core import Text, take
from ._headers import is_targeted, merged_vary, private
from .errors import Busy, ConfigError, H3sError, LateWriteWarning, StaleError, StateError, StoreError
from .options import MAX_SECONDS
from .revocations import Revocations
from .session import Session
from .sessions import Sessions

_Text = TypeVar("_Text", str, bytes)
_log = logging.getLogger("h3s")

__all__ = [
    "REFUSALS",
    "REFUSED",
    "Additions",
    "RequestSession",
    "additions",
    "age_at",
    "for_threads",
    "make_known",
    "put",
    "status_of",
]

#: What a session raises that cannot be opened now.
REFUSALS = (Busy, StaleError)


class RequestSession(Session):
    """What `request.session`, `flask.session` and `environ["h3s.session"]` are: costs nothing until
    it is touched.
    """

    __slots__ = ("_is_rotated", "_name", "_open", "_tell", "_unsealed", "owes", "refused", "touched")

    #: Whether anybody has looked at it: then the response depends on the cookie.
    touched: bool
    #: Why it could not be opened, or what it has revoked not be made known. The answer is 429 where
    #: the peer is over the limit, else 503.
    refused: Optional[H3sError]
    #: Whether it has revoked something that its middleware has not made known yet.
    owes: bool
    #: How that is made known at once; None: its middleware does so before the response goes.
    _tell: Optional[Callable[[RequestSession], None]]
    #: Whether it has a new id that no cookie tells the client of, but a token may.
    _is_rotated: bool
    #: Whether it was written after a WebSocket was accepted, and not sealed since.
    _unsealed: bool

    def __init__(self, open: Callable[[], Session], method: str, path: str) -> None:
        super().__init__(None)
        # The first access to it ends in __getattr__.
        del self._handle
        self._open = open
        self._name = (method, path)
        self._unsealed = self._is_rotated = self.touched = self.owes = False
        self.refused = self._tell = None

    def __getattr__(self, name: str) -> Any:
        if name != "_handle":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        try:
            opened = self._open()
        except REFUSALS as error:
            self.refused = error
            raise
        except AttributeError as error:
            # Of a `peer` or `clock`, say: as an AttributeError it would be taken for one of the
            # session's.
            raise RuntimeError(f"the session could not be opened: {error}") from error
        take(self, opened)
        self.touched = True
        # It most often holds the request, which holds the session.
        del self._open
        return self._handle

    # ---- As Starlette's and Flask's own ----------------------------------------------------------

    @property
    def modified(self) -> bool:
        """Whether the response needs a cookie.

        Changes are noticed, nested ones too; True seals again in any case.
        """
        return self.touched and self.is_dirty

    @modified.setter
    def modified(self, value: bool) -> None:
        # After a logout there is nothing to seal: that would be a new session.
        if value and not self.is_cleared:
            self.update()

    def mark_modified(self) -> None:
        """As `modified = True`. Nobody has to call it: changes are noticed."""
        self.modified = True

    @property
    def accessed(self) -> bool:
        """Whether anybody has looked into it."""
        return self.touched

    @accessed.setter
    def accessed(self, value: bool) -> None:
        # Flask sets it whenever `flask.session` is named; it is the look into it that counts.
        pass

    def mark_accessed(self) -> None:
        """For Starlette, which calls it whenever `request.session` is named.

        What is then done with it may be done by an extension module (pydantic's, say), which reads
        a dict's own storage: from now on the data is there.
        """
        self._data()

    # ---- What is revoked -------------------------------------------------------------------------

    def rotate(self) -> None:
        if self._late is None:
            super().rotate()
        else:
            # The client keeps the former id, unless it is sent a token.
            self._write(fast.h3s_rotate)
            self._is_rotated = True

    def _make_known(self) -> None:
        if not hasattr(self, "_revocations"):
            self.owes = True
            if self._tell is not None:
                self._tell(self)
            return
        try:
            super()._make_known()
        except StoreError as error:
            self.refused = error
            raise
        self.was_told()

    def was_told(self) -> None:
        """What is revoked was made known, be it at the second try."""
        if isinstance(self.refused, StoreError):
            self.refused = None

    def tell_by(self, tell: Callable[[RequestSession], None]) -> None:
        """From now on what is revoked is made known at once, by this function."""
        self._tell = tell

    def taken(self) -> list[str]:
        """What its middleware is to make known, or else to call `cannot_tell`."""
        self.owes = False
        return self._entries()

    def cannot_tell(self, error: StoreError) -> None:
        """What is revoked could not be made known."""
        self.refused, self.owes = error, True
        method, path = self._name
        _log.error("%s %r: %s", method, path, error)

    # ---- Once the response's headers have gone ---------------------------------------------------

    def headers_went(self, revocations: Optional[Revocations] = None) -> None:
        """From now on a write is lost, which its writer is told.

        revocations: through which what is revoked from now on is made known at once.
        """
        self._late = RequestSession._warn
        if revocations is not None:
            self._revocations = revocations

    def socket_opened(self) -> None:
        """From now on a write is lost if it is not sealed for the client in time, see `end`."""
        self._late = RequestSession._note

    def set_cookies(self) -> list[str]:
        self._before_sealing()
        return super().set_cookies()

    def seal(self) -> str:
        self._before_sealing()
        token = super().seal()
        self._unsealed = False
        if self._is_rotated:
            self._is_rotated = False
            self._make_known()
        return token

    def _before_sealing(self) -> None:
        """What a framework has still to write of its own."""

    def save(self) -> None:
        """Writes what was changed in place.

        Where it is too late, it warns of that, and of what no one sealed.
        """
        self._flush()
        if self._unsealed:
            self._unsealed = False
            self._warn()

    def end(self) -> None:
        """The request is over: tells of what was changed in place, or not sealed, in time."""
        if not self.touched:
            # It most often holds the request, which holds the session.
            self._open = _over
            return
        is_late = self._late is not None and self._handle is not None
        changed = self._changed() if is_late and self._given else []
        unsealed, self._unsealed = self._unsealed, False
        if is_late:
            self._given = {}
        if changed:
            self._warn(f", of {', '.join(map(repr, changed))}")
        elif unsealed:
            self._warn()

    def _note(self) -> None:
        self._unsealed = True

    def _warn(self, what: str = "") -> None:
        method, path = self._name
        warnings.warn(
            f"{method} {path!r}: the session was written after the headers of the response had gone, so the write is"
            f" lost{what}",
            LateWriteWarning,
            stacklevel=_outside(),
        )

    # ---- Its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        if self.touched:
            super().close()

    def __del__(self) -> None:
        # What was never made has no such attribute.
        if getattr(self, "touched", False):
            try:
                self.end()
            finally:
                super().__del__()

    def __repr__(self) -> str:
        return super().__repr__() if self.touched else f"<h3s.{type(self).__name__} not opened yet>"


def _outside() -> int:
    """The stack level, as its caller says it to `warnings.warn`, of the code that called this
    package.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    return level


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "h3s" or module in _BETWEEN


#: The modules by which a mapping's methods come here.
_BETWEEN = ("_collections_abc", "collections.abc", "django.contrib.sessions.backends.base")


def _over() -> Session:
    raise StateError("the request is over, and its session was not opened while it ran")


def for_threads(sessions: Sessions) -> Sessions:
    """For a framework without an event loop, in which nobody would follow an asyncio store."""
    if sessions.revocations is not None and sessions.revocations.is_asyncio:
        raise ConfigError("it is asyncio's, which takes h3s.asgi: use h3s.valkey.ValkeyStore", key="revocation_store")
    return sessions


def make_known(sessions: Sessions, session: RequestSession) -> bool:
    """Before the response goes, what was revoked. False: it could not be made known, answer 503."""
    if session.owes:
        try:
            lines = session.taken()
            if sessions.revocations is not None:
                sessions.revocations.publish(lines)
        except StoreError as error:
            session.cannot_tell(error)
            return False
    return True


def status_of(error: Optional[H3sError]) -> int:
    """Of the answer, where a session is `refused`."""
    return 429 if isinstance(error, Busy) else 503


#: The headers of that answer, which touches no cookie.
REFUSED = (
    ("Content-Type", "text/plain"),
    ("Content-Length", "0"),
    ("Retry-After", str(RETRY_AFTER)),
    ("Cache-Control", "no-store"),
)


class Additions:
    """What a response where a session was touched must say.

    Headers to set, others to remove, Set-Cookie values to add.
    """

    __slots__ = ("cookies", "headers", "removed")

    def __init__(self, headers: dict[str, str], cookies: list[str]) -> None:
        self.headers = headers
        self.cookies = cookies
        #: Says whether a header of the response has to go.
        self.removed: Callable[[Text], bool] = is_targeted if cookies else lambda _: False


def additions(
    sessions: Sessions,
    session: Session,
    vary: Sequence[Text],
    cache_control: Sequence[Text],
    *,
    insecure: bool = False,
) -> Additions:
    """vary, cache_control: the values of these header lines so far.

    insecure: the cookie is not to be Secure.
    """
    headers = {}
    if sessions.vary:
        headers["Vary"] = merged_vary(session._config, vary, sessions.vary)
    cookies = session.set_cookies()
    if cookies:
        headers["Cache-Control"] = private(cache_control)
        if insecure:
            cookies = ["; ".join(part for part in value.split("; ") if part != "Secure") for value in cookies]
    return Additions(headers, cookies)


def put(
    sessions: Sessions,
    session: RequestSession,
    headers: Iterable[tuple[_Text, _Text]],
    encode: Callable[[str], _Text],
    *,
    insecure: bool = False,
) -> list[tuple[_Text, _Text]]:
    """A response's headers, in a list of its own, with what the session adds.

    encode: makes a header's text what the response has: str or bytes.
    """
    present = list(headers)
    if not session.touched:
        return present

    keys = [name.lower() for name, _ in present]
    vary, cache_control = _lines(keys, present, encode("vary")), _lines(keys, present, encode("cache-control"))
    ours: Additions = additions(sessions, session, vary, cache_control, insecure=insecure)
    taken = [encode(name.lower()) for name in ours.headers]
    kept = [header for key, header in zip(keys, present) if key not in taken and not ours.removed(key)]
    kept += [(encode(name), encode(value)) for name, value in ours.headers.items()]
    kept += [(encode("Set-Cookie"), encode(value)) for value in ours.cookies]
    return kept


def _lines(keys: list[_Text], headers: list[tuple[_Text, _Text]], name: _Text) -> list[_Text]:
    return [header[1] for key, header in zip(keys, headers) if key == name] if name in keys else []


def age_at(session: Session, end: datetime) -> int:
    """The lifetime of a session that is to end then: seconds from `created_at`.

    A fraction of a second goes, so it ends no later.
    """
    created_at = session.created_at
    age = (end - created_at).total_seconds() if created_at is not None else 0
    return min(max(floor(age), 1), MAX_SECONDS)
