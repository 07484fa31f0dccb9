"""What was revoked is refused by all Sessions that share a store, and what is not known is told."""

from __future__ import annotations

import gc
import json
import logging
import os
import threading
from functools import partial
from typing import Any, Callable

import h3s
import pytest

from conftest import PASSWORD, cookie_of
from stores import Broken, logged_in, opened, until

# ---- What is refused -----------------------------------------------------------------------------


def test_a_revoked_session_is_refused_here_at_once_and_elsewhere_soon() -> None:
    store = h3s.MemoryStore()
    here, there = opened(store), opened(store)
    cookie = logged_in(here)
    assert there.get(cookie).source == "cookie"
    session = here.get(cookie)
    session.revoke()
    assert session.is_cleared and session == {} and "Max-Age=0" in session.set_cookies()[0]
    assert here.get(cookie).rejection == "revoked"
    until(lambda: there.get(cookie).rejection == "revoked")
    with pytest.raises(h3s.Rejected) as refused:
        there.unseal(cookie.partition("=")[2])
    assert refused.value.reason == "revoked"


def test_clear_deletes_a_cookie_and_revokes_nothing() -> None:
    sessions = opened(h3s.MemoryStore())
    cookie = logged_in(sessions)
    sessions.get(cookie).clear()
    assert sessions.get(cookie).source == "cookie"
    cleared = sessions.get(cookie)
    cleared.clear()
    with pytest.raises(h3s.StateError):
        cleared.revoke_everywhere()
    cleared.revoke()
    assert sessions.get(cookie).rejection == "revoked"


def test_a_logout_of_what_may_be_a_session_elsewhere_is_an_error() -> None:
    sessions = opened(h3s.MemoryStore())
    foreign = sessions.get("h3=h3s2.AAAA")
    with pytest.raises(h3s.Rejected) as refused:
        foreign.revoke()
    assert refused.value.reason == "unsupported_format" and not foreign.is_cleared


def test_rotate_revokes_the_former_id() -> None:
    sessions = opened(h3s.MemoryStore())
    cookie = logged_in(sessions)
    session = sessions.get(cookie)
    session.rotate()
    assert sessions.get(cookie).rejection == "revoked"
    assert sessions.get(cookie_of(session))["user"] == {"id": 42}


def test_revoke_everywhere_ends_all_sessions_of_the_subject_and_no_others() -> None:
    sessions = opened(h3s.MemoryStore())
    phone, desk, other = logged_in(sessions), logged_in(sessions, "42"), logged_in(sessions, 43)
    until(lambda: sessions.use().created_at != sessions.get(desk).created_at)
    sessions.get(phone).revoke_everywhere()
    assert [sessions.get(cookie).rejection for cookie in (phone, desk, other)] == ["revoked", "revoked", None]
    until(lambda: sessions.get(logged_in(sessions)).source == "cookie")
    with pytest.raises(h3s.StateError):
        sessions.use().revoke_everywhere()


def test_a_subject_an_id_or_everybody_is_revoked_from_outside() -> None:
    sessions = opened(h3s.MemoryStore())
    one, two, three = logged_in(sessions, "zoë"), logged_in(sessions, 7), logged_in(sessions, 8)
    moment = sessions.get(three).created_at
    until(lambda: sessions.use().created_at != moment)
    sessions.revoke_subject("zoë")
    assert sessions.get(one).rejection == "revoked" and sessions.get(two).rejection is None
    sessions.revoke_session(sessions.get(two).id)
    assert sessions.get(two).rejection == "revoked" and sessions.get(three).rejection is None
    sessions.revoke_everybody(before=moment)
    assert sessions.get(three).rejection is None
    sessions.revoke_everybody()
    assert sessions.get(three).rejection == "revoked"
    with pytest.raises(h3s.DataError):
        sessions.revoke_session("with space")


