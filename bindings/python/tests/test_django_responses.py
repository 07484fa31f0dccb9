"""What goes out with a response, what comes in by a request, and what is written too late."""

from __future__ import annotations

import asyncio
import gc
import pickle
import socket
import sys
import types
import uuid
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Callable, Optional
from urllib.parse import urlsplit

import h3s
import httpx
import pytest
from django_project import OURS, project

from conftest import Serve, cookie_of, cookies_of, from_another_site

# What follows needs the settings.
# isort: split
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.views.decorators.cache import cache_control, cache_page
from h3s.django import SessionStore, session_of, sessions
from h3s.django._cookie import SetCookie

CACHED = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *OURS,
    "django.middleware.cache.FetchFromCacheMiddleware",
]

# ---- Caches --------------------------------------------------------------------------------------


def mine(request: HttpRequest) -> HttpResponse:
    request.session["user"] = str(uuid.uuid4())
    return HttpResponse(request.session["user"])


@cache_control(private=True, no_store=True)
def account(request: HttpRequest) -> HttpResponse:
    return mine(request)


@cache_page(60)
def page(request: HttpRequest) -> HttpResponse:
    return mine(request)


def common(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(uuid.uuid4()))


@pytest.mark.parametrize("view", ["mine", "account"])
def test_the_cache_of_a_site_keeps_no_page_that_sets_the_cookie(view: str, wsgi: Serve) -> None:
    with project(mine, account, common, MIDDLEWARE=CACHED):
        at = wsgi(WSGIHandler()) + "/"
        first, second = (httpx.get(at + view, headers={"Cookie": "consent=yes"}) for _ in range(2))
        assert first.text != second.text and cookies_of(first) and cookies_of(first) != cookies_of(second)
        assert "private" in [part.strip() for part in first.headers["cache-control"].split(",")]
        # What no session has to do with is kept.
        first, second = (httpx.get(at + "common", headers={"Cookie": "consent=yes"}) for _ in range(2))
        assert first.text == second.text and (first.status_code, second.status_code) == (200, 200)


def test_the_cache_of_a_site_keeps_a_page_that_only_reads_apart_for_each_session(wsgi: Serve) -> None:
    with project(MIDDLEWARE=CACHED):
        at = wsgi(WSGIHandler()) + "/"

        def visitor(count: int) -> dict[str, str]:
            session = sessions().use()
            session["count"] = count
            return {"Cookie": cookie_of(session)}

        alice, bob = visitor(1), visitor(2)
        for _ in range(2):
            assert httpx.get(at + "read", headers=alice).json() == {"count": 1}
            assert httpx.get(at + "read", headers=bob).json() == {"count": 2}


def test_a_cached_view_hands_nobody_the_cookie_of_another(wsgi: Serve) -> None:
    with project(page):
        at = wsgi(WSGIHandler()) + "/"
        first, second = (httpx.get(at + "page", headers={"Cookie": f"consent={uuid.uuid4()}"}) for _ in range(2))
        assert cookies_of(first) and not set(cookies_of(first)) & set(cookies_of(second))


def test_a_constant_response_gives_nobody_the_session_of_another(wsgi: Serve) -> None:
    constant = HttpResponse("the same for all")

    def login(request: HttpRequest) -> HttpResponse:
        request.session["user"] = "alice"
        return constant

    def shared(request: HttpRequest) -> HttpResponse:
        return constant

    with project(login, shared):
        at = wsgi(WSGIHandler()) + "/"
        first, second = (httpx.get(at + "login") for _ in range(2))
        assert cookies_of(first) and len(cookies_of(second)) == 1 and cookies_of(first) != cookies_of(second)
        stranger = httpx.get(at + "shared")
        assert stranger.text == "the same for all" and not cookies_of(stranger)
        assert "vary" not in stranger.headers and "cache-control" not in stranger.headers


def test_the_cookie_survives_being_pickled() -> None:
    value = "a=b; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High"
    cookie = pickle.loads(pickle.dumps(SetCookie(value)))
    assert set(cookie.OutputString().split("; ")) == set(value.split("; ")) and cookie["samesite"] == "None"
    cookie["samesite"] = "Lax"
    assert "SameSite=Lax" in cookie.OutputString() and "Priority=High" in cookie.OutputString()


# ---- Cookie lines --------------------------------------------------------------------------------


def answer(at: str, path: str, *lines: str) -> str:
    """By a request with these header lines, which httpx would join."""
    address = urlsplit(at)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        connection.sendall(
            "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()
        )
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    return data.decode()


