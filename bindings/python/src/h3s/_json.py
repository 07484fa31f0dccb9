"""JSON as a session has it: what the library gives is read, and what it shall take is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Union

from .errors import DataError


def _integer(digits: str) -> Union[int, float]:
    # JSON sets no limit to the digits of a number; Python converts some thousands.
    try:
        return int(digits)
    except ValueError:
        return float(digits)


# Without the search for white space around it, of which the library leaves none.
_decode = json.JSONDecoder(parse_int=_integer).raw_decode
_quote = json.encoder.encode_basestring
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_encode_infinite = json.JSONEncoder(separators=(",", ":")).encode


def decode(text: str) -> Any:
    """A value of the library's.

    A number too large for Python, e.g. 1e400, is `inf`, as in JavaScript. Raises DataError for what
    is no JSON, or nests too deep for Python: a token holds what its sealer has put there.
    """
    try:
        return _decode(text)[0]
    except (ValueError, RecursionError):
        # Python's own error has the whole text with it.
        raise DataError("what was sealed is no JSON that Python can read") from None


def name_of(key: object) -> bytes:
    if not isinstance(key, str):
        raise DataError(f"a key is a string, not {type(key).__name__}", key=str(key))
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise DataError("a key has no unpaired surrogates", key=key) from None


def text_of(key: object, value: Any) -> bytes:
    """The JSON text of a value. Raises DataError, which names the key."""
    kind = type(value)
    try:
        if kind is int:
            return b"%d" % value
        try:
            if kind is str:
                return _quote(value).encode()
            return _encode(value).encode()
        except UnicodeEncodeError:
            # JSON has unpaired surrogates, as escapes, and UTF-8 has not.
            return _encode_ascii(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"JSON cannot hold it: {error}", key=str(key)) from None


def object_of(texts: Mapping[str, bytes]) -> bytes:
    """The JSON object of these members."""
    for key in texts:
        name_of(key)
    return b"{" + b",".join(_encode_ascii(key).encode() + b":" + text for key, text in texts.items()) + b"}"


def repr_of(value: Any) -> bytes:
    """For comparing a value with itself at another time, where it has no JSON text: 1e400 in a
    list, say.
    """
    try:
        return _encode_infinite(value).encode()
    except (TypeError, ValueError, RecursionError):
        return repr(value).encode("utf-8", "backslashreplace")
