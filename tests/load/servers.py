"""The two servers under load: the C demo, and nginx with the module and a service behind it.

Both change their password while they run.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, Protocol

from conftest import Nginx, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]

# As many passwords open tokens; a client that comes at least once between two new
# ones is never logged out.
KEPT = 3
# Since this version nginx can be told not to close a connection on which a
# request may be under way.
KEEPS_CONNECTIONS = (1, 27, 4)


def password(number: int) -> str:
    return f"password number {number}, of 32 characters or more"


def options(format: str, passwords: list[int], **more: object) -> dict[str, Any]:
    return {
        "maxAge": 604800,
        "cookie": {"secure": False},
        "password": {f"k{number}": password(number) for number in passwords},
        "seal": {"format": format},
        **more,
    }


def resident(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, pid
    return int(found[1])


def put(file: Path, text: str) -> None:
    """In one piece, for who reads it at this moment."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


class Server(Protocol):
    kind: str
    name: str
    # Reloads that a new password takes.
    steps: int
    url: str
    reloads: int
    newest: int

    def step(self) -> None:
        """Reloads: with the options as they are, or on the way to a new password."""

    def memory(self) -> dict[str, int]:
        """KiB, by process."""

    def stop(self) -> str:
        """Ends the server; returns what it had to complain of."""


#: What nginx's log says of whoever forges tokens, as it should.
TOLD = r"h3s: (?:this client has sent too many tokens|\d+ more such lines were left out)"


class Counter:
    kind = name = program = "counter"
    # It is one process, so a request that begins later knows every password that an earlier one
    # had; only each second reload brings one.
    steps = 2

    def __init__(self, folder: Path, format: str) -> None:
        self.folder, self.format = folder, format
        self.reloads, self.newest = 0, 1
        self.write([1])
        with open(folder / "said", "wb") as said, open(folder / "errors", "wb") as errors:
            self.process = subprocess.Popen(
                [str(ROOT / "target/load" / self.program), "--options", str(folder / "options.json")],
                stdout=said,
                stderr=errors,
            )
        wait_until(lambda: len(self.said()) == 1, "the counter does not start")
        self.url = self.said()[0]

    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()

    def write(self, passwords: list[int]) -> None:
        put(self.folder / "options.json", json.dumps(options(self.format, passwords)))

    def step(self) -> None:
        if self.reloads % self.steps == 1:
            self.newest += 1
            self.write([n for n in range(self.newest, self.newest - KEPT, -1) if n > 0])
        self.reloads += 1
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.said()) == 1 + self.reloads, "the counter does not reload")

    def memory(self) -> dict[str, int]:
        return {"server": resident(self.process.pid)}

    def stop(self) -> str:
        self.process.terminate()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        errors = (self.folder / "errors").read_text(errors="replace")
        return errors[:2000] + (f"exit status {status}" if status != 0 else "")


class SanitizedCounter(Counter):
    """Under AddressSanitizer: whoever uses old options after they were freed, or never
    frees them, is caught."""

    name, program = "counter, sanitized", "counter-asan"

    def memory(self) -> dict[str, int]:
        # It keeps what is freed; but at the end it tells what was not.
        return {}


LOCATIONS = """
    h3s use;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    add_header X-Status $h3s_status always;
    MORE
    location = /own {
        h3s_set count $arg_n;
        return 200 '{"count":"$h3s_data_count","id":"$h3s_id"}';
    }
    location = /service {
        h3s_upstream on;
        h3s_hide_cookie on;
        proxy_pass http://service;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
"""
HTTP = """
    upstream service { server 127.0.0.1:SERVICE; keepalive 16; }
    server { listen 127.0.0.1:STATUS; location = /status { h3s off; stub_status; } }
"""


class Edge:
    """nginx. How often it has been asked is known from its own count, which
    goes on over reloads."""

    kind = name = "nginx"
    # Old and new workers run side by side for a moment, and every visit writes the session: so the
    # old ones have to know a new password before anything is sealed by it.
    steps = 3

    def __init__(self, folder: Path, format: str) -> None:
        self.format = format
        self.reloads, self.newest = 0, 1
        self.service = subprocess.Popen(
            [str(ROOT / "target/load/service")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.service.stdout is not None
        port = int(self.service.stdout.readline())
        self.status_port = free_port()
        folder.chmod(0o755)
        self.nginx = Nginx(folder)
        self.url = self.nginx.url
        self.write([1])
        self.keeps_connections = self.version() >= KEEPS_CONNECTIONS
        try:
            self.nginx.start(
                LOCATIONS.replace("MORE", "keepalive_min_timeout 5s;" if self.keeps_connections else ""),
                http=HTTP.replace("SERVICE", str(port)).replace("STATUS", str(self.status_port)),
                workers=2,
                level="notice",
            )
        except BaseException:
            self.service.kill()
            raise

    def version(self) -> tuple[int, ...]:
        found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", self.nginx.command("-v").stderr)
        assert found
        return tuple(map(int, found.groups()))

    def write(self, passwords: list[int]) -> None:
        put(self.nginx.folder / "h3s.json", json.dumps(options(self.format, passwords)))

    def step(self) -> None:
        older = [n for n in range(self.newest, self.newest - KEPT + 1, -1) if n > 0]
        if self.reloads % self.steps == 1:
            self.write([older[0], self.newest + 1, *older[1:]])
        elif self.reloads % self.steps == 2:
            self.newest += 1
            self.write([self.newest, *older])
        self.reloads += 1
        old = set(self.nginx.workers())
        started = self.started()
        done = self.nginx.command("-s", "reload")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: self.started() >= started + 2, "nginx does not reload")
        wait_until(lambda: not old & set(self.nginx.workers()), "the old workers stay")

    def started(self) -> int:
        return self.nginx.error_log().count("start worker process ")

    def asked(self) -> int:
        """Requests so far, this one among them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=20)
        connection.request("GET", "/status", headers={"Connection": "close"})
        text = connection.getresponse().read().decode()
        connection.close()
        return int(text.splitlines()[2].split()[2])

    def memory(self) -> dict[str, int]:
        assert self.nginx.process is not None
        # Whichever worker has the more; not one that is about to end, which takes all of its memory
        # into its hands for that.
        found = {"master": resident(self.nginx.process.pid), "a worker": 0}
        for worker in self.nginx.workers():
            try:
                if "shutting down" not in Path(f"/proc/{worker}/cmdline").read_text():
                    found["a worker"] = max(found["a worker"], resident(worker))
            except (OSError, AssertionError):
                continue  # it has just ended
        return found

    def stop(self) -> str:
        try:
            self.nginx.stop()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            return str(error) or repr(error)
        finally:
            self.service.communicate(timeout=20)
        errors = [line for line in self.nginx.error_log().splitlines() if re.search(r"\[(?:warn|error)\]", line)]
        errors = [line for line in errors if not re.search(TOLD, line)]
        return "\n".join(errors[:5])
