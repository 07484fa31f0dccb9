"""What `python -m h3s explain` says of a request: what was tried, and which token is the session.

Whether a token opens, and which of several is the session, the library says, to which each
candidate is given by itself. What is read here is only what helps to say why. No secret, no token
and no data is told: names of cookies, lengths, key ids and times are all that comes out.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ctypes import create_string_buffer
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Optional

from . import _advice
from ._abi import fast
from ._core import to_bytes
from ._looks import H3, Looks, is_candidate, looks_of
from .errors import Rejected
from .session import Session
from .sessions import Sessions

#: As the library has it: of the cookies, so many are tried.
_TRIED = 4
#: Of those that it passes over, so many are told one by one, and the others by their number.
_TOLD = 8
#: In seconds: further ahead, no clock is.
_LATER = 20 * 365 * 86_400
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CHUNKED = re.compile(r"__chunked__(100|[1-9][0-9]?)")

Make = Callable[[Mapping[str, Any]], Sessions]


@dataclass
class Request:
    """The headers that may bring a session."""

    cookie: str = ""
    header: Optional[str] = None
    #: A token without a header's name before it.
    bare: Optional[str] = None
    #: The other headers.
    others: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Candidate:
    """A token that may be the session, and what came of it."""

    where: str
    looks: Looks
    request: Request
    #: Of a cookie: what stands between its semicolons, and after its equals sign.
    piece: str = ""
    value: str = ""
    #: In how many cookies its token is, and the number of one that is not there.
    cookies: int = 1
    missing: Optional[int] = None
    #: Why the library does not look at it in this request; empty if it does.
    passed_over: str = ""
    session: Optional[Session] = None
    is_from_the_future: bool = False
    reason: Optional[str] = None


def request_of(text: str, header_name: str) -> Request:
    """Reads headers, a line each, as browsers and curl show them; or a Cookie header's value, or a
    bare token, alone.

    text: its characters are the bytes of a request, in Latin-1. (What else Python calls a line's
    end is then a part of some character in UTF-8.)
    """
    request, cookies = Request(), []
    for raw in re.split(r"[\r\n]+", text):
        line = raw.strip(" \t").lstrip("<> \t")
        name, colon, value = line.partition(":")
        if not line or line.startswith((":", "*")) or re.search(r" HTTP/[\d.]+$", line):
            continue
        if not (colon and _NAME.fullmatch(name)):
            # No token has an equals sign in it, and no cookie is without one.
            if "=" in line:
                cookies.append(line)
            else:
                request.bare = line
        elif name.lower() == "cookie":
            cookies.append(value.strip(" \t"))
        elif name.lower() == header_name:
            request.header = value.strip(" \t")
        else:
            request.others.append((name, value.strip(" \t")))
    request.cookie = "; ".join(cookies)
    return request


class Explanation:
    """All that is said of one request."""

    def __init__(self, options: Mapping[str, Any], make: Make) -> None:
        self.options, self._make = options, make
        self._now = time.time()
        self.sessions = make(options)
        password = options["password"]
        #: The passwords' ids; nothing for one that has none.
        self.ids: list[str] = list(password) if isinstance(password, Mapping) else []
        given = options.get("seal", "h3s1")
        seal: dict[str, Any] = {"format": given} if isinstance(given, str) else given
        #: Whether there is a session, once all was told.
        self.has_session = False
        #: How many cookies of the session's name are not told one by one.
        self.left_out = 0
        self.formats: list[str] = seal.get("accept") or [seal.get("format", "h3s1")]

    def told(self, request: Request) -> Iterator[str]:
        """The lines. They say first what there is, and last which is the session."""
        candidates = self.candidates(request)
        for candidate in candidates:
            self._open(candidate)
        yield from self._heading()
        for number, candidate in enumerate(candidates, 1):
            yield ""
            yield from self._of(number, candidate)
        if self.left_out:
            yield ""
            yield f"and {self.left_out} more of that name, which are not looked at in this request"
        yield ""
        yield from self._session(request, candidates)
        yield from self._beside(request)

    # ---- Candidates ------------------------------------------------------------------------------

    def candidates(self, request: Request) -> list[Candidate]:
        found = []
        if request.bare:
            found.append(Candidate("the token", looks_of(request.bare), Request(bare=request.bare)))
        if request.header:
            looks = looks_of(_without_bearer(request.header))
            found.append(Candidate(f"header {self.sessions.header_name}", looks, Request(header=request.header)))
        return found + self._of_cookies(request.cookie)

    def _of_cookies(self, cookie: str) -> list[Candidate]:
        if self.options.get("cookie") is False:
            return []
        pieces = cookie.split(";")
        pairs = [_pair(piece) for piece in pieces]
        own = self.sessions.cookie_name
        # With a dot or without, as others number their first chunk; where none is known, the
        # library passes it over.
        firsts = [own + end for end in (".0", "__0") if self._knows(own + end)]
        places = [place for place, (name, value) in enumerate(pairs) if name in (own, *firsts) and value]
        of_session = set(places)
        totals, nth = Counter(pairs[place][0] for place in places), Counter[str]()
        found: list[Candidate] = []
        tried: list[str] = []
        for place in places:
            name, value = pairs[place]
            nth[name] += 1
            passed_over = _passed_over(value, tried)
            if not passed_over:
                tried.append(value)
            elif len(found) - len(tried) >= _TOLD:
                self.left_out += 1
                continue
            alone = ";".join(piece for other, piece in enumerate(pieces) if other == place or other not in of_session)
            token, cookies, missing = _joined(place, own, pairs)
            where = f"cookie {name}" + (f" ({nth[name]} of {totals[name]} of that name)" if totals[name] > 1 else "")
            candidate = Candidate(where, looks_of(token), Request(cookie=alone), pieces[place].strip(" \t"), value)
            candidate.cookies, candidate.missing, candidate.passed_over = cookies, missing, passed_over
            found.append(candidate)
        return found

    def _knows(self, name: str) -> bool:
        """Whether a cookie of this name may be the session's."""
        return self.sessions.get(cookie=f"{name}=eyJ0").rejection is not None

    def _open(self, candidate: Candidate) -> None:
        candidate.session, candidate.reason = opened(self.sessions, candidate.request, self._now)
        if candidate.reason == "malformed":
            # What is only early opens later, or has ended by then.
            late = opened(self.sessions, candidate.request, self._now + _LATER)
            candidate.is_from_the_future = late[1] != "malformed"

    # ---- What is said ----------------------------------------------------------------------------

    def _heading(self) -> Iterator[str]:
        name, header = self.sessions.cookie_name, self.sessions.header_name
        where = [f"cookie {name}"] if self.options.get("cookie") is not False else []
        where += [f"header {header}"] if header else []
        yield f"options: {', '.join(where)}; opens {', '.join(self.formats)}; {self._passwords()}"

    def _passwords(self) -> str:
        return f"passwords {', '.join(self.ids)}" if self.ids else "one password, without an id"

    def _of(self, number: int, candidate: Candidate) -> Iterator[str]:
        looks = candidate.looks
        cookies = f" in {candidate.cookies} cookies" if candidate.cookies > 1 else ""
        yield f"{number}. {candidate.where}: {looks.length} characters{cookies}, {looks.form}{self._key(looks)}"
        if candidate.session is not None:
            yield f"   opens with {self._password_of(candidate)}; {_times(candidate.session)}"
        elif candidate.reason is not None:
            yield f"   refused as {candidate.reason}; {self._tried(candidate)}"
            for line in self._why(candidate):
                yield f"   {line}"
        if candidate.passed_over:
            yield f"   not looked at in this request: {candidate.passed_over}"

    def _key(self, looks: Looks) -> str:
        if looks.key_id is None:
            return ""
        return f", of password {looks.key_id}" if looks.key_id else ", naming no password"

    def _tried(self, candidate: Candidate) -> str:
        key_id = candidate.looks.key_id
        if candidate.reason in ("malformed", "unsupported_format", "too_large"):
            return "no password was tried" if not candidate.is_from_the_future else "it is genuine"
        if candidate.reason == "unknown_key":
            here = f"the passwords here are {', '.join(self.ids)}" if self.ids else "the password here has no id"
            return f"no password was tried: {here}"
        if key_id:
            return f"tried: password {key_id}"
        return f"tried: {', '.join(self.ids) or 'the password'}"

    def _password_of(self, candidate: Candidate) -> str:
        """Which password has opened it: each is tried alone."""
        if len(self.ids) < 2:
            return f"password {self.ids[0]}" if self.ids else "the password"
        for key, password in self.options["password"].items():
            sessions = self._make({**self.options, "password": {key: password}})
            if opened(sessions, candidate.request, self._now)[0] is not None:
                return f"password {key}"
        return "one of the passwords"

    def _why(self, candidate: Candidate) -> Iterator[str]:
        if candidate.reason in ("expired", "idle", "revoked"):
            # Without limits it opens, and tells its times.
            limits = ("maxAge", "idleTimeout", "notBefore", "revocation")
            without = {name: value for name, value in self.options.items() if name not in limits}
            session, _ = opened(self._make(without), candidate.request, self._now)
            if session is not None:
                yield _times(session, end=False)
            yield from _advice.ended(candidate.reason, self.options, session)
        elif candidate.is_from_the_future:
            yield from _advice.from_the_future()
        elif candidate.missing is not None:
            yield from _advice.missing_chunk(candidate.missing, candidate.cookies)
        elif not candidate.looks.is_token and not candidate.piece:
            yield from _advice.no_token()
        elif other := self._other_h3(candidate):
            yield from _advice.other_h3(other)
        else:
            assert candidate.reason is not None
            yield from _advice.refused(candidate.reason, candidate.looks, self.formats)

    def _other_h3(self, candidate: Candidate) -> Optional[str]:
        """The format of h3 in which the token opens, where the options have only the other one."""
        if candidate.reason != "bad_seal" or candidate.looks.formats != H3:
            return None
        without = {name: value for name, value in self.options.items() if name not in ("seal", "legacySealFallback")}
        for format in H3:
            alone = {"seal": format, **({"legacySealFallback": False} if format == "h3-2" else {})}
            if opened(self._make({**without, **alone}), candidate.request, self._now)[1] != "bad_seal":
                return format
        return None

    def _session(self, request: Request, candidates: Sequence[Candidate]) -> Iterator[str]:
        if request.bare:
            self.has_session = candidates[0].session is not None
            yield "session: the token's" if self.has_session else "session: none"
            return
        session = self.sessions.get(cookie=request.cookie, header=request.header, now=self._now)
        self.has_session = not session.is_new
        if session.is_new:
            yield "session: none, so the request gets a new one"
            if _advice.is_joined_by_comma(request.cookie, self.sessions.cookie_name):
                yield from _advice.joined_by_comma()
            elif not candidates:
                yield from _advice.nothing(self.sessions, self.options, [_pair(p) for p in request.cookie.split(";")])
            elif candidates[0].request.header and candidates[0].reason in ("expired", "idle", "revoked"):
                yield "  The header named a session that has ended: then no cookie is looked at, so that the client is"
                yield "  not someone else all at once."
            return
        opening = [candidate for candidate in candidates if candidate.session is not None]
        if session.source == "header":
            why = "the header goes before all cookies" if len(candidates) > 1 else "the only one there is"
            yield f"session: 1, {why}"
            return
        kept = {piece.strip(" \t") for piece in _strip(session, request.cookie).split(";")}
        places = [place for place, one in enumerate(candidates) if one.session is not None and one.piece in kept]
        # Several may count their chunks by the same text; and a session without an id has another
        # one each time.
        same = (place for place in places if _is_same(candidates[place].session, session))
        number = 1 + next(same, places[0])
        several = [candidate for candidate in opening if not candidate.passed_over]
        if len(several) > 1:
            yield f"session: {number}, of the {len(several)} that open the one that was seen or made last"
        else:
            yield f"session: {number}, the only one that opens"
        if sum(bool(candidate.piece) for candidate in candidates) > 1:
            yield from _advice.several()

    def _beside(self, request: Request) -> Iterator[str]:
        """What stands beside the session's own, and may be why it is not found."""
        own = self.sessions.header_name
        others = (name for name, value in request.others if looks_of(_without_bearer(value)).is_token)
        for name in _advice.first_few(others):
            yield from _advice.other_header(name, own)
        if self.options.get("cookie") is False and request.cookie:
            yield 'Cookies are not read at all: the options have "cookie": false.'
        if self.sessions.revocations is not None and not self.sessions.revocations.entries:
            yield from _advice.nothing_revoked()


