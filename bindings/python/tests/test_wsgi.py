"""The WSGI middleware, on wsgiref's server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import h3s
import httpx
import pytest
from h3s.wsgi import SessionMiddleware, session_of

from conftest import NOW, PASSWORD, Serve, StandingStill, cookies_of, no_other_site_ends_the_session

Environ = dict[str, Any]
PLAIN = [("Content-Type", "text/plain")]


def application(environ: Environ, start_response: Any) -> Any:
    session = session_of(environ)
    path = environ["PATH_INFO"]
    if path == "/untouched":
        start_response("200 OK", PLAIN)
        return [b"hello"]
    if path == "/read":
        start_response("200 OK", [*PLAIN, ("Vary", "Accept, COOKIE")])
        return [str(session.get("count", 0)).encode()]
    if path == "/early":
        start_response("200 OK", [*PLAIN, ("Cache-Control", "public, max-age=60, s-maxage=600")])
        session["count"] = session.get("count", 0) + 1
        return [b"counted"]
    if path == "/generator":
        return generated(session, start_response)
    if path == "/write":
        session["count"] = 7
        start_response("200 OK", [*PLAIN, ("Cache-Control", "no-store")])(b"written")
        return []
    if path == "/logout":
        session.clear()
        start_response("200 OK", PLAIN)
        return [b"goodbye"]
    if path == "/error":
        session["count"] = 9
        try:
            raise RuntimeError("on purpose")
        except RuntimeError:
            start_response("500 Internal Server Error", PLAIN, sys.exc_info())
        return [b"sorry"]
    start_response("404 Not Found", PLAIN)
    return [b"no"]


def generated(session: h3s.Session, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", PLAIN)
    yield b""
    session["count"] = session.get("count", 0) + 10
    yield b"gene"
    yield b"rated"


def test_each_response_sets_what_it_should(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(SessionMiddleware(application, sessions))
    untouched = client.get(at + "/untouched")
    assert not cookies_of(untouched) and "vary" not in untouched.headers
    read = client.get(at + "/read")
    assert not cookies_of(read) and read.headers["vary"] == "Accept, COOKIE, x-h3-session"
    assert "cache-control" not in read.headers and read.text == "0"
    early = client.get(at + "/early")
    assert len(cookies_of(early)) == 1 and early.headers["cache-control"] == "private, max-age=60"
    assert client.get(at + "/read").text == "1"
    generator = client.get(at + "/generator")
    assert generator.text == "generated" and len(cookies_of(generator)) == 1
    assert client.get(at + "/read").text == "11"
    write = client.get(at + "/write")
    assert write.text == "written" and write.headers["cache-control"] == "private, no-store"
    assert client.get(at + "/read").text == "7"
    error = client.get(at + "/error")
    assert error.status_code == 500 and len(cookies_of(error)) == 1
    assert client.get(at + "/read").text == "9"


def test_no_other_site_ends_the_session(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(SessionMiddleware(application, sessions))
    no_other_site_ends_the_session(at + "/logout", at + "/write")


def test_a_header_client_keeps_its_session_itself(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(SessionMiddleware(application, sessions))
    session = sessions.use()
    session["count"] = 5
    headers = {sessions.header_name: session.seal()}
    assert client.get(at + "/read", headers=headers).text == "5"


def test_a_flood_of_forgeries_gets_429(wsgi: Serve, client: httpx.Client) -> None:
    iron = StandingStill(password=PASSWORD, cookie={"secure": False}, seal={"format": "fe26.2"})
    at = wsgi(SessionMiddleware(application, iron, peer=lambda environ: str(environ["REMOTE_ADDR"])))
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)
    statuses = [
        client.get(at + path, headers={iron.header_name: f"{head}*{number:064x}*{mac}"}).status_code
        for number, path in enumerate(["/read"] * 40 + ["/generator"] * 5)
    ]
    assert statuses == [200] * 20 + [429] * 25
    assert client.get(at + "/untouched").status_code == 200


def test_a_flood_from_one_ipv6_network_gets_429(wsgi: Serve, client: httpx.Client) -> None:
    iron = StandingStill(password=PASSWORD, cookie={"secure": False}, seal={"format": "fe26.2"})
    at = wsgi(SessionMiddleware(application, iron, peer=lambda environ: str(environ["HTTP_X_ADDRESS"])))
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)

    def statuses(address: str) -> list[int]:
        headers = [{"X-Address": address.format(n), iron.header_name: f"{head}*{n:064x}*{mac}"} for n in range(60)]
        return [client.get(at + "/read", headers=one).status_code for one in headers]

    assert statuses("2001:db8:1:2::{:x}") == [200] * 20 + [429] * 40
    assert statuses("2001:db8:1:{:x}::1").count(429) == 0


def test_an_application_that_starts_its_response_twice_is_an_error(sessions: h3s.Sessions) -> None:
    def twice(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", PLAIN)
        start_response("404 Not Found", PLAIN)
        return []

    with pytest.raises(AssertionError, match="start_response"):
        SessionMiddleware(twice, sessions)({}, lambda *_: None)
