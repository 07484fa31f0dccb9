"""How the frameworks' modules find a request's session, and what they tell the log of it."""

from __future__ import annotations

import logging
import re
from typing import Callable, Optional, Union

from .errors import REASONS, Cold
from .options import Moment
from .session import Session
from .sessions import Sessions

__all__ = ["Clock", "find", "may_be_cold"]

#: The time, in seconds since 1970 or as a datetime with a time zone: for tests.
Clock = Callable[[], Moment]

_log = logging.getLogger("h3s")
# A comma before the name of a cookie.
_COMMA = re.compile(r",[ \t]*(?=[!#$%&'*+\-.^_`|~0-9A-Za-z]+=)")
#: A well-formed Fe26.2 token that no password has sealed.
_FORGED = "Fe26.2**" + "0" * 64 + "*" + "A" * 22 + "*" + "A" * 22 + "**" + "0" * 64 + "*" + "A" * 43


def find(
    sessions: Sessions,
    cookie: Optional[str],
    header: Union[str, bytes, None],
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
    if cookie is not None and "," in cookie and session.source is None:
        # Servers for WSGI join several lines of Cookie by commas, as if it were any header.
        cookie = _COMMA.sub("; ", cookie)
        other = sessions.get(cookie, header, peer=peer, cross_site=cross_site, now=now, warm_only=warm_only)
        if other.source is not None:
            session = other
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s %r: %s", method, path, _told(sessions, session, cookie, is_plain))
    return session


def may_be_cold(sessions: Sessions) -> bool:
    """Whether opening may take a slow derivation: only the library knows what its options come to."""
    try:
        sessions.get(f"{sessions.cookie_name}={_FORGED}", _FORGED, warm_only=True)
    except Cold:
        return True
    return False


def _told(sessions: Sessions, session: Session, cookie: Optional[str], is_plain: bool) -> str:
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
    if is_plain and sessions._is_secure():
        why += (
            "; the session's is Secure and this request came by plain HTTP (or a proxy did not say HTTPS), over which"
            " browsers do not send it: for development there is Sessions(development=True)"
        )
    return why
