"""Django's own test client, unchanged, and the key of a session that an application keeps."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django_project import OURS, STOCK, accounts, project

from conftest import Serve

# What follows needs the settings.
# isort: split
import django
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from h3s.django import SessionMiddleware, SessionStore, session_of

LARGE = "x" * 5_000


def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


def key(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"key": request.session.session_key, "id": session_of(request).h3s.id})


def cart(request: HttpRequest) -> JsonResponse:
    """As shops do it."""
    if not request.session.session_key:
        request.session.save()
    if not session_of(request).exists(request.session.session_key):
        request.session.create()
    return key(request)


def cycle(request: HttpRequest) -> JsonResponse:
    request.session.cycle_key()
    return key(request)


@pytest.fixture(params=[OURS, STOCK], ids=["ours", "django's"], autouse=True)
def middleware(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    with project(who, key, cart, cycle, MIDDLEWARE=request.param):
        yield request.param


def test_what_a_test_saves_into_the_session_the_next_request_sees() -> None:
    client = Client()
    session = client.session
    session["a"] = 1
    session.save()
    assert client.get("/read").json() == {"a": 1}
    assert client.get("/count").json() == {"a": 1, "count": 1}
    session = client.session
    assert dict(session.items()) == {"a": 1, "count": 1}
    session["a"] = [2]
    session["a"].append(3)
    del session["count"]
    session.save()
    assert client.get("/read").json() == {"a": [2, 3]} and client.session["a"] == [2, 3]


def test_what_a_test_does_not_save_no_request_sees() -> None:
    client = Client()
    client.session["a"] = 1
    assert client.get("/read").json() == {}


def test_a_session_that_a_test_flushes_is_gone() -> None:
    client = Client()
    client.get("/count")
    session = client.session
    session.flush()
    session.save()
    assert client.get("/read").json() == {}


def test_the_test_client_reads_and_saves_a_session_of_several_cookies(middleware: list[str]) -> None:
    client = Client()
    session = client.session
    session["text"] = LARGE
    session.save()
    assert len(client.cookies) > 2 and client.session["text"] == LARGE
    assert client.get("/read").json() == {"text": LARGE}
    session = client.session
    session["text"] = "short"
    session.save()
    assert len(client.cookies) == 1 and client.get("/read").json() == {"text": "short"}


def test_the_test_client_logs_in_and_out() -> None:
    accounts()
    client = Client()
    client.get("/count")
    client.force_login(User.objects.get(username="zoe"))
    assert client.get("/who").json() == {"user": "zoe"} and client.get("/read").json() == {"count": 1}
    client.logout()
    assert client.get("/who").json() == {"user": ""} and client.get("/read").json() == {}
    assert not client.login(username="zoe", password="wrong") and client.get("/who").json() == {"user": ""}
    assert client.login(username="zoe", password="secret") and client.get("/who").json() == {"user": "zoe"}
    session = client.session
    session["text"] = LARGE[:2_000]
    session.save()
    assert client.get("/who").json() == {"user": "zoe"}
    client.get("/logout")
    assert client.get("/who").json() == {"user": ""}


def test_the_test_client_logs_in_to_a_session_of_several_cookies() -> None:
    accounts()
    client = Client()
    session = client.session
    session["text"] = LARGE
    session.save()
    client.force_login(User.objects.get(username="zoe"))
    assert client.get("/who").json() == {"user": "zoe"} and client.session["text"] == LARGE


@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
def test_the_asynchronous_test_client_logs_in_and_out() -> None:
    accounts()

    async def visit() -> list[Any]:
        client = AsyncClient()
        session = await client.asession()
        session["text"] = LARGE
        await session.asave()
        await client.aforce_login(await User.objects.aget(username="zoe"))
        seen = [(await client.get(f"/{view}")).json() for view in ("who", "read")]
        await client.alogout()
        return [*seen, (await client.get("/who")).json()]

    (first, second, third) = asyncio.run(visit())
    assert (first, third) == ({"user": "zoe"}, {"user": ""})
    assert {name: value for name, value in second.items() if not name.startswith("_")} == {"text": LARGE}


def test_the_session_key_is_the_id_and_stays_until_it_is_rotated() -> None:
    client = Client()
    assert client.get("/key").json() == {"key": None, "id": ""} or client.get("/key").json()["key"] is None
    first = client.get("/cart").json()
    assert first["key"] == first["id"] == str(uuid.UUID(first["key"])) and len(first["key"]) <= 40
    client.get("/count")
    assert client.get("/cart").json() == client.get("/key").json() == first
    assert client.session.session_key == first["key"]
    cycled = client.get("/cycle").json()
    assert cycled["key"] not in (None, first["key"]) and client.get("/cart").json() == cycled
    assert client.get("/read").json() == {"count": 1}


def test_the_session_key_opens_nothing() -> None:
    client = Client()
    client.get("/count")
    key = client.session.session_key
    assert key and key not in client.cookies.output()
    other = SessionStore(key)
    assert other.get("count") is None and other.session_key is None and not other.exists(key)
    client.cookies["sessionid"] = key
    assert client.get("/read").json() == {}


def test_neither_a_log_nor_a_text_of_the_session_key_is_a_token() -> None:
    store = SessionStore()
    store["a"] = 1
    key = store.session_key
    assert type(key) is str and f"{key} {key!r} %s" % key == f"{store.h3s.id} '{store.h3s.id}' {store.h3s.id}"
    assert store._session_key == key and "h3s1" not in repr(vars(store))


def test_the_session_of_another_key_is_not_ended_silently() -> None:
    store = SessionStore()
    store["a"] = 1
    with pytest.raises(NotImplementedError, match="only be ended by a request that carries it"):
        store.delete(str(uuid.uuid4()))
    store.delete(store.session_key)
    assert store.is_empty() and store.session_key is None


def test_a_request_of_a_test_takes_the_middleware_and_its_own_cookies() -> None:
    sealed = SessionStore()
    sealed["a"] = 1
    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = sealed.h3s.seal()
    SessionMiddleware(lambda _: JsonResponse({})).process_request(request)
    assert request.session["a"] == 1
    request.session.save()
    assert request.session.session_key == sealed.h3s.id


def test_a_cookie_says_its_attributes_to_a_test() -> None:
    with override_settings(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Strict", SESSION_COOKIE_PATH="/a"):
        cookie = Client().get("/count").cookies["sessionid"]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
            True,
            True,
            "Strict",
            "/a",
        )
        assert int(cookie["max-age"]) == 1209600 and cookie["expires"]


def test_djangos_own_middleware_says_that_a_session_needs_several_cookies(
    middleware: list[str], wsgi: Serve, client: httpx.Client
) -> None:
    def large(request: HttpRequest) -> JsonResponse:
        request.session["text"] = LARGE
        return JsonResponse({})

    with project(large, MIDDLEWARE=middleware):
        response = client.get(wsgi(WSGIHandler()) + "/large")
        assert response.status_code == (500 if middleware == STOCK else 200)
