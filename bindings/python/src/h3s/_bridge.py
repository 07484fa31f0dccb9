"""What `python -m h3s revocations` does: between a stream of Valkey or Redis and the file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

from ._abi import fast
from ._stream import line_of as _line_of
from ._stream import text as _text
from .errors import ConfigError, FullError, StoreError
from .revocations import Feed, Revocations, _FileFeed, end_of
from .valkey import COUNT, PAUSE, ValkeyStore, _Stream

__all__ = ["Bridge", "file_of", "is_ours", "lines_of_file", "lines_of_stream"]

#: For how many milliseconds it waits for the stream before it looks into the file again.
_BLOCK = 200


def file_of(config: Any) -> str:
    """The path of the file in the options; ConfigError where there is none."""
    path: Optional[bytes] = fast.h3s_config_revocation_file(config).ptr
    if not path:
        raise ConfigError("missing: the file that the processes of this machine share", key="revocation.file")
    return os.fsdecode(path)


class Bridge:
    """A store that hands each entry of a stream to the file of the options, and back.

    Only what the password opens goes over: so nobody fills the disk who reaches the server.
    """

    def __init__(self, store: ValkeyStore) -> None:
        self._store = store

    def attach(self, revocations: Revocations) -> Feed:
        return _BridgeFeed(self._store, revocations)


class _BridgeFeed:
    pause = PAUSE

    def __init__(self, store: ValkeyStore, revocations: Revocations) -> None:
        path = file_of(revocations._config)
        self._revocations = revocations
        self._file = _FileFeed(path, revocations)
        self._reader = Reader(path)
        self.cookie_name, self.keep = revocations.cookie_name, revocations.keep
        self._stream = store.stream_of(self, block=_BLOCK)
        #: What is in either, and until when it matters.
        self._in_file: dict[str, float] = {}
        self._in_stream = self._stream.own
        #: What is in the file, and perhaps not in the stream.
        self._waiting: list[str] = []
        #: The file is another, or none: what is in the stream has to go there, too.
        self._refills = False
        # Nothing was heard yet, whatever the last bridge had. Of other cookies this says nothing.
        self._heard = Path(f"{path}.heard.{self.cookie_name}")
        self._heard.touch()
        os.utime(self._heard, (0, 0))
        self._forgot_at = time.monotonic()

    def publish(self, lines: Sequence[str]) -> None:
        self._file.publish(lines)

    def poll(self) -> bool:
        for line in self._reader.new():
            self._look()
            if line not in self._in_file and is_ours(self._revocations, line):
                self._in_file[line] = end_of(line)
                self._waiting.append(line)
        self._look()
        # What is new there comes by `apply`. At first that is all of it.
        if not self._stream.poll():
            return False
        if self._refills:
            missing = [line for line in self._in_stream if line not in self._in_file]
            self._file.publish(missing)
            self._in_file.update((line, end_of(line)) for line in missing)
            self._refills = False
        self._waiting = [line for line in self._waiting if line not in self._in_stream]
        if self._waiting:
            self._stream.publish(self._waiting)
            self._waiting = []
        if self._forgot_at + 60 < time.monotonic():
            self._forgot_at, now = time.monotonic(), time.time()
            self._in_file = {line: end for line, end in self._in_file.items() if end >= now}
        self._revocations.heard()
        # So that who reads the file knows when this has ended.
        self._heard.touch()
        return True

    def _look(self) -> None:
        is_gone = self._in_file and not self._reader.has_file
        if self._reader.is_other or is_gone:
            self._in_file.clear()
            self._refills, self._reader.is_other = True, False

    # ---- As the stream's own copy ----------------------------------------------------------------

    def apply(self, lines: Iterable[str]) -> int:
        new = []
        for line in lines:
            if line not in self._in_stream and is_ours(self._revocations, line):
                # Should the server lose it, it is published again.
                self._in_stream[line] = end_of(line)
            if line in self._in_stream and line not in self._in_file:
                new.append(line)
        if new:
            self._file.publish(new)
            self._in_file.update((line, end_of(line)) for line in new)
        return len(new)

    def heard(self) -> None:
        """The file has to be read as well, see `poll`."""


def is_ours(revocations: Revocations, line: str) -> bool:
    """Whether an entry opens with these passwords, is of this cookie, and has not ended."""
    try:
        return revocations._apply([line]) == 1
    except FullError:
        # It was opened, and found no room.
        return True


class Reader:
    """Reads the lines of a file as they come, see docs/REVOCATION.md."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: Any = None
        self._rest = b""
        #: Whether what comes next is of another file than what came before.
        self.is_other = False

    @property
    def has_file(self) -> bool:
        """Whether there was one at the last call of `new`."""
        return self._file is not None

    def new(self) -> Iterator[str]:
        """What was added since the last call; of a file that took its place, all."""
        while True:
            if self._file is not None:
                yield from self._read()
            if self._file is not None and self._is_there():
                return
            try:
                following = open(self._path, "rb")  # noqa: SIM115
            except FileNotFoundError:
                following = None
            if self._file is not None:
                # What came until it was replaced.
                yield from self._read()
                self._file.close()
                self.is_other = True
            if following is None:
                self._file = None
                return
            self._file, self._rest = following, b""

    def _is_there(self) -> bool:
        """Whether the file that is open is still the one at the path."""
        try:
            there, own = os.stat(self._path), os.fstat(self._file.fileno())
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)

    def _read(self) -> Iterator[str]:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            text = line.strip().decode("ascii", "replace")
            if end_of(text):
                yield text

    def __del__(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


def lines_of_file(path: str) -> Iterator[str]:
    """All entries of a file. StoreError where it cannot be read."""
    try:
        yield from Reader(path).new()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def lines_of_stream(stream: _Stream) -> Iterator[str]:
    """All entries of a stream."""
    start = "-"
    try:
        while True:
            messages = stream.client.xrange(stream.key, start, "+", count=COUNT)
            for _, fields in messages:
                yield _line_of(fields)
            if len(messages) < COUNT:
                return
            start = f"({_text(messages[-1][0])}"
    except Exception as error:  # noqa: BLE001
        raise StoreError(f"{type(error).__name__}: {error}") from None
