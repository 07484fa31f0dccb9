"""What a refusal means, and what to do about it, in lines of at most a hundred columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

from ._looks import JWE, Looks, looks_of
from .session import Session
from .sessions import Sessions

_NAMED = 8
_PREFIXES = re.compile(r"(?i)^(?:__Host-Http-|__Host-|__Secure-|__Http-)+")


def _said(means: str, cure: str) -> Iterator[str]:
    for word, text in (("means", means), ("cure", cure)):
        yield from textwrap.wrap(f"{word}: {text}", 90, subsequent_indent="  ", break_on_hyphens=False)


def refused(reason: str, looks: Looks, formats: Sequence[str]) -> Iterator[str]:
    """Of a token that did not open, and has not ended."""
    if "signed" in looks.form:
        yield from _said(
            "what is signed and not encrypted is no session in any format here.",
            "set the framework's session to its encrypted form, or choose the cookie that has that.",
        )
    elif reason == "unsupported_format":
        if looks.formats:
            cure = f"list {_either(looks.formats)} in seal.accept, whichever has sealed it."
        else:
            cure = "a newer version of this library, or the framework that has sealed it, can tell."
        yield from _said(f"it is of none of the formats that open here: {', '.join(formats)}.", cure)
    elif reason == "unknown_key":
        yield from _said(
            "it was sealed with a password that is not among the options.",
            "give every server the new password before one seals with it, and keep the old one until its last"
            " sessions have ended.",
        )
    elif reason == "bad_seal":
        # The others' keys do not depend on the cookie's name.
        named = not looks.formats or bool({"h3s1", "authjs"} & set(looks.formats))
        yield from _said(
            f"it was sealed under another password{' or cookie name' if named else ''}, or was cut or changed on"
            " the way.",
            f"compare the password{' and the name' if named else ''} with those of the server that sealed it; a"
            " password that is read from a file may have a line break at its end.",
        )
    elif reason == "too_large":
        yield from _said(
            "it is longer than maxTokenLength (in a header), or than any cookie that a browser keeps.",
            "raise maxTokenLength, or keep less in the session; a proxy may have joined cookies.",
        )
    elif not looks.is_token:
        yield from _said(
            "a cookie of the session's name has something else in it.",
            "another program of this site sets a cookie of this name: give one of the two another name.",
        )
    else:
        yield from _said(
            f"it begins like a token, and does not go on like one: it was cut or changed on the way{_other(looks)}.",
            "look for what shortens cookies or encodes them anew.",
        )


def no_token() -> Iterator[str]:
    """Of what came in the session header, or alone, and is nothing like one."""
    yield from _said(
        "it does not begin as a token of any format does.",
        "give all of a token, from its first character on, in one line.",
    )


def other_h3(format: str) -> Iterator[str]:
    """Of a token that opens in h3's other format."""
    yield from _said(
        f"the password is right, but h3 {format[-1]} has sealed it, and {format} does not open here.",
        f'set seal to "{format}", or list it in seal.accept; `npm ls h3` in the other application says which h3 it has.',
    )


def from_the_future() -> Iterator[str]:
    yield from _said(
        "it is genuine, but its times are ahead of this machine's clock by more than ten minutes.",
        "set the clocks of the servers, of whoever sealed it and of this one, by NTP.",
    )


def missing_chunk(number: int, count: int) -> Iterator[str]:
    yield from _said(
        f"the session is in {count} cookies, and number {number} of them is missing.",
        "a proxy or server may drop long headers (raise its limit, or lower cookie.maxChunks), or a browser too many"
        " cookies of one site; keep less in the session.",
    )


def ended(reason: str, options: Mapping[str, Any], session: Optional[Session]) -> Iterator[str]:
    """Of a session that was one."""
    made = session.created_at if session is not None else None
    if reason == "idle":
        yield from _said(
            f"nobody asked for it for longer than idleTimeout, {options.get('idleTimeout')} s.",
            "log in again; raise idleTimeout if that was too soon.",
        )
    elif reason == "expired" and session is not None:
        yield from _said(
            f"maxAge, {options.get('maxAge')} s, has passed since it was made, or it had a lifetime of its own.",
            "log in again; raise maxAge if that was too soon, and rotate at each login.",
        )
    elif reason == "expired":
        yield from _said(
            "the end that is written in the token has passed.",
            "log in again; the end comes of seal.ttl, or of the framework's own maxAge. Compare the clocks.",
        )
    elif made is not None and made.timestamp() * 1000 < options.get("notBefore", 0):
        yield from _said(
            "it was made before notBefore, which logs everybody out who was in then.",
            "log in again; take notBefore away, or set it to an earlier time, if that was not meant.",
        )
    else:
        yield from _said(
            "a logout or somebody else's order has ended it for good, wherever there is a copy.",
            "log in again. `python -m h3s revocations list` shows what is revoked, and until when.",
        )


