"""The options in Python's spelling: snake_case, `timedelta` and `datetime` where
the JSON has numbers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from ctypes import byref
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Optional, TypedDict, Union

from . import _abi
from .errors import ConfigError, DataError

__all__ = ["CookieOptions", "Derivation", "Duration", "Moment", "RevocationOptions", "SealOptions"]

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
    #: How many cookies a write may split a session into. If not given: 3, if together they fit into
    #: a header line of 8190 bytes, which is all that many servers take; but in "h3-1" 1, as h3 1
    #: can read, and in "h3-2" 100, as in h3 2. Reads join up to 100 in any case.
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
    #: "fe26.2", for h3 2.x; "iron-session"; "authjs". Of "next-auth", "auth0" and "better-auth"
    #: sessions are only read.
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


class RevocationOptions(TypedDict, total=False):
    """How sessions are revoked. {} stands for the defaults."""

    #: Where in a session's data it stands whose session it is, as a JSON Pointer: "/user/id". Only
    #: with it can all sessions of a user be revoked.
    subject: str
    #: For how long a server may go without word of what is revoked: 60 seconds if not given.
    max_stale: Duration
    #: What happens then: "open" (the default) goes on, `Session.is_stale`; "closed" raises
    #: StaleError for whoever brings a session.
    stale: str
    #: Through which the processes of one machine tell each other, in whatever language: an absolute
    #: path.
    file: Union[str, os.PathLike[str]]


# h3 has one name that is not what camel case makes of it.
_IRREGULAR = {"min_password_length": "minPasswordlength"}


def camel(name: str) -> str:
    return _IRREGULAR.get(name) or re.sub("_([a-z])", lambda found: found[1].upper(), name)


def snake(key: str) -> str:
    key = key.replace("minPasswordlength", "minPasswordLength")
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key)


#: What the library's hints say, and what Python says.
_WORDS = {"true": "True", "false": "False", "an object": "a dict", "h3s_session_set_id": "Session.set_id"}
_SPELLING = re.compile(r"\b(?:[a-z]+(?:[A-Z][a-z]+)+|true|false|an object|h3s_session_set_id)\b")


def in_python(hint: str) -> str:
    """A message of the library with the names of options, and values, as Python spells them."""
    return _SPELLING.sub(lambda found: _WORDS.get(found[0]) or snake(found[0]), hint)


def milliseconds(now: Optional[Moment]) -> int:
    """A time for the library, where 0 is the clock's."""
    if now is None:
        return 0
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("a datetime needs a time zone, e.g. datetime.now(timezone.utc)")
        now = now.timestamp()
    return round(now * 1000)


#: The longest lifetime of one session.
MAX_SECONDS = 2**32 - 1


def seconds(duration: Duration, key: str) -> int:
    """A lifetime for the library, in whole seconds. Raises DataError, which names the argument."""
    given = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given <= MAX_SECONDS:
        return ceil(given)
    raise DataError(f"it is from 1 to {MAX_SECONDS} seconds, or a timedelta", key=key)


def to_json(options: Mapping[str, Any], development: bool) -> str:
    """The library's JSON of keyword arguments; None is as if it were not given."""
    known: dict[str, Any] = {"development": True} if development else {}
    for name, value in options.items():
        if value is None:
            continue
        if name == "not_before":
            try:
                value = milliseconds(value)
            except (TypeError, ValueError, OverflowError) as error:
                raise ConfigError(f"seconds since 1970 or a datetime: {error}", key=name) from None
        # Ids of passwords are nobody's to respell.
        known[camel(name)] = dict(value) if name == "password" and isinstance(value, Mapping) else _respell(name, value)
    members = []
    for name, value in known.items():
        try:
            members.append(f'"{name}": {json.dumps(value, allow_nan=False)}')
        except (TypeError, ValueError):
            raise ConfigError(f"of the type {type(value).__name__}, which no option has", key=snake(name)) from None
    return "{" + ", ".join(members) + "}"


def _respell(key: str, value: Any) -> Any:
    """A value with the library's names in it. key: what it is the value of."""
    if isinstance(value, Mapping):
        respelled: dict[str, Any] = {}
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ConfigError("the name of an option is a string", key=key)
            if camel(name) in respelled:
                raise ConfigError("given twice", key=f"{key}.{snake(name)}")
            if inner is not None:
                respelled[camel(name)] = _respell(f"{key}.{name}", inner)
        return respelled
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_respell(key, item) for item in value]
    return value


def read_file(path: Union[str, os.PathLike[str]]) -> str:
    """The text of an options file. No error has what is in it."""
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        reason, offset = error.strerror, None
    except UnicodeDecodeError as error:
        # It has the whole text, so it must not be the context of what is raised.
        reason, offset = "not in UTF-8: save the file in that encoding", error.start
    raise ConfigError(f"{name}: {reason}", offset=offset)


def with_changes(text: str, password: Union[str, Mapping[str, str], None], development: bool) -> str:
    """The JSON text of options, with a password put in and for development, if these are wanted."""
    if password is None and not development:
        return text
    try:
        options = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        # The error has the text, passwords included, so it must not be the
        # context of what is raised.
        options = None
    if not isinstance(options, dict):
        check(text)
        raise ConfigError("the options are no JSON object")
    if password is not None:
        options["password"] = dict(password) if isinstance(password, Mapping) else password
    if development:
        options["development"] = True
    return json.dumps(options)


def check(text: str) -> None:
    """Raises ConfigError if the JSON text of options is wrong. A password need not be in it."""
    encoded, error = text.encode("utf-8", "surrogatepass"), _abi.Error()
    status = _abi.fast.h3s_config_check(encoded, len(encoded), byref(error))
    if status:
        _abi.fail(status, error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are different: of an option that is given twice
    only one would count."""
    options = dict(pairs)
    if len(options) != len(pairs):
        raise ValueError("a name is given twice")
    return options
