"""No cache, neither nginx's own nor another, hands one visitor's session to the next."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from conftest import OPTIONS, Nginx, Upstream, cookie_with, opened, set_cookies

CACHE = "proxy_cache_path FOLDER/cache keys_zone=pages:1m; proxy_cache pages; proxy_cache_valid any 1h;"
STATUS = "add_header X-Cache $upstream_cache_status always;"


def cached(nginx: Nginx) -> bytes:
    """All that lies in the cache."""
    return b"".join(path.read_bytes() for path in Path(nginx.folder / "cache").rglob("*") if path.is_file())


def test_a_cached_page_gives_each_visitor_a_session_of_his_own(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream
) -> None:
    nginx.start(f"location / {{ h3s use; {STATUS} proxy_pass http://UPSTREAM; }}", http=CACHE)
    first, second = client.get("/"), anyone.get("/")
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT"]
    assert len(set_cookies(first)) == len(set_cookies(second)) == 1 and opened(first).id != opened(second).id
    assert first.headers["cache-control"] == second.headers["cache-control"] == "private"
    assert b"et-cookie" not in cached(nginx).lower() and b"h3s1." not in cached(nginx)
    again = client.get("/")
    assert again.headers["x-cache"] == "HIT" and not set_cookies(again)


@pytest.mark.parametrize("mode", ["use", "get"])
def test_an_upstream_s_own_session_cookie_is_not_stored_even_where_nginx_is_told_to(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream, mode: str
) -> None:
    theirs = cookie_with({"user": "the first visitor"})
    upstream.answer("/", ("Set-Cookie", f"{theirs}; Path=/"))
    upstream.answer("/other", ("Set-Cookie", "theme=dark"))
    upstream.answer("/slid", ("Set-Cookie", "h3.seen=AaMYXFAA; Path=/"))
    nginx.start(
        f"location / {{ h3s {mode}; {STATUS} proxy_ignore_headers Set-Cookie; proxy_pass http://UPSTREAM; }}",
        http=CACHE,
    )
    first = client.get("/")
    assert set_cookies(first) == [f"{theirs}; Path=/"] and first.headers["x-cache"] == "MISS"
    upstream.answer("/")
    second = anyone.get("/")
    assert second.headers["x-cache"] == "MISS" and theirs not in str(set_cookies(second))
    # Nor where it says only that its session was seen: the page is that visitor's.
    assert [client.get("/slid").headers["x-cache"] for _ in range(2)] == ["MISS", "MISS"]
    # Other cookies are none of our business.
    client.get("/other")
    assert client.get("/other").headers["x-cache"] == "HIT"


@pytest.mark.parametrize(
    ("format", "cookie"),
    [
        ("h3s1", "h3.1"),
        ("auth0", "__session__0"),
        ("auth0", "__session__1"),
        ("next-auth", "next-auth.session-token.0"),
    ],
)
def test_no_cookie_of_a_session_is_stored_whatever_its_format_calls_it(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream, format: str, cookie: str
) -> None:
    name = {"h3s1": "h3", "auth0": "__session", "next-auth": "next-auth.session-token"}[format]
    upstream.answer("/", ("Set-Cookie", f"{cookie}=of the first visitor; Path=/"))
    nginx.start(
        f"location / {{ h3s get; {STATUS} proxy_ignore_headers Set-Cookie; proxy_pass http://UPSTREAM; }}",
        http=CACHE,
        options={**OPTIONS, "name": name, "seal": format},
    )
    assert len(set_cookies(client.get("/"))) == 1
    assert anyone.get("/").headers["x-cache"] == "MISS"
    assert b"of the first visitor" not in cached(nginx)


def test_what_lay_in_the_cache_before_is_not_served(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream
) -> None:
    theirs = cookie_with({"user": "the first visitor"})
    upstream.answer("/", ("Set-Cookie", f"{theirs}; Path=/"), ("X-Session-Update", '{"user": "the first visitor"}'))
    location = f"{STATUS} proxy_ignore_headers Set-Cookie; proxy_pass http://UPSTREAM;"
    nginx.write(f"{CACHE} server {{ listen 127.0.0.1:PORT; location / {{ {location} }} }}")
    nginx.run()
    client.get("/")
    before = anyone.get("/")
    assert before.headers["x-cache"] == "HIT" and theirs in str(set_cookies(before))
    nginx.stop()
    anyone.cookies.clear()
    nginx.start(f"location / {{ h3s get; h3s_upstream on; {location} }}", http=CACHE)
    answer = anyone.get("/")
    assert answer.headers["x-cache"] == "HIT" and not set_cookies(answer) and "x-session-update" not in answer.headers


@pytest.mark.parametrize(
    "answer", [("X-Session-Update", '{"user": "first"}'), ("X-Session-Clear", "1"), ("X-Session-Rotate", "1")]
)
def test_an_answer_about_one_visitor_is_not_given_to_the_next(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream, answer: tuple[str, str]
) -> None:
    upstream.answer("/", answer)
    nginx.start(f"location / {{ h3s get; h3s_upstream on; {STATUS} proxy_pass http://UPSTREAM; }}", http=CACHE)
    first = client.get("/")
    assert set_cookies(first)
    upstream.answer("/")
    second = anyone.get("/")
    assert second.headers["x-cache"] == "MISS" and not set_cookies(second)
    assert anyone.get("/").headers["x-cache"] == "HIT"


def test_pages_of_a_session_can_go_round_the_cache(
    nginx: Nginx, client: httpx.Client, anyone: httpx.Client, upstream: Upstream
) -> None:
    nginx.start(
        f"""location / {{ h3s get; h3s_upstream on; {STATUS} proxy_cache_bypass $h3s_id; proxy_no_cache $h3s_id;
                          proxy_pass http://UPSTREAM; }}""",
        http=CACHE,
    )
    mine = {"Cookie": cookie_with({"user": "Zoe"})}
    assert "Zoe" in client.get("/", headers=mine).text
    assert anyone.get("/").headers["x-cache"] == "MISS" and "Zoe" not in anyone.get("/").text
    assert anyone.get("/").headers["x-cache"] == "HIT" and client.get("/", headers=mine).headers["x-cache"] == "BYPASS"


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("", "private"),
        ("public, max-age=60, s-maxage=600", "private, max-age=60"),
        ('private="Set-Cookie, x", no-cache', "private, no-cache"),
        ("no-store", "private, no-store"),
        ("no-store, max-age=0", "private, no-store, max-age=0"),
        ('no-cache="a, b", public', 'private, no-cache="a, b"'),
        ('no-cache="public, s-maxage=9", max-age=1', 'private, no-cache="public, s-maxage=9", max-age=1'),
        ("Public , MAX-AGE=1,,", "private, MAX-AGE=1"),
    ],
)
def test_cache_control_keeps_shared_caches_from_storing_the_cookie(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, said: str, becomes: str
) -> None:
    upstream.answer("/", *([("Cache-Control", said)] if said else []), ("Vary", "Accept, cookie"))
    nginx.start("h3s use; location / { proxy_pass http://UPSTREAM; }")
    answer = client.get("/")
    assert answer.headers.get_list("cache-control") == [becomes]
    assert answer.headers.get_list("vary") == ["Accept, cookie, x-h3-session"]
    again = client.get("/")
    assert not set_cookies(again) and again.headers.get("cache-control", "") == said


