"""h3s_lifetime: how long sessions live that a location writes."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import h3s
import httpx
import pytest
from conftest import FE26, OPTIONS, Nginx, Upstream, cookie_with, opened, set_cookies
from test_configuration import check

WEEK = 604800
LOGIN = "h3s get; h3s_set user zoe; h3s_rotate on; return 204;"


def max_age(response: httpx.Response) -> int | None:
    """What the only Set-Cookie of a response says; None: until the browser is closed."""
    (cookie,) = set_cookies(response)
    found = re.search(r"; Max-Age=(\d+)", cookie)
    assert bool(found) == ("; Expires=" in cookie), cookie
    return int(found[1]) if found else None


def lives(response: httpx.Response, options: dict[str, Any] | None = None) -> int:
    """For how many seconds the session that a response has set is good."""
    session = opened(response, options)
    assert session.expires_at is not None and session.created_at is not None
    return int((session.expires_at - session.created_at) / timedelta(seconds=1))


@pytest.mark.parametrize(
    ("lifetime", "cookie", "token"),
    [
        ("1h", 3600, 3600),
        ("90", 90, 90),
        ("'1h 30m'", 5400, 5400),
        ("1d browser", None, 86400),
        ("browser", None, WEEK),
        ("52w", WEEK, WEEK),  # never longer than maxAge
        ("off", WEEK, WEEK),
    ],
)
def test_a_login_gives_its_session_a_lifetime(
    nginx: Nginx, client: httpx.Client, lifetime: str, cookie: int | None, token: int
) -> None:
    nginx.start(f"location / {{ {LOGIN} h3s_lifetime {lifetime}; }}")
    for headers in ({}, {"Cookie": cookie_with({"cart": 1}, now=time.time() - 100_000)}):
        login = client.get("/", headers=headers)
        assert (max_age(login), lives(login)) == (cookie, token)
        assert opened(login)["user"] == "zoe"


def test_a_session_keeps_its_lifetime_where_none_is_said(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        location /login {{ {LOGIN} h3s_lifetime 1h browser; }}
        location /set {{ h3s get; h3s_set page $uri; return 204; }}
        location /rotate {{ h3s get; h3s_rotate on; return 204; }}
        location /week {{ {LOGIN} h3s_lifetime 1w; }}
        """
    )
    client.get("/login")
    for path in ("/set", "/rotate"):
        answer = client.get(path)
        assert (max_age(answer), lives(answer)) == (None, 3600)
    assert max_age(client.get("/week")) == WEEK
    assert max_age(client.get("/rotate")) == WEEK


