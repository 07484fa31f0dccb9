"""Refusals and floods leave a line in the error log, and no flood fills the disk."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from conftest import FE26, OPTIONS, Nginx, Upstream, cookie_with
from test_fe26 import FORGER, exhaust, forged

FORBIDDEN = 'access forbidden by "h3s_require"'


def lines(nginx: Nginx, what: str) -> list[tuple[str, str]]:
    """The level of each line that says so, and what follows."""
    return re.findall(rf"\[(\w+)\] [^\n]*h3s: {re.escape(what)}(?:, session: )?([^,\n]*)", nginx.error_log())


def test_a_refusal_says_how_the_session_was(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s get; h3s_require /user;")
    client.get("/page.txt")
    client.get("/page.txt", headers={"Cookie": cookie_with({"other": "of nobody's business"})})
    client.get("/page.txt", headers={"Cookie": cookie_with({"user": 1}, now=time.time() - 700_000)})
    # What nobody here has sealed is no everyday matter.
    client.get("/page.txt", headers={"Cookie": cookie_with({}, {**OPTIONS, "password": FORGER["password"]})})
    client.get("/page.txt", headers={"Cookie": "h3=rubbish", "X-H3-Session": "rubbish too"})
    assert lines(nginx, FORBIDDEN) == [
        ("info", "none"), ("info", "valid"), ("info", "expired"), ("error", "bad_seal"), ("error", "malformed"),
    ]  # fmt: skip
    assert "h3s1." not in nginx.error_log() and "rubbish" not in nginx.error_log()
    assert "nobody's business" not in nginx.error_log() and "client: 127.0.0.1" in nginx.error_log()


def test_a_flood_is_told_with_the_client_s_address(nginx: Nginx) -> None:
    nginx.start("h3s get; h3s_require /user;", options=FE26)
    exhaust(nginx)
    (line,) = [line for line in nginx.error_log().splitlines() if "too many tokens" in line]
    assert "[error]" in line and "client: 127.0.0.1" in line and "Fe26" not in line


def test_a_flood_is_told_where_no_session_is_required(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s get; return 200 [$h3s_status]; }", options=FE26)
    for _ in range(60):
        if client.get("/", headers={"Cookie": forged()}).text == "[busy]":
            break
    assert lines(nginx, "this client has sent too many tokens that take long to open")[0][0] == "error"


def test_the_log_gets_so_many_lines_a_second_and_a_count_of_the_others(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s get; h3s_require /user;", level="error")
    start, count = time.time(), 0
    with httpx.Client(base_url=nginx.url, headers={"Cookie": "h3=rubbish"}) as kept:
        while "such lines were left out" not in nginx.error_log():
            assert kept.get("/page.txt").status_code == 401
            count += 1
            assert count < 100_000
    seconds = int(time.time()) - int(start) + 1
    written = len(lines(nginx, FORBIDDEN))
    left_out = sum(int(number) for number in re.findall(r"h3s: (\d+) more such lines", nginx.error_log()))
    assert written <= 10 * seconds and written + left_out == count


def flood(nginx: Nginx, path: str, count: int = 60) -> float:
    """How many seconds of the clock it takes at most."""
    start = time.time()
    with httpx.Client(base_url=nginx.url) as kept:
        for _ in range(count):
            kept.get(path)
    return int(time.time()) - int(start) + 1


@pytest.mark.parametrize(
    "path, what",
    [
        ("/set?q=" + 7000 * "a", "h3s_set failed"),
        ("/value", 'upstream sent "X-Session-Clear" with a value that is neither 1 nor 0'),
        ("/update", "upstream sent an X-Session-Update that cannot be applied"),
    ],
)
def test_no_kind_of_line_fills_the_disk(nginx: Nginx, upstream: Upstream, path: str, what: str) -> None:
    upstream.answer("/value", ("X-Session-Clear", "yes"))
    upstream.answer("/update", ("X-Session-Update", "{"))
    nginx.start(
        """
        h3s get;
        location = /set { h3s_set q $arg_q; return 204; }
        location / { h3s_upstream on; proxy_pass http://UPSTREAM; }
        """
    )
    seconds = flood(nginx, path)
    assert 1 <= nginx.error_log().count(f"h3s: {what}") <= 10 * seconds
