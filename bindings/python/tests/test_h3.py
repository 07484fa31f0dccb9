"""A real h3 server and a Flask application with one cookie jar."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import h3s
import httpx
import pytest

from conftest import PASSWORD, Serve
from test_flask import application

SERVER = Path(__file__).resolve().parents[3] / "tests/interop/h3-server.mjs"


@pytest.fixture
def h3() -> Iterator[str]:
    with subprocess.Popen(["node", str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            yield address
        finally:
            server.stdin.close()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def test_log_in_at_h3_count_here_and_clear_at_either(h3: str, wsgi: Serve, client: httpx.Client) -> None:
    sessions = h3s.Sessions(password=PASSWORD, max_age=604800, cookie={"secure": False}, seal={"format": "fe26.2"})
    here = wsgi(application(sessions))
    login = client.post(h3 + "/login").json()
    assert client.get(here).json() == {"user": "Zoë", "count": 1}
    found = client.get(h3).json()
    assert found == {"id": login["id"], "data": {"user": "Zoë", "count": 2}}
    client.get(here + "/login")
    rotated = client.get(h3).json()
    assert rotated["id"] != login["id"] and rotated["data"]["cart"] == []
    client.get(here + "/logout")
    assert client.get(h3).json()["data"] == {"count": 1}
    client.post(h3 + "/clear")
    assert client.get(here + "/read").json() == {}
