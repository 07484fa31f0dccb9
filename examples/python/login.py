"""A login and a logout, on WSGI and nothing else.

    SESSION_PASSWORD=$(python -m h3s new-password) python login.py 3000

GET / greets and counts visits; POST /login?name=ada logs in; POST /logout logs out. The same
program in C, Go and Node is in the folders beside this one: with the same password they share the
sessions. Any WSGI server takes `application()`: `gunicorn 'login:application()'`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

import h3s
from h3s.wsgi import SessionMiddleware, session_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def hello(environ: WSGIEnvironment) -> tuple[str, str]:
    """Counts the visit. A write is what sets the cookie."""
    session = session_of(environ)
    visits, user = session.get("visits"), session.get("user")
    # What another program has put there may be of another type, and counts as nothing.
    session["visits"] = visits + 1 if isinstance(visits, int) else 1
    return "200 OK", f"Hello, {user if isinstance(user, str) else 'stranger'}. Visit {session['visits']}."


def login(environ: WSGIEnvironment) -> tuple[str, str]:
    """Asks for a name; a real one asks for more. A new id: whoever knew the old one has nothing."""
    name = parse_qs(environ.get("QUERY_STRING", "")).get("name", [""])[0]
    if not name or len(name.encode()) > 80:
        return "400 Bad Request", "who is it?"
    session = session_of(environ)
    session.rotate()
    session["user"] = name
    return "200 OK", f"Welcome, {name}."


def logout(environ: WSGIEnvironment) -> tuple[str, str]:
    session_of(environ).clear()
    return "200 OK", "Goodbye."


PAGES: dict[str, tuple[str, Callable[[WSGIEnvironment], tuple[str, str]]]] = {
    "/": ("GET", hello),
    "/login": ("POST", login),  # a mere link changes nothing
    "/logout": ("POST", logout),
}


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    method, page = PAGES.get(environ.get("PATH_INFO", "/"), ("", None))
    if page is None:
        status, text = "404 Not Found", "there is no such page"
    elif environ["REQUEST_METHOD"] != method:
        status, text = "405 Method Not Allowed", f"use {method}"
    elif method == "POST" and h3s.is_cross_site(lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")):
        # Another site may lead a browser here, but log nobody in or out.
        status, text = "403 Forbidden", "a form of another site"
    else:
        status, text = page(environ)
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]


def application() -> WSGIApplication:
    password = os.environ.get("SESSION_PASSWORD", "")
    return SessionMiddleware(answer, h3s.Sessions(password=password, max_age=timedelta(days=7)))


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with make_server("127.0.0.1", port, application()) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()
