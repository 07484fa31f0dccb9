"""The format's vectors, through this package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h3s
import pytest

VECTORS = Path(__file__).resolve().parents[3] / "tests/vectors"


def vectors(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in json.loads((VECTORS / name).read_text())]


def milliseconds(time: Any) -> int:
    return round(time.timestamp() * 1000) if time else 0


@pytest.mark.parametrize("vector", vectors("h3s1-open.json"))
def test_every_good_token_opens(vector: dict[str, Any]) -> None:
    sessions = h3s.Sessions.from_json(json.dumps(vector["options"]))
    session = sessions.unseal(vector["token"], now=vector["now_ms"] / 1000)
    assert session.id == vector["id"]
    assert dict(session) == json.loads(vector["data"])
    assert milliseconds(session.created_at) == vector["created_at"]
    assert milliseconds(session.last_seen_at) == (vector["last_seen_at"] or 0)
    assert (session.source, session.is_new, session.rejection) == ("token", False, None)


@pytest.mark.parametrize("vector", vectors("h3s1-refuse.json"))
def test_every_bad_token_is_refused_with_its_reason(vector: dict[str, Any]) -> None:
    sessions = h3s.Sessions.from_json(json.dumps(vector["options"]))
    with pytest.raises(h3s.Rejected) as refused:
        sessions.unseal(vector["token"], now=vector["now_ms"] / 1000)
    assert refused.value.reason == vector["rejection"]
    assert isinstance(refused.value, h3s.Expired) == (vector["rejection"] in ("expired", "idle"))