def test_the_view_counts_and_says_when_it_last_heard() -> None:
    sessions = opened(h3s.MemoryStore(), revocation_room=10)
    revocations = sessions.revocations
    assert revocations is not None and revocations.heard_at is not None
    assert revocations.entries == 0 and revocations.room >= 10 and revocations.missed == 0
    sessions.revoke_session("a")
    sessions.revoke_session("a")
    assert revocations.entries == 1 and "'h3'" in repr(revocations)


def test_without_revocation_nothing_can_be_revoked_and_no_thread_runs() -> None:
    before = set(threading.enumerate())
    sessions = h3s.Sessions(password=PASSWORD, max_age=60)
    assert sessions.revocations is None and set(threading.enumerate()) <= before
    session = sessions.use()
    for deed in (session.revoke, session.revoke_everywhere, sessions.revoke_everybody):
        with pytest.raises(h3s.ConfigError):
            deed()
    session.rotate()
    assert not session.is_stale


# ---- Options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"revocation": {}}, "revocation"),
        ({"revocation": {"max_stale": 0}}, "revocation.max_stale"),
        ({"revocation": {"stale": "ajar"}}, "revocation.stale"),
        ({"revocation": {"file": "here"}}, "revocation.file"),
        ({"revocation_store": h3s.MemoryStore()}, "revocation_store"),
        ({"revocation": {}, "revocation_store": h3s.MemoryStore(), "revocation_room": 0}, "revocation_room"),
    ],
)
def test_a_wrong_option_is_named_as_python_has_it(options: Any, key: str) -> None:
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions(password=PASSWORD, max_age=60, **options)
    assert error.value.key == key


def test_revocation_needs_an_end_of_all_sessions() -> None:
    with pytest.raises(h3s.ConfigError, match="max_age"):
        h3s.Sessions(password=PASSWORD, revocation={}, revocation_store=h3s.MemoryStore())


def test_the_json_of_other_languages_has_the_same_options() -> None:
    options = {"password": PASSWORD, "maxAge": 60, "revocation": {"subject": "/sub", "maxStale": 5}}
    text = json.dumps(options)
    sessions = h3s.Sessions.from_json(text, revocation_store=h3s.MemoryStore(), revocation_room=3)
    session = sessions.use()
    session["sub"] = "a"
    session.revoke_everywhere()


# ---- When the store is away ----------------------------------------------------------------------


def test_what_cannot_be_made_known_is_an_error_and_the_session_goes_on() -> None:
    store = Broken()
    sessions = opened(store)
    cookie = logged_in(sessions)
    store.is_down = True
    with pytest.raises(h3s.StoreError, match="cut off"):
        sessions.get(cookie).revoke()
    with pytest.raises(h3s.StoreError):
        sessions.revoke_everybody()
    assert sessions.get(cookie).source == "cookie"
    store.is_down = False
    sessions.get(cookie).revoke()
    assert sessions.get(cookie).rejection == "revoked"


def test_open_goes_on_without_the_store_and_says_so() -> None:
    store = Broken()
    store.is_down = True
    sessions = opened(store)
    session = sessions.get(logged_in(sessions))
    assert session.source == "cookie" and session.is_stale
    store.is_down = False
    until(lambda: not sessions.get(logged_in(sessions)).is_stale)


def test_closed_refuses_sessions_without_the_store_and_new_ones_go_on() -> None:
    store = Broken()
    sessions = opened(store, revocation={"stale": "closed", "max_stale": 1})
    cookie = logged_in(sessions)
    assert sessions.get(cookie).source == "cookie"
    store.is_down = True

    def is_stale() -> bool:
        try:
            sessions.get(cookie)
        except h3s.StaleError:
            return True
        return False

    until(is_stale)
    assert sessions.use().is_new
    with pytest.raises(h3s.StaleError):
        sessions.unseal(cookie.partition("=")[2])
    store.is_down = False
    until(lambda: not is_stale())


