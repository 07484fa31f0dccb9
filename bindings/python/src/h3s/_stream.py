"""How a stream of Valkey or Redis is followed and added to, without a word of how it is reached.

What takes commands is a generator: it yields those that go to the server together, and is sent
their answers. So threads and event loops share all of it but the way there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, Callable, Optional, Protocol, TypeVar, Union

from .revocations import end_of

__all__ = ["Command", "Copy", "Steps", "Stream", "line_of", "text"]

#: A method of the client, with its arguments.
Command = tuple[str, tuple[Any, ...], dict[str, Any]]
_Result = TypeVar("_Result")
Steps = Generator[list[Command], list[Any], _Result]

#: How many commands go to the server together at most.
BATCH = 1000
#: More characters no entry has.
LONGEST = 2048
#: By how many milliseconds two clocks may differ, see docs/REVOCATION.md.
SKEW = 600_000
#: Seconds between two looks whether the server still has what it had. Not at each answer: under
#: load, each has few entries.
CHECK = 1.0
#: Seconds between two times that what has ended is forgotten, and between two marks.
SWEEP = 60.0

_START = "0-0"


class Copy(Protocol):
    """What is asked of Revocations."""

    cookie_name: str
    keep: int

    def apply(self, lines: Iterable[str]) -> int: ...

    def heard(self) -> None: ...


class Stream:
    """Where a process stands in a stream, and what it has itself added.

    A server that fails goes back to an earlier state, be it an empty one: it has lost what came
    after some moment, and others may have added more since. Each entry of this process is looked
    for once after it was added, and the last ones again and again. So a loss is noticed whatever
    was added after it. Then all is read from the start, and what was not there is added again.

    keep: for how many milliseconds an entry matters at most.
    block: for how many milliseconds the server waits for news.
    count: how many entries are read at once.
    clock, monotonic: in seconds, for tests.
    """

    def __init__(
        self,
        key: str,
        keep: int,
        *,
        block: int,
        count: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self._keep, self._block, self._count = keep, block, count
        self._clock, self._monotonic = clock, monotonic
        #: What this process has added, and until when it matters.
        self.own: dict[str, float] = {}
        #: Of that, what was not met while all is read again; None: nothing was lost.
        self._missing: Optional[set[str]] = None
        #: Where its entries are that nobody has looked for yet.
        self._unseen: deque[str] = deque()
        #: The last that was found of its own, and one of each minute, the oldest first: these show
        #: that what is old was deleted.
        self._found, self._marks = _START, deque[str]()
        #: Up to where it is read, and was at the last check.
        self._last = self._checked = _START
        #: The server's clock as it was last seen, in milliseconds; None: not yet.
        self._server_time: Optional[int] = None
        #: Whether there is more to be read at once.
        self._is_behind = True
        self._checked_at = float("-inf")
        self._swept_at = monotonic()

    # ---- To add ----------------------------------------------------------------------------------

    def publish(self, lines: Sequence[str]) -> Steps[None]:
        """Adds entries."""
        for some in _batches(lines):
            added = yield [self._adding(line) for line in some]
            # First, since another thread may find meanwhile that the server has lost them again.
            if self._missing is not None:
                self._missing.difference_update(some)
            for line, entry in zip(some, map(text, added)):
                self.own[line] = end_of(line)
                self._unseen.append(entry)
                self._server_time = _moment_of(entry)[0]

    def _adding(self, line: str) -> Command:
        """What has ended goes by the clock that is behind: the server's, or this process's.

        One that is ahead would delete what others still need.
        """
        trimming: dict[str, Any] = {}
        if self._server_time is not None:
            oldest = min(self._server_time, int(self._clock() * 1000)) - self._keep
            if oldest > 0:
                trimming = {"minid": oldest, "approximate": True}
        return "xadd", (self.key, {"e": line}), trimming

    # ---- To follow -------------------------------------------------------------------------------

    def poll(self, copy: Copy) -> Steps[bool]:
        """Applies what is new to a copy of what is revoked. False: there is more to read."""
        yield from self._check()
        block = None if self._is_behind else self._block
        (answer,) = yield [("xread", ({self.key: self._last},), {"count": self._count, "block": block})]
        messages = _messages_of(answer)
        if messages:
            self._apply(messages, copy)
        self._is_behind = len(messages) >= self._count
        if not self._is_behind:
            copy.heard()
            yield from self._add_missing()
        return not self._is_behind

    def _apply(self, messages: list[Any], copy: Copy) -> None:
        lines = [line_of(fields) for _, fields in messages]
        copy.apply(lines)
        self._last = text(messages[-1][0])
        self._server_time = _moment_of(self._last)[0]
        if self._missing is not None:
            self._missing.difference_update(lines)

    def disconnected(self) -> None:
        """The server may come back without its data; and what it then has is wanted at once."""
        self._checked_at = float("-inf")
        self._is_behind = True

    # ---- A server that has lost something --------------------------------------------------------

    def _check(self) -> Steps[None]:
        now = self._monotonic()
        if now < self._checked_at + CHECK:
            return
        unseen = list(self._unseen)
        is_whole = yield from self._are_there([*self._older(), *unseen])
        if is_whole:
            self._note_found(unseen)
        else:
            self._begin_again()
        self._checked, self._checked_at = self._last, now
        if now >= self._swept_at + SWEEP:
            self._swept_at = now
            self._sweep()

    def _older(self) -> list[str]:
        """What was there before, and shows whether something was lost since."""
        while self._marks and self._may_be_trimmed(self._marks[0]):
            self._marks.popleft()
        return list({self._found, self._checked, *list(self._marks)[:1]})

    def _are_there(self, entries: list[str]) -> Steps[bool]:
        wanted = [entry for entry in entries if entry != _START and not self._may_be_trimmed(entry)]
        for some in _batches(wanted):
            answers = yield [("xrange", (self.key, entry, entry), {"count": 1}) for entry in some]
            if not all(answers):
                return False
        return True

    def _may_be_trimmed(self, entry: str) -> bool:
        return _moment_of(entry)[0] < self._clock() * 1000 + SKEW - self._keep

    def _note_found(self, entries: list[str]) -> None:
        for entry in entries:
            self._unseen.popleft()
            self._found = max(self._found, entry, key=_moment_of)
            if not self._marks or _moment_of(entry)[0] >= _moment_of(self._marks[-1])[0] + SWEEP * 1000:
                self._marks.append(entry)

    def _begin_again(self) -> None:
        """From the start, since a server whose clock is behind may have begun with smaller ids."""
        # What another thread adds meanwhile is in either, or in both.
        self._unseen.clear()
        self._marks.clear()
        self._sweep()
        self._missing = set(self.own)
        self._last = self._found = _START
        self._is_behind = True

    def _add_missing(self) -> Steps[None]:
        if self._missing is not None:
            yield from self.publish([line for line in list(self.own) if line in self._missing])
            self._missing = None

    def _sweep(self) -> None:
        now = self._clock()
        for line, end in list(self.own.items()):
            if end < now:
                del self.own[line]


def line_of(fields: Any) -> str:
    """The entry of a message; nothing where that is none: anybody may have put others there."""
    line = text((fields or {}).get(b"e") or (fields or {}).get("e") or "")
    return line if len(line) <= LONGEST and line.isprintable() else ""


def text(value: Union[str, bytes]) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _messages_of(answer: Any) -> list[Any]:
    """Of the one stream that was asked for, in either version of the protocol."""
    if not answer:
        return []
    if isinstance(answer, dict):
        (streams,) = answer.values()
        return [message for messages in streams for message in messages]
    messages: list[Any] = answer[0][1]
    return messages


def _moment_of(entry: str) -> tuple[int, int]:
    """When an entry was added, by its id: milliseconds since 1970, and its number then."""
    time, _, number = entry.partition("-")
    return int(time), int(number)


def _batches(items: Sequence[Any]) -> Iterator[Any]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