def test_a_mere_read_gives_none(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s_lifetime 1h; location / { h3s get; return 200 $h3s_id; } location /use { h3s use; return 204; }")
    cookie = {"Cookie": cookie_with({"user": 1})}
    for path in ("/", "/use"):
        assert not set_cookies(client.get(path, headers=cookie))
    assert not set_cookies(client.get("/"))


def test_what_h3s_use_makes_has_one(nginx: Nginx, client: httpx.Client, anyone: httpx.Client) -> None:
    nginx.start(
        f"""
        h3s use; h3s_lifetime 1h browser;
        location / {{ return 200 $h3s_id; }}
        location /sub {{ try_files /nowhere /index; }}
        location /day {{ {LOGIN} h3s_lifetime 1d; }}
        location /off {{ h3s_lifetime off; return 204; }}
        location /begun {{ h3s_lifetime off; try_files /nowhere /index; }}
        """
    )
    for path in ("/", "/sub"):
        client.cookies.clear()
        made = client.get(path)
        assert (max_age(made), lives(made)) == (None, 3600)
    assert max_age(client.get("/day")) == 86400 and max_age(anyone.get("/day")) == 86400
    # The location that makes it decides.
    for path in ("/off", "/begun"):
        client.cookies.clear()
        assert max_age(client.get(path)) == WEEK, path


def test_another_site_makes_no_session_by_it(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s use; h3s_lifetime 1h; return 204; }")
    assert not set_cookies(client.get("/", headers={"Sec-Fetch-Site": "cross-site"}))
    foreign = cookie_with({}, {**OPTIONS, "password": {"other": "quite another password, and long enough"}})
    assert not set_cookies(client.get("/", headers={"Cookie": foreign}))


def test_inner_blocks_inherit_it_and_override_it(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        location /a/ {{ {LOGIN} }}
        location /b/ {{ {LOGIN} h3s_lifetime 2h; location /b/c/ {{ return 204; }} }}
        location /d/ {{ {LOGIN} h3s_lifetime off; }}
        location /e/ {{ h3s off; }}
        """,
        http="h3s_lifetime 1h browser;",
    )
    for path, cookie in (("/a/", None), ("/b/", 7200), ("/b/c/", 7200), ("/d/", WEEK)):
        client.cookies.clear()
        assert max_age(client.get(path)) == cookie, path


def test_a_session_that_an_upstream_begins_or_rotates_has_one(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    nginx.start("location / { h3s get; h3s_upstream on; h3s_lifetime 1h browser; proxy_pass http://UPSTREAM; }")
    update, rotate, clear = (
        ("X-Session-Update", '{"user":"zoe"}'), ("X-Session-Rotate", "1"), ("X-Session-Clear", "1")
    )  # fmt: skip
    upstream.answer("/update", update)
    upstream.answer("/rotate", rotate, update)
    upstream.answer("/again", clear, update)
    upstream.answer("/clear", clear)
    begun = client.get("/update")
    assert (max_age(begun), lives(begun)) == (None, 3600)
    old = {"Cookie": cookie_with({"cart": 1}, now=time.time() - 100_000)}
    for path in ("/rotate", "/again"):
        answer = client.get(path, headers=old)
        assert (max_age(answer), lives(answer), opened(answer)["user"]) == (None, 3600, "zoe"), path
    # An update may come with every page, and is no login.
    kept = client.get("/update", headers=old)
    assert kept.status_code == 200 and lives(kept) == WEEK and opened(kept)["user"] == "zoe"
    client.cookies.clear()
    assert "Max-Age=0" in set_cookies(client.get("/clear", headers=old))[0]


def test_the_location_that_writes_says_how_long(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        location /login { h3s get; h3s_set user zoe; h3s_lifetime 1h; try_files /nowhere /page.txt; }
        location /page.txt { h3s get; h3s_set page $uri; }
        location /anew { h3s get; h3s_clear on; try_files /nowhere /begin; }
        location /begin { h3s get; h3s_set user ada; h3s_lifetime 2h; try_files /page.txt =404; }
        location /failed { h3s get; h3s_set user zoe; h3s_lifetime 1h; return 403; }
        """
    )
    login = client.get("/login")
    assert max_age(login) == 3600 and dict(opened(login)) == {"user": "zoe", "page": "/page.txt"}
    anew = client.get("/anew")
    assert max_age(anew) == 7200 and dict(opened(anew)) == {"user": "ada"}
    assert not set_cookies(client.get("/failed"))


def test_where_it_is_over_already_nobody_is_logged_in(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s get; h3s_set user zoe; h3s_lifetime 1h; return 204; }")
    old = cookie_with({"cart": 1}, now=time.time() - 4000)
    assert not set_cookies(client.get("/", headers={"Cookie": old}))
    assert "h3s_lifetime failed, so that h3s_set does nothing" in nginx.error_log()


def test_an_older_session_is_neither_written_nor_ended_until_it_is_rotated(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client
) -> None:
    nginx.start(
        """
        h3s use;
        location / { h3s_set page $uri; h3s_lifetime 12h; add_header X-User "$h3s_data_user" always; return 204; }
        location /login { h3s_set user zoe; h3s_rotate on; h3s_lifetime 12h; return 204; }
        """
    )
    old = {"Cookie": cookie_with({"user": "ada"}, now=time.time() - 12 * 3600 - 60)}
    for _ in range(2):
        visit = anyone.get("/", headers=old)
        assert visit.headers["x-user"] == "ada" and not set_cookies(visit)
    assert nginx.error_log().count("h3s_lifetime failed, so that h3s_set does nothing") == 2
    young = client.get("/", headers={"Cookie": cookie_with({"user": "ada"}, now=time.time() - 11 * 3600)})
    assert opened(young)["page"] == "/" and lives(young) == 12 * 3600
    client.cookies.clear()
    login = client.get("/login", headers=old)
    assert opened(login)["user"] == "zoe" and lives(login) == 12 * 3600
    assert opened(client.get("/"))["page"] == "/"


def test_where_it_does_not_fit_nobody_is_logged_in_for_longer(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "cookie": {"secure": False, "maxChunks": 1}}
    # The most that fits into the cookie, without a lifetime.
    low, high = 0, 4096
    while low < high:
        middle = (low + high + 1) // 2
        try:
            cookie_with({"user": "not", "more": "x" * middle}, options)
        except h3s.TooLarge:
            high = middle - 1
        else:
            low = middle
    fits = cookie_with({"user": "not", "more": "x" * low}, options)
    nginx.start(
        """
        location /plain { h3s get; h3s_set user zoe; return 204; }
        location /limited { h3s get; h3s_set user zoe; h3s_lifetime 1h; return 204; }
        """,
        options=options,
    )
    assert opened(client.get("/plain", headers={"Cookie": fits}), options)["user"] == "zoe"
    assert not set_cookies(client.get("/limited", headers={"Cookie": fits}))
    assert "h3s_lifetime failed" in nginx.error_log()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", '"0" is no time of 1 to 4294967295 whole seconds'),
        ("500ms", '"500ms" is no time'),
        ("-1h", '"-1h" is no time'),
        ("4294967296", '"4294967296" is no time'),
        ("9999999999999999999999s", "is no time"),
        ("on", '"on" is no time of 1 to 4294967295 whole seconds, such as "12h", nor "browser" or "off"'),
        ("1h browsers", 'after the time there may be "browser", and not "browsers"'),
        ("browser 1h", '"browser" is no time'),
        ("off browser", '"off" is no time'),
        ("1h browser off", "invalid number of arguments"),
        ("1h; h3s_lifetime 2h", '"h3s_lifetime" directive is duplicate'),
        ("off; h3s_lifetime off", '"h3s_lifetime" directive is duplicate'),
    ],
)
def test_a_wrong_value_is_named_with_file_and_line(nginx: Nginx, value: str, said: str) -> None:
    output = check(nginx, f"h3s_config h3s.json; server {{ listen 127.0.0.1:PORT; h3s use;\nh3s_lifetime {value};\n}}")
    assert "[emerg]" in output and said in output and "h3s_lifetime" in output, output
    lines = (nginx.folder / "nginx.conf").read_text().splitlines()
    assert f"nginx.conf:{lines.index(f'h3s_lifetime {value};') + 1}" in output


