"""h3's own format, whose tokens may take long to open: in a thread, and under a rate limit."""

from __future__ import annotations

import json
import secrets
import selectors
import socket
import subprocess
from typing import Any

import httpx
import pytest
from conftest import FE26, OPTIONS, PATIENCE, Nginx, Upstream, cookie_with, opened, raw, set_cookies, wait_until

# Each key takes long enough for another request to overtake it many times.
SLOW: dict[str, Any] = {
    **FE26,
    "seal": {
        "format": "fe26.2",
        "encryption": {"saltBits": 256, "algorithm": "aes-256-cbc", "iterations": 400_000, "minPasswordlength": 32},
        "integrity": {"saltBits": 256, "algorithm": "sha256", "iterations": 400_000, "minPasswordlength": 32},
    },
}
FORGER = {**FE26, "password": "quite another password, and long enough"}
LOG = "log_format it '$status $h3s_status $h3s_data_user'; access_log FOLDER/access.log it;"


def request(path: str, cookie: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"


def in_order(port: int, *requests: str) -> list[int]:
    """Sends all of them at once, each on a connection of its own, and tells in which
    order the answers come."""
    order = []
    with selectors.DefaultSelector() as selector:
        for n, text in enumerate(requests):
            connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
            connection.sendall(text.encode())
            selector.register(connection, selectors.EVENT_READ, n)
        while selector.get_map():
            ready = selector.select(PATIENCE)
            assert ready, "no answer"
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                assert key.fileobj.recv(65536).startswith(b"HTTP/1.1 200")
                order.append(key.data)
                selector.unregister(key.fileobj)
                key.fileobj.close()
    return order


@pytest.mark.parametrize(
    "location",
    [
        "h3s get; return 200 $h3s_data_user;",
        "h3s get; if ($h3s_data_user) { return 200 $h3s_data_user; }",
        "h3s use; return 200 $h3s_data_user;",
        "h3s get; h3s_require /user; alias FOLDER/html/page.txt;",
        "h3s get; h3s_set a b; alias FOLDER/html/page.txt;",
        "h3s get; h3s_upstream on; proxy_pass http://UPSTREAM;",
        "auth_request /check; alias FOLDER/html/page.txt;",
    ],
)
def test_other_requests_overtake_a_cold_token(nginx: Nginx, location: str) -> None:
    nginx.start(
        f"location / {{ }} location = /cold {{ {location} }} location = /check {{ h3s get; h3s_require /user; {CHECK} }}",
        options=SLOW,
        level="debug",
    )
    order = in_order(
        nginx.port, request("/cold", cookie_with({"user": "Zoe"}, SLOW)), *[request("/page.txt", "a=b")] * 8
    )
    assert order[-1] == 0 and sorted(order) == list(range(9))
    assert nginx.error_log().count('added to thread pool "default"') == 1


CHECK = "proxy_pass http://UPSTREAM;"


def test_a_token_is_cold_once(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ {LOG[LOG.index('access_log') :]} h3s get; }}", http=LOG[: LOG.index("access_log")],
                options=FE26, level="debug")  # fmt: skip
    headers = {"Cookie": cookie_with({"user": "Zoe"}, FE26)}
    for _ in range(3):
        assert client.get("/page.txt", headers=headers).status_code == 200
    assert nginx.logged(3) == ["200 valid Zoe"] * 3
    assert nginx.error_log().count("added to thread pool") == 1


def test_a_cold_token_opens_with_and_without_threads(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ h3s get; }} location /members {{ h3s get; h3s_require /user; {CHECK} }}", options=FE26)
    with_threads = "--with-threads" in nginx.command("-V").stderr
    cookie = cookie_with({"user": "Zoe"}, FE26)
    assert client.get("/members", headers={"Cookie": cookie}).status_code == 200
    assert client.get("/members", headers={"Cookie": cookie_with({}, FORGER)}).status_code == 401
    warned = nginx.command("-t").stderr
    assert ("this nginx has no threads" in warned) != with_threads, warned


