"""What a server of Valkey or Redis has lost is published again, whatever came after it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

import pytest
import valkey
from h3s._stream import SKEW, Stream
from h3s.errors import StoreError
from h3s.valkey import _Stream

from stores import Server, server, until

__all__ = ["server"]

STREAM = "h3s:revocations:h3"
KEEP = 7_200_000


class Copy:
    """What a process knows: all lines that came, in order."""

    cookie_name = "h3"
    keep = KEEP

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.times_heard = 0

    def apply(self, lines: Iterable[str]) -> int:
        self.lines += lines
        return 0

    def heard(self) -> None:
        self.times_heard += 1


def line(number: int, *, seconds: float = 3600) -> str:
    """An entry that nobody opens, and that ends in an hour."""
    return f"h3r1..{int(time.time() + seconds)}.{number}"


class Process:
    """One that follows the stream when it is told to."""

    def __init__(self, server: Server) -> None:
        self.server, self.copy = server, Copy()
        self.stream: _Stream = server.store().stream_of(self.copy, block=20)

    def publish(self, *lines: str) -> None:
        """Until it is stored: the first try after a failure finds the connection gone."""

        def is_stored() -> bool:
            try:
                self.stream.publish(lines)
            except StoreError:
                return False
            return True

        until(is_stored)

    def follow(self) -> None:
        try:
            self.stream.poll()
        except Exception:  # noqa: BLE001
            # A connection to the server as it was.
            assert self.server.client().ping()

    def has_read(self, *lines: str) -> bool:
        self.follow()
        return set(lines) <= set(self.copy.lines)

    def has_made_good(self, *lines: str) -> bool:
        """Whether the server has just these again, each once."""
        self.follow()
        return sorted(stored(self.server)) == sorted(lines)


def stored(server: Server) -> list[str]:
    return [fields[b"e"].decode() for _, fields in server.client().xrange(STREAM)]


def test_what_was_lost_is_published_again_although_something_was_added_after_the_loss(server: Server) -> None:
    process = Process(server)
    before, lost, after = line(1), line(2), line(3)
    process.publish(before)
    until(lambda: process.has_read(before))
    state = server.state()
    process.publish(lost)
    server.go_back_to(state)
    process.publish(after)
    until(lambda: process.has_made_good(before, lost, after))


def test_what_was_read_and_then_lost_is_published_again_although_the_next_one_was_kept(server: Server) -> None:
    process = Process(server)
    lost, after = line(1), line(2)
    state = server.state()
    process.publish(lost)
    until(lambda: process.has_read(lost))
    server.go_back_to(state)
    process.publish(after)
    until(lambda: process.has_made_good(lost, after))


def test_what_an_old_copy_of_the_data_has_is_not_published_twice(server: Server) -> None:
    process = Process(server)
    lines = [line(number) for number in range(12)]
    process.publish(*lines[:5])
    state = server.state()
    process.publish(*lines[5:9])
    until(lambda: process.has_read(*lines[:9]))
    server.go_back_to(state)
    process.publish(*lines[9:])
    until(lambda: process.has_made_good(*lines))


def test_two_losses_at_once_are_made_good(server: Server) -> None:
    process = Process(server)
    one, two, three, four = (line(number) for number in range(4))
    state = server.state()
    process.publish(one)
    server.go_back_to(state)
    process.publish(two)
    state = server.state()
    process.publish(three)
    server.go_back_to(state)
    process.publish(four)
    until(lambda: process.has_made_good(one, two, three, four))


def test_a_loss_while_the_last_one_is_made_good_is_made_good_too(server: Server) -> None:
    process = Process(server)
    lines = [line(number) for number in range(4)]
    state = server.state()
    process.publish(*lines[:3])
    server.go_back_to(state)
    process.publish(lines[3])
    until(lambda: process.has_read(lines[0]))
    server.go_back_to(state)

    def is_made_good() -> bool:
        process.follow()
        return set(stored(server)) == set(lines)

    until(is_made_good)


def test_what_a_replica_had_not_got_yet_is_published_again_when_it_has_taken_over(server: Server) -> None:
    replica = server.replica()
    try:
        process = Process(server)
        before, lost, after = line(1), line(2), line(3)
        process.publish(before)
        until(lambda: process.has_read(before) and stored(replica) == [before])
        # The client is told of it later, as by sentinels and clusters.
        replica.client().replicaof("NO", "ONE")
        process.publish(lost)
        until(lambda: process.has_read(lost))
        server.kill()
        pool = process.stream.client.connection_pool
        pool.connection_kwargs["port"] = replica.port
        pool.reset()
        process.server = replica
        process.publish(after)
        until(lambda: process.has_made_good(before, lost, after))
    finally:
        replica.kill()


def test_what_others_published_after_a_loss_is_read_although_the_server_s_clock_went_back(server: Server) -> None:
    process, other = Process(server), Process(server)
    ahead = int(time.time() * 1000) + 3_000_000
    first, later = line(1), line(2)
    server.client().xadd(STREAM, {"e": first}, id=f"{ahead}-0")
    until(lambda: process.has_read(first))
    server.client().flushall()
    other.publish(later)
    until(lambda: process.has_read(later))


def test_what_somebody_has_deleted_too_early_is_published_again(server: Server) -> None:
    process = Process(server)
    old, new = line(1), line(2)
    process.publish(old)
    until(lambda: process.has_read(old))
    process.stream.poll()
    process.publish(new)
    until(lambda: process.has_read(new))
    # As by a clock that is ahead: what is newest stays.
    assert server.client().xtrim(STREAM, maxlen=1, approximate=False) == 1
    until(lambda: process.has_made_good(old, new))


def test_thousands_are_published_again_by_a_few_questions(server: Server) -> None:
    process = Process(server)
    lines = [line(number) for number in range(2500)]
    process.publish(*lines)
    server.kill(with_data=True)
    server.start()
    asked: list[int] = []
    ask = process.stream._ask

    def counted(commands: list[Any]) -> list[Any]:
        asked.append(len(commands))
        return ask(commands)

    process.stream._ask = counted  # type: ignore[method-assign]
    until(lambda: process.has_made_good(*lines))
    assert len(asked) < 30 and max(asked) <= 1000


def test_nothing_was_heard_until_all_is_read_again(server: Server) -> None:
    process, own = Process(server), line(0)
    process.publish(own)
    ((lost, _),) = server.client().xrange(STREAM)
    pipeline = server.client().pipeline()
    for number in range(1, 2501):
        pipeline.xadd(STREAM, {"e": line(number)})
    pipeline.execute()
    until(lambda: process.stream.poll() and len(process.copy.lines) == 2501)
    server.client().xdel(STREAM, lost)
    read: list[bool] = []

    def is_made_good() -> bool:
        before = process.copy.times_heard
        read.append(process.stream.poll())
        assert (process.copy.times_heard > before) == read[-1]
        return bool(server.client().xlen(STREAM) == 2501)

    until(is_made_good)
    assert read.count(False) == 2


def test_what_has_ended_is_forgotten_and_not_published_again(server: Server) -> None:
    process = Process(server)
    ended, alive = line(1, seconds=-5), line(2)
    process.publish(ended, alive)
    server.kill(with_data=True)
    server.start()
    until(lambda: process.has_made_good(alive))
    assert list(process.stream.own) == [alive]


def test_after_a_failure_what_is_there_is_wanted_at_once(server: Server) -> None:
    process = Process(server)
    process.follow()
    waits: list[Any] = []
    ask = process.stream._ask

    def noted(commands: list[Any]) -> list[Any]:
        waits.extend(named["block"] for method, _, named in commands if method == "xread")
        return ask(commands)

    process.stream._ask = noted  # type: ignore[method-assign]
    process.follow()
    server.kill()
    with pytest.raises(valkey.ConnectionError):
        process.stream.poll()
    server.start()
    process.follow()
    process.follow()
    assert waits[0] == waits[-1] == 20 and None in waits


# ---- What is trimmed -----------------------------------------------------------------------------

NOW = 1_800_000_000


def stream(clock: float = NOW) -> Stream:
    return Stream("key", KEEP, block=1000, count=1000, clock=lambda: clock)


def added(stream: Stream, at: float) -> Any:
    """The oldest that is kept where an entry is added, at a time by the server's clock."""
    steps = stream.publish([line(1)])
    ((_, _, named),) = next(steps)
    with pytest.raises(StopIteration):
        steps.send([f"{int(at * 1000)}-0".encode()])
    return named.get("minid")


