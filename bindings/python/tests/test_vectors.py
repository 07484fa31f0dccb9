"""The format's vectors, through this package."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import h3s
import pytest
from h3s import _abi

VECTORS = Path(__file__).resolve().parents[3] / "tests/vectors"
PASSWORD = "correct horse battery staple, and more of it"


def vectors(name: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text())
    # Of none pytest would make a test that is skipped.
    assert found, name
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def sealed_by_another(data: str) -> str:
    """A token of any data, under the right key."""
    sys.path.append(str(VECTORS))
    import reference

    record = reference.Record(b"x", 1_800_000_000_000, None, None, data.encode())
    return reference.seal_plaintext({"password": PASSWORD}, reference.plaintext(record), bytes(24))


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
    assert session.lifetime == (timedelta(seconds=vector["lifetime"]) if vector["lifetime"] else None)
    assert session.ends_with_browser is vector["ends_with_browser"]
    assert (session.source, session.is_new, session.rejection) == ("token", False, None)


@pytest.mark.parametrize("vector", vectors("h3s1-refuse.json"))
def test_every_bad_token_is_refused_with_its_reason(vector: dict[str, Any]) -> None:
    sessions = h3s.Sessions.from_json(json.dumps(vector["options"]))
    with pytest.raises(h3s.Rejected) as refused:
        sessions.unseal(vector["token"], now=vector["now_ms"] / 1000)
    assert refused.value.reason == vector["rejection"]
    assert isinstance(refused.value, h3s.Expired) == (vector["rejection"] in ("expired", "idle"))


@pytest.mark.parametrize("vector", vectors("h3s1-seen.json"))
def test_what_stands_beside_a_token_slides_it_or_is_passed_over(vector: dict[str, Any]) -> None:
    sessions = h3s.Sessions.from_json(json.dumps(vector["options"]))
    session = sessions.get(vector["cookie"], vector["header"], now=vector["now_ms"] / 1000)
    assert milliseconds(session.last_seen_at) == (vector["last_seen_at"] or 0)
    assert session.rejection == vector["rejection"]


@pytest.mark.parametrize("vector", vectors("h3s1-write.json"))
def test_every_good_text_is_written_and_every_bad_one_refused(vector: dict[str, Any]) -> None:
    """By the function of all writes, which themselves have no bad text for it."""
    session = h3s.Sessions(password=PASSWORD).use()
    given = bytes.fromhex(vector["given"])
    if vector["data"] is None:
        with pytest.raises(h3s.DataError):
            session._write(_abi.fast.h3s_replace, given, len(given))
    else:
        session._write(_abi.fast.h3s_replace, given, len(given))
        assert dict(session) == json.loads(vector["data"])


@pytest.mark.parametrize("data", ['{"a":tru,"b":1}', '{"a":secret}', '{"a":' + "[" * 6000 + "]" * 6000 + "}"])
def test_authentic_data_that_python_cannot_read_is_a_data_error_without_the_data(data: str) -> None:
    token = sealed_by_another(data)
    for use in (dict, len, list, lambda session: session["a"]):
        session = h3s.Sessions(password=PASSWORD).unseal(token, now=1_800_000_000)
        with pytest.raises(h3s.DataError) as refused:
            use(session)
        assert "secret" not in str(refused.value)
        assert refused.value.__suppress_context__
    session["a"] = 1
    assert session["a"] == 1