@pytest.mark.parametrize("value", ["1", "4294967295", "136y", "browser", "1h browser"])
def test_right_values_are_accepted(nginx: Nginx, value: str) -> None:
    output = check(nginx, f"h3s_config h3s.json; server {{ listen 127.0.0.1:PORT; h3s use; h3s_lifetime {value}; }}")
    assert "successful" in output and "[warn]" not in output


@pytest.mark.parametrize(
    "writes", ["h3s use", "h3s get; h3s_set a b", "h3s get; h3s_rotate on", "h3s get; h3s_upstream on"]
)
def test_where_the_options_seal_fe26_it_says_what_to_do(nginx: Nginx, writes: str) -> None:
    nginx.options(FE26, "fe26.json")
    server = "h3s_config h3s.json; server { listen 127.0.0.1:PORT;\nh3s_lifetime 1h;\nlocation / { h3s_config fe26.json; %s; } }"
    output = check(nginx, server % writes)
    assert "[emerg]" in output and '"h3s_lifetime": Fe26.2' in output, output
    assert f'let the options in {nginx.folder}/fe26.json seal "h3s1", or say "h3s_lifetime off"' in output
    line = (nginx.folder / "nginx.conf").read_text().splitlines().index("h3s_lifetime 1h;") + 1
    assert f"nginx.conf:{line}" in output
    for right in (f"{writes}; h3s_lifetime off", "h3s get", "h3s off"):
        assert "successful" in check(nginx, server % right)
    accepts = {**OPTIONS, "seal": {"format": "h3s1", "accept": ["h3s1", "h3-1"]}}
    nginx.options(accepts, "fe26.json")
    assert "successful" in check(nginx, server % writes)


@pytest.mark.parametrize(
    ("location", "warned"),
    [
        ("h3s get; h3s_lifetime 1h;", True),
        ("h3s get; h3s_clear on; h3s_lifetime 1h;", True),
        ("h3s off; h3s_lifetime 1h;", True),
        ("h3s get; h3s_lifetime off;", False),
        ("h3s get; h3s_lifetime 1h; location /in { h3s_set a b; }", False),
        ("h3s use; h3s_lifetime 1h;", False),
        ("h3s get; h3s_upstream on; h3s_lifetime 1h;", False),
    ],
)
def test_a_location_that_has_one_and_writes_nothing_is_warned_of(nginx: Nginx, location: str, warned: bool) -> None:
    output = check(nginx, f"h3s_config h3s.json; server {{ listen 127.0.0.1:PORT; location / {{ {location} }} }}")
    assert "successful" in output and ('"h3s_lifetime" does nothing here' in output) == warned, output
    inherited = check(
        nginx, "h3s_config h3s.json; h3s_lifetime 1h; server { listen 127.0.0.1:PORT; location / { h3s get; } }"
    )
    assert "successful" in inherited and "[warn]" not in inherited
