"""How long a session of Django lives: by set_expiry, as Django documents it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Optional

import h3s
import pytest
from django_project import OURS, STOCK, accounts, project

from conftest import NOW, PASSWORD, cookie_of

# What follows needs the settings.
# isort: split
import django
from django.contrib import auth
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, override_settings
from h3s import _abi
from h3s.django import SessionStore, sessions

AGE = 1209600
HOUR, DAY = 3600, 24 * 3600


class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


class Server:
    """A client, a view that does what it is told, and a clock that stands at `now`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.client = Client()

    def visit(self, deed: Callable[[SessionStore], Any], at: Optional[float] = None) -> Any:
        if at is not None:
            self.clock.now = NOW + at
        _deeds.append(deed)
        response = self.client.get("/deed")
        self.cookie = response.cookies.get("sessionid")
        self.max_age = self.cookie["max-age"] if self.cookie is not None else None
        return _said.pop()

    def is_alive(self, at: float) -> bool:
        return not self.visit(lambda store: store.h3s.is_new, at)


_deeds: list[Callable[[SessionStore], Any]] = []
_said: list[Any] = []


def deed(request: HttpRequest) -> HttpResponse:
    _said.append(_deeds.pop()(request.session))  # type: ignore[arg-type]
    return HttpResponse()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, timezone.utc)


def write(store: SessionStore) -> None:
    store["n"] = store.get("n", 0) + 1


def expire(value: Any) -> Callable[[SessionStore], None]:
    return lambda store: store.set_expiry(value)


def told(store: SessionStore) -> tuple[int, datetime, bool]:
    return store.get_expiry_age(), store.get_expiry_date(), store.get_expire_at_browser_close()