@pytest.mark.parametrize(
    "name",
    [
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "cdn-cache-control",
        "Surrogate-Control",
        "Edge-Control",
        "X-Accel-Expires",
    ],
)
def test_no_kind_of_shared_cache_is_told_otherwise(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, name: str
) -> None:
    upstream.answer("/", (name, "max-age=600"))
    nginx.start(f"h3s use; proxy_pass_header {name}; location / {{ proxy_pass http://UPSTREAM; }}")
    first, second = client.get("/"), client.get("/")
    assert set_cookies(first) and name not in first.headers
    assert not set_cookies(second) and second.headers[name] == "max-age=600"


def test_expires_and_add_header_do_not_have_the_last_word(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s use;
        location / { expires 1h; add_header Cache-Control public; }
        location /two/ { alias FOLDER/html/; add_header Cache-Control "public"; add_header Cache-Control "s-maxage=9, max-age=9"; }
        """
    )
    assert client.get("/page.txt").headers.get_list("cache-control") == ["private, max-age=3600"]
    client.cookies.clear()
    assert client.get("/two/page.txt").headers.get_list("cache-control") == ["private, max-age=9"]


def test_vary_with_a_star_needs_no_more(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use; location / { add_header Vary *; }")
    assert client.get("/page.txt").headers.get_list("vary") == ["*"]


def test_cache_headers_off_leaves_vary_and_cache_control_alone(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use; h3s_cache_headers off; location / { expires 1h; }", options=json.dumps(OPTIONS))
    answer = client.get("/page.txt")
    assert len(set_cookies(answer)) == 1
    assert answer.headers["cache-control"] == "max-age=3600" and "vary" not in answer.headers
