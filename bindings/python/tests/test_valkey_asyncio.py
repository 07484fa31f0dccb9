"""An asyncio store: the event loop itself follows a real server, which fails in every way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import h3s
import httpx
import pytest
import valkey
import valkey.asyncio
from h3s import flask as h3s_flask
from h3s import wsgi as h3s_wsgi
from h3s.asgi import SessionMiddleware, session_of
from h3s.valkey import AsyncValkeyStore
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from test_revocation import in_a_child

from frameworks import in_asgi
from stores import Server, logged_in, opened, server, until

__all__ = ["server"]

STREAM = "h3s:revocations:h3"


def answer(session: Any, path: str) -> str:
    if path == "/logout":
        session.revoke()
    return str(session.get("user"))


def following(server: Server, **options: Any) -> h3s.Sessions:
    return opened(AsyncValkeyStore(server.url), **{"cookie": {"secure": False}, **options})


def run(task: Coroutine[Any, Any, None]) -> None:
    asyncio.run(bounded(task, 60))


async def bounded(task: Coroutine[Any, Any, None], seconds: float) -> None:
    """It fails where the task takes longer, even if that ends well when it is cancelled."""
    running = asyncio.ensure_future(task)
    done, _ = await asyncio.wait([running], timeout=seconds)
    assert done, "it takes too long"
    await running


async def happens(happened: Callable[[], Any]) -> None:
    """Waits for what this event loop or somebody else does."""

    async def wait() -> None:
        while not happened():
            await asyncio.sleep(0.005)

    await bounded(wait(), 20)


@asynccontextmanager
async def app_of(sessions: h3s.Sessions, app: Any = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which ends with its event loop as a server does."""
    transport = httpx.ASGITransport(app or in_asgi(sessions, answer))
    async with httpx.AsyncClient(transport=transport, base_url="http://test.example", timeout=20) as client:
        yield client
    assert sessions.revocations is not None
    await sessions.revocations.stop()


async def status(client: httpx.AsyncClient, path: str, cookie: str) -> int:
    return (await client.get(path, headers={"Cookie": cookie})).status_code


def is_revoked(sessions: h3s.Sessions, cookie: str) -> bool:
    return sessions.get(cookie).rejection == "revoked"


def test_logouts_are_known_in_both_directions_and_no_thread_is_started(server: Server) -> None:
    before = set(threading.enumerate())
    here = following(server)
    assert set(threading.enumerate()) == before
    there = opened(server.store())
    threads = set(threading.enumerate())
    one, two = logged_in(here), logged_in(there)

    async def task() -> None:
        async with app_of(here) as client:
            assert await status(client, "/logout", one) == 200
            await happens(lambda: is_revoked(there, one))
            await asyncio.to_thread(there.get(two).revoke)
            await happens(lambda: is_revoked(here, two))
            own = {thread for thread in threading.enumerate() if thread.name.startswith("h3s")}
            assert own <= threads

    run(task())


def test_the_first_request_waits_until_all_that_is_revoked_was_read(server: Server) -> None:
    there = opened(server.store())
    cookie = logged_in(there)
    there.get(cookie).revoke()
    ((_, fields),) = server.client().xrange(STREAM)
    pipeline = server.client().pipeline()
    for number in range(1000):
        pipeline.xadd(STREAM, {"e": f"no entry {number}"})
    pipeline.xtrim(STREAM, maxlen=1000)
    pipeline.xadd(STREAM, fields)
    pipeline.execute()
    sessions = following(server)

    async def task() -> None:
        async with app_of(sessions) as client:
            answer = await client.get("/", headers={"Cookie": cookie})
            assert answer.text == "None"

    run(task())


