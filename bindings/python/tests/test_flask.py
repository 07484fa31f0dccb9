"""A real Flask application, by a real cookie jar."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import flask
import h3s
import httpx
from h3s.flask import H3SessionInterface

from conftest import NOW, PASSWORD, Serve, cookie_of, cookies_of, no_other_site_ends_the_session


def application(sessions: h3s.Sessions) -> flask.Flask:
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(sessions)

    @app.get("/")
    def count() -> Any:
        flask.session["count"] = flask.session.get("count", 0) + 1
        return {**flask.session}

    @app.get("/read")
    def read() -> Any:
        return {**flask.session}

    @app.get("/untouched")
    def untouched() -> str:
        assert flask.session is not None
        return "hello"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        old = flask.session.id  # type: ignore[attr-defined]
        flask.session.rotate()  # type: ignore[attr-defined]
        flask.session.update(user="Zoë", cart=[])
        flask.session.permanent = True
        return {"changed": old != flask.session.id}  # type: ignore[attr-defined]

    @app.get("/nested")
    def nested() -> Any:
        flask.session["cart"].append("apple")
        return {"modified": flask.session.modified}

    @app.get("/large")
    def large() -> Any:
        flask.session["text"] = "x" * 5_000
        return {}

    @app.route("/logout", methods=["GET", "POST"])
    def logout() -> Any:
        flask.session.clear()
        return {}

    @app.get("/seal")
    def seal() -> Any:
        flask.session.modified = True
        return {"new": flask.session.new, "accessed": flask.session.accessed}

    @app.get("/error")
    def error() -> Any:
        flask.session["error"] = True
        raise RuntimeError("on purpose")

    @app.get("/missing")
    def missing() -> Any:
        flask.session["missing"] = True
        flask.abort(404)

    return app


def test_a_whole_visit(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    untouched = client.get(at + "/untouched")
    assert not cookies_of(untouched) and "x-h3-session" not in untouched.headers.get("vary", "")
    assert not cookies_of(client.get(at + "/read"))
    first = client.get(at + "/")
    (cookie,) = cookies_of(first)
    assert first.json() == {"count": 1} and "Max-Age" not in cookie and "Expires" not in cookie
    assert "HttpOnly" in cookie and first.headers["cache-control"] == "private"
    assert first.headers["vary"] == "Cookie, x-h3-session"
    assert client.get(at + "/").json() == {"count": 2}
    login = client.get(at + "/login")
    assert login.json() == {"changed": True} and "Max-Age=3600" in cookies_of(login)[0]
    assert client.get(at + "/nested").json() == {"modified": True}
    read = client.get(at + "/read")
    assert read.json() == {"count": 2, "user": "Zoë", "cart": ["apple"], "_permanent": True} and not cookies_of(read)
    assert len(cookies_of(client.get(at + "/large"))) > 2
    assert len(client.get(at + "/read").json()["text"]) == 5_000
    assert len(cookies_of(client.get(at + "/seal"))) > 2
    logout = client.get(at + "/logout")
    assert all("Max-Age=0" in value for value in cookies_of(logout)) and not client.cookies
    assert client.get(at + "/").json() == {"count": 1}


def test_no_other_site_ends_the_session(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    no_other_site_ends_the_session(at + "/logout", at + "/login")


def test_errors_carry_the_cookie(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    for path, status in (("/error", 500), ("/missing", 404)):
        response = client.get(at + path)
        assert response.status_code == status and len(cookies_of(response)) == 1
    assert client.get(at + "/read").json() == {"error": True, "missing": True}


def test_old_and_foreign_sessions_are_none(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    for other, now in ((sessions, NOW - 10**8), (h3s.Sessions(password=PASSWORD[::-1]), None)):
        session = other.use(now=now)
        session["count"] = 41
        client.cookies.set("h3", cookie_of(session).partition("=")[2], domain="127.0.0.1")
        assert client.get(at + "/read").json() == {}


def test_a_changed_password_logs_nobody_out(wsgi: Serve, client: httpx.Client) -> None:
    cookie: h3s.CookieOptions = {"secure": False}
    before = wsgi(application(h3s.Sessions(password={"a": PASSWORD}, cookie=cookie)))
    after = wsgi(application(h3s.Sessions(password={"b": PASSWORD[::-1], "a": PASSWORD}, cookie=cookie)))
    assert client.get(before).json() == {"count": 1}
    read = client.get(after + "/read")
    assert read.json() == {"count": 1} and ".b." in cookies_of(read)[0]


def test_an_idle_session_slides_on_read(wsgi: Serve, client: httpx.Client) -> None:
    sessions = h3s.Sessions(password=PASSWORD, idle_timeout=timedelta(days=1), cookie={"secure": False})
    at = wsgi(application(sessions))
    session = sessions.use(now=time.time() - 15 * 3600)
    session["count"] = 1
    client.cookies.set("h3", cookie_of(session).partition("=")[2], domain="127.0.0.1")
    assert len(cookies_of(client.get(at + "/read"))) == 1


def test_many_at_once_are_kept_apart(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))

    def visitor(_: int) -> list[int]:
        with httpx.Client(timeout=30) as client:
            return [client.get(at).json()["count"] for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(visitor, range(8))) == [list(range(1, 11))] * 8


def test_flasks_own_test_client_works(sessions: h3s.Sessions) -> None:
    client = application(sessions).test_client()
    with client.session_transaction() as session:
        session["count"] = 41
    assert client.get("/").json == {"count": 42}
    with client:
        client.get("/")
        assert flask.session["count"] == 43
