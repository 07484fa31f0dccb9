"""Real Starlette and FastAPI applications on uvicorn."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import fastapi
import h3s
import httpx
import pydantic
import pytest
from h3s.asgi import SessionMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from conftest import (
    NOW,
    PASSWORD,
    Serve,
    StandingStill,
    cookie_of,
    cookies_of,
    from_another_site,
    no_other_site_ends_the_session,
)
from frameworks import visit


async def count(request: Request) -> Response:
    request.session["count"] = request.session.get("count", 0) + 1
    return JSONResponse(dict(request.session))


async def read(request: Request) -> Response:
    return JSONResponse(dict(request.session))


async def untouched(request: Request) -> Response:
    # Whoever names `request.session` has looked at it, as with Starlette's own.
    assert "session" in request.scope
    return JSONResponse({})


async def login(request: Request) -> Response:
    request.session.rotate()  # type: ignore[attr-defined]
    request.session.update({"user": "Zoë", "cart": []})
    request.session["cart"].append("apple")
    return JSONResponse({}, headers={"Cache-Control": "public, max-age=5", "Vary": "Accept"})


async def large(request: Request) -> Response:
    request.session["text"] = "x" * 5_000
    return JSONResponse({})


async def logout(request: Request) -> Response:
    request.session.clear()
    return JSONResponse({})


async def error(request: Request) -> Response:
    request.session["error"] = True
    raise RuntimeError("on purpose")


async def socket(websocket: WebSocket) -> None:
    seen = dict(websocket.session)
    if "set" in websocket.query_params:
        websocket.session["socket"] = True
    if "clear" in websocket.query_params:
        websocket.session.clear()
    await websocket.accept()
    await websocket.send_json(seen)
    await websocket.close()


ROUTES: list[Any] = [
    Route("/" + function.__name__, function, methods=["GET", "POST"])
    for function in (count, read, untouched, login, large, logout, error)
]
ROUTES.append(WebSocketRoute("/socket", socket))


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_whole_visit(asgi: Serve, client: httpx.Client, sessions: h3s.Sessions, wrapped: bool) -> None:
    if wrapped:
        at = asgi(SessionMiddleware(Starlette(routes=ROUTES), sessions))
    else:
        at = asgi(Starlette(routes=ROUTES, middleware=[Middleware(SessionMiddleware, sessions=sessions)]))
    for path in ("/untouched", "/read"):
        assert not cookies_of(client.get(at + path))
    assert "vary" not in client.get(at + "/untouched").headers
    assert client.get(at + "/read").headers["vary"] == "Cookie, x-h3-session"
    first = client.get(at + "/count")
    assert first.json() == {"count": 1} and len(cookies_of(first)) == 1 and first.headers["cache-control"] == "private"
    assert client.get(at + "/count").json() == {"count": 2}
    response = client.get(at + "/login")
    assert response.headers["cache-control"] == "private, max-age=5"
    assert response.headers["vary"] == "Accept, Cookie, x-h3-session"
    found = client.get(at + "/read")
    assert found.json() == {"count": 2, "user": "Zoë", "cart": ["apple"]} and not cookies_of(found)
    assert len(cookies_of(client.get(at + "/large"))) > 2
    assert len(client.get(at + "/read").json()["text"]) == 5_000
    # uvicorn closes the connection behind an exception: no later request may be on it.
    failed = client.get(at + "/error", headers={"Connection": "close"})
    assert failed.status_code == 500 and bool(cookies_of(failed)) == wrapped
    client.get(at + "/logout")
    assert not client.cookies and client.get(at + "/read").json() == {}


def test_a_websocket_reads_the_session(asgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = asgi(SessionMiddleware(Starlette(routes=ROUTES), sessions))
    client.get(at + "/count")
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = at.replace("http", "ws") + "/socket"
    with connect(address, additional_headers={"Cookie": cookie}) as found:
        assert json.loads(found.recv(timeout=20)) == {"count": 1}
        assert found.response is not None and "set-cookie" not in found.response.headers
    with connect(address + "?set=1", additional_headers={"Cookie": cookie}) as found:
        found.recv(timeout=20)
        assert found.response is not None and found.response.headers["set-cookie"].startswith("h3=")


def test_no_other_site_ends_the_session(asgi: Serve, sessions: h3s.Sessions) -> None:
    at = asgi(SessionMiddleware(Starlette(routes=ROUTES), sessions))
    no_other_site_ends_the_session(at + "/logout", at + "/login")


def test_no_other_site_ends_the_session_by_a_websocket(asgi: Serve, sessions: h3s.Sessions) -> None:
    at = asgi(SessionMiddleware(Starlette(routes=ROUTES), sessions))
    address = at.replace("http", "ws") + "/socket"
    for headers in from_another_site():
        with connect(address + "?clear=1", additional_headers=headers) as found:
            assert found.response is not None and "set-cookie" not in found.response.headers
        with connect(address + "?set=1", additional_headers=headers) as found:
            assert found.response is not None and "set-cookie" in found.response.headers
    with connect(address + "?clear=1", additional_headers={"Origin": at}) as found:
        assert found.response is not None and "Max-Age=0" in found.response.headers["set-cookie"]


def test_fastapi_async_and_in_threads(asgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    api = fastapi.FastAPI()

    @api.get("/async")
    async def in_the_loop(request: fastapi.Request) -> Any:
        request.session["count"] = request.session.get("count", 0) + 1
        return request.session["count"]

    @api.get("/thread")
    def in_a_thread(request: fastapi.Request) -> Any:
        request.session["count"] = request.session.get("count", 0) + 1
        return request.session["count"]

    @api.get("/denied")
    def denied(request: fastapi.Request) -> Any:
        request.session["denied"] = True
        raise fastapi.HTTPException(403)

    at = asgi(SessionMiddleware(api, sessions))
    assert [client.get(at + path).json() for path in ("/async", "/thread", "/async")] == [1, 2, 3]
    assert client.get(at + "/denied").status_code == 403


class Model(pydantic.BaseModel):
    a: int
    s: Any = None


def test_fastapi_answers_with_a_session_however_it_is_declared(client: httpx.Client, sessions: h3s.Sessions) -> None:
    api = fastapi.FastAPI()

    @api.get("/any")
    async def any_(request: fastapi.Request) -> Any:
        return request.session

    @api.get("/dict")
    async def dict_(request: fastapi.Request) -> dict[str, Any]:
        return {"s": request.session}

    @api.get("/model", response_model=Model)
    async def model(request: fastapi.Request) -> Any:
        return request.session

    @api.get("/within")
    async def within(request: fastapi.Request) -> Model:
        return Model(a=2, s=request.session)

    @api.get("/json")
    async def json_(request: fastapi.Request) -> Response:
        return JSONResponse(request.session)

    session = sessions.use()
    session["a"] = 1
    headers = [("Cookie", cookie_of(session))]
    found = {
        path: visit(SessionMiddleware(api, sessions), path, headers).json()
        for path in ("/any", "/dict", "/model", "/within", "/json")
    }
    assert found == {
        "/any": {"a": 1},
        "/dict": {"s": {"a": 1}},
        "/model": {"a": 1, "s": None},
        "/within": {"a": 2, "s": {"a": 1}},
        "/json": {"a": 1},
    }


def test_a_cold_token_opens_without_holding_up_the_loop_and_a_flood_gets_429(asgi: Serve, client: httpx.Client) -> None:
    options: Any = {"password": PASSWORD, "cookie": {"secure": False}, "seal": {"format": "fe26.2"}}
    iron, other = StandingStill(**options), h3s.Sessions(**options)
    app = SessionMiddleware(Starlette(routes=ROUTES), iron, peer=lambda scope: str(scope["client"][0]))
    at = asgi(app)
    session = other.use(now=NOW)
    session["count"] = 41
    token = session.seal()
    headers = {iron.header_name: token}
    assert client.get(at + "/count", headers=headers).json() == {"count": 42}
    head, _, mac = token.rsplit("*", 2)
    # Beside a cookie that opens, no forgery would count.
    client.cookies.clear()
    statuses = [
        client.get(at + "/read", headers={iron.header_name: f"{head}*{number:064x}*{mac}"}).status_code
        for number in range(40)
    ]
    assert statuses == [200] * 20 + [429] * 20
    assert client.get(at + "/count", headers=headers).json() == {"count": 42}


class Recording(h3s.Sessions):
    """Notes in which thread a session was opened by whatever it may cost."""

    def get(self, *arguments: Any, **named: Any) -> h3s.Session:
        if not named.get("warm_only"):
            self.opened_in.append(threading.get_ident())
        return super().get(*arguments, **named)

    opened_in: list[int]


def visits(app: Any, cookies: list[str]) -> None:
    async def visit(cookie: str) -> None:
        async def send(message: Any) -> None:
            pass

        await app({"type": "http", "path": "/", "headers": [(b"cookie", cookie.encode())]}, None, send)

    async def all_of_them() -> None:
        for cookie in cookies:
            await visit(cookie)

    asyncio.run(all_of_them())


async def touching(scope: Any, receive: Any, send: Any) -> None:
    scope["session"].get("user")


async def not_touching(scope: Any, receive: Any, send: Any) -> None:
    pass


def test_however_a_cold_token_is_written_no_key_is_derived_in_the_event_loop() -> None:
    sessions = Recording(password=PASSWORD, seal="h3-2")

    def forged(n: int) -> str:
        return f"Fe26.2**{n:064x}*{'A' * 22}*{'A' * 22}**{n:064x}*{'A' * 43}"

    cookies = [
        f"h3={forged(1)}",
        f"h3=%46{forged(2)[1:]}",
        f"h3=__chunked__2; h3.1={forged(3)[:4]}; h3.2={forged(3)[4:]}",
        f'a=b; h3=x; h3="{forged(4)}"',
        "; ".join(f"h3=%46{forged(n)[1:]}" for n in range(5, 9)),
    ]
    app = SessionMiddleware(touching, sessions)
    sessions.opened_in = []
    visits(app, cookies)
    assert sessions.opened_in and threading.get_ident() not in sessions.opened_in


def test_a_session_of_a_format_that_is_never_slow_is_opened_only_when_it_is_touched() -> None:
    for seal in ("h3s1", "h3-1"):
        sessions = Recording(password=PASSWORD, seal=seal)
        sessions.opened_in = []
        token = sessions.use().seal()
        untouched, touched = SessionMiddleware(not_touching, sessions), SessionMiddleware(touching, sessions)
        visits(untouched, [f"h3={token}"] * 3)
        assert not sessions.opened_in
        visits(touched, [f"h3={token}"] * 3)
        assert sessions.opened_in == [threading.get_ident()] * 3