def nothing(sessions: Sessions, options: Mapping[str, Any], pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Why there may be no token in a request at all."""
    if options.get("cookie") is False:
        yield from _indented(f"Sessions travel in the header {sessions.header_name} alone, and it is not there.")
        return
    own, cookies = sessions.cookie_name, [(name, value) for name, value in pairs if name or value]
    named = [value for name, value in cookies if name == own]
    others = [
        "" if looks_of(name).is_token else name for name, value in cookies if name != own and looks_of(value).is_token
    ]
    if any(not value for value in named):
        yield from _indented(f"The cookie {own} is there, but empty: it was deleted, and the browser keeps it.")
    for name in first_few(others):
        if not name:
            yield from _indented("There is a token without a name before it: write Cookie: and the name.")
        elif _PREFIXES.sub("", name).lower() == _PREFIXES.sub("", own).lower():
            yield from _indented(
                f"The cookie {_shown(name)} looks like it, but the name here is {own}: browsers and servers tell them"
                " apart. Set the same name everywhere; a prefix such as __Host- falls away in development."
            )
        else:
            yield from _indented(
                f"The cookie {_shown(name)} looks like a token, but the name here is {own}: set the name by which"
                " it was sealed, or pass over it as another's."
            )
    if others or any(named):
        return
    cookie = options.get("cookie", {})
    what = "no cookie" if not cookies else f"no cookie {own}"
    yield from _indented(f"The request has {what}. Then, of these, one is the cause:")
    if cookie.get("secure", True) and not options.get("development"):
        yield from _listed("The page came over plain http, and the cookie is Secure: set development, or use https.")
    yield from _listed(f"The page is outside the cookie's path, {cookie.get('path', '/')}, or its host is another.")
    yield from _listed("Another site led the browser here, and the cookie is SameSite.")
    yield from _listed("The answer that should have set it did not: look for its Set-Cookie in the browser.")
    if sessions.header_name:
        yield from _listed(
            f"A client without cookies has to send {sessions.header_name}; servers drop names with _ or a dot."
        )


def first_few(names: Iterable[str]) -> list[str]:
    """Of other cookies or headers that look like tokens, those that are named."""
    return list(dict.fromkeys(names))[:_NAMED]


def several() -> Iterator[str]:
    yield from _indented(
        "The browser has several of this name, of other paths or domains. The older ones stay until each is deleted"
        " with the Path and Domain that it was set with: an application must set it with one of each only."
    )


def is_joined_by_comma(cookie: str, own: str) -> bool:
    """Whether there is a comma, and another cookie behind it, before the session's or after."""
    name = re.escape(own)
    # No two parts of it match the same text, of which there may be much.
    return re.search(rf",\s*{name}(?:\.\d+|__\d+)?=|(?:^|;)\s*{name}=[^;,]*,\s*[^\s;,=][^;,=]*=", cookie) is not None


def joined_by_comma() -> Iterator[str]:
    yield from _indented(
        "Something on the way has joined Cookie headers by a comma, and no cookie is found behind one. Join them by"
        " a semicolon and a space, as HTTP/2 has it (RFC 9113, 8.2.3)."
    )


def other_header(name: str, own: str) -> Iterator[str]:
    here = f"the session header here is {own}" if own else "no session header is read here"
    yield from textwrap.wrap(
        f"The header {_shown(name)} brings what looks like a token, but {here}: set sessionHeader.", 95
    )


def nothing_revoked() -> Iterator[str]:
    yield from textwrap.wrap(
        "Of what is revoked, nothing is known here: where servers share a stream, name it with --server.", 95
    )


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, 95, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _listed(text: str) -> list[str]:
    return textwrap.wrap(text, 95, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}"


def _other(looks: Looks) -> str:
    return (
        ", or is no session but something else that its framework seals"
        if looks.formats and set(looks.formats) <= set(JWE)
        else ""
    )


def _shown(name: str) -> str:
    """A name that a stranger may have chosen."""
    return "(a token)" if looks_of(name).is_token else ascii(name[:64])[1:-1]
