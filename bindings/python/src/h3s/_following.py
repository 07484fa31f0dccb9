"""How a store is followed: when it is asked again, what the log is told, and who does so: a thread,
or a task of an event loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Callable, Optional, Protocol, TypeVar

from .errors import FullError, H3sError, StateError, StoreError

__all__ = ["AsyncFeed", "Feed", "InLoop", "InThread", "running_loop", "told"]

_log = logging.getLogger("h3s")
_Result = TypeVar("_Result")

#: How long a process waits at its start for all that is revoked, in seconds.
START = 5.0
#: The first and the longest pause between two attempts to reach a store, in seconds.
SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
#: How long a thread waits at most for an event loop that has the store, in seconds.
LONGEST_PUBLISH = 10.0


class Feed(Protocol):
    """The way from one store to one `Revocations`, and back."""

    #: Seconds between two calls of `poll`; 0 where it waits for news itself.
    pause: float

    def publish(self, lines: Sequence[str]) -> None:
        """Makes entries known to all. Raises where they are not certainly kept.

        Any thread may call it, several at once.
        """
        ...

    def poll(self) -> bool:
        """Applies what is new, and says `heard` once it has read all there is.

        One thread calls it, over and over, whether or not it has raised. It returns within a second
        or two. False: there is more to read.
        """
        ...


class AsyncFeed(Protocol):
    """As Feed, for an event loop: a task of it calls `poll`, and no thread is started."""

    pause: float

    async def publish(self, lines: Sequence[str]) -> None: ...

    async def poll(self) -> bool: ...

    async def close(self) -> None:
        """The event loop ends. It may be called several times, and another loop may come after."""
        ...


class _Course:
    """What becomes of the calls of `poll`, each of which says how many seconds later the next is.

    ready: called once all there is was read, or a call has failed.
    tell_full: told that an entry has found no room.
    """

    def __init__(self, pause: float, ready: Callable[[], object], tell_full: Callable[[FullError], None]) -> None:
        self._pause, self._ready, self._tell_full = pause, ready, tell_full
        self._failed, self._next = False, SHORTEST_PAUSE

    def went(self, is_read: bool) -> float:
        if self._failed:
            _log.info("what is revoked is known again")
        self._failed, self._next = False, SHORTEST_PAUSE
        if not is_read:
            return 0
        self._ready()
        return self._pause

    def failed(self, error: Exception) -> float:
        if isinstance(error, FullError):
            # All others were applied.
            self._tell_full(error)
            return self.went(True)
        if not self._failed:
            _log.warning("what is revoked is not known here for now: %s", told(error))
        self._failed = True
        self._ready()
        pause, self._next = self._next, min(2 * self._next, LONGEST_PAUSE)
        return pause


class InThread:
    """The thread that follows a store, from now on.

    is_wanted: whether anybody still wants to know what is revoked.
    tell_full: told that an entry has found no room.
    """

    def __init__(self, feed: Feed, is_wanted: Callable[[], bool], tell_full: Callable[[FullError], None]) -> None:
        self._stop, self._ready = threading.Event(), threading.Event()
        course = _Course(feed.pause, self._ready.set, tell_full)
        arguments = (feed, is_wanted, course, self._stop)
        self._thread = threading.Thread(target=_follow, args=arguments, name="h3s-revocations", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits until all there is was read, or cannot be: START seconds at most."""
        if not self._ready.wait(START):
            _tell_unready()

    def end(self) -> None:
        """Follows no more."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def end_soon(self) -> None:
        self._stop.set()


def _follow(feed: Feed, is_wanted: Callable[[], bool], course: _Course, stop: threading.Event) -> None:
    while not stop.is_set() and is_wanted():
        try:
            pause = course.went(feed.poll())
        except Exception as error:  # noqa: BLE001
            pause = course.failed(error)
        stop.wait(pause)


class InLoop:
    """The task of an event loop that follows a store, once it was started there.

    is_wanted, tell_full: as of InThread.
    """

    def __init__(self, feed: AsyncFeed, is_wanted: Callable[[], bool], tell_full: Callable[[FullError], None]) -> None:
        self._feed, self._is_wanted, self._tell_full = feed, is_wanted, tell_full
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._task: Optional[asyncio.Task[None]] = None
        self._ready: Optional[asyncio.Event] = None
        #: A forked process has no event loop of its parent's, although it seems to run.
        self._process = os.getpid()

    def _is_here(self) -> bool:
        return self._task is not None and not self._task.done() and self._home() is asyncio.get_running_loop()

    def _home(self) -> Optional[asyncio.AbstractEventLoop]:
        """The event loop that follows, if it still runs."""
        loop = self._loop if self._process == os.getpid() else None
        return loop if loop is not None and loop.is_running() else None

    async def start(self) -> None:
        """Follows from now on, and waits until all there is was read: START seconds at most."""
        await self._begin().wait()

    def _begin(self) -> asyncio.Event:
        """Follows from now on. What is set once all there is was read, or cannot be."""
        if self._ready is None or not self._is_here():
            self._process, self._loop = os.getpid(), asyncio.get_running_loop()
            self._ready = asyncio.Event()
            self._task = self._loop.create_task(self._follow(self._ready))
            self._loop.call_later(START, _give_up, self._ready)
        return self._ready

    async def _follow(self, ready: asyncio.Event) -> None:
        course = _Course(self._feed.pause, ready.set, self._tell_full)
        try:
            while self._is_wanted():
                try:
                    pause = course.went(await self._poll())
                except Exception as error:  # noqa: BLE001
                    pause = course.failed(error)
                await asyncio.sleep(pause)
        finally:
            ready.set()
            await self._feed.close()

    async def _poll(self) -> bool:
        """In a task of its own: a client may take a cancellation for an end of its own, and go on.

        Then it is told again, and at worst the call ends as it would have.
        """
        polling = asyncio.ensure_future(self._feed.poll())
        try:
            await asyncio.wait([polling])
        finally:
            while not polling.done():
                polling.cancel()
                await asyncio.wait([polling], timeout=SHORTEST_PAUSE)
        return polling.result()

    async def stop(self) -> None:
        """Follows no more in this event loop."""
        if self._is_here():
            task = self._task
            self._cancel()
            assert task is not None
            await asyncio.wait([task])

    def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def end(self) -> None:
        """As `stop`, from any thread, and without waiting for it."""
        loop = self._home()
        if loop is not None:
            # It may have been closed just now.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._cancel)

    end_soon = end

    async def reach(self, made: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """Awaits what `made` makes in the event loop that follows: in this one, if none does."""
        loop = self._home()
        if loop is None or loop is asyncio.get_running_loop():
            self._begin()
            return await made()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(made(), loop))

    def reach_from_thread(self, made: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """As `reach`, for a thread without an event loop."""
        if running_loop() is not None:
            raise StateError("the store is asyncio's: await apublish, or arevoke_session and its like")
        loop = self._home()
        if loop is None:
            raise StoreError("no event loop follows the store of what is revoked, which is asyncio's")
        future = asyncio.run_coroutine_threadsafe(made(), loop)
        try:
            return future.result(LONGEST_PUBLISH)
        except concurrent.futures.TimeoutError:
            # Another loop may be there by the next time.
            future.cancel()
            raise StoreError("the event loop that follows the store does not answer") from None


def _give_up(ready: asyncio.Event) -> None:
    if not ready.is_set():
        _tell_unready()
        ready.set()


def _tell_unready() -> None:
    _log.warning("not all that is revoked is known here yet")


def running_loop() -> Optional[asyncio.AbstractEventLoop]:
    """The event loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def told(error: BaseException) -> str:
    return str(error) if isinstance(error, H3sError) else f"{type(error).__name__}: {error}"
