"""Stores of what is revoked, for tests."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Callable

import h3s

from conftest import PASSWORD, cookie_of

OPTIONS: dict[str, Any] = {
    "password": PASSWORD,
    "max_age": timedelta(hours=1),
    "revocation": {"subject": "/user/id", "max_stale": timedelta(seconds=30)},
}


def opened(store: Any, **options: Any) -> h3s.Sessions:
    return h3s.Sessions(**{**OPTIONS, **options}, revocation_store=store)


def logged_in(sessions: h3s.Sessions, user: Any = 42) -> str:
    """The Cookie header of a new session."""
    session = sessions.use()
    session["user"] = {"id": user}
    return cookie_of(session)


def until(happened: Callable[[], Any]) -> None:
    """Waits for what another thread does."""
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


class Broken:
    """A store that can be cut off."""

    pause = 0.01

    def __init__(self) -> None:
        self.is_down = False
        self.lines: list[str] = []
        self.polled = 0

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        self.asking = weakref.ref(revocations)
        return self

    def publish(self, lines: Sequence[str]) -> None:
        if self.is_down:
            raise ConnectionError("cut off")
        self.lines += lines

    def poll(self) -> bool:
        self.polled += 1
        if self.is_down:
            raise ConnectionError("cut off")
        revocations = self.asking()
        if revocations is not None:
            revocations.apply(self.lines)
            revocations.heard()
        return True


class Recording(Broken):
    """Knows on which threads it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []

    def publish(self, lines: Sequence[str]) -> None:
        self.threads.append(threading.get_ident())
        super().publish(lines)
