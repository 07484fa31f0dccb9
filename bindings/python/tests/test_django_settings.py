"""What Django's settings mean here, and which are refused when the server starts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django_project import OURS, STOCK, project

from conftest import NOW, PASSWORD, Serve, cookies_of

# What follows needs the settings.
# isort: split
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from h3s.django import session_of, sessions


class Clock:
    """Stands where a test puts it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def cookie_under(**settings: Any) -> str:
    """The Set-Cookie value of a first visit."""
    with project(**settings):
        response = Client().get("/count")
        return "; ".join(morsel.OutputString() for morsel in response.cookies.values())


@pytest.mark.parametrize(
    ("given", "attribute"),
    [("Lax", "Lax"), ("Strict", "Strict"), ("none", "None"), ("None", "None"), (None, None), (False, None), ("", None)],
)
def test_same_site_means_what_it_means_in_django(given: Any, attribute: Any) -> None:
    said = cookie_under(SESSION_COOKIE_SAMESITE=given, SESSION_COOKIE_SECURE=True).split("; ")
    assert [part for part in said if part.startswith("SameSite")] == ([f"SameSite={attribute}"] if attribute else [])


def test_the_other_settings_of_the_cookie_mean_what_they_mean_in_django() -> None:
    said = cookie_under().split("; ")
    assert said[0].startswith("sessionid=") and {"Path=/", "Max-Age=1209600", "HttpOnly", "SameSite=Lax"} <= {*said}
    assert "Secure" not in said and "Domain" not in "".join(said)
    said = cookie_under(
        SESSION_COOKIE_NAME="shop",
        SESSION_COOKIE_AGE=60,
        SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_DOMAIN="example.com",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=False,
    ).split("; ")
    assert said[0].startswith("shop=") and {"Max-Age=60", "Path=/shop", "Domain=example.com", "Secure"} <= {*said}
    assert "HttpOnly" not in said
    assert "Max-Age" not in cookie_under(SESSION_EXPIRE_AT_BROWSER_CLOSE=True)
    assert "Domain" not in cookie_under(SESSION_COOKIE_DOMAIN="")


def test_one_switch_makes_the_cookie_one_for_https_alone() -> None:
    assert "Secure" in cookie_under(SESSION_COOKIE_SECURE=True)
    assert "Secure" not in cookie_under(SESSION_COOKIE_SECURE=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SESSION_COOKIE_SAMESITE": "None"}, "SESSION_COOKIE_SAMESITE: .*needs SESSION_COOKIE_SECURE"),
        ({"SESSION_COOKIE_SAMESITE": "sometimes"}, "SESSION_COOKIE_SAMESITE: "),
        ({"SESSION_COOKIE_SAMESITE": 1}, "SESSION_COOKIE_SAMESITE: "),
        ({"SESSION_COOKIE_AGE": 0}, "SESSION_COOKIE_AGE: "),
        ({"SESSION_COOKIE_AGE": -1, "SESSION_SAVE_EVERY_REQUEST": True}, "SESSION_COOKIE_AGE: "),
        ({"SESSION_COOKIE_PATH": "no; path"}, "SESSION_COOKIE_PATH: "),
        ({"SESSION_COOKIE_DOMAIN": "no domain"}, "SESSION_COOKIE_DOMAIN: "),
        ({"SESSION_COOKIE_NAME": "no name"}, "SESSION_COOKIE_NAME: "),
        ({"SESSION_COOKIE_NAME": "__Host-s"}, "SESSION_COOKIE_SECURE"),
        (
            {
                "H3S_OPTIONS": {"password": PASSWORD, "development": True},
                "SESSION_COOKIE_NAME": "__Host-s",
                "SESSION_COOKIE_SECURE": True,
            },
            "SESSION_COOKIE_NAME: .*name is s;",
        ),
        ({"SESSION_SERIALIZER": "json.JSONEncoder"}, "SESSION_SERIALIZER: without effect.*remove it"),
        ({"SESSION_CACHE_ALIAS": "sessions"}, "SESSION_CACHE_ALIAS: without effect.*remove it"),
        ({"SESSION_FILE_PATH": "sessions"}, "SESSION_FILE_PATH: without effect.*remove it"),
        ({"H3S_OPTIONS": {"password": PASSWORD, "name": "x"}}, "name differs from SESSION_COOKIE_NAME; set only"),
        (
            {"H3S_OPTIONS": {"password": PASSWORD, "max_age": 60}, "SESSION_COOKIE_AGE": 61},
            "max_age differs from SESSION_COOKIE_AGE; set only",
        ),
        (
            {"H3S_OPTIONS": {"password": PASSWORD, "cookie": {"secure": False}}, "SESSION_COOKIE_SECURE": True},
            "cookie.secure differs from SESSION_COOKIE_SECURE; set only",
        ),
        ({"H3S_OPTIONS": {"password": PASSWORD, "cookie": {"same_site": "x"}}}, "H3S_OPTIONS: cookie.same_site"),
        ({"H3S_OPTIONS": {"password": PASSWORD, "colour": "red"}}, "H3S_OPTIONS: .*colour"),
        ({"H3S_PEER": "no.such.function"}, "H3S_PEER: "),
        ({"H3S_PEER": 1}, "H3S_PEER: a function, or its dotted path"),
        ({"H3S_CLOCK": "no.such.function"}, "H3S_CLOCK: "),
        ({"H3S_SESSIONS": ["cart"]}, "H3S_SESSIONS: "),
        ({"H3S_SESSIONS": {"cart": {"password": PASSWORD}}}, "H3S_SESSIONS.*name"),
        ({"H3S_SESSIONS": {"cart": {"name": "cart"}}}, "H3S_SESSIONS.*password"),
        ({"H3S_SESSIONS": {"cart": {"name": "cart", "password": "short"}}}, "H3S_SESSIONS.*password"),
        ({"H3S_SESSIONS": {"cart": {"name": "sessionid", "password": PASSWORD}}}, "sessionid is the name of two"),
        ({"H3S_SESSIONS": {"user": {"name": "cart", "password": PASSWORD}}}, "request.user is Django's own"),
        ({"H3S_SESSIONS": {"COOKIES": {"name": "cart", "password": PASSWORD}}}, "request.COOKIES is Django's own"),
        ({"H3S_SESSIONS": {"the cart": {"name": "cart", "password": PASSWORD}}}, "becomes an attribute"),
    ],
)
def test_a_wrong_setting_is_an_error_at_start_that_names_it(settings: dict[str, Any], message: str) -> None:
    with override_settings(**settings), pytest.raises(ImproperlyConfigured, match=message) as caught:
        WSGIHandler()
    assert PASSWORD not in str(caught.value)


