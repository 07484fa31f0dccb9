"""A Set-Cookie value of the library as Django has it."""

from __future__ import annotations

from collections.abc import Container
from http.cookies import Morsel
from typing import Any, Optional

__all__ = ["SetCookie"]


class SetCookie(Morsel[str]):
    """Knows the attributes that Morsel does not know in every version, too."""

    def __init__(self, value: str) -> None:
        super().__init__()
        pair, *attributes = value.split("; ")
        name, _, content = pair.partition("=")
        self.set(name, content, content)
        self._more: list[str] = []
        for attribute in attributes:
            key, _, content = attribute.partition("=")
            if self.isReservedKey(key):
                self[key] = content or True
            else:
                self._more.append(attribute)

    def OutputString(self, attrs: Optional[Container[str]] = None) -> str:
        return "; ".join([super().OutputString(attrs), *self._more])

    def __reduce__(self) -> Any:
        return type(self), (self.OutputString(),)
