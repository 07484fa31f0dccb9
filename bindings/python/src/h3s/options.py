"""The options in Python's spelling: snake_case, `timedelta` and `datetime` where the JSON has numbers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Optional, TypedDict, Union

from .errors import ConfigError

__all__ = ["CookieOptions", "Derivation", "Duration", "Moment", "SealOptions"]

#: Seconds, or a timedelta.
Duration = Union[int, timedelta]
#: Seconds since 1970 as of `time.time()`, or a datetime that has a time zone.
Moment = Union[int, float, datetime]


class CookieOptions(TypedDict, total=False):
    """The cookie's attributes.

    Defaults: path "/", secure, http_only, same_site "lax", chunk_max_length 4000.
    """

    path: str
    domain: str
    secure: bool
    http_only: bool
    #: "lax", "strict", "none", True ("strict") or False (no attribute).
    same_site: Union[str, bool]
    partitioned: bool
    #: "low", "medium" or "high".
    priority: str
    #: In place of what `max_age` of the session says of the cookie.
    max_age: Duration
    #: The longest value of one cookie; longer sessions go into several.
    chunk_max_length: int
    #: How many cookies a write may split a session into. If not given: 3, if together they fit into a
    #: header line of 8190 bytes, which is all that many servers take; but in "h3-1" 1, as h3 1 can
    #: read, and in "h3-2" 100, as in h3 2. Reads join up to 100 in any case.
    max_chunks: int


class Derivation(TypedDict):
    """How Fe26.2 makes a key of the password; h3 needs all four."""

    #: "aes-256-cbc" or "aes-128-ctr" for encryption, "sha256" for integrity.
    algorithm: str
    salt_bits: int
    iterations: int
    min_password_length: int


class SealOptions(TypedDict, total=False):
    """The token's format. Its name alone, as in `seal="h3-1"`, stands for {"format": "h3-1"}."""

    #: What seals: "h3s1" (the default); "h3-1", for h3 1.x (Nuxt 3 and 4, Nitro 2); "h3-2" or
    #: "fe26.2", for h3 2.x.
    format: str
    #: What opens; the sealing format if not given.
    accept: Sequence[str]
    #: Whether reads move a session to `format` and `iterations`; else its next write does.
    migrate: bool
    #: PBKDF2 iterations of "h3-2", 8192 if not given; "h3-1" always has 1. Set this or `encryption`
    #: and `integrity`, not both.
    iterations: int
    #: This and the rest are Fe26.2's, as in h3. In milliseconds.
    ttl: int
    timestamp_skew_sec: int
    localtime_offset_msec: int
    encryption: Derivation
    integrity: Derivation


# h3 has one name that is not what camel case makes of it.
_IRREGULAR = {"min_password_length": "minPasswordlength"}


def camel(name: str) -> str:
    return _IRREGULAR.get(name) or re.sub("_([a-z])", lambda found: found[1].upper(), name)


def snake(key: str) -> str:
    key = key.replace("minPasswordlength", "minPasswordLength")
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key)


def milliseconds(now: Optional[Moment]) -> int:
    """A time for the library, where 0 is the clock's."""
    if now is None:
        return 0
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("a datetime needs a time zone, e.g. datetime.now(timezone.utc)")
        now = now.timestamp()
    return round(now * 1000)


def to_json(options: Mapping[str, Any]) -> str:
    """The library's JSON of keyword arguments; None is as if it were not given."""
    members = []
    for name, value in options.items():
        if value is None:
            continue
        if name == "not_before":
            try:
                value = milliseconds(value)
            except ValueError as error:
                raise ConfigError(f"{name}: {error}", key=name) from None
        # Ids of passwords are nobody's to respell.
        value = dict(value) if name == "password" and isinstance(value, Mapping) else _respell(value)
        try:
            members.append(f'"{camel(name)}": {json.dumps(value, allow_nan=False)}')
        except (TypeError, ValueError):
            raise ConfigError(f"{name}: of a type that no option has", key=name) from None
    return "{" + ", ".join(members) + "}"


def _respell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {camel(name): _respell(value[name]) for name in value if value[name] is not None}
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_respell(item) for item in value]
    return value


def read(source: Union[str, os.PathLike[str]], password: Optional[Union[str, Mapping[str, str]]]) -> str:
    """The text of an options file, or the text itself, with a password put in."""
    if isinstance(source, str) and source.lstrip().startswith("{"):
        text = source
    else:
        try:
            with open(source, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise ConfigError(f"{os.fspath(source)}: {error.strerror}") from None
    if password is None:
        return text
    try:
        options = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"not JSON: {error}") from None
    if not isinstance(options, dict):
        raise ConfigError("the options are no JSON object")
    return json.dumps({**options, "password": password})
