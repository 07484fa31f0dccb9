"""Both servers under wrk at full speed, with reloads, new passwords and forged tokens.

    load.py SECONDS [SEED]

runs h3s1 for so long, and Fe26.2 for a quarter of it. tests/suites/load.sh builds what it needs.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import h3s
from conftest import wait_until
from servers import KEPT, ROOT, Counter, Edge, SanitizedCounter, Server, options

THREADS = 16
# At most so much more memory at the end than in the middle. In two minutes, a byte left behind by
# each request would be more.
GROWTH_KIB = 256
# In a long run. One configuration that is kept has more than a KiB.
MANY_RELOADS = 60
# What may be said of a forged token; nginx may be too busy for those that need a slow key.
REFUSED = {
    "flipped": {"bad_seal"},
    "unknown_id": {"unknown_key"},
    "garbage": {"bad_seal"},
    "truncated": {"bad_seal", "malformed"},
    "other_name": {"bad_seal", "unknown_key"},
    "other_format": {"unsupported_format"},
}
SLOW = {"flipped", "garbage"}


def forged_tokens(format: str, passwords: int) -> str:
    """Tokens that are good somewhere else: in another format, and of another cookie's name, to
    which Fe26.2 is not bound."""
    others = {}
    for n in range(1, passwords + 1):
        others[f"other_format {n}"] = options("fe26.2" if format == "h3s1" else "h3s1", [n])
        if format == "h3s1":
            others[f"other_name {n}"] = options(format, [n], name="other")
    lines = []
    for kind, each in others.items():
        session = h3s.Sessions.from_json(json.dumps(each)).use()
        session.update({"count": 1000, "user": "admin"})
        lines.append(f"{kind.split()[0]} {session.seal()}\n")
    return "".join(lines)


@dataclass
class Run:
    """What one run has shown."""

    seconds: float
    sums: dict[str, int]
    refused: dict[str, int]
    keys: dict[str, int]
    faults: list[str]
    asked: int | None
    memory: list[tuple[float, dict[str, int]]]

    def most(self, process: str, start: float, end: float) -> int:
        """The most memory between two moments, as shares of the run."""
        seen = [sizes[process] for at, sizes in self.memory if start <= at / self.seconds <= end]
        assert seen, "nobody measured the memory"
        return max(seen)


class Sampler(threading.Thread):
    """Measures the memory ten times a second."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server, self.done = server, threading.Event()
        self.began = time.monotonic()
        self.found: list[tuple[float, dict[str, int]]] = []

    def run(self) -> None:
        while not self.done.wait(0.1):
            try:
                self.found.append((self.elapsed(), self.server.memory()))
            except (OSError, AssertionError):
                return  # the server has ended, which others notice as well

    def elapsed(self) -> float:
        return time.monotonic() - self.began


