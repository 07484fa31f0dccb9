"""What holds in every framework.

Caches, the log, clocks, late writes, and what peers and servers send.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import socket
import subprocess
import sys
import warnings
import weakref
from pathlib import Path
from typing import Any

import h3s
import pytest
from h3s import _headers, asgi, wsgi

from conftest import NOW, PASSWORD, SOURCE, cookie_of, cookies_of
from frameworks import Browser, each, in_asgi, in_wsgi, visit


def count(session: Any, path: str) -> str:
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


def read(session: Any, path: str) -> str:
    return json.dumps(session)


# ---- Caches --------------------------------------------------------------------------------------

CACHE_CONTROL = [
    ("", "private"),
    ("no-store", "private, no-store"),
    ("private, no-store", "private, no-store"),
    ("public, max-age=5, s-maxage=9", "private, max-age=5"),
    ("Public , S-MaxAge = 9,, no-transform", "private, no-transform"),
    ('private="Set-Cookie, X", max-age=5', "private, max-age=5"),
    ('no-cache="Set-Cookie, X-Public", public', 'private, no-cache="Set-Cookie, X-Public"'),
    ('ext="a\\", public", public', 'private, ext="a\\", public"'),
    ('ext="never, closed', 'private, ext="never, closed'),
]


@each
@pytest.mark.parametrize(("said", "sent"), CACHE_CONTROL)
def test_no_shared_cache_keeps_what_sets_the_cookie(make: Any, sessions: h3s.Sessions, said: str, sent: str) -> None:
    headers = [("Cache-Control", said)] if said else []
    assert visit(make(sessions, count, headers), "/a").headers.get_list("cache-control") == [sent]
    # A response that only reads says what it did.
    assert visit(make(sessions, read, headers), "/a").headers.get_list("cache-control") == [v for _, v in headers]


@each
def test_no_header_tells_a_cdn_to_store_what_sets_the_cookie(make: Any, sessions: h3s.Sessions) -> None:
    names = [
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "Surrogate-Control",
        "Edge-Control",
        "X-Accel-Expires",
    ]
    headers = [(name, "max-age=600") for name in names]
    left = visit(make(sessions, count, [*headers, ("X-Other", "stays")]), "/a").headers
    assert not any(name in left for name in names) and left["x-other"] == "stays"
    assert all(name in visit(make(sessions, read, headers), "/a").headers for name in names)


@each
def test_several_lines_of_a_header_become_one(make: Any, sessions: h3s.Sessions) -> None:
    headers = [("Vary", "Accept"), ("Vary", "cookie"), ("Cache-Control", "public"), ("Cache-Control", "max-age=1")]
    found = visit(make(sessions, count, headers), "/a").headers
    assert found.get_list("vary") == ["Accept, cookie, x-h3-session"]
    assert found.get_list("cache-control") == ["private, max-age=1"]


@each
def test_sessions_of_other_names_have_other_headers_to_vary_on(make: Any, sessions: h3s.Sessions) -> None:
    staff = h3s.Sessions(password=PASSWORD, name="staff", session_header="x-staff")
    for _ in range(2):
        for kind, name in ((sessions, "x-h3-session"), (staff, "x-staff")):
            assert visit(make(kind, count, [("Vary", "Accept")]), "/a").headers["vary"] == f"Accept, Cookie, {name}"


def test_what_is_kept_of_other_headers_is_bounded_and_holds_no_keys(sessions: h3s.Sessions) -> None:
    config = sessions._handle
    held = sys.getrefcount(config)
    for number in range(600):
        name = f"X-{number}"
        assert _headers.merged_vary(config, [name], sessions.vary) == f"{name}, {sessions.vary}"
        assert _headers.private([f"max-age={number}"]) == f"private, max-age={number}"
        assert not _headers.is_targeted(name) and _headers.is_targeted(f"{name}-Cache-Control")
    assert len(_headers._VARY) <= 256 and sys.getrefcount(config) == held
    for kept in (_headers._private, _headers.is_targeted):
        assert kept.cache_info().currsize == 256


# ---- What belongs to the application stays as it is ----------------------------------------------


def test_a_constant_start_message_gives_nobody_the_session_of_another(sessions: h3s.Sessions) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [[b"content-type", b"text/plain"]]}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/login":
            scope["session"]["user"] = "alice"
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    app = asgi.SessionMiddleware(application, sessions)
    assert len(cookies_of(visit(app, "/login"))) == 1
    assert not cookies_of(visit(app, "/public")) and start["headers"] == [[b"content-type", b"text/plain"]]


def test_a_constant_list_of_headers_gives_nobody_the_session_of_another(sessions: h3s.Sessions) -> None:
    headers: list[tuple[str, str]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/login":
            environ["h3s.session"]["user"] = "alice"
        start_response("200 OK", headers)
        return []

    app = wsgi.SessionMiddleware(application, sessions)
    assert len(cookies_of(visit(app, "/login"))) == 1
    assert not cookies_of(visit(app, "/public")) and not headers


def test_a_constant_response_of_flask_gives_nobody_the_session_of_another(sessions: h3s.Sessions) -> None:
    import flask
    from h3s.flask import H3SessionInterface

    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(sessions)
    constant = flask.Response("hello", headers={"Set-Cookie": "theme=dark"})

    @app.get("/<name>")
    def view(name: str) -> flask.Response:
        if name != "public":
            flask.session["user"] = name
        return constant

    first, second = cookies_of(visit(app, "/alice")), cookies_of(visit(app, "/bob"))
    assert first[0] == second[0] == "theme=dark" and len(first) == len(second) == 2 and first[1] != second[1]
    assert cookies_of(visit(app, "/public")) == ["theme=dark"]


# ---- Late writes ---------------------------------------------------------------------------------


def late(session: Any, how: str) -> None:
    if how == "/nested":
        session["list"].append(1)
    elif how == "/logout":
        session.clear()
    elif how == "/default":
        session.setdefault("late", 1)
    elif how == "/update":
        session.update(late=1)
    else:
        assert how == "/read" and session["list"] == []


@pytest.mark.parametrize("how", ["/nested", "/logout", "/default", "/update", "/read"])
@pytest.mark.parametrize("framework", ["wsgi", "wsgi function", "asgi", "flask"])
def test_a_write_after_the_headers_is_told(sessions: h3s.Sessions, framework: str, how: str) -> None:
    def stream(session: Any) -> Any:
        yield b"a"
        late(session, how)
        yield b"b"

    def generator(environ: dict[str, Any], start_response: Any) -> Any:
        environ["h3s.session"]["list"] = []
        start_response("200 OK", [])
        yield from stream(environ["h3s.session"])

    def function(environ: dict[str, Any], start_response: Any) -> Any:
        environ["h3s.session"]["list"] = []
        start_response("200 OK", [])
        return stream(environ["h3s.session"])

    async def asynchronous(scope: Any, receive: Any, send: Any) -> None:
        scope["session"]["list"] = []
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for chunk in stream(scope["session"]):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def in_flask() -> Any:
        import flask
        from h3s.flask import H3SessionInterface

        app = flask.Flask("test")
        app.session_interface = H3SessionInterface(sessions)

        @app.get("/<name>")
        def view(name: str) -> Any:
            flask.session["list"] = []
            return flask.Response(flask.stream_with_context(stream(flask.session)))

        return app

    app = {
        "wsgi": lambda: wsgi.SessionMiddleware(generator, sessions),
        "wsgi function": lambda: wsgi.SessionMiddleware(function, sessions),
        "asgi": lambda: asgi.SessionMiddleware(asynchronous, sessions),
        "flask": in_flask,
    }[framework]()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert visit(app, how).text == "ab"
    ours = [warning for warning in told if warning.category is h3s.LateWriteWarning]
    assert len(ours) == (how != "/read")
    for warning in ours:
        assert f"GET '{how}'" in str(warning.message)
        # The line that wrote; what was changed in place is noticed at the end.
        assert warning.filename == __file__ or how == "/nested"


@pytest.mark.parametrize(
    ("deeds", "told"), [("read", 0), ("write", 1), ("write seal", 0), ("seal write", 1), ("nested", 1)]
)
def test_what_is_written_in_an_open_websocket_is_told_unless_it_is_sealed(
    sessions: h3s.Sessions, deeds: str, told: int
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        session = asgi.session_of(scope)
        session["list"] = []
        await send({"type": "websocket.accept"})
        for deed in deeds.split():
            if deed == "write":
                session["late"] = 1
            elif deed == "seal":
                await send({"type": "websocket.send", "text": session.seal()})
            elif deed == "nested":
                session["list"].append(1)
        await send({"type": "websocket.close"})

    sent = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/socket", "headers": []}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        asyncio.run(asgi.SessionMiddleware(application, sessions)(scope, _nothing, send))
    assert [warning.category for warning in found] == [h3s.LateWriteWarning] * told
    assert all("WEBSOCKET '/socket'" in str(warning.message) for warning in found)
    # What was written before is in the handshake.
    assert [name for name, _ in sent[0]["headers"]].count(b"set-cookie") == 1


async def _nothing() -> Any:
    raise AssertionError("nobody receives")


def test_what_the_application_raises_late_is_not_replaced_by_the_warning(sessions: h3s.Sessions) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope["session"]["list"] = []
        await send({"type": "http.response.start", "status": 200, "headers": []})
        scope["session"]["list"].append(object())
        if scope["path"] == "/bug":
            raise KeyError("a bug")

    async def send(message: Any) -> None:
        pass

    app = asgi.SessionMiddleware(application, sessions)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyError, match="a bug"):
            asyncio.run(app({"type": "http", "path": "/bug", "headers": []}, _nothing, send))
        # What JSON cannot hold is told as a late write, too, and is no error of the request.
        with pytest.raises(h3s.LateWriteWarning, match="'list'"):
            asyncio.run(app({"type": "http", "path": "/", "headers": []}, _nothing, send))


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("make", [in_wsgi, in_asgi])
@pytest.mark.parametrize(
    "more", [{}, {"revocation": {}, "revocation_store": h3s.MemoryStore()}], ids=["", "revocation"]
)
def test_a_session_does_not_keep_its_request_alive(make: Any, more: Any, touch: bool) -> None:
    class Marked:
        pass

    sessions = h3s.Sessions(password=PASSWORD, max_age=3600, **more)
    seen = []

    def handler(session: Any, path: str) -> str:
        marked = session._open.__closure__ and Marked()
        (scope_or_environ,) = holders(session)
        scope_or_environ["marked"] = marked
        seen.append(weakref.ref(marked))
        return str(session.get("a")) if touch else ""

    def holders(session: Any) -> list[Any]:
        return [
            found
            for found in gc.get_referrers(session)
            if type(found) is dict and session in found.values() and ("REQUEST_METHOD" in found or "type" in found)
        ]

    app = make(sessions, handler)
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    scope: dict[str, Any] = {"type": "http", "path": "/", "headers": []}

    async def send(message: Any) -> None:
        pass

    gc.disable()
    try:
        if make is in_wsgi:
            app(environ, lambda *_: None)
        else:
            asyncio.run(app(scope, _nothing, send))
        del environ, scope
        assert seen[0]() is None
    finally:
        gc.enable()


# ---- What servers and peers send -----------------------------------------------------------------


@each
@pytest.mark.parametrize("between", [",", ", ", " ,"])
def test_nothing_in_the_value_of_another_cookie_is_a_session(make: Any, sessions: h3s.Sessions, between: str) -> None:
    session = sessions.use()
    session["user"] = "mallory"
    # Nor would nginx, or any h3, see it, and take it away.
    cookie = f"utm=spring{between}{cookie_of(session)}"
    assert sessions.strip(cookie) == cookie
    for line in (cookie, f'a="q{between}{cookie_of(session)}"', f"h3=bad{between}{cookie_of(session)}"):
        assert visit(make(sessions, read), "/a", [("Cookie", line)]).json() == {}


GUNICORN = """
import h3s
from h3s.wsgi import SessionMiddleware, session_of

