"""Under ASGI, what is revoked once the response has begun is made known at once, or told of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import h3s
import httpx
import pytest
from h3s import asgi as h3s_asgi
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from conftest import Serve
from stores import Recording, logged_in, opened, until

Use = Callable[[Any, Any], Awaitable[None]]


def websocket(sessions: h3s.Sessions, use: Use) -> Any:
    """An application that hands each WebSocket, once accepted, to `use`."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await use(h3s_asgi.session_of(scope), (receive, send))

    return h3s_asgi.SessionMiddleware(application, sessions)


def at_websocket(serve: Serve, app: Any) -> str:
    return serve(app).replace("http", "ws")


def test_a_websocket_that_only_listens_revokes_at_once(asgi: Serve) -> None:
    store = Recording()
    sessions = opened(store)

    async def use(session: Any, ways: Any) -> None:
        receive, _ = ways
        await receive()
        session.revoke()
        # It sends nothing more, and ends when the client goes.
        while (await receive())["type"] != "websocket.disconnect":
            pass

    cookie = logged_in(sessions)
    with connect(at_websocket(asgi, websocket(sessions, use)), additional_headers={"Cookie": cookie}) as socket:
        socket.send("log me out")
        until(lambda: sessions.get(cookie).rejection == "revoked")
        assert len(store.lines) == 1


@pytest.mark.parametrize("way", ["listens", "sends", "ends"])
def test_a_websocket_whose_logout_cannot_be_made_known_is_closed_and_says_nothing(
    way: str, asgi: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    store = Recording()
    sessions = opened(store)

    async def use(session: Any, ways: Any) -> None:
        receive, send = ways
        await receive()
        session.revoke()
        if way == "listens":
            assert (await receive())["type"] == "websocket.disconnect"
        elif way == "sends":
            await send({"type": "websocket.send", "text": "you are logged out"})
            await send({"type": "websocket.close"})

    cookie = logged_in(sessions)
    with connect(at_websocket(asgi, websocket(sessions, use)), additional_headers={"Cookie": cookie}) as socket:
        store.is_down = True
        socket.send("log me out")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
    until(lambda: "could not be made known" in caplog.text)
    store.is_down = False
    assert sessions.get(cookie).source == "cookie" and not store.lines


def test_a_websocket_that_is_closed_already_still_revokes(asgi: Serve) -> None:
    store, has_ended = Recording(), threading.Event()
    sessions = opened(store)

    async def use(session: Any, ways: Any) -> None:
        _, send = ways
        await send({"type": "websocket.close"})
        session.revoke()
        while not store.lines:
            await asyncio.sleep(0)
        has_ended.set()

    cookie = logged_in(sessions)
    with connect(at_websocket(asgi, websocket(sessions, use)), additional_headers={"Cookie": cookie}):
        assert has_ended.wait(20)
    assert sessions.get(cookie).rejection == "revoked"


def starlette(sessions: h3s.Sessions, view: Any) -> Any:
    return h3s_asgi.SessionMiddleware(Starlette(routes=[Route("/", view)]), sessions)


def test_a_background_task_revokes_while_it_goes_on(asgi: Serve, client: httpx.Client) -> None:
    store, known = Recording(), threading.Event()
    sessions = opened(store)

    async def later(session: Any) -> None:
        session.revoke()
        while not store.lines:
            await asyncio.sleep(0)
        known.set()

    async def view(request: Request) -> Any:
        session = h3s_asgi.session_of(request)
        return PlainTextResponse("bye", background=BackgroundTask(later, session))

    cookie = logged_in(sessions)
    assert client.get(asgi(starlette(sessions, view)), headers={"Cookie": cookie}).text == "bye"
    assert known.wait(20)
    until(lambda: sessions.get(cookie).rejection == "revoked")


def test_a_background_task_in_a_thread_revokes_before_revoke_returns(asgi: Serve, client: httpx.Client) -> None:
    store, known = Recording(), threading.Event()
    sessions = opened(store)

    def later(session: Any) -> None:
        session.revoke()
        if len(store.lines) == 1:
            known.set()

    async def view(request: Request) -> Any:
        return PlainTextResponse("bye", background=BackgroundTask(later, h3s_asgi.session_of(request)))

    cookie = logged_in(sessions)
    client.get(asgi(starlette(sessions, view)), headers={"Cookie": cookie})
    assert known.wait(20)


def test_a_task_that_outlives_its_request_revokes_at_once() -> None:
    store = Recording()
    sessions = opened(store)
    cookie = logged_in(sessions)
    kept: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        kept.append(h3s_asgi.session_of(scope))
        assert kept[0]["user"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    app = h3s_asgi.SessionMiddleware(application, sessions)

    async def ask() -> None:
        async def nothing(*_: Any) -> Any:
            return {}

        await app(
            {"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", cookie.encode())]}, nothing, nothing
        )
        kept.pop().revoke()
        while not store.lines:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(ask(), 20))
    assert sessions.get(cookie).rejection == "revoked"


