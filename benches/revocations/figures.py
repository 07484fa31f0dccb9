"""What a run of the simulation has found, and the page of it."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from follower import CaughtUp, Done


@dataclass(frozen=True)
class Stream:
    """What the server holds."""

    server: str
    entries: int
    bytes: int
    #: Of its append-only file.
    log_bytes: int


@dataclass(frozen=True)
class Figures:
    """CPU time is in seconds, moments in nanoseconds."""

    machine: dict[str, str]
    live: int
    rate: float
    #: When each session was logged out, and when it was refused first, by process; 0: never.
    logged_out: list[int]
    refused: list[list[int]]
    at_start: list[CaughtUp]
    done: list[Done]
    fresh: CaughtUp
    fresh_server_cpu: float
    room: int
    stream: Stream
    server_cpu: float
    #: Bytes that the server has sent.
    sent: int
    #: How many cores the processes and the server took during the logouts, and all else.
    own_cores: float
    others_cores: float
    cores: int

    @property
    def faults(self) -> list[str]:
        """In what a logout was not final."""
        all_entries = self.live + len(self.logged_out)
        # Of many in one process the first tells enough.
        faults = [fault for each in self.done for fault in each.faults[:1]]
        faults += [f"a process has missed {each.missed:,} entries" for each in self.done if each.missed]
        faults += [
            f"{what} knows {found:,} entries of {wanted:,}"
            for what, found, wanted in (
                ("the server", self.stream.entries, all_entries),
                *(("a process at its start", each.entries, self.live) for each in self.at_start),
                *(("a process", each.entries, all_entries) for each in self.done),
                ("a fresh process", self.fresh.entries, all_entries),
            )
            if found != wanted
        ]
        return faults

    @property
    def seconds(self) -> float:
        """From the first logout to when all were refused everywhere."""
        return statistics.mean(each.seconds for each in self.done)


def page(found: Figures) -> str:
    count, processes = len(found.logged_out), len(found.done)
    delays = [at - out for row in found.refused for at, out in zip(row, found.logged_out) if at and out]
    last = [max(ats) - out for *ats, out in zip(*found.refused, found.logged_out) if all(ats) and out]
    published = [nanoseconds for each in found.done for nanoseconds in each.published]
    took = (max(found.logged_out) - min(found.logged_out)) / 1e9
    memory = [each.memory for each in found.done]
    growth = found.fresh.memory - found.fresh.memory_before
    starts = [each.cpu for each in found.at_start]
    paragraphs = [
        (
            f"Measured on {found.machine['date']}: {found.machine['processor']}; {found.machine['system']}; "
            f"{found.stream.server}. Repeat it with `make bench-revocations`; [README.md](README.md) says "
            "what is measured and how."
        ),
        (
            f"The {processes} processes and the server shared {found.cores} cores: they took "
            f"{found.own_cores:.2f} of them during the logouts, and other work on this "
            f"machine {found.others_cores:.2f}. So go by the CPU times. Whatever was timed by "
            "the clock has waited for a core, too, and is an upper bound."
        ),
    ]
    tables: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = [
        (
            f"{count:,} logouts, {count / took:,.0f} a second ({found.rate:,.0f} were asked for)",
            ("", "median", "99.9 %", "most"),
            [
                ("to the refusal in a process", *spread(delays)),
                (f"to the refusal in all {processes}", *spread(last)),
                ("the logout itself, until it is stored", *spread(published)),
            ],
        ),
        (
            "CPU time",
            ("", "of a core", "of one entry"),
            [
                of_core("a follower", statistics.mean(d.following for d in found.done), found.seconds, count),
                of_core("the server", found.server_cpu, found.seconds, count),
                ("a logout, in the process", "", micro(sum(d.logging_out for d in found.done) / count)),
            ],
        ),
        (
            f"A fresh process, {found.fresh.entries:,} entries",
            ("", "", "of one entry"),
            [
                ("CPU time of the process", seconds(found.fresh.cpu), micro(found.fresh.cpu / found.fresh.entries)),
                (
                    "CPU time of the server",
                    seconds(found.fresh_server_cpu),
                    micro(found.fresh_server_cpu / found.fresh.entries),
                ),
                ("by the clock", seconds(found.fresh.seconds), ""),
                (
                    f"CPU time where {processes} start at once, {found.live:,} entries",
                    seconds(statistics.median(starts)),
                    micro(statistics.median(starts) / max(found.live, 1)),
                ),
                ("by the clock, the last of them", seconds(max(each.seconds for each in found.at_start)), ""),
            ],
        ),
        (
            "Memory",
            ("", "MB", "bytes an entry"),
            [
                ("a process before it follows", mega(found.fresh.memory_before), ""),
                ("a fresh process that knows all", mega(found.fresh.memory), each_of(growth, found.fresh.entries)),
                ("one of the others at the end", mega(statistics.median(memory)), ""),
                ("the server's stream", mega(found.stream.bytes), each_of(found.stream.bytes, found.stream.entries)),
                (
                    "its append-only file",
                    mega(found.stream.log_bytes),
                    each_of(found.stream.log_bytes, found.stream.entries),
                ),
            ],
        ),
    ]
    polls = sum(each.polls for each in found.done) / processes
    notes = [
        (
            f"A follower asked {polls / found.seconds:,.0f} times a second, and so for {count / polls:.1f} entries at a "
            f"time. The server sent {found.sent / found.seconds / processes / 1000:,.0f} KB a second to each process."
        ),
        f"**This run has failed:** {found.faults[0]}."
        if found.faults
        else f"Each logout was refused in all {processes} processes, and none has missed an entry.",
    ]
    return "\n".join(
        ["# Results", *("\n" + filled(text) for text in paragraphs)]
        + ["\n" + table(*each) for each in tables]
        + ["\n" + filled(text) for text in notes]
        + [""]
    )


def filled(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return f"## {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(nanoseconds: Sequence[int]) -> tuple[str, str, str]:
    """The median, the 99.9th percentile and the most, in milliseconds."""
    if not nanoseconds:
        return "–", "–", "–"
    ordered = sorted(nanoseconds)
    at = [ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.999, 1)]
    first, second, third = (f"{n / 1e6:,.1f} ms" for n in at)
    return first, second, third


def of_core(what: str, cpu: float, seconds: float, entries: int) -> tuple[str, str, str]:
    return what, f"{cpu / seconds:.1%}".replace("%", " %"), micro(cpu / entries)


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} µs"


def seconds(value: float) -> str:
    return f"{value:,.1f} s"


def mega(size: float) -> str:
    return f"{size / 1e6:,.1f}"


def each_of(size: float, entries: int) -> str:
    return f"{size / entries:,.0f}" if entries else ""
