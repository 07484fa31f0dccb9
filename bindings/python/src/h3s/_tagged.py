"""What Flask's own sessions keep and JSON has not: tuples, bytes, UUIDs, datetimes, Markup.

Flask writes such a value as an object with a tag, `{" m": "<b>"}`, and takes every such object for
one. Here other services write the session as well, and what they copy into it may be anybody's: it
must not become Markup. So a value stands in the session as plain JSON, which every language reads,
and tagged in a member of its own, MEMBER. It has its type back only while the two agree.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Optional
from uuid import UUID

from flask.json.tag import TaggedJSONSerializer

from . import _json
from .errors import DataError

__all__ = ["MEMBER", "PLAIN", "fingerprint", "text_of", "typed", "write"]

#: The member of the session with the tagged values, by the keys of the plain ones.
MEMBER = "_flask"

_TAGS = TaggedJSONSerializer()
#: Their values are JSON as they are.
PLAIN = (str, int, float, bool, type(None))


def write(key: object, value: Any) -> tuple[bytes, Any]:
    """The plain JSON text of a value, and its tagged form; None where it needs none.

    Raises DataError.
    """
    if type(value) in PLAIN:
        return _json.text_of(key, value), None
    tagged = _tag(key, value)
    text = _json.text_of(key, tagged)
    again = _untag(tagged)
    plain = _plain_text_of(key, again)
    return plain, None if plain == text else tagged


def text_of(key: object, value: Any) -> bytes:
    return write(key, value)[0]


def fingerprint(value: Any) -> bytes:
    """What changes with any change in a value."""
    try:
        return _json.text_of("", value if type(value) in PLAIN else _tag("", value))
    except DataError:
        return _json.repr_of(value)


def typed(key: str, plain: Any, tagged: Optional[Mapping[str, Any]]) -> Any:
    """The value with its type, if it is as it was when that was written; else as it is."""
    if not isinstance(tagged, Mapping) or key not in tagged:
        return plain
    try:
        value = _untag(tagged[key])
        agrees = _plain_text_of(key, value) == _json.text_of(key, plain)
    except Exception:  # noqa: BLE001
        # Whoever has sealed the session may have written anything.
        return plain
    return value if agrees else plain


def _tag(key: object, value: Any) -> Any:
    try:
        return _TAGS.tag(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"JSON cannot hold it: {error}", key=str(key)) from None


def _untag(tagged: Any) -> Any:
    return _TAGS.loads(json.dumps(tagged))


def _plain_text_of(key: object, value: Any) -> bytes:
    """The text with strings in place of what JSON has not."""
    try:
        return _json.text_of(key, json.loads(json.dumps(value, default=_string)))
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"JSON cannot hold it: {error}", key=str(key)) from None


def _string(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if hasattr(value, "__html__"):
        return str(value.__html__())
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