def test_the_application_s_life_is_that_of_the_follower(server: Server) -> None:
    sessions, app = following(server), None
    heard: list[bool] = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        assert sessions.revocations is not None
        heard.append(sessions.revocations.heard_at is not None)
        yield

    app = Starlette(lifespan=lifespan)
    app.add_middleware(SessionMiddleware, sessions=sessions)

    async def task() -> None:
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        said = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            said.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        # Nothing is left to be cancelled but what waits for this one.
        assert len(asyncio.all_tasks()) == 2
        assert heard == [True]

    run(task())
    until(lambda: server.client().client_list(_type="normal")[1:] == [])


def test_an_event_loop_ends_although_nobody_has_stopped_the_follower(server: Server) -> None:
    sessions = following(server, revocation={"max_stale": 1})
    assert sessions.revocations is not None

    async def task(pause: float) -> None:
        assert sessions.revocations is not None
        await sessions.revocations.start()
        # At any moment of a poll.
        await asyncio.sleep(pause)

    for number in range(10):
        run(task(0.001 * number))
    until(lambda: len(server.client().client_list(_type="normal")) == 1)


def test_one_event_loop_may_come_after_another(server: Server) -> None:
    sessions, there = following(server), opened(server.store())
    for _ in range(2):
        cookie = logged_in(there)

        async def task(cookie: str = cookie) -> None:
            async with app_of(sessions) as client:
                assert await status(client, "/logout", cookie) == 200

        run(task())
        until(lambda cookie=cookie: is_revoked(there, cookie))  # type: ignore[misc]


def test_a_forked_process_follows_in_an_event_loop_of_its_own(server: Server) -> None:
    sessions, there = following(server), opened(server.store())
    cookie = logged_in(there)

    async def task() -> None:
        async with app_of(sessions) as client:
            assert await status(client, "/logout", cookie) == 200

    run(task())

    def logs_out() -> bool:
        run(task())
        return is_revoked(sessions, cookie)

    assert in_a_child(logs_out)


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 3}], ids=str)
def test_a_client_of_ones_own_is_taken(server: Server, options: Any) -> None:
    there = opened(server.store(prefix="ours:"))
    cookie = logged_in(there)

    async def task() -> None:
        async with valkey.asyncio.Valkey(port=server.port, **options) as own:
            sessions = opened(AsyncValkeyStore(own, prefix="ours:"), cookie={"secure": False})
            async with app_of(sessions) as client:
                assert await status(client, "/logout", cookie) == 200
                await happens(lambda: is_revoked(there, cookie))
            assert await own.ping()

    run(task())


def test_what_is_no_asyncio_client_is_an_error_without_the_password() -> None:
    for wrong in ("http://user:secret@host", valkey.Valkey(), 42):
        with pytest.raises(h3s.ConfigError) as error:
            AsyncValkeyStore(wrong)
        assert "secret" not in str(error.value)


def test_a_framework_without_an_event_loop_refuses_an_asyncio_store(server: Server) -> None:
    sessions = following(server)
    for make in (
        lambda: h3s_wsgi.SessionMiddleware(lambda *_: [], sessions),
        lambda: h3s_flask.H3SessionInterface(sessions),
    ):
        with pytest.raises(h3s.ConfigError, match="ValkeyStore"):
            make()


# ---- Revoking from outside a session -------------------------------------------------------------


def test_what_is_revoked_in_an_event_loop_is_awaited(server: Server) -> None:
    sessions, there = following(server), opened(server.store())
    one, two, three = (logged_in(there, user) for user in (1, 2, 3))

    async def task() -> None:
        moment = there.get(three).created_at
        await happens(lambda: there.use().created_at != moment)
        with pytest.raises(h3s.StateError, match="arevoke"):
            sessions.revoke_subject(1)
        for kind in (sessions, there):
            await kind.arevoke_session(there.get(one).id or "")
            await kind.arevoke_subject(2)
        await happens(lambda: is_revoked(there, one) and is_revoked(there, two))
        assert not is_revoked(there, three)
        await sessions.arevoke_everybody()
        await happens(lambda: is_revoked(there, three))
        assert sessions.revocations is not None
        await sessions.revocations.stop()

    run(task())


