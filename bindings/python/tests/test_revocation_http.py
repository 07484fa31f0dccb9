"""In each framework: what is revoked is made known before the response goes, or there is none."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Sequence
from typing import Any, Optional

import h3s
import httpx
import pytest
from h3s import asgi, wsgi
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from conftest import Serve, cookies_of
from frameworks import Browser, each, in_asgi, in_flask, in_wsgi
from stores import Broken, Recording, logged_in, opened, until
from test_races import PARALLEL
from test_races import Browser as RacingBrowser

KINDS: dict[str, Any] = {"revocation": {"subject": "/user/id", "stale": "closed", "max_stale": 1}}


def deeds(session: Any, path: str) -> str:
    if path == "/login":
        session.rotate()
        session["user"] = {"id": 42}
    elif path == "/logout":
        session.revoke()
    elif path == "/everywhere":
        session.revoke_everywhere()
    elif path == "/clear":
        session.clear()
    return str(session.get("user"))


@each
def test_a_logout_is_known_before_its_answer_and_refused_whoever_has_a_copy(make: Any) -> None:
    store = Recording()
    sessions = opened(store)
    browser = Browser(make(sessions, deeds))
    browser.get("/login")
    copied = dict(browser.cookies)
    assert browser.get("/read").text == "{'id': 42}" and not store.threads
    assert browser.get("/logout").status_code == 200 and "h3" not in browser.cookies
    assert len(store.lines) == 1
    browser.cookies = copied
    answer = browser.get("/read")
    assert answer.text == "None" and not cookies_of(answer)


@each
def test_a_login_that_a_logout_overtakes_is_answered_by_503_and_gives_no_session(make: Any) -> None:
    sessions = opened(Recording())

    def overtaken(session: Any, path: str) -> str:
        if path != "/overtaken":
            return deeds(session, path)
        session.rotate()
        sessions.get(f"h3={copied}").revoke()
        return "logged in"

    browser = Browser(make(sessions, overtaken))
    browser.get("/login")
    copied = browser.cookies["h3"]
    answer = browser.get("/overtaken")
    assert answer.status_code == 503 and not cookies_of(answer)
    assert browser.get("/read").text == "None"


@each
def test_a_login_revokes_the_former_id_and_a_deletion_nothing(make: Any) -> None:
    store = Recording()
    browser = Browser(make(opened(store), deeds))
    browser.get("/login")
    former = dict(browser.cookies)
    browser.get("/login")
    assert len(store.lines) == 1
    kept, browser.cookies = browser.cookies, former
    assert browser.get("/read").text == "None"
    browser.cookies = kept
    browser.get("/clear")
    assert len(store.lines) == 1


@each
def test_logging_out_everywhere_leaves_nobody(make: Any) -> None:
    store = Recording()
    sessions = opened(store)
    app = make(sessions, deeds)
    phone, desk = Browser(app), Browser(app)
    phone.get("/login")
    desk.get("/login")
    created = sessions.get(desk.headers()[0][1]).created_at
    until(lambda: sessions.use().created_at != created)
    assert phone.get("/everywhere").status_code == 200
    assert desk.get("/read").text == "None"


@each
def test_a_logout_that_cannot_be_made_known_is_answered_by_503_and_touches_no_cookie(make: Any) -> None:
    store = Recording()
    browser = Browser(make(opened(store), deeds))
    browser.get("/login")
    store.is_down = True
    for path in ("/logout", "/everywhere", "/login"):
        answer = browser.get(path)
        assert answer.status_code == 503 and not cookies_of(answer), path
        assert make is in_flask or (answer.headers["retry-after"] and answer.headers["cache-control"] == "no-store")
    store.is_down = False
    assert browser.get("/read").text == "{'id': 42}"
    assert browser.get("/logout").status_code == 200


def test_no_error_handler_of_flask_makes_a_success_of_a_logout_that_has_not_happened() -> None:
    store = Recording()
    app = in_flask(opened(store), deeds)
    app.register_error_handler(Exception, lambda _: ("all is well", 302, {"Location": "/"}))
    browser = Browser(app)
    browser.get("/login")
    store.is_down = True
    answer = browser.get("/logout")
    assert answer.status_code == 503 and "location" not in answer.headers and "well" not in answer.text
    assert not cookies_of(answer)
    store.is_down = False
    assert browser.get("/logout").status_code == 200


@each
def test_closed_answers_503_to_whoever_brings_a_session_and_touches_no_cookie(make: Any) -> None:
    store = Recording()
    sessions = opened(store, **KINDS)
    app = make(sessions, deeds)
    browser = Browser(app)
    browser.get("/login")
    store.is_down = True
    until(lambda: browser.get("/read").status_code == 503)
    answer = browser.get("/read")
    assert answer.status_code == 503 and not cookies_of(answer)
    assert Browser(app).get("/read").status_code == 200
    store.is_down = False
    until(lambda: browser.get("/read").text == "{'id': 42}")


@pytest.mark.parametrize("way", ["write", "generator"])
def test_wsgi_answers_503_however_the_application_sends(way: str) -> None:
    store = Recording()
    sessions = opened(store)

    def application(environ: Any, start_response: Any) -> Any:
        wsgi.session_of(environ).revoke()
        if way == "write":
            start_response("200 OK", [])(b"text")
            return []
        return generated(start_response)

    def generated(start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b""
        yield b"text"

    browser = Browser(wsgi.SessionMiddleware(application, sessions))
    browser.cookies = dict([logged_in(sessions).split("=", 1)])
    store.is_down = True
    answer = browser.get("/read")
    assert answer.status_code == 503 and answer.text == "" and not cookies_of(answer)
    store.is_down = False
    assert browser.get("/read").status_code == 200 and len(store.lines) == 1


# ---- What comes after the headers ----------------------------------------------------------------


def test_wsgi_makes_known_at_once_what_is_revoked_after_the_headers_went() -> None:
    store = Recording()
    sessions = opened(store)

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"one"
        wsgi.session_of(environ).revoke()
        yield str(len(store.lines)).encode()

    browser = Browser(wsgi.SessionMiddleware(application, sessions))
    browser.cookies = dict([logged_in(sessions).split("=", 1)])
    assert browser.get("/read").text == "one1"


def test_a_rotation_after_the_headers_went_is_lost_and_logs_nobody_out() -> None:
    store = Recording()
    sessions = opened(store)

    def application(environ: Any, start_response: Any) -> Any:
        session = wsgi.session_of(environ)
        session.get("user")
        start_response("200 OK", [])
        yield b"one"
        session.rotate()

    browser = Browser(wsgi.SessionMiddleware(application, sessions))
    browser.cookies = dict([logged_in(sessions).split("=", 1)])
    with pytest.warns(h3s.LateWriteWarning):
        browser.get("/read")
    assert not store.lines and sessions.get(browser.headers()[0][1]).source == "cookie"


def websocket_app(sessions: h3s.Sessions, closes: bool = False) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        session = asgi.session_of(scope)
        await receive()
        if scope["path"] == "/first":
            session.revoke()
        await send({"type": "websocket.accept"})
        if scope["path"] == "/then":
            session.revoke()
            await send({"type": "websocket.send", "text": "revoked"})
        elif scope["path"] == "/last":
            session.revoke()
        elif scope["path"] == "/token":
            session.rotate()
            await send({"type": "websocket.send", "text": session.seal()})
        await send({"type": "websocket.close"})

    return asgi.SessionMiddleware(application, sessions)


@pytest.mark.parametrize("path", ["/first", "/then", "/last"])
def test_a_websocket_revokes_before_it_sends_anything_more(path: str, asgi: Serve) -> None:
    store = Recording()
    sessions = opened(store)
    at = asgi(websocket_app(sessions)).replace("http", "ws")
    cookie = logged_in(sessions)
    with connect(at + path, additional_headers={"Cookie": cookie}) as socket:
        if path == "/then":
            assert socket.recv(20) == "revoked"
            assert len(store.lines) == 1
    until(lambda: sessions.get(cookie).rejection == "revoked")


def test_a_websocket_that_rotates_revokes_once_its_token_goes(asgi: Serve) -> None:
    store = Recording()
    sessions = opened(store)
    at = asgi(websocket_app(sessions)).replace("http", "ws")
    cookie = logged_in(sessions)
    with connect(at + "/token", additional_headers={"Cookie": cookie}) as socket:
        token = socket.recv(20)
    assert sessions.unseal(token)["user"] == {"id": 42} and sessions.get(cookie).rejection == "revoked"


def test_a_websocket_whose_logout_cannot_be_made_known_does_not_open(asgi: Serve) -> None:
    store = Recording()
    sessions = opened(store)
    at = asgi(websocket_app(sessions)).replace("http", "ws")
    cookie = logged_in(sessions)
    store.is_down = True
    with pytest.raises(InvalidStatus), connect(at + "/first", additional_headers={"Cookie": cookie}):
        pass
    assert not store.lines


# ---- The event loop ------------------------------------------------------------------------------


def test_asgi_waits_for_the_store_in_another_thread_while_the_loop_goes_on() -> None:
    store, goes_on = Slow(), threading.Event()
    sessions = opened(store)
    cookie = logged_in(sessions)
    app = in_asgi(sessions, deeds)

    async def both() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test.example") as client:
            logout = asyncio.create_task(client.get("/logout", headers={"Cookie": cookie}))
            while not store.has_begun.is_set():
                await asyncio.sleep(0)
            # The loop runs, although the store has not answered.
            goes_on.set()
            assert (await client.get("/")).status_code == 200
            store.may_end.set()
            return await logout

    assert asyncio.run(both()).status_code == 200 and goes_on.is_set()
    assert store.threads != [threading.get_ident()]


class Slow(Recording):
    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def publish(self, lines: Sequence[str]) -> None:
        self.has_begun.set()
        assert self.may_end.wait(20)
        super().publish(lines)


# ---- Many at once --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_the_logout_wins_whatever_cookie_a_late_answer_brings_back(
    kind: str, request: pytest.FixtureRequest, client: httpx.Client
) -> None:
    sessions = opened(Broken(), idle_timeout=3600, cookie={"secure": False})

    def answer(session: Any, path: str) -> str:
        if path == "/logout":
            session.revoke()
        elif path.startswith("/write/"):
            session["value"] = path.removeprefix("/write/")
        return str(session.get("value"))

    make: Any = {"asgi": in_asgi, "wsgi": in_wsgi}[kind]
    serve: Serve = request.getfixturevalue(kind)
    browser = RacingBrowser(client, serve(make(sessions, answer)))
    for turn in range(12):
        browser.cookies.clear()
        browser.ask("/write/begun")
        former = browser.headers()[0][1]
        name = sessions.get(former).id
        order = random.Random(turn)
        paths = ["/read"] * (PARALLEL // 2) + ["/write/late"] * (PARALLEL // 2 - 1) + ["/logout"]
        order.shuffle(paths)
        browser.ask_at_once(paths, order)
        # Whatever the browser has now, and whoever kept a copy.
        assert sessions.get(cookie_in(browser)).id != name
        assert sessions.get(former).rejection == "revoked"


def cookie_in(browser: RacingBrowser) -> Optional[str]:
    headers = browser.headers()
    return headers[0][1] if headers else None