def test_what_the_options_and_djangos_settings_say_alike_is_no_error() -> None:
    options = {"password": PASSWORD, "max_age": 60, "cookie": {"secure": True}}
    with override_settings(H3S_OPTIONS=options, SESSION_COOKIE_AGE=60, SESSION_COOKIE_SECURE=True):
        assert sessions().cookie_name == "sessionid"


@pytest.mark.parametrize("middleware", [OURS, STOCK], ids=["ours", "django's"])
@pytest.mark.parametrize("after", [20, 59])
def test_saving_at_every_request_keeps_an_active_visitor_logged_in(middleware: list[str], after: int) -> None:
    clock = Clock()
    with project(H3S_CLOCK=clock, SESSION_COOKIE_AGE=60, SESSION_SAVE_EVERY_REQUEST=True, MIDDLEWARE=middleware):
        client = Client()
        client.get("/count")
        for _ in range(5):
            clock.now += after
            response = client.get("/untouched")
            # Ours may stay: the session itself ends after 60 seconds.
            assert int(response.cookies["sessionid"]["max-age"]) == (34560000 if middleware == OURS else 60)
            # Django's own middleware leaves this to the site.
            if middleware == OURS:
                assert "Cookie" in response["Vary"] and response["Cache-Control"] == "private"
        assert client.get("/read").json() == {"count": 1}
        clock.now += 61
        assert client.get("/read").json() == {}


def test_a_request_that_does_not_write_saves_nothing_by_default() -> None:
    clock = Clock()
    with project(H3S_CLOCK=clock, SESSION_COOKIE_AGE=60):
        client = Client()
        client.get("/count")
        clock.now += 59
        assert not client.get("/untouched").cookies and not client.get("/read").cookies
        clock.now += 2
        assert client.get("/read").json() == {}


def failing(request: HttpRequest) -> HttpResponse:
    request.session.get("count")
    return HttpResponse(status=503)


def test_saving_at_every_request_leaves_errors_and_strangers_alone() -> None:
    with project(failing, SESSION_SAVE_EVERY_REQUEST=True):
        client = Client()
        stranger = client.get("/untouched")
        assert not stranger.cookies and not stranger.has_header("Vary")
        assert not client.get("/read").cookies
        client.cookies["sessionid"] = "h3s1..forged"
        assert not client.get("/untouched").cookies
        client.get("/count")
        assert not client.get("/failing").cookies and client.get("/untouched").cookies
        left = client.get("/logout").cookies["sessionid"]
        assert not left.value and left["max-age"] in (0, "0")
        assert not client.get("/untouched").cookies


