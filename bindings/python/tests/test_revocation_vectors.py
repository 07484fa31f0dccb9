"""The vectors of docs/REVOCATION.md, through this package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Optional

import h3s
import pytest

from test_vectors import vectors


class Silent:
    """A store that nobody hears of anything by."""

    pause = 60.0

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        return self

    def publish(self, lines: Sequence[str]) -> None:
        pass

    def poll(self) -> bool:
        return True


@cache
def made(options: str) -> h3s.Sessions:
    """To derive keys anew for each vector takes long."""
    return h3s.Sessions.from_json(options, revocation_store=Silent())


class Copies:
    """One copy of what is revoked, for Sessions of several options."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._first: Optional[h3s.Revocations] = None

    def of(self, options: Any) -> tuple[h3s.Sessions, h3s.Revocations]:
        sessions = made(json.dumps(options))
        assert sessions._handle is not None
        own = h3s.Revocations(sessions._handle, sessions.cookie_name, Silent(), self._room, 60)
        own.close()
        self._first = self._first or own
        own._replica = self._first._replica
        sessions.revocations, sessions._replica = own, own._replica
        return sessions, own


@pytest.mark.parametrize("vector", vectors("revocation-open.json"))
def test_every_entry_refuses_its_session(vector: Any) -> None:
    sessions, revocations = Copies(8).of(vector["options"])
    now = vector["now_ms"] / 1000
    session = sessions.unseal(vector["token"], now=now)
    assert vector["kind"] != "session" or session.id == vector["text"]
    assert revocations.apply([vector["line"]], now=now) == 1
    with pytest.raises(h3s.Rejected) as refused:
        sessions.unseal(vector["token"], now=now)
    assert refused.value.reason == "revoked"


@pytest.mark.parametrize("vector", vectors("revocation-refuse.json"))
def test_every_line_that_is_no_entry_is_passed_over(vector: Any) -> None:
    _, revocations = Copies(8).of(vector["options"])
    assert revocations.apply([vector["line"]], now=vector["now_ms"] / 1000) == 0


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("vector", vectors("revocation-table.json"))
def test_sessions_are_refused_by_the_entries_that_were_applied(vector: Any, order: int) -> None:
    copies = Copies(64)
    for step in vector["steps"]:
        _, revocations = copies.of(step["options"])
        revocations.apply(step["text"].split("\n")[::order], now=step["now_ms"] / 1000)
        if step["heard"]:
            revocations.heard(now=step["now_ms"] / 1000)
    for checked in vector["sessions"]:
        sessions, _ = copies.of(checked["options"])
        session = sessions.get(header=checked["token"], now=checked["now_ms"] / 1000)
        assert (session.rejection, session.is_stale) == (checked["rejection"], checked["stale"])
