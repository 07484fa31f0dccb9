"""Sessions in Python, but for Django's. It speaks the protocol of benches/peers/README.md.

h3s        the package on its own
h3s-asgi   its ASGI middleware, called as a server would
starlette  Starlette's SessionMiddleware, called in the same way
flask      Flask's SecureCookieSessionInterface on a request and a response of its own
fernet     cryptography's Fernet around JSON: seal and open alone
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from typing import Any

import flask
import h3s
from cryptography.fernet import Fernet, InvalidToken
from flask.sessions import SecureCookieSessionInterface
from h3s.asgi import SessionMiddleware
from protocol import OTHERS, PASSWORD, Call, Works, changed, pair_of, refused, serve
from starlette.middleware.sessions import SessionMiddleware as StarletteMiddleware
from starlette.types import Message, Receive, Scope, Send

# The largest session takes more cookies than many servers do.
COOKIE: h3s.CookieOptions = {"max_chunks": 8}


def h3s_alone(data: dict[str, Any]) -> Works:
    sessions = h3s.Sessions(password=PASSWORD, max_age=3600, max_token_length=65536, cookie=COOKIE)
    first = sessions.use()
    first.update(data)
    pairs = "; ".join(map(pair_of, first.set_cookies()))
    cookie, forged, none = OTHERS.format(pairs), OTHERS.format(changed(pairs)), OTHERS.format("a=b")
    token = first.seal()

    def request() -> list[str]:
        session = sessions.use(cookie)
        session["count"] = session["count"] + 1
        return session.set_cookies()

    def seal() -> object:
        first["count"] = 1
        return first.seal()

    def count() -> object:
        refused(sessions.get(forged).get("count"))
        return sessions.use(OTHERS.format("; ".join(map(pair_of, request()))))["count"]

    return {
        "request": request,
        "read": lambda: sessions.use(cookie)["count"],
        "seal": seal,
        "open": lambda: sessions.unseal(token)["count"],
        "forged": lambda: sessions.get(forged).get("count"),
        "none": lambda: sessions.get(none).get("count"),
        "start": lambda: h3s.Sessions(password=PASSWORD),
        "bytes": len(pairs),
        "count": count,
    }


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    session = scope["session"]
    session["count"] = session.get("count", 0) + 1
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    scope["session"].get("count")
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def receive_nothing() -> Message:
    return {}


async def send_nowhere(message: Message) -> None:
    pass


def driven(app: Any, cookie: str, send: Send = send_nowhere) -> Call:
    """An ASGI request by hand: the server's part costs nothing."""
    headers = [(b"host", b"x"), (b"cookie", cookie.encode())]

    def visit() -> object:
        call: Coroutine[Any, Any, None] = app({"type": "http", "headers": list(headers)}, receive_nothing, send)
        try:
            call.send(None)
        except StopIteration:
            return None
        raise AssertionError("it waited for something")

    return visit


def asgi(wrap: Callable[[Any], Any], data: dict[str, Any]) -> Works:
    cookies: list[str] = []

    async def writer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"].update(data)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message: Message) -> None:
        cookies[:] = [pair_of(value.decode()) for name, value in message["headers"] if name == b"set-cookie"]

    asyncio.run(wrap(writer)({"type": "http", "headers": []}, receive_nothing, keep))
    pairs = "; ".join(cookies)
    works: Works = {"bytes": len(pairs)}
    if pairs:
        cookie, forged = OTHERS.format(pairs), OTHERS.format(changed(pairs))
        counts: list[object] = []

        async def peek(scope: Scope, receive: Receive, send: Send) -> None:
            counts.append(scope["session"].get("count"))

        def count() -> object:
            driven(wrap(peek), forged)()
            refused(counts.pop())
            driven(wrap(application), cookie, keep)()
            driven(wrap(peek), OTHERS.format("; ".join(cookies)))()
            return counts.pop()

        works |= {
            "count": count,
            "request": driven(wrap(application), cookie),
            "read": driven(wrap(reader), cookie),
            "forged": driven(wrap(reader), forged),
            "none": driven(wrap(reader), OTHERS.format("a=b")),
        }
    return works


def h3s_asgi(data: dict[str, Any]) -> Works:
    sessions = h3s.Sessions(password=PASSWORD, max_age=3600, cookie=COOKIE)
    return asgi(lambda app: SessionMiddleware(app, sessions), data)


def starlette(data: dict[str, Any]) -> Works:
    return asgi(lambda app: StarletteMiddleware(app, secret_key=PASSWORD), data)


class Response(flask.Response):
    """It does not warn of cookies that browsers will not keep."""

    max_cookie_size = 0


def flask_session(data: dict[str, Any]) -> Works:
    app = flask.Flask("bench")
    app.secret_key = PASSWORD
    interface = SecureCookieSessionInterface()
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    token = serializer.dumps(data)
    pair = f"session={token if isinstance(token, str) else token.decode()}"

    def opener(cookie: str) -> Callable[[], Any]:
        with app.test_request_context(headers={"Cookie": cookie}) as context:
            request = context.request

        def open_session() -> Any:
            request.__dict__.pop("cookies", None)
            return interface.open_session(app, request)

        return open_session

    known, forged, none = (opener(OTHERS.format(own)) for own in (pair, changed(pair), "a=b"))
    response = Response()

    def request() -> str:
        session = known()
        session["count"] = session["count"] + 1
        response.headers.clear()
        interface.save_session(app, session, response)
        return response.headers["Set-Cookie"]

    def count() -> object:
        refused(forged().get("count"))
        return opener(OTHERS.format(pair_of(request())))()["count"]

    return {
        "request": request,
        "read": lambda: known()["count"],
        "seal": lambda: serializer.dumps(data),
        "open": lambda: serializer.loads(token)["count"],
        "forged": lambda: forged().get("count"),
        "none": lambda: none().get("count"),
        "bytes": len(pair),
        "count": count,
    }


def fernet(data: dict[str, Any]) -> Works:
    cipher = Fernet(Fernet.generate_key())
    token = cipher.encrypt(json.dumps(data, separators=(",", ":")).encode())

    def count() -> object:
        try:
            refused(cipher.decrypt(changed("=" + token.decode())[1:]))
        except InvalidToken:
            pass
        next = data | {"count": data["count"] + 1}
        return json.loads(cipher.decrypt(cipher.encrypt(json.dumps(next).encode())))["count"]

    return {
        "count": count,
        "seal": lambda: cipher.encrypt(json.dumps(data, separators=(",", ":")).encode()),
        "open": lambda: json.loads(cipher.decrypt(token))["count"],
        "bytes": len("session=") + len(token),
    }


if __name__ == "__main__":
    serve(
        {
            "h3s": (h3s.__version__, h3s_alone),
            "h3s-asgi": (h3s.__version__, h3s_asgi),
            "starlette": (version("starlette"), starlette),
            "flask": (version("Flask"), flask_session),
            "fernet": (version("cryptography"), fernet),
        }
    )