@pytest.mark.parametrize(("listen", "version"), [("", "--http1.1"), (" http2", "--http2-prior-knowledge")])
def test_a_body_waits_with_its_request(nginx: Nginx, upstream: Upstream, listen: str, version: str) -> None:
    nginx.start(f"location / {{ h3s get; h3s_require /user; {CHECK} }}", options=SLOW, listen=f"127.0.0.1:PORT{listen}")
    (nginx.folder / "body").write_bytes(b"x" * 300_000)
    cookie = cookie_with({"user": "Zoe"}, SLOW)
    command = ["curl", "-sSf", version, "-H", f"Cookie: {cookie}", "--data-binary", f"@{nginx.folder}/body", nginx.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert ["Content-Length", "300000"] in json.loads(done.stdout)


def test_a_request_behind_a_cold_one_on_its_connection_is_answered_after_it(nginx: Nginx) -> None:
    nginx.start("location / { h3s get; return 200 [$h3s_data_user$uri]; }", options=SLOW)
    first = f"GET /1 HTTP/1.1\nHost: x\nCookie: {cookie_with({'user': 'Zoe'}, SLOW)}\n\n"
    answer = raw(nginx.port, first + "GET /2 HTTP/1.1\nHost: x\nConnection: close\n\n")
    assert 0 < answer.index("[Zoe/1]") < answer.index("[/2]")


def test_what_no_variable_asks_for_is_not_opened(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s get; }", options=FE26, level="debug")
    client.get("/page.txt", headers={"Cookie": cookie_with({"user": "Zoe"}, FE26)})
    assert "added to thread pool" not in nginx.error_log()


def test_the_native_format_makes_no_threads(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s use; return 200 $h3s_id; }", options=OPTIONS)
    client.get("/", headers={"Cookie": "h3=Fe26.2**x"})
    (worker,) = nginx.workers()
    with open(f"/proc/{worker}/status") as status:
        assert "Threads:\t1\n" in status.read()


def test_a_client_that_goes_away_takes_nothing_along(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        "h3s get; location / { h3s_require /user; } location /two { auth_request /page.txt; return 200 $h3s_id; }",
        options=SLOW,
        main="thread_pool default threads=2;",
    )
    for path in ("/page.txt", "/two") * 3:
        for cookie in (cookie_with({"user": "Zoe"}, SLOW), cookie_with({}, {**SLOW, "password": FORGER["password"]})):
            with socket.create_connection(("127.0.0.1", nginx.port), PATIENCE) as connection:
                connection.sendall(request(path, cookie).encode())
    assert client.get("/page.txt", headers={"Cookie": cookie_with({"user": "Zoe"}, SLOW)}).status_code == 200


def test_a_stream_of_http_2_that_is_reset_takes_nothing_along(nginx: Nginx) -> None:
    nginx.start("h3s get; h3s_require /user;", options=SLOW, listen="127.0.0.1:PORT http2")
    curl = ["curl", "-sS", "-o", "/dev/null", "--http2-prior-knowledge", f"{nginx.url}/page.txt", "-H"]
    for _ in range(3):
        cookie = cookie_with({"user": "Zoe"}, SLOW)
        done = subprocess.run(
            [*curl, f"Cookie: {cookie}", "--max-time", "0.05"], capture_output=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 28
    # In the cache by now, or soon.
    subprocess.run([*curl, f"Cookie: {cookie}", "--fail"], check=True, timeout=PATIENCE)


def test_a_full_queue_is_busy(nginx: Nginx) -> None:
    nginx.start(
        "h3s get; location / { h3s_require /user; }", options=SLOW, main="thread_pool default threads=1 max_queue=1;"
    )
    cookies = [cookie_with({"user": 1}, SLOW) for _ in range(6)]
    answers = []
    connections = []
    for cookie in cookies:
        connection = socket.create_connection(("127.0.0.1", nginx.port), PATIENCE)
        connection.sendall(request("/page.txt", cookie).encode())
        connections.append(connection)
    for connection in connections:
        with connection:
            answers.append(connection.recv(65536).decode())
    statuses = {answer.split()[1] for answer in answers}
    assert statuses == {"200", "503"}
    assert all("Retry-After: 1\r\n" in answer for answer in answers if " 503 " in answer)


def forged() -> str:
    """A token that is well-formed and new: one that was refused before costs nothing."""
    salts = [secrets.token_hex(32) for _ in range(2)]
    return f"h3=Fe26.2**{salts[0]}*{'A' * 22}*{'A' * 22}**{salts[1]}*{'A' * 43}"


def exhaust(nginx: Nginx, *headers: str) -> str:
    """Sends forged tokens until nginx has had enough; returns the last answer."""
    lines = "".join(f"{line}\n" for line in headers)
    for _ in range(200):
        answer = raw(nginx.port, f"GET /page.txt HTTP/1.1\nHost: x\nConnection: close\nCookie: {forged()}\n{lines}\n")
        if " 429 " in answer:
            return answer
        assert " 401 " in answer and "Set-Cookie" not in answer
    raise AssertionError("there is no rate limit")


def test_a_token_that_was_refused_costs_nothing_more(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s get; h3s_require /user;", options=FE26, level="debug")
    for cookie in (forged(), cookie_with({"user": 1}, FORGER)):
        for _ in range(60):
            assert client.get("/page.txt", headers={"Cookie": cookie}).status_code == 401
    assert nginx.error_log().count("added to thread pool") == 2


def test_who_forges_gets_429_and_nobody_else_notices(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    upstream.answer("/up/write", ("X-Session-Update", '{"a":1}'))
    nginx.start(
        """
        access_log FOLDER/access.log it;
        set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
        h3s get;
        location / { h3s_require /user; }
        location /use { h3s use; return 200 "[$h3s_status][$h3s_id][$h3s_data]"; }
        location /any { satisfy any; h3s_require /user; allow 127.0.0.1; allow all; alias FOLDER/html/page.txt; }
        location /set { h3s_set a b; return 204; }
        location /up/ { h3s_upstream on; proxy_pass http://UPSTREAM; }
        """,
        http="log_format it '$status $h3s_status';",
        options=FE26,
    )
    warm = {"Cookie": cookie_with({"user": "Zoe"}, FE26)}
    assert client.get("/page.txt", headers=warm).status_code == 200
    answer = exhaust(nginx)
    assert "Retry-After: 1\n" in answer and "set-cookie" not in answer.lower()
    assert nginx.logged(2)[0] == "200 valid" and "401 bad_seal" in nginx.access_log()
    wait_until(lambda: "429 busy" in nginx.access_log(), "busy is not logged")

    def busy(path: str) -> httpx.Response:
        # Refilled by 5 a second: some go through.
        for _ in range(100):
            answer = client.get(path, headers={"Cookie": forged()})
            if (
                answer.status_code == 429
                or "busy" in answer.text
                or "X-Session-Data" not in answer.text
                and "/up/x" in path
            ):
                return answer
        raise AssertionError(f"{path} is never busy")

    use = busy("/use")
    assert use.text == "[busy][][]" and not set_cookies(use)
    assert busy("/set").headers["retry-after"] == "1"
    assert "x-session-id" not in busy("/up/x").text.lower()
    write = busy("/up/write")
    assert write.headers["retry-after"] == "1" and "answered" not in write.text
    assert client.get("/any", headers={"Cookie": forged()}).status_code == 200
    # A warm session of the same peer, and another peer.
    assert client.get("/page.txt", headers=warm).status_code == 200
    other = {**warm, "X-Real-IP": "192.0.2.7", "Cookie": cookie_with({"user": "Yan"}, FE26)}
    assert client.get("/page.txt", headers=other).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_the_peer_is_an_ipv4_address_or_64_bits_of_ipv6(nginx: Nginx, first: str, second: str, same: bool) -> None:
    nginx.start(
        "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; h3s get; h3s_require /user;", options=FE26
    )  # fmt: skip
    exhaust(nginx, f"X-Real-IP: {first}")
    statuses = [
        raw(
            nginx.port, f"GET / HTTP/1.1\nHost: x\nConnection: close\nX-Real-IP: {second}\nCookie: {forged()}\n\n"
        ).split()[1]
        for _ in range(5)
    ]
    assert ("429" in statuses) == same


def test_a_redirect_of_the_server_itself_waits_for_a_cold_token(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use; return 301 /elsewhere;", options=FE26)
    assert not set_cookies(client.get("/", headers={"Cookie": cookie_with({"user": 1}, FE26)}))
    assert set_cookies(client.get("/"))


def test_use_after_an_early_look_is_still_use(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        'h3s get; set $early "$h3s_status"; location / { h3s use; return 200 "$early $h3s_status"; }', options=FE26
    )
    forged = client.get("/", headers={"Cookie": cookie_with({}, FORGER)})
    assert forged.text == "bad_seal bad_seal" and len(set_cookies(forged)) == 1
    client.cookies.clear()
    new = client.get("/")
    assert new.text == "none new" and not opened(new, FE26).is_new


def test_cold_subrequests_side_by_side_share_one_session(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/shell.html").write_text('<!--#include virtual="/a" --> <!--#include virtual="/b" -->')
    nginx.start(
        """
        location / { ssi on; ssi_types text/plain; }
        location /a { h3s get; return 200 $h3s_data_user; }
        location /b { h3s use; return 200 $h3s_data_user; }
        """,
        options=FE26,
    )
    assert client.get("/shell.html", headers={"Cookie": cookie_with({"user": "Zoe"}, FE26)}).text == "Zoe Zoe"