@pytest.fixture(params=[OURS, STOCK], ids=["ours", "django's"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    accounts()
    clock = Clock()
    with project(deed, MIDDLEWARE=request.param, H3S_CLOCK=clock):
        yield Server(clock)


ONE_HOUR = [HOUR, float(HOUR), timedelta(hours=1), at(HOUR), at(HOUR).astimezone(timezone(timedelta(hours=5)))]


@pytest.mark.parametrize("value", ONE_HOUR, ids=str)
def test_a_session_ends_when_it_was_told_and_says_so(server: Server, value: Any) -> None:
    def deed(store: SessionStore) -> Any:
        store["user"] = 1
        store.set_expiry(value)
        return told(store)

    assert server.visit(deed) == (HOUR, at(HOUR), False)
    assert server.cookie is not None
    # Django's own middleware reads the time of the day for the rest of the cookie.
    assert server.max_age in (HOUR, str(HOUR))
    assert server.visit(told, 1000) == (HOUR - 1000, at(HOUR), False)
    assert server.cookie is None
    assert server.is_alive(HOUR) and not server.is_alive(HOUR + 1)


@pytest.mark.parametrize("value", ONE_HOUR, ids=str)
def test_a_server_in_another_language_ends_it_then_too(server: Server, value: Any) -> None:
    server.visit(expire(value))
    other = h3s.Sessions(password=PASSWORD, name="sessionid")
    cookie = f"sessionid={server.client.cookies['sessionid'].value}"
    assert not other.get(cookie, now=NOW + HOUR).is_new
    assert other.get(cookie, now=NOW + HOUR + 1).rejection == "expired"


def test_seconds_count_from_the_last_write_and_a_time_stands(server: Server) -> None:
    for value, end in ((300, 500.5), (timedelta(seconds=300), 300)):
        server.client.cookies.clear()
        server.visit(expire(value), 0)
        server.visit(lambda store: store.get("n"), 100)
        server.visit(write, 200.5)
        assert server.visit(lambda store: store.get_expiry_date(), 200.5) in (at(end), at(math.floor(end)))
        assert server.is_alive(math.floor(end)) and not server.is_alive(end + 1)


def test_a_read_makes_no_session_longer(server: Server) -> None:
    server.visit(expire(300))
    for moment in (100, 200, 300):
        server.visit(lambda store: store.get("n"), moment)
        assert server.cookie is None
    assert not server.is_alive(301)


def test_a_session_that_is_only_read_keeps_its_end_where_it_is_sealed_again() -> None:
    clock = Clock()
    with project(deed, H3S_CLOCK=clock):
        server = Server(clock)
        server.visit(expire(300))
        password = {"b": PASSWORD[::-1], "a": PASSWORD}
        with override_settings(H3S_OPTIONS={"password": password}):
            server.visit(lambda store: store.get("n"), 100)
            assert server.cookie is not None and not server.is_alive(301)


@pytest.mark.parametrize("value", [300, timedelta(seconds=300)], ids=str)
@pytest.mark.parametrize("order", ["first", "last", "at the next request"])
def test_the_end_is_the_same_when_the_key_is_cycled(server: Server, value: Any, order: str) -> None:
    def cycle_first(store: SessionStore) -> None:
        store.cycle_key()
        store.set_expiry(value)

    def cycle_last(store: SessionStore) -> None:
        store.set_expiry(value)
        store.cycle_key()

    server.visit(write)
    deeds = {
        "first": [cycle_first],
        "last": [cycle_last],
        "at the next request": [expire(value), lambda store: store.cycle_key()],
    }
    for part in deeds[order]:
        server.visit(part, 5 * DAY)
    assert server.visit(told) == (300, at(5 * DAY + 300), False)
    assert server.is_alive(5 * DAY + 300) and not server.is_alive(5 * DAY + 301)


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_login_keeps_it(server: Server, order: str) -> None:
    def login(request: HttpRequest) -> HttpResponse:
        user = User.objects.get(username="zoe")
        if order == "before":
            request.session.set_expiry(300)
        auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        if order == "after":
            request.session.set_expiry(300)
        return HttpResponse()

    server.visit(write)
    server.clock.now = NOW + DAY
    with project(login, deed, MIDDLEWARE=django.conf.settings.MIDDLEWARE, H3S_CLOCK=server.clock):
        server.client.get("/login")
        assert server.visit(told) == (300, at(DAY + 300), False)
        assert server.is_alive(DAY + 300) and not server.is_alive(DAY + 301)


def test_it_can_end_with_the_browser_and_go_back_to_the_settings(server: Server) -> None:
    for before, after in ((False, True), (True, False)):
        with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=before):
            server.client.cookies.clear()
            server.visit(write, 0)
            assert (server.max_age == "") == before
            server.visit(expire(0 if after else 600))
            assert (server.max_age == "") == after
            assert server.visit(told)[2] == after, "at the next request"
            server.visit(write)
            assert (server.max_age == "") == after, "and at the next write"
            server.visit(expire(None))
            assert (server.max_age == "") == before
            assert server.visit(told) == (AGE, at(AGE), before)
            assert not server.visit(lambda store: "_session_expiry" in store)


def test_none_where_there_is_nothing_makes_no_session(server: Server) -> None:
    server.visit(expire(None))
    assert server.cookie is None


def test_it_is_never_longer_than_the_settings_say(server: Server) -> None:
    for value in (AGE + 1, 10**9, timedelta.max, datetime.max.replace(tzinfo=timezone.utc)):
        server.client.cookies.clear()
        server.visit(write, 0)
        server.visit(expire(value), DAY)
        assert server.visit(told) == (AGE - DAY, at(AGE), False)
        assert server.is_alive(AGE) and not server.is_alive(AGE + 1)


def test_after_a_flush_it_has_none(server: Server) -> None:
    def deed(store: SessionStore) -> Any:
        store.set_expiry(300)
        store.flush()
        store["user"] = 2
        return told(store)

    assert server.visit(deed) == (AGE, at(AGE), False)

    def again(store: SessionStore) -> Any:
        store.flush()
        store.set_expiry(300)
        return told(store)

    assert server.visit(again) == (300, at(300), False)

    def logout(store: SessionStore) -> None:
        store.set_expiry(0)
        store.flush()

    server.visit(logout)
    assert "sessionid" not in server.client.cookies or not server.client.cookies["sessionid"].value


def test_with_every_request_saved_seconds_count_from_each(server: Server) -> None:
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        server.visit(expire(300), 0)
        for moment in (200, 400, 600):
            server.visit(lambda store: store.get("n"), moment)
            assert server.max_age in (300, "300")
        assert server.is_alive(900) and not server.is_alive(1201)
        server.visit(expire(at(2000)), 1300)
        server.visit(lambda store: store.get("n"), 1900)
        assert not server.is_alive(2001)


def test_with_every_request_saved_one_that_slides_by_itself_counts_too(server: Server) -> None:
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        server.visit(expire(10 * DAY), 0)
        server.visit(lambda store: store.get("n"), 8 * DAY)
        assert server.visit(lambda store: store.h3s.expires_at, 8 * DAY) == at(18 * DAY)


WRONG = [-1, -0.5, timedelta(0), timedelta(seconds=-1), at(0), at(-1), "1 hour", [300], math.nan, math.inf, 2**32]


@pytest.mark.parametrize("value", [*WRONG, datetime(2030, 1, 1)], ids=str)
def test_what_cannot_be_kept_is_an_error_and_changes_nothing(server: Server, value: Any) -> None:
    def refused(store: SessionStore) -> bool:
        with pytest.raises(h3s.DataError) as error:
            store.set_expiry(value)
        return error.value.key == "value" and not store.modified

    server.visit(expire(3000))
    assert server.visit(refused)
    assert server.visit(told) == (3000, at(3000), False)


POISON = [
    "-5",
    "1e400",
    "-1e400",
    "0.5",
    "true",
    "[]",
    "{}",
    '""',
    '"soon"',
    '"2"',
    '"2030-01-01T00:00:00"',
    '"9999-12-31T23:59:59.999999-14:00"',
    '"0001-01-01T00:00:00+14:00"',
    '"0001-01-01T00:00:00"',
]


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("use_tz", [True, False])
def test_what_another_service_has_written_there_is_never_an_error(poison: str, use_tz: bool) -> None:
    clock = Clock()
    with project(deed, H3S_CLOCK=clock, USE_TZ=use_tz):
        server = Server(clock)
        theirs = sessions().use(now=NOW)
        text = b'{"_session_expiry":%b}' % poison.encode()
        theirs._write(_abi.fast.h3s_replace, text, len(text))
        for part in (told, write, told, expire(None)):
            server.client.cookies["sessionid"] = cookie_of(theirs).partition("=")[2]
            server.visit(part, 100)


def test_a_session_that_another_service_has_rotated_ends_at_the_next_write_after_its_time(server: Server) -> None:
    server.visit(expire(at(300)))
    theirs = sessions().get(f"sessionid={server.client.cookies['sessionid'].value}", now=NOW + 200)
    theirs.rotate()
    server.client.cookies["sessionid"] = cookie_of(theirs).partition("=")[2]
    server.visit(write, 400)
    assert not server.is_alive(402)


def test_a_lifetime_of_another_service_stays(server: Server) -> None:
    theirs = sessions().use(now=NOW)
    theirs.set_lifetime(HOUR, ends_with_browser=True)
    server.client.cookies["sessionid"] = cookie_of(theirs).partition("=")[2]
    assert server.visit(told, 60) == (HOUR - 60, at(HOUR), True)
    server.visit(write, 60)
    assert server.max_age == "" and server.visit(told) == (HOUR - 60, at(HOUR), True)
    server.visit(expire(None))
    assert server.visit(told) == (AGE - 60, at(AGE), False)


# ---- Django's own arguments ----------------------------------------------------------------------

GIVEN: list[dict[str, Any]] = [
    {"expiry": 300},
    {"expiry": None},
    {"expiry": 0},
    {"expiry": at(500)},
    {"expiry": at(500).isoformat()},
    {"expiry": 300, "modification": at(-100)},
    {"expiry": at(500), "modification": at(-100)},
    {"modification": at(-100)},
    {"modification": at(0)},
]


@pytest.mark.parametrize("own", [None, 0, 300, at(300)], ids=str)
@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_arguments_of_the_getters_are_djangos(own: Any, given: dict[str, Any]) -> None:
    from django.contrib.sessions.backends.signed_cookies import SessionStore as Djangos

    with override_settings(H3S_CLOCK=lambda: NOW):
        ours, theirs = SessionStore(), Djangos()
        ours.set_expiry(own)
        theirs.set_expiry(own)
        # Django's clock is that of the day.
        wanted = {"modification": at(0), **given}
        assert ours.get_expiry_date(**given) == theirs.get_expiry_date(**wanted)
        assert ours.get_expiry_age(**given) == theirs.get_expiry_age(**wanted)
        assert ours.get_expire_at_browser_close() == theirs.get_expire_at_browser_close()


@pytest.mark.skipif(django.VERSION < (5, 1), reason="Django 5.1 brought the asynchronous sessions")
def test_the_asynchronous_methods_say_the_same() -> None:
    async def visit(store: Any) -> Any:
        await store.aset_expiry(300)
        first = (
            await store.aget_expiry_age(),
            await store.aget_expiry_date(),
            await store.aget_expiry_age(modification=at(-100), expiry=at(50)),
            await store.aget_expiry_date(expiry=60),
            await store.aget_expire_at_browser_close(),
        )
        await store.aset_expiry(0)
        return (*first, await store.aget_expire_at_browser_close())

    with override_settings(H3S_CLOCK=lambda: NOW):
        assert asyncio.run(visit(SessionStore())) == (300, at(300), 150, at(60), False, True)


def test_without_time_zones_times_have_none() -> None:
    with override_settings(H3S_CLOCK=lambda: NOW, USE_TZ=False, TIME_ZONE="Asia/Tokyo"):
        store = SessionStore()
        end = datetime.fromtimestamp(NOW + 300, timezone(timedelta(hours=9))).replace(tzinfo=None)
        store.set_expiry(end)
        assert (store.get_expiry_date(), store.get_expiry_age(), store.h3s.expires_at) == (end, 300, at(300))
        store.set_expiry(timedelta(seconds=60))
        assert store.get_expiry_date() == end - timedelta(seconds=240)
        assert store.get_expiry_age(modification=end - timedelta(seconds=300)) == 60


def test_the_age_of_the_options_is_that_of_the_store() -> None:
    with override_settings(H3S_CLOCK=lambda: NOW, H3S_OPTIONS={"password": PASSWORD, "max_age": 600}):
        store = SessionStore()
        store["a"] = 1
        assert told(store) == (600, at(600), False) and store.get_session_cookie_age() == 600
        assert store.get_expiry_age(expiry=None) == 600
        store.set_expiry(700)
        assert told(store) == (600, at(600), False)
    with override_settings(H3S_CLOCK=lambda: NOW, H3S_OPTIONS={"password": PASSWORD, "max_age": None}):
        store = SessionStore()
        store.set_expiry(700)
        assert told(store) == (700, at(700), False)


def test_a_test_client_can_set_it() -> None:
    clock = Clock()
    with project(deed, H3S_CLOCK=clock):
        server = Server(clock)
        session = server.client.session
        session["user"] = 1
        session.set_expiry(300)
        session.save()
        assert server.is_alive(300) and not server.is_alive(301)


def test_a_token_that_a_view_seals_says_the_same() -> None:
    with override_settings(H3S_CLOCK=lambda: NOW, SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
        store = SessionStore()
        store["user"] = 1
        assert sessions().unseal(store.h3s.seal(), now=NOW).ends_with_browser


def test_a_session_into_which_it_does_not_fit_stays_as_it_was() -> None:
    cookie = {"chunk_max_length": 400, "max_chunks": 1}
    with override_settings(H3S_CLOCK=lambda: NOW, H3S_OPTIONS={"password": PASSWORD, "cookie": cookie}):
        tried = 0
        for length in range(150, 260):
            store = SessionStore()
            try:
                store["text"] = "x" * length
                store.set_expiry(300)
            except h3s.TooLarge:
                tried += "text" in store
                assert "_session_expiry" not in store and store.h3s.lifetime is None
        assert tried > 3


# ---- In Fe26.2 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seal", ["h3-1", "h3-2"])
def test_in_fe26_what_cannot_be_kept_is_refused(seal: str) -> None:
    with override_settings(H3S_CLOCK=lambda: NOW, H3S_OPTIONS={"password": PASSWORD, "seal": seal}):
        store = SessionStore()
        store["user"] = 1
        for value in (0, 1, AGE - 1, timedelta(seconds=AGE), at(AGE)):
            with pytest.raises(h3s.StateError, match=r"set_expiry: Fe26\.2.*SESSION_COOKIE_AGE"):
                store.set_expiry(value)
        # What the settings say anyway.
        for enough in (None, AGE, AGE + 1):
            store.set_expiry(enough)
        assert told(store) == (AGE, at(AGE), False) and list(store.keys()) == ["user"]
        assert store.h3s.seal()


def test_in_fe26_sessions_do_not_end_with_the_browser_and_the_setting_is_an_error() -> None:
    options = {"password": PASSWORD, "seal": "h3-1"}
    settings = override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True, H3S_OPTIONS=options)
    words = r"SESSION_EXPIRE_AT_BROWSER_CLOSE: Fe26\.2.*H3S_OPTIONS"
    with settings, pytest.raises(ImproperlyConfigured, match=words):
        sessions()


def late(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[bytes]:
        yield b"a"
        request.session.set_expiry(300)

    return StreamingHttpResponse(body())


def test_an_expiry_that_is_set_after_the_response_is_reported() -> None:
    with project(late):
        response: Any = Client().get("/late")
        with pytest.warns(h3s.LateWriteWarning, match="so the write is lost") as caught:
            assert b"".join(response.streaming_content) == b"a"
    assert {warning.filename for warning in caught} == {__file__}
