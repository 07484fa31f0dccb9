"""The protocol of benches/peers/README.md, for the drivers in Python."""

from __future__ import annotations

import json
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery staple, and more of it"
OTHERS = "theme=dark; _ga=GA1.1.1234567890.1700000000; {}; lang=en"

Call = Callable[[], object]
#: By the work's name: what one call does, or a number; `count` is a call that answers one.
Works = dict[str, "Call | int"]
#: By the peer's name: its version, and what it does with the data.
Peers = Mapping[str, tuple[str, Callable[[dict[str, Any]], Works]]]


def changed(cookie: str) -> str:
    """Forged: one character of the token is another."""
    at = cookie.index("=") + (len(cookie) - cookie.index("=")) // 2
    return cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]


def refused(count: object) -> None:
    assert count is None, "a forged token opens"


def pair_of(cookie: str) -> str:
    return cookie.split(";")[0]


def heap(call: Call) -> int:
    """The most bytes that a call has in use at once, as far as Python's own allocator knows."""
    call()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def answer(works: Works, work: str, n: int) -> str:
    call = works.get("request" if work == "heap" else work)
    if call is None:
        return "-"
    if isinstance(call, int):
        return str(call)
    if work == "count":
        return str(call())
    if work == "heap":
        return str(heap(call))
    for _ in range(n // 10):
        call()
    start = time.process_time_ns()
    for _ in range(n):
        call()
    return f"{(time.process_time_ns() - start) / n:.1f}"


def serve(peers: Peers) -> None:
    """Answers the questions about these peers."""
    folder, known = Path(sys.argv[1]), dict[tuple[str, str], Works]()
    for line in sys.stdin:
        if line == "peers\n":
            versions = [f"{name}={version}" for name, (version, _) in peers.items()]
            print(f"runtime=Python/{platform.python_version()}", *versions, flush=True)
        else:
            work, peer, which, n = line.split()
            if (peer, which) not in known:
                known[peer, which] = peers[peer][1](json.loads((folder / f"{which}.json").read_text()))
            print(answer(known[peer, which], work, int(n)), flush=True)
