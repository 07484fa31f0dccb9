"""What a request costs nginx's worker.

A static page with `h3s off`, `get`, `use` and `get` with `h3s_require`, in one run:

    benches/nginx.py [SECONDS]     rounds of about a second each, interleaved; 40 in all by default
    benches/nginx.py --memory      instead: a worker's memory before and after a million requests

The load is wrk's, with a valid cookie of 1 KiB of data; `off` logs the same line without $h3s_id.
CPU time is the worker's own.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bindings/python/src"), str(ROOT / "bindings/nginx/tests"), str(ROOT / "benches/peers")]
os.environ.setdefault("H3S_LIBRARY", str(ROOT / "target/lib/libh3s.so"))

from budgets import NGINX
from conftest import FE26, OPTIONS, Nginx, cookie_with, wait_until

KINDS = {
    "off": "h3s off; access_log FOLDER/access.log off;",
    "get": "h3s get; access_log FOLDER/access.log get;",
    "use": "h3s use; access_log FOLDER/access.log get;",
    "get + h3s_require": "h3s get; h3s_require /user; access_log FOLDER/access.log get;",
}
LOGS = """log_format off '$remote_addr [$time_local] "$request" $status -';
          log_format get '$remote_addr [$time_local] "$request" $status $h3s_id';"""
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of user and system time, by the scheduler's own count where there is one."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def load(nginx: Nginx, path: str, cookie: str, seconds: float) -> tuple[int, float]:
    """Requests answered, and the worker's CPU seconds for them."""
    (worker,) = nginx.workers()
    before, idle = cpu(worker), descriptors(worker)
    done = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds:.0f}s", "-H", f"Cookie: theme=dark; {cookie}; _ga=GA1.1.1; lang=en", nginx.url + path],
        capture_output=True, text=True, check=True, timeout=seconds + 30,
    )  # fmt: skip
    spent = cpu(worker) - before
    # What nginx keeps for a connection grows with its requests, and goes with it.
    wait_until(lambda: descriptors(worker) <= idle, "nginx does not close the connections")
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    found = re.search(r"(\d+) requests in", done.stdout)
    assert found, done.stdout
    return int(found[1]), spent


def start(folder: Path, options: object) -> Nginx:
    nginx = Nginx(folder)
    (folder / "html/index.html").write_text("<!doctype html><title>A page</title>" + "<p>of text" * 50)
    locations = "".join(f"location /{n}/ {{ {what} alias FOLDER/html/; }}" for n, what in enumerate(KINDS.values()))
    nginx.start(
        locations,
        http=f"{LOGS} keepalive_requests 1000000; sendfile on; tcp_nopush on;",
        options=options,
        level="error",
    )
    return nginx


def measure(nginx: Nginx, cookie: str, rounds: int) -> dict[str, tuple[float, float]]:
    """By kind: the least microseconds of CPU a request, since what else runs only adds, and the
    median of requests a second."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for n in range(len(KINDS)):
        load(nginx, f"/{n}/index.html", cookie, 1)
    for _ in range(rounds):
        for n, kind in enumerate(KINDS):
            began = time.monotonic()
            requests, spent = load(nginx, f"/{n}/index.html", cookie, 1)
            found[kind].append((spent / requests * 1e6, requests / (time.monotonic() - began)))
    return {kind: (min(c for c, _ in each), statistics.median(r for _, r in each)) for kind, each in found.items()}


def main() -> int:
    data = {"user": "Zoe", "text": "x" * (1024 - len('{"user":"Zoe","text":""}'))}
    million = sys.argv[1:] == ["--memory"]
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and not million else 40
    grew = False
    formats = {"h3s1": OPTIONS} if million else {"h3s1": OPTIONS, "fe26.2, warm": FE26}
    for name, options in formats.items():
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            nginx = start(Path(folder), options)
            try:
                cookie = cookie_with(data, options)
                if million:
                    # The allocator keeps now more, now less of what was freed: so the most of the
                    # first quarter is compared with the least of the last.
                    (worker,) = nginx.workers()
                    sizes: list[tuple[int, int]] = []
                    total = 0
                    while total < 1_300_000:
                        total += load(nginx, "/3/index.html", cookie, 3)[0]
                        sizes.append((total, memory(worker)))
                        (nginx.folder / "access.log").write_text("")
                    before = max(size for at, size in sizes if at <= max(sizes[1][0], total / 4))
                    after = min(size for at, size in sizes if at >= total * 3 / 4)
                    print(f"{name}: {before} KiB, after a million more requests {after} KiB")
                    grew |= after > before + 1024
                    continue
                found = measure(nginx, cookie, max(3, round(seconds / 2 / len(KINDS))))
                print(f"{name}: 1 KiB of data, CPU of the worker")
                base = found["off"][0]
                for kind, (spent, rate) in found.items():
                    print(f"  {kind:18} {spent:6.1f} µs a request  {spent / base:5.2f} x off  {rate:8.0f} requests/s")
                if name == "h3s1":
                    ratio = found["get"][0] / base
                    print(f"  get / off: {ratio:.2f}, budget {NGINX.text}: {NGINX.verdict(ratio)}")
            finally:
                nginx.stop()
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
