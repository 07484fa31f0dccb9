"""What a text looks like that may be a session's token, without any key."""

from __future__ import annotations

import base64
import json
import re
from typing import NamedTuple, Optional
from urllib.parse import unquote


class Looks(NamedTuple):
    """What can be seen of a token from outside."""

    length: int
    #: In words, such as "like h3s1".
    form: str
    #: The formats that it may be of.
    formats: tuple[str, ...] = ()
    #: The id of the password that it names, "" where it names none; None where nothing says.
    key_id: Optional[str] = None
    #: Whether the library would take it for one.
    is_token: bool = True


H3 = ("h3-1", "h3-2")
JWE = ("authjs", "next-auth", "auth0", "better-auth")
#: By the encryption that a header says.
_ENCRYPTIONS = {"A256CBC-HS512": ("authjs", "better-auth"), "A256GCM": ("next-auth", "auth0", "authjs")}
_KEY_ID = re.compile(r"[A-Za-z0-9_]{0,32}")


def looks_of(text: str) -> Looks:
    length = len(text)
    if "%" in text[:11]:
        text = unquote(text)
    parts = text.split("*") if text.startswith("Fe26.") else text.split(".")
    if text.startswith("h3s1."):
        return Looks(length, "like h3s1", ("h3s1",), _key_id(parts))
    if text.startswith("Fe26.2*"):
        if text.endswith("~2"):
            return Looks(length, "like iron-session", ("iron-session",), _key_id(parts))
        return Looks(length, "like Fe26.2 of h3 (h3-1, h3-2)", H3, _key_id(parts))
    if re.match(r"h3s\d+\.|Fe26\.\d+\*", text):
        return Looks(length, "like a version of a format that is not known here")
    if text.startswith("eyJ"):
        return Looks(length, *_jose(parts))
    if text.startswith("__chunked__"):
        return Looks(length, "a count of chunks")
    return Looks(length, "not like a token", is_token=False)


def is_candidate(value: str) -> bool:
    """Whether the library tries a cookie of the session's name that has this value."""
    return looks_of(value).is_token or "%" in value[:11]


def _key_id(parts: list[str]) -> Optional[str]:
    # Of what is no key id, such as what follows where there is none, nothing is said.
    return parts[1] if len(parts) > 2 and _KEY_ID.fullmatch(parts[1]) else None


def _jose(parts: list[str]) -> tuple[str, tuple[str, ...]]:
    """What begins as JSON in base64url does."""
    if len(parts) == 3:
        return "like a JSON Web Token that is signed, not encrypted", ()
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
        formats = _ENCRYPTIONS[header["enc"]]
    except (ValueError, TypeError, LookupError, RecursionError):
        return "like a JSON Web Encryption of no session's kind", ()
    return f"like a JSON Web Encryption ({', '.join(formats)})", formats
