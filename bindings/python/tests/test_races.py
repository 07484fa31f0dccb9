"""Sixteen requests of one client at once, whose answers arrive in any order, with real servers."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import h3s
import httpx
import pytest
from h3s.asgi import SessionMiddleware
from h3s.wsgi import SessionMiddleware as WSGISessionMiddleware
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from conftest import NOW, PASSWORD, Serve
from frameworks import Jar

ROUNDS = 400 if os.environ.get("H3S_SOAK") else 12
PARALLEL = 16
IDLE = 3600


class Browser(Jar):
    """Visits a server, also with several requests at once."""

    def __init__(self, client: httpx.Client, address: str) -> None:
        super().__init__()
        self.client, self.address = client, address

    def ask(self, path: str) -> str:
        answer = self.client.get(self.address + path, headers=self.headers())
        self.take(answer)
        return answer.text

    def ask_at_once(self, paths: list[str], order: random.Random) -> None:
        headers = self.headers()
        with ThreadPoolExecutor(PARALLEL) as pool:
            asked = [pool.submit(self.client.get, self.address + path, headers=headers) for path in paths]
            answers = [answer.result(20) for answer in asked]
        assert all(answer.status_code == 200 for answer in answers)
        order.shuffle(answers)
        for answer in answers:
            self.take(answer)


def answer_of(session: Any, path: str) -> str:
    if path == "/logout":
        session.clear()
    elif path.startswith("/write/"):
        session["value"] = path.removeprefix("/write/")
    return str(session.get("value"))


def starlette_app(sessions: h3s.Sessions, clock: Any) -> Any:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(answer_of(request.session, request.url.path))

    return SessionMiddleware(Starlette(routes=[Route("/{path:path}", answer)]), sessions, clock=clock)


def wsgi_app(sessions: h3s.Sessions, clock: Any) -> Any:
    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        text = answer_of(environ["h3s.session"], environ["PATH_INFO"]).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [text]

    return WSGISessionMiddleware(answer, sessions, clock=clock)


@pytest.fixture(params=["asgi", "wsgi"])
def browser(request: pytest.FixtureRequest, client: httpx.Client, now: list[float]) -> Browser:
    sessions = h3s.Sessions(password=PASSWORD, idle_timeout=IDLE, cookie={"secure": False})
    app = {"asgi": starlette_app, "wsgi": wsgi_app}[request.param](sessions, lambda: now[0])
    serve: Serve = request.getfixturevalue(request.param)
    return Browser(client, serve(app))


@pytest.fixture
def now() -> list[float]:
    return [NOW]


def later(now: list[float]) -> None:
    """So much that each read slides the session."""
    now[0] += IDLE * 0.6


def test_no_read_undoes_a_write_whatever_the_order_of_the_answers(browser: Browser, now: list[float]) -> None:
    browser.ask("/write/begun")
    for turn in range(ROUNDS):
        later(now)
        order = random.Random(turn)
        paths = ["/read"] * (PARALLEL - 1) + [f"/write/{turn}"]
        order.shuffle(paths)
        browser.ask_at_once(paths, order)
        assert browser.ask("/read") == str(turn), turn


def test_a_logout_wins_over_reads_whatever_the_order_of_the_answers(browser: Browser, now: list[float]) -> None:
    for turn in range(ROUNDS):
        browser.ask("/write/begun")
        later(now)
        order = random.Random(turn)
        paths = ["/read"] * (PARALLEL - 1) + ["/logout"]
        order.shuffle(paths)
        browser.ask_at_once(paths, order)
        assert browser.ask("/read") == "None", turn
        assert "h3" not in browser.cookies


def test_reads_alone_keep_a_session_alive(browser: Browser, now: list[float]) -> None:
    browser.ask("/write/begun")
    for turn in range(ROUNDS):
        later(now)
        browser.ask_at_once(["/read"] * PARALLEL, random.Random(turn))
    assert browser.ask("/read") == "begun"
