"""Puts every question to every driver, round by round, and writes the report. See README.md.

    bench.py [--quick | --smoke] OUTPUT

measures for some minutes, for two minutes, or just once, with figures that mean nothing. run.sh
builds what it needs.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from peers import PEERS, SIZES, WORKS, Cell, Peer, Results
from report import write

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / "target/bench"
LIBRARY = ROOT / "target/lib/libh3s.so"
VENV, DJANGO = ROOT / "target/venv", ROOT / "target/django-6.1"

#: How each driver is started, what it needs being there.
DRIVERS: dict[str, list[str]] = {
    "c": [str(BUILT / "driver")],
    "rust": [str(ROOT / "target/peers/release/driver")],
    "python": [str(VENV / "bin/python"), str(HERE / "python/driver.py")],
    "django": [str((DJANGO if DJANGO.exists() else VENV) / "bin/python"), str(HERE / "python/django_driver.py")],
    "go": [str(BUILT / "driver-go")],
    "node": ["node", str(HERE / "node/driver.mjs")],
    "ruby": ["ruby", str(HERE / "ruby/driver.rb")],
}


@dataclass(frozen=True)
class Plan:
    """So many rounds, of so many nanoseconds for each figure; fewer, when a busy machine makes them
    take longer than these seconds."""

    rounds: int
    round_ns: float
    seconds: float


SMOKE, QUICK, WHOLE = Plan(1, 0, 60), Plan(30, 1e7, 80), Plan(101, 1e7, 480)


class Driver:
    """A driver's process."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.all = self.pinned = os.sched_getaffinity(0)
        environment = {
            **os.environ,
            "H3S_LIBRARY": str(LIBRARY),
            "PYTHONPATH": str(ROOT / "bindings/python/src"),
            "GOMAXPROCS": "2",
        }
        self.process = subprocess.Popen(
            [*command, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def pin(self, cpus: set[int]) -> None:
        """Keeps the process, with all its threads, on these processors."""
        if cpus != self.pinned:
            for task in Path(f"/proc/{self.process.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cpus)
            self.pinned = cpus

    def ask(self, question: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{self.process.args!r} has no answer to {question!r}")
        return answer

    def measure(self, cell: Cell, n: int) -> float | None:
        """What the driver answers. It is kept on one processor, unless it is to use two."""
        self.pin(self.all if cell.work.startswith("threads") else {max(self.all)})
        answer = self.ask(f"{cell.work} {cell.peer.name} {cell.size} {n}")
        return None if answer == "-" else float(answer)

    def memory(self) -> float:
        """The most memory that the process ever had, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_data(n: int) -> str:
    """A session's data of about n bytes: a count, a user and a list of strings, which compress no
    better than identifiers do."""
    identifiers = random.Random(n)
    data = '{"count":1,"user":{"id":4211,"name":"Ada Lovelace"},"roles":["reader"'
    while len(data) + 24 < n:
        data += f',"{identifiers.getrandbits(64):016x}"'
    return data + "]}"


def cells(peers: Iterable[Peer], sizes: Iterable[str]) -> list[Cell]:
    found = []
    for peer in peers:
        found += [Cell(peer, work, size) for size in sizes for work in WORKS]
        found += [Cell(peer, work, "1024") for work in ("forged", "limited", "none", "start")]
        if peer.driver == "c":
            found += [Cell(peer, work, "3072") for work in ("threads1", "threads2")]
    return found


def calibrated(drivers: dict[str, Driver], wanted: list[Cell], round_ns: float, results: Results) -> dict[Cell, int]:
    """How many calls make a round of each cell; without those that a peer does not do."""
    calls = {}
    for cell in wanted:
        driver = drivers[cell.peer.driver]
        first = driver.measure(cell, 1)
        if first is None:
            continue
        results.times[cell] = []
        # The first call has warmed things up; the second one tells.
        once = driver.measure(cell, 3) or first
        # Go's collector seldom runs, so that a short round may meet it or not.
        length = 3 * round_ns if cell.peer.driver == "go" else round_ns
        calls[cell] = max(1, min(20_000, int(length / max(once, 50))))
    return calls


def measure(drivers: dict[str, Driver], wanted: list[Cell], plan: Plan, results: Results) -> None:
    """Round by round. What will be compared stands together, in an order that changes, so that a
    busy moment meets all of it."""
    calls = calibrated(drivers, wanted, plan.round_ns, results)
    shuffle = random.Random(20261125)
    began = time.monotonic()
    while results.rounds < plan.rounds and time.monotonic() < began + plan.seconds:
        order = list(calls)
        shuffle.shuffle(order)
        groups = list({(cell.work.rstrip("12"), cell.size): None for cell in order})
        order.sort(key=lambda cell: groups.index((cell.work.rstrip("12"), cell.size)))
        for cell in order:
            answer = drivers[cell.peer.driver].measure(cell, calls[cell])
            assert answer is not None, cell
            results.times[cell].append(answer)
        results.rounds += 1
        if results.rounds % 10 == 0:
            print(f"  {results.rounds} of {plan.rounds} rounds", flush=True)


def verify(drivers: dict[str, Driver], peers: Iterable[Peer], sizes: Iterable[str]) -> None:
    """Every peer does its work: a request leaves a cookie with the next count, and a
    forged token does not open."""
    for peer in peers:
        for size in sizes:
            answer = drivers[peer.driver].measure(Cell(peer, "count", size), 1)
            if answer != 2 and not (answer is None and (peer.kind == "limit" or size in peer.refuses)):
                raise RuntimeError(f"{peer.label} counts to {answer} at {size} bytes, not to 2")


def count(
    drivers: dict[str, Driver], peers: Iterable[Peer], sizes: Iterable[str], folder: Path, results: Results
) -> None:
    """What is counted and not timed."""
    for peer in peers:
        for size in ("empty", *sizes):
            cell = Cell(peer, "bytes", size)
            answer = drivers[peer.driver].measure(cell, 1)
            if answer is not None:
                results.numbers[cell] = answer
    counting = Driver([str(BUILT / "driver-count")], folder)
    for peer in peers:
        for size in sizes:
            for work in ("allocations", "heap"):
                cell = Cell(peer, work, size)
                answer = (counting if peer.driver == "c" else drivers[peer.driver]).measure(cell, 1)
                if answer is not None:
                    results.numbers[cell] = answer
    counting.end()


def count_instructions(sizes: Iterable[str], folder: Path, results: Results) -> None:
    """By callgrind, which the neighbours do not disturb; without AVX-512, which it does not know. A
    tenth of the calls is to warm up."""
    asked, made = 200, 220
    for size in sizes:
        for work in ("request", "read"):
            command = [
                "valgrind",
                "--tool=callgrind",
                "--callgrind-out-file=/dev/null",
                "--toggle-collect=cpu_ns",
                str(BUILT / "driver"),
                str(folder),
            ]
            done = subprocess.run(
                command, input=f"{work} h3s {size} {asked}\n", capture_output=True, text=True, check=True, timeout=300
            )
            found = re.findall(r"Collected : (\d+)", done.stderr)
            results.instructions[work, size] = int(found[0]) // made


def load_ns() -> float:
    """Nanoseconds to load the library into a process."""
    code = "import ctypes, sys, time; t = time.perf_counter_ns(); ctypes.CDLL(sys.argv[1]); print(time.perf_counter_ns() - t)"
    runs = (
        subprocess.run(
            [sys.executable, "-c", code, str(LIBRARY)], capture_output=True, text=True, check=True, timeout=60
        )
        for _ in range(9)
    )
    return statistics.median(float(done.stdout) for done in runs)


def started(folder: Path, results: Results) -> dict[str, Driver]:
    """The drivers that start. Only Ruby's may be missing: not every machine has its packages."""
    drivers = {}
    for name, command in DRIVERS.items():
        try:
            driver = Driver(command, folder)
            versions = driver.ask("peers")
        except (OSError, RuntimeError) as error:
            if name != "ruby":
                raise
            results.missing.append(f"{name} ({error})")
            continue
        drivers[name] = driver
        for pair in versions.split():
            peer, _, version = pair.partition("=")
            results.versions[f"{name} {peer}"] = version
        unknown = [peer.name for peer in PEERS if peer.driver == name and f"{name} {peer.name}" not in results.versions]
        if unknown:
            raise RuntimeError(f"the driver {name} does not know {', '.join(unknown)}")
    return drivers


def machine() -> dict[str, str]:
    cpu = re.findall(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": f"{cpu[0] if cpu else platform.machine()}, {os.cpu_count()} cores",
        "system": f"{platform.freedesktop_os_release().get('PRETTY_NAME', '')}, Linux {platform.release()}, {' '.join(platform.libc_ver())}",
        "date": time.strftime("%Y-%m-%d"),
    }


def run(quick: bool, smoke: bool, output: Path) -> None:
    began = time.monotonic()
    folder = BUILT / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.json").write_text("{}")
    for size, n in SIZES.items():
        (folder / f"{size}.json").write_text(make_data(n))
    sizes = ["1024"] if quick or smoke else list(SIZES)
    results = Results(library_bytes=LIBRARY.stat().st_size)
    drivers = started(folder, results)
    try:
        peers = [peer for peer in PEERS if peer.driver in drivers]
        plan = SMOKE if smoke else QUICK if quick else WHOLE
        verify(drivers, peers, SIZES)
        measure(drivers, cells(peers, sizes), plan, results)
        count(drivers, peers, sizes, folder, results)
        results.memory = {name: driver.memory() for name, driver in drivers.items()}
    finally:
        for driver in drivers.values():
            driver.end()
    if not smoke:
        count_instructions(sizes, folder, results)
    results.load_ns = load_ns()
    results.seconds = time.monotonic() - began
    write(results, machine(), output, complete=not quick and not smoke)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    run(arguments.quick, arguments.smoke, arguments.output)


if __name__ == "__main__":
    main()
