"""A real nginx with the module, a real upstream, and clients over loopback.

H3S_NGINX is the nginx to run; H3S_NGINX_MODULE the module that it loads, or
empty where it is built in.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import h3s
import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
NGINX = os.environ.get("H3S_NGINX", "nginx")
MODULE = os.environ.get("H3S_NGINX_MODULE", str(ROOT / "target/nginx/ngx_http_h3s_module.so"))
PASSWORD = "correct horse battery staple, and more of it"
OPTIONS: dict[str, Any] = {"password": PASSWORD, "maxAge": 604800, "cookie": {"secure": False}}
FE26: dict[str, Any] = {**OPTIONS, "seal": {"format": "fe26.2"}}
LARGE: dict[str, Any] = {**OPTIONS, "cookie": {"secure": False, "maxChunks": 100}}
# What no test may leave in the error log.
GRAVE = re.compile(r"\[(?:alert|crit|emerg)\]|AddressSanitizer|LeakSanitizer|runtime error")
PATIENCE = 60 if "ASAN_OPTIONS" in os.environ else 20

MAIN = """
{load}
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log {level};
worker_processes {workers};
{main}
events {{ worker_connections 512; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/temp;
    proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp;
    scgi_temp_path {folder}/temp;
{http}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(what: Callable[[], bool], why: str) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.01)


class Nginx:
    def __init__(self, folder: Path, upstream: Upstream | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.upstream = upstream
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "html").mkdir(exist_ok=True)
        (folder / "html/page.txt").write_text("a page\n")

    def options(self, options: object, name: str = "h3s.json") -> None:
        (self.folder / name).write_text(options if isinstance(options, str) else json.dumps(options))

    def write(self, http: str, *, workers: int = 1, main: str = "", level: str = "info") -> None:
        text = MAIN.format(
            load=f"load_module {MODULE};" if MODULE else "",
            user="user root;" if os.getuid() == 0 else "",
            folder=self.folder,
            workers=workers,
            main=main,
            level=level,
            http=http,
        )
        for name, value in (
            ("PORT", str(self.port)),
            ("FOLDER", str(self.folder)),
            ("UPSTREAM", self.upstream.address if self.upstream else "127.0.0.1:1"),
        ):
            text = re.sub(rf"\b{name}\b", value, text)
        (self.folder / "nginx.conf").write_text(text)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # After -t, nginx ends without freeing what it has read.
        return subprocess.run(
            [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), *arguments],
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def start(
        self,
        locations: str,
        *,
        http: str = "",
        listen: str = "127.0.0.1:PORT",
        options: object | None = None,
        workers: int = 1,
        main: str = "",
        level: str = "info",
    ) -> None:
        """Writes the options file unless it is there, one server with these
        locations, and runs it."""
        if options is not None or not (self.folder / "h3s.json").exists():
            self.options(OPTIONS if options is None else options)
        server = f"h3s_config h3s.json;\n{http}\nserver {{ listen {listen}; root FOLDER/html;\n{locations}\n}}"
        self.write(server, workers=workers, main=main, level=level)
        self.run()

    def run(self) -> None:
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], stdout=output, stderr=output
            )
        wait_until(self._answers, "nginx does not start")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "output").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def reload(self) -> None:
        """Returns once the new workers have taken over."""
        assert self.process is not None
        before = self.error_log().count("start worker process ")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.error_log().count("start worker process ") > before, "nginx does not reload")

    def workers(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def error_log(self) -> str:
        log = self.folder / "error.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def access_log(self) -> list[str]:
        """What format `it` has written so far; requests are logged after they are answered."""
        log = self.folder / "access.log"
        return log.read_text(errors="replace").splitlines() if log.exists() else []

    def logged(self, count: int) -> list[str]:
        wait_until(lambda: len(self.access_log()) >= count, "the access log stays short")
        return self.access_log()

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        status, self.process = self.process.returncode, None
        output = (self.folder / "output").read_text(errors="replace")
        grave = [line for line in (self.error_log() + output).splitlines() if GRAVE.search(line)]
        assert not grave, "\n".join(grave[:20]) + output[-3000:]
        assert status == 0, output
        assert "exited on signal" not in self.error_log()


class Upstream:
    """Answers with the headers that it was sent, as JSON, unless a test has put
    something else at a path."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, list[tuple[str, str]], str]] = {}
        self.seen: list[tuple[str, list[tuple[str, str]]]] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                upstream.seen.append((path, list(self.headers.items())))
                status, headers, body = upstream.answers.get(path, (200, [], json.dumps(list(self.headers.items()))))
                raw = body.encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def answer(self, path: str, *headers: tuple[str, str], status: int = 200, body: str = "answered") -> None:
        self.answers[path] = (status, list(headers), body)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(PATIENCE)
        self.server.server_close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def nginx(tmp_path: Path, upstream: Upstream) -> Iterator[Nginx]:
    nginx = Nginx(tmp_path, upstream)
    try:
        yield nginx
    finally:
        nginx.stop()


def visitor(nginx: Nginx) -> httpx.Client:
    """With a cookie jar. Each request has its own connection: one that is kept nginx closes at a
    reload, also where a request is on its way."""
    return httpx.Client(base_url=nginx.url, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0))


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    with visitor(nginx) as client:
        yield client


@pytest.fixture
def anyone(nginx: Nginx) -> Iterator[httpx.Client]:
    """A second visitor."""
    with visitor(nginx) as client:
        yield client


def sessions(options: dict[str, Any] | None = None) -> h3s.Sessions:
    return h3s.Sessions.from_json(json.dumps(options or OPTIONS))


def cookie_of(session: h3s.Session) -> str:
    """The Cookie header of a client's next request."""
    return "; ".join(value.split(";")[0] for value in session.set_cookies() if "Max-Age=0" not in value)


def cookie_with(data: dict[str, Any], options: dict[str, Any] | None = None, now: float | None = None) -> str:
    session = sessions(options).use(now=now)
    session.update(data)
    return cookie_of(session)


def opened(response: httpx.Response, options: dict[str, Any] | None = None) -> h3s.Session:
    """The session that a response has set."""
    cookie = "; ".join(value.split(";")[0] for value in set_cookies(response))
    session = sessions(options).get(cookie)
    assert not session.is_new, response.headers
    return session


def set_cookies(response: httpx.Response) -> list[str]:
    return response.headers.get_list("set-cookie")


def raw(port: int, request: str) -> str:
    """The whole answer to a request as it is written here, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace").replace("\r\n", "\n")


def sent_up(response: httpx.Response) -> list[tuple[str, str]]:
    """The headers that the upstream was sent, as its default answer tells."""
    return [(name, value) for name, value in response.json()]


def value_of(response: httpx.Response, name: str) -> str | None:
    values = [value for key, value in sent_up(response) if key.lower() == name.lower()]
    assert len(values) <= 1, values
    return values[0] if values else None
