"""Sessions in Python. It speaks the protocol of benches/peers/README.md.

h3s        the package on its own
h3s-asgi   its ASGI middleware, called as a server would
starlette  Starlette's SessionMiddleware, called in the same way
flask      Flask's SecureCookieSessionInterface on a request and a response of its own
django     the signed_cookies backend, with Django's parser of cookies and its response
fernet     cryptography's Fernet around JSON: seal and open alone
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import django
import flask
import h3s
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from flask.sessions import SecureCookieSessionInterface
from h3s.asgi import SessionMiddleware
from starlette.middleware.sessions import SessionMiddleware as StarletteMiddleware
from starlette.types import Message, Receive, Scope, Send

PASSWORD = "correct horse battery staple, and more of it"
OTHERS = "theme=dark; _ga=GA1.1.1234567890.1700000000; {}; lang=en"

Call = Callable[[], object]
#: By the work's name: what one call does, or a number; `count` is a call that answers one.
Works = dict[str, "Call | int"]


def changed(cookie: str) -> str:
    """Forged: one character of the token is another."""
    at = cookie.index("=") + (len(cookie) - cookie.index("=")) // 2
    return cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]


def refused(count: object) -> None:
    assert count is None, "a forged token opens"


# The largest session takes more cookies than many servers do.
COOKIE: h3s.CookieOptions = {"max_chunks": 8}


def pair_of(cookie: str) -> str:
    return cookie.split(";")[0]


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


def django_session(data: dict[str, Any]) -> Works:
    if not settings.configured:
        settings.configure(SECRET_KEY=PASSWORD)
        django.setup()
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.http import HttpResponse, parse_cookie

    first = SessionStore()
    first.update(data)
    first.save()
    pair = f"sessionid={first.session_key}"
    cookie, forged, none = (OTHERS.format(own) for own in (pair, changed(pair), "a=b"))

    def store(header: str) -> SessionStore:
        return SessionStore(parse_cookie(header).get("sessionid"))

    response = HttpResponse()

    def request() -> str:
        session = store(cookie)
        session["count"] = session["count"] + 1
        session.save()
        response.cookies.clear()
        response.set_cookie("sessionid", session.session_key or "", max_age=3600, httponly=True)
        return response.cookies["sessionid"].OutputString()

    def count() -> object:
        refused(store(forged).get("count"))
        return store(OTHERS.format(pair_of(request())))["count"]

    return {
        "request": request,
        "read": lambda: store(cookie)["count"],
        "seal": first.save,
        "open": lambda: SessionStore(first.session_key)["count"],
        "forged": lambda: store(forged).get("count"),
        "none": lambda: store(none).get("count"),
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


PEERS: dict[str, tuple[str, Callable[[dict[str, Any]], Works]]] = {
    "h3s": ("", h3s_alone),
    "h3s-asgi": ("", h3s_asgi),
    "starlette": ("starlette", starlette),
    "flask": ("Flask", flask_session),
    "django": ("Django", django_session),
    "fernet": ("cryptography", fernet),
}


def version(package: str) -> str:
    return importlib.metadata.version(package) if package else h3s.__version__


def heap(call: Call) -> int:
    """The most bytes that a call has in use at once, as far as Python's own allocator knows."""
    call()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def answer(work: str, peer: str, size: str, n: int, folder: Path, known: dict[tuple[str, str], Works]) -> str:
    if (peer, size) not in known:
        known[peer, size] = PEERS[peer][1](json.loads((folder / f"{size}.json").read_text()))
    call = known[peer, size].get("request" if work == "heap" else work)
    if call is None:
        return "-"
    if isinstance(call, int):
        return str(call)
    if work == "count":
        return str(call())
    if work == "heap":
        return str(heap(call))
    for _ in range(n // 10):
        call()
    start = time.process_time_ns()
    for _ in range(n):
        call()
    return f"{(time.process_time_ns() - start) / n:.1f}"


def main() -> None:
    folder, known = Path(sys.argv[1]), dict[tuple[str, str], Works]()
    for line in sys.stdin:
        if line == "peers\n":
            versions = [f"{name}={version(package)}" for name, (package, _) in PEERS.items()]
            print(f"runtime=Python/{platform.python_version()}", *versions, flush=True)
        else:
            work, peer, size, n = line.split()
            print(answer(work, peer, size, int(n), folder, known), flush=True)


if __name__ == "__main__":
    main()