@pytest.mark.parametrize("size", [1, 5_000])
def test_several_cookie_lines_are_read_each_by_itself(size: int, asgi: Serve) -> None:
    with project():
        at = asgi(ASGIHandler())
        session = sessions().use()
        session["count"] = "x" * size
        pairs = cookie_of(session).split("; ")
        theme = "Cookie: theme=dark, light"
        for lines in ([theme, *(f"Cookie: {pair}" for pair in pairs)], [*(f"Cookie: {pair}" for pair in pairs), theme]):
            assert f'"count": "{"x" * size}"' in answer(at, "/read", *lines)


# ---- Changes and logouts -------------------------------------------------------------------------


def append(request: HttpRequest) -> JsonResponse:
    cart = request.session.setdefault("cart", {"items": []})
    cart["items"].append([len(cart["items"])])
    request.session.modified = True
    return JsonResponse(cart)


def deep(request: HttpRequest) -> JsonResponse:
    request.session["cart"]["items"][0].append({"kind": "apple"})
    return JsonResponse({})


def large(request: HttpRequest) -> JsonResponse:
    request.session["text"] = "x" * 5_000
    return JsonResponse({})


def emptied(request: HttpRequest) -> JsonResponse:
    request.session.clear()
    request.session.modified = True
    return JsonResponse({"id": session_of(request).h3s.id})


def left(request: HttpRequest) -> JsonResponse:
    request.session.flush()
    request.session.modified = True
    return JsonResponse({})


def touched(request: HttpRequest) -> JsonResponse:
    request.session.modified = True
    return JsonResponse({})


def test_changes_inside_of_containers_are_kept(wsgi: Serve, client: httpx.Client) -> None:
    with project(append, deep):
        at = wsgi(WSGIHandler()) + "/"
        assert [len(client.get(at + "append").json()["items"]) for _ in range(3)] == [1, 2, 3]
        client.get(at + "deep")
        assert client.get(at + "read").json() == {"cart": {"items": [[0, {"kind": "apple"}], [1], [2]]}}


def saved(request: HttpRequest) -> JsonResponse:
    cart = request.session.setdefault("cart", [])
    before, between, after = ([*cart, word] for word in ("before", "between", "after"))
    cart.append(before)
    request.session.save()
    request.session["new"] = new = []
    new.append(between)
    request.session.save()
    cart.append(after)
    return JsonResponse({})


STOCK = ["django.contrib.sessions.middleware.SessionMiddleware"]


@pytest.mark.parametrize("middleware", [OURS, STOCK], ids=["ours", "Django's"])
def test_a_save_loses_no_change_in_a_container(middleware: list[str], wsgi: Serve, client: httpx.Client) -> None:
    with project(saved, MIDDLEWARE=middleware), warnings.catch_warnings():
        warnings.simplefilter("error")
        at = wsgi(WSGIHandler()) + "/"
        for visits in (1, 2):
            client.get(at + "saved")
            found = client.get(at + "read").json()
            assert len(found["cart"]) == 2 * visits and len(found["new"]) == 1


def expiring(request: HttpRequest) -> JsonResponse:
    request.session["a"] = 1
    request.session.set_expiry(timedelta(days=14) if "delta" in request.GET else 1209600)
    return JsonResponse({"until closed": request.session.get_expire_at_browser_close()})


