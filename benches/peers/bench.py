"""Puts every question to every driver, round by round, and writes the report. See README.md.

    bench.py [--quick | --smoke] [--ring LIBRARY] OUTPUT

measures for some minutes, for two minutes, or just once, with figures that mean nothing. run.sh
builds what it needs. LIBRARY is another build of the library, which is measured beside the first.
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

from peers import BUILDS, COOKIES, EMPTY, FORMS, LIMIT, MAIN, PEER_SIZES, PEERS, SIZES, WORKS, Cell, Data, Peer, Results
from report import write

from data import make_data

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / "target/bench"
LIBRARY = ROOT / "target/lib/libh3s.so"
VENV, DJANGO = ROOT / "target/venv", ROOT / "target/django-6.1"

#: What is measured of 1 KiB alone, in the form of all peers.
ONCE = ("seal", "open", "forged", "limited", "none", "start", "derive")

#: How each driver is started, what it needs being there.
DRIVERS: dict[str, list[str]] = {
    "c": [str(BUILT / "driver")],
    "c-ring": [str(BUILT / "driver")],
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


SMOKE, QUICK, WHOLE = Plan(1, 0, 60), Plan(30, 1e7, 70), Plan(101, 1e7, 420)


class Driver:
    """A driver's process."""

    def __init__(self, command: list[str], folder: Path, preloaded: Path | None = None) -> None:
        self.all = self.pinned = os.sched_getaffinity(0)
        environment = {
            **os.environ,
            "H3S_LIBRARY": str(LIBRARY),
            "PYTHONPATH": str(ROOT / "bindings/python/src"),
            "GOMAXPROCS": "2",
            **({"LD_PRELOAD": str(preloaded)} if preloaded else {}),
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
        answer = self.ask(f"{cell.work} {cell.peer.name} {cell.data.name} {n}")
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


def cells(peers: Iterable[Peer], sizes: Iterable[str]) -> list[Cell]:
    """What is measured. All forms and sizes are for the library and the limit alone, and so is the
    edited member as the first one, since a run is to take minutes."""
    found = []
    for peer in peers:
        wanted = [Data(form, size) for form in FORMS for size in sizes]
        if peer in BUILDS:
            wanted += [Data(form, size, last=False) for form in FORMS for size in sizes]
        elif peer.name in ("others", "cold", "unrevoked", "revoked"):
            wanted = [Data(MAIN, "1024")]
        elif peer != LIMIT:
            wanted = [data for data in wanted if data.size == "1024" or (data.form == MAIN and data.size in PEER_SIZES)]
        found += [Cell(peer, work, data) for data in wanted for work in WORKS]
        if peer.driver != "c-ring":
            found += [Cell(peer, work, Data(MAIN, "1024")) for work in ONCE]
        if (peer.driver, peer.name) in (("c", "h3s"), ("c", "openssl")):
            found += [Cell(peer, work, Data(MAIN, "3072")) for work in ("threads1", "threads2")]
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


def group_of(cell: Cell) -> tuple[str, str, str]:
    """The figures of one group are compared with one another."""
    return cell.work.rstrip("12"), cell.data.form, cell.data.size


def measure(drivers: dict[str, Driver], wanted: list[Cell], plan: Plan, results: Results) -> None:
    """Round by round. What will be compared stands together, in an order that changes, so that a
    busy moment meets all of it; the library and the limit stand next to each other."""
    calls = calibrated(drivers, wanted, plan.round_ns, results)
    shuffle = random.Random(20261125)
    began = time.monotonic()
    while results.rounds < plan.rounds and time.monotonic() < began + plan.seconds:
        order = list(calls)
        shuffle.shuffle(order)
        groups = list({group_of(cell): None for cell in order})
        order.sort(key=lambda cell: (groups.index(group_of(cell)), cell.peer not in (*BUILDS, LIMIT)))
        for cell in order:
            answer = drivers[cell.peer.driver].measure(cell, calls[cell])
            assert answer is not None, cell
            results.times[cell].append(answer)
        results.rounds += 1
        if results.rounds % 10 == 0:
            print(f"  {results.rounds} of {plan.rounds} rounds", flush=True)


def verify(drivers: dict[str, Driver], wanted: Iterable[Cell]) -> None:
    """Every peer does its work: a request leaves a cookie with the next count, and a
    forged token does not open."""
    for peer, data in dict.fromkeys((cell.peer, cell.data) for cell in wanted):
        answer = drivers[peer.driver].measure(Cell(peer, "count", data), 1)
        if answer != 2 and not (answer is None and (peer.kind == "limit" or data.size in peer.refuses)):
            raise RuntimeError(f"{peer.label} counts to {answer} in {data.name}, not to 2")
        cookies = COOKIES.get(data.size)
        if peer in BUILDS and cookies:
            answer = drivers[peer.driver].measure(Cell(peer, "cookies", data), 1)
            if answer != cookies:
                raise RuntimeError(f"{data.name} is {answer} cookies, not {cookies}")


def count(
    drivers: dict[str, Driver], peers: Iterable[Peer], sizes: Iterable[str], folder: Path, results: Results
) -> None:
    """What is counted and not timed."""
    for peer in peers:
        for data in (EMPTY, *(Data(MAIN, size) for size in sizes)):
            cell = Cell(peer, "bytes", data)
            answer = drivers[peer.driver].measure(cell, 1)
            if answer is not None:
                results.numbers[cell] = answer
    counting = Driver([str(BUILT / "driver-count")], folder)
    for peer in peers:
        for size in sizes:
            for work in ("allocations", "heap"):
                cell = Cell(peer, work, Data(MAIN, size))
                answer = (counting if peer.driver == "c" else drivers[peer.driver]).measure(cell, 1)
                if answer is not None:
                    results.numbers[cell] = answer
    counting.end()


def count_instructions(sizes: Iterable[str], folder: Path, results: Results) -> None:
    """By callgrind, which the neighbours do not disturb; without AVX-512, which it does not know. A
    tenth of the calls is to warm up."""
    asked, made = 200, 220
    for data in (Data(MAIN, size) for size in sizes):
        for work in WORKS:
            command = [
                "valgrind",
                "--tool=callgrind",
                "--callgrind-out-file=/dev/null",
                "--toggle-collect=cpu_ns",
                str(BUILT / "driver"),
                str(folder),
            ]
            done = subprocess.run(
                command,
                input=f"{work} h3s {data.name} {asked}\n",
                capture_output=True,
                text=True,
                check=True,
                timeout=300,
            )
            found = re.findall(r"Collected : (\d+)", done.stderr)
            results.instructions[work, data] = int(found[0]) // made


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


def started(folder: Path, ring: Path | None, results: Results) -> dict[str, Driver]:
    """The drivers that start. Only Ruby's may be missing: not every machine has its packages."""
    drivers = {}
    libraries = {"c": LIBRARY, "c-ring": ring}
    for name, command in DRIVERS.items():
        if name == "c-ring" and not ring:
            continue
        try:
            driver = Driver(command, folder, ring if name == "c-ring" else None)
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
        library = libraries.get(name)
        if library and not library.samefile(results.versions[f"{name} library"]):
            raise RuntimeError(f"{name} measures {results.versions[f'{name} library']}, not {library}")
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


def run(plan: Plan, ring: Path | None, output: Path) -> None:
    began = time.monotonic()
    folder = BUILT / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{EMPTY.name}.json").write_text("{}")
    for form in FORMS:
        for size, n in SIZES.items():
            for data in (Data(form, size), Data(form, size, last=False)):
                (folder / f"{data.name}.json").write_text(make_data(form, n, data.last))
    sizes = list(SIZES) if plan is WHOLE else ["1024"]
    results = Results(library_bytes=LIBRARY.stat().st_size)
    drivers = started(folder, ring, results)
    try:
        peers = [peer for peer in PEERS if peer.driver in drivers]
        wanted = cells(peers, sizes)
        verify(drivers, cells(peers, SIZES))
        measure(drivers, wanted, plan, results)
        count(drivers, peers, sizes, folder, results)
        results.memory = {name: driver.memory() for name, driver in drivers.items()}
    finally:
        for driver in drivers.values():
            driver.end()
    if plan is not SMOKE:
        count_instructions(sizes, folder, results)
    results.load_ns = load_ns()
    results.seconds = time.monotonic() - began
    write(results, machine(), output, complete=plan is WHOLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", dest="plan", action="store_const", const=QUICK, default=WHOLE)
    parser.add_argument("--smoke", dest="plan", action="store_const", const=SMOKE)
    parser.add_argument("--ring", type=Path, metavar="LIBRARY")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    run(arguments.plan, arguments.ring, arguments.output)


if __name__ == "__main__":
    main()
