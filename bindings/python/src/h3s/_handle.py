"""What a session and the options have in common: a handle of the library."""

from __future__ import annotations

from ctypes import c_void_p
from typing import TYPE_CHECKING, Optional

from . import _abi
from .errors import StateError

if TYPE_CHECKING:
    from typing_extensions import Self


class Handle:
    """Holds a handle; `with` closes it."""

    __slots__ = ()

    #: A slot of each class that is one.
    _handle: Optional[c_void_p]
    #: What it is called once it is closed.
    _noun: str

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _check_open(self) -> None:
        """Raises where it is closed, for functions of the library that have no status."""
        if self._handle is None:
            raise StateError(f"{self._noun} is closed")

    def _check(self, status: int, error: Optional[_abi.Error], key: Optional[str] = None) -> None:
        """Raises what a status other than OK stands for."""
        if status:
            self._check_open()
            _abi.fail(status, error, key)