@pytest.mark.parametrize("query", ["", "?delta"])
def test_a_login_lasts_for_the_age_of_the_settings_where_the_code_says_so(query: str) -> None:
    with project(expiring, SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        response = Client().get("/expiring" + query)
        assert response.json() == {"until closed": False}
        assert response.cookies["sessionid"]["max-age"] == "1209600"


class Tracing(SessionStore):
    """As one overrides a store to log what is asked of it."""

    @property
    def session_key(self) -> Optional[str]:
        return super().session_key


def test_a_store_that_overrides_its_key_works_under_djangos_middleware() -> None:
    module = types.ModuleType("tracing_sessions")
    module.SessionStore = Tracing  # type: ignore[attr-defined]
    sys.modules["tracing_sessions"] = module
    with project(append, MIDDLEWARE=STOCK, SESSION_ENGINE="tracing_sessions"):
        browser = Client()
        assert [len(browser.get("/append").json()["items"]) for _ in range(3)] == [1, 2, 3]


def test_other_kinds_of_sessions_under_djangos_middleware_are_an_error() -> None:
    more = {"cart": {"name": "cart", "password": "another example of 32 characters or more"}}
    with (
        project(append, MIDDLEWARE=STOCK, H3S_SESSIONS=more),
        pytest.raises(ImproperlyConfigured, match="H3S_SESSIONS"),
    ):
        Client().get("/append")


@pytest.mark.parametrize("view", ["left", "logout"])
def test_a_flush_deletes_the_cookie_and_its_chunks_whatever_modified_says(
    view: str, wsgi: Serve, client: httpx.Client
) -> None:
    with project(large, left):
        at = wsgi(WSGIHandler()) + "/"
        client.get(at + "large")
        kept, names = dict(client.cookies), set(client.cookies)
        assert len(names) > 2
        deleting = cookies_of(client.get(at + view))
        assert {value.partition("=")[0] for value in deleting} == names
        assert all("Max-Age=0" in value for value in deleting) and not client.cookies
        assert client.get(at + "read").json() == {}
        assert kept


def test_a_flush_of_another_site_makes_no_session(wsgi: Serve) -> None:
    with project(left):
        at = wsgi(WSGIHandler()) + "/"
        for headers in from_another_site():
            assert not cookies_of(httpx.post(at + "left", headers=headers)), headers


def test_a_cleared_session_goes_on_without_data_in_one_cookie(wsgi: Serve, client: httpx.Client) -> None:
    with project(large, emptied):
        at = wsgi(WSGIHandler()) + "/"
        client.get(at + "large")
        assert client.get(at + "emptied").json()["id"] and set(client.cookies) == {"sessionid"}
        assert client.get(at + "read").json() == {}


def test_modified_seals_a_session_again_and_makes_none(wsgi: Serve, client: httpx.Client) -> None:
    with project(touched):
        at = wsgi(WSGIHandler()) + "/"
        assert not cookies_of(client.get(at + "touched"))
        client.get(at + "count")
        assert len(cookies_of(client.get(at + "touched"))) == 1
        assert client.get(at + "read").json() == {"count": 1}


# ---- Late writes ---------------------------------------------------------------------------------


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[bytes]:
        yield b"a"
        request.session["late"] = 1
        yield b"b"

    return StreamingHttpResponse(body())


def inside(request: HttpRequest) -> StreamingHttpResponse:
    cart = request.session.setdefault("cart", [])

    def body() -> Iterator[bytes]:
        yield b"a"
        cart.append(1)
        yield b"b"

    return StreamingHttpResponse(body())


def reading(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(str(request.session.get("count")) for _ in range(2))


def around(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware in the wrong place: outside of the session's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        request.session.cycle_key()
        return response

    return middleware


def said(path: str, **settings: Any) -> list[warnings.WarningMessage]:
    with project(stream, inside, reading, **settings), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = Client()
        response = client.get(path)
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)  # type: ignore[attr-defined]
        response.close()
        assert client.get("/read").json().get("late") is None
    return [one for one in caught if issubclass(one.category, h3s.LateWriteWarning)]


def test_a_write_after_the_response_is_reported_where_it_was_made() -> None:
    (warning,) = said("/stream")
    assert warning.filename == __file__ and "so the write is lost" in str(warning.message)
    around_all = said("/count", MIDDLEWARE=["test_django_responses.around", *OURS])
    assert around_all and all(warning.filename == __file__ for warning in around_all)


def test_a_change_inside_of_a_list_after_the_response_is_reported_with_its_path() -> None:
    (warning,) = said("/inside")
    assert "/inside" in str(warning.message)


def test_what_is_only_read_late_or_written_in_time_is_not_reported() -> None:
    for path in ("/reading", "/count", "/read", "/untouched", "/logout"):
        assert not said(path), path


def test_a_store_without_a_response_is_not_reported() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", h3s.LateWriteWarning)
        store = SessionStore()
        store["a"] = 1
        store.save()
        del store
        gc.collect()


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_real_servers_report_a_late_write(kind: str, wsgi: Serve, asgi: Serve, client: httpx.Client) -> None:
    async def in_the_loop(request: HttpRequest) -> StreamingHttpResponse:
        async def body() -> Any:
            yield b"a"
            await asyncio.sleep(0)
            request.session["late"] = 1
            yield b"b"

        return StreamingHttpResponse(body())

    with project(stream, in_the_loop):
        at = wsgi(WSGIHandler()) + "/stream" if kind == "wsgi" else asgi(ASGIHandler()) + "/in_the_loop"
        with pytest.warns(h3s.LateWriteWarning, match="so the write is lost"):
            text = client.get(at).text
        assert text == "ab"
