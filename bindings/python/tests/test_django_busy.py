"""Who forges too many tokens gets 429, wherever the session is opened, and nobody else does."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Callable

import h3s
import httpx
import pytest
from django_project import OURS, accounts, project

from conftest import NOW, PASSWORD, Serve

# What follows needs the settings.
# isort: split
import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from h3s.django import SessionMiddleware, SessionStore, session_of, sessions

OPTIONS: dict[str, Any] = {"password": PASSWORD, "seal": "h3-2"}


def the_address(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_X_ADDRESS", "192.0.2.1"))


def template(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, engines["django"].from_string("{{ request.session.count }}{{ user.is_active }}"))


def by_user(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


def stubborn(request: HttpRequest) -> HttpResponse:
    """Makes something else of any exception."""
    try:
        request.session.get("count")
    except Exception:  # noqa: BLE001
        return HttpResponse("no session", status=200)
    return HttpResponse("a session")


async def in_the_loop(request: HttpRequest) -> JsonResponse:
    if django.VERSION >= (5, 1):
        return JsonResponse({"count": await request.session.aget("count", 0)})
    return JsonResponse({"count": request.session.get("count", 0)})


def before(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that reads the session before the view does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == "/untouched" and "middleware" in request.GET:
            request.session.get("count")
        return get_response(request)

    return middleware


def after(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware around all that reads the session when all is done."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["X-Count"] = str(request.session.get("count", "none"))
        return response

    return middleware


VIEWS = (template, by_user, stubborn, in_the_loop)
PLACES = ["read", "template", "by_user", "stubborn", "in_the_loop", "untouched?middleware"]


@pytest.fixture(autouse=True)
def slow() -> Iterator[None]:
    """A format that derives keys, and a clock that stands, however slow the machine."""
    accounts()
    middleware = [*OURS, "test_django_busy.before"]
    with project(*VIEWS, H3S_OPTIONS=OPTIONS, H3S_PEER=the_address, H3S_CLOCK=lambda: NOW, MIDDLEWARE=middleware):
        yield


def forged() -> Iterator[dict[str, str]]:
    """Requests with a token each that has to be tried, and that none has sealed."""
    head, _, mac = h3s.Sessions(**OPTIONS).use(now=NOW).seal().rsplit("*", 2)
    number = 0
    while True:
        number += 1
        yield {"Cookie": f"sessionid={head}*{number:064x}*{mac}"}


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
@pytest.mark.parametrize("debug", [False, True])
def test_a_flood_of_forgeries_gets_429_wherever_the_session_is_opened(
    kind: str, debug: bool, wsgi: Serve, asgi: Serve, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = debug
    try:
        at = (wsgi(WSGIHandler()) if kind == "wsgi" else asgi(ASGIHandler())) + "/"
        flood = forged()
        statuses = [client.get(at + "read", headers=next(flood)).status_code for _ in range(25)]
        assert statuses == [200] * 20 + [429] * 5
        for place in PLACES:
            response = client.get(at + place, headers=next(flood))
            assert (response.status_code, response.text) == (429, ""), place
            assert "set-cookie" not in response.headers and response.headers["retry-after"] == "1"
        assert client.get(at + "untouched", headers=next(flood)).status_code == 200
        another = {**next(flood), "X-Address": "192.0.2.2"}
        assert client.get(at + "read", headers=another).status_code == 200
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
    finally:
        settings.DEBUG = False


def test_who_asks_after_the_response_finds_nobody_logged_in() -> None:
    with project(*VIEWS, MIDDLEWARE=["test_django_busy.after", *OURS], SESSION_SAVE_EVERY_REQUEST=True):
        client, flood = Client(), forged()
        for _ in range(21):
            client.get("/read", headers=next(flood))
        response = client.get("/untouched", headers=next(flood))
        assert (response.status_code, response["X-Count"]) == (200, "none") and not response.cookies


def test_the_peer_may_be_given_by_a_dotted_path() -> None:
    with project(H3S_PEER="test_django_busy.the_address"):
        client, flood = Client(), forged()
        for _ in range(20):
            client.get("/read", headers=next(flood))
        assert client.get("/read", headers=next(flood)).status_code == 429
        assert client.get("/read", headers={**next(flood), "X-Address": "192.0.2.3"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "statuses"),
    [("203.0.114.9", {200, 429}), ("2606:4700::1", {200, 429}), ("127.0.0.1", {200}), ("10.1.2.3", {200}), ("", {200})],
)
def test_without_a_peer_a_public_address_is_limited_and_a_proxy_is_not(address: str, statuses: set[int]) -> None:
    del settings.H3S_PEER
    try:
        with project(H3S_OPTIONS={**OPTIONS}):
            client, flood = Client(REMOTE_ADDR=address), forged()
            assert {client.get("/read", headers=next(flood)).status_code for _ in range(25)} == statuses
    finally:
        settings.H3S_PEER = the_address


def test_no_peer_is_no_limit() -> None:
    with project(H3S_PEER=None):
        client, flood = Client(REMOTE_ADDR="203.0.114.9"), forged()
        assert {client.get("/read", headers=next(flood)).status_code for _ in range(25)} == {200}


@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
def test_an_asynchronous_view_derives_the_key_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = h3s.Sessions(**OPTIONS).use(now=NOW)
    sealed["count"] = 41
    threads = []
    get = h3s.Sessions.get

    def spy(self: h3s.Sessions, *arguments: Any, **named: Any) -> h3s.Session:
        session = get(self, *arguments, **named)
        threads.append(threading.current_thread() is threading.main_thread())
        return session

    monkeypatch.setattr(h3s.Sessions, "get", spy)
    store = SessionStore(sealed.seal())

    async def work() -> list[Any]:
        return [await store.aget("count"), await store.ahas_key("count"), await store.aget_expiry_age()]

    count, known, age = asyncio.run(work())
    assert (count, known) == (41, True) and age > 0 and threads == [False]


@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
def test_an_asynchronous_view_opens_an_empty_session_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    get = h3s.Sessions.get

    def spy(self: h3s.Sessions, *arguments: Any, **named: Any) -> h3s.Session:
        calls.append(arguments)
        return get(self, *arguments, **named)

    monkeypatch.setattr(h3s.Sessions, "get", spy)
    store = SessionStore()

    async def work() -> Any:
        return await store.aget("count", "none")

    assert asyncio.run(work()) == "none" and len(calls) == 1


def test_a_session_does_not_keep_its_request_alive() -> None:
    gc.disable()
    try:
        request = RequestFactory().get("/")
        SessionMiddleware(lambda _: HttpResponse()).process_request(request)
        session_of(request)["a"] = sessions().cookie_name
        gone = weakref.ref(request), weakref.ref(request.session)
        del request
        assert gone[0]() is None and gone[1]() is None
    finally:
        gc.enable()
