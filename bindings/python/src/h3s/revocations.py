"""What is revoked: this process's copy of it, and the stores through which servers tell each other.

A copy is one for each Sessions, `Sessions.revocations`. A thread follows the store for it; where
the store is asyncio's, a task of an event loop. A store is anything that hands each entry, a line
of text, to every process; `FileStore` does so for those of one machine, `h3s.valkey.ValkeyStore`
for those of many.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_size_t, c_void_p, create_string_buffer
from datetime import datetime, timedelta, timezone
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, Optional, Protocol, Union

from . import _abi
from ._abi import EntryInfo, Error, RevocationsInfo, fast, slow
from ._following import AsyncFeed, Feed, InLoop, InThread, told
from .errors import ConfigError, FullError, H3sError, StoreError
from .options import Moment, milliseconds

__all__ = ["AsyncFeed", "AsyncStore", "Entry", "Feed", "FileStore", "MemoryStore", "Revocations", "Store"]

_log = logging.getLogger("h3s")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_LONGEST_SUBJECT = 1024


class Entry(NamedTuple):
    """What an entry says, see `Revocations.read`. Times are in UTC."""

    #: "session", "subject" or "everybody".
    kind: str
    #: Of a session its `log_id`, of a subject itself, of everybody nothing.
    whose: str
    #: Sessions are refused that were made before; None of a session, which is in any case.
    before: Optional[datetime]
    #: The entry matters until then.
    until: datetime


_KINDS = {_abi.ENTRY_SESSION: "session", _abi.ENTRY_SUBJECT: "subject", _abi.ENTRY_EVERYBODY: "everybody"}


class Store(Protocol):
    """Where entries are. Several Sessions may share one."""

    def attach(self, revocations: Revocations) -> Feed:
        """A new feed. Called at the start, and again in each forked process."""
        ...


class AsyncStore(Protocol):
    """As Store, for h3s.asgi."""

    def attach(self, revocations: Revocations) -> AsyncFeed:
        """A new feed. Called at the start."""
        ...


class _Replica(c_void_p):
    """Frees itself with its last reference, see `_Config`."""

    _free = fast.h3s_revocations_free

    def __del__(self) -> None:
        self._free(self)


class Revocations:
    """What is revoked, as this process knows it."""

    def __init__(
        self, config: c_void_p, cookie_name: str, store: Union[Store, AsyncStore], room: int, max_stale: int
    ) -> None:
        replica, error = _Replica(), Error()
        status = fast.h3s_revocations_new(room, byref(replica), byref(error))
        if status == _abi.ERR_ARGUMENT:
            raise ConfigError(error.message.decode(), key="revocation_room")
        if status:
            _abi.fail(status, error)
        #: The name of the cookie whose sessions these are.
        self.cookie_name = cookie_name
        #: For how long an entry matters at most, in milliseconds.
        self.keep: int = fast.h3s_config_revocation_keep(config)
        #: For how many seconds nothing need be heard of the others.
        self.max_stale = max_stale
        self._replica: _Replica = replica
        self._config = config
        self._store = store
        self._is_full = False
        self._feed: Any = store.attach(self)
        self._following = self._follow()
        if isinstance(self._following, InThread):
            self._following.wait()

    # ---- What is known ---------------------------------------------------------------------------

    @property
    def entries(self) -> int:
        """How many there are that have not ended. It looks at all of the memory."""
        return self._info().entries  # type: ignore[no-any-return]

    @property
    def room(self) -> int:
        """How many there may be at least."""
        return self._info().room  # type: ignore[no-any-return]

    @property
    def missed(self) -> int:
        """How many have found no room, so that what they revoke is not refused here."""
        return self._info().missed  # type: ignore[no-any-return]

    @property
    def heard_at(self) -> Optional[datetime]:
        """When this process last knew all that was revoked, in UTC; None: never."""
        return _moment(self._info().heard_at)

    def _info(self) -> RevocationsInfo:
        info, error = RevocationsInfo(_abi.REVOCATIONS_INFO_SIZE), Error()
        status = slow.h3s_revocations_view(self._replica, 0, byref(info), byref(error))
        if status:
            _abi.fail(status, error)
        return info

    def read(self, line: str) -> Entry:
        """What an entry says. Raises Rejected for what is none of this password and cookie."""
        text, info, error = line.encode("utf-8", "replace"), EntryInfo(_abi.ENTRY_INFO_SIZE), Error()
        whose, length = create_string_buffer(_LONGEST_SUBJECT + 1), c_size_t()
        status = fast.h3s_revocation_read(
            self._config, text, len(text), byref(info), whose, len(whose), byref(length), byref(error)
        )
        if status:
            _abi.fail(status, error)
        until = _moment(info.until)
        assert until is not None
        return Entry(_KINDS[info.kind], whose.raw[: length.value].decode(), _moment(info.before), until)

    # ---- For the store ---------------------------------------------------------------------------

    def apply(self, lines: Iterable[str], *, now: Optional[Moment] = None) -> int:
        """Applies entries, in any order, any number of times. How many concerned these sessions.

        Those that find no room are counted by `missed`, and told to the log. now: for tests.
        """
        try:
            return self._apply(lines, now)
        except FullError as error:
            self._tell_full(error)
            return 0

    def _tell_full(self, error: FullError) -> None:
        if not self._is_full:
            self._is_full = True
            _log.error("not all that is revoked is refused here: %s", error)

    def _apply(self, lines: Iterable[str], now: Optional[Moment] = None) -> int:
        text, applied, error = "\n".join(lines).encode("utf-8", "replace"), c_size_t(), Error()
        # Of a few, to let other threads go on costs more.
        library = slow if len(text) > 2000 else fast
        status = library.h3s_revocations_apply(
            self._replica, self._config, text, len(text), milliseconds(now), byref(applied), byref(error)
        )
        if status:
            _abi.fail(status, error)
        return applied.value

    def heard(self, *, now: Optional[Moment] = None) -> None:
        """Says that all was applied that anybody has published until now."""
        error = Error()
        status = fast.h3s_revocations_heard(self._replica, milliseconds(now), byref(error))
        if status:
            _abi.fail(status, error)

    def publish(self, lines: Sequence[str]) -> None:
        """Makes entries known to all servers, and applies them here. Raises StoreError.

        It waits for the store: in an event loop, await `apublish`.
        """
        if not lines:
            return
        if isinstance(self._following, InLoop):
            self._following.reach_from_thread(lambda: self.apublish(lines))
            return
        with _as_store_error():
            self._feed.publish(lines)
        self._apply(lines)

    async def apublish(self, lines: Sequence[str]) -> None:
        """As `publish`, in an event loop: in a thread, unless the store is asyncio's."""
        if not lines:
            return
        following = self._following
        if isinstance(following, InThread):
            with _as_store_error():
                await asyncio.get_running_loop().run_in_executor(None, self.publish, lines)
            return
        with _as_store_error():
            await following.reach(lambda: self._feed.publish(lines))
        self._apply(lines)

    # ---- Who follows -----------------------------------------------------------------------------

    def _follow(self) -> Union[InThread, InLoop]:
        asking = weakref.ref(self)

        def is_wanted() -> bool:
            return asking() is not None

        def tell_full(error: FullError) -> None:
            revocations = asking()
            if revocations is not None:
                revocations._tell_full(error)

        if iscoroutinefunction(self._feed.poll):
            return InLoop(self._feed, is_wanted, tell_full)
        _FOLLOWING.add(self)
        return InThread(self._feed, is_wanted, tell_full)

    def _follow_again(self) -> None:
        """In a forked process, to which no thread has come along."""
        try:
            self._feed = self._store.attach(self)
        except Exception as error:  # noqa: BLE001
            # The former one may work here, or says at each poll why not.
            _log.warning("what is revoked is not known here for now: %s", told(error))
        self._following = self._follow()

    @property
    def is_asyncio(self) -> bool:
        """Whether the store is followed in an event loop, see `start`."""
        return isinstance(self._following, InLoop)

    async def start(self) -> None:
        """Follows an asyncio store in this event loop, and waits until all that it has was read.

        It waits for 5 seconds at most, and not at all where it follows already; of other stores
        there is nothing to do. h3s.asgi.SessionMiddleware calls it.
        """
        if isinstance(self._following, InLoop):
            await self._following.start()

    async def stop(self) -> None:
        """Follows an asyncio store no more in this event loop, which is about to end."""
        if isinstance(self._following, InLoop):
            await self._following.stop()

    def close(self) -> None:
        """Follows no more."""
        _FOLLOWING.discard(self)
        self._following.end()

    def __del__(self) -> None:
        following = getattr(self, "_following", None)
        if following is not None:
            following.end_soon()

    def __repr__(self) -> str:
        return f"<h3s.Revocations of the cookie {self.cookie_name!r}>"


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except H3sError:
        raise
    except Exception as error:
        raise StoreError(f"what was revoked could not be made known: {told(error)}") from error


