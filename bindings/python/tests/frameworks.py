"""One application in each of the frameworks, for tests that hold for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Callable, Optional, cast

import flask
import h3s
import httpx
import pytest
from h3s import asgi, wsgi
from h3s.flask import H3SessionInterface

#: Gets the request's session and path, and gives the text of the response.
Handler = Callable[[Any, str], str]
Headers = list[tuple[str, str]]


def in_wsgi(sessions: h3s.Sessions, handler: Handler, headers: Iterable[tuple[str, str]] = (), **options: Any) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        text = handler(wsgi.session_of(environ), environ["PATH_INFO"])
        start_response("200 OK", list(headers))
        return [text.encode()]

    return wsgi.SessionMiddleware(application, sessions, **options)


def in_asgi(sessions: h3s.Sessions, handler: Handler, headers: Iterable[tuple[str, str]] = (), **options: Any) -> Any:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        text = handler(asgi.session_of(scope), scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": text.encode()})

    return asgi.SessionMiddleware(application, sessions, **options)


def in_flask(sessions: h3s.Sessions, handler: Handler, headers: Iterable[tuple[str, str]] = (), **options: Any) -> Any:
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(sessions, **options)

    @app.route("/<path:path>")
    def view(path: str) -> flask.Response:
        response = flask.Response(handler(cast(Any, flask.session)._get_current_object(), "/" + path))
        for name, value in headers:
            response.headers.add(name, value)
        return response

    return app


EACH = [pytest.param(make, id=name) for name, make in (("wsgi", in_wsgi), ("asgi", in_asgi), ("flask", in_flask))]
each = pytest.mark.parametrize("make", EACH)


class Jar:
    """A cookie jar that is kept by hand.

    It sends Secure cookies, too, and takes answers in the order in which they are given.
    """

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def headers(self) -> list[tuple[str, str]]:
        return [("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))] * bool(self.cookies)

    def take(self, response: httpx.Response) -> None:
        for line in response.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


class Browser(Jar):
    """Visits an application without a server."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    def get(self, path: str, headers: Optional[Headers] = None) -> httpx.Response:
        response = visit(self._app, path, [*self.headers(), *(headers or [])])
        self.take(response)
        return response


def visit(app: Any, path: str, headers: Optional[Headers] = None) -> httpx.Response:
    if isinstance(app, asgi.SessionMiddleware):

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
                return await client.get(path, headers=headers or [])

        return asyncio.run(ask())
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://test.example") as client:
        return client.get(path, headers=headers or [])
