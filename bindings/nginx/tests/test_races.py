"""Sixteen requests of one client at once, whose answers arrive in any order."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from conftest import OPTIONS, Nginx, cookie_with, sessions, set_cookies

ROUNDS = 300 if os.environ.get("H3S_SOAK") else 10
PARALLEL = 16
IDLE = {**OPTIONS, "idleTimeout": 3600}


@pytest.mark.parametrize("path", ["/write", "/logout"])
def test_no_read_undoes_a_write_or_a_logout(nginx: Nginx, client: httpx.Client, path: str) -> None:
    nginx.start(
        """
        location /read { h3s get; return 200 $h3s_id; }
        location /write { h3s use; h3s_set value written; return 200; }
        location /logout { h3s use; h3s_clear on; return 200; }
        """,
        options=IDLE,
    )
    for turn in range(ROUNDS):
        order = random.Random(turn)
        # So long ago that each read slides it.
        cookie = cookie_with({"value": "before"}, IDLE, now=time.time() - 3000)
        paths = [*["/read"] * (PARALLEL - 1), path]
        order.shuffle(paths)
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(pool.map(partial(client.get, headers={"Cookie": cookie}), paths))
        order.shuffle(answers)
        name, _, value = cookie.partition("=")
        jar = {name: value}
        for answer in answers:
            assert answer.status_code == 200
            (line,) = [line for line in set_cookies(answer) if "Max-Age=0" not in line] or [""]
            for deleted in set(set_cookies(answer)) - {line}:
                jar.pop(deleted.split("=")[0], None)
            if line:
                name, _, value = line.split(";")[0].partition("=")
                jar[name] = value
        session = sessions(IDLE).get("; ".join(f"{name}={value}" for name, value in jar.items()))
        assert session.get("value") == {"/write": "written", "/logout": None}[path], turn
        assert session.is_new == (path == "/logout")