def opened(sessions: Sessions, request: Request, now: float) -> tuple[Optional[Session], Optional[str]]:
    """The session of a request, or why its first token was refused."""
    if request.bare:
        try:
            return sessions.unseal(request.bare, now=now), None
        except Rejected as error:
            return None, error.reason
    session = sessions.get(cookie=request.cookie, header=request.header, now=now)
    return (None, session.rejection) if session.is_new else (session, None)


def _without_bearer(value: str) -> str:
    return re.sub(r"(?i)^bearer +", "", value)


def _pair(piece: str) -> tuple[str, str]:
    name, equals, value = piece.partition("=")
    if not equals:
        return "", name.strip(" \t")
    value = value.strip(" \t")
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return name.strip(" \t"), value[1:-1] if quoted else value


def _joined(place: int, own: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, int, Optional[int]]:
    """A token with what its chunks hold, their number, and the first of them that is missing."""
    name, value = pairs[place]
    # Of each name the first that comes after, else the first at all: as browsers send the cookies
    # of one path.
    there = {other: text for other, text in [*reversed(pairs[:place]), *reversed(pairs[place:])] if text}
    counted = _CHUNKED.fullmatch(value)
    if counted:
        names = [f"{own}.{number}" for number in range(1, int(counted[1]) + 1)]
    elif name == own:
        return value, 1, None
    else:
        # Nothing counts them.
        numbered = [f"{name[:-1]}{number}" for number in range(100)]
        names = numbered[: 1 + max(place for place, one in enumerate(numbered) if one in there)]
    missing = next((place for place, one in enumerate(names) if one not in there), None)
    if missing is not None and counted:
        missing += 1
    return "".join(there.get(one, "") for one in names), len(names), missing