def test_an_event_loop_in_a_thread_hands_its_logout_to_that_of_the_request(asgi: Serve, client: httpx.Client) -> None:
    store, known = Recording(), threading.Event()
    sessions = opened(store)

    def later(session: Any) -> None:
        async def revoke() -> None:
            session.revoke()
            while not store.lines:
                await asyncio.sleep(0)

        asyncio.run(revoke())
        known.set()

    async def view(request: Request) -> Any:
        return PlainTextResponse("bye", background=BackgroundTask(later, h3s_asgi.session_of(request)))

    client.get(asgi(starlette(sessions, view)), headers={"Cookie": logged_in(sessions)})
    assert known.wait(20)


@pytest.mark.parametrize("where", ["loop", "thread"])
def test_a_background_task_whose_logout_cannot_be_made_known_fails(where: str) -> None:
    store = Recording()
    sessions = opened(store)
    raised: list[BaseException] = []

    def in_thread(session: Any) -> None:
        try:
            session.revoke()
        except h3s.StoreError as error:
            raised.append(error)
            raise

    async def in_loop(session: Any) -> None:
        session.revoke()

    async def view(request: Request) -> Any:
        session = h3s_asgi.session_of(request)
        return PlainTextResponse("bye", background=BackgroundTask(in_thread if where == "thread" else in_loop, session))

    cookie = logged_in(sessions)
    store.is_down = True

    async def ask() -> None:
        transport = httpx.ASGITransport(starlette(sessions, view))
        async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
            await client.get("/", headers={"Cookie": cookie})

    with pytest.raises(h3s.StoreError):
        asyncio.run(ask())
    assert len(raised) == (where == "thread")


def test_a_failure_that_passes_is_made_good_when_the_task_ends() -> None:
    store = Recording()
    sessions = opened(store)

    async def later(session: Any) -> None:
        session.revoke()
        while session.refused is None:
            await asyncio.sleep(0)
        store.is_down = False

    async def view(request: Request) -> Any:
        return PlainTextResponse("bye", background=BackgroundTask(later, h3s_asgi.session_of(request)))

    cookie = logged_in(sessions)
    store.is_down = True

    async def ask() -> int:
        transport = httpx.ASGITransport(starlette(sessions, view))
        async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
            return (await client.get("/", headers={"Cookie": cookie})).status_code

    assert asyncio.run(ask()) == 200
    assert len(store.lines) == 1 and sessions.get(cookie).rejection == "revoked"


def test_a_stream_is_broken_off_that_would_tell_of_a_logout_that_has_not_happened(
    asgi: Serve, client: httpx.Client
) -> None:
    store = Recording()
    sessions = opened(store)

    async def view(request: Request) -> Any:
        async def text() -> Any:
            yield "one,"
            h3s_asgi.session_of(request).revoke()
            yield "logged out"

        return StreamingResponse(text())

    store.is_down = True
    said = b""
    headers = {"Cookie": logged_in(sessions)}
    at = asgi(starlette(sessions, view))
    with pytest.raises(httpx.RemoteProtocolError), client.stream("GET", at, headers=headers) as answer:
        for part in answer.iter_bytes():
            said += part
    assert said == b"one,"


def test_a_client_that_goes_does_not_keep_a_logout_from_being_made_known() -> None:
    store = Recording()
    sessions = opened(store)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        h3s_asgi.session_of(scope).revoke()
        await asyncio.get_running_loop().create_future()

    cookie = logged_in(sessions)
    app = h3s_asgi.SessionMiddleware(application, sessions)

    async def ask() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", cookie.encode())]}
        begun = asyncio.Event()

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(_: Any) -> None:
            begun.set()

        task = asyncio.create_task(app(scope, receive, send))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask())
    assert len(store.lines) == 1 and sessions.get(cookie).rejection == "revoked"
