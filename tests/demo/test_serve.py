"""What examples/serve.c answers to whoever means it ill.

SERVE names the program, built with AddressSanitizer: it ends where it reads what is not its own.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

SERVE = os.environ["SERVE"]
PATIENCE = 30
POST = "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


class Server:
    """One that runs. It must not have said anything, and end as it is told to."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.fullmatch(r"http://(127\.0\.0\.1:(\d+))/\n", self.process.stdout.readline())
        assert found, self.process.communicate(timeout=PATIENCE)
        self.host, self.port = found[1], int(found[2])

    def raw(self, request: bytes) -> str:
        """All that comes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as client:
            client.sendall(request)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        return answer.decode("latin-1")

    def get(self, path: str, *headers: str) -> str:
        return self.send(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n", *headers)

    def post(self, path: str, *headers: str) -> str:
        return self.send(POST.format(path, self.host), *headers)

    def send(self, start: str, *headers: str) -> str:
        lines = "".join(f"{header}\r\n" for header in headers)
        return self.raw(f"{start}{lines}Connection: close\r\n\r\n".encode("latin-1"))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.process.terminate()
    _, said = server.process.communicate(timeout=PATIENCE)
    assert server.process.returncode == 0, said
    assert "Sanitizer" not in said and "runtime error" not in said, said


def cookies_of(answer: str) -> dict[str, str]:
    return dict(re.findall(r"(?im)^set-cookie: ([^=]+)=([^;\r]*)", answer))


@pytest.mark.parametrize("experiment", ["changed", "cut", "later", "stranger", "nonsense"])
def test_whoever_another_site_sends_without_a_cookie_can_try_nothing(server: Server, experiment: str) -> None:
    answer = server.get(f"/?try={experiment}", "Sec-Fetch-Site: cross-site")
    assert answer.startswith("HTTP/1.1 200 ") and cookies_of(answer) == {}
    assert "None yet" in answer and "id=result" not in answer


@pytest.mark.parametrize("order", ["{0}; {1}", "{1}; {0}"])
def test_nothing_in_a_cookie_becomes_a_tag(server: Server, order: str) -> None:
    own = f"h3={cookies_of(server.get('/'))['h3']}"
    for planted in ("h3=<b1>.<b2>.<b3>", "h3=h3s1.<b1>.x", "h3=<b1>", "copy=h3s1..<b1>"):
        for path in ("/", "/?try=changed", "/?try=cut", "/?done=<b1>", "/?try='<b1>"):
            answer = server.get(path, f"Cookie: {order.format(planted, own)}")
            assert answer.startswith("HTTP/1.1 200 ") and not re.search("<b[123]>", answer), (planted, path)


@pytest.mark.parametrize("act", ["rotate", "clear", "revoke"])
def test_only_a_form_of_the_page_itself_ends_a_session(server: Server, act: str) -> None:
    cookie = f"Cookie: h3={cookies_of(server.get('/'))['h3']}"
    assert server.get(f"/{act}", cookie).startswith("HTTP/1.1 405 ")
    for header in (
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: none",
        "Origin: null",
        "Origin: http://evil.example",
        "Origin: http://localhost:1",
        "Referer: http://evil.example/",
    ):
        answer = server.post(f"/{act}", cookie, header)
        assert answer.startswith("HTTP/1.1 403 ") and cookies_of(answer) == {}, header
    # Of HTTP/1.0, where no Host says whose page it is.
    answer = server.raw(f"POST /{act} HTTP/1.0\r\n{cookie}\r\nOrigin: http://evil.example\r\n\r\n".encode())
    assert " 403 " in answer.partition("\r\n")[0]
    done = server.post(f"/{act}", cookie, f"Origin: http://{server.host}")
    assert done.startswith("HTTP/1.1 303 ") and "h3" in cookies_of(done)


def test_the_copy_that_a_thief_keeps_has_no_attributes_of_another(server: Server) -> None:
    own = cookies_of(server.get("/"))["h3"]
    answer = server.post("/clear", f'Cookie: h3="{own}; Domain=example.org; Max-Age=9"')
    assert answer.startswith("HTTP/1.1 303 ") and "Domain" not in answer and "Max-Age=9" not in answer
    assert cookies_of(server.post("/clear", f"Cookie: h3={own}"))["copy"] == own


def test_a_request_of_any_form_is_answered(server: Server) -> None:
    for request, wanted in (
        (b"GET / HTTP/1.0\r\n\r\n", "200"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "200"),
        (b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200"),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", "405"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404"),
        (b'GET / HTTP/1.1\r\nHost: a\r\nCookie: =;;h3="\xff;h3.1=\x01;h3\r\nConnection: close\r\n\r\n', "200"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nCookie: h3=h3s1.." + b"A" * 200_000 + b"\r\n\r\n", "431"),
        (b"POST /clear HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"),
        (b"POST /clear HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + CHUNKED, "303"),
    ):
        answer = server.raw(request)
        assert re.match(rf"HTTP/1\.[01] {wanted} ", answer), (request[:60], answer[:200])


def test_a_body_of_some_megabytes_is_passed_over(server: Server) -> None:
    body = b"x" * 5_000_000
    start = f"POST /rotate HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    assert server.raw(start.encode() + body).startswith("HTTP/1.1 303 ")


def test_requests_that_come_at_once_are_answered_one_by_one(server: Server) -> None:
    one = f"GET / HTTP/1.1\r\nHost: {server.host}\r\n"
    answer = server.raw(f"{one}\r\n".encode() * 20 + f"{one}Connection: close\r\n\r\n".encode())
    assert answer.count("HTTP/1.1 200 OK") == answer.count("h3=h3s1.k1.") == 21


def test_a_port_that_is_taken_is_said_at_the_start(server: Server) -> None:
    done = subprocess.run([SERVE, str(server.port)], check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and done.stdout == ""
    assert f"serve: cannot listen on port {server.port}\n" in done.stderr and "Sanitizer" not in done.stderr
