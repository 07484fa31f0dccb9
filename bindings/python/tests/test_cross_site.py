"""A request that another site has led here came without the SameSite cookie, and spares it."""

from __future__ import annotations

from typing import Any, Optional

import h3s
import httpx
import pytest

from conftest import NOW, Serve, cookie_of, cookies_of, from_another_site, from_the_own_site


def said(**headers: Optional[str]) -> Any:
    """A request's headers, by their names."""
    return {name.replace("_", "-"): value for name, value in headers.items()}.get


@pytest.mark.parametrize("site", ["cross-site", "cross-site,cross-site", "same-origin, cross-site"])
def test_sec_fetch_site_says_that_it_is_another_site(site: str) -> None:
    assert h3s.is_cross_site(said(Sec_Fetch_Site=site, Origin="https://own.example", Host="own.example"))


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", "none,none", "nonsense"])
def test_sec_fetch_site_says_that_it_is_none_whatever_origin_says(site: str) -> None:
    assert not h3s.is_cross_site(said(Sec_Fetch_Site=site, Origin="https://evil.example", Host="own.example"))


@pytest.mark.parametrize(
    ("page", "host"),
    [
        ("https://own.example", "own.example"),
        ("http://own.example:8080", "own.example"),
        ("https://own.example", "own.example:8443"),
        ("https://OWN.example", "own.EXAMPLE"),
        ("http://[::1]:3000", "[::1]:80"),
        ("http://[::1]", "[::1]"),
        ("http://127.0.0.1:3000", "127.0.0.1:8000"),
    ],
)
def test_without_sec_fetch_site_a_page_of_the_same_host_is_no_other_site(page: str, host: str) -> None:
    for empty in (None, ""):
        assert not h3s.is_cross_site(
            said(Sec_Fetch_Site=empty, Origin=page, Referer="https://evil.example/", Host=host)
        )
        assert not h3s.is_cross_site(said(Sec_Fetch_Site=empty, Origin=empty, Referer=page + "/a?b=c", Host=host))


@pytest.mark.parametrize(
    ("page", "host"),
    [
        ("https://evil.example", "own.example"),
        ("https://own.example.evil.example", "own.example"),
        ("https://evil.example/own.example", "own.example"),
        ("https://own.example@evil.example", "own.example"),
        ("http://[::2]:80", "[::1]:80"),
        ("http://127.0.0.1", "127.0.0.2"),
        ("null", "own.example"),
        ("null", "null"),
        ("own.example", "own.example"),
        ("https://own.example, https://own.example", "own.example"),
        ("https://own.example https://evil.example", "own.example"),
        ("http://[own.example", "own.example"),
        ("https://", "own.example"),
        ("https://own.example", "[::1"),
        ("https://own.example", ""),
        ("https://own.example", None),
        ("https://", None),
        ("null", None),
    ],
)
def test_without_sec_fetch_site_a_page_of_another_host_or_of_none_is_another_site(
    page: str, host: Optional[str]
) -> None:
    assert h3s.is_cross_site(said(Origin=page, Referer="https://own.example/", Host=host))
    assert h3s.is_cross_site(said(Referer=page, Host=host))


def test_a_request_that_says_nothing_is_of_no_other_site() -> None:
    assert not h3s.is_cross_site(said(Host="own.example"))
    assert not h3s.is_cross_site(said())


def application(sessions: h3s.Sessions) -> Any:
    """As one is written without a middleware."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        def header(name: str) -> Optional[str]:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        with sessions.use(header("Cookie"), cross_site=h3s.is_cross_site(header)) as session:
            if environ["PATH_INFO"] == "/logout":
                session.clear()
            if environ["PATH_INFO"] == "/login":
                session["user"] = "Zoë"
            start_response("200 OK", [("Set-Cookie", value) for value in session.set_cookies()])
        return [b"done"]

    return app


def test_another_site_replaces_no_session_by_a_visit_and_ends_none(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    for headers in from_another_site():
        assert not cookies_of(httpx.get(at + "/visit", headers=headers)), headers
        assert not cookies_of(httpx.post(at + "/logout", headers=headers)), headers
        assert len(cookies_of(httpx.post(at + "/login", headers=headers))) == 1, headers
    for headers in from_the_own_site(at):
        assert len(cookies_of(httpx.get(at + "/visit", headers=headers))) == 1, headers
        assert "Max-Age=0" in cookies_of(httpx.post(at + "/logout", headers=headers))[0], headers
        assert len(cookies_of(httpx.post(at + "/login", headers=headers))) == 1, headers


def test_what_came_along_is_replaced_and_deleted_whoever_led_here(sessions: h3s.Sessions) -> None:
    cookie = cookie_of(sessions.use(now=NOW))
    session = sessions.get(cookie, cross_site=True, now=NOW)
    session.clear()
    assert "Max-Age=0" in session.set_cookies()[0]
    assert len(sessions.use("h3=forged", cross_site=True, now=NOW).set_cookies()) == 1


def test_a_slow_token_is_opened_as_it_was_asked_for(sessions: h3s.Sessions) -> None:
    iron = h3s.Sessions(password="another password of 32 characters", seal={"format": "fe26.2"})
    token = h3s.Sessions(password="another password of 32 characters", seal={"format": "fe26.2"}).use(now=NOW).seal()
    session = iron.use(header=token, cross_site=True, now=NOW)
    session.clear()
    assert session.source == "header" and not session.set_cookies()
