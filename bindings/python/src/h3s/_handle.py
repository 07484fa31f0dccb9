"""What a session and the options have in common: a handle of the library, which frees itself."""

from __future__ import annotations

from ctypes import c_void_p
from typing import TYPE_CHECKING, Any, Optional

from . import _abi
from .errors import StateError

if TYPE_CHECKING:
    from typing_extensions import Self


class Handle:
    """Holds a handle; `with`, `close` and the end of the object free it."""

    __slots__ = ("_handle",)

    _handle: Optional[c_void_p]
    #: The library's function for it, here because at the interpreter's end the modules' names may be gone.
    _free: Any
    #: What it is called once it is closed.
    _noun: str

    def close(self) -> None:
        handle, self._handle = self._handle, None
        self._free(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None:
            self._handle = None
            self._free(handle)

    def _check(self, status: int, error: Optional[_abi.Error], key: Optional[str] = None) -> None:
        """Raises what a status other than OK stands for."""
        if status and self._handle is None:
            raise StateError(f"{self._noun} is closed")
        if status:
            _abi.fail(status, error, key)
