"""Logs sessions out in many processes that follow one server, and measures how soon all refuse.

    benches/revocations/simulate.py [--small] [--write RESULTS.md] [--live N] [--processes N] ...

See README.md. The status is 0 if each logout was refused in each process, and none missed a thing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Also of the processes that are started.
sys.path[:0] = [str(ROOT / "bindings/python/src"), str(ROOT / "benches/peers"), str(Path(__file__).parent)]
os.environ.setdefault("H3S_LIBRARY", str(ROOT / "target/lib/libh3s.so"))

import h3s
import valkey
from bench import machine
from figures import Figures, Stream, page
from follower import MAX_AGE, PASSWORD, PATIENCE, CaughtUp, Done, Plan, Table, follow, opened

STREAM = "h3s:revocations:h3"
#: As the package publishes them, but many at once.
ADD = """for n = 2, #ARGV do
    redis.call('XADD', KEYS[1], 'MINID', '~', ARGV[1], '*', 'e', ARGV[n])
end"""
BATCH = 1000


@dataclass(frozen=True)
class Options:
    live: int
    processes: int
    rate: float
    seconds: float
    room: int | None
    pause: float | None
    write: Path | None

    @property
    def logouts(self) -> int:
        return round(self.rate * self.seconds)


def options() -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="2,000 entries, 4 processes, 100 logouts a second for 3 s")
    parser.add_argument("--live", type=int, metavar="N", help="entries in the stream at the start (1,000,000)")
    parser.add_argument("--processes", type=int, metavar="N", help="that follow and log out (16)")
    parser.add_argument("--rate", type=float, metavar="N", help="logouts a second, by all together (1,000)")
    parser.add_argument("--seconds", type=float, metavar="S", help="for how long (30)")
    parser.add_argument("--room", type=int, metavar="N", help="of each replica (all entries)")
    parser.add_argument("--pause", type=float, metavar="S", help="between two polls (as the package has it)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there, not to the output")
    given = parser.parse_args()
    usual = (2_000, 4, 100, 3) if given.small else (1_000_000, 16, 1000, 30)
    live, processes, rate, seconds = (
        default if value is None else value
        for value, default in zip((given.live, given.processes, given.rate, given.seconds), usual)
    )
    return Options(live, processes, rate, seconds, given.room, given.pause, given.write)


# ---- The server ----------------------------------------------------------------------------------


class Server:
    """A Valkey or Redis of its own on loopback."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        if program is None:
            raise SystemExit("simulate: needs valkey-server or redis-server")
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port = probe.getsockname()[1]
        self.url = f"valkey://127.0.0.1:{port}/0"
        settings = {"port": str(port), "bind": "127.0.0.1", "dir": str(folder), "save": "", "appendonly": "yes",
                    "appendfsync": "everysec", "logfile": str(folder / "log")}  # fmt: skip
        command = [program, *(part for name, value in settings.items() for part in (f"--{name}", value))]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.client: Any = valkey.Valkey(port=port, socket_timeout=60)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                self.client.ping()
                return
            except valkey.ValkeyError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def wait_until_it_rests(self) -> None:
        """Until it does not rewrite its log."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            state = self.client.info("persistence")
            if not state["aof_rewrite_in_progress"] and not state["aof_rewrite_scheduled"]:
                return
            time.sleep(0.1)

    @property
    def cpu(self) -> float:
        """Seconds, of all its threads."""
        used = self.client.info("cpu")
        return float(used["used_cpu_user"] + used["used_cpu_sys"])

    @property
    def sent(self) -> int:
        """Bytes."""
        return int(self.client.info("stats")["total_net_output_bytes"])

    @property
    def stream(self) -> Stream:
        told = self.client.info("server")
        name = "Valkey" if "valkey_version" in told else "Redis"
        return Stream(
            server=f"{name} {told.get('valkey_version') or told['redis_version']}",
            entries=self.client.xlen(STREAM),
            bytes=self.client.memory_usage(STREAM, samples=0),
            log_bytes=self.client.info("persistence")["aof_current_size"],
        )

    def stop(self) -> None:
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


# ---- What is there before the first logout -------------------------------------------------------


class _Collecting:
    """A store that only keeps what is published."""

    pause = 1.0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        return self

    def publish(self, lines: Sequence[str]) -> None:
        self.lines += lines

    def poll(self) -> bool:
        return True


def seal(count: int) -> list[str]:
    """Entries of sessions that nobody asks for."""
    store = _Collecting()
    with closing(opened(store, count)) as sessions:
        for _ in range(count):
            sessions.revoke_session(str(uuid.uuid4()))
    return store.lines


def fill(server: Server, live: int) -> None:
    oldest = int(time.time() * 1000) - MAX_AGE * 1000
    sizes = [min(20 * BATCH, live - n) for n in range(0, live, 20 * BATCH)]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        for lines in pool.map(seal, sizes):
            for n in range(0, len(lines), BATCH):
                server.client.eval(ADD, 1, STREAM, oldest, *lines[n : n + BATCH])


def log_in(folder: Path, count: int) -> None:
    """The cookies of the sessions that will be logged out."""
    with h3s.Sessions(password=PASSWORD, max_age=MAX_AGE) as sessions, (folder / "cookies").open("w") as file:
        for n in range(count):
            session = sessions.use()
            session["user"] = {"id": n}
            print(session.set_cookies()[0].partition(";")[0], file=file)


# ---- The run -------------------------------------------------------------------------------------


class Process:
    """One that follows."""

    _spawn = multiprocessing.get_context("spawn")

    def __init__(self, plan: Plan, number: int) -> None:
        self._pipe, theirs = self._spawn.Pipe()
        self._process = self._spawn.Process(target=follow, args=(plan, number, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def tell(self, what: Any) -> None:
        self._pipe.send(what)

    def hear(self, seconds: float) -> Any:
        if not self._pipe.poll(seconds):
            raise RuntimeError(f"a process has said nothing for {seconds:.0f} s")
        return self._pipe.recv()

    def end(self) -> None:
        try:
            self._pipe.send(None)
        except OSError:
            pass
        self._process.join(20)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(10)


def busy() -> float:
    """Seconds of CPU time that this machine has spent on anything."""
    user, nice, system, _, _, irq, soft, steal = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, soft, steal))) / os.sysconf("SC_CLK_TCK")


def say(what: str) -> None:
    print(f"simulate: {what}", file=sys.stderr, flush=True)


def simulate(given: Options, folder: Path) -> Figures:
    server, processes = Server(folder), list[Process]()
    try:
        say(f"sealing and storing {given.live:,} entries")
        fill(server, given.live)
        log_in(folder, given.logouts)
        server.wait_until_it_rests()
        room = given.room or given.live + given.logouts
        plan = Plan(server.url, folder, given.processes, given.logouts, given.rate, room, given.pause)
        say(f"starting {given.processes} processes, which read them all")
        processes += [Process(plan, n) for n in range(given.processes)]
        at_start: list[CaughtUp] = [process.hear(PATIENCE) for process in processes]

        say(f"logging {given.logouts:,} sessions out, {given.rate:,.0f} a second")
        cpu, sent, spent, began = server.cpu, server.sent, busy(), time.monotonic()
        start = began + 1
        for process in processes:
            process.tell(start)
        done: list[Done] = [process.hear(given.seconds + PATIENCE) for process in processes]
        cpu, sent, spent = server.cpu - cpu, server.sent - sent, busy() - spent

        window, own = time.monotonic() - began, cpu + sum(each.cpu for each in done)

        say("starting a fresh process, which reads them all while nothing else happens here")
        server.wait_until_it_rests()
        server_cpu = server.cpu
        fresh = Process(plan, given.processes)
        processes.append(fresh)
        caught_up: CaughtUp = fresh.hear(PATIENCE)
        server_cpu = server.cpu - server_cpu

        logged_out = Table(folder / "logged-out", 1, given.logouts).row(0)
        refused = Table(folder / "refused", given.processes, given.logouts)
        return Figures(
            machine=machine(),
            live=given.live,
            rate=given.rate,
            logged_out=list(logged_out),
            refused=[list(refused.row(n)) for n in range(given.processes)],
            at_start=at_start,
            done=done,
            fresh=caught_up,
            fresh_server_cpu=server_cpu,
            room=room,
            stream=server.stream,
            server_cpu=cpu,
            sent=sent,
            own_cores=own / window,
            others_cores=max(0.0, spent - own) / window,
            cores=os.cpu_count() or 1,
        )
    finally:
        for process in processes:
            process.end()
        server.stop()


def main() -> int:
    given = options()
    with tempfile.TemporaryDirectory() as folder:
        figures = simulate(given, Path(folder))
    text = page(figures)
    if given.write is None:
        print(text, end="")
    else:
        given.write.write_text(text)
    for fault in figures.faults:
        print(f"simulate: {fault}", file=sys.stderr)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
