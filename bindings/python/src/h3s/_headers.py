"""What a response that carries a session says to caches.

No response's own headers are edited in place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

__all__ = ["is_targeted", "merged_vary", "private"]

# A comma in a quoted string separates nothing.
_DIRECTIVE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\Z))+')
_TARGETED = {"surrogate-control", "edge-control", "x-accel-expires"}


def is_targeted(name: str) -> bool:
    """Whether a header speaks to some caches in place of Cache-Control, which they then pass over
    (RFC 9213).
    """
    name = name.lower()
    return name in _TARGETED or name.endswith("-cache-control")


def merged_vary(vary: Sequence[str], names: str) -> str:
    """The value of Vary with these names, once each.

    vary: the values of the header lines that there are.
    """
    if not vary:
        return names
    present = [name for line in vary for name in _directives(line)]
    known = {name.lower() for name in present}
    if "*" in known:
        return "*"
    return ", ".join([*present, *(name for name in _directives(names) if name.lower() not in known)])


def private(cache_control: Sequence[str]) -> str:
    """The value of Cache-Control of a response that sets a session's cookie, of what its lines say
    so far.

    No shared cache may keep it: that would hand one user's session to another. `private` stands
    beside `no-store`, too, since some caches look for nothing else.
    """
    if not cache_control:
        return "private"
    present = [part for line in cache_control for part in _directives(line)]
    # `private="Set-Cookie"` says less than `private`, so it is no substitute.
    return ", ".join(
        ["private", *(part for part in present if _name_of(part) not in ("public", "s-maxage", "private"))]
    )


def _directives(value: Optional[str]) -> list[str]:
    return [part for part in (found.strip() for found in _DIRECTIVE.findall(value or "")) if part]


def _name_of(directive: str) -> str:
    return directive.partition("=")[0].strip().lower()
