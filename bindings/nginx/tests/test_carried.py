"""$h3s_carried: whether a request brings anything of a session, valid or not; and its uses."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest
from conftest import FE26, OPTIONS, Nginx, Upstream, cookie_with
from test_fe26 import FORGER, exhaust, forged

CACHE = "proxy_cache_path FOLDER/cache keys_zone=pages:1m; proxy_cache pages; proxy_cache_valid any 1h;"


def session_headers() -> list[dict[str, str]]:
    token = cookie_with({"user": "Zoe"}).partition("=")[2]
    expired = cookie_with({}, now=time.time() - 700_000)
    other = cookie_with({}, {**OPTIONS, "password": "quite another password, and long enough"})
    return [
        {"Cookie": f"h3={token}"},
        {"Cookie": expired},
        {"Cookie": other},
        {"Cookie": "h3=rubbish"},
        {"Cookie": "h3="},
        {"Cookie": "theme=dark; h3=x; b=2"},
        {"Cookie": "h3.1=x"},
        {"Cookie": "a=1;h3.100=x"},
        {"Cookie": f"h3=__chunked__2x; h3.1={token[:40]}; h3.2={token[40:]}"},
        {"Cookie": "h3=Fe26.2**0*a*b*c**d*e"},
        {"X-H3-Session": token},
        {"X-H3-Session": "rubbish"},
    ]


NOTHING: list[dict[str, str]] = [
    {},
    {"Cookie": ""},
    {"Cookie": "theme=dark; h3x=1; xh3=2; h3.0=3; h3.101=4; h3.x=5; h3"},
    {"X-H3-Session": ""},
    {"X-H3-Session-Id": "x"},
]


@pytest.mark.parametrize("mode", ["get", "use", "off"])
def test_h3s_carried_tells_what_came_opened_or_not(nginx: Nginx, client: httpx.Client, mode: str) -> None:
    nginx.start(f"location / {{ h3s {mode}; return 200 [$h3s_carried]; }}")
    for headers, text in [(headers, "[1]") for headers in session_headers()] + [(headers, "[]") for headers in NOTHING]:
        client.cookies.clear()
        answer = client.get("/", headers=headers)
        assert answer.text == text, headers
        assert answer.headers["vary"] == "Cookie, x-h3-session"


def test_what_says_when_a_session_was_seen_is_nothing_of_a_session_alone(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "idleTimeout": 600}
    nginx.start("location / { h3s get; return 200 [$h3s_carried$h3s_status]; }", options=options)
    cookie = cookie_with({"user": 1}, options)
    for others in ["h3.seen=AaMYXFAA", "theme=dark; h3.seen = x"]:
        assert client.get("/", headers={"Cookie": others}).text == "[none]"
        assert client.get("/", headers={"Cookie": f"{others}; {cookie}"}).text == "[1valid]"


def test_h3s_carried_is_empty_where_there_are_no_options(nginx: Nginx, client: httpx.Client) -> None:
    nginx.write("server { listen 127.0.0.1:PORT; return 200 [$h3s_carried]; }")
    nginx.run()
    assert client.get("/", headers={"Cookie": "h3=x"}).text == "[]"


def test_h3s_carried_opens_nothing_and_slides_nothing(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        "location / { h3s get; return 200 [$h3s_carried]; }", options={**OPTIONS, "idleTimeout": 600}, level="debug"
    )
    cookie = cookie_with({"user": 1}, {**OPTIONS, "idleTimeout": 600}, now=time.time() - 400)
    answer = client.get("/", headers={"Cookie": cookie})
    assert answer.text == "[1]" and "set-cookie" not in answer.headers


def test_h3s_carried_holds_where_the_session_is_hidden_from_the_upstream(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        'location / { h3s get; h3s_hide_cookie on; add_header X-Carried "[$h3s_carried]"; proxy_pass http://UPSTREAM; }'
    )
    for headers in ({"Cookie": "h3=x"}, {"X-H3-Session": "x"}):
        assert client.get("/", headers=headers).headers["x-carried"] == "[1]"


def test_h3s_carried_holds_for_a_busy_client(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        'h3s get; location / { h3s_require /user; } location /any { return 200 "$h3s_status $h3s_carried"; }',
        options=FE26,
    )
    exhaust(nginx)
    assert "busy 1" in {client.get("/any", headers={"Cookie": forged()}).text for _ in range(30)}


def forms(token: str) -> dict[str, str]:
    """One token, as a client may send it."""
    return {
        "plain": f"h3={token}",
        "escaped": f"h3=%46{token[1:]}",
        "quoted": f'h3="{token}"',
        "in chunks": f"h3=__chunked__2; h3.1={token[:4]}; h3.2={token[4:]}",
        "in escaped chunks": f"h3=%5F_chunked__2; h3.1=%{ord(token[0]):02x}{token[1:4]}; h3.2={token[4:]}",
        "among others": f"a=b; h3={token}; c=d",
    }


@pytest.mark.parametrize("location", [
    'return 200 "$h3s_data_user";', 'if ($h3s_data_user) { return 200 $h3s_data_user; }',
    'add_header X "$h3s_data_user"; proxy_set_header X-User $h3s_data_user; proxy_pass http://UPSTREAM;',
])  # fmt: skip
@pytest.mark.parametrize("form", list(forms("xxxxxxxx")))
def test_a_cold_token_is_opened_however_it_is_written(
    nginx: Nginx, client: httpx.Client, location: str, form: str
) -> None:
    nginx.start(f"h3s get; location / {{ {location} }}", options=FE26, level="debug")
    cookie = forms(cookie_with({"user": "Zoe"}, FE26).partition("=")[2])[form]
    assert "Zoe" in client.get("/", headers={"Cookie": cookie}).text
    assert nginx.error_log().count('added to thread pool "default"') == 1


def test_what_nothing_can_wait_for_is_opened_all_the_same(nginx: Nginx, client: httpx.Client) -> None:
    # Only a page asks, of which the configuration knows nothing.
    (nginx.folder / "html/greeting.html").write_text('<!--# echo var="h3s_data_user" default="nobody" -->')
    nginx.start("h3s get; location / { ssi on; ssi_types text/plain; }", options=FE26)
    cookie = forms(cookie_with({"user": "Zoe"}, FE26).partition("=")[2])["escaped"]
    assert client.get("/greeting.html", headers={"Cookie": cookie}).text == "Zoe"


UNREAD: list[tuple[str, dict[str, Any]]] = [
    ("another password", {**FE26, "password": FORGER["password"]}),
    ("another format", OPTIONS),
    ("another key", {**FE26, "password": {"other": FORGER["password"]}}),
]


@pytest.mark.parametrize("variable", ["$h3s_id", "$h3s_data_user", "$h3s_carried"])
@pytest.mark.parametrize(("why", "options"), UNREAD, ids=[why for why, _ in UNREAD])
def test_the_page_of_a_session_that_nginx_cannot_read_is_never_stored(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, variable: str, why: str, options: dict[str, Any]
) -> None:
    nginx.start(
        f"location / {{ h3s get; proxy_no_cache {variable}; proxy_cache_bypass {variable}; proxy_pass http://UPSTREAM; }}",
        http=CACHE,
        options=FE26,
    )
    cookie = cookie_with({"user": "Zoe"}, options)
    for path, sent in (("/a", cookie), ("/b", cookie.replace("h3=", "h3=__chunked__1x; h3.1=")), ("/c", "h3=x")):
        mine = client.get(path, headers={"Cookie": sent}).text
        assert sent in mine
        assert sent not in client.get(path).text, why
    # A visitor without any session is served from the cache.
    count = len(upstream.seen)
    assert client.get("/a").status_code == 200 and len(upstream.seen) == count


def test_a_busy_client_s_page_is_never_stored(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    nginx.start(
        f"""
        h3s get;
        location = /page.txt {{ h3s_require /user; }}
        location / {{ {CACHE[CACHE.index("proxy_cache pages") :]} proxy_no_cache $h3s_id; proxy_cache_bypass $h3s_id;
                      add_header X-Status $h3s_status; proxy_pass http://UPSTREAM; }}
        """,
        http=re.sub(r"proxy_cache pages.*", "", CACHE),
        options=FE26,
    )
    exhaust(nginx)
    for number in range(100):
        answer = client.get(f"/{number}", headers={"Cookie": forged()})
        if answer.headers["x-status"] == "busy":
            break
    assert answer.headers["x-status"] == "busy" and "Fe26" in answer.text
    assert "Fe26" not in client.get(f"/{number}").text


def test_what_depends_on_a_busy_session_says_vary(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        "h3s get; location / { return 200 $h3s_status; } location = /page.txt { h3s_require /user; }", options=FE26
    )
    exhaust(nginx)
    for _ in range(30):
        answer = client.get("/", headers={"Cookie": forged()})
        assert answer.headers["vary"] == "Cookie, x-h3-session"
        if answer.text == "busy":
            break
    assert answer.text == "busy"
