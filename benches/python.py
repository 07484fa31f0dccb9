"""A whole request in Python, beside the sessions of Starlette, Flask and Django and bare itsdangerous: CPU microseconds in one run.

Each opens a session of 1 KiB (one text), sets `count` to count + 1 and makes the Set-Cookie value; no server, no framework around it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

import django
import flask
import h3s
import itsdangerous
from django.conf import settings
from flask.sessions import SecureCookieSessionInterface
from h3s.asgi import SessionMiddleware
from starlette.middleware.sessions import SessionMiddleware as StarletteMiddleware
from starlette.types import Message, Receive, Scope, Send

PASSWORD = "correct horse battery staple, and more of it"
DATA = {"text": "".join(chr(97 + n * n % 26) for n in range(1000)), "count": 1}
ROUNDS, REQUESTS = 15, 1000
Visit = Callable[[], object]


def native() -> Visit:
    sessions = h3s.Sessions(password=PASSWORD, max_age=3600)
    session = sessions.use()
    session.update(DATA)
    cookie = "theme=dark; " + session.set_cookies()[0].split(";")[0] + "; lang=en"

    def visit() -> object:
        session = sessions.use(cookie)
        session["count"] = session.get("count", 0) + 1
        return session.set_cookies()[0]

    return visit


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    session = scope["session"]
    session["count"] = session.get("count", 0) + 1
    await send({"type": "http.response.start", "status": 200, "headers": []})


def driven(app: Any, cookie: str) -> Visit:
    """An ASGI request by hand: the server's part costs nothing."""
    headers = [(b"host", b"x"), (b"cookie", f"theme=dark; {cookie}; lang=en".encode())]

    async def send(message: Message) -> None:
        assert any(name == b"set-cookie" for name, _ in message["headers"])

    async def receive() -> Message:
        return {}

    def visit() -> object:
        call: Coroutine[Any, Any, None] = app({"type": "http", "headers": list(headers)}, receive, send)
        try:
            call.send(None)
        except StopIteration:
            return None
        raise AssertionError("it waited for something")

    return visit


def ours_in_asgi() -> Visit:
    sessions = h3s.Sessions(password=PASSWORD, max_age=3600)
    session = sessions.use()
    session.update(DATA)
    return driven(SessionMiddleware(application, sessions), session.set_cookies()[0].split(";")[0])


def starlette() -> Visit:
    middleware = StarletteMiddleware(application, secret_key=PASSWORD)
    cookies: list[str] = []

    async def first(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"].update(DATA)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message: Message) -> None:
        cookies.extend(value.decode() for name, value in message["headers"] if name == b"set-cookie")

    async def receive() -> Message:
        return {}

    asyncio.run(StarletteMiddleware(first, secret_key=PASSWORD)({"type": "http", "headers": []}, receive, keep))
    return driven(middleware, cookies[0].split(";")[0])


def flask_session() -> Visit:
    app = flask.Flask("bench")
    app.secret_key = PASSWORD
    interface = SecureCookieSessionInterface()
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    cookie = serializer.dumps(DATA)
    with app.test_request_context(headers={"Cookie": f"theme=dark; session={cookie}; lang=en"}) as context:
        request = context.request

    def visit() -> object:
        request.__dict__.pop("cookies", None)
        session = interface.open_session(app, request)
        assert session is not None
        session["count"] = session["count"] + 1
        response = flask.Response()
        interface.save_session(app, session, response)
        return response.headers["Set-Cookie"]

    return visit


def django_session() -> Visit:
    settings.configure(SECRET_KEY=PASSWORD)
    django.setup()
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.http import HttpResponse, parse_cookie

    first = SessionStore()
    first.update(DATA)
    first.save()
    header = f"theme=dark; sessionid={first.session_key}; lang=en"

    def visit() -> object:
        store = SessionStore(parse_cookie(header)["sessionid"])
        store["count"] = store["count"] + 1
        store.save()
        response = HttpResponse()
        response.set_cookie("sessionid", store.session_key or "", max_age=3600, httponly=True)
        return response

    return visit


def bare_itsdangerous() -> Visit:
    signer = itsdangerous.TimestampSigner(PASSWORD)
    token = signer.sign(json.dumps(DATA).encode())

    def visit() -> object:
        data = json.loads(signer.unsign(token, max_age=3600))
        data["count"] += 1
        return signer.sign(json.dumps(data).encode())

    return visit


def main() -> None:
    visits = {
        "h3s": native(),
        "h3s.asgi": ours_in_asgi(),
        "Starlette's SessionMiddleware": starlette(),
        "Flask's session": flask_session(),
        "Django's signed cookies": django_session(),
        "itsdangerous alone": bare_itsdangerous(),
    }
    times: dict[str, list[float]] = {name: [] for name in visits}
    # In turn, so that a busy moment of the machine meets all alike.
    for _ in range(ROUNDS):
        for name, visit in visits.items():
            start = time.process_time()
            for _ in range(REQUESTS):
                visit()
            times[name].append((time.process_time() - start) / REQUESTS * 1e6)
    cost = {name: statistics.median(values) for name, values in times.items()}
    budgets = {"Starlette's SessionMiddleware": "at least 4", "Flask's session": "at least 15"}
    print(f"\n{'Python, a request of 1 KiB':<32}{'CPU us':>9}{'slower than h3s by':>21}   budget")
    for name, value in cost.items():
        print(f"{name:<32}{value:>9.2f}{value / cost['h3s']:>21.1f}   {budgets.get(name, '')}")


if __name__ == "__main__":
    main()