def test_saving_at_every_request_sends_no_cookie_to_a_client_of_the_header() -> None:
    with project(SESSION_SAVE_EVERY_REQUEST=True):
        session = sessions().use()
        response = Client().get("/read", HTTP_X_SESSIONID_SESSION=session.seal())
        assert response.status_code == 200 and not response.cookies


def test_lifetimes_of_the_options_hold_when_every_request_saves() -> None:
    clock = Clock()
    options = {"password": PASSWORD, "max_age": 100}
    with project(H3S_CLOCK=clock, H3S_OPTIONS=options, SESSION_SAVE_EVERY_REQUEST=True):
        client = Client()
        client.get("/count")
        clock.now += 60
        assert client.get("/untouched").cookies["sessionid"]["max-age"] in (40, "40")
        clock.now += 41
        assert client.get("/read").json() == {}


# ---- Two kinds of sessions -----------------------------------------------------------------------

CART = {"cart": {"name": "cart", "password": "another example of 32 characters or more", "max_age": 60}}


def buy(request: HttpRequest) -> JsonResponse:
    cart = session_of(request, "cart")
    cart.setdefault("items", []).append("apple" * 500)
    return JsonResponse({"items": len(cart["items"])})


def empty(request: HttpRequest) -> JsonResponse:
    session_of(request, "cart").flush()
    return JsonResponse({})


def keys(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"session": list(request.session.keys()), "cart": list(session_of(request, "cart").keys())})


def test_two_kinds_of_sessions_live_side_by_side(wsgi: Serve, client: httpx.Client) -> None:
    with project(buy, empty, keys, H3S_SESSIONS=CART):
        at = wsgi(WSGIHandler()) + "/"
        bought = client.get(at + "buy")
        assert all(value.startswith("cart") and "Max-Age=60" in value for value in cookies_of(bought))
        assert bought.headers["vary"] == "Cookie, x-cart-session"
        assert client.get(at + "count").json() == {"count": 1}
        assert client.get(at + "buy").json() == {"items": 2}
        assert len([name for name in client.cookies if name.startswith("cart")]) > 1
        both = client.get(at + "keys")
        assert both.json() == {"session": ["count"], "cart": ["items"]}
        assert both.headers["vary"] == "Cookie, x-sessionid-session, x-cart-session"
        assert {name.split(".")[0] for name in client.cookies} == {"sessionid", "cart"}
        client.get(at + "logout")
        assert client.get(at + "keys").json() == {"session": [], "cart": ["items"]}
        client.get(at + "empty")
        assert client.get(at + "keys").json() == {"session": [], "cart": []} and not client.cookies


def test_the_token_of_one_kind_opens_no_other() -> None:
    with project(keys, H3S_SESSIONS={"cart": {"name": "cart", "password": PASSWORD}}):
        assert sessions("cart").cookie_name == "cart" and sessions() is sessions("session")
        client = Client()
        client.get("/count")
        client.cookies["cart"] = client.cookies["sessionid"].value
        assert client.get("/keys").json() == {"session": ["count"], "cart": []}


def test_session_of_gives_the_session_or_says_what_it_is_not() -> None:
    request = HttpRequest()
    request.session = {}  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"request\.session is not a session"):
        session_of(request)


SLIDING = {"password": PASSWORD, "idle_timeout": 3600}


def test_idle_timeout_needs_the_middleware_that_sets_a_cookie_of_its_own_for_it() -> None:
    with (
        project(MIDDLEWARE=STOCK, H3S_OPTIONS=SLIDING),
        pytest.raises(ImproperlyConfigured, match="idle_timeout needs"),
    ):
        Client().get("/count")
    with project(MIDDLEWARE=STOCK, H3S_OPTIONS={**SLIDING, "seal": "h3-2"}):
        assert Client().get("/count").status_code == 200


def test_a_read_that_slides_is_no_write_and_sends_no_data() -> None:
    clock = Clock()

    def reads(request: HttpRequest) -> HttpResponse:
        session = request.session
        return HttpResponse(f"{session['count']} {session.modified} {session_of(request).h3s.only_slides}")

    with project(reads, MIDDLEWARE=OURS, H3S_OPTIONS=SLIDING, H3S_CLOCK=clock):
        client = Client()
        client.get("/count")
        clock.now += 3000
        response = client.get("/reads")
        assert response.content == b"1 False True"
        assert list(response.cookies) == ["sessionid.seen"]
        clock.now += 3000
        assert client.get("/read").json() == {"count": 1}
