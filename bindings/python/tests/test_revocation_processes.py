"""A real prefork server, which makes the Sessions before it forks; and Starlette's applications."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from h3s.asgi import SessionMiddleware, session_of
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from conftest import PASSWORD, SOURCE, Serve, cookies_of
from stores import Recording, Server, opened, server, until

__all__ = ["server"]

SERVED = """
import os
import h3s
from h3s.valkey import ValkeyStore
from h3s.wsgi import SessionMiddleware, session_of

def application(environ, start_response):
    session = session_of(environ)
    if environ["PATH_INFO"] == "/login":
        session["user"] = "ada"
    elif environ["PATH_INFO"] == "/logout":
        session.revoke()
    text = f"{os.getpid()} {session.get('user')}".encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]

how = os.environ["STORE"]
store = ValkeyStore(how) if "://" in how else h3s.FileStore(how)
app = SessionMiddleware(application, h3s.Sessions(
    password=os.environ["SESSION_PASSWORD"], max_age=60, revocation={}, revocation_store=store,
    cookie={"secure": False},
))
"""


class Prefork:
    """gunicorn with three processes, of which any may answer."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}"

    def ask(self, path: str, cookies: Any = None) -> tuple[str, str, Any]:
        """Which process answers, whom it knows, and the cookies then."""
        with httpx.Client(timeout=30, cookies=cookies) as client:
            process, _, user = client.get(self._at + path).text.partition(" ")
            return process, user, dict(client.cookies)

    def all_know(self, cookies: Any, user: str, processes: int = 3) -> bool:
        """Whether each process has said so of itself."""
        seen: dict[str, set[str]] = {}
        for _ in range(100):
            process, known, _ = self.ask("/", cookies)
            seen.setdefault(process, set()).add(known)
            if len(seen) == processes:
                break
        assert len(seen) == processes
        return all(users == {user} for users in seen.values())


@pytest.fixture(params=["file", "stream"])
def prefork(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[Prefork]:
    store = str(tmp_path / "revocations") if request.param == "file" else server.url
    (tmp_path / "served.py").write_text(SERVED)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        number, port = listening.fileno(), listening.getsockname()[1]
        command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "-b", f"fd://{number}", "--preload", "-w", "3"]
        path = os.pathsep.join([str(SOURCE), str(tmp_path), *sys.path])
        own = {"PYTHONPATH": path, "HOME": str(tmp_path), "SESSION_PASSWORD": PASSWORD, "STORE": store}
        process = subprocess.Popen(
            [*command, "--log-level", "critical", "served:app"],
            pass_fds=[number],
            cwd=tmp_path,
            env={**os.environ, **own},
        )
        try:
            yield Prefork(port)
        finally:
            process.terminate()
            process.wait(30)


def test_a_logout_at_one_process_is_refused_by_all_that_were_forked(prefork: Prefork) -> None:
    for _ in range(3):
        _, user, cookies = prefork.ask("/login")
        assert user == "ada" and prefork.all_know(cookies, "ada")
        assert prefork.ask("/logout", cookies)[1] == "None"
        until(partial(prefork.all_know, cookies, "None"))


# ---- Starlette, where the middleware is outside of it or its own ---------------------------------


async def answer(request: Request) -> PlainTextResponse:
    session = session_of(request)
    if request.url.path == "/login":
        session["user"] = {"id": 42}
    elif request.url.path == "/logout":
        session.revoke()
    return PlainTextResponse(str(session.get("user")))


ROUTES = [Route("/{path:path}", answer)]


@pytest.mark.parametrize("place", ["outside", "inside"])
def test_starlette_answers_503_where_a_logout_cannot_be_told_or_nothing_is_heard(
    place: str, asgi: Serve, client: httpx.Client
) -> None:
    store = Recording()
    sessions = opened(store, revocation={"stale": "closed", "max_stale": 1}, cookie={"secure": False})
    app: Any
    if place == "outside":
        app = SessionMiddleware(Starlette(routes=ROUTES), sessions)
    else:
        app = Starlette(routes=ROUTES, middleware=[Middleware(SessionMiddleware, sessions=sessions)])
    at = asgi(app)
    client.get(at + "/login")
    cookies = dict(client.cookies)
    store.is_down = True
    failed = client.get(at + "/logout")
    assert failed.status_code == 503 and not cookies_of(failed)
    until(lambda: client.get(at + "/").status_code == 503)
    assert httpx.get(at + "/").status_code == 200
    store.is_down = False
    until(lambda: client.get(at + "/").text == "{'id': 42}")
    assert client.get(at + "/logout").status_code == 200 and not client.cookies
    assert httpx.get(at + "/", cookies=cookies).text == "None"