def _moment(milliseconds: int) -> Optional[datetime]:
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None


_FOLLOWING: weakref.WeakSet[Revocations] = weakref.WeakSet()


def _forked() -> None:
    for revocations in list(_FOLLOWING):
        revocations._follow_again()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


# ---- Stores --------------------------------------------------------------------------------------


class FileStore:
    """A file that the processes of one machine share, in whatever language: `revocation.file`.

    path: an absolute one. All processes must be able to write the file, and to make files beside
        it. It is made with the first entry.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def attach(self, revocations: Revocations) -> Feed:
        return _FileFeed(self._path, revocations)

    def __repr__(self) -> str:
        return f"<h3s.FileStore {self._path!r}>"


class _File(c_void_p):
    """Closes itself with its last reference."""

    _close = fast.h3s_revocation_file_close

    def __del__(self) -> None:
        self._close(self)


class _FileFeed:
    pause = 0.25

    def __init__(self, path: str, revocations: Revocations) -> None:
        file, error, text = _File(), Error(), os.fsencode(path)
        status = slow.h3s_revocation_file_open(text, len(text), 0, byref(file), byref(error))
        if status:
            _abi.fail(status, error, "revocation.file" if status == _abi.ERR_ARGUMENT else None)
        self._file = file
        self._replica, self._config = revocations._replica, revocations._config

    def publish(self, lines: Sequence[str]) -> None:
        text, error = "\n".join(lines).encode(), Error()
        status = slow.h3s_revocation_file_append(self._file, text, len(text), 0, byref(error))
        if status:
            _abi.fail(status, error)

    def poll(self) -> bool:
        applied, error = c_size_t(), Error()
        status = slow.h3s_revocation_file_poll(self._file, self._replica, self._config, 0, byref(applied), byref(error))
        if status:
            _abi.fail(status, error)
        return True


class MemoryStore:
    """Of this process alone: for tests, and for a server that is a single process.

    A process that starts later knows nothing of it.
    """

    def __init__(self) -> None:
        self._process, self._lock = os.getpid(), threading.Lock()
        self._lines: list[str] = []
        #: How many have ended and gone, and how many there may be before the next of these go.
        self._gone, self._most = 0, 1000

    def attach(self, revocations: Revocations) -> Feed:
        if self._process != os.getpid():
            # A thread that is not here may have held it.
            self._process, self._lock = os.getpid(), threading.Lock()
        return _MemoryFeed(self, revocations)

    def _add(self, lines: Sequence[str]) -> None:
        with self._lock:
            self._lines.extend(lines)
            if len(self._lines) > self._most:
                now = time.time()
                kept = [line for line in self._lines if end_of(line) >= now]
                self._gone += len(self._lines) - len(kept)
                self._lines, self._most = kept, 2 * len(kept) + 1000

    def _new(self, read: int) -> tuple[list[str], int]:
        """What came after so many lines, and how many there are then."""
        with self._lock:
            return self._lines[max(read - self._gone, 0) :], self._gone + len(self._lines)

    def __repr__(self) -> str:
        return "<h3s.MemoryStore>"


class _MemoryFeed:
    pause = 0.25

    def __init__(self, store: MemoryStore, revocations: Revocations) -> None:
        self._store, self._read = store, 0
        self._revocations = weakref.ref(revocations)

    def publish(self, lines: Sequence[str]) -> None:
        self._store._add(lines)

    def poll(self) -> bool:
        revocations = self._revocations()
        if revocations is not None:
            lines, self._read = self._store._new(self._read)
            if lines:
                revocations.apply(lines)
            revocations.heard()
        return True


def end_of(line: str) -> float:
    """Until when an entry matters, in seconds since 1970; 0 of what is none."""
    parts = line.split(".")
    return float(parts[2]) if len(parts) == 4 and parts[0] == "h3r1" and parts[2].isdigit() else 0