def test_nothing_is_trimmed_before_the_server_s_clock_is_known() -> None:
    first = stream()
    assert added(first, NOW) is None
    assert added(first, NOW) == NOW * 1000 - KEEP


@pytest.mark.parametrize("ahead", [600, 86_400, 10**9])
def test_a_clock_that_is_ahead_deletes_nothing_that_others_need(ahead: int) -> None:
    publisher = stream(NOW + ahead)
    added(publisher, NOW)
    assert added(publisher, NOW) == NOW * 1000 - KEEP
    server_is_ahead = stream()
    added(server_is_ahead, NOW + ahead)
    assert added(server_is_ahead, NOW + ahead) == NOW * 1000 - KEEP


def test_a_publisher_whose_clock_is_a_year_ahead_trims_nothing_that_lives(server: Server) -> None:
    ahead, other = Process(server), Process(server)
    ahead.stream._stream._clock = lambda: time.time() + 365 * 86_400
    other.publish(line(1))
    ahead.publish(*(line(number) for number in range(2, 40)))
    ahead.publish(line(40))
    assert len(stored(server)) == 40


def test_what_may_have_been_trimmed_is_not_looked_for() -> None:
    old = stream()
    added(old, NOW - (KEEP - SKEW) / 1000 - 1)
    steps = old.poll(Copy())
    ((method, _, _),) = next(steps)
    assert method == "xread"


