"""How the frameworks' modules find a request's session, and what they tell the log of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, Optional

from ._core import Text
from .errors import REASONS
from .options import Moment
from .session import Session
from .sessions import Sessions

__all__ = ["Clock", "cookie_of", "find", "time_of"]

#: The time, in seconds since 1970 or as a datetime with a time zone: for tests.
Clock = Callable[[], Moment]

_log = logging.getLogger("h3s")


def find(
    sessions: Sessions,
    cookie: Optional[Text],
    header: Optional[Text],
    *,
    peer: Optional[str],
    cross_site: bool,
    clock: Optional[Clock],
    method: str,
    path: str,
    is_plain: bool,
    warm_only: bool = False,
) -> Session:
    """The session of a request, by `get`.

    method, path: name the request in the log. is_plain: whether it came by HTTP without TLS.
    """
    now = clock() if clock is not None else None
    session = sessions.get(cookie, header, peer=peer, cross_site=cross_site, now=now, warm_only=warm_only)
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s %r: %s", method, path, _told(sessions, session, cookie, is_plain))
    return session


def time_of(clock: Optional[Clock]) -> datetime:
    """The time, by the clock of a test if there is one."""
    told = clock() if clock is not None else None
    if isinstance(told, datetime):
        return told
    return datetime.now(timezone.utc) if told is None else datetime.fromtimestamp(told, timezone.utc)


def cookie_of(environ: Mapping[str, Any]) -> Optional[str]:
    """The Cookie header of a WSGI request.

    Servers join several lines of it by commas, as if it were any header. A comma cannot
    be taken for the end of a line: whoever gets one into the value of any cookie would
    give a visitor another session, which nginx in front does not see. So the lines are
    read where the server has them.
    """
    cookie: Optional[str] = environ.get("HTTP_COOKIE")
    if cookie is not None and "," in cookie:
        lines = _lines_of_gunicorn(environ)
        if len(lines) > 1:
            return "; ".join(lines)
    return cookie


def _lines_of_gunicorn(environ: Mapping[str, Any]) -> list[str]:
    """The lines of Cookie in gunicorn's own request, which only a callback of it still holds."""
    for cell in getattr(environ.get("wsgi.early_hints"), "__closure__", None) or ():
        try:
            headers = cell.cell_contents.headers
            lines = [value for name, value in headers if name.upper() == "COOKIE"]
        except (AttributeError, TypeError, ValueError):
            continue
        if lines and all(isinstance(line, str) for line in lines):
            return lines
    return []


def _told(sessions: Sessions, session: Session, cookie: Optional[Text], is_plain: bool) -> str:
    """Where a session comes from, or why it is new. Nothing of it is a secret."""
    if session.source is not None:
        return f"the session of the {session.source}"
    reason = session.rejection
    if reason is not None:
        return f"a new session, since the token was refused: {reason} ({REASONS.get(reason, reason)})"
    if cookie is None:
        why = "a new session, since the request has no cookie"
    else:
        why = f"a new session, since none of the request's cookies is {sessions.cookie_name}"
    if is_plain and sessions._is_secure:
        why += (
            "; the session's is Secure and this request came by plain HTTP (or a proxy did not say HTTPS), over which"
            " browsers do not send it: for development there is Sessions(development=True)"
        )
    return why