def run(server: Server, format: str, seconds: int, seed: int, folder: Path) -> Run:
    period = max(0.5, seconds / 40)
    (folder / "forged").write_text(forged_tokens(format, 4 + round(seconds / period / 2)))
    (folder / "ended").touch()
    before = server.asked() if isinstance(server, Edge) else 0
    # It has its own end only in case that all else fails.
    wrk = subprocess.Popen(
        ["wrk", f"-t{THREADS}", f"-c{THREADS}", f"-d{2 * seconds + 200}s", "--timeout", "10s",
         "-s", str(ROOT / "tests/load/clients.lua"), server.url, "--", server.kind, format, str(seed), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    sampler = Sampler(server)
    sampler.start()
    try:
        # A slow machine gets the time for as many steps.
        while sampler.elapsed() < seconds * 3 / 4 or server.reloads < KEPT * server.steps:
            assert wrk.poll() is None, wrk.communicate()[0]
            server.step()
            time.sleep(max(0.0, (server.reloads + 1) * period - sampler.elapsed()))
        # The last workers are left alone: what each request leaves behind adds up.
        time.sleep(max(seconds / 4, seconds - sampler.elapsed()))
        lasted = sampler.elapsed()
        sampler.done.set()
        sampler.join()
        (folder / "stop").touch()
        try:
            wait_until(lambda: (folder / "ended").read_text().count("ended") == THREADS, "not all ended")
        except AssertionError:
            pass  # it is counted below: they wait for an answer
        wrk.send_signal(signal.SIGINT)
        output = wrk.communicate(timeout=60)[0]
    finally:
        sampler.done.set()
        if wrk.poll() is None:
            wrk.kill()
            wrk.wait()
    line = next((line for line in output.splitlines() if line.startswith("LOAD ")), None)
    assert line and wrk.returncode == 0, output
    report = json.loads(line[5:])
    assert sampler.found, "nobody measured the memory"
    asked = server.asked() - before - 1 if isinstance(server, Edge) else None
    return Run(lasted, asked=asked, memory=sampler.found, **report)


def judge_reloads(checks: Checks, name: str, edge: Edge) -> None:
    """What a reload leaves behind in the master is little, so it takes many to be seen."""
    before = edge.memory()["master"]
    for _ in range(MANY_RELOADS):
        edge.step()
    after = edge.memory()["master"]
    wrong = unless(after - before <= MANY_RELOADS, f"that is {after - before} KiB more; {MANY_RELOADS} are allowed")
    what = f"{name}: {MANY_RELOADS} more reloads leave the master's memory as it was, {before:,} -> {after:,} KiB"
    checks.check(what, wrong)


class Checks:
    def __init__(self) -> None:
        self.passed = self.failed = 0

    def check(self, what: str, wrong: list[str]) -> None:
        if wrong:
            self.failed += 1
            print(f"  FAIL  {what}", *(f"        {line}" for line in wrong), sep="\n", flush=True)
        else:
            self.passed += 1
            print(f"  ok    {what}", flush=True)


def unless(holds: bool, *words: str) -> list[str]:
    return [] if holds else list(words)


def judge(checks: Checks, server: Server, format: str, found: Run) -> None:
    name = f"{server.name}, {format}"
    judge_requests(checks, name, server, found)

    sums = found.sums
    wrong = unless(sums["lost"] == 0, f"{sums['lost']} answers were about another session or count", *found.faults[:5])
    wrong += unless(sums["least"] > 1, "some client hardly came")
    clients = f"{sums['clients']} clients counted their own visits, each at least {sums['least']:,}"
    checks.check(f"{name}: no session was lost: {clients}", wrong)

    judge_forged(checks, name, server, format, found)

    # That each password has sealed tokens; that nobody noticed is said by the counts above.
    wanted = {f"k{n}" for n in range(1, server.newest + 1)}
    wrong = unless(set(found.keys) == wanted, f"tokens came under {sorted(found.keys)}")
    wrong += unless(server.newest > KEPT, "no password was taken away")
    done = f"{server.reloads} reloads brought {server.newest - 1} new passwords and took {server.newest - KEPT} away"
    checks.check(f"{name}: {done}, and the sessions moved on to each", wrong)

    for process in found.memory[0][1]:
        start, end = found.most(process, 0.5, 0.65), found.most(process, 0.85, 1.0)
        # Each of nginx's 32 threads has memory of its own from when it first derives
        # a key, which may be late.
        allowed = GROWTH_KIB * (4 if (process, format) == ("a worker", "fe26.2") else 1)
        wrong = unless(end - start <= allowed, f"that is {end - start:,} KiB more; {allowed:,} are allowed")
        checks.check(f"{name}: memory is steady: {process}, in the second half {start:,} -> {end:,} KiB", wrong)


def judge_requests(checks: Checks, name: str, server: Server, found: Run) -> None:
    sums = found.sums
    broken, errors = sums["unanswered"], sums["wrk_read"] + sums["wrk_write"]
    wrong = unless(sums["failed"] == 0, f"{sums['failed']} failed", *found.faults[:5])
    for error in ("connect", "timeout"):
        wrong += unless(sums[f"wrk_{error}"] == 0, f"wrk has counted {sums[f'wrk_{error}']} errors: {error}")
    wrong += unless(sums["wrk_requests"] == sums["answered"], f"wrk has counted {sums['wrk_requests']:,} answers")
    waiting = sums["threads"] - sums["ended"]
    wrong += unless(waiting == 0, f"{waiting} requests are still without an answer")
    if isinstance(server, Edge) and not server.keeps_connections:
        # At a reload, nginx closes connections on which it waits for a request, also where one is
        # on its way. That is HTTP's way of ending a connection; a client sends the request again.
        # That it was not handled is told by nginx's own count, and by the clients that open a
        # connection for every request.
        wrong += unless(found.asked == sums["answered"], f"nginx has begun {found.asked:,} requests")
        wrong += unless(
            sums["unanswered_alone"] == 0, f"{sums['unanswered_alone']} alone on a connection were not answered"
        )
        # One that closes before the next request is sent costs none.
        wrong += unless(broken <= errors <= THREADS * server.reloads, f"wrk has counted {errors} errors: read, write")
    else:
        wrong += unless(
            broken + errors == 0, f"{broken} were not answered; wrk has counted {errors} errors: read, write"
        )
    rate = f"{sums['answered']:,} in {found.seconds:.0f} s, {sums['answered'] / found.seconds:,.0f} a second"
    what = f"{name}: no request failed: {rate}, 99 % within {sums['p99_us'] / 1000:.1f} ms"
    if broken:
        what += f"; {broken} crossed the end of their connection at a reload, untouched, and were sent again"
    checks.check(what, wrong)


def judge_forged(checks: Checks, name: str, server: Server, format: str, found: Run) -> None:
    sums = found.sums
    wrong = unless(sums["wrong"] == 0, f"{sums['wrong']} were answered otherwise", *found.faults[:5])
    kinds: dict[str, int] = {}
    busy = 0
    for key, count in found.refused.items():
        kind, said = key.split()
        kinds[kind] = kinds.get(kind, 0) + count
        if said == "busy" and server.kind == "nginx" and format == "fe26.2" and kind in SLOW:
            busy += count
        else:
            wrong += unless(said in REFUSED[kind], f"{count} {kind} were {said}")
    wrong += unless(sums["wrk_status"] == busy, f"wrk has counted {sums['wrk_status']} errors: status")
    wrong += unless(set(kinds) == set(REFUSED) - ({"other_name"} if format == "fe26.2" else set()), "a kind is missing")
    share = sums["forged"] / sums["answered"]
    # Drawn at random: five standard deviations are allowed.
    wrong += unless(abs(share - 0.05) < 5 * (0.05 * 0.95 / sums["answered"]) ** 0.5, "that is not 5 %")
    listed = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    what = f"{name}: {sums['forged']:,} forged tokens ({share:.1%}) got nobody's session, but a fresh one: {listed}"
    checks.check(what + (f"; {busy:,} of them busy" if busy else ""), wrong)


def main() -> int:
    seconds = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    checks = Checks()
    short = max(5, seconds // 4)
    runs: list[tuple[type[Counter | Edge], str, int]] = [
        (Counter, "h3s1", seconds),
        (Edge, "h3s1", seconds),
        (Counter, "fe26.2", short),
        (Edge, "fe26.2", short),
        (SanitizedCounter, "fe26.2", short),
    ]
    for make, format, lasting in runs:
        with tempfile.TemporaryDirectory() as folder:
            server: Server | None = None
            wrong = []
            try:
                server = make(Path(folder), format)
                judge(checks, server, format, run(server, format, lasting, seed, Path(folder)))
                if isinstance(server, Edge) and seconds >= 60:
                    judge_reloads(checks, f"{server.name}, {format}", server)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                wrong = str(error).splitlines() or [repr(error)]
            finally:
                if server:
                    wrong += server.stop().splitlines()
            name = server.name if server else make.__name__
            checks.check(f"{name}, {format}: the server stays, and ends with nothing to complain of", wrong)
    if checks.failed:
        print(f"the seed was {seed}")
    print(f"load.py: {checks.passed} passed, {checks.failed} failed")
    return int(checks.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
