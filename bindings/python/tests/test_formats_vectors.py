"""The vectors of docs/FORMATS.md, tokens of other frameworks, through this package."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import h3s
import pytest

from test_vectors import vectors


@cache
def sessions(options: str) -> h3s.Sessions:
    return h3s.Sessions.from_json(options)


@pytest.mark.parametrize("vector", vectors("formats-open.json"))
def test_a_session_of_a_framework_opens_from_its_cookies_and_its_token(vector: dict[str, Any]) -> None:
    opener, now = sessions(json.dumps(vector["options"])), vector["now_ms"] / 1000
    for session in (opener.unseal(vector["token"], now=now), opener.get(vector["cookie"], now=now)):
        assert dict(session) == json.loads(vector["data"])
        assert session.id and vector["id"] in (None, session.id)
        if vector["created_at"] is not None:
            assert session.created_at is not None
            assert round(session.created_at.timestamp() * 1000) == vector["created_at"]
        assert (session.is_new, session.rejection) == (False, None)


@pytest.mark.parametrize("vector", vectors("formats-refuse.json"))
def test_what_no_framework_would_seal_is_refused_with_its_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(h3s.Rejected) as refused:
        sessions(json.dumps(vector["options"])).unseal(vector["token"], now=vector["now_ms"] / 1000)
    assert refused.value.reason == vector["rejection"]