def answered(steps: Any, stored: dict[str, Any]) -> Any:
    """Runs steps to their end with a server of a few commands."""
    commands = next(steps)
    while True:
        answers: list[Any] = []
        for name, arguments, _ in commands:
            if name == "xadd":
                stored[f"{time.time() * 1000:.0f}-{len(stored) + 1}"] = arguments[1]
                answers.append(list(stored)[-1])
            elif name == "xrange":
                answers.append([(entry, fields) for entry, fields in stored.items() if entry == arguments[1]])
            else:
                ((key, last),) = arguments[0].items()
                after = [entry for entry in stored if last == "0-0" or _position(entry) > _position(last)]
                answers.append([[key, [(entry, stored[entry]) for entry in after]]])
        try:
            commands = steps.send(answers)
        except StopIteration as end:
            return end.value


def _position(entry: str) -> tuple[int, ...]:
    return tuple(map(int, entry.split("-")))


def test_what_is_lost_at_the_moment_in_which_it_was_added_is_published_again() -> None:
    stored: dict[str, Any] = {}
    passed = iter(range(0, 1000, 2))
    stream = Stream("key", KEEP, block=1, count=1000, monotonic=lambda: next(passed))
    polls: list[Any] = []

    class Overtaken(deque[str]):
        """By a thread that finds the server without its data, and begins to read it anew."""

        def append(self, entry: str) -> None:
            super().append(entry)
            if not polls:
                stored.clear()
                polls.append(stream.poll(Copy()))
                questions = next(polls[0])
                polls[0].send([[] for _ in questions])

    lines = [line(1), line(2)]
    answered(stream.publish(lines[:1]), stored)
    answered(stream.poll(Copy()), stored)
    stream._unseen = Overtaken(stream._unseen)
    answered(stream.publish(lines[1:]), stored)
    polls[0].close()
    for _ in range(5):
        answered(stream.poll(Copy()), stored)
    assert sorted(fields["e"] for fields in stored.values()) == sorted(lines)
