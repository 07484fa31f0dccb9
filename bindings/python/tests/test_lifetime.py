"""A lifetime of one session alone, such as a login without "remember me" has."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import h3s
import pytest
from h3s import asgi, wsgi

from conftest import NOW, PASSWORD, cookie_of
from frameworks import Browser

DAY = 24 * 3600


@pytest.fixture
def sessions() -> h3s.Sessions:
    return h3s.Sessions(password=PASSWORD, max_age=timedelta(days=7))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, timezone.utc)


def state(session: h3s.Session) -> tuple[Optional[timedelta], bool]:
    return session.lifetime, session.ends_with_browser


def test_a_session_lives_as_long_as_its_own_lifetime_and_no_longer(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    assert state(session) == (None, False)
    session.set_lifetime(3600)
    assert session.expires_at == at(3600) and "; Max-Age=3600;" in session.set_cookies()[0]
    cookie = cookie_of(session)
    for server in (sessions, h3s.Sessions(password=PASSWORD)):
        last = server.get(cookie, now=NOW + 3600)
        assert not last.is_new and state(last) == (timedelta(hours=1), False)
        after = server.get(cookie, now=NOW + 3601)
        assert after.rejection == "expired" and state(after) == (None, False)


def test_it_is_never_longer_than_max_age(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.set_lifetime(timedelta(days=300))
    assert session.expires_at == at(7 * DAY)


def test_a_cookie_that_ends_with_the_browser_has_no_end_of_its_own(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.set_lifetime(ends_with_browser=True)
    (cookie,) = session.set_cookies()
    assert "Max-Age" not in cookie and "Expires" not in cookie
    found = sessions.get(cookie_of(session), now=NOW)
    assert state(found) == (None, True) and found.expires_at == at(7 * DAY)
    found.set_lifetime(60, ends_with_browser=True)
    assert state(found) == (timedelta(minutes=1), True)
    found.set_lifetime()
    assert state(found) == (None, False) and "; Max-Age=604800;" in found.set_cookies()[0]


def test_it_stays_when_the_session_is_written_to_or_rotated(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.set_lifetime(7200, ends_with_browser=True)
    found = sessions.get(cookie_of(session), now=NOW + 60)
    found["cart"] = []
    found["cart"].append("apple")
    found = sessions.get(cookie_of(found), now=NOW + 3600)
    assert found["cart"] == ["apple"] and found.expires_at == at(7200)
    found.rotate()
    assert state(found) == (timedelta(hours=2), True) and found.expires_at == at(3600 + 7200)


def test_what_was_changed_in_place_goes_with_it(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["cart"] = cart = []
    cart.append("apple")
    session.set_lifetime(60)
    cart.append("pear")
    found = sessions.get(cookie_of(session), now=NOW)
    assert found["cart"] == ["apple", "pear"] and found.lifetime == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (1, 1),
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=1, microseconds=1), 2),
        (timedelta(days=1), DAY),
        (2.5, 3),
        (2**32 - 1, 2**32 - 1),
    ],
)
def test_fractions_of_a_second_round_up(given: Any, seconds: int) -> None:
    session = h3s.Sessions(password=PASSWORD).use(now=NOW)
    session.set_lifetime(given)
    assert session.lifetime == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "given",
    [0, -1, timedelta(0), timedelta(seconds=-1), 2**32, 10**400, timedelta.max, math.nan, math.inf, True, "60", [60]],
)
def test_a_wrong_max_age_is_an_error_that_names_it_and_changes_nothing(sessions: h3s.Sessions, given: Any) -> None:
    session = sessions.get(now=NOW)
    with pytest.raises(h3s.DataError, match="4294967295") as error:
        session.set_lifetime(given)
    assert error.value.key == "max_age" and isinstance(error.value, ValueError)
    assert state(session) == (None, False) and not session.is_dirty


def test_a_lifetime_that_is_over_is_refused_and_changes_nothing(sessions: h3s.Sessions) -> None:
    session = sessions.get(cookie_of(sessions.use(now=NOW)), now=NOW + 3600)
    with pytest.raises(h3s.Expired):
        session.set_lifetime(3599)
    assert state(session) == (None, False) and not session.is_dirty
    session.set_lifetime(3600)


def test_a_session_that_was_cleared_has_none(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.set_lifetime(60, ends_with_browser=True)
    session.clear()
    assert state(session) == (None, False)
    with pytest.raises(h3s.StateError):
        session.set_lifetime(60)
    session["a"] = 1
    assert state(session) == (None, False)


def test_a_closed_session_has_none() -> None:
    session = h3s.Sessions(password=PASSWORD).use()
    session.close()
    for ask in (session.set_lifetime, lambda: session.lifetime, lambda: session.ends_with_browser):
        with pytest.raises(h3s.StateError, match="closed"):
            ask()


@pytest.mark.parametrize("seal", ["h3-1", "h3-2"])
def test_fe26_has_no_place_for_it_and_says_so(seal: str) -> None:
    session = h3s.Sessions(password=PASSWORD, seal=seal).use(now=NOW)
    for more in ({"max_age": 60}, {"ends_with_browser": True}):
        with pytest.raises(h3s.StateError, match=r"Fe26\.2"):
            session.set_lifetime(**more)
    session.set_lifetime()


# ---- In the frameworks ---------------------------------------------------------------------------


def application_of(kind: str, sessions: h3s.Sessions, late: bool = False) -> Any:
    """Sets a lifetime: before the response's headers have gone, or late."""

    def in_wsgi(environ: Any, start_response: Any) -> Any:
        session = wsgi.session_of(environ)

        def body() -> Any:
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"a"
            if late:
                session.set_lifetime(60)
            yield b"b"

        if not late and environ["PATH_INFO"] == "/set":
            session.set_lifetime(60, ends_with_browser=True)
        return body() if late else (start_response("200 OK", []), [str(state(session)).encode()])[1]

    async def in_asgi(scope: Any, receive: Any, send: Any) -> None:
        session = asgi.session_of(scope)
        if not late and scope["path"] == "/set":
            session.set_lifetime(60, ends_with_browser=True)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if late:
            session.set_lifetime(60)
        await send({"type": "http.response.body", "body": b"ab" if late else str(state(session)).encode()})

    if kind == "wsgi":
        return wsgi.SessionMiddleware(in_wsgi, sessions)
    return asgi.SessionMiddleware(in_asgi, sessions)


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_lifetime_that_a_request_sets_is_there_at_the_next(kind: str, sessions: h3s.Sessions) -> None:
    jar = Browser(application_of(kind, sessions))
    (cookie,) = jar.get("/set").headers.get_list("set-cookie")
    assert "Max-Age" not in cookie
    read = jar.get("/read")
    assert read.text == str((timedelta(minutes=1), True)) and "set-cookie" not in read.headers


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_one_that_is_set_after_the_headers_have_gone_is_reported(kind: str, sessions: h3s.Sessions) -> None:
    with pytest.warns(h3s.LateWriteWarning, match="so the write is lost") as caught:
        assert Browser(application_of(kind, sessions, late=True)).get("/").text == "ab"
    assert [warning.filename for warning in caught] == [__file__]