def _passed_over(value: str, tried: Sequence[str]) -> str:
    """Why the library does not try a cookie after those that it tries."""
    if not is_candidate(value):
        return "it does not begin like a token"
    # Chunks may say the same, and mean others.
    if value in tried and not value.startswith("__chunked__"):
        return "it is the same as one before"
    return f"{_TRIED} cookies are tried" if len(tried) >= _TRIED else ""


def _strip(session: Session, cookie: str) -> str:
    """The header with no cookies of the session's name but those that it was opened from."""
    text = to_bytes(cookie)
    out = create_string_buffer(len(text) + 1)
    length = fast.h3s_session_strip(session._opened(), text, len(text), out)
    return out.raw[:length].decode("latin-1")


def _is_same(one: Optional[Session], other: Session) -> bool:
    def told(session: Session) -> tuple[Any, ...]:
        return session.id, session.created_at, session.last_seen_at, dict(session)

    return one is not None and told(one) == told(other)


def _times(session: Session, *, end: bool = True) -> str:
    said = [f"made {_time(session.created_at)}"]
    if session.last_seen_at is not None:
        said.append(f"last seen {_time(session.last_seen_at)}")
    if end:
        said.append(f"ends {_time(session.expires_at)}" if session.expires_at else "has no end")
    return ", ".join(said)


def _time(moment: Optional[datetime]) -> str:
    return moment.isoformat(timespec="seconds") if moment else "at a time that it does not tell"
