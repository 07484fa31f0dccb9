"""What is counted, and that it is exact in threads and processes."""

from __future__ import annotations

import dataclasses
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import h3s
import pytest

from conftest import NOW, PASSWORD, cookie_of

REASONS = ["malformed", "unsupported_format", "unknown_key", "bad_seal", "expired", "idle", "revoked", "too_large"]


def grown(sessions: h3s.Sessions, act: Callable[[], object]) -> dict[str, int]:
    """By how much each figure has grown that has."""

    def flat() -> dict[str, int]:
        counts: dict[str, Any] = dataclasses.asdict(sessions.counts())
        refused = counts.pop("refused")
        return {**counts, **{f"refused {reason}": count for reason, count in refused.items()}}

    before = flat()
    act()
    return {name: count - before[name] for name, count in flat().items() if count > before[name]}


def test_each_thing_done_counts_under_its_own_name() -> None:
    sessions = h3s.Sessions(password=PASSWORD, idle_timeout=3600)
    session = sessions.use(now=NOW)
    session["a"] = 1
    cookie, token = cookie_of(session), session.seal()
    assert grown(sessions, lambda: sessions.use(now=NOW)) == {"made": 1}
    assert grown(sessions, lambda: sessions.use(cookie, now=NOW)) == {"opened_cookie": 1}
    assert grown(sessions, lambda: sessions.get(header=token, now=NOW)) == {"opened_header": 1}
    assert grown(sessions, lambda: sessions.unseal(token, now=NOW)) == {"opened_token": 1}
    slides = lambda: sessions.get(cookie, now=NOW + 1801).set_cookies()
    assert grown(sessions, slides) == {"opened_cookie": 1, "slid": 1}
    late = lambda: sessions.get(cookie, now=NOW + 3601)
    assert grown(sessions, late) == {"made": 1, "refused idle": 1}
    assert grown(sessions, session.rotate) == {"rotated": 1}
    assert grown(sessions, session.set_cookies) == {"sealed": 1}
    assert grown(sessions, session.clear) == {"cleared": 1}


def test_a_token_that_is_refused_counts_by_its_reason() -> None:
    sessions = h3s.Sessions(password=PASSWORD)

    def forged() -> None:
        with pytest.raises(h3s.Rejected):
            sessions.unseal("h3s1.k9.AAAA")

    assert grown(sessions, forged) == {"refused malformed": 1}
    assert list(sessions.counts().refused) == REASONS


def test_threads_lose_no_count() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    cookie = cookie_of(sessions.use())

    def visit(_: int) -> None:
        for _ in range(200):
            sessions.get(cookie)

    with ThreadPoolExecutor(8) as threads:
        assert grown(sessions, lambda: list(threads.map(visit, range(16)))) == {"opened_cookie": 3200}


def test_a_forked_child_counts_on_for_itself() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    sessions.get()
    fork = multiprocessing.get_context("fork")
    mine, its = fork.Pipe()

    def child() -> None:
        sessions.get()
        its.send(sessions.counts().made)

    process = fork.Process(target=child)
    process.start()
    assert mine.poll(60) and mine.recv() == 2
    process.join(60)
    assert process.exitcode == 0 and sessions.counts().made == 1


def test_closed_sessions_tell_no_counts() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    sessions.close()
    with pytest.raises(h3s.StateError, match="is closed"):
        sessions.counts()
