"""What an upstream is sent, and what it may answer."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Iterator

import httpx
import pytest
from conftest import (
    FE26,
    LARGE,
    OPTIONS,
    ROOT,
    Nginx,
    Upstream,
    cookie_with,
    opened,
    raw,
    sent_up,
    sessions,
    set_cookies,
    value_of,
)  # fmt: skip

PROXY = "proxy_pass http://UPSTREAM;"


def test_hide_cookie_keeps_the_session_s_cookies_and_header_from_the_upstream(
    nginx: Nginx, client: httpx.Client
) -> None:
    nginx.start(f"h3s get; location / {{ {PROXY} }} location /hide {{ h3s_hide_cookie on; {PROXY} }}")
    cookie = "theme=dark; " + cookie_with({"user": 1, "long": "x" * 5000}) + "; h3x=1"
    token = sessions().use().seal()
    headers = {"Cookie": cookie, "X-H3-Session": token, "X-Other": "kept"}
    assert value_of(client.get("/", headers={"Cookie": cookie}), "Cookie") == cookie
    assert value_of(client.get("/", headers={"X-H3-Session": token}), "X-H3-Session") == token
    seen = client.get("/hide", headers=headers)
    assert value_of(seen, "Cookie") == "theme=dark; h3x=1"
    assert value_of(seen, "X-H3-Session") is None and value_of(seen, "X-Other") == "kept"
    only = client.get("/hide", headers={"Cookie": cookie_with({})})
    assert value_of(only, "Cookie") is None


def test_what_is_hidden_from_one_location_another_sees_again(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/first", status=404)
    upstream.answer("/accel", ("X-Accel-Redirect", "/second"))
    nginx.start(
        f"""
        h3s get; proxy_intercept_errors on;
        location / {{ h3s_hide_cookie on; h3s_upstream on; error_page 404 = /second; {PROXY} }}
        location = /second {{ add_header X-User "$h3s_data_user"; {PROXY} }}
        """
    )
    cookie = "a=b; " + cookie_with({"user": "Zoe"})
    token = sessions().use().seal()
    for path in ("/first", "/accel"):
        seen = client.get(path, headers={"Cookie": cookie})
        assert value_of(seen, "Cookie") == cookie and seen.headers["x-user"] == "Zoe"
        # Of the two, the header is the session.
        seen = client.get(path, headers={"Cookie": cookie, "X-H3-Session": token})
        assert value_of(seen, "Cookie") == "a=b" and value_of(seen, "X-H3-Session") == token
        assert value_of(seen, "X-Session-Data") is None and value_of(seen, "X-Session-Id") is None
    # Hidden from the upstream, not from nginx itself.
    assert client.get("/first", headers={"Cookie": cookie}).headers["x-user"] == "Zoe"


def test_a_subrequest_is_told_what_its_own_location_says(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    nginx.start(
        f"""
        h3s get;
        location / {{ auth_request /check; h3s_upstream on; h3s_hide_cookie on; {PROXY} }}
        location = /check {{ internal; {PROXY} }}
        """
    )
    cookie = cookie_with({"user": 1})
    client.get("/page", headers={"Cookie": cookie})
    seen = {path: {name.lower(): value for name, value in headers} for path, headers in upstream.seen}
    assert seen["/check"]["cookie"] == cookie and "x-session-data" not in seen["/check"]
    assert seen["/page"]["x-session-data"] == '{"user":1}' and "cookie" not in seen["/page"]


def test_upstream_gets_id_and_data_in_plain_ascii(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"h3s get; h3s_upstream on; location / {{ {PROXY} }} location /use {{ h3s use; {PROXY} }}")
    data = {"user": "Zoë 🦊\x7f", "line": "a\nb", "n": 1.5}
    cookie = cookie_with(data)
    seen = client.get("/", headers={"Cookie": cookie})
    text = value_of(seen, "X-Session-Data")
    assert text is not None and text.isascii() and text.isprintable() and json.loads(text) == data
    assert '"Zo\\u00eb \\ud83e\\udd8a\\u007f"' in text
    assert value_of(seen, "X-Session-Id") == sessions().get(cookie).id
    nobody = client.get("/")
    assert value_of(nobody, "X-Session-Data") == "{}" and value_of(nobody, "X-Session-Id") is None
    new = client.get("/use")
    assert value_of(new, "X-Session-Id") == opened(new).id


FORGED = [
    "X-Session-Data", "x-session-data", "X-SESSION-ID", "X_Session_Data", "x_session-id", "X-Session_Id", "X.Session.Data",
]  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("path", ["/", "/off", "/plain"])
def test_no_client_can_forge_a_session(nginx: Nginx, name: str, path: str) -> None:
    nginx.start(
        f"""
        underscores_in_headers on; ignore_invalid_headers off;
        location / {{ h3s get; h3s_upstream on; {PROXY} }}
        location /off {{ h3s off; {PROXY} }}
        location /plain {{ proxy_pass http://UPSTREAM; }}
        """
    )
    answer = raw(
        nginx.port,
        f'GET {path} HTTP/1.1\nHost: x\nConnection: close\n{name}: {{"admin":true}}\nX-Mine: 1\n{name}: twice\n\n',
    )
    assert '["X-Mine", "1"]' in answer and "admin" not in answer and "twice" not in answer


def test_no_phase_sees_a_forgery(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        set $early "$http_x_session_data";
        location / {{ return 200 "[$early$http_x_session_id]"; }}
        location /up {{ h3s get; h3s_upstream on; {PROXY} }}
        """
    )
    forged = {"X-Session-Data": '{"admin":true}', "X-Session-Id": "mine"}
    assert client.get("/", headers=forged).text == "[]"


def test_where_no_header_is_passed_on_those_of_the_session_can_be_named(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        h3s get; h3s_upstream on; proxy_pass_request_headers off;
        location / {{ {PROXY} }}
        location /named {{ proxy_set_header X-Session-Data $http_x_session_data; {PROXY} }}
        """
    )
    headers = {"Cookie": cookie_with({"user": 1}), "X-Session-Data": '{"admin":true}', "X-Session-Id": "mine"}
    assert "x-session" not in client.get("/", headers=headers).text.lower()
    named = client.get("/named", headers=headers)
    assert value_of(named, "X-Session-Data") == '{"user":1}' and value_of(named, "X-Session-Id") is None


def test_of_two_session_headers_the_first_counts_hidden_or_not(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        h3s get; add_header X-User "$h3s_data_user";
        location / {{ {PROXY} }}
        location /hide {{ h3s_hide_cookie on; {PROXY} }}
        """
    )
    tokens = []
    for user in ("first", "second"):
        session = sessions().use()
        session["user"] = user
        tokens.append(("X-H3-Session", session.seal()))
    for path in ("/", "/hide"):
        assert client.get(path, headers=tokens).headers["x-user"] == "first"
    assert "x-h3-session" not in client.get("/hide", headers=tokens).text.lower()


def test_the_names_mean_nothing_where_no_location_of_the_server_uses_them(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"h3s get; location / {{ {PROXY} }}")
    assert value_of(client.get("/", headers={"X-Session-Id": "mine"}), "X-Session-Id") == "mine"


def test_update_rotate_and_clear_are_applied_and_taken_out(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    nginx.start(f"h3s get; location / {{ h3s_upstream on; {PROXY} }}")
    upstream.answer("/login", ("X-Session-Update", '{"user": "Zo\\u00eb", "cart": [1]}'), ("X-Session-Rotate", "1"))
    upstream.answer("/more", ("x-session-update", '{"count": 1}'), ("X-Session-Update", '{"cart": null}'))
    upstream.answer("/nothing", ("X-Session-Rotate", "0"), ("X-Session-Clear", "0"))
    upstream.answer("/logout", ("X-Session-Clear", "1"))
    upstream.answer(
        "/afresh", ("X-Session-Clear", "1"), ("X-Session-Update", '{"notice": "bye"}'), ("X-Session-Rotate", "1")
    )

    login = client.get("/login")
    assert login.text == "answered" and not [name for name in login.headers if name.startswith("x-session")]
    assert dict(opened(login)) == {"user": "Zoë", "cart": [1]} and login.headers["cache-control"] == "private"
    more = client.get("/more")
    assert dict(opened(more)) == {"user": "Zoë", "cart": None, "count": 1} and opened(more).id == opened(login).id
    nothing = client.get("/nothing")
    assert not set_cookies(nothing) and not [name for name in nothing.headers if name.startswith("x-session")]
    again = client.get("/login")
    assert opened(again).id != opened(login).id
    afresh = client.get("/afresh")
    assert dict(opened(afresh)) == {"notice": "bye"} and opened(afresh).id != opened(again).id
    logout = client.get("/logout")
    assert all("Max-Age=0" in value for value in set_cookies(logout)) and not client.cookies


def test_updates_as_large_as_the_proxy_s_buffer(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    nginx.start(
        f"""
        h3s get; h3s_upstream on;
        location / {{ {PROXY} }}
        location /large {{ proxy_buffer_size 32k; proxy_buffers 8 32k; {PROXY} }}
        """,
        http="large_client_header_buffers 4 64k;",
        options=LARGE,
    )
    for path in ("/small", "/large"):
        upstream.answer(path, ("X-Session-Update", json.dumps({"big": "y" * 20_000})))
    assert client.get("/small").status_code == 502
    answer = client.get("/large")
    assert len(set_cookies(answer)) > 5 and opened(answer)["big"] == "y" * 20_000


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Session-Update", "no json")],
        [("X-Session-Update", "[1]")],
        [("X-Session-Update", "")],
        [("X-Session-Update", '{"a":"\xff"}')],
        [("X-Session-Update", '{"secret":1'), ("X-Session-Rotate", "1")],
        # Nothing of it, where not all can be done.
        [("X-Session-Update", '{"a":1}'), ("X-Session-Update", "{")],
        [("X-Session-Clear", "1"), ("X-Session-Update", "{")],
        [("X-Session-Rotate", "yes")],
        [("X-Session-Clear", "11")],
    ],
)
def test_an_answer_that_cannot_be_applied_is_a_bad_gateway(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, headers: list[tuple[str, str]]
) -> None:
    nginx.start(
        f"h3s get; location / {{ h3s_upstream on; error_page 502 /502.html; {PROXY} }} location = /502.html {{ }}"
    )
    (nginx.folder / "html/502.html").write_text("sorry")
    upstream.answer("/", *headers, ("Content-Encoding", "gzip"), ("Set-Cookie", "other=1"))
    answer = client.get("/")
    assert answer.status_code == 502 and answer.text == "sorry" and not set_cookies(answer)
    assert client.get("/fine").status_code == 200  # on the same connection
    assert "[error]" in nginx.error_log() and "secret" not in nginx.error_log()


def test_h3s_off_takes_the_upstreams_answer_out_and_does_nothing(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/off", ("X-Session-Update", '{"user": 1}'))
    nginx.start(f"h3s get; h3s_upstream on; location /off {{ h3s off; {PROXY} }}")
    answer = client.get("/off")
    assert answer.status_code == 200 and not set_cookies(answer) and "x-session-update" not in answer.headers


def test_an_upstream_without_h3s_upstream_has_no_say(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    upstream.answer("/", ("X-Session-Update", '{"user": 1}'))
    nginx.start(f"h3s use; location / {{ {PROXY} }}")
    answer = client.get("/")
    assert dict(opened(answer)) == {} and answer.headers["x-session-update"]


def test_what_a_response_says_counts_even_where_nginx_does_not_pass_it_on(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/accel", ("X-Accel-Redirect", "/page.txt"), ("X-Session-Update", '{"user": 1}'))
    upstream.answer("/error", ("X-Session-Clear", "1"), status=401)
    upstream.answer("/wrong", ("X-Session-Update", "{"), status=401)
    nginx.start(
        f"""
        h3s get;
        location / {{ h3s_upstream on; proxy_intercept_errors on; error_page 401 = @login; {PROXY} }}
        location = /page.txt {{ }}
        location @login {{ return 302 /login; }}
        """
    )
    accel = client.get("/accel")
    assert accel.text == "a page\n" and dict(opened(accel)) == {"user": 1}
    error = client.get("/error")
    assert error.status_code == 302 and "Max-Age=0" in set_cookies(error)[0] and not client.cookies
    assert client.get("/wrong").status_code == 502


def test_an_answer_that_did_not_come_whole_does_not_count(nginx: Nginx, client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broken:

        def serve() -> None:
            connection, _ = broken.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b'HTTP/1.1 401 No\r\nX-Session-Update: {"user":1}\r\nX-Mo')

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = broken.getsockname()[1]
        nginx.start(
            f"""
            h3s get;
            location / {{ h3s_upstream on; error_page 502 /page.txt; proxy_pass http://127.0.0.1:{port}; }}
            location = /page.txt {{ }}
            """
        )
        answer = client.get("/")
        thread.join(20)
    assert answer.status_code == 502 and answer.text == "a page\n" and not set_cookies(answer)


def test_the_check_of_auth_request_may_write_the_session(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/check", ("X-Session-Update", '{"checked": true}'))
    nginx.start(
        f"""
        h3s get;
        location / {{ auth_request /check; }}
        location = /check {{ internal; h3s_upstream on; {PROXY} }}
        """
    )
    answer = client.get("/page.txt")
    assert answer.text == "a page\n" and dict(opened(answer)) == {"checked": True} and len(set_cookies(answer)) == 1


@pytest.fixture
def h3() -> Iterator[str]:
    server = ROOT / "tests/interop/h3-server.mjs"
    with subprocess.Popen(["node", str(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(20)


def test_nginx_reads_and_writes_what_a_real_h3_behind_it_does(nginx: Nginx, client: httpx.Client, h3: str) -> None:
    nginx.start(
        f"""
        h3s use;
        location / {{ h3s_require /user; }}
        location /app/ {{ proxy_pass {h3}/; }}
        location /set {{ h3s_set from nginx; h3s_rotate on; return 204; }}
        """,
        options=FE26,
    )
    assert client.get("/page.txt").status_code == 401
    login = client.post("/app/login")
    # Both would set the cookie, nginx a refresh or a new session: the app's is the one.
    assert len(set_cookies(login)) == 1 and opened(login, FE26).id == login.json()["id"]
    assert client.get("/page.txt").text == "a page\n"
    written = client.get("/set")
    found = client.get("/app/").json()
    assert found["id"] == opened(written, FE26).id != login.json()["id"]
    assert found["data"] == {"user": "Zoë", "from": "nginx", "count": 1}
    client.post("/app/clear")
    assert client.get("/page.txt").status_code == 401


def test_the_gate_and_a_real_h3_act_for_one_visitor(nginx: Nginx, client: httpx.Client, h3: str) -> None:
    nginx.start(
        f'h3s get; location / {{ h3s_require /verified; add_header X-Gate "$h3s_data_user"; proxy_pass {h3}; }}',
        options=FE26,
    )
    friend = cookie_with({"user": "friend", "verified": True}, FE26)
    banned = cookie_with({"user": "banned"}, FE26).partition("=")[2]
    assert client.get("/", headers={"Cookie": f"h3={banned}"}).status_code == 401
    # h3 reads the number that a count begins with; and of two cookies of one name, the first or the
    # last.
    cut = f"h3=__chunked__2x; h3.1={banned[:100]}; h3.2={banned[100:]}"
    for cookie in (
        f"{cut}; {friend}",
        f"{friend}; {cut}",
        f"{friend}; h3={banned[:-1]}",
        f"h3={banned[:-1]}; {friend}",
    ):
        client.cookies.clear()
        answer = client.get("/", headers={"Cookie": cookie})
        assert answer.headers["x-gate"] == "friend" and answer.json()["data"]["user"] == "friend", cookie
    client.cookies.clear()
    answer = client.get("/", headers={"Cookie": friend, "X-H3-Session": banned[:-1]})
    assert answer.headers["x-gate"] == "friend" and answer.json()["data"]["user"] == "friend"


def test_what_a_directive_writes_goes_before_the_upstream_s_own_cookie(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    theirs = cookie_with({"user": "theirs"})
    others = (("Set-Cookie", "h3.1=; Path=/"), ("Set-Cookie", "h3.seen=x; Path=/"), ("Set-Cookie", "h3x=1"))
    upstream.answer("/", ("Set-Cookie", f"{theirs}; Path=/"), *others)
    nginx.start(f"h3s use; location / {{ {PROXY} }} location /set/ {{ h3s_set a b; proxy_pass http://UPSTREAM/; }}")
    answer = client.get("/")
    assert set_cookies(answer)[0].startswith(theirs) and len(set_cookies(answer)) == 4
    client.cookies.clear()
    answer = client.get("/set/")
    assert [value.split("=")[0] for value in set_cookies(answer)] == ["h3x", "h3"] and dict(opened(answer)) == {
        "a": "b"
    }


@contextlib.contextmanager
def scgi(*answers: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of a gateway that gives these answers, and the parameters that it is sent."""
    seen: list[dict[str, str]] = []
    with socket.create_server(("127.0.0.1", 0)) as gateway:

        def serve() -> None:
            for answer in answers:
                connection, _ = gateway.accept()
                with connection:
                    words = connection.recv(65536).decode().partition(":")[2].split("\0")
                    seen.append({})
                    for name, value in zip(words[::2], words[1::2]):
                        seen[-1][name] = f"{seen[-1][name]}, {value}" if name in seen[-1] else value
                    connection.sendall(answer.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{gateway.getsockname()[1]}", seen
        thread.join(20)


def test_other_gateways_get_the_same_headers(nginx: Nginx, client: httpx.Client) -> None:
    with scgi('Status: 200 OK\r\nX-Session-Update: {"a":1}\r\n\r\nscgi') as (address, seen):
        nginx.start(f"h3s get; location / {{ h3s_upstream on; h3s_hide_cookie on; scgi_pass {address}; }}")
        answer = client.get("/", headers={"Cookie": cookie_with({"user": 1})})
    assert answer.text == "scgi" and dict(opened(answer)) == {"user": 1, "a": 1}
    assert seen[0]["HTTP_X_SESSION_DATA"] == '{"user":1}' and "HTTP_COOKIE" not in seen[0]


def test_headers_that_one_gateway_has_joined_are_edited_for_the_next(nginx: Nginx) -> None:
    # Since 1.23, nginx joins headers of one name for such gateways, and remembers where each is.
    with scgi("X-Accel-Redirect: /second\r\n\r\n", "Status: 200 OK\r\n\r\nscgi") as (address, seen):
        nginx.start(
            f"""
            h3s get;
            location / {{ scgi_pass {address}; }}
            location /second {{ internal; h3s_upstream on; h3s_hide_cookie on; scgi_pass {address}; }}
            """
        )
        cookie = "\n".join(f"Cookie: {part}" for part in ("a=1", cookie_with({"user": 1}), "b=2"))
        many = "\n".join(f"X-Many: {n}" for n in range(40))
        answer = raw(nginx.port, f"GET / HTTP/1.1\nHost: x\nConnection: close\n{cookie}\n{many}\n\n")
    assert "scgi" in answer
    assert "h3=" in seen[0]["HTTP_COOKIE"] and "h3=" not in seen[1]["HTTP_COOKIE"]
    assert seen[1]["HTTP_X_SESSION_DATA"] == '{"user":1}' and seen[0]["HTTP_X_MANY"] == seen[1]["HTTP_X_MANY"]


def test_no_more_is_sent_up_than_came_in(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"h3s get; location / {{ h3s_upstream on; h3s_hide_cookie on; {PROXY} }}", options=OPTIONS)
    many = [(f"X-Header-{n}", "v" * n) for n in range(60)]
    names = [name.lower() for name, _ in sent_up(client.get("/", headers=many))]
    assert [name for name in names if name.startswith("x-header-")] == [name.lower() for name, _ in many]