def test_a_thread_beside_the_event_loop_waits_for_it(server: Server) -> None:
    sessions, there = following(server), opened(server.store())
    cookie = logged_in(there)
    # Nobody follows.
    with pytest.raises(h3s.StoreError):
        sessions.revoke_subject(42)

    def view(request: Request) -> Any:
        sessions.revoke_subject(session_of(request)["user"]["id"])
        return PlainTextResponse("done")

    app = SessionMiddleware(Starlette(routes=[Route("/", view)]), sessions)

    async def task() -> None:
        moment = there.get(cookie).created_at
        await happens(lambda: there.use().created_at != moment)
        async with app_of(sessions, app) as client:
            assert (await client.get("/", headers={"Cookie": cookie})).text == "done"
            await happens(lambda: is_revoked(there, cookie))

    run(task())


# ---- The server fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["kill", "freeze"])
def test_a_logout_without_the_server_is_answered_by_503_while_the_event_loop_goes_on(server: Server, by: str) -> None:
    sessions = following(server)
    cookie = logged_in(sessions)

    async def task() -> None:
        async with app_of(sessions) as client:
            assert await status(client, "/", cookie) == 200
            getattr(server, by)()
            asked = asyncio.create_task(status(client, "/logout", cookie))
            while not asked.done():
                assert await status(client, "/", cookie) == 200
                await asyncio.sleep(0.01)
            assert await asked == 503
            await asyncio.to_thread(server.thaw if by == "freeze" else server.start)
            while await status(client, "/logout", cookie) != 200:
                await asyncio.sleep(0.05)
            await happens(lambda: is_revoked(sessions, cookie))

    run(task())


@pytest.mark.parametrize("by", ["kill", "freeze"])
def test_open_goes_on_without_the_server_and_closed_does_not(server: Server, by: str) -> None:
    goes_on = following(server, revocation={"max_stale": 2})
    stops = following(server, revocation={"max_stale": 2, "stale": "closed"})
    cookie = logged_in(goes_on)

    async def task() -> None:
        async with app_of(goes_on) as one, app_of(stops) as two:
            assert await status(one, "/", cookie) == await status(two, "/", cookie) == 200
            assert not goes_on.get(cookie).is_stale
            getattr(server, by)()
            await happens(lambda: goes_on.get(cookie).is_stale)
            while await status(two, "/", cookie) != 503:
                await asyncio.sleep(0.01)
            assert await status(one, "/", cookie) == 200
            await asyncio.to_thread(server.thaw if by == "freeze" else server.start)
            while await status(two, "/", cookie) != 200:
                await asyncio.sleep(0.01)
            await happens(lambda: not goes_on.get(cookie).is_stale)

    run(task())


def test_an_application_starts_without_the_server_and_follows_it_once_it_is_there(server: Server) -> None:
    server.kill()
    sessions = following(server)
    cookie = logged_in(sessions)

    async def task() -> None:
        async with app_of(sessions) as client:
            assert await status(client, "/", cookie) == 200 and sessions.get(cookie).is_stale
            await asyncio.to_thread(server.start)
            await happens(lambda: not sessions.get(cookie).is_stale)

    run(task())


@pytest.mark.parametrize("lost", ["nothing", "the last", "all"])
def test_what_a_server_has_lost_is_published_again(server: Server, lost: str) -> None:
    sessions = following(server)
    one, two = logged_in(sessions), logged_in(sessions)

    def restart(state: int) -> None:
        if lost == "the last":
            server.go_back_to(state)
        else:
            server.kill(with_data=lost == "all")
            server.start()

    async def task() -> None:
        async with app_of(sessions) as client:
            assert await status(client, "/logout", one) == 200
            state = server.state()
            assert await status(client, "/logout", two) == 200
            await asyncio.to_thread(restart, state)
            await happens(lambda: server.client().xlen(STREAM) == 2)

    run(task())
    fresh = opened(server.store())
    assert is_revoked(fresh, one) and is_revoked(fresh, two)
