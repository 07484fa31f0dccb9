"""One of the processes of the simulation: a server that follows the stream, and logs sessions out.

It does so through the package's own store, in which `Watched` sees each poll: it measures the CPU
time that a poll takes, and asks right after it whether what was logged out elsewhere is refused.
"""

from __future__ import annotations

import mmap
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import h3s
from h3s.valkey import ValkeyStore

PASSWORD = "the password of a simulation, which is none"
MAX_AGE = 3600
#: How long it may take to catch up, or the last logout to be refused, in seconds.
PATIENCE = 1800.0


@dataclass(frozen=True)
class Plan:
    """What all processes know."""

    url: str
    folder: Path
    processes: int
    #: How many sessions are logged out, and how many of them in a second, by all together.
    logouts: int
    rate: float
    room: int
    #: Seconds between two polls; None: as the package has it.
    pause: float | None


@dataclass(frozen=True)
class CaughtUp:
    """A process that has read the stream to its end for the first time."""

    seconds: float
    cpu: float
    entries: int
    #: Bytes that it had resident before its Sessions were made, and that it has now.
    memory_before: int
    memory: int


@dataclass(frozen=True)
class Done:
    """What a process has seen while sessions were logged out. CPU time is in seconds."""

    seconds: float
    #: Of the thread that follows, without the questions of this benchmark; how often it has polled.
    following: float
    polls: int
    #: Of the thread that logs sessions out.
    logging_out: float
    #: Of the whole process, with the questions of this benchmark.
    cpu: float
    #: Resident bytes at the end.
    memory: int
    entries: int
    missed: int
    #: How long each logout took, from before it was published to after it.
    published: list[int]
    #: What was not as it should be.
    faults: list[str]


class Table:
    """Numbers in memory that all processes share, a row for each process; 0 where there is none."""

    def __init__(self, path: Path, rows: int, columns: int) -> None:
        self._columns = columns
        size = rows * columns * 8
        with path.open("a+b") as file:
            file.truncate(size)
            self._numbers = memoryview(mmap.mmap(file.fileno(), size)).cast("q")

    def row(self, number: int) -> memoryview:
        return self._numbers[number * self._columns : (number + 1) * self._columns]


class Watched:
    """A store of which each poll is watched."""

    def __init__(self, store: h3s.Store, pause: float | None) -> None:
        self._store, self.pause = store, pause
        self.is_complete = threading.Event()
        self.after: Callable[[], None] = lambda: None
        #: The CPU time of the thread that polls, without what comes after a poll, and their number.
        self.spent, self.polls = 0.0, 0

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        return _WatchedFeed(self._store.attach(revocations), self)


class _WatchedFeed:
    def __init__(self, feed: h3s.Feed, watched: Watched) -> None:
        self._feed, self._watched = feed, watched
        self._asking = 0.0
        self.pause = feed.pause if watched.pause is None else watched.pause

    def publish(self, lines: Sequence[str]) -> None:
        self._feed.publish(lines)

    def poll(self) -> bool:
        is_read, watched = self._feed.poll(), self._watched
        polled = time.thread_time()
        watched.after()
        asked = time.thread_time()
        self._asking += asked - polled
        watched.spent, watched.polls = asked - self._asking, watched.polls + 1
        if is_read:
            watched.is_complete.set()
        return is_read


def opened(store: h3s.Store, room: int) -> h3s.Sessions:
    return h3s.Sessions(password=PASSWORD, max_age=MAX_AGE, revocation={}, revocation_store=store, revocation_room=room)


def memory() -> int:
    found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{os.getpid()}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def follow(plan: Plan, number: int, parent: Connection) -> None:
    """A process: catches up and says so, waits to be told when to begin, and follows until the end.

    number: which of the processes it is; that of none logs nothing out.
    """
    store = Watched(ValkeyStore(plan.url), plan.pause)
    before, began, cpu = memory(), time.monotonic(), time.process_time()
    sessions = opened(store, plan.room)
    assert store.is_complete.wait(PATIENCE) and sessions.revocations is not None
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    parent.send(CaughtUp(seconds, cpu, sessions.revocations.entries, before, memory()))
    start = parent.recv()
    if start is not None:
        parent.send(_run(plan, number, sessions, store, start))
        parent.recv()
    sessions.close()


def _run(plan: Plan, number: int, sessions: h3s.Sessions, store: Watched, start: float) -> Done:
    cookies = (plan.folder / "cookies").read_text().splitlines()
    logged_out = Table(plan.folder / "logged-out", 1, plan.logouts).row(0)
    refused = Table(plan.folder / "refused", plan.processes, plan.logouts).row(number)
    mine = range(number, plan.logouts, plan.processes)
    #: Of each other process, the first of its sessions that is not refused here yet.
    others = {n: n for n in range(plan.processes) if n != number}

    def ask() -> None:
        for n, first in others.items():
            while first < plan.logouts and logged_out[first] and _is_refused(sessions, cookies[first]):
                refused[first] = time.monotonic_ns()
                first += plan.processes
            others[n] = first

    faults: list[str] = []
    published: list[int] = []
    time.sleep(max(0.0, start - time.monotonic()))
    store.after = ask
    polls, following = store.polls, store.spent
    cpu, logging_out, began = time.process_time(), time.thread_time(), time.monotonic()
    for n in mine:
        time.sleep(max(0.0, start + n / plan.rate - time.monotonic()))
        session = sessions.get(cookies[n])
        if session.rejection is not None or session.id is None:
            faults.append(f"session {n} was refused before its logout: {session.rejection}")
        logged_out[n] = before = time.monotonic_ns()
        try:
            session.revoke()
        except h3s.H3sError as error:
            faults.append(f"session {n} was not logged out: {error}")
        published.append(time.monotonic_ns() - before)
        if _is_refused(sessions, cookies[n]):
            refused[n] = time.monotonic_ns()
    logging_out = time.thread_time() - logging_out

    assert sessions.revocations is not None
    end = time.monotonic() + PATIENCE
    while not all(refused) and not sessions.revocations.missed and time.monotonic() < end:
        time.sleep(0.05)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    following, polls = store.spent - following, store.polls - polls
    if not all(refused):
        faults.append(f"a process refuses {sum(not at for at in refused)} sessions not at all")
    entries, missed = sessions.revocations.entries, sessions.revocations.missed
    return Done(seconds, following, polls, logging_out, cpu, memory(), entries, missed, published, faults)


def _is_refused(sessions: h3s.Sessions, cookie: str) -> bool:
    return sessions.get(cookie).rejection == "revoked"
