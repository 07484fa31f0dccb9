"""Django's logout is final: `flush` revokes, and `cycle_key` revokes the former key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Union

import h3s
import httpx
import pytest
from django_project import OURS, STOCK, accounts, project
from h3s import MemoryStore

from conftest import PASSWORD, Serve, cookies_of
from stores import Recording, until

# What follows needs the settings.
# isort: split
import django
from django.contrib import auth
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.test import Client
from h3s.django import SessionStore, session_of, sessions

SUBJECT = {"subject": "/_auth_user_id", "stale": "closed", "max_stale": 1}


def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


def enter(request: HttpRequest) -> JsonResponse:
    user = auth.authenticate(request, username="zoe", password="secret")
    assert user is not None
    auth.login(request, user)
    return who(request)


def leave(request: HttpRequest) -> JsonResponse:
    auth.logout(request)
    # Again does no harm.
    request.session.flush()
    return JsonResponse({})


def everywhere(request: HttpRequest) -> JsonResponse:
    session_of(request).revoke_everywhere()
    return JsonResponse({})


async def leave_async(request: HttpRequest) -> JsonResponse:
    await request.session.aflush()
    return JsonResponse({})


async def everywhere_async(request: HttpRequest) -> JsonResponse:
    await session_of(request).arevoke_everywhere()
    return JsonResponse({})


VIEWS = (who, enter, leave, everywhere, leave_async, everywhere_async)


def options(store: Union[Recording, MemoryStore], **more: Any) -> dict[str, Any]:
    return {"password": PASSWORD, "revocation": SUBJECT, "revocation_store": store, **more}


@pytest.fixture
def store() -> Recording:
    return Recording()


@pytest.fixture(params=["ours", "djangos"])
def middleware(request: pytest.FixtureRequest) -> list[str]:
    return {"ours": OURS, "djangos": STOCK}[request.param]


@pytest.fixture
def ready(store: Recording, middleware: list[str]) -> Iterator[None]:
    accounts()
    with project(*VIEWS, H3S_OPTIONS=options(store), MIDDLEWARE=middleware):
        yield


def copy(client: httpx.Client) -> dict[str, str]:
    return dict(client.cookies)


def user_of(at: str, cookies: dict[str, str]) -> str:
    with httpx.Client(timeout=20, cookies=cookies) as thief:
        return str(thief.get(at + "who").json()["user"])


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("view", ["leave", "everywhere", "leave_async", "everywhere_async"])
def test_a_logout_is_final(view: str, middleware: list[str], wsgi: Serve, client: httpx.Client) -> None:
    if view.endswith("async") and django.VERSION < (5, 1):
        pytest.skip("Django 5.1 brought the asynchronous sessions")
    at = wsgi(WSGIHandler()) + "/"
    client.get(at + "enter")
    copied = copy(client)
    assert user_of(at, copied) == "zoe"
    assert client.get(at + view).status_code == 200 and not client.cookies
    assert user_of(at, copied) == ""


@pytest.mark.usefixtures("ready")
def test_a_login_revokes_the_former_key(wsgi: Serve, client: httpx.Client, store: Recording) -> None:
    at = wsgi(WSGIHandler()) + "/"
    client.get(at + "count")
    former = copy(client)
    client.get(at + "enter")
    assert len(store.lines) == 1 and client.get(at + "who").json() == {"user": "zoe"}
    with httpx.Client(timeout=20, cookies=former) as thief:
        assert thief.get(at + "read").json() == {}


@pytest.mark.usefixtures("ready")
def test_a_logout_that_cannot_be_made_known_is_an_error_that_touches_no_cookie(
    wsgi: Serve, client: httpx.Client, store: Recording, middleware: list[str]
) -> None:
    at = wsgi(WSGIHandler()) + "/"
    client.get(at + "enter")
    store.is_down = True
    answer = client.get(at + "leave")
    # Django's own middleware knows no other answer.
    assert answer.status_code == (503 if middleware is OURS else 500) and not cookies_of(answer)
    store.is_down = False
    until(lambda: client.get(at + "who").status_code == 200)
    assert client.get(at + "who").json() == {"user": "zoe"}
    assert client.get(at + "leave").status_code == 200


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("middleware", ["ours"], indirect=True)
def test_closed_answers_503_without_the_store(asgi: Serve, client: httpx.Client, store: Recording) -> None:
    at = asgi(ASGIHandler()) + "/"
    client.get(at + "enter")
    store.is_down = True
    until(lambda: client.get(at + "who").status_code == 503)
    answer = client.get(at + "who")
    assert answer.status_code == 503 and not cookies_of(answer) and answer.headers["retry-after"]
    assert httpx.get(at + "who").status_code == 200
    store.is_down = False
    until(lambda: client.get(at + "who").status_code == 200)


@pytest.mark.usefixtures("ready")
@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
@pytest.mark.parametrize("middleware", ["ours"], indirect=True)
def test_the_event_loop_does_not_wait_for_the_store(asgi: Serve, client: httpx.Client, store: Recording) -> None:
    at = asgi(ASGIHandler()) + "/"
    client.get(at + "enter")
    loops = {thread.ident for thread in loop_threads()}
    client.get(at + "leave_async")
    assert store.threads and not loops & set(store.threads)


def loop_threads() -> list[Any]:
    import threading

    return [thread for thread in threading.enumerate() if "<lambda>" in thread.name]


@pytest.mark.usefixtures("ready")
def test_a_test_client_and_a_bare_store_revoke_as_well(store: Recording) -> None:
    client = Client()
    client.force_login(User.objects.get(username="zoe"))
    told = len(store.lines)
    client.logout()
    assert len(store.lines) == told + 1
    bare = SessionStore()
    bare["a"] = 1
    bare.flush()
    assert len(store.lines) == told + 1


def test_kinds_of_sessions_share_a_store(wsgi: Serve, client: httpx.Client) -> None:
    accounts()
    store = MemoryStore()
    cart = {"cart": options(store, name="cart")}

    def both(request: HttpRequest) -> JsonResponse:
        request.session["count"] = 1
        session_of(request, "cart")["apples"] = 2
        return JsonResponse({})

    def neither(request: HttpRequest) -> JsonResponse:
        request.session.flush()
        session_of(request, "cart").flush()
        return JsonResponse({})

    with project(both, neither, H3S_OPTIONS=options(store), H3S_SESSIONS=cart):
        at = wsgi(WSGIHandler()) + "/"
        client.get(at + "both")
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        client.get(at + "neither")
        assert sessions().get(cookies).rejection == sessions("cart").get(cookies).rejection == "revoked"


def test_an_asyncio_store_is_an_error_of_the_settings() -> None:
    class Feed:
        pause = 1.0

        async def publish(self, lines: Sequence[str]) -> None: ...

        async def poll(self) -> bool:
            return True

        async def close(self) -> None: ...

    class Store:
        def attach(self, revocations: h3s.Revocations) -> Feed:
            return Feed()

    store: Any = Store()
    with project(H3S_OPTIONS=options(store)), pytest.raises(ImproperlyConfigured, match="ValkeyStore"):
        sessions()


def test_without_revocation_a_flush_is_a_deletion() -> None:
    with project(H3S_OPTIONS={"password": PASSWORD}):
        store = SessionStore()
        store["a"] = 1
        store.flush()
        store.flush()
        assert store.is_empty()
        with pytest.raises(h3s.ConfigError):
            SessionStore().revoke_everywhere()
