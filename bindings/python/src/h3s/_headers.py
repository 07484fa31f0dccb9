"""What a response that carries a session says to caches, by the library's rules.

No response's own headers are edited in place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_size_t, c_void_p
from functools import lru_cache
from typing import Any, Callable, Optional

from . import _abi
from ._abi import fast
from ._core import Text, to_bytes

__all__ = ["is_targeted", "merged_vary", "private"]


# An application has few names and values of these headers, so the library's answers are kept: so
# many. They do not hold a config, whose keys are to go with it.
_ANSWERS = 256
_VARY: dict[tuple[bytes, str], str] = {}


@lru_cache(_ANSWERS)
def is_targeted(name: Text) -> bool:
    """Whether a header speaks to some caches in place of Cache-Control,
    which they then pass over."""
    text = to_bytes(name)
    return bool(fast.h3s_header_is_targeted(text, len(text)))


def merged_vary(config: Optional[c_void_p], vary: Sequence[Text], names: str) -> str:
    """The value of Vary with the config's names.

    vary: the values of the header lines so far. names: the value where there is none.
    """
    if not vary:
        return names
    present = _joined(vary)
    merged = _VARY.get((present, names))
    if merged is None:
        if len(_VARY) >= _ANSWERS:
            _VARY.clear()
        merged = _merged(fast.h3s_header_vary, present, len(names), config)
        _VARY[present, names] = merged
    return merged


def private(cache_control: Sequence[Text]) -> str:
    """The value of Cache-Control of a response that sets a session's cookie.

    cache_control: the values of its lines so far.
    """
    return _private(_joined(cache_control)) if cache_control else _PRIVATE


@lru_cache(_ANSWERS)
def _private(present: bytes) -> str:
    return _merged(fast.h3s_header_cache_control, present, 0)


def _joined(lines: Sequence[Text]) -> bytes:
    return b", ".join(map(to_bytes, lines))


def _merged(function: Callable[..., int], present: bytes, more: int, *config: Any) -> str:
    room = len(present) * 2 + more + 16
    out, length = ctypes.create_string_buffer(room), c_size_t()
    status = function(*config, present, len(present), out, room, length, None)
    if status:
        _abi.fail(status)
    return out.raw[: length.value].decode("latin-1")


#: What each response without a Cache-Control of its own says.
_PRIVATE = _private(b"")
