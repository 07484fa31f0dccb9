"""What the frameworks' modules share: a session that opens when it is touched, and what a response with one must say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable, Optional

from .session import Session
from .sessions import Sessions


class LazySession(Session):
    """Costs nothing until it is touched."""

    __slots__ = ("_open", "touched")

    #: Whether anybody has looked at it: then the response depends on the cookie.
    touched: bool

    def __init__(self, open: Callable[[], Session]) -> None:
        super().__init__(None)
        # The first access to it ends in __getattr__.
        del self._handle
        self._open = open
        self.touched = False

    def __getattr__(self, name: str) -> Any:
        if name != "_handle":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        opened = self._open()
        self._handle, opened._handle = opened._handle, None
        self.touched = True
        return self._handle

    def close(self) -> None:
        if self.touched:
            super().close()

    def __del__(self) -> None:
        if self.touched:
            super().__del__()


def owed(
    sessions: Sessions,
    session: Session,
    vary: Optional[str],
    cache_control: Optional[str],
    *,
    until_closed: bool = False,
) -> tuple[dict[str, str], list[str]]:
    """The headers to set and the Set-Cookie values to add where a session was touched.

    vary, cache_control: what the response says so far. until_closed: the cookie is to end with the browser.
    """
    headers = {}
    if sessions.vary:
        headers["Vary"] = _merged(vary, sessions.vary)
    cookies = session.set_cookies()
    if cookies:
        headers["Cache-Control"] = _private(cache_control)
        if until_closed:
            cookies = [_without_end(value) for value in cookies]
    return headers, cookies


def put(sessions: Sessions, session: LazySession, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """A response's headers, in a list of its own, with what is owed to the session."""
    headers = list(headers)
    if not session.touched:
        return headers

    def joined(name: str) -> Optional[str]:
        return ", ".join(value for key, value in headers if key.lower() == name) or None

    ours, cookies = owed(sessions, session, joined("vary"), joined("cache-control"))
    taken = {name.lower() for name in ours}
    kept = [(key, value) for key, value in headers if key.lower() not in taken]
    return [*kept, *ours.items(), *(("Set-Cookie", value) for value in cookies)]


def _directives(value: Optional[str]) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def _merged(vary: Optional[str], names: str) -> str:
    if not vary:
        return names
    present = _directives(vary)
    known = {name.lower() for name in present}
    if "*" in known:
        return "*"
    return ", ".join([*present, *(name for name in _directives(names) if name.lower() not in known)])


def _private(cache_control: Optional[str]) -> str:
    """No shared cache may keep a response that sets the cookie: it would hand one user's session to another."""
    if not cache_control:
        return "private"
    present = _directives(cache_control)
    kept = [part for part in present if part.partition("=")[0].lower() not in ("public", "s-maxage", "private")]
    # `private="Set-Cookie"` says less than `private`, so it is no substitute.
    return ", ".join(kept if "no-store" in (part.lower() for part in kept) else ["private", *kept])


def _without_end(cookie: str) -> str:
    parts = cookie.split("; ")
    if "Max-Age=0" in parts:
        return cookie
    return "; ".join(part for part in parts if not part.startswith(("Max-Age=", "Expires=")))
