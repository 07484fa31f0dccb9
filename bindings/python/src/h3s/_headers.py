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


@lru_cache(maxsize=256)
def is_targeted(name: Text) -> bool:
    """Whether a header speaks to some caches in place of Cache-Control,
    which they then pass over."""
    text = to_bytes(name)
    return bool(fast.h3s_header_is_targeted(text, len(text)))


def merged_vary(config: Optional[c_void_p], vary: Sequence[Text], names: str) -> str:
    """The value of Vary with the config's names.

    vary: the values of the header lines so far. names: the value where there is none.
    """
    return _merged(fast.h3s_header_vary, vary, len(names), config) if vary else names


def private(cache_control: Sequence[Text]) -> str:
    """The value of Cache-Control of a response that sets a session's cookie.

    cache_control: the values of its lines so far.
    """
    return _merged(fast.h3s_header_cache_control, cache_control, 0) if cache_control else _PRIVATE


def _merged(function: Callable[..., int], lines: Sequence[Text], more: int, *config: Any) -> str:
    present = b", ".join(map(to_bytes, lines))
    room = len(present) * 2 + more + 16
    out, length = ctypes.create_string_buffer(room), c_size_t()
    status = function(*config, present, len(present), out, room, length, None)
    if status:
        _abi.fail(status)
    return out.value.decode("latin-1")


#: What each response without a Cache-Control of its own says.
_PRIVATE = _merged(fast.h3s_header_cache_control, (), 0)