def application(environ, start_response):
    text = str(session_of(environ).get("user")).encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]

app = SessionMiddleware(application, h3s.Sessions(password=PASSWORD))
"""


def test_gunicorns_lines_of_cookie_are_read(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(GUNICORN.replace("PASSWORD", repr(PASSWORD)))
    session = h3s.Sessions(password=PASSWORD).use()
    session["user"] = "alice"
    with socket.socket() as listening:
        # Its queue of connections stands before the server does.
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number, port = listening.fileno(), listening.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "-b", f"fd://{number}", "--log-level", "critical", "served:app"]
        environment = {**os.environ, "PYTHONPATH": f"{SOURCE}:{tmp_path}", "HOME": str(tmp_path)}
        server = subprocess.Popen(command, pass_fds=[number], cwd=tmp_path, env=environment)
        try:
            for lines in (["theme=dark", cookie_of(session)], [cookie_of(session), "theme=dark"]):
                with socket.create_connection(("127.0.0.1", port), 30) as connection:
                    head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    connection.sendall((head + "".join(f"Cookie: {line}\r\n" for line in lines) + "\r\n").encode())
                    answer = b"".join(iter(lambda: connection.recv(65536), b""))
                assert answer.endswith(b"\r\n\r\nalice"), answer
        finally:
            server.terminate()
            server.wait(30)


@each
def test_the_session_header_may_be_authorization(make: Any) -> None:
    sessions = h3s.Sessions(password=PASSWORD, session_header="authorization")
    session = sessions.use()
    session["user"] = "alice"
    app = make(sessions, read)
    for value in ("Bearer " + session.seal(), session.seal(), "bearer  " + session.seal()):
        found = visit(app, "/a", [("Authorization", value)])
        assert found.json() == {"user": "alice"} and found.headers["vary"] == "Cookie, authorization"
    # Whoever signs in by another scheme keeps the session of the cookie.
    found = visit(app, "/a", [("Authorization", "Basic YWxpY2U6c2VjcmV0"), ("Cookie", cookie_of(session))])
    assert found.json() == {"user": "alice"}


@each
def test_the_clock_is_an_argument(make: Any) -> None:
    sessions = h3s.Sessions(password=PASSWORD, max_age=60)
    now = [float(NOW)]
    browser = Browser(make(sessions, count, clock=lambda: now[0]))
    seen = []
    for step in (0, 60, 1):
        now[0] += step
        seen.append(browser.get("/a").text)
    assert seen == ["1", "2", "1"]


@pytest.mark.parametrize("make", [in_wsgi, in_asgi])
def test_one_application_has_two_kinds_of_sessions(make: Any) -> None:
    theirs, ours = (h3s.Sessions(password=PASSWORD, name=name) for name in ("visitor", "staff"))
    module = wsgi if make is in_wsgi else asgi
    inner: Any = None

    def both(request: Any, *rest: Any) -> Any:
        admin = module.session_of(request, "staff")
        admin["n"] = admin.get("n", 10) + 1
        return inner(request, *rest)

    inner = make(theirs, count)
    browser = Browser(module.SessionMiddleware(both, ours, key="staff"))
    for n in (1, 2, 3):
        assert browser.get("/a").text == str(n)
    assert set(browser.cookies) == {"visitor", "staff"}
    assert ours.get(f"staff={browser.cookies['staff']}")["n"] == 13


def test_an_application_of_flask_has_a_second_kind_of_session() -> None:
    import flask
    from h3s.flask import H3SessionInterface

    theirs, ours = (h3s.Sessions(password=PASSWORD, name=name) for name in ("visitor", "staff"))
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(theirs)
    outer = wsgi.SessionMiddleware(app.wsgi_app, ours, key="staff")
    app.wsgi_app = outer  # type: ignore[method-assign]

    @app.get("/")
    def both() -> str:
        staff = wsgi.session_of(flask.request.environ, "staff")
        staff["n"] = staff.get("n", 10) + 1
        flask.session["n"] = flask.session.get("n", 0) + 1
        return f"{flask.session['n']} {staff['n']}"

    client = app.test_client()
    assert [client.get("/").text for _ in range(3)] == ["1 11", "2 12", "3 13"]


def test_a_request_that_did_not_come_by_the_middleware_is_told_so() -> None:
    for module, name in ((asgi, "scope"), (wsgi, "environ")):
        with pytest.raises(LookupError, match="SessionMiddleware"):
            module.session_of({}, name)


def flooded(iron: h3s.Sessions) -> Any:
    """Headers of forged tokens, of which the next finds its peer over the limit."""
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)
    forged = ({"name": iron.header_name, "value": f"{head}*{n:064x}*{mac}"} for n in range(10_000))
    for _ in range(20):
        iron.get(header=next(forged)["value"], peer="192.0.2.7", now=NOW)
    return lambda: [tuple(next(forged).values())]


def test_busy_after_the_headers_is_not_taken_for_the_end_of_the_body() -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    header = flooded(iron)

    def generator(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"row1"
        environ["h3s.session"].get("user")
        yield b"row2"

    def writing(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])(b"row1")
        environ["h3s.session"].get("user")
        return []

    for application in (generator, writing):
        app = wsgi.SessionMiddleware(application, iron, clock=lambda: NOW, peer=lambda environ: "192.0.2.7")
        with pytest.raises(h3s.Busy):
            visit(app, "/", header())


def test_no_other_error_is_taken_for_busy() -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    header = flooded(iron)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        try:
            scope["session"].get("user")
        except h3s.Busy:
            pass
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"an error page"})
        if scope["path"] == "/bug":
            raise KeyError("a bug")

    app = asgi.SessionMiddleware(application, iron, clock=lambda: NOW, peer=lambda scope: "192.0.2.7")
    found = visit(app, "/page", header())
    assert (found.status_code, found.text) == (500, "an error page")
    with pytest.raises(KeyError, match="a bug"):
        visit(app, "/bug", header())


def test_busy_is_429_in_flask_also_where_the_error_page_reads_the_session() -> None:
    import flask
    from h3s.flask import H3SessionInterface

    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    header = flooded(iron)
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(iron, clock=lambda: NOW, peer=lambda request: "192.0.2.7")

    @app.get("/")
    def page() -> str:
        return str(flask.session.get("user"))

    @app.get("/handled")
    def handled() -> Any:
        try:
            return str(flask.session.get("user"))
        except h3s.Busy:
            flask.session["n"] = 1
            return "later", 503

    @app.errorhandler(404)
    @app.errorhandler(429)
    def error(error: Any) -> Any:
        return flask.render_template_string("{% if session.user %}hi{% endif %} sorry"), error.code

    found = [visit(app, path, header()) for path in ("/", "/missing", "/handled")]
    assert [response.status_code for response in found] == [429, 429, 503]
    assert found[0].text == " sorry" and not any(cookies_of(response) for response in found)


def test_busy_closes_a_websocket_that_is_not_open_yet() -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        asgi.session_of(scope).get("user")
        await send({"type": "websocket.accept"})

    app = asgi.SessionMiddleware(application, iron, clock=lambda: NOW, peer=lambda scope: "192.0.2.7")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    for n in range(21):
        header = (iron.header_name.encode(), f"{head}*{n:064x}*{mac}".encode())
        asyncio.run(app({"type": "websocket", "path": "/", "headers": [header]}, _nothing, send))
    assert sent == ["websocket.accept"] * 20 + ["websocket.close"]


# ---- The log -------------------------------------------------------------------------------------


@each
def test_the_log_says_why_a_session_is_new(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    sessions = h3s.Sessions(password=PASSWORD, name="ours")
    mine = sessions.use()
    mine["user"] = "alice"
    token = mine.seal()
    app = make(sessions, read)
    caplog.set_level(logging.DEBUG, "h3s")

    def told(*headers: tuple[str, str]) -> str:
        caplog.clear()
        visit(app, "/page", list(headers))
        (record,) = caplog.records
        assert PASSWORD not in record.getMessage() and token not in record.getMessage()
        assert record.name == "h3s" and record.levelno == logging.DEBUG
        return record.getMessage()

    assert told(("Cookie", f"ours={token}")) == "GET '/page': the session of the cookie"
    assert told(("x-ours-session", token)) == "GET '/page': the session of the header"
    assert "no cookie" in told() and "Secure" in told() and "development=True" in told()
    assert "none of the request's cookies is ours" in told(("Cookie", "a=b"))
    assert "bad_seal (forged," in told(("Cookie", f"ours={token[:-9]}AAAAAAAAA"))
    caplog.set_level(logging.INFO, "h3s")
    caplog.clear()
    visit(app, "/page")
    assert not caplog.records


# ---- Development over plain HTTP -----------------------------------------------------------------


@each
def test_development_is_one_switch(make: Any) -> None:
    cookie: h3s.CookieOptions = {"same_site": "none", "partitioned": True}
    sessions = h3s.Sessions(password=PASSWORD, name="__Host-session", cookie=cookie, development=True)
    (line,) = cookies_of(visit(make(sessions, count), "/a"))
    assert line.startswith("session=") and "Secure" not in line and "Partitioned" not in line and "None" not in line
    text = json.dumps({"password": PASSWORD, "name": "__Host-session", "cookie": {"sameSite": "none"}})
    sessions = h3s.Sessions.from_json(text, development=True)
    (line,) = cookies_of(visit(make(sessions, count), "/a"))
    assert line.startswith("session=") and "Secure" not in line


def test_starlettes_test_client_counts_and_no_server_is_taken_for_it() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    app = in_asgi(sessions, count)
    with warnings.catch_warnings():
        # Of the library below the test client.
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient

        client = TestClient(app)
        assert [client.get("/a").text for _ in range(3)] == ["1", "2", "3"]
        assert "secure" not in client.get("/a").headers["set-cookie"].lower()
        over_tls = TestClient(app, base_url="https://test.example")
        assert [over_tls.get("/a").text for _ in range(3)] == ["1", "2", "3"]
        assert "; Secure" in over_tls.get("/a").headers["set-cookie"]
    # As httpx and servers say who asks, and as a proxy, or whoever pretends to be one, may say it.
    assert "; Secure" in visit(app, "/a").headers["set-cookie"]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "scheme": "http", "path": "/a", "headers": [(b"host", b"testserver")]}
    asyncio.run(app({**scope, "client": ("testclient", 50000), "server": ("testserver", 80)}, _nothing, send))
    assert b"; Secure" in dict(sent[0]["headers"])[b"set-cookie"]


# ---- Too busy ------------------------------------------------------------------------------------


@each
def test_busy_is_429_from_wherever_it_comes(make: Any) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)
    visited = []

    def view(session: Any, path: str) -> str:
        visited.append(path)
        return "static" if path == "/static" else str(session.get("user"))

    app = make(iron, view, clock=lambda: NOW, peer=lambda request: "192.0.2.7")
    statuses = [visit(app, "/page", [(iron.header_name, f"{head}*{n:064x}*{mac}")]).status_code for n in range(30)]
    assert statuses == [200] * 20 + [429] * 10
    # What does not touch the session is served all the same.
    forged = (iron.header_name, f"{head}*{99:064x}*{mac}")
    assert visit(app, "/static", [forged]).text == "static"


def test_busy_is_429_where_the_framework_makes_an_error_of_it() -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    iron = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2"})
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(request.session.get("user")))

    async def guarded(request: Request) -> PlainTextResponse:
        try:
            return PlainTextResponse(str(request.session.get("user")))
        except h3s.Busy:
            return PlainTextResponse("later", 503)

    def flask_like(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            return [str(environ["h3s.session"].get("user")).encode()]
        except h3s.Busy:
            start_response("500 Internal Server Error", [])
            return [b"an error"]

    def app_of(make: Any, application: Any) -> Any:
        return make(application, iron, clock=lambda: NOW, peer=lambda request: "192.0.2.7")

    starlette = app_of(asgi.SessionMiddleware, Starlette(routes=[Route("/page", page), Route("/guarded", guarded)]))
    plain = app_of(wsgi.SessionMiddleware, flask_like)

    def status(app: Any, path: str, n: int) -> int:
        return visit(app, path, [(iron.header_name, f"{head}*{n:064x}*{mac}")]).status_code

    for n in range(20):
        assert status(starlette, "/page", n) == 200
    assert status(starlette, "/page", 30) == 429
    assert status(starlette, "/guarded", 31) == 503
    busy = visit(plain, "/page", [(iron.header_name, f"{head}*{32:064x}*{mac}")])
    assert busy.status_code == 429 and busy.text == ""