def test_an_outage_is_told_to_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    store = Broken()
    with caplog.at_level(logging.INFO, "h3s"):
        sessions = opened(store)
        store.is_down = True
        polled = store.polled
        until(lambda: store.polled > polled + 3)
        store.is_down = False
        until(lambda: "known again" in caplog.text)
        sessions.close()
    assert caplog.text.count("not known here") == 1 and caplog.text.count("cut off") == 1


def test_what_finds_no_room_is_an_error_of_the_logout_and_a_figure() -> None:
    sessions = opened(h3s.MemoryStore(), revocation_room=1, revocation={"stale": "closed"})
    cookie = logged_in(sessions)
    with pytest.raises(h3s.FullError):
        for number in range(1000):
            sessions.revoke_session(f"id-{number}")
    assert sessions.revocations is not None and sessions.revocations.missed
    with pytest.raises(h3s.StaleError):
        sessions.get(cookie)


# ---- Threads and processes -----------------------------------------------------------------------


def test_a_process_that_starts_later_knows_all_before_its_first_request() -> None:
    store = h3s.MemoryStore()
    first = opened(store)
    cookie = logged_in(first)
    first.get(cookie).revoke()
    assert opened(store).get(cookie).rejection == "revoked"


def test_a_store_in_memory_drops_what_has_ended_and_nothing_else() -> None:
    store = h3s.MemoryStore()
    here, there = opened(store, revocation_room=5000), opened(store, revocation_room=5000)
    cookie = logged_in(here)
    for number in range(100):
        here.revoke_session(f"before-{number}")
    here.get(cookie).revoke()
    for _ in range(30):
        store._add(["h3r1..60.AAAA"] * 100)
    assert len(store._lines) < 1300
    for number in range(100):
        here.revoke_session(f"after-{number}")
    for sessions in (there, opened(store, revocation_room=5000)):
        until(partial(holds, sessions, 201))
        assert sessions.get(cookie).rejection == "revoked"


def holds(sessions: h3s.Sessions, entries: int) -> bool:
    return sessions.revocations is not None and sessions.revocations.entries == entries


def in_a_child(deed: Callable[[], bool]) -> bool:
    """What it gives in a forked process."""
    child = os.fork()
    if child == 0:
        done = False
        try:
            done = deed()
        finally:
            os._exit(0 if done else 1)
    _, status = os.waitpid(child, 0)
    return status == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_follows_the_store_itself() -> None:
    store = Broken()
    sessions = opened(store)
    cookie = logged_in(sessions)

    def follows() -> bool:
        polled = store.polled
        until(lambda: store.polled > polled + 2)
        sessions.get(cookie).revoke()
        return sessions.get(cookie).rejection == "revoked"

    assert in_a_child(follows)
    assert sessions.get(cookie).source == "cookie"
    sessions.close()
    former = sessions.revocations

    def rests() -> bool:
        return former is not None and not _thread(former).is_alive()

    assert in_a_child(rests)


def _thread(revocations: h3s.Revocations) -> Any:
    """That follows."""
    return vars(revocations._following)["_thread"]


@pytest.mark.parametrize("by", ["close", "garbage"])
def test_the_thread_ends_with_the_sessions(by: str) -> None:
    sessions = opened(h3s.MemoryStore())
    session = sessions.use()
    assert sessions.revocations is not None
    thread = _thread(sessions.revocations)
    assert thread.is_alive()
    if by == "close":
        sessions.close()
    else:
        del session, sessions
        gc.collect()
    until(lambda: not thread.is_alive())


def test_sessions_attach_to_their_store_once() -> None:
    store = Broken()
    opened(store)
    assert store.attached == 1


def test_closed_sessions_say_so() -> None:
    sessions = opened(h3s.MemoryStore())
    cookie = logged_in(sessions)
    session = sessions.get(cookie)
    sessions.close()
    for deed in (lambda: sessions.get(cookie), sessions.revoke_everybody):
        with pytest.raises(h3s.StateError):
            deed()
    session.close()
    with pytest.raises(h3s.StateError):
        session.revoke()
