"""A real Django application, with its accounts, on wsgiref's and uvicorn's servers."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django_project import OURS, STOCK, accounts, count, read, untouched, urls

from conftest import PASSWORD, Serve, cookies_of, from_another_site, no_other_site_ends_the_session

# What follows needs the settings.
# isort: split
import django
from django.contrib import auth, messages
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from h3s.django import SessionStore, sessions


def nested(request: HttpRequest) -> HttpResponse:
    request.session.setdefault("cart", []).append("apple")
    return read(request)


def login(request: HttpRequest) -> HttpResponse:
    user = auth.authenticate(request, username="zoe", password="secret")
    assert user is not None
    auth.login(request, user)
    messages.info(request, "welcome")
    return who(request)


def who(request: HttpRequest) -> HttpResponse:
    said = [str(message) for message in messages.get_messages(request)]
    own = request.session.h3s  # type: ignore[attr-defined]
    return JsonResponse({"user": request.user.get_username(), "said": said, "id": own.id})


def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return JsonResponse({})


def cycle(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return who(request)


def large(request: HttpRequest) -> HttpResponse:
    request.session["text"] = "x" * 5_000
    return JsonResponse({})


def closing(request: HttpRequest) -> HttpResponse:
    request.session.set_expiry(0)
    return JsonResponse({"close": request.session.get_expire_at_browser_close()})


def error(request: HttpRequest) -> HttpResponse:
    request.session["error"] = True
    raise RuntimeError("on purpose")


def missing(request: HttpRequest) -> HttpResponse:
    request.session["missing"] = True
    raise Http404


async def in_the_loop(request: HttpRequest) -> HttpResponse:
    await request.session.aset("count", await request.session.aget("count", 0) + 1)
    return read(request)


VIEWS = (
    count,
    read,
    untouched,
    nested,
    login,
    who,
    logout,
    cycle,
    large,
    closing,
    error,
    missing,
    in_the_loop,
)


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    accounts()
    with override_settings(ROOT_URLCONF=urls(*VIEWS)):
        yield


def test_a_whole_visit(wsgi: Serve, client: httpx.Client) -> None:
    at = wsgi(WSGIHandler()) + "/"
    assert not cookies_of(client.get(at + "untouched")) and "vary" not in client.get(at + "untouched").headers
    found = client.get(at + "read")
    assert not cookies_of(found) and found.headers["vary"] == "Cookie, x-sessionid-session"
    first = client.get(at + "count")
    (cookie,) = cookies_of(first)
    assert cookie.startswith("sessionid=h3s1.") and "Max-Age=1209600" in cookie and "HttpOnly" in cookie
    assert first.headers["cache-control"] == "private"
    assert client.get(at + "count").json() == {"count": 2}
    assert client.get(at + "nested").json() == {"count": 2, "cart": ["apple"]}
    assert client.get(at + "nested").json()["cart"] == ["apple", "apple"]
    before = client.get(at + "who").json()
    after = client.get(at + "login").json()
    assert (before["user"], after["user"], after["said"]) == ("", "zoe", ["welcome"]) and before["id"] != after["id"]
    found = client.get(at + "who")
    assert found.json()["user"] == "zoe" and found.json()["said"] == []
    cycled = client.get(at + "cycle").json()
    assert cycled["user"] == "zoe" and cycled["id"] != after["id"]
    assert len(cookies_of(client.get(at + "large"))) > 2 and len(client.get(at + "read").json()["text"]) == 5_000
    left = client.get(at + "logout")
    assert cookies_of(left) and all("Max-Age=0" in value for value in cookies_of(left)) and not client.cookies
    assert client.get(at + "who").json()["user"] == "" and client.get(at + "read").json() == {}


def test_errors_carry_the_cookie(wsgi: Serve, client: httpx.Client) -> None:
    at = wsgi(WSGIHandler()) + "/"
    for view, status in (("error", 500), ("missing", 404)):
        response = client.get(at + view)
        assert response.status_code == status and len(cookies_of(response)) == 1
    assert client.get(at + "read").json() == {"error": True, "missing": True}


def test_the_cookie_can_end_with_the_browser(wsgi: Serve, client: httpx.Client) -> None:
    at = wsgi(WSGIHandler()) + "/"
    response = client.get(at + "closing")
    assert response.json() == {"close": True} and "Max-Age" not in cookies_of(response)[0]
    client.cookies.clear()
    client.get(at + "count")
    with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        assert "Max-Age" not in cookies_of(client.get(at + "count"))[0]


@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
def test_async_views_on_uvicorn(asgi: Serve, client: httpx.Client) -> None:
    at = asgi(ASGIHandler()) + "/"
    assert [client.get(at + "in_the_loop").json()["count"] for _ in range(3)] == [1, 2, 3]
    assert client.get(at + "count").json()["count"] == 4


@pytest.mark.parametrize("middleware", [OURS, STOCK], ids=["ours", "django's"])
def test_djangos_own_test_client_works(middleware: list[str]) -> None:
    with override_settings(MIDDLEWARE=middleware):
        client = Client()
        assert [client.get("/count").json()["count"] for _ in range(2)] == [1, 2]
        client.force_login(User.objects.get(username="zoe"))
        assert client.get("/who").json()["user"] == "zoe"
        assert client.get("/read").json() == {"count": 2}
        client.get("/logout")
        assert client.get("/who").json()["user"] == "" and client.get("/read").json() == {}


def test_no_other_site_ends_the_session(wsgi: Serve, asgi: Serve) -> None:
    for at in (wsgi(WSGIHandler()), asgi(ASGIHandler())):
        no_other_site_ends_the_session(at + "/logout", at + "/login")


def test_no_other_site_ends_the_session_under_djangos_own_middleware(wsgi: Serve) -> None:
    with override_settings(MIDDLEWARE=STOCK):
        at = wsgi(WSGIHandler())
        for headers in from_another_site():
            assert not cookies_of(httpx.post(at + "/logout", headers=headers))
            assert cookies_of(httpx.post(at + "/login", headers=headers))


def test_the_store_speaks_as_djangos_do() -> None:
    store = SessionStore()
    assert store.is_empty() and not store.modified and store.session_key is None
    store["a"] = [1]
    assert store.modified and store.accessed and store.has_key("a") and list(store) == ["a"]
    assert SessionStore(store.h3s.seal())["a"] == [1]
    store.clear()
    assert list(store.keys()) == [] and store.h3s.id
    store.flush()
    assert store.is_empty() and not store.h3s.id


class Shop(SessionStore):
    """A project's own, of an engine of its own."""

    def __init__(self, session_key: Any = None) -> None:
        super().__init__(session_key)
        self.made_here = True


def made_here(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"made": getattr(request.session, "made_here", False)})


def test_a_projects_own_store_is_the_one_that_requests_have(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = types.ModuleType("shop_sessions")
    engine.SessionStore = Shop  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop_sessions", engine)
    for middleware in (OURS, STOCK):
        with override_settings(
            SESSION_ENGINE="shop_sessions", MIDDLEWARE=middleware, ROOT_URLCONF=urls(made_here, large, read)
        ):
            client = Client()
            session = client.session
            session["text"] = "x" * 5_000
            session.save()
            assert client.get("/made_here").json() == {"made": True}
            assert client.get("/read").json() == {"text": "x" * 5_000}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (None, "H3S_OPTIONS"),
        ({}, "password"),
        ({"password": "short"}, "password"),
        ({"password": PASSWORD, "name": "x"}, "name"),
    ],
)
def test_wrong_settings_are_errors_that_name_them(options: Any, word: str) -> None:
    with override_settings(H3S_OPTIONS=options), pytest.raises(ImproperlyConfigured, match=word):
        sessions()
