"""What is revoked goes through a real server of Valkey or Redis, which fails in every way."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import h3s
import httpx
import pytest
import valkey
import valkey.asyncio
from h3s import valkey as h3s_valkey
from h3s.valkey import ValkeyStore
from test_revocation import in_a_child

from conftest import SOURCE, Serve
from frameworks import in_asgi, in_wsgi
from stores import OPTIONS, Server, logged_in, opened, server, until
from test_races import PARALLEL
from test_races import Browser as RacingBrowser

__all__ = ["server"]

STREAM = "h3s:revocations:h3"

OTHER_PROCESS = """
import sys, h3s
from h3s.valkey import ValkeyStore
options = {"password": sys.argv[2], "max_age": 3600, "revocation": {"subject": "/user/id"}}
sessions = h3s.Sessions(**options, revocation_store=ValkeyStore(sys.argv[1]))
for line in sys.stdin:
    print(sessions.get(line.strip()).rejection, flush=True)
"""


@contextmanager
def other_process(at: Server) -> Iterator[Any]:
    """A function that asks another process for the rejection of a cookie."""
    command = [sys.executable, "-c", OTHER_PROCESS, at.url, OPTIONS["password"]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin and process.stdout
    asked, said = process.stdin, process.stdout

    def ask(cookie: str) -> str:
        asked.write(cookie + "\n")
        return said.readline().strip()

    try:
        yield ask
    finally:
        process.kill()
        process.communicate(timeout=20)


def says_revoked(ask: Any, cookie: str) -> bool:
    return bool(ask(cookie) == "revoked")


def test_a_logout_is_refused_in_another_process_within_a_second(server: Server) -> None:
    sessions = opened(server.store())
    took = []
    with other_process(server) as ask:
        for _ in range(3):
            cookie = logged_in(sessions)
            assert ask(cookie) == "None"
            sessions.get(cookie).revoke()
            start = time.monotonic()
            until(partial(says_revoked, ask, cookie))
            took.append(time.monotonic() - start)
    # The best of some: the machine may be busy.
    assert min(took) < 1


def test_a_process_that_starts_knows_all_of_a_long_stream_before_its_first_request(server: Server) -> None:
    first = opened(server.store())
    cookie = logged_in(first)
    first.get(cookie).revoke()
    ((_, fields),) = server.client().xrange(STREAM)
    pipeline = server.client().pipeline()
    for number in range(3 * h3s_valkey.COUNT):
        pipeline.xadd(STREAM, {"e": f"no entry {number}"})
    pipeline.xadd(STREAM, fields)
    pipeline.execute()
    later = opened(server.store())
    assert later.revocations is not None and later.revocations.heard_at is not None
    assert later.get(cookie).rejection == "revoked"


def test_under_load_a_follower_asks_for_several_entries_at_once(server: Server) -> None:
    here, there, client = opened(server.store()), opened(server.store()), server.client()
    cookie = logged_in(here)
    start, before = time.monotonic(), _asked(client)
    for number in range(300):
        client.xadd(STREAM, {"e": f"no entry {number}"})
    here.get(cookie).revoke()
    until(lambda: there.get(cookie).rejection == "revoked")
    asked, took = _asked(client) - before, time.monotonic() - start
    assert asked <= 2 * (took / h3s_valkey.PAUSE + 2)


def _asked(client: Any) -> int:
    """How often anybody has read the stream."""
    return int(client.info("commandstats")["cmdstat_xread"]["calls"])


def test_messages_that_are_no_entries_are_passed_over(server: Server) -> None:
    sessions = opened(server.store())
    client = server.client()
    client.xadd(STREAM, {"other": "field"})
    client.xadd(STREAM, {b"e": b"\xff\x00"})
    client.xadd(STREAM, {"e": "h3r1..60.AAAA"})
    cookie = logged_in(sessions)
    there = opened(server.store())
    sessions.get(cookie).revoke()
    until(lambda: there.get(cookie).rejection == "revoked")


def test_what_has_ended_is_trimmed_with_the_next_logout(server: Server) -> None:
    sessions = opened(server.store())
    client = server.client()
    for number in range(100):
        client.xadd(STREAM, {"e": "old"}, id=f"{1000 + number}-0")
    # The first answer says what time it is there.
    sessions.revoke_session("a")
    sessions.revoke_session("b")
    assert client.xlen(STREAM) <= 11


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 3}], ids=str)
def test_a_client_of_ones_own_is_taken_and_a_prefix(server: Server, options: Any) -> None:
    here = opened(ValkeyStore(server.client(**options), prefix="ours:"))
    there = opened(ValkeyStore(server.client(**options), prefix="ours:"))
    cookie = logged_in(here)
    here.get(cookie).revoke()
    until(lambda: there.get(cookie).rejection == "revoked")
    assert server.client().xlen("ours:h3") == 1


@pytest.mark.parametrize(("max_stale", "block"), [(1, 250), (2, 500), (30, 1000), (86_400, 1000)])
def test_the_wait_for_news_is_short_enough_that_nobody_grows_stale_for_lack_of_them(
    server: Server, max_stale: int, block: int
) -> None:
    waits: list[int] = []

    class Client(valkey.Valkey):
        def xread(self, *arguments: Any, **named: Any) -> Any:
            if named["block"] is not None:
                waits.append(named["block"])
            return super().xread(*arguments, **named)

    with opened(ValkeyStore(Client(port=server.port)), revocation={"max_stale": max_stale}):
        until(lambda: waits)
    assert set(waits) == {block}


def test_what_is_no_server_is_an_error_without_the_password() -> None:
    for wrong in ("http://user:secret@host", valkey.asyncio.Valkey(), 42):
        with pytest.raises(h3s.ConfigError) as error:
            ValkeyStore(wrong)
        assert "secret" not in str(error.value)


def test_two_kinds_of_sessions_have_a_stream_each(server: Server) -> None:
    store = server.store()
    one, two = opened(store, name="one"), opened(store, name="two")
    one.revoke_session("a")
    two.revoke_session("a")
    two.revoke_session("b")
    assert server.client().xlen("h3s:revocations:one") == 1 and server.client().xlen("h3s:revocations:two") == 2


# ---- The server fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["kill", "freeze"])
def test_a_logout_without_the_server_is_an_error_and_the_session_goes_on(server: Server, by: str) -> None:
    sessions = opened(server.store())
    cookie = logged_in(sessions)
    getattr(server, by)()
    with pytest.raises(h3s.StoreError):
        sessions.get(cookie).revoke()
    assert sessions.get(cookie).source == "cookie"
    server.thaw() if by == "freeze" else server.start()
    until(lambda: revoked(sessions, cookie))


def revoked(sessions: h3s.Sessions, cookie: str) -> bool:
    try:
        sessions.get(cookie).revoke()
    except h3s.StateError:
        # Nothing came with it: a try that seemed to fail has been heard after all.
        pass
    except h3s.StoreError:
        return False
    return sessions.get(cookie).rejection == "revoked"


@pytest.mark.parametrize("by", ["kill", "freeze"])
def test_open_goes_on_without_the_server_and_closed_does_not(server: Server, by: str) -> None:
    goes_on = opened(server.store(), revocation={"max_stale": 2})
    stops = opened(server.store(), revocation={"max_stale": 2, "stale": "closed"})
    cookie = logged_in(goes_on)
    assert not goes_on.get(cookie).is_stale and stops.get(cookie).source == "cookie"
    getattr(server, by)()
    until(lambda: goes_on.get(cookie).is_stale)
    until(lambda: is_stale(stops, cookie))
    server.thaw() if by == "freeze" else server.start()
    until(lambda: not goes_on.get(cookie).is_stale and not is_stale(stops, cookie))


def is_stale(sessions: h3s.Sessions, cookie: str) -> bool:
    try:
        sessions.get(cookie)
    except h3s.StaleError:
        return True
    return False


def test_sessions_start_without_the_server_and_follow_it_once_it_is_there(server: Server) -> None:
    server.kill()
    sessions = opened(server.store())
    assert sessions.get(logged_in(sessions)).is_stale
    server.start()
    until(lambda: not sessions.get(logged_in(sessions)).is_stale)


def test_a_server_that_comes_back_with_its_data_has_lost_nothing(server: Server) -> None:
    sessions = opened(server.store())
    cookie = logged_in(sessions)
    sessions.get(cookie).revoke()
    sessions.close()
    server.kill()
    server.start()
    assert opened(server.store()).get(cookie).rejection == "revoked"


def test_what_a_server_has_lost_is_published_again_by_whoever_did_so(server: Server) -> None:
    sessions, others = opened(server.store()), opened(server.store())
    one, two = logged_in(sessions), logged_in(sessions)
    sessions.get(one).revoke()
    others.get(two).revoke()
    until(lambda: sessions.get(two).rejection == "revoked" and others.get(one).rejection == "revoked")
    server.kill(with_data=True)
    server.start()
    until(lambda: server.client().xlen(STREAM) == 2)
    fresh = opened(server.store())
    assert fresh.get(one).rejection == fresh.get(two).rejection == "revoked"


def test_what_was_deleted_under_a_connection_that_stays_is_published_again(server: Server) -> None:
    sessions = opened(server.store())
    sessions.revoke_session("a")
    server.client().flushall()
    until(lambda: server.client().xlen(STREAM) == 1)
    # Also where somebody else has published something since.
    other = opened(server.store())
    server.client().flushall()
    other.revoke_session("b")
    until(lambda: server.client().xlen(STREAM) == 2)


# ---- Threads, processes, many at once ------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_follows_by_a_connection_of_its_own(server: Server) -> None:
    sessions = opened(server.store())
    cookies = [logged_in(sessions) for _ in range(2)]

    def follows() -> bool:
        sessions.get(cookies[0]).revoke()
        until(lambda: sessions.get(cookies[1]).rejection == "revoked")
        return True

    def goes_on() -> None:
        until(lambda: sessions.get(cookies[0]).rejection == "revoked")
        sessions.get(cookies[1]).revoke()

    child = os.fork()
    if child == 0:
        done = False
        try:
            done = follows()
        finally:
            os._exit(0 if done else 1)
    goes_on()
    assert os.waitpid(child, 0)[1] == 0
    assert in_a_child(lambda: sessions.get(cookies[0]).rejection == "revoked")


def is_revoked(sessions: h3s.Sessions, cookie: str) -> bool:
    return sessions.get(cookie).rejection == "revoked"


def answer(session: Any, path: str) -> str:
    if path == "/logout":
        session.revoke()
    elif path.startswith("/write/"):
        session["value"] = path.removeprefix("/write/")
    return str(session.get("value"))


def test_the_logout_wins_on_two_servers_whatever_a_late_answer_brings_back(
    server: Server, asgi: Serve, wsgi: Serve, client: httpx.Client
) -> None:
    here, there = (opened(server.store(), idle_timeout=3600, cookie={"secure": False}) for _ in range(2))
    browser = RacingBrowser(client, "")
    at = [asgi(in_asgi(here, answer)), wsgi(in_wsgi(there, answer))]
    for turn in range(6):
        browser.cookies.clear()
        browser.ask(at[0] + "/write/begun")
        former = browser.headers()[0][1]
        name = there.get(former).id
        order = random.Random(turn)
        paths = [at[n % 2] + path for n, path in enumerate(["/read", "/read", "/write/late"] * (PARALLEL // 3))]
        paths.append(at[turn % 2] + "/logout")
        order.shuffle(paths)
        browser.ask_at_once(paths, order)
        kept = browser.headers()[0][1] if browser.cookies else None
        for sessions in (here, there):
            until(partial(is_revoked, sessions, former))
            assert sessions.get(kept).id != name


def test_an_event_loop_goes_on_while_the_server_is_frozen(server: Server) -> None:
    sessions = opened(server.store(), cookie={"secure": False})
    cookie = logged_in(sessions)
    app = in_asgi(sessions, answer)

    async def logout() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test.example") as client:
            server.freeze()
            asked = asyncio.create_task(client.get("/logout", headers={"Cookie": cookie}))
            seen = []
            while not asked.done():
                seen.append((await client.get("/read", headers={"Cookie": cookie})).status_code)
                await asyncio.sleep(0.01)
            return [(await asked).status_code, *seen]

    status, *seen = asyncio.run(logout())
    server.thaw()
    assert status == 503 and len(seen) > 3 and set(seen) == {200}
